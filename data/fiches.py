"""The practical sheets ("fiches") of service-public.fr, from DILA's XML, layouts 3.3 and 3.4.

Owns the parsing of `F*.xml` from a file, a zip or a folder, into a fiche, its sections (one a heading path) and its
links (online services, references, where to write, related questions…). Rules: the address of a fiche is
always the one its publisher states (`spUrl`); no entity is expanded and nothing is fetched while parsing; one damaged
file never stops the others.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from lxml import etree

from data import staging
from data.errors import BadFile

DC = "{http://purl.org/dc/elements/1.1/}"
_HEADED = {"Chapitre", "SousChapitre", "Cas", "Situation", "ANoter", "ASavoir", "Attention", "Avertissement", "Rappel"}
_BLOCKS = {"Paragraphe", "Item", "Titre", "Rangée", "Introduction"}
_WHERE = {"OuSAdresser", "QuiPeutMAider"}
_APART = {"ServiceEnLigne", "QuestionReponse", "Definition", "Abreviation", "Reference", "PourEnSavoirPlus", *_WHERE}
_FICHE = re.compile(r"F\d+\.xml", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\xa0]+")


@dataclass(frozen=True)
class Section:
    """One piece of text of a fiche under its path of headings (' > ' between; '' for the introduction)."""

    heading: str
    body: str


@dataclass(frozen=True)
class Link:
    """Something a fiche points to. `url` is None when the source gives none (a place to write to, a definition)."""

    kind: str  # 'service' | 'reference' | 'where' | 'question' | 'internal' | 'external' | 'definition'
    title: str
    url: str | None


@dataclass(frozen=True)
class Fiche:
    """One fiche, parsed."""

    id: str
    audience: str | None
    kind: str | None
    title: str
    subject: str | None
    description: str | None
    url: str | None
    modified_on: date | None
    theme: str | None
    breadcrumbs: tuple[str, ...]
    sections: tuple[Section, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Loaded:
    """Outcome of a set of fiches: how many files, fiches, and the files refused with their reason."""

    read: int
    loaded: int
    refused: tuple[str, ...]


def load(db: duckdb.DuckDBPyConnection, path: Path) -> Loaded:
    """Fill the three tables of fiches from a file, a zip or a folder. Raises BadFile when none can be read."""
    fiches: dict[str, Fiche] = {}
    refused: list[str] = []
    read = 0
    for name, content in _files(path):
        read += 1
        try:
            fiche = parse(content)
        except ValueError as error:
            refused.append(f"{name}: {error}")
            continue
        fiches[fiche.id] = fiche
    if not fiches:
        raise BadFile(f"{path} : aucune fiche trouvée ({refused[0] if refused else 'aucun fichier F*.xml'})")
    staging.insert(db, "fiches", [_row(fiche) for fiche in fiches.values()])
    staging.insert(
        db, "fiche_sections", [(f.id, i, s.heading, s.body) for f in fiches.values() for i, s in enumerate(f.sections)]
    )
    staging.insert(db, "fiche_links", [(f.id, k.kind, k.title, k.url) for f in fiches.values() for k in f.links])
    return Loaded(read, len(fiches), tuple(refused))


def parse(content: bytes) -> Fiche:
    """One XML file. Raises ValueError when it is not a fiche."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"XML mal formé : {error.msg}") from None
    if root.tag != "Publication" or not root.get("ID"):
        raise ValueError("pas une fiche : ni Publication ni identifiant")
    return Fiche(
        id=str(root.get("ID")),
        audience=", ".join(filter(None, (_text(node) for node in root.findall("Audience")))) or None,
        kind=root.get("type"),
        title=_dc(root, "title") or str(root.get("ID")),
        subject=_dc(root, "subject"),
        description=_dc(root, "description"),
        url=root.get("spUrl"),
        modified_on=_modified(_dc(root, "date")),
        theme=_text(root.find("Theme/Titre")) or None,
        breadcrumbs=tuple(_text(node) for node in root.findall("FilDAriane/Niveau")),
        sections=tuple(_sections(root)),
        links=tuple(dict.fromkeys(_links(root))),
    )


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.xml")):
            if _FICHE.fullmatch(file.name):
                yield file.name, file.read_bytes()
        return
    try:
        if not zipfile.is_zipfile(path):
            content = path.read_bytes()
            if content[:2] == b"PK":
                raise BadFile(f"{path} : fichier zip tronqué ou endommagé ; téléchargez-le de nouveau")
            yield path.name, content
            return
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if _FICHE.fullmatch(Path(name).name):
                    yield name, archive.read(name)
    except FileNotFoundError:
        raise BadFile(f"{path} : ce fichier n'existe pas") from None
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise BadFile(f"{path} : fichier zip tronqué ou endommagé ({error})") from None


