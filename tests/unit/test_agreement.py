"""Agreements: a few reviews of one structure that say the same, judged by what that structure is usually told."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
from scipy import sparse

from analytics.signals.agreement import Agreements
from analytics.signals.engine import background, curve, detect
from analytics.signals.likeness import RECENT, Likeness
from analytics.signals.record import Scope
from analytics.signals.wording import Names, sentence
from tests import weekly_world as world

WORDS, STRUCTURES, WEEKS = 600, 40, 60
SAID = [WORDS, WORDS + 1, WORDS + 2, WORDS + 3]  # words of the subject that is planted


class Country:
    """Reviews that say anything, about `reviews` of them a week over all structures; more can be put."""

    def __init__(self, seed: int = 0, reviews: float = 40) -> None:
        self.random = np.random.default_rng(seed)
        n = int(reviews * WEEKS)
        self.age = self.random.integers(0, WEEKS, n).tolist()
        self.place = self.random.integers(0, STRUCTURES, n).tolist()
        self.words = [self.random.choice(WORDS, 15).tolist() for _ in range(n)]

    def put(self, many: int, place: int | None, ages: tuple[int, int], said: list[int]) -> list[int]:
        """Reviews that use these words among others; returns their numbers."""
        first = len(self.age)
        for _ in range(many):
            self.age.append(int(self.random.integers(*ages)))
            self.place.append(int(self.random.integers(STRUCTURES)) if place is None else place)
            self.words.append(said + self.random.choice(WORDS, 15 - len(said)).tolist())
        return list(range(first, first + many))

    def agreements(self) -> Agreements:
        """The tests of the day."""
        age, place, ids = np.array(self.age), np.array(self.place), np.arange(len(self.age))
        order = np.concatenate([np.flatnonzero(age < RECENT), np.flatnonzero(age >= RECENT)])
        rows = np.repeat(np.arange(len(ids)), [len(w) for w in self.words])
        used = (np.ones(len(rows), dtype=np.float32), (rows, np.concatenate(self.words)))
        counts = sparse.coo_matrix(used, shape=(len(ids), WORDS + len(SAID))).tocsr()[order]
        names = np.array([f"s{i}" for i in range(STRUCTURES)], dtype=object)
        reviews = SimpleNamespace(age=age, place={"structure": place}, names={"structure": names}, weeks=WEEKS)
        return Agreements.of(Likeness.of(counts, age[order], place[order]), ids[order], reviews)  # type: ignore[arg-type]


def test_four_reviews_of_one_structure_that_say_the_same_are_found() -> None:
    country = Country()
    planted = country.put(4, 7, (0, 2), SAID)
    found = country.agreements()
    assert int(found.place[found.p.argmin()]) == 7
    assert found.p.min() < 1e-5
    assert found.members[7] == frozenset(planted)
    assert found.expected[found.p.argmin()] < 1


def test_the_same_reviews_all_over_the_country_are_no_agreement() -> None:
    country = Country()
    country.put(4, None, (0, 2), SAID)
    assert country.agreements().p.min() > 1e-3


def test_what_a_structure_has_always_been_told_is_no_news() -> None:
    country = Country()
    country.put(60, 7, (RECENT, WEEKS), SAID)
    country.put(4, 7, (0, 2), SAID)
    found = country.agreements()
    assert found.p[found.place == 7].min() > 1e-3


def test_what_the_whole_country_says_now_is_no_news_of_one_structure() -> None:
    alone, together = Country(), Country()
    for country in (alone, together):
        country.put(4, 7, (0, 2), SAID)
    together.put(60, None, (0, 2), SAID)
    assert together.agreements().p[7] > 1e3 * alone.agreements().p[7]


def test_many_reviews_that_say_anything_are_no_agreement() -> None:
    country = Country()
    country.put(30, 7, (0, 2), [])
    assert country.agreements().p[7] > 1e-3


def test_chance_gives_p_values_no_smaller_than_they_say() -> None:
    p = np.concatenate([Country(seed).agreements().p for seed in range(12)])
    for level in (0.001, 0.01, 0.05, 0.2):
        assert np.mean(p <= level) <= level + 2 * np.sqrt(level / len(p))


def test_no_review_gives_no_test() -> None:
    assert len(Agreements.none().p) == 0
    empty = Likeness.of(sparse.csr_matrix((0, 3)), np.zeros(0, int))
    assert empty.recent == 0


def _said(connection: object, structure: str) -> list[int]:
    """Four reviews that say one thing in their own words, put in every irritant there is."""
    ids = []
    for i in range(4):
        others = " ".join(np.random.default_rng(i).choice(world.WORDS, 20))
        text = f"{others} badgeuse {world.WORDS[i]} tourniquet {world.WORDS[-i - 1]} verrouillee {world.WORDS[i + 2]}"
        ids += world.add(
            connection, 1, structure=structure, irritant=i % 3, end=world.LAST - timedelta(days=i), text=text
        )  # type: ignore[arg-type]
    return ids


def test_an_agreement_is_a_signal_of_its_structure_told_in_plain_words() -> None:
    connection = world.build()
    planted = _said(connection, "caf1")
    (signal,) = detect(connection, world.LAST).signals
    assert (signal.detector, signal.scope) == ("novelty", Scope(structure="caf1"))
    assert set(signal.review_ids) == set(planted)
    assert signal.owner is not None
    assert signal.owner.structure_id == "caf1"
    assert "badgeuse" in signal.terms
    assert signal.label.startswith("Avis concordants : ")
    names = Names({"caf1": "CAF du Nord"}, {}, {})
    assert "4 avis disent la même chose" in sentence(names, signal)
    assert "CAF du Nord" in sentence(names, signal)
    known = background(connection, world.LAST, weeks=1)
    weeks = curve(known, signal)
    assert weeks["observed"].iloc[-1] == 4
    assert weeks["observed"].iloc[:-1].sum() == 0


def test_an_agreement_is_told_the_same_whatever_comes_later() -> None:
    then = date(2025, 6, 29)
    connection = world.build()
    _said(connection, "caf1")
    before = detect(connection, then)
    world.add(connection, 9, structure="caf1", irritant=0, end=then + timedelta(days=20), text="badgeuse tourniquet")
    assert detect(connection, then) == before


def test_praise_is_no_signal() -> None:
    connection = world.build()
    planted = _said(connection, "caf1")
    connection.execute("UPDATE reviews SET sentiment = 'Positif' WHERE list_contains($ids, id)", {"ids": planted})
    assert all(s.detector != "novelty" for s in detect(connection, world.LAST).signals)
