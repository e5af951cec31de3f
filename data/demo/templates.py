"""Sentences with slots, compiled once so that a million reviews cost little more than their random draws.

Owns the small language of the lexicon: `{name}` draws a value of that slot, `{a|b|c}` draws one of the alternatives (a
name that no slot has stands for itself), `#` draws a digit, and they nest. The rule it protects: two people never write
the same long run of words, so common words become slots of their own when a sentence is compiled (`variants.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_MANY, _SKEW = 40, 2.5  # long lists are drawn from their head more often, as words are in a language
_AGAIN = 0.7  # chance that a review comes back to the thing it named
Draw = Callable[[], float]
Parts = tuple["Part", ...]

_DETERMINERS = re.compile(r"^(un|une|le|la|les|mon|ma|mes|notre|nos|des|l['’])\b", re.IGNORECASE)
_OPEN = re.compile(r"[{}|]")


@dataclass(frozen=True)
class Choice:
    """One of several fragments, drawn with equal chances; a named one keeps its value within a review."""

    options: tuple[Parts | str, ...]
    remember: str = ""


@dataclass(frozen=True)
class Given:
    """A value that the review brings (its town, its institution, its dates), made by a function of the draw."""

    name: str


Part = str | Choice | Given
_DIGIT = Choice(tuple("0123456789"))


@dataclass
class Scene:
    """What stays the same while one review is written: the values it brings and those already drawn."""

    given: Mapping[str, Callable[[Draw], str]]
    memory: dict[str, str] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)  # remembered things already in the sentence being written


class Compiler:
    """Compiles sentences against slots; one of a subject's own slots asks its `parent` for the common ones."""

    def __init__(
        self,
        slots: Mapping[str, Sequence[str]],
        given: frozenset[str] = frozenset(),
        parent: Compiler | None = None,
        vary: Callable[[str], Sequence[str | tuple[str, ...]]] | None = None,
        prefix: str = "",
    ) -> None:
        self._slots = slots
        self._given = given
        self._parent = parent
        self._prefix = prefix
        self._vary = vary
        self._cache: dict[str, Choice] = {}
        self._open: list[str] = []

    def knows(self, name: str) -> bool:
        """True when `name` is a slot here or of the parent."""
        return name in self._given or name in self._slots or (self._parent is not None and self._parent.knows(name))

    def compile(self, text: str) -> Parts:
        """Compiled form of one sentence. Raises ValueError for unbalanced braces."""
        parts, end = self._sequence(text, 0, top=True)
        if end != len(text):
            raise ValueError(f"unbalanced braces in {text!r}")
        return parts

    def _sequence(self, text: str, at: int, top: bool) -> tuple[Parts, int]:
        parts: list[Part] = []
        while at < len(text):
            found = _OPEN.search(text, at)
            if found is None or (found.group() == "|" and top):
                stop = len(text) if found is None else found.end()
                parts += self._literal(text[at:stop])
                at = stop
                continue
            parts += self._literal(text[at : found.start()])
            if found.group() != "{":
                return tuple(parts), found.start()
            part, at = self._braces(text, found.end())
            parts.append(part)
        return tuple(parts), at

    def _braces(self, text: str, at: int) -> tuple[Part, int]:
        close = text.find("}", at)
        name = text[at:close]
        if close > 0 and self.knows(name):
            return self.slot(name), close + 1
        options: list[Parts] = []
        while True:
            parts, at = self._sequence(text, at, top=False)
            if at >= len(text):
                raise ValueError(f"unbalanced braces in {text!r}")
            options.append(parts)
            if text[at] == "}":
                break
            at += 1
        return Choice(tuple(_simple(o) for o in options)), at + 1

    def slot(self, name: str) -> Part:
        """Compiled slot. Noun phrases are remembered, so that a review keeps speaking of the same thing."""
        if name in self._given:
            return Given(name)
        if name not in self._slots and self._parent is not None:
            return self._parent.slot(name)
        if name not in self._cache:
            if name in self._open:
                raise ValueError(f"slot {{{name}}} contains itself")
            self._open.append(name)
            values = self._slots[name]
            nouns = sum(bool(_DETERMINERS.match(v)) for v in values)
            options = tuple(_simple(self.compile(v)) for v in values)
            self._open.pop()
            remember = f"{self._prefix}{name}" if nouns >= 0.8 * len(values) else ""
            self._cache[name] = Choice(options, remember)
        return self._cache[name]

    def _literal(self, text: str) -> list[Part]:
        pieces = [text] if self._vary is None else self._vary(text)
        parts: list[Part] = []
        for piece in pieces:
            if isinstance(piece, tuple):
                parts.append(Choice(piece))
                continue
            for rank, plain in enumerate(piece.split("#")):
                if rank:
                    parts.append(_DIGIT)
                if plain:
                    parts.append(plain)
        return parts


