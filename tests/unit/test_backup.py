"""Backup and restore, and the way from the first schema to the latest with data in it: on both databases."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, inspect, select, text

from data.errors import VigieError
from data.operations import (
    assignments,
    backup,
    desk,
    drafts,
    engine,
    escalations,
    feedback,
    journal,
    replies,
    reports,
    rules,
    stored,
    tables,
    workers,
)
from data.operations.engine import migrate_to, open_store, reading, writing
from data.operations.replies import SentReply
from tests.tiny import DRAFT


def _lived_in(store: Engine) -> SentReply:
    """A store somebody worked in: every table a reply goes through, accents and odd characters included."""
    drafts.request(store, "r", 11, requested_by="camille", instruction="plus court, « s'il vous plaît » 🙂")
    made = stored.store(store, "d", 12, DRAFT, requested_by="camille")
    text_ = desk.begin(store, desk.opened(store, 12, "camille"), body="x", started="draft", draft_id=made)
    feedback.give(store, made, "camille", review_id=12, good=False, reasons=["imprecise"])
    soon = tables.now() + timedelta(hours=4)
    escalations.escalate(store, "e", 13, raised_by="camille", reason="r", recipient="Référent", deadline=soon)
    rules.choose(store, rules.of(store, "s1"), target_days=10, mention=False, by="maxime")
    assignments.claim(store, 14, "alix")
    workers.beat(store, "w1", model="m.gguf", notice="à l'essai")
    reports.keep(
        store, reports.SELF_TEST, model="m", model_sha256="", prompt_version="p", snapshot="",
        body={"tests": [], "held": True}, actor="worker",
    )  # fmt: skip
    return replies.send(store, text_, 'Bonjour,\n\n\tà bientôt \\ "guillemets" 🙂')


def _everything(store: Engine) -> dict[str, list[tuple[object, ...]]]:
    with reading(store) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.metadata.sorted_tables
        }


@pytest.fixture
def other(other_url: str) -> Iterator[Engine]:
    """Another store, empty, on each of the two databases: from SQLite to PostgreSQL is how a product moves."""
    store = open_store(other_url)
    yield store
    store.dispose()


def test_a_store_restored_elsewhere_is_the_same_row_for_row(operations: Engine, other: Engine, tmp_path: Path):
    _lived_in(operations)
    made = backup.backup(operations, tmp_path / "b" / "ops.backup")
    assert made["version"] == engine.HEAD
    restored = backup.restore(other, tmp_path / "b" / "ops.backup")
    assert (restored["rows"], restored["saved"]) == (made["rows"], None)
    assert _everything(other) == _everything(operations)
    assert journal.verify(other).ok
    again = stored.store(other, "d", 12, DRAFT, requested_by="camille")  # keys came along: nothing is done twice
    assert [draft.id for draft in stored.of_review(other, 12)] == [again]
    drafts.request(other, "after", 99, requested_by="camille")  # and it goes on living
    assert journal.verify(other).ok


def test_a_store_in_use_is_replaced_only_when_told_to_and_saved_first(operations: Engine, tmp_path: Path):
    sent = _lived_in(operations)
    file = tmp_path / "ops.backup"
    backup.backup(operations, file)
    drafts.request(operations, "later", 50, requested_by="alix")
    with pytest.raises(VigieError, match="--replace"):
        backup.restore(operations, file)
    restored = backup.restore(operations, file, replace=True)
    assert drafts.latest_request(operations, 50) is None
    assert replies.of_review(operations, 12) == sent
    backup.restore(operations, Path(str(restored["saved"])), replace=True)
    assert drafts.latest_request(operations, 50) is not None


def test_a_backup_cut_or_changed_is_refused_and_nothing_moves(operations: Engine, other: Engine, tmp_path: Path):
    _lived_in(operations)
    file = tmp_path / "ops.backup"
    backup.backup(operations, file)
    whole = file.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    changed = [line.replace(b"camille", b"camilla") for line in lines]
    for wrong in (
        whole[: len(whole) // 2],
        b"",
        b"rien",
        gzip.compress(b"".join(lines[:-1])),
        gzip.compress(b"".join(changed)),
    ):
        file.write_bytes(wrong)
        with pytest.raises(VigieError):
            backup.restore(other, file)
    with pytest.raises(VigieError, match="n'existe pas"):
        backup.restore(other, tmp_path / "absent")
    assert journal.count(other) == 0


def test_a_backup_whose_journal_was_rewritten_is_refused(operations: Engine, other: Engine, tmp_path: Path):
    _lived_in(operations)
    with writing(operations) as connection, connection.begin():
        if operations.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER journal_no_update"))
        else:
            connection.execute(text("ALTER TABLE journal DISABLE TRIGGER journal_append_only"))
        connection.execute(text("UPDATE journal SET actor = 'autre' WHERE seq = 1"))
    backup.backup(operations, tmp_path / "ops.backup")
    with pytest.raises(VigieError, match="rompu"):
        backup.restore(other, tmp_path / "ops.backup")
    assert journal.count(other) == 0


# -- from the first schema to the latest -----------------------------------------------------------------------------


def test_a_store_of_the_first_schema_moves_forward_with_all_it_holds(operations_url: str, tmp_path: Path):
    """Made by the first migration alone, filled as the product of then did, opened by today's."""
    latest = open_store(f"sqlite:///{tmp_path / 'latest.sqlite'}")
    _lived_in(latest)  # what the product writes, to be cut down to the columns of then
    first = create_engine(operations_url.replace("postgresql://", "postgresql+psycopg://"))
    with first.connect() as connection, connection.begin():
        migrate_to(connection, "0001")
        columns = {
            name: {c["name"] for c in inspect(connection).get_columns(name)}
            for name in inspect(connection).get_table_names()
        }
        connection.execute(text("DELETE FROM journal_head"))
        with reading(latest) as source:
            for table in tables.metadata.sorted_tables:
                if table.name not in columns:
                    continue
                for row in source.execute(select(table)):
                    kept = {name: value for name, value in row._mapping.items() if name in columns[table.name]}
                    connection.execute(insert(table).values(**kept).inline())
    first.dispose()
    store = open_store(operations_url)
    assert engine.version(store) == engine.HEAD
    reply, then = replies.of_review(store, 12), replies.of_review(latest, 12)
    assert reply is not None
    assert then is not None
    assert (reply.body, reply.similarity, reply.desk_s, reply.sent_at) == (
        then.body,
        then.similarity,
        then.desk_s,
        then.sent_at,
    )
    assert (reply.hasty, reply.sources, reply.mention) == (False, None, "")
    assert stored.of_review(store, 12)[0].record == DRAFT
    assert journal.entries(store) == journal.entries(latest)
    assert journal.verify(store).ok
    replies.send(store, desk.opened(store, 13, "camille"), "Bonjour, encore.")
    assert journal.verify(store).ok
    store.dispose()
    latest.dispose()


def test_the_file_is_plain_json_lines(operations: Engine, tmp_path: Path):
    _lived_in(operations)
    backup.backup(operations, tmp_path / "ops.backup")
    lines = [json.loads(line) for line in gzip.decompress((tmp_path / "ops.backup").read_bytes()).splitlines()]
    assert lines[0] == {"format": backup.FORMAT, "version": engine.HEAD}
    assert lines[-1]["rows"] == len(lines) - 2
