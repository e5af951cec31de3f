"""Words and noun phrases that can name a topic: which reviews hold them, and how people write them.

French word classes are told by company, not by a dictionary: a noun follows articles and possessives, a verb follows
pronouns, is followed by an article, or ends as verbs do where no adjective does. A phrase is a noun with what completes it ('carte vitale', 'taxe d'habitation',
'rendez-vous en préfecture'). The rule it protects: what is shown is what people wrote most often, accents kept; adverbs,
verbs, clipped words and words of set phrases ('en cours') never stand for a subject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from analytics.topics import text
from analytics.topics.text import Tokens


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_COMPANY = {
    "determiner": _words(
        "le la les l' un une des du au aux mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette "
        "ces chaque quel quelle quels quelles aucun aucune"
    ),
    "pronoun": _words("je j' tu il elle on ils elles nous vous qui ne n' se s' me m' te t' y lui ça cela c' ont a ai"),
    "article": _words("le la les l' un une mon ma mes son sa ses ce cet cette pas plus que qu' rien jamais me m'"),
}
_BEFORE_NOUN = _words(
    "ancien ancienne anciens anciennes double simple seul seule grand grande petit petite vrai vraie faux fausse bon "
    "bonne mauvais mauvaise long longue pauvre cher chère futur future nouveau nouvelle nouvelles nouveaux premier "
    "première dernier dernière prochain prochaine propre même autre unique énième fameux fameuse deuxième troisième "
    "quatrième nul nulle réel réelle joli jolie court courte haut haute vieux vieille gros grosse moindre véritable seconde "
    "second vrais vraies bons bonnes mauvaises grands grandes petits petites longs longues propres simples"
)
_EMPTY = _words(  # nouns of set phrases ('en cours', 'au contraire'), clipped words, people who come along: they name nothing
    "cours contraire ensemble bout sujet tour égard monde hasard coup fur bref bol ras doss rép serv cons sec bin grand secrét "
    "père mère oncle tante neveu nièce gendre cousin cousine beau-père belle-mère beau-frère belle-sœur grand-père grand-mère "
    "collègue collègues"
)
_LINKS = _words("de d' du des à au aux en la le les l'")
_IRREGULAR = _words(
    "voit dort vit part sort tient vient perd rend répond attend met sert suit reçoit doit peut veut boit lit écrit dit "
    "fait va meurt court finit devient revient obtient permet promet remet transmet refait subit paraît connaît "
    "apparaît disparaît réapparaît"
)
_ADJECTIVE = (
    *("al", "ale", "aux", "el", "elle", "ique", "if", "ive", "eux", "euse", "able", "ible", "aire", "ien", "ienne"),
    *("ier", "ière", "ais", "aise", "ois", "oise", "é", "ée", "ant", "ante", "ue", "ie", "ile", "eure"),
)
_CONJUGATED = ("er", "ent", "ait", "aient", "ez", "ons", "ant")
_INFINITIVE = ("er", "ir", "oir", "dre", "tre", "ire")
_NOUN = 0.3  # share of uses after a determiner that makes a noun
_VERB = 0.3  # share of uses before an article, or after a pronoun, that makes a verb
_KNOWN = 4  # uses under which a word's company says little
_EVERYWHERE = 0.25  # share of the reviews beyond which a word names nothing
_READ = 100  # uses of a phrase read to find how it is written
_PHRASE = 1.5  # a phrase says more than a word
_OTHER = 0.1  # a word that is no noun names badly
_WHOLE = 0.35  # share of a word's reviews that hold it in one phrase, from which the phrase is shown
_POOL = 80
_VOWELS = frozenset("aeiouy")
_RARER = 40.0  # times more often than elsewhere, beyond which rarer says no more


@dataclass(frozen=True)
class Phrases:
    """Candidates of a set of reviews."""

    names: tuple[str, ...]  # counted keys, joined by spaces
    presence: sparse.csr_matrix  # (reviews, candidates), 0 or 1
    quality: np.ndarray  # (candidates,) how well each names a subject
    tokens: Tokens
    spans: sparse.csr_matrix  # (candidates, uses): first token of each use + 1
    length: np.ndarray  # tokens of each use

    def surface(self, candidate: int) -> str:
        """How people write it most often; an accented form wins over the same without accents."""
        if candidate not in self._known:
            self._known[candidate] = self._surface(candidate)
        return self._known[candidate]

    def _surface(self, candidate: int) -> str:
        uses = slice(self.spans.indptr[candidate], self.spans.indptr[candidate + 1])
        columns, firsts = self.spans.indices[uses][:_READ], self.spans.data[uses][:_READ] - 1
        noun = self._nouns
        forms: Counter[str] = Counter()
        for first, length in zip(firsts.tolist(), self.length[columns].tolist(), strict=True):
            alone = length == 1
            weight = 4 if alone and noun[self.tokens.words[first]] else 1  # 'déclaration' rather than 'déclarer'
            forms[self.tokens.written(first, first + length - 1)] += weight
        best, times = max(forms.items(), key=lambda item: (item[1], item[0]))
        same = [(n, form) for form, n in forms.items() if text.fold(form) == text.fold(best) and n >= 0.8 * times]
        return max(same, key=lambda item: (_accents(item[1]), item))[1]

    @cached_property
    def _known(self) -> dict[int, str]:
        return {}

    @cached_property
    def _nouns(self) -> np.ndarray:
        return classes(self.tokens)[0]


def _accents(form: str) -> int:
    return sum(a != b for a, b in zip(form, text.fold(form), strict=False)) if len(form) == len(text.fold(form)) else 0


def classes(tokens: Tokens) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which surfaces are nouns, verbs (adverbs with them) and infinitives, by the company they keep."""
    size, words = len(tokens.surfaces), tokens.words
    bare = [surface.lower() for surface in tokens.surfaces]
    known = frozenset(bare)
    of = {name: np.array([s in group for s in bare], dtype=bool) for name, group in _COMPANY.items()}
    total = np.maximum(np.bincount(words, minlength=size), 1)
    after, follows = (
        np.bincount(words[1:], of[name][words[:-1]], minlength=size) / total for name in ("determiner", "pronoun")
    )
    before = np.bincount(words[:-1], of["article"][words[1:]], minlength=size) / total
    unsure = np.array([_looks_verbal(s) for s in bare], dtype=bool)
    verb = np.where(total >= _KNOWN, (follows >= _VERB) | ((before >= _VERB) & (after < 0.5)), unsure)
    noun = np.where(total >= _KNOWN, after >= _NOUN, ~unsure) & ~verb
    verb |= ~noun & np.array([_conjugated(s, known) for s in bare], dtype=bool)
    adverb = np.array([s.endswith(("amment", "emment", "ement")) for s in bare], dtype=bool) & (after < 0.5)
    infinitive = ~noun & np.array([s.endswith(_INFINITIVE) for s in bare], dtype=bool)
    return noun & ~adverb & ~np.array([s in _BEFORE_NOUN for s in bare], dtype=bool), verb | adverb, infinitive


