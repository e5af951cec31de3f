"""What happened to the author of one review, and when: dates that follow each other, one wait, one amount.

The rule it protects: a review never contradicts itself. Every date, duration and month in it comes from one course of
events that ends on the day the review is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from data.demo.templates import Draw

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre")  # fmt: skip
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_NUMBERS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
            "treize", "quatorze", "quinze", "seize")  # fmt: skip
_STREETS = (
    "des Lilas", "du Moulin", "Pasteur", "des Écoles", "de la Gare", "Jean-Moulin", "du Lavoir", "des Acacias", "de Verdun", "Gambetta",
    "du Stade", "des Vignes", "Victor-Hugo", "Jean-Jaurès", "des Tilleuls", "de la République", "Carnot", "des Tanneurs", "du Four",
    "Émile-Zola", "des Pommiers", "de l'Abreuvoir", "Pierre-Curie", "de la Poterne", "du Puits", "Jules-Ferry", "Louise-Michel",
    "du Marché", "du Château", "de la Libération", "Aristide-Briand", "des Cordeliers", "Molière", "Voltaire", "Lamartine", "Ronsard",
    "des Fougères", "des Jonquilles", "des Chênes", "de la Garenne", "de l'Hôpital", "Saint-Martin", "des Remparts", "Paul-Bert",
    "Anatole-France", "du Maréchal-Leclerc", "Denfert-Rochereau", "Berlioz", "Debussy", "Édith-Piaf", "Simone-Veil", "Barbusse",
    "Salengro", "du Cygne", "des Forges", "du Pressoir", "des Carrières", "de Halage", "du Calvaire", "du Colombier",
    "des Hirondelles", "des Platanes", "Blériot", "Mermoz", "Cézanne", "Rodin", "Courbet", "Montaigne", "Rabelais", "des Oliviers",
    "du Cimetière", "Kléber", "des Mimosas", "de la Marne", "Lafayette", "Foch", "de la Chapelle", "du Docteur-Roux",
)  # fmt: skip
_LETTERS = "ABCDEFGHJKLMNPRSTVWXZ"
_SAME_AMOUNT = 0.75


class Story:
    """One author's course of events, from its first day to the day of writing."""

    def __init__(self, written: date, quick: bool, draw: Draw) -> None:
        """`quick` ones end well: days rather than months."""
        middle, spread = (2.0, 0.9) if quick else (4.0, 0.8)  # of the logarithm of days: 7 and 55
        self.days = max(2, min(700, round(math.exp(middle + spread * _normal(draw)))))
        self.written = written
        self.first = written - timedelta(days=self.days)
        self._told = 0.0  # share of the course already told
        self._way = draw()  # how this author writes dates
        self._digits = draw() < 0.45
        self._amount = ""
        self.given: Mapping[str, Callable[[Draw], str]] = {
            "date": self.date, "temps": self.since, "delai": self.wait, "mois": self.month, "montant": self.amount,
        }  # fmt: skip

    def date(self, draw: Draw) -> str:
        """The next date of the story: `le 12 mars`, `le 12/03`, `le mardi 12 mars`, as this author writes them."""
        self._told += (1.0 - self._told) * (0.05 + 0.45 * draw())
        day = self.first + timedelta(days=int(self._told * self.days))
        way, number = self._way, "1er" if day.day == 1 else str(day.day)
        if way < 0.15:
            return f"le {day:%d/%m}"
        if way < 0.27 or (way < 0.4 and day.year != self.written.year):
            return f"le {day:%d/%m/%Y}"
        name = MONTHS[day.month - 1]
        if draw() < 0.16:
            return f"le {_DAYS[day.weekday()]} {number} {name}"
        year = f" {day.year}" if day.year != self.written.year or draw() < 0.18 else ""
        last = " dernier" if not year and day.month != self.written.month and draw() < 0.15 else ""
        return f"le {number} {name}{year}{last}"

    def month(self, draw: Draw) -> str:
        """Name of a month of the story."""
        return MONTHS[(self.first + timedelta(days=int(draw() * self.days))).month - 1]

    def wait(self, draw: Draw) -> str:
        """How long it has lasted: `trois semaines`."""
        days = self.days
        if days < 12:
            return f"{self._count(days)} jours"
        if days < 45:
            weeks = round(days / 7)
            return ("quinze jours" if not self._digits else "15 jours") if weeks == 2 and draw() < 0.5 else (
                f"{self._count(weeks)} semaines"
            )  # fmt: skip
        months = round(days / 30.4)
        if months in (12, 24) and draw() < 0.7:
            return "un an" if months == 12 else "deux ans"
        if months > 30:
            return f"{self._count(round(months / 12))} ans"
        half = " et demi" if days / 30.4 % 1 > 0.35 and months < 6 and days / 30.4 < months + 0.5 else ""
        return f"{self._count(months)} mois{half if months * 30.4 <= days else ''}"

    def since(self, draw: Draw) -> str:
        """Since when: `depuis trois semaines`, `depuis le 12 mars`, `depuis le mois de mars`."""
        u = draw()
        if u < 0.62 or self.days < 10:
            before = ("depuis", "depuis", "depuis", "depuis plus de", "depuis bientôt", "depuis près de")[
                int(draw() * 6)
            ]
            return f"{before} {self.wait(draw)}"
        first = self.first
        number = "1er" if first.day == 1 else str(first.day)
        year = f" {first.year}" if first.year != self.written.year else ""
        if u < 0.76:
            return f"depuis le {number} {MONTHS[first.month - 1]}{year}"
        part = "début" if first.day < 10 else "mi-" if first.day < 21 else "fin"
        name = MONTHS[first.month - 1]
        if u < 0.88:
            return f"depuis la mi-{name}{year}" if part == "mi-" else f"depuis {part} {name}{year}"
        return f"depuis le mois {'d’' if name[0] in 'ao' else 'de '}{name}{year}"

    def amount(self, draw: Draw) -> str:
        """The sum at stake, or now and then another."""
        if not self._amount or draw() > _SAME_AMOUNT:
            value = int(math.exp(3.4 + 4.2 * draw()))
            cents = f",{int(draw() * 100):02d}" if draw() < 0.3 else ""
            unit = "euros" if self._way > 0.8 else "€"
            found = f"{value // 1000} {value % 1000:03d}" if value >= 1000 else str(value)
            found = f"{found}{cents} {unit}"
            if self._amount:
                return found
            self._amount = found
        return self._amount

    def _count(self, value: int) -> str:
        value = max(value, 2)
        return str(value) if self._digits or value >= len(_NUMBERS) else _NUMBERS[value]


def reference(draw: Draw) -> str:
    """Number of a file, as institutions write them."""
    form = draw()
    digits = "".join("0123456789"[int(draw() * 10)] for _ in range(9))
    letters = "".join(_LETTERS[int(draw() * len(_LETTERS))] for _ in range(3))
    if form < 0.35:
        return f"n° {digits[:7]}"
    if form < 0.6:
        return f"{letters}-{digits[:6]}"
    if form < 0.8:
        return f"n° {digits[:3]} {digits[3:6]} {digits[6:]}"
    return f"{letters[0]}{digits}"


def street(draw: Draw) -> str:
    """A street any town has."""
    kind = ("rue", "avenue", "allée", "impasse", "place", "chemin")[int(draw() * 6)]
    return f"{kind} {_STREETS[int(draw() * len(_STREETS))]}"


def telephone(draw: Draw) -> str:
    """A number of the range kept for fiction."""
    return f"01 99 00 {int(draw() * 100):02d} {int(draw() * 100):02d}"


def _normal(draw: Draw) -> float:
    """A standard normal value, near enough: the sum of six uniform ones (Irwin-Hall)."""
    return (draw() + draw() + draw() + draw() + draw() + draw() - 3.0) * math.sqrt(2.0)
