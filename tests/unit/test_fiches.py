"""Fiches of service-public.fr: layouts 3.3 and 3.4, from a file, a zip or a folder."""

import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest

from data import fiches
from data.errors import BadFile
from data.warehouse import sql

REAL = Path(__file__).parents[3] / "shared" / "data" / "vosdroits" / "F2918.xml"
NEW = """<?xml version="1.0" encoding="UTF-8"?>
<Publication xmlns:dc="http://purl.org/dc/elements/1.1/" ID="F100" type="Fiche d'information"
 spUrl="https://www.service-public.gouv.fr/particuliers/vosdroits/F100">
<dc:title>Déclarer un puits</dc:title><dc:subject>Logement</dc:subject>
<dc:description>Tout puits se déclare.</dc:description>
<dc:date>modified 2025-02-03</dc:date><Audience>Particuliers</Audience>
<FilDAriane><Niveau ID="N1">Accueil</Niveau><Niveau ID="F100">Déclarer un puits</Niveau></FilDAriane>
<Theme ID="N1"><Titre>Logement</Titre></Theme>
<Introduction><Texte>
<Paragraphe>Un puits se déclare en <MiseEnEvidence>mairie</MiseEnEvidence>.</Paragraphe></Texte>
</Introduction>
<Texte><Chapitre><Titre><Paragraphe>Comment faire ?</Paragraphe></Titre>
<SousChapitre><Titre><Paragraphe>En ligne</Paragraphe></Titre>
<Paragraphe>Cela coûte<Valeur>12,50 €</Valeur>.</Paragraphe>
<Liste type="puce"><Item><Paragraphe>le plan</Paragraphe></Item>
<Item><Paragraphe>la photo</Paragraphe></Item></Liste>
<ServiceEnLigne URL="https://puits.gouv.fr" type="Téléservice">
<Titre>Déclarer en ligne</Titre></ServiceEnLigne>
</SousChapitre>
<BlocCas affichage="radio"><Cas><Titre><Paragraphe>À la campagne</Paragraphe></Titre>
<Paragraphe>Rien à payer.</Paragraphe></Cas></BlocCas>
<Tableau><Titre>Délais</Titre>
<Rangée type="header"><Cellule><Paragraphe>Zone</Paragraphe></Cellule>
<Cellule><Paragraphe>Mois</Paragraphe></Cellule></Rangée>
<Rangée><Cellule><Paragraphe>Ville</Paragraphe></Cellule><Cellule><Paragraphe>2</Paragraphe></Cellule></Rangée></Tableau>
</Chapitre><ANoter><Titre>À noter</Titre><Paragraphe>Voir <LienInterne LienPublication="F200">l'eau</LienInterne> et
<LienExterne URL="https://eau.fr">l'agence</LienExterne>.</Paragraphe></ANoter></Texte>
<QuiPeutMAider ID="R1" type="Local"><Titre>Mairie</Titre></QuiPeutMAider>
<Reference URL="https://legifrance.fr/x"><Titre>Code minier</Titre></Reference>
<Definition ID="R2"><Titre>Nappe</Titre><Texte><Paragraphe>Eau du sous-sol</Paragraphe></Texte></Definition>
<QuestionReponse ID="F300" audience="Particuliers">Peut-on boire cette eau ?</QuestionReponse>
</Publication>"""
OLD = """<Publication xmlns:dc="http://purl.org/dc/elements/1.1/" ID="F200"
 spUrl="https://www.service-public.fr/particuliers/vosdroits/F200">
<dc:title>L'eau</dc:title><SurTitre>Fiche pratique</SurTitre>
<ListeSituations affichage="onglet"><Titre>Cas</Titre>
<Situation><Titre>Locataire</Titre><Texte><Paragraphe>Le bailleur paie.</Paragraphe></Texte></Situation>
<Situation><Titre>Propriétaire</Titre><Texte><Paragraphe>Vous payez.</Paragraphe></Texte></Situation></ListeSituations>
<OuSAdresser ID="R9"><Titre>Agence de l'eau</Titre><RessourceWeb URL="https://agences.fr"/></OuSAdresser></Publication>"""


@pytest.fixture
def db():
    connection = duckdb.connect()
    connection.execute(sql(fiches.__file__, "schema"))
    yield connection
    connection.close()


