"""Fiches of the demo as a DILA archive: a flat zip of `F*.xml` fiches and their `N*.xml` theme.

The rule it protects: the layout is the published one (Publication, dc:*, Chapitre, Liste, OuSAdresser, ServiceEnLigne…),
so the reader of real fiches reads these, and the words are the demo's own. Same lexicon, same bytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from data.demo.lexicon import Fiche

FIRST = 90001
THEME = "N90000"
_HOST = "https://www.service-public.gouv.fr/particuliers/vosdroits"
_MODIFIED = "2025-01-15"
_DC = "http://purl.org/dc/elements/1.1/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def identifiers(fiches: Sequence[Fiche]) -> dict[str, str]:
    """Identifier (F90001…) of each fiche by its slug, in the lexicon's order."""
    return {fiche.slug: f"F{FIRST + rank}" for rank, fiche in enumerate(fiches)}


def address(identifier: str) -> str:
    """Public address of a fiche, as its `spUrl` gives it."""
    return f"{_HOST}/{identifier}"


def write(path: Path, fiches: Sequence[Fiche]) -> None:
    """Write the archive; dates inside it are fixed so that the bytes do not change from run to run."""
    ids = identifiers(fiches)
    by_theme: dict[str, list[Fiche]] = {}
    for fiche in fiches:
        by_theme.setdefault(fiche.theme, []).append(fiche)
    with zipfile.ZipFile(path, "w") as archive:
        for fiche in fiches:
            _add(archive, f"{ids[fiche.slug]}.xml", publication(fiche, ids, by_theme[fiche.theme]))
        _add(archive, f"{THEME}.xml", theme(fiches, ids))


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    entry = zipfile.ZipInfo(name, date_time=(2025, 1, 15, 6, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text.encode("utf-8"))


def _paragraphs(text: str) -> str:
    return "".join(f"<Paragraphe>{escape(s)}</Paragraphe>" for s in _SENTENCE.split(text.strip()) if s)


def _titled(text: str) -> str:
    return f"<Titre><Paragraphe>{escape(text)}</Paragraphe></Titre>"


def _chapter(rank: int, heading: str, body: str) -> str:
    sentences = [s for s in _SENTENCE.split(body.strip()) if s]
    if rank % 4 == 1 and len(sentences) > 2:
        items = "".join(f"<Item><Paragraphe>{escape(s)}</Paragraphe></Item>" for s in sentences[1:])
        inner = f'<Paragraphe>{escape(sentences[0])}</Paragraphe><Liste type="puce">{items}</Liste>'
    elif rank % 4 == 2 and len(sentences) > 2:
        first, rest = " ".join(sentences[:-1]), sentences[-1]
        inner = (
            f'<BlocCas affichage="onglet"><Cas>{_titled("Cas général")}{_paragraphs(first)}</Cas>'
            f"<Cas>{_titled('Cas particulier')}{_paragraphs(rest)}</Cas></BlocCas>"
        )
    elif rank % 4 == 3 and len(sentences) > 1:
        note = f"<ANoter><Titre>À noter</Titre>{_paragraphs(sentences[-1])}</ANoter>"
        inner = _paragraphs(" ".join(sentences[:-1])) + note
    else:
        inner = _paragraphs(body)
    return f"<Chapitre>{_titled(heading)}{inner}</Chapitre>"


def publication(fiche: Fiche, ids: dict[str, str], siblings: Sequence[Fiche]) -> str:
    """The XML of one fiche; `siblings` are the fiches of its theme, which it refers to."""
    identifier = ids[fiche.slug]
    others = [f for f in siblings if f.slug != fiche.slug]
    chapters = "".join(_chapter(rank, heading, body) for rank, (heading, body) in enumerate(fiche.sections))
    where = "".join(
        f'<OuSAdresser ID="R{identifier[1:]}{rank}" type="Local personnalisé sur SP"><Titre>{escape(place)}</Titre>'
        f"<PivotLocal>demonstration</PivotLocal></OuSAdresser>"
        for rank, place in enumerate(fiche.where)
    )
    references = "".join(
        f'<Reference type="Texte de référence" URL="https://www.legifrance.gouv.fr/" '
        f'ID="R{identifier[1:]}{rank + 20}"><Titre>{escape(text)}</Titre></Reference>'
        for rank, text in enumerate(fiche.references)
    )
    services = "".join(
        f'<ServiceEnLigne ID="R{identifier[1:]}{rank + 40}" URL={quoteattr(address(identifier) + f"/service-{rank + 1}")} '
        f'audience="Particuliers" type="Téléservice"><Titre>{escape(title)}</Titre>'
        f'<Source ID="R{identifier[1:]}60">Service de démonstration</Source></ServiceEnLigne>'
        for rank, title in enumerate(fiche.services)
    )
    questions = "".join(
        f'<QuestionReponse ID="{ids[others[rank % len(others)].slug] if others else identifier}" audience="Particuliers">'
        f"<Titre>{escape(question)}</Titre></QuestionReponse>"
        for rank, question in enumerate(fiche.questions)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Publication xmlns:dc="{_DC}" xmlns:xsi="{_XSI}" ID="{identifier}" type="Fiche d\'information" '
        f'xsi:noNamespaceSchemaLocation="../Schemas/3.4/Publication.xsd" spUrl="{address(identifier)}">'
        f"<dc:title>{escape(fiche.title)}</dc:title><dc:creator>Démonstration</dc:creator>"
        f"<dc:subject>{escape(fiche.theme)}</dc:subject><dc:description>{escape(fiche.description)}</dc:description>"
        f"<dc:publisher>Démonstration</dc:publisher><dc:date>modified {_MODIFIED}</dc:date>"
        f"<dc:type>Fiche pratique</dc:type><dc:format>text/xml</dc:format><dc:identifier>{identifier}</dc:identifier>"
        f"<dc:language>Fr</dc:language><dc:relation>isPartOf {THEME}</dc:relation><dc:coverage>France entière</dc:coverage>"
        "<SurTitre>Fiche pratique de démonstration</SurTitre><Audience>Particuliers</Audience>"
        "<Canal>www.service-public.gouv.fr</Canal>"
        f'<FilDAriane><Niveau ID="Particuliers">Accueil particuliers</Niveau><Niveau ID="{THEME}">{escape(fiche.theme)}'
        f'</Niveau><Niveau ID="{identifier}" type="Fiche d\'information">{escape(fiche.title)}</Niveau></FilDAriane>'
        f'<Theme ID="{THEME}"><Titre>{escape(fiche.theme)}</Titre></Theme>'
        f"<Introduction><Texte>{_paragraphs(fiche.intro)}</Texte></Introduction><Texte>{chapters}</Texte>"
        f"{where}{references}{services}{questions}</Publication>\n"
    )


def theme(fiches: Sequence[Fiche], ids: dict[str, str]) -> str:
    """The XML of the theme that gathers every fiche of the demo."""
    entries = "".join(f'<Fiche ID="{ids[f.slug]}">{escape(f.title)}</Fiche>' for f in fiches)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Publication xmlns:dc="{_DC}" xmlns:xsi="{_XSI}" ID="{THEME}" type="Theme" spUrl="{_HOST}/{THEME}">'
        "<dc:title>Démarches de la démonstration</dc:title><dc:subject>Démonstration</dc:subject>"
        f"<dc:description>Thème qui rassemble les fiches fictives.</dc:description><dc:date>modified {_MODIFIED}</dc:date>"
        "<dc:type>Thème</dc:type><SurTitre>Thème</SurTitre><Audience>Particuliers</Audience>"
        f'<FilDAriane><Niveau ID="Particuliers">Accueil particuliers</Niveau></FilDAriane>{entries}</Publication>\n'
    )
