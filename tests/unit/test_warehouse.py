"""Reading the warehouse: own cursors, bounded time, no way out to files."""

import threading

import duckdb
import pytest

from data import snapshots
from data.errors import QueryTimeout
from data.warehouse import Warehouse, open_current, sql


@pytest.fixture
def warehouse(tmp_path):
    with snapshots.building(tmp_path) as work:
        with duckdb.connect(str(work.file)) as db:
            db.execute("CREATE TABLE t AS SELECT range AS x FROM range(1000)")
        work.publish(demo=True, last_publication="2024-01-31", reviews=0, refreshed=False)
    opened = open_current(tmp_path)
    yield opened
    opened.close()


def test_values_are_bound_and_those_a_query_does_not_name_are_left_out(warehouse: Warehouse):
    assert warehouse.rows("SELECT count(*) FROM t WHERE x < $most", {"most": 10, "unused": 1}) == [(10,)]
    assert warehouse.frame("SELECT x FROM t WHERE x = $x", {"x": 3})["x"].tolist() == [3]


def test_it_knows_which_tables_it_holds(warehouse: Warehouse):
    assert warehouse.has("t")
    assert not warehouse.has("topics")


def test_threads_never_see_each_others_rows(warehouse: Warehouse):
    wrong: list[int] = []

    def ask(value: int) -> None:
        for _ in range(20):
            if warehouse.rows("SELECT max(x) FROM t WHERE x <= $v", {"v": value}) != [(value,)]:
                wrong.append(value)

    threads = [threading.Thread(target=ask, args=(v,)) for v in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_query_over_its_budget_is_interrupted_and_the_next_one_works(warehouse: Warehouse):
    with pytest.raises(QueryTimeout, match="réduisez la période"):
        warehouse.rows("SELECT count(*) FROM t a, t b, t c, t d WHERE hash(a.x, b.x, c.x, d.x) = 1", budget_s=0.2)
    assert warehouse.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "query",
    ["CREATE TABLE u (x INT)", "SELECT * FROM read_text('/etc/hostname')", "COPY t TO '/tmp/x.csv'", "SET threads = 1"],
)
def test_a_reader_can_neither_write_nor_reach_files_nor_settings(warehouse: Warehouse, query):
    with pytest.raises(duckdb.Error):
        warehouse.rows(query)


def test_sql_lives_beside_its_module():
    from data import warehouse as module

    assert "CREATE TABLE reviews" in sql(module.__file__, "schema")
