"""`python -m data journal verify`, as an auditor runs it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from data import cli
from data.operations import cli as journal_cli
from data.operations import drafts
from data.operations.engine import open_store, writing


def _run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    journal_cli.add_parser(parser.add_subparsers(required=True))
    return cli.main(parser, argv)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VIGIE_OPERATIONS_URL", raising=False)
    return tmp_path


def test_an_intact_journal_exits_0(home: Path, capsys: pytest.CaptureFixture[str]):
    store = open_store(f"sqlite:///{home / 'operations.sqlite'}")
    drafts.request(store, "k", 1, requested_by="agent")
    assert _run("journal", "verify", "--home", str(home), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "entries": 1, "broken_at": None, "reason": ""}
    assert _run("journal", "verify", "--home", str(home)) == 0
    assert capsys.readouterr().out == "journal intact : 1 entrées\n"


def test_a_broken_journal_exits_1_and_names_the_entry(home: Path, capsys: pytest.CaptureFixture[str]):
    store = open_store(f"sqlite:///{home / 'operations.sqlite'}")
    drafts.request(store, "k", 1, requested_by="agent")
    with writing(store) as connection, connection.begin():
        connection.execute(text("DROP TRIGGER journal_no_update"))
        connection.execute(text("UPDATE journal SET actor = 'autre'"))
    assert _run("journal", "verify", "--home", str(home)) == 1
    assert "rompu à l'entrée 1" in capsys.readouterr().err


# -- backup, restore, deliver ----------------------------------------------------------------------------------------


def test_backup_then_restore_as_an_operator_does(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    store = open_store(f"sqlite:///{home / 'operations.sqlite'}")
    drafts.request(store, "k", 1, requested_by="agent")
    file, elsewhere = tmp_path / "nuit.backup", tmp_path / "ailleurs"
    assert _run("backup", str(file), "--home", str(home), "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 3  # the request, its entry, the journal's head
    assert _run("restore", str(file), "--home", str(elsewhere)) == 0
    assert capsys.readouterr().out == "3 lignes restaurées, journal intact\n"
    assert _run("journal", "verify", "--home", str(elsewhere)) == 0
    capsys.readouterr()
    assert _run("restore", str(file), "--home", str(elsewhere)) == 1
    assert "--replace" in capsys.readouterr().err
    assert _run("restore", str(file), "--home", str(elsewhere), "--replace") == 0
    assert "ce qui y était est dans" in capsys.readouterr().out


def test_delivering_nowhere_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]):
    assert _run("deliver", "--home", str(home)) == 1
    assert "VIGIE_WEBHOOK_URL" in capsys.readouterr().err
