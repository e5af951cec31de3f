"""Sentences with slots, compiled once so that a million reviews cost little more than their random draws.

Owns the small language of the lexicon: `{name}` draws a value of that slot, `{a|b|c}` draws one of the alternatives (a
name that no slot has stands for itself), `{lassé/lassée}` agrees with the author and `{venu/venue:proche}` with the
thing of that slot, `#` draws a digit, and they nest. The rule it protects: two people never write the same long run of
words, so common words become slots of their own when a sentence is compiled (`variants.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

_MANY, _SKEW = 40, 1.0  # long lists are drawn from their head more often, as words are in a language
_RUN = 12  # words in a row that two people are not expected to write alike
_NEIGHBOUR = (4.0, 2.5, 2.0, 1.5, 1.5, 1.5, 1.0, 1.0, 1.0, 1.0, 1.0)  # bits of chance in the words next to a sentence
_FEW = 6
_COMMON = 17.5  # bits of chance in the plainest run of a sentence from which it is said as often as any other
_RAREST = 0.0015
_OTHERS = {
    "agent": 0.3,
    "site": 0.6,
    "document": 0.4,
}  # chance that a thing named again is another one; a review has one of the rest
_NAMES = frozenset(("ailleurs", "metier"))  # remembered though they have no article
_ONCE = frozenset(
    (
        "echec",
        "reponse",
        "effet",
        "bien",
        "cause",
        "conseil",
        "manque",
        "appel",
        "trajet",
        "idiome",
        "groupe",
        "valeur",
        "usage",
        "sacrifice",
        "piece_jointe",
        "vertu",
        "travers",
        "maniere",
        "peine",
    )
)  # what happens is told once in a review
_TRIES = 4
Draw = Callable[[], float]
Parts = tuple["Part", ...]

_DETERMINERS = re.compile(r"^(un|une|le|la|les|mon|ma|mes|notre|nos|des|l['’])\b", re.IGNORECASE)
_OPEN = re.compile(r"[{}|]")
_WORDS = re.compile(r"\w+")
_PAIR = re.compile(r"([^{}|/:]*)/([^{}|/:]*)(?::(\w+))?\}")
_FEMININE = re.compile(
    r"(la|ma|une|sa|cette|mme|madame|mamie|maman)\b|(mon |l['’]|un certain )?"
    r"(épouse|amie|ex-femme|ex-épouse|agente|employée|assistante|hôtesse|opératrice|interlocutrice|adjointe|instructrice"
    r"|inspectrice|animatrice|arrière-grand-mère|aînée|ancienne|application|appli|attestation)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """One of several fragments, drawn with equal chances; a named one keeps its value within a review."""

    options: tuple[Parts | str, ...]
    remember: str = ""
    once: str = ""

    @cached_property
    def measure(self) -> tuple[float, float]:
        """Number of words, of the longest form when there are few, and collision entropy of a draw, in bits."""
        words, longest, same = 0.0, 0.0, 0.0
        plain: dict[str, float] = {}
        for chance, option in zip(_chances(len(self.options)), self.options, strict=True):
            if isinstance(option, str):
                plain[option] = plain.get(option, 0.0) + chance
                size = float(len(_WORDS.findall(option)))
            else:
                inner = [_measured(p) for p in option]
                size = sum(w for w, _ in inner)
                same += chance**2 * 2.0 ** -sum(b for _, b in inner)
            words, longest = words + chance * size, max(longest, size)
        same += sum(chance**2 for chance in plain.values())
        return longest if len(self.options) <= _FEW else words, -math.log2(same)


@dataclass(frozen=True)
class Agreement:
    """A word that agrees in gender with the author, or with the thing that a slot names."""

    masculine: str
    feminine: str
    noun: Choice | None = None


@dataclass(frozen=True)
class Card:
    """One sentence of the lexicon and how readily it is said."""

    parts: Parts
    chance: float = 1.0  # less for a long one that would read the same whoever writes it


@dataclass(frozen=True)
class Given:
    """A value that the review brings (its town, its institution, its dates), made by a function of the draw."""

    name: str


Part = str | Choice | Given | Agreement
_DIGIT = Choice(tuple("0123456789"))


@dataclass
class Scene:
    """What stays the same while one review is written: the values it brings and those already drawn."""

    given: Mapping[str, Callable[[Draw], str]]
    feminine: bool = False  # the author speaks of herself
    memory: dict[str, str] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)  # remembered things already in the sentence being written
    told: set[tuple[str, int]] = field(default_factory=set)  # what has already happened


class Compiler:
    """Compiles sentences against slots; one of a subject's own slots asks its `parent` for the common ones.

    Sentences that are not written `often` (those of rare subjects), or by people, are not weighed.
    """

    def __init__(
        self,
        slots: Mapping[str, Sequence[str]],
        given: frozenset[str] = frozenset(),
        parent: Compiler | None = None,
        *,
        vary: Callable[[str], Sequence[str | tuple[str, ...]]] | None = None,
        prefix: str = "",
        often: bool = True,
    ) -> None:
        self._slots = slots
        self._given = given
        self._parent = parent
        self._prefix = prefix
        self._vary = vary
        self._often = often
        self._cache: dict[str, Choice] = {}
        self._varied: dict[tuple[str, ...], Choice] = {} if parent is None else parent._varied
        self._open: list[str] = []

    def knows(self, name: str) -> bool:
        """True when `name` is a slot here or of the parent."""
        return name in self._given or name in self._slots or (self._parent is not None and self._parent.knows(name))

    def card(self, text: str) -> Card:
        """One sentence, compiled and weighed. Raises ValueError for unbalanced braces."""
        parts = self.compile(text)
        if not self._often:
            return Card(parts)
        chance = max(_RAREST, min(1.0, 2.0 ** ((_plainest(parts) - _COMMON) / 1.3)))
        return Card(parts, chance)

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
        if pair := _PAIR.match(text, at):
            return self._agreement(*pair.groups()), pair.end()
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

    def _agreement(self, masculine: str, feminine: str, of: str | None) -> Agreement:
        noun = self.slot(of) if of else None
        if noun is not None and not (isinstance(noun, Choice) and noun.remember):
            raise ValueError(f"nothing agrees with slot {{{of}}}: its values have no article")
        return Agreement(masculine, feminine, noun)

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
            remember = f"{self._prefix}{name}" if nouns >= 0.8 * len(values) or name in _NAMES else ""
            self._cache[name] = Choice(options, "" if name in _ONCE else remember, name if name in _ONCE else "")
        return self._cache[name]

    def _literal(self, text: str) -> list[Part]:
        pieces = [text] if self._vary is None else self._vary(text)
        parts: list[Part] = []
        for piece in pieces:
            if isinstance(piece, tuple):
                parts.append(self._varied.setdefault(piece, Choice(piece)))
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
            rank = int((draw() ** _SKEW if count > _MANY else draw()) * count)
            if part.once:
                for _ in range(_TRIES):
                    if (part.once, rank) not in scene.told:
                        break
                    rank = int(draw() * count)
                scene.told.add((part.once, rank))
            option = options[rank]
            if isinstance(option, str):
                out.append(option)
            else:
                render(option, draw, scene, out)
        elif isinstance(part, Given):
            value = scene.memory.get(part.name)
            out.append(_contracted(scene.given[part.name](draw) if value is None else value, out))
        elif isinstance(part, Agreement):
            out.append(part.feminine if _feminine(part.noun, draw, scene) else part.masculine)


def _feminine(noun: Choice | None, draw: Draw, scene: Scene) -> bool:
    """Gender of the author, or of the thing that `noun` names in this review."""
    if noun is None:
        return scene.feminine
    value = scene.memory.get(noun.remember)
    if value is None:
        value = scene.memory[noun.remember] = _drawn(noun.options, draw, scene)
    return _FEMININE.match(value) is not None


def _recalled(part: Choice, draw: Draw, scene: Scene) -> str:
    """The thing of that name this review speaks of: the same again, but never twice in one sentence."""
    name = part.remember
    value = scene.memory.get(name)
    if value is not None and (name in scene.said or draw() < _OTHERS.get(name, 0.0)):
        other = _drawn(part.options, draw, scene)
        value = other if other != value else _drawn(part.options, draw, scene)
        if name in _OTHERS:
            scene.memory[name] = value
    elif value is None:
        value = scene.memory[name] = _drawn(part.options, draw, scene)
    scene.said.add(name)
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


def _chances(count: int) -> list[float]:
    """Chance of each of `count` options, in order."""
    if count <= _MANY:
        return [1 / count] * count
    cumulated = [((k + 1) / count) ** (1 / _SKEW) for k in range(count)]
    return [c - b for b, c in zip([0.0, *cumulated], cumulated, strict=False)]


def _measured(part: Part) -> tuple[float, float]:
    """Words and bits of chance of a fragment."""
    if isinstance(part, str):
        return float(len(_WORDS.findall(part))), 0.0
    if isinstance(part, Agreement):
        return 1.0, 0.9
    return part.measure if isinstance(part, Choice) else (2.0, 6.0)


def _plainest(parts: Parts) -> float:
    """Bits of chance in the `_RUN` words in a row that vary least, neighbouring sentences' words counted by guess."""
    bits: list[float] = [*reversed(_NEIGHBOUR)]
    for part in parts:
        words, chance = _measured(part)
        count = round(words)
        if count:
            bits += [chance / count] * count
        elif bits and chance:
            bits[-1] += chance
    bits += _NEIGHBOUR
    return min(sum(bits[k : k + _RUN]) for k in range(len(bits) - _RUN + 1))


