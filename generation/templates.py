"""The versions of the prompt: those shipped in `prompts/`, and those an organisation puts in `<home>/prompts`.

A version is a first message (`NAME.system.j2`: the charter) and a second (`NAME.user.j2`; without it, that of `FIRST`
serves), known by its name and a hash of both texts: an edit without a new name still shows. The rules it protects: a
template can only write text; one that would lose the review, its fence, a document or what the agent asks is never used,
and it is said why.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from data.errors import VigieError
from generation.results import Source

SHIPPED = Path(__file__).parent / "prompts"
FIRST = "reply-3"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PURPOSE = re.compile(r"\{#(.*?)#\}", re.S)
_FAULTS = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Template:
    """One version of the prompt: the Jinja sources of its two messages."""

    name: str
    system: str
    user: str

    @property
    def version(self) -> str:
        """Name and hash, as drafts keep it."""
        digest = hashlib.blake2b((self.system + self.user).encode(), digest_size=4)
        return f"{self.name}-{digest.hexdigest()}"

    @property
    def purpose(self) -> str:
        """What its author says of it, in the comment it may begin with."""
        said = _PURPOSE.match(self.system)
        return " ".join(said[1].split()) if said else ""

    def first(self, values: Mapping[str, Any]) -> str:
        """The first message: `kind`, and the sources `known` and `examples`."""
        return _compiled(self.system).render(values).strip()

    def second(self, values: Mapping[str, Any]) -> str:
        """The second: `institution`, `review`, `sentiment`, `instruction`, and `fiches`, `structures`, `replies`."""
        return _compiled(self.user).render(values).strip()


def every(home: Path) -> list[Template]:
    """Versions that may be used, shipped ones first."""
    return [template for template, fault in _found(home) if not fault]


def refused(home: Path) -> dict[str, str]:
    """Templates of the home's folder that are not used: by name, why, in French."""
    return {template.name: fault for template, fault in _found(home) if fault}


@cache
def default() -> Template:
    """The version that serves when nobody chose."""
    return _read(SHIPPED, FIRST)


def named(name: str, home: Path) -> Template:
    """The version of that name. Raises VigieError when there is none, or when it is refused."""
    for template, fault in _found(home):
        if template.name == name:
            if fault:
                raise VigieError(f"la consigne {name} n'est pas utilisable : {fault}")
            return template
    raise VigieError(f"aucune consigne ne s'appelle {name} (VIGIE_PROMPT ; dossier {home / 'prompts'})")


def of_version(version: str, home: Path) -> Template:
    """The very text a draft was asked with. Raises VigieError when it is no longer there."""
    for template in every(home):
        if template.version == version:
            return template
    raise VigieError(f"La consigne {version} n'est plus là où ce rédacteur la cherche.")


@cache
def _environment() -> jinja2.Environment:
    """Plain text, never HTML: nothing to escape. No loader: a template reads no other file."""
    return ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)


@lru_cache(maxsize=64)
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


def _found(home: Path) -> Iterator[tuple[Template, str]]:
    """Each version and what is wrong with it, '' for nothing."""
    shipped = _names(SHIPPED)
    for name in sorted(shipped, key=lambda name: (name != FIRST, name)):
        yield _read(SHIPPED, name), ""
    folder = home / "prompts"
    for name in sorted(_names(folder)):
        if name in shipped:
            yield Template(name, "", ""), "ce nom est celui d'une version livrée"
        elif not _NAME.fullmatch(name):
            yield Template(name, "", ""), "un nom se compose de minuscules, de chiffres et de tirets (40 au plus)"
        else:
            try:
                template = _read(folder, name)
            except (OSError, UnicodeDecodeError):
                yield Template(name, "", ""), "le fichier ne se lit pas (UTF-8 attendu)"
            else:
                yield template, _fault(template)


def _names(folder: Path) -> set[str]:
    return {path.name.removesuffix(".system.j2") for path in folder.glob("*.system.j2")}


def _read(folder: Path, name: str) -> Template:
    system, user = folder / f"{name}.system.j2", folder / f"{name}.user.j2"
    if not user.exists():
        user = SHIPPED / f"{FIRST}.user.j2"
    return Template(name, system.read_text("utf-8"), user.read_text("utf-8"))


@lru_cache(maxsize=64)
def _fault(template: Template) -> str:
    """What a template loses of a prompt with everything in it, or of one with the review alone; '' for nothing."""
    kinds = ("fiche", "reply", "structure", "fiche", "reply")
    known, example, *rest = [
        {**asdict(Source(kind, f"s{n}", f"titre {n}", "", 1.0, f"texte {n}")), "number": n}  # type: ignore[arg-type]
        for n, kind in enumerate(kinds, 1)
    ]
    structure, fiche, reply = rest
    full = {
        "institution": "service témoin",
        "review": "avis témoin",
        "sentiment": "Neutre",
        "instruction": "demande témoin",
    }
    alone = {"institution": "service témoin", "review": "avis témoin", "sentiment": None, "instruction": ""}
    nothing: dict[str, Any] = {"fiches": [], "structures": [], "replies": []}
    try:
        first = template.first({"kind": "sorte témoin", "known": [known], "examples": [example]})
        bare = template.first({"kind": "", "known": [], "examples": []})
        second = template.second(full | {"fiches": [fiche], "structures": [structure], "replies": [reply]})
        short = template.second(alone | nothing)
    except _FAULTS as error:
        return f"elle ne s'écrit pas ({error})"
    if not bare:
        return "elle ne dit rien au modèle"
    for written in (second, short):
        if f"\n--------\n{full['review']}\n--------" not in written or written.count("avis témoin") != 1:
            return "l'avis doit y être une fois, entre deux lignes de huit tirets"
    for source, written in ((known, first), (example, first), (structure, second), (fiche, second), (reply, second)):
        if f"[{source['number']}]" not in written or source["text"] not in written:
            return "elle perd un document ou son numéro"
    return "" if full["instruction"] in second else "elle perd la demande de l'agent"
