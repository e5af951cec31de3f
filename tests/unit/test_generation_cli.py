"""`python -m generation`: the contract's JSON objects, exit codes and files."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data import snapshots
from data.operations import desk, replies, reports, stored
from data.operations.engine import open_store
from generation import export
from generation.__main__ import main
from tests import tiny
from tests.tiny import DRAFT

ROOT = Path(__file__).parents[2]


def run(capfd: pytest.CaptureFixture[str], *command: str) -> tuple[int, str, str]:
    code = main(command)
    out, err = capfd.readouterr()
    return code, out, err


def result(capfd: pytest.CaptureFixture[str], *command: str) -> dict[str, Any]:
    code, out, err = run(capfd, *command, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def test_route_gives_the_contracts_keys(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = result(capfd, "route", "--text", "Mon aide au logement n'arrive pas")
    assert {"typology", "confidence", "alternatives", "abstained", "reason"} <= set(found)


def test_draft_gives_the_contracts_keys(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = result(capfd, "draft", "--review-id", "5", "--home", str(tiny_home))
    assert {
        "reply", "sources", "findings", "escalation", "model", "prompt_version", "tokens", "timings", "seed",
    } <= set(found)  # fmt: skip
    assert {"kind", "id", "title", "url", "score", "links"} <= set(found["sources"][0])
    assert found["sources"][0]["links"][0].startswith("https://")


def test_draft_of_a_text_takes_the_institution_given(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = result(
        capfd, "draft", "--text", "Mon aide au logement n'arrive pas", "--typology", tiny.TYPOLOGY[tiny.HOUSING]
    )
    assert found["reply"].endswith(tiny.TYPOLOGY[tiny.HOUSING])


def test_a_text_in_distress_escalates_with_an_empty_reply(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = result(capfd, "draft", "--text", "J'ai envie de mourir")
    assert found["reply"] == ""
    assert found["escalation"]["contacts"][0]["number"] == "3114"


def test_a_missing_model_falls_back_and_says_so(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capfd, "draft", "--review-id", "5", "--model", "/nowhere/model.gguf", "--json")
    assert code == 0
    assert json.loads(out)["model"] == "extractive-1"
    assert "model.gguf" in json.loads(out)["notice"]
    assert "model.gguf" in err


@pytest.mark.parametrize(
    "command",
    [
        ["draft", "--review-id", "999"],
        ["draft", "--text", "  "],
        ["evaluate", "nowhere.jsonl"],
        ["route", "--review-id", "0"],
    ],
)
def test_what_cannot_be_done_is_one_line(
    tiny_home: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    code, out, err = run(capfd, *command)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_an_empty_home_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capfd, "draft", "--text", "Bonjour", "--home", str(tmp_path))
    assert code == 1
    assert "ingest" in err


@pytest.mark.parametrize("command", [[], ["draft"], ["export", "--format", "xml", "--out", "x"], ["nothing"]])
def test_wrong_usage_exits_2(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command)
    assert stopped.value.code == 2


def test_it_runs_as_a_module(tiny_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "generation", "route", "--text", "Bonjour", "--home", str(tiny_home), "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["abstained"] is True


def test_evaluate_measures_what_the_cases_can_show(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cases = [
        {
            "text": "Le site refuse ma déclaration d'occupation",
            "fiches": ["F1001"],
            "reply": "La déclaration se fait en ligne",
        },
        {"text": "Mon titre de séjour doit être renouvelé", "fiches": ["F1003"]},
        {"text": "J'ai envie de mourir"},
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(case, ensure_ascii=False) for case in cases), "utf-8")
    found = result(capfd, "evaluate", str(path))
    assert (found["cases"], found["fiche_cases"], found["escalated"]) == (3, 2, 1)
    assert found["fiche_recall_at_1"] == 1.0
    assert 0 < found["coverage_of_reply"] <= 1
    assert found["routing_accuracy"] is None  # no case says its institution


def test_a_line_that_is_no_case_is_named(tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"text": "Bonjour"}\n["no"]\n', "utf-8")
    code, _, err = run(capfd, "evaluate", str(path))
    assert code == 1
    assert "ligne 2" in err


def test_export_sft_writes_useful_replies_without_personal_data_and_a_card(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / "sft.jsonl"
    found = result(capfd, "export", "--format", "sft", "--out", str(out))
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert found["rows"] == len(rows) == 2  # "pas utile", canned and held for measures are left out
    assert [message["role"] for message in rows[0]["messages"]] == ["system", "user", "assistant"]
    assert "personal data" in Path(found["card"]).read_text("utf-8")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("C'est long. Bien cordialement, Chantal.", "C'est long."),
        ("C'est long. Merci d'avance Chantal.", "C'est long. Merci d'avance"),
        ("C'est long.\nDominique Fontaine, Châteaubriant.", "C'est long."),
        ("C'est long. moussa, saint-junien", "C'est long."),
        ("C'est long. Michel, usager mécontent de Pau.", "C'est long."),
        ("C'est long. D'ailleurs, le suivi est cordial.", "C'est long. D'ailleurs, le suivi est cordial."),
        ("C'est long. Bien cordialement.", "C'est long. Bien cordialement."),
    ],
)
def test_a_training_pair_does_not_say_who_wrote_the_review(said: str, kept: str) -> None:
    assert export.without_author(said) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            "Bonjour Camille94,\nMerci.\nÀ votre service,\nÉlodie, l'ANEF",
            "Bonjour,\nMerci.\nÀ votre service,\nCaf du Nord",
        ),
        ("Bonjour Odile E., merci.", "Bonjour, merci."),
        ("Bonjour et merci.\nNous restons mobilisés.", "Bonjour et merci.\nNous restons mobilisés."),
        ("Bonjour Madame, merci.", "Bonjour Madame, merci."),
    ],
)
def test_a_training_pair_does_not_say_whom_a_reply_greets_nor_who_signs_it(said: str, kept: str) -> None:
    assert export.signed_by("Caf du Nord", said) == kept


def test_export_dpo_and_portal_write_what_agents_sent(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    draft_id = stored.store(store, "k1", 5, DRAFT, requested_by="agent")
    sent = "Bonjour,\nL'ancien propriétaire n'a plus rien à déclarer : appelez le 06 12 34 56 78.\nCordialement"
    text = desk.begin(store, desk.opened(store, 5, "agent"), body=sent, started="draft", draft_id=draft_id)
    replies.send(store, text, sent, structure_id=tiny.TAXES)
    store.dispose()

    out = tmp_path / "dpo.jsonl"
    assert result(capfd, "export", "--format", "dpo", "--out", str(out))["rows"] == 1
    pair = json.loads(out.read_text("utf-8"))
    assert pair["rejected"][0]["content"] == DRAFT["reply"]
    assert "06 12 34 56 78" not in pair["chosen"][0]["content"]

    out = tmp_path / "portal.csv"
    assert result(capfd, "export", "--format", "portal", "--out", str(out))["rows"] == 1
    with out.open(encoding="utf-8-sig", newline="") as stream:
        row = next(csv.DictReader(stream, delimiter=";"))
    assert (row["ID expérience"], row["ID structure 1"], row["Réponse structure 1"]) == ("5", tiny.TAXES, sent)


def test_two_models_are_measured_side_by_side_on_the_same_cases(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps({"text": "Mon aide au logement n'arrive pas", "reply": "L'aide est versée"}), "utf-8")
    found = result(capfd, "evaluate", str(path), "--model", "extractive", "--model", "extractive")
    assert (found["cases"], len(found["models"])) == (1, 2)
    first, second = found["models"]
    assert first["coverage_of_reply"] == second["coverage_of_reply"]
    assert first["reply_cases"] == 1
    assert "judge" not in first
    code, out, _ = run(capfd, "evaluate", str(path), "--model", "extractive", "--model", "extractive")
    assert code == 0
    assert out.splitlines()[0].split() == ["extractive-1", "extractive-1"]


def test_measures_are_kept_for_the_page(tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"text": "Mon aide au logement est suspendue"}', "utf-8")
    result(capfd, "evaluate", str(path))
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    [kept] = reports.newest(store, reports.MEASURES)
    assert (kept.model, kept.body["cases"]) == ("extractive-1", 1)
    store.dispose()


def test_selftest_proves_what_drafting_relies_on(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = result(capfd, "selftest")
    assert found["held"]
    assert len(found["tests"]) == 5
    code, out, _ = run(capfd, "selftest")
    assert code == 0
    assert out.count("ok ") == 5


def test_a_stored_draft_is_made_again_word_for_word(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = result(capfd, "draft", "--review-id", "5", "--seed", "4")
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    draft_id = stored.store(store, "k", 5, made, requested_by="agent")
    store.dispose()
    found = result(capfd, "replay", "--draft-id", draft_id)
    assert found["same"]
    assert found["reply"] == made["reply"]


def test_replay_says_when_it_has_another_model_or_no_draft(tiny_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = open_store(f"sqlite:///{tiny_home / 'operations.sqlite'}")
    other = stored.store(
        store, "k", 5, {**DRAFT, "model": "llama.cpp:x.gguf", "model_sha256": "a" * 64}, requested_by="a"
    )
    store.dispose()
    code, _, err = run(capfd, "replay", "--draft-id", other)
    assert (code, "--model" in err) == (1, True)
    code, _, err = run(capfd, "replay", "--draft-id", "none")
    assert code == 1
    assert "n'existe pas" in err


def test_held_cases_are_none_of_the_training_pairs(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pairs, cases = tmp_path / "sft.jsonl", tmp_path / "cases.jsonl"
    sft = result(capfd, "export", "--format", "sft", "--out", str(pairs))["rows"]
    held = result(capfd, "export", "--format", "cases", "--out", str(cases))["rows"]
    useful = 3
    assert sft + held == useful
    said = pairs.read_text("utf-8")
    for line in cases.read_text("utf-8").splitlines():
        assert json.loads(line)["reply"] not in said


def test_a_held_case_is_to_find_the_fiches_its_useful_reply_sends_to(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    url = "https://www.service-public.fr/particuliers/vosdroits"
    snapshot = snapshots.file_of(tiny_home, snapshots.current(tiny_home))
    with duckdb.connect(str(snapshot)) as connection:  # F9 is a fiche that is no longer there
        connection.execute(
            "UPDATE replies SET body = body || ? WHERE author_verdict = 'utile'", [f" {url}/F1001, {url}/F9"]
        )
    cases = tmp_path / "cases.jsonl"
    held = result(capfd, "export", "--format", "cases", "--out", str(cases))["rows"]
    assert [json.loads(line)["fiches"] for line in cases.read_text("utf-8").splitlines()] == [["F1001"]] * held
    assert held


def test_weights_are_put_in_the_home_whole_and_checked(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "petit.gguf"
    weights.write_bytes(b"GGUF" + bytes(1000))
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    found = result(capfd, "add-model", str(weights), "--sha256", digest.upper())
    assert Path(found["path"]).read_bytes() == weights.read_bytes()
    assert Path(found["path"]).parent == tiny_home / "models"


REFUSED = {
    "another checksum": ("petit.gguf", b"GGUF and more", "0" * 64, "SHA-256"),
    "a page": ("petit.gguf", b"<html>", "", "pas un fichier GGUF"),
    "another kind of file": ("petit.bin", b"GGUF", "", ".gguf"),
    "no file": ("absent.gguf", None, "", "n'existe pas"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_other_weights_are_refused_and_not_kept(
    tiny_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], why: str
) -> None:
    name, content, sha256, words = REFUSED[why]
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    code, _, err = run(capfd, "add-model", str(source), "--sha256", sha256)
    assert (code, words in err) == (1, True), err
    assert list((tiny_home / "models").glob("*")) == []