def render(parts: Parts, draw: Draw, scene: Scene, out: list[str]) -> None:
    """Append to `out` the fragments of one drawn sentence."""
    for part in parts:
        if part.__class__ is str:
            out.append(part)
        elif isinstance(part, Choice):
            if part.remember:
                out.append(_contracted(_recalled(part, draw, scene), out))
                continue
            options = part.options
            count = len(options)
            option = options[int((draw() ** _SKEW if count > _MANY else draw()) * count)]
            if isinstance(option, str):
                out.append(option)
            else:
                render(option, draw, scene, out)
        elif isinstance(part, Given):
            value = scene.memory.get(part.name)
            out.append(_contracted(scene.given[part.name](draw) if value is None else value, out))


def _recalled(part: Choice, draw: Draw, scene: Scene) -> str:
    """The thing of that name this review speaks of: as a rule the same again, never twice in one sentence."""
    name = part.remember
    value = scene.memory.get(name)
    if name in scene.said or (value is not None and draw() > _AGAIN):
        return _drawn(part.options, draw, scene)
    scene.said.add(name)
    if value is None:
        value = scene.memory[name] = _drawn(part.options, draw, scene)
    return value


def _drawn(options: tuple[Parts | str, ...], draw: Draw, scene: Scene) -> str:
    u = draw()
    count = len(options)
    option = options[int((u**_SKEW if count > _MANY else u) * count)]
    if isinstance(option, str):
        return option
    out: list[str] = []
    render(option, draw, scene, out)
    return "".join(out)


def _simple(parts: Parts) -> Parts | str:
    """A fragment without any draw as the plain text it is: most of them, and the quickest to render."""
    return "".join(p for p in parts if isinstance(p, str)) if all(isinstance(p, str) for p in parts) else parts


def sentence(parts: Parts, draw: Draw, scene: Scene) -> str:
    """One drawn sentence: elisions and contractions mended, first letter capital."""
    out: list[str] = []
    scene.said.clear()
    render(parts, draw, scene, out)
    return mend("".join(out))


_ELIDE = re.compile(r"\b([dDjJ]|[qQ]u|[jJ]usqu|[lL]orsqu|[pP]uisqu)e (?=[aeiouyàâéèêëîïôûAEIOUÀÂÉÈÊ])")


def mend(text: str) -> str:
    """Elisions that drawn values leave undone (de il → d'il), and the capital of the first letter."""
    text = _ELIDE.sub(r"\1'", text)
    return text[:1].upper() + text[1:]


def _contracted(value: str, out: list[str]) -> str:
    """`value` after mending `de le`, `à les`… that it would make with the fragment before it."""
    if not out or not value.startswith(("le ", "les ")):
        return value
    before = out[-1]
    article, rest = value.split(" ", 1)
    if before.endswith(("de ", "De ")) and (len(before) == 3 or before[-4] in " '’("):
        out[-1] = before[:-2] + ("u " if article == "le" else "es ")
        return rest
    if before.endswith(("à ", "À ")) and (len(before) == 2 or before[-3] in " '’("):
        out[-1] = before[:-2] + ("au " if article == "le" else "aux ")
        return rest
    return value
