"""The country of the demo, drawn once from the seed: institutions, their habits, who adopts AI and when.

Owns everything that stays true for all reviews: how many are written each week, on what, about which structure, how
slow it is, on which day it starts using AI drafts. The rule it protects: adoption is confounded on purpose (slow structures
adopt first, everybody drifts, subjects shift), so a plain before/after comparison overstates what AI did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from data.demo import networks, structures
from data.demo.lexicon import Irritant, Lexicon
from data.demo.networks import Network
from data.demo.structures import Structure
from data.demo.territory import Department, departments

LAST_DAY = date(2025, 5, 25)  # a Sunday: 156 weeks back leaves one year of history before June 2023
FIRST_ADOPTION = date(2023, 10, 2)
LAST_ADOPTION = date(2025, 1, 27)
GROWTH = 0.30  # yearly growth of volumes, in log
DRIFT = -0.13  # yearly drift of every structure's delay, in log, whoever uses AI or not
BEFORE_DAYS = 19.0  # mean delay of adopters before they adopt
AFTER_SHARE = 0.185  # what the full effect of AI leaves of a delay: about 3 days
USEFUL_GAIN = 0.10  # what the full effect of AI adds to the chance of a verdict "utile"
ADOPTING = 0.45  # share of answered reviews that go to structures which adopt
CATCH_ALL = ("Service-public.fr", "Structure France services", "Préfecture", "Ville - Commune", "Services Publics +")
_SEASON = (1.10, 1.02, 1.04, 0.97, 0.95, 0.98, 0.92, 0.72, 1.12, 1.14, 1.08, 0.86)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Choices:
    """Structures among which reviews of one typology fall, with their cumulated chances."""

    structures: Ints
    cumulated: Floats


@dataclass(frozen=True)
class World:
    """Everything drawn once. Arrays by structure follow `structures`, those by subject follow the lexicon."""

    seed: int
    reviews: int
    weeks: int
    effect: float
    start: date  # a Monday
    places: tuple[Department, ...]
    structures: tuple[Structure, ...]
    irritants: tuple[Irritant, ...]
    ordinary: int
    typologies: tuple[str, ...]
    network_of: dict[str, Network]
    choices: tuple[Choices, ...]  # by typology
    irritant_typologies: tuple[tuple[Ints, Floats], ...]  # by subject: typology numbers, cumulated chances
    catch_all: Ints  # typologies people choose when they do not know better
    neighbours: tuple[Ints, ...]  # by subject: others of the same institutions, for reviews on two subjects
    mean_days: Floats  # by structure: mean delay at the start of the window, without AI
    silent: Floats  # by structure: chance that a review never gets a reply
    useful: Floats  # by structure: chance of a verdict "utile" at the start, without AI
    adoption: NDArray[np.datetime64]  # by structure: first day with AI, NaT for never
    newcomers: Ints  # structures that join late, by a planted decoy only
    weekly: Ints  # ordinary reviews of each week
    irritant_mix: Floats  # weeks × ordinary subjects, rows sum to 1
    place_chances: Floats  # cumulated, by département

    @property
    def end(self) -> date:
        """Last day of the window: nothing of the demo is dated later."""
        return self.start + timedelta(days=7 * self.weeks - 1)

    def week_of(self, day: date) -> int:
        """Number of the week a day falls in."""
        return (day - self.start).days // 7


def generator(seed: int, *path: int) -> np.random.Generator:
    """Random source of one part of the demo: the same for the same seed, whoever computes it and when."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed & 0xFFFFFFFFFFFFFFFF, *path])))


