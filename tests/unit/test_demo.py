"""The demo: its files are the portal's, its truth is true, and its story is the programme's.

One demo of 20,000 reviews is written for the whole module (what the contract promises starts there); small ones serve the
options.
"""

import csv
import json
import random
import re
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from statistics import mean, median
from types import SimpleNamespace

import pytest

from data import fiches, institutions
from data.__main__ import main
from data.demo import FIRST_ID, is_demo
from data.demo.events import DECLARATION, QUIET_FIRST, QUIET_LAST
from data.demo.generate import Order, write
from data.demo.lexicon import load
from data.demo.prose import Pen
from data.demo.story import Story
from data.demo.structures import TRAY
from data.demo.templates import Scene, mend, sentence
from data.demo.world import FIRST_ADOPTION, LAST_DAY
from data.ingest import ingest

FILES = ("experiences.csv", "structures.csv", "fiches.zip", "truth.json")
CANNED = "n'est pas encore en mesure de vous répondre"
# Portal's header, double spaces and odd capitals included.
HEADER = (
    "ID expérience;Etat expérience;Statut de l'expérience;Écrit le;"
    "Date de publication;Date de premiere réponse;Pseudonyme usager;Titre;"
    "Description;Posté comme;Ressenti usager;Code INSEE Département usager;"
    "Intitulé département usager;Intitulé région usager;Code INSEE Région usager;Pays;"
    "Démarches saisies par usager;Intitulé Typologie 1;Code Postal typologie 1;Pays Typologie  1;"
    "Canaux Typologie 1;Tags métier typologie 1;Intitulé Typologie 2;Code Postal typologie 2;"
    "Pays Typologie 2;Canaux Typologie 2;Tags métier typologie 2;Intitulé Typologie 3;"
    "Code Postal typologie 3;Pays Typologie 3;Canaux Typologie 3;Tags métier typologie 3;"
    "Hors structure;ID structure 1;Intitulé structure 1;Statut réponse structure 1;"
    "Réponse structure 1;Taux de similarité réponse IA structure 1;Evaluation utile réponse structure 1 par visiteurs;Evaluation inutile réponse structure 1 par visiteurs;"
    "Evaluation  réponse structure 1 par auteur;ID structure 2;Intitulé structure 2;Statut réponse structure 2;"
    "Réponse structure 2;Taux de similarité réponse IA structure 2;Evaluation utile réponse structure 2 par visiteurs;Evaluation inutile réponse structure 2 par visiteurs;"
    "Evaluation  réponse structure 2 par auteur;ID structure 3;Intitulé structure  3;Statut réponse structure 3;"
    "Réponse structure 3;Taux de similarité réponse IA structure 3;Evaluation utile réponse structure 3 par visiteurs;Evaluation inutile réponse structure 3 par visiteurs;"
    "Evaluation  réponse structure 3 par auteur;Accessibilité;Information/Explication;Relation;"
    "Réactivité;Simplicité/Complexité;Expériences Similaires;Amélioration de service à considérer;"
    "Action;Date action réalisée;Date action engagée;Tags Métiers"
)