def _sections(root: etree._Element) -> Iterator[Section]:
    """Text of a fiche in reading order: the introduction, then each chapter, case and situation under its headings."""
    pieces: dict[str, list[str]] = {}
    for tag in ("Introduction", "Avertissement", "Texte", "ListeSituations"):
        for node in root.findall(tag):
            _walk(node, (), pieces)
    for heading, texts in pieces.items():
        body = "\n".join(texts)
        if body:
            yield Section(heading, body)


def _walk(node: etree._Element, path: tuple[str, ...], pieces: dict[str, list[str]]) -> None:
    if node.tag in _HEADED:
        title = _text(node.find("Titre"))
        path = (*path, title) if title else path
    texts = pieces.setdefault(" > ".join(path), [])
    for child in node:
        if not isinstance(child.tag, str) or child.tag in _APART or (child.tag == "Titre" and node.tag in _HEADED):
            continue
        if child.tag == "Rangée":
            texts.append(" | ".join(_text(cell) for cell in child.findall("Cellule")))
        elif child.tag in {"Paragraphe", "Titre"}:
            texts.extend(filter(None, (_text(child),)))
        elif child.tag == "Item":
            texts.extend(filter(None, ("- " + _text(child),)))
        else:
            _walk(child, path, pieces)


def _links(root: etree._Element) -> Iterator[Link]:
    for node in root.iter("ServiceEnLigne"):
        yield Link("service", _text(node.find("Titre")) or _text(node), node.get("URL"))
    for node in root.iter("Reference"):
        yield Link("reference", _text(node.find("Titre")) or _text(node), node.get("URL"))
    for tag in sorted(_WHERE):
        for node in root.iter(tag):
            if title := _text(node.find("Titre")):
                address = node.find(".//RessourceWeb")
                yield Link("where", title, node.get("URL") or (address.get("URL") if address is not None else None))
    for node in root.iter("QuestionReponse"):
        yield Link("question", _text(node), _sibling(root, node.get("ID")))
    for node in root.iter("LienInterne"):
        if (target := str(node.get("LienPublication"))).startswith(("F", "N")):
            yield Link("internal", _text(node), _sibling(root, target))
    for tag in ("LienExterne", "PourEnSavoirPlus"):
        for node in root.iter(tag):
            if node.get("URL"):
                yield Link("external", _text(node.find("Titre")) or _text(node), node.get("URL"))
    for node in root.iter("Definition"):
        yield Link("definition", _text(node.find("Titre")), None)


def _sibling(root: etree._Element, id_: str | None) -> str | None:
    """Address of another fiche, from the address of this one."""
    url, own = root.get("spUrl"), str(root.get("ID"))
    return url.replace(own, id_) if url and id_ and own in url else None


def _text(node: etree._Element | None) -> str:
    if node is None:
        return ""
    parts: list[str] = []
    for child in node.iter():
        if child is not node and child.tag in _BLOCKS:
            parts.append(" ")
        elif child.tag == "Valeur" and parts and parts[-1][-1:].isalnum():
            parts.append(" ")  # "soit<Valeur>1 405,40 €": the source leaves the space to the style sheet
        if isinstance(child.tag, str):
            parts.append(child.text or "")
        if child is not node:
            parts.append(child.tail or "")
    return _SPACES.sub(" ", "".join(parts)).strip()


def _dc(root: etree._Element, name: str) -> str | None:
    return _text(root.find(DC + name)) or None


def _modified(text: str | None) -> date | None:
    found = re.search(r"\d{4}-\d{2}-\d{2}", text or "")
    return date.fromisoformat(found.group()) if found else None


def _row(fiche: Fiche) -> tuple[object, ...]:
    return (
        fiche.id, fiche.audience, fiche.kind, fiche.title, fiche.subject, fiche.description, fiche.url,
        fiche.modified_on, fiche.theme, list(fiche.breadcrumbs),
    )  # fmt: skip