def build(lexicon: Lexicon, *, reviews: int, seed: int, weeks: int, effect: float, planned: int) -> World:
    """Draw the country. `planned` reviews are kept out of the weekly volumes: events will bring them."""
    rng = generator(seed, 1)
    places = departments()
    start = LAST_DAY - timedelta(days=7 * weeks - 1)
    irritants = lexicon.irritants
    typologies = tuple(sorted({t for i in irritants for t in i.typologies} | set(CATCH_ALL)))
    known = networks.networks()
    built = structures.build(typologies, places)
    number = {t: k for k, t in enumerate(typologies)}
    weights = np.array([p.weight for p in places], dtype=float)
    by_code = {p.code: p.weight for p in places}

    members: list[list[int]] = [[] for _ in typologies]
    heads = {s.parent for s in built if s.parent}
    for k, s in enumerate(built):
        if s.id not in heads:
            members[number[s.typology]].append(k)
    newcomers = _newcomers(rng, built, members)
    late = set(newcomers.tolist())
    size = np.zeros(len(built))
    choices = []
    for found in members:
        chances = np.array([0.0 if k in late else by_code[built[k].department.code] ** 0.85 for k in found])
        chances *= rng.lognormal(0.0, 0.25, len(found))
        choices.append(Choices(np.array(found, dtype=np.int64), np.cumsum(chances / chances.sum())))

    of_irritant = tuple(_spread(i, number) for i in irritants)
    mix = _mix(rng, irritants[: lexicon.ordinary], start, weeks)
    average = mix.mean(axis=0)
    for k in range(lexicon.ordinary):
        which, cumulated = of_irritant[k]
        for t, share in zip(which, np.diff(cumulated, prepend=0.0), strict=True):
            chosen = choices[t]
            size[chosen.structures] += average[k] * share * np.diff(chosen.cumulated, prepend=0.0)

    slow = rng.normal(0.0, 0.45, len(built))
    adoption = _adoption(rng, slow, size)
    mean_days = 15.0 * np.exp(slow)
    adopters = ~np.isnat(adoption)
    if adopters.any():
        years = (adoption[adopters] - np.datetime64(start)).astype(float).clip(1.0) / 365.25
        drifted = mean_days[adopters] * np.expm1(DRIFT * years) / (DRIFT * years)  # mean from the start to adoption
        mean_days *= BEFORE_DAYS / np.average(drifted, weights=size[adopters] * years + 1e-9)
        others = ~adopters & (size > 0)
        mean_days[others] *= 15.0 / np.average(mean_days[others], weights=size[others])
    return World(
        seed=seed,
        reviews=reviews,
        weeks=weeks,
        effect=effect,
        start=start,
        places=places,
        structures=built,
        irritants=irritants,
        ordinary=lexicon.ordinary,
        typologies=typologies,
        network_of={t: networks.of(t, known) for t in typologies},
        choices=tuple(choices),
        irritant_typologies=of_irritant,
        catch_all=np.array([number[t] for t in CATCH_ALL], dtype=np.int64),
        neighbours=_neighbours(irritants[: lexicon.ordinary]),
        mean_days=mean_days,
        silent=rng.uniform(0.03, 0.16, len(built)),
        useful=np.clip(0.52 - 0.10 * slow + rng.normal(0.0, 0.06, len(built)), 0.15, 0.8),
        adoption=adoption,
        newcomers=newcomers,
        weekly=_weekly(rng, start, weeks, reviews - planned),
        irritant_mix=mix,
        place_chances=np.cumsum(weights / weights.sum()),
    )


def _newcomers(rng: np.random.Generator, built: tuple[Structure, ...], members: list[list[int]]) -> Ints:
    """Two structures kept silent until a decoy lets them in, from typologies with many structures."""
    several = [k for found in members if len(found) >= 12 for k in found if not built[k].national]
    if len(several) < 2:
        return np.array([], dtype=np.int64)
    return np.sort(rng.choice(np.array(several, dtype=np.int64), 2, replace=False))


def _spread(irritant: Irritant, number: dict[str, int]) -> tuple[Ints, Floats]:
    which = np.array([number[t] for t in irritant.typologies], dtype=np.int64)
    chances = 0.8 ** np.arange(len(which))
    return which, np.cumsum(chances / chances.sum())


def _neighbours(irritants: tuple[Irritant, ...]) -> tuple[Ints, ...]:
    found = []
    for k, one in enumerate(irritants):
        near = [j for j, other in enumerate(irritants) if j != k and set(other.typologies) & set(one.typologies)]
        found.append(np.array(near or [j for j in range(len(irritants)) if j != k] or [k], dtype=np.int64))
    return tuple(found)


def _mix(rng: np.random.Generator, irritants: tuple[Irritant, ...], start: date, weeks: int) -> Floats:
    """Shares of the subjects each week: their weight, their season, and a slow rise or fall of their own."""
    slopes = rng.normal(0.0, 0.12, len(irritants))
    mix = np.empty((weeks, len(irritants)))
    for week in range(weeks):
        month = (start + timedelta(days=7 * week + 3)).month - 1
        season = np.array([i.season[month] for i in irritants])
        weight = np.array([i.weight for i in irritants])
        mix[week] = weight * season * np.exp(slopes * (week - weeks / 2) / 52)
    return mix / mix.sum(axis=1, keepdims=True)


def _weekly(rng: np.random.Generator, start: date, weeks: int, reviews: int) -> Ints:
    rates = np.empty(weeks)
    for week in range(weeks):
        middle = start + timedelta(days=7 * week + 3)
        rates[week] = np.exp(GROWTH * week / 52) * _SEASON[middle.month - 1]
        if (middle.month, middle.day) >= (12, 24) or (middle.month, middle.day) <= (1, 2):
            rates[week] *= 0.7
    rates *= rng.gamma(150.0, 1 / 150.0, weeks)
    return rng.multinomial(max(reviews, 0), rates / rates.sum())


def _adoption(rng: np.random.Generator, slow: Floats, size: Floats) -> NDArray[np.datetime64]:
    """First day with AI by structure: the slow and the large are likelier to adopt, the slowest of them sooner."""
    score = 1.0 * slow / 0.45 + 0.25 * np.log(size + 1e-6) + rng.normal(0.0, 1.1, len(slow))
    order = np.argsort(-score)
    order = order[size[order] > 0]
    reached = np.cumsum(size[order]) <= ADOPTING * size.sum()
    chosen = order[reached]
    dates = np.full(len(slow), np.datetime64("NaT", "D"))
    if len(chosen) == 0:
        return dates
    eagerness = slow[chosen] / 0.45 + rng.normal(0.0, 1.4, len(chosen))
    rank = np.argsort(np.argsort(-eagerness)) / max(len(chosen) - 1, 1)
    weeks = (LAST_ADOPTION - FIRST_ADOPTION).days // 7
    dates[chosen] = np.datetime64(FIRST_ADOPTION) + 7 * np.rint(rank * weeks).astype(np.int64)
    return dates
