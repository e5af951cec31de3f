"""The whole job on real portal files: load, refresh, open every page, and find the figures of a query written by hand.

The sample of 800 reviews is an Excel-era copy without reply texts or reply dates; it lies outside the repository.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pages.components import french, measures, navigation
from tests.app.conftest import Opened, figures, said

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data"
SAMPLE = REAL / "experiences-2019-2023.csv"

pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="the real sample is not beside the repository")

REAL_IDENTITY = {"avis": {"id": "270389"}, "rediger": {"id": "270389"}}


def run(*argv: str) -> dict[str, object]:
    """One of the product's commands, its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", *argv, "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("real")
    options = ["--structures", str(REAL / "export-structures.csv"), "--fiches", str(REAL / "vosdroits" / "F2918.xml")]
    report = run("data", "ingest", str(SAMPLE), *options, "--home", str(home))
    assert (report["read"], report["loaded"], report["rejected"]) == (800, 800, 0)
    refreshed = run("refresh", "--home", str(home))
    assert int(str(refreshed["assigned"])) + int(str(refreshed["rejected"])) == 800
    return home


@pytest.fixture
def real_home(_loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own with the refreshed real sample; operations are empty."""
    home = tmp_path / "home"
    shutil.copytree(_loaded, home)
    monkeypatch.setenv("VIGIE_HOME", str(home))
    monkeypatch.delenv("VIGIE_OPERATIONS_URL", raising=False)
    monkeypatch.delenv("VIGIE_MODEL", raising=False)
    return home


def by_hand(query: str) -> tuple[object, ...]:
    """One row of a query over the CSV itself, as its text columns are."""
    source = f"read_csv('{SAMPLE}', delim=';', all_varchar=true, header=true, quote='\"', escape='\"')"
    return duckdb.sql(query.replace("CSV", source)).fetchall()[0]


@pytest.mark.parametrize("room", navigation.ROOMS, ids=lambda room: room.slug)
def test_every_page_opens(real_home: Path, open_page: Opened, room: navigation.Room) -> None:
    app = open_page(room.slug, "admin.demo", **REAL_IDENTITY.get(room.slug, {}))
    assert [title.value for title in app.title] != []
    assert "Démonstration" not in said(app)


def test_volume_and_share_of_negative_reviews(real_home: Path, open_page: Opened) -> None:
    total, negative = by_hand("""SELECT count(*), count(*) FILTER ("Ressenti usager" = 'Négatif') FROM CSV""")
    shown = figures(open_page("vue-d-ensemble", "manager.demo", chosen={"periode": "Tout"}))
    assert shown[measures.NAMES["volume"]] == french.number(int(str(total)))
    assert shown[measures.NAMES["negative"]] == french.percent(int(str(negative)) / int(str(total)))


def test_words_found_by_the_search(real_home: Path, open_page: Opened) -> None:
    (found,) = by_hand(
        """SELECT count(*) FROM CSV
        WHERE contains(lower(strip_accents("Titre" || ' ' || "Description")), 'passeport')"""
    )
    app = open_page("recherche", "manager.demo", chosen={"periode": "Tout", "mots": "Passeport"})
    assert f"{french.number(int(str(found)))} avis contiennent" in said(app)


def test_the_page_says_that_the_file_has_no_reply_date(real_home: Path, open_page: Opened) -> None:
    app = open_page("delais", "chef.demo", chosen={"periode": "Tout"})
    assert "Le fichier ne dit pas quand les réponses ont été faites" in said(app)


def test_institutions_counted_after_their_new_names(real_home: Path, open_page: Opened) -> None:
    (old,) = by_hand("""SELECT count(*) FROM CSV WHERE "Intitulé Typologie 1" ILIKE '%POLE EMPLOI%'""")
    app = open_page("recherche", "manager.demo", chosen={"periode": "Tout", "institution": ["France Travail"]})
    assert int(str(old)) > 0
    assert f"{french.number(int(str(old)))} avis correspondent" in said(app)


def test_a_draft_for_a_real_review_links_a_real_fiche(real_home: Path) -> None:
    (review,) = by_hand(
        """SELECT "ID expérience" FROM CSV WHERE contains(lower("Titre" || "Description"), 'embauche apprenti')
        ORDER BY 1 LIMIT 1"""
    )
    draft = run("generation", "draft", "--review-id", str(review), "--model", "extractive", "--home", str(real_home))
    sources = draft["sources"]
    assert isinstance(sources, list)
    fiches = [s for s in sources if s["kind"] == "fiche"]
    assert {f["id"] for f in fiches} == {"F2918"}
    assert "service-public" in fiches[0]["url"]
    assert fiches[0]["url"] in str(draft["reply"])