def sentence(card: Card, draw: Draw, scene: Scene) -> str:
    """One drawn sentence: elisions and contractions mended, first letter capital."""
    out: list[str] = []
    scene.said.clear()
    render(card.parts, draw, scene, out)
    return mend("".join(out))


_ELIDE = re.compile(r"\b([dDjJmMtTsSnN]|[qQ]u|[jJ]usqu|[lL]orsqu|[pP]uisqu)e (?=[aeiouyàâéèêëîïôûAEIOUÀÂÉÈÊ])")


_ARTICLE = re.compile(r"\b([lL])[ea] (?!onz|oui|un\b|une\b|uhl)(?=[aeiouàâéèêëîïôûœAEIOUÀÂÉÈÊÎÔ])")
_MINE = re.compile(r"\b([mM])a (?=[aeiouéèêâîôœAEIOUÉÈÊÂÎÔ])")
_TWICE = re.compile(r"\b(du|au|le) le (?=1er|\d|lundi|mardi|mercredi|jeudi|vendredi|samedi)")


def mend(text: str) -> str:
    """What drawn values leave undone (de il → d'il, le avis → l'avis, ma auto → mon auto), and the first letter's capital."""
    text = _MINE.sub(r"\1on ", text)
    text = _TWICE.sub(r"\1 ", _ARTICLE.sub(r"\1'", _ELIDE.sub(r"\1'", text)))
    return text[:1].upper() + text[1:]


def _contracted(value: str, out: list[str]) -> str:
    """`value` after mending `de le`, `à les`… that it would make with the fragment before it."""
    if not out or not value.startswith(("le ", "les ", "Le ", "Les ")):
        return value
    if out[-1] == " " and len(out) > 1 and re.search(r"(^| )(de|à)$", out[-2]):
        out[-2:] = [out[-2] + " "]
    before = out[-1]
    article, rest = value[0].lower() + value[1 : value.index(" ")], value[value.index(" ") + 1 :]
    if before.endswith(("de ", "De ")) and (len(before) == 3 or before[-4] in " '’("):
        out[-1] = before[:-2] + ("u " if article == "le" else "es ")
        return rest
    if before.endswith(("à ", "À ")) and (len(before) == 2 or before[-3] in " '’("):
        out[-1] = before[:-2] + ("au " if article == "le" else "aux ")
        return rest
    return value