def test_a_fiche_is_cut_into_sections_under_their_headings():
    fiche = fiches.parse(NEW.encode())
    assert (fiche.title, fiche.theme, fiche.modified_on) == ("Déclarer un puits", "Logement", date(2025, 2, 3))
    assert fiche.breadcrumbs == ("Accueil", "Déclarer un puits")
    assert [(s.heading, s.body) for s in fiche.sections] == [
        ("", "Un puits se déclare en mairie."),
        ("Comment faire ?", "Délais\nZone | Mois\nVille | 2"),
        ("Comment faire ? > En ligne", "Cela coûte 12,50 €.\n- le plan\n- la photo"),
        ("Comment faire ? > À la campagne", "Rien à payer."),
        ("À noter", "Voir l'eau et l'agence."),
    ]


def test_links_keep_their_kind_and_take_their_address_from_the_publisher():
    links = {(k.kind, k.title, k.url) for k in fiches.parse(NEW.encode()).links}
    base = "https://www.service-public.gouv.fr/particuliers/vosdroits/"
    assert links == {
        ("service", "Déclarer en ligne", "https://puits.gouv.fr"),
        ("reference", "Code minier", "https://legifrance.fr/x"),
        ("where", "Mairie", None),
        ("question", "Peut-on boire cette eau ?", base + "F300"),
        ("internal", "l'eau", base + "F200"),
        ("external", "l'agence", "https://eau.fr"),
        ("definition", "Nappe", None),
    }


def test_the_older_layout_has_situations_and_where_to_write():
    fiche = fiches.parse(OLD.encode())
    assert [(s.heading, s.body) for s in fiche.sections] == [
        ("", "Cas"),
        ("Locataire", "Le bailleur paie."),
        ("Propriétaire", "Vous payez."),
    ]
    assert [(k.kind, k.title, k.url) for k in fiche.links] == [("where", "Agence de l'eau", "https://agences.fr")]


def test_entities_are_not_expanded():
    bomb = '<!DOCTYPE Publication [<!ENTITY a SYSTEM "file:///etc/passwd">]><Publication ID="F1"><Introduction><Texte>'
    bomb += "<Paragraphe>avant &a; après</Paragraphe></Texte></Introduction></Publication>"
    assert fiches.parse(bomb.encode()).sections[0].body == "avant après"


def test_a_zip_and_a_folder_load_their_fiches_alone_and_a_damaged_one_stops_nothing(db, tmp_path):
    files = {"F100.xml": NEW, "F200.xml": OLD, "F300.xml": "<Publication", "N1.xml": "<Theme/>", "R1.xml": "<R/>"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    archive = tmp_path / "fiches.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    for path in (archive, tmp_path):
        loaded = fiches.load(db, path)
        assert (loaded.read, loaded.loaded, len(loaded.refused)) == (3, 2, 1)
        assert db.execute("SELECT id FROM fiches ORDER BY id").fetchall() == [("F100",), ("F200",)]
        assert db.execute("SELECT count(*) FROM fiche_sections WHERE fiche_id = 'F100'").fetchone() == (5,)
        db.execute("DELETE FROM fiches; DELETE FROM fiche_sections; DELETE FROM fiche_links")


def test_what_is_not_fiches_is_one_clear_error(db, tmp_path):
    archive = tmp_path / "fiches.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("F100.xml", NEW)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFile, match="zip tronqué ou endommagé"):
        fiches.load(db, archive)
    with pytest.raises(BadFile, match="n'existe pas"):
        fiches.load(db, tmp_path / "absent.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadFile, match="aucune fiche trouvée"):
        fiches.load(db, tmp_path / "empty")


@pytest.mark.skipif(not REAL.exists(), reason="the real samples are not beside the repository")
def test_the_real_fiche_loads_with_its_chapters_and_services(db):
    assert fiches.load(db, REAL).loaded == 1
    url, modified = db.execute("SELECT url, modified_on FROM fiches").fetchone()
    assert url == "https://www.service-public.gouv.fr/particuliers/vosdroits/F2918"
    assert modified == date(2024, 11, 1)
    kinds = dict(db.execute("SELECT kind, count(*) FROM fiche_links GROUP BY kind").fetchall())
    assert kinds["service"] == 7
    assert kinds["question"] == 6
    body = db.execute("SELECT body FROM fiche_sections WHERE heading LIKE '%> Âge minimum'").fetchone()[0]
    assert body.startswith("L'apprenti doit être âgé au minimum de 16 ans.")
