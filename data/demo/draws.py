"""What is drawn about reviews before a word is written: when, on what, about whom, how it was answered.

The rule it protects: delays and verdicts are drawn as pairs, with and without AI, from the same chance, so the effect
written in the truth is the one realised in the file. Everything is an array in publication order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.events import Planned
from data.demo.world import AFTER_SHARE, DRIFT, USEFUL_GAIN, Choices, Floats, Ints, World

Flags = NDArray[np.bool_]
SIMILARITY_SINCE = np.datetime64("2024-01-01", "D")  # the portal's column was empty before
_WEEKDAYS = np.cumsum((0.155, 0.21, 0.145, 0.152, 0.15, 0.105, 0.083))
_NO_SUBJECT_MOOD = np.array([0.52, 0.16, 0.32])
_NOISE = 0.80  # spread of delays around their mean, in log
_OWN, _NEAR = 0.66, 0.82  # chances, cumulated, that people name an institution of the subject, or of a neighbouring one


@dataclass(frozen=True)
class Drawn:
    """Reviews of a chunk of weeks, in publication order, without their words."""

    day: Ints  # since the start of the window
    second: Ints  # of the day
    plan: Ints  # number of the planted review, -1 for an ordinary one
    irritant: Ints  # -1: no subject
    also: Ints  # second subject, -1: none
    typology: Ints
    structure: Ints
    mood: Ints  # 0 negative, 1 neutral, 2 positive
    outside: Flags  # filed in the tray of Hors-structures
    unnamed: Flags  # no typology either


@dataclass(frozen=True)
class Answers:
    """What became of them."""

    reply: Floats  # when the first reply appears, in days since the start
    answered: Flags
    canned: Flags
    drafted: Flags  # an AI draft was used
    similarity: Ints  # as the file shows it, -1: empty
    judged: Flags  # the author gave a verdict
    useful: Flags
    delay_change: tuple[float, int]  # days added by AI over the replies it touched, and how many
    useful_change: tuple[int, int]  # verdicts "utile" gained over the verdicts it touched, and how many


def pick(cumulated: Floats, chance: Floats) -> Ints:
    """Numbers drawn with these cumulated chances."""
    return np.minimum(np.searchsorted(cumulated, chance), len(cumulated) - 1)


def draw(world: World, rng: np.random.Generator, weeks: range, planned: Sequence[Planned]) -> Drawn:
    """Reviews of some weeks: the ordinary ones and the `planned` ones, sorted by publication."""
    volumes = world.weekly[weeks.start : weeks.stop]
    background = int(volumes.sum())
    n = background + len(planned)
    plan = np.full(n, -1)
    plan[background:] = np.arange(len(planned))
    ordinary_day = 7 * np.repeat(np.arange(weeks.start, weeks.stop), volumes) + pick(_WEEKDAYS, rng.random(background))
    day = np.concatenate([ordinary_day, np.array([(p.day - world.start).days for p in planned], dtype=np.int64)])
    second = ((8.0 + 12.5 * rng.beta(1.6, 1.5, n)) * 3600).astype(np.int64)
    order = np.argsort(day * 86400 + second, kind="stable")
    day, second, plan = day[order], second[order], plan[order]

    irritant, also = _subjects(world, rng, np.clip(day // 7, 0, world.weeks - 1))
    typology, structure = _institutions(world, rng, irritant)
    for k in np.flatnonzero(plan >= 0):
        p = planned[plan[k]]
        typology[k] = p.typology
        if p.irritant >= 0:
            irritant[k], also[k] = p.irritant, -1
        else:
            known = [i for i in range(world.ordinary) if p.typology in world.irritant_typologies[i][0]]
            about = known or list(range(world.ordinary))  # a catch-all hears of everything
            irritant[k], also[k] = about[int(rng.random() * len(about))], -1
        structure[k] = p.structure if p.structure >= 0 else _one(world.choices[p.typology], rng.random())
    # One review in seven has no subject of its own.
    bare = (rng.random(n) < 0.14) & (
        (plan < 0) | np.array([p >= 0 and planned[p].irritant < 0 for p in plan], dtype=bool)
    )
    irritant = np.where(bare, -1, irritant)
    also = np.where(bare, -1, also)
    unnamed = (rng.random(n) < 0.044) & (plan < 0)
    outside = unnamed | ((rng.random(n) < 0.17) & (plan < 0))

    moods = np.array([i.mood for i in world.irritants])
    shares = np.where((irritant >= 0)[:, None], moods[np.maximum(irritant, 0)], _NO_SUBJECT_MOOD)
    negative = shares[:, 0] * (1 - 0.03 * day / 365.25)
    roll = rng.random(n)
    mood = np.where(roll < negative, 0, np.where(roll < negative + shares[:, 1], 1, 2))
    return Drawn(day, second, plan, irritant, also, typology, structure, mood, outside, unnamed)


def _subjects(world: World, rng: np.random.Generator, week: Ints) -> tuple[Ints, Ints]:
    """Subject of each ordinary review, and a second one for a review in six, often about the same institutions."""
    n = len(week)
    irritant = np.empty(n, dtype=np.int64)
    chance = rng.random(n)
    for w in np.unique(week):
        here = week == w
        irritant[here] = pick(np.cumsum(world.irritant_mix[w]), chance[here])
    also = np.full(n, -1)
    double, close, which = rng.random(n) < 0.17, rng.random(n) < 0.6, rng.random(n)
    for k in np.flatnonzero(double):
        near = world.neighbours[irritant[k]] if close[k] else np.arange(world.ordinary)
        other = int(near[int(which[k] * len(near))])
        also[k] = other if other != irritant[k] else (other + 1) % world.ordinary
    return irritant, also


def _institutions(world: World, rng: np.random.Generator, irritant: Ints) -> tuple[Ints, Ints]:
    """Typology and structure of each review: most name the right kind of institution, some a neighbouring one."""
    n = len(irritant)
    typology, structure = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    aim, which, near, where = rng.random(n), rng.random(n), rng.random(n), rng.random(n)
    for k in range(n):
        if aim[k] < _OWN:
            own, cumulated = world.irritant_typologies[irritant[k]]
            t = own[min(int(np.searchsorted(cumulated, which[k])), len(own) - 1)]
        elif aim[k] < _NEAR:
            others = world.neighbours[irritant[k]]
            own = world.irritant_typologies[others[int(near[k] * len(others))]][0]
            t = own[int(which[k] * len(own))]
        else:
            t = world.catch_all[int(which[k] * len(world.catch_all))]
        typology[k] = t
        structure[k] = _one(world.choices[t], where[k])
    return typology, structure


def _one(choices: Choices, chance: float) -> int:
    at = min(int(np.searchsorted(choices.cumulated, chance)), len(choices.structures) - 1)
    return int(choices.structures[at])


def _reply_at(published: Floats, delay: Floats, office_hour: Floats) -> Floats:
    """When a reply appears: in office hours of the day it falls on, never before half an hour; days since the start."""
    return np.maximum(np.floor(published + delay) + office_hour, published + 0.5 / 24)


def answer(world: World, rng: np.random.Generator, drawn: Drawn) -> Answers:
    """Delays, verdicts and similarities: what happens, and what would have happened without AI."""
    n = len(drawn.day)
    years = drawn.day / 365.25
    published = drawn.day + drawn.second / 86400
    adopted = world.adoption[drawn.structure]
    today = np.datetime64(world.start) + drawn.day
    with_ai = ~np.isnat(adopted) & (today >= adopted)
    month = today.astype("datetime64[M]").astype(int) % 12
    summer = np.where((month == 6) | (month == 7), 1.2, 1.0)
    mean = world.mean_days[drawn.structure] * np.exp(DRIFT * years) * summer
    mean *= np.where(drawn.mood == 2, 0.8, 1.06)
    without = np.minimum(mean * np.exp(_NOISE * rng.standard_normal(n) - _NOISE**2 / 2), 420.0)
    left = 1 - world.effect * (1 - AFTER_SHARE)
    office = rng.uniform(8.5, 18.0, n) / 24
    actual = _reply_at(published, np.where(with_ai, without * left, without), office)
    otherwise = _reply_at(published, without, office)

    silent = rng.random(n) < world.silent[drawn.structure] + np.where(drawn.mood == 1, 0.04, 0.0)
    canned = (rng.random(n) < np.where(drawn.outside, 0.08, 0.025)) & (drawn.outside | silent | (rng.random(n) < 0.15))
    at = np.where(canned, published + rng.uniform(1.0, 40.0, n), actual)
    answered = (canned | (~drawn.outside & ~silent)) & (at < 7 * world.weeks)
    canned &= answered
    touched = answered & ~canned & with_ai

    chance = np.clip(world.useful[drawn.structure] + 0.02 * years + np.where(drawn.mood == 2, 0.2, 0.0), 0.05, 0.88)
    luck = rng.random(n)
    useful_otherwise = luck < chance
    useful = luck < chance + np.where(with_ai, USEFUL_GAIN * world.effect, 0.0)
    judged = answered & (rng.random(n) < np.where(canned, 0.06, 0.23))
    verdicts = touched & judged
    gained = int(useful[verdicts].sum()) - int(useful_otherwise[verdicts].sum())

    drafted = touched & (rng.random(n) < 0.94)
    sent_as_is = rng.random(n) < 0.14
    similarity = np.where(sent_as_is, 100.0, np.clip(np.rint(100 * rng.beta(3.4, 1.5, n)), 3, 100))
    shown = drafted & (np.datetime64(world.start) + np.floor(at).astype(np.int64) >= SIMILARITY_SINCE)
    return Answers(
        reply=at,
        answered=answered,
        canned=canned,
        drafted=drafted,
        similarity=np.where(shown, similarity, -1.0).astype(np.int64),
        judged=judged,
        useful=np.where(canned, luck < 0.08, useful),
        delay_change=(float((actual - otherwise)[touched].sum()), int(touched.sum())),
        useful_change=(gained, int(verdicts.sum())),
    )