def _conjugated(word: str, known: frozenset[str]) -> bool:
    """Whether it is a form of a verb whose infinitive, or another form, people also write."""
    if word in _IRREGULAR or word.endswith(("aient", "ez", "ons")):
        return True
    for ending in ("ent", "ait", "e", "a"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            return any(stem + other in known for other in _CONJUGATED if other != ending)
    return False


def _may_be_verb(word: str, known: frozenset[str]) -> bool:
    """Whether it ends as verbs do ('la loi oblige'), without an adjective's ending nor, among `known`, another gender."""
    bare = word.removesuffix("s")
    if not bare.endswith(("e", "ent", "ait")) or bare.endswith(_ADJECTIVE):
        return False
    others = {f"{bare}e", f"{bare}es", bare.removesuffix("e"), f"{bare}s"} - {word}
    return known.isdisjoint(others)


def _says_nothing(surface: str) -> bool:
    """Whether a word is no name: a letter or two, no vowel, a clipped word; acronyms are in capitals."""
    if surface.isupper() and len(surface) > 1:
        return False
    return len(surface) < 3 or surface in _EMPTY or not _VOWELS & set(text.fold(surface))


def _looks_verbal(word: str) -> bool:
    return word.endswith(("ez", "ait", "ais", "aient", "ant", "er", "ir", "oir", "é", "ée", "és", "ées", "ons"))


def find(tokens: Tokens, least: int) -> Phrases:
    """Every word and noun phrase that at least `least` reviews hold."""
    noun = classes(tokens)[0][tokens.words[tokens.counted]]
    empty = np.array([_says_nothing(surface) for surface in tokens.surfaces])[tokens.words[tokens.counted]]
    pair, triple = _phrases(tokens)
    names: list[str] = []
    quality: list[np.ndarray] = []
    rows, columns, firsts, lengths = [], [], [], []
    most = _EVERYWHERE * len(tokens) if len(tokens) > 200 else len(tokens)
    for n, starts in ((1, np.arange(len(tokens.key))), (2, pair), (3, triple)):
        used, number = _kept(tokens, starts, n, (least, most))
        first_uses = np.unique(number, return_index=True)[1]
        names += [" ".join(tokens.keys[int(tokens.key[used[i] + s])] for s in range(n)) for i in first_uses]
        rows.append(tokens.review[used])
        columns.append(number + sum(len(q) for q in quality))
        firsts.append(tokens.counted[used])
        lengths.append(tokens.counted[used + n - 1] - tokens.counted[used] + 1)
        nouns, nothing = (
            np.bincount(number, flag[used], minlength=len(first_uses)) / np.maximum(1, np.bincount(number))
            for flag in (noun, empty)
        )
        alone = np.where(nouns >= _NOUN, 1.0, _OTHER) * (nothing < 0.5)
        quality.append(alone if n == 1 else np.full(len(first_uses), _PHRASE))
    row, column, first, length = (np.concatenate(part) for part in (rows, columns, firsts, lengths))
    ones = np.ones(len(row), dtype=np.float32)
    presence = sparse.csr_matrix((ones, (row, column)), shape=(len(tokens), len(names)))
    presence.data[:] = 1.0
    spans = sparse.csr_matrix((first + 1, (column, np.arange(len(column)))), shape=(len(names), len(column)))
    return Phrases(tuple(names), presence, np.concatenate(quality), tokens, spans, length)


def _phrases(tokens: Tokens) -> tuple[np.ndarray, np.ndarray]:
    """Where phrases of two and of three counted words start, among the counted words."""
    at, key = tokens.counted, tokens.key
    if len(at) < 2:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    noun, verb, infinitive = (flag[tokens.words[at]] for flag in classes(tokens))
    bare = [surface.lower() for surface in tokens.surfaces]
    known = frozenset(bare)
    doubtful = np.array([_may_be_verb(s, known) for s in bare])[tokens.words[at]] & ~noun
    empty = np.array([_says_nothing(s) for s in tokens.surfaces])[tokens.words[at]]
    last = ~verb & ~empty & ~np.array([s in _BEFORE_NOUN for s in bare])[tokens.words[at]]
    link = np.array([s in _LINKS for s in tokens.surfaces])
    other = np.cumsum((tokens.key_of[tokens.words] < 0) & ~link[tokens.words])
    gap = np.diff(at) - 1
    follows = (
        (gap <= 2)
        & (other[at[1:]] == other[at[:-1]])
        & (key[1:] != key[:-1])
        & ((~infinitive & ~doubtful)[1:] | (gap > 0))
    )
    pair = np.flatnonzero(follows & (noun & ~empty)[:-1] & last[1:])
    triple = pair[pair + 2 < len(at)]
    # No noun leans on an adjective ('salaire net fond').
    leans = (gap[triple + 1] == 0) & ~noun[triple + 1] & noun[triple + 2]
    triple = triple[follows[triple + 1] & last[triple + 2] & ~leans & (key[triple] != key[triple + 2])]
    return pair, triple


def _kept(tokens: Tokens, starts: np.ndarray, n: int, bounds: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Uses of the runs of `n` keys that enough reviews hold, sorted by run, and the number of each use's run."""
    review, key = tokens.review, tokens.key.astype(np.int64)
    code = key[starts]
    for step in range(1, n):
        code = code * (int(key.max(initial=0)) + 1) + key[starts + step]
    order = np.lexsort((review[starts], code))
    uses, code = starts[order], code[order]
    first = np.ones(len(code), dtype=bool)  # of its run in its review
    first[1:] = (code[1:] != code[:-1]) | (review[uses[1:]] != review[uses[:-1]])
    _, place = np.unique(code, return_inverse=True)
    held = np.bincount(place[first], minlength=1)
    fit = (held >= bounds[0]) & (held <= bounds[1])
    number = (np.cumsum(fit) - 1)[place]
    return uses[fit[place]], number[fit[place]]


def telling(
    found: Phrases,
    groups: Sequence[np.ndarray],
    *,
    around: np.ndarray | None = None,
    pools: Sequence[Sequence[int]] | None = None,
    most: int = 10,
) -> list[list[str]]:
    """For each group of reviews (rows), what names it best: surfaces, best first, no word twice.

    A candidate weighs by the share of the group that holds it, times the logarithm of how much more often that is than
    in the reviews `around` (all of them when not given): its part of the divergence between the two; `_RARER` bounds it,
    so that what many hold comes before what few hold and nobody else does. `pools` are the candidates to choose among,
    all of them when not given.
    """
    whole = found.presence if around is None else found.presence[around]
    usual = np.asarray(whole.sum(axis=0)).ravel() / max(1, whole.shape[0])
    out = []
    for i, rows in enumerate(groups):
        held = np.asarray(found.presence[rows].sum(axis=0)).ravel()
        share = held / max(1, len(rows))
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = np.where(held > 0, share * np.log(np.minimum(share / usual, _RARER)), 0.0) * found.quality
        if pools is not None:
            allowed = np.zeros(len(weight), dtype=bool)
            allowed[list(pools[i])] = True
            weight = np.where(allowed, weight, 0.0)
        out.append(_chosen(found, weight, held, most))
    return out


def _chosen(found: Phrases, weight: np.ndarray, held: np.ndarray, most: int) -> list[str]:
    """Surfaces of the heaviest candidates; a word that is mostly written within a heavy phrase gives way to it."""
    pool = np.argsort(-weight, kind="stable")[:_POOL]
    pool = pool[weight[pool] > 0]
    parts = {int(j): found.names[j].split() for j in pool}
    used: set[str] = set()
    chosen: list[int] = []
    for j in map(int, pool):
        if len(chosen) == most:
            break
        if used & set(parts[j]):
            continue
        wider = [
            k
            for k in map(int, pool)
            if len(parts[k]) > len(parts[j]) and set(parts[j]) < set(parts[k]) and not used & set(parts[k])
        ]
        wider = [k for k in wider if held[k] >= _WHOLE * held[j]]
        best = max(wider, key=lambda k: (held[k], weight[k]), default=j)
        chosen.append(best)
        used |= set(parts[best])
    return [found.surface(j) for j in chosen]