def read(folder):
    """Rows by review id, and the truth."""
    with (folder / "experiences.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["ID expérience"]: row for row in csv.DictReader(stream, delimiter=";")}
    return SimpleNamespace(folder=folder, rows=rows, truth=json.loads((folder / "truth.json").read_text("utf-8")))


def made(folder, *options):
    """The demo that the command writes."""
    arguments = ("demo", "--reviews", "700", "--seed", "5", "--out", str(folder), *options)
    assert main(arguments) == 0
    return read(folder)


def day(text):
    """The date of a cell."""
    return date.fromisoformat(text[:10])


def delay(row):
    """Days from publication to the first reply."""
    replied, published = (datetime.fromisoformat(row[c]) for c in ("Date de premiere réponse", "Date de publication"))
    return (replied - published).total_seconds() / 86400


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo of 20,000 reviews that screenshots and benchmarks use."""
    folder = tmp_path_factory.mktemp("demo")
    write(Order(20_000, 11), folder)
    return read(folder)


@pytest.fixture(scope="module")
def answered(demo):
    """Its answered reviews, canned non-replies and Hors-structures apart."""
    return [
        row
        for row in demo.rows.values()
        if row["Date de premiere réponse"]
        and row["Hors structure"] == "Non"
        and CANNED not in row["Réponse structure 1"]
    ]


# Files


def test_the_file_has_the_portals_header_separator_and_mark(demo):
    raw = (demo.folder / "experiences.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw[3:].split(b"\r\n", 1)[0].decode() == '"' + HEADER.replace(";", '";"') + '"'


def test_as_many_reviews_as_asked_with_reserved_ids_in_publication_order(demo):
    ids = [int(i) for i in demo.rows]
    assert len(ids) == 20_000
    assert ids == list(range(FIRST_ID, FIRST_ID + 20_000))
    assert all(map(is_demo, ids))
    published = [row["Date de publication"] for row in demo.rows.values()]
    assert published == sorted(published)


def test_same_seed_same_bytes_however_many_processes(tmp_path):
    write(Order(400, 5), tmp_path / "one", processes=1)
    write(Order(400, 5), tmp_path / "two", processes=2)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    write(Order(400, 6), tmp_path / "other", processes=1)
    assert (tmp_path / "one" / FILES[0]).read_bytes() != (tmp_path / "other" / FILES[0]).read_bytes()


def test_ingest_refuses_no_row(tmp_path):
    made(tmp_path / "files")
    files = [tmp_path / "files" / name for name in FILES[:3]]
    report = ingest(files[:1], tmp_path / "home", structures_file=files[1], fiches_path=files[2])
    assert (report.read, report.loaded, report.rejected) == (700, 700, 0)


def test_the_fiches_are_read_as_dilas(demo):
    with zipfile.ZipFile(demo.folder / "fiches.zip") as archive:
        names = [n for n in archive.namelist() if n.startswith("F")]
        parsed = [fiches.parse(archive.read(n)) for n in names]
    assert len(parsed) >= 60
    known = {f.id for f in parsed}
    assert all(f.title and f.url.endswith(f.id) and f.sections for f in parsed)
    assert all(set(i["fiches"]) <= known for i in demo.truth["irritants"].values())


# Truth


def test_truth_speaks_of_every_review_once(demo):
    truth = demo.truth
    assert truth["seed"] == 11
    assert list(truth["reviews"]) == list(demo.rows)
    named = {entry["irritant"] for entry in truth["reviews"].values()} - {None}
    assert named <= set(truth["irritants"])
    assert len(truth["irritants"]) >= 60
    assert len({t for i in truth["irritants"].values() for t in i["typologies"]}) >= 25
    assert all(i["label"] and i["fiches"] for i in truth["irritants"].values())


def test_events_are_as_many_as_small_and_as_mixed_as_promised(demo):
    events = demo.truth["events"]
    kinds = Counter(e["kind"] for e in events)
    real = [e for e in events if e["kind"] != "decoy"]
    assert all(kinds[kind] >= 4 for kind in ("surge", "place", "novelty"))
    assert len(real) >= 12
    assert kinds["decoy"] >= 6
    assert {e["decoy"] for e in events if e["kind"] == "decoy"} == {"campaign", "season", "copied", "newcomer"}
    sizes = [len(e["review_ids"]) for e in real]
    assert all(3 <= n <= 20 for n in sizes)
    assert 3 * sum(n <= 5 for n in sizes) >= len(sizes)
    starts = [e["start"] for e in events]
    assert starts == sorted(starts)
    order = [e["kind"] for e in real]
    assert order != sorted(order)
    assert order != sorted(order, reverse=True)


def test_an_events_reviews_lie_in_its_cells_and_dates(demo):
    first = LAST_DAY - timedelta(weeks=156) + timedelta(days=1)
    structures = structure_rows(demo.folder)
    for event in demo.truth["events"]:
        start, end = day(event["start"]), day(event["end"])
        assert first + timedelta(weeks=QUIET_FIRST) <= start <= end <= LAST_DAY - timedelta(weeks=QUIET_LAST)
        dates = [day(demo.rows[str(i)]["Date de publication"]) for i in event["review_ids"]]
        assert (min(dates), max(dates)) == (start, end)
        for i in event["review_ids"]:
            row, known = demo.rows[str(i)], demo.truth["reviews"][str(i)]
            assert any(lies_in(row, cell, structures) for cell in event["cells"]), (event["id"], i)
            if event["irritant"]:
                assert known["irritant"] == event["irritant"]


def structure_rows(folder):
    """The referential by code."""
    with (folder / "structures.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter=";"))
    return {row[0]: row for row in rows[1:]}


def lies_in(row, cell, structures):
    """True when a review is in a cell of the truth, renamed institutions included."""
    mine = structures[row["ID structure 1"]]
    return (
        (cell["network"] is None or mine[1] == cell["network"])
        and mine[2] == cell["typology"]
        and (cell["structure"] is None or mine[0] == cell["structure"])
        and (cell["department"] is None or row["Code INSEE Département usager"] == cell["department"])
    )


def test_the_property_declaration_of_2023_is_among_the_events(demo):
    found = [e for e in demo.truth["events"] if e["irritant"] == DECLARATION]
    assert [(e["kind"], e["start"][:7]) for e in found] == [("surge", "2023-06")]
    assert "occupation" in demo.truth["irritants"][DECLARATION]["label"].lower()


def test_novelties_come_with_their_event_only(demo):
    novelties = {e["irritant"]: set(e["review_ids"]) for e in demo.truth["events"] if e["kind"] == "novelty"}
    for i, entry in demo.truth["reviews"].items():
        if entry["irritant"] in novelties and "duplicate_of" not in entry:
            assert int(i) in novelties[entry["irritant"]]


# Story


def test_adopters_answer_in_three_days_instead_of_nineteen_and_the_others_do_not(demo, answered):
    adoption = {code: date.fromisoformat(first) for code, first in demo.truth["adoption"].items()}
    assert min(adoption.values()) >= FIRST_ADOPTION
    assert len(set(adoption.values())) > 20
    with_ai = [r for r in answered if adoption.get(r["ID structure 1"], date.max) <= day(r["Date de publication"])]
    before = [r for r in answered if day(r["Date de publication"]) < adoption.get(r["ID structure 1"], date.min)]
    others = [r for r in answered if r["ID structure 1"] not in adoption]
    assert 16 < mean(map(delay, before)) < 22
    assert 2 < mean(map(delay, with_ai)) < 4.5
    late = [r for r in others if r["Date de publication"] >= "2024-04"]
    early = [r for r in others if r["Date de publication"] < "2024-04"]
    assert mean(map(delay, late)) > 0.7 * mean(map(delay, early))


def test_the_effect_is_ten_points_of_useful_verdicts_and_about_minus_fourteen_days(demo):
    assert -18 < demo.truth["effect"]["att_delay_days"] < -10
    assert 7 < demo.truth["effect"]["att_useful_points"] < 13


def test_similarity_is_filled_as_on_the_portal(demo):
    column = "Taux de similarité réponse IA structure 1"
    filled = {i: row for i, row in demo.rows.items() if row[column]}
    assert filled
    assert all(demo.truth["reviews"][i]["ai"] for i in filled)
    assert all(row["Date de premiere réponse"] >= "2024-01-01" for row in filled.values())
    values = [int(row[column]) for row in filled.values()]
    assert min(values) >= 0
    assert max(values) == 100
    assert 0.05 < values.count(100) / len(values) < 0.3
    unseen = [i for i, entry in demo.truth["reviews"].items() if entry["ai"] and i not in filled]
    assert all(demo.rows[i]["Date de premiere réponse"] < "2024-01-01" for i in unseen)


def test_no_effect_when_none_is_asked(tmp_path):
    truth = made(tmp_path, "--effect", "0").truth
    assert truth["effect"]["att_delay_days"] == 0
    assert truth["effect"]["att_useful_points"] == 0
    assert any(entry["ai"] for entry in truth["reviews"].values())


def test_nothing_is_planted_when_asked(tmp_path):
    write(Order(2000, 5, planted=False), tmp_path / "none", processes=1)
    assert read(tmp_path / "none").truth["events"] == []
    write(Order(2000, 5), tmp_path / "some", processes=1)
    assert read(tmp_path / "some").truth["events"]


def test_the_number_of_weeks_is_kept_up_to_the_fixed_last_day(tmp_path):
    rows = made(tmp_path, "--weeks", "30").rows
    dates = [day(row["Date de publication"]) for row in rows.values()]
    assert max(dates) <= LAST_DAY
    assert min(dates) >= LAST_DAY - timedelta(weeks=30) + timedelta(days=1)
    assert len({(LAST_DAY - d).days // 7 for d in dates}) == 30


def test_volumes_grow_and_drop_in_august(demo):
    months = Counter(row["Date de publication"][:7] for row in demo.rows.values())
    years = [sum(n for m, n in months.items() if first <= m < last) for first, last in (
        ("2022-06", "2023-06"), ("2023-06", "2024-06"), ("2024-06", "2025-06"))]  # fmt: skip
    assert years[0] * 1.15 < years[1]
    assert years[1] * 1.15 < years[2]
    for year in ("2022", "2023", "2024"):
        assert months[f"{year}-08"] < 0.85 * months[f"{year}-09"]


# Quirks


@pytest.mark.parametrize(
    ("column", "empty"),
    [
        ("Code INSEE Département usager", 0.77),
        ("Intitulé Typologie 1", 0.044),
        ("Intitulé Typologie 2", 0.91),
        ("Canaux Typologie 1", 0.149),
        ("Tags Métiers", 0.956),
    ],
)
def test_fields_are_missing_as_often_as_on_the_portal(demo, column, empty):
    assert sum(not row[column] for row in demo.rows.values()) / len(demo.rows) == pytest.approx(empty, abs=0.03)


def test_canned_non_replies_and_the_hors_structures_tray(demo):
    canned = [r for r in demo.rows.values() if CANNED in r["Réponse structure 1"]]
    assert 0.01 < len(canned) / len(demo.rows) < 0.08
    assert all(r["Réponse structure 1"].endswith("Équipe Services Publics +") for r in canned)
    outside = [r for r in demo.rows.values() if r["Hors structure"] == "Oui"]
    assert 0.1 < len(outside) / len(demo.rows) < 0.35
    assert {r["ID structure 1"] for r in outside} == {TRAY}
    assert all(CANNED in r["Réponse structure 1"] for r in outside if r["Réponse structure 1"])


def test_status_columns_agree_with_the_reply(demo):
    for row in demo.rows.values():
        replied = bool(row["Réponse structure 1"])
        assert bool(row["Date de premiere réponse"]) == replied
        assert row["Etat expérience"] == ("Traitées" if replied else "A traiter")
        assert replied or not row["Evaluation  réponse structure 1 par auteur"]
        assert day(row["Écrit le"]) <= day(row["Date de publication"]) <= LAST_DAY
        assert not replied or delay(row) > 0


def test_institutions_are_renamed_on_their_day_and_known_as_one(demo):
    days = {"AGENCE POLE EMPLOI (APE)": [], "AGENCE FRANCE TRAVAIL": []}
    for row in demo.rows.values():
        days.get(row["Intitulé Typologie 1"], []).append(day(row["Date de publication"]))
    old, new = days
    assert max(days[old]) < date(2024, 1, 1) <= min(days[new])
    assert institutions.Institutions().name(old) == institutions.Institutions().name(new)


def test_near_duplicates_are_marked_and_close(demo):
    marked = {i: str(e["duplicate_of"]) for i, e in demo.truth["reviews"].items() if "duplicate_of" in e}
    assert len(marked) > 50
    for copy, original in marked.items():
        words, model = (set(demo.rows[i]["Description"].lower().split()) for i in (copy, original))
        assert len(words & model) >= 0.8 * len(model)


def test_texts_have_every_length_and_the_portals_glued_paragraphs(demo, answered):
    lengths = [len(row["Description"]) for row in demo.rows.values()]
    assert 380 < median(lengths) < 520
    assert min(lengths) < 60
    assert max(lengths) > 3000
    assert any("\n" in row["Description"] for row in demo.rows.values())
    assert any("&nbsp;" in row["Réponse structure 1"] for row in answered)
    assert sum(bool(re.search(r"[a-zé][.,][A-Z]", r["Réponse structure 1"])) for r in answered) > 0.2 * len(answered)


def test_sentiments_and_people_are_varied(demo):
    moods = Counter(row["Ressenti usager"] for row in demo.rows.values())
    assert set(moods) == {"Positif", "Neutre", "Négatif"}
    assert min(moods.values()) > 0.08 * len(demo.rows)
    assert len({row["Pseudonyme usager"] for row in demo.rows.values()}) > 1000


@pytest.mark.parametrize(
    ("drawn", "written"),
    [
        ("le doublon de ma immatriculation", "Le doublon de mon immatriculation"),
        ("ma demande de il y a un mois", "Ma demande d'il y a un mois"),
        ("le avis de ma onde", "L'avis de mon onde"),
    ],
)
def test_words_that_meet_are_written_as_french_writes_them(drawn, written):
    assert mend(drawn) == written


def test_a_reply_agrees_with_its_author():
    lexicon = load()
    source = random.Random(3).random
    given = {"organisme": lambda _: "la mairie", "signe": lambda _: "Jean", "commune": lambda _: "Dole"}
    told = set()
    for kind in ("thanks", "empathy_negative", "empathy_positive", "closings", "contacts"):
        for card in lexicon.common[f"replies.{kind}"]:
            for _ in range(20):
                scene = Scene(defaultdict(lambda: lambda _: "x", given), feminine=False)
                told.add(sentence(card, source, scene))
    hers = r"remerciée|assurée|ignorée|découragée|contrariée|pénalisée|desservie|certaine de|sereine|éclairée|munie"
    assert [text for text in told if re.search(rf"\b({hers})\b", text)] == []


def test_a_story_tells_its_subject_then_what_anybody_does():
    lexicon = load()
    mixed = 0
    for seed in range(40):
        draw = random.Random(seed).random
        story = Story(date(2025, 3, 1), False, draw)
        names = ("organisme", "signe", "commune", "dept", "rue", "annee", "reference", "mail", "tel", "adresse")
        given = {**story.given, **{name: lambda _: "x" for name in names}}
        pen = Pen(lexicon, draw, Scene(given))
        given["affaire"] = pen.matter
        beats = [own for _, own in pen._beats(lexicon.irritants[seed], 0, 900.0)]
        assert beats == sorted(beats, reverse=True)
        mixed += len(set(beats)) == 2
    assert mixed > 10


def test_no_slot_of_the_lexicon_is_left_in_a_text(demo):
    for row in demo.rows.values():
        for column in ("Titre", "Description", "Réponse structure 1"):
            assert not re.search(r"[{}|#]", row[column]), row[column]


# Command


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reviews", "0"], "0 is not a positive whole number"),
        (["--reviews", "dix"], "dix is not a positive whole number"),
        (["--seed", "x"], "invalid int value: 'x'"),
        (["--weeks", "9999"], "9999 is more than 520 weeks"),
        (["--effect", "2"], "2 is not between 0 and 1"),
        (["--effect", "fort"], "fort is not between 0 and 1"),
    ],
)
def test_wrong_options_are_one_clear_line_and_write_nothing(tmp_path, capsys, options, said):
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--reviews", "10", "--seed", "1", "--out", str(tmp_path / "out"), *options])
    assert stop.value.code == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].endswith(said)
    assert not (tmp_path / "out").exists()


def test_a_file_where_the_folder_should_be_is_said(tmp_path, capsys):
    (tmp_path / "out").write_text("taken")
    assert main(["demo", "--reviews", "10", "--seed", "1", "--out", str(tmp_path / "out")]) == 1
    assert "est un fichier, il faut un dossier" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "taken"
