"""A signal said in plain French: its place, its sentence, its detector.

The rule it protects: a person who never took a statistics course understands the sentence, and every number in it is
the signal's own.
"""

from __future__ import annotations

from analytics.signals.record import Signal
from data.warehouse import Warehouse
from pages.components import french

DETECTORS = {
    "surge": "Hausse inhabituelle",
    "place": "Foyer local",
    "novelty": "Sujet nouveau",
}


def place(warehouse: Warehouse, signal: Signal) -> str:
    """Where it holds: `CAF, Hérault`, or `toute la France` when nothing narrows."""
    scope = signal.scope
    parts = []
    if scope.structure:
        found = warehouse.rows("SELECT name FROM structures WHERE id = $id", {"id": scope.structure})
        parts.append(found[0][0] if found else scope.structure)
    elif scope.typology or scope.network:
        parts.append(scope.typology or scope.network or "")
    if scope.department:
        found = warehouse.rows("SELECT name FROM departments WHERE code = $code", {"code": scope.department})
        parts.append(found[0][0] if found else scope.department)
    if scope.channel:
        parts.append(f"par le canal « {scope.channel} »")
    return ", ".join(parts) or "toute la France"


def subject(warehouse: Warehouse, signal: Signal) -> str:
    """`Carte grise (Préfecture, Nord)`."""
    return f"{signal.label} ({place(warehouse, signal)})"


def sentence(warehouse: Warehouse, signal: Signal) -> str:
    """The whole signal in one or two sentences."""
    weeks = (signal.last_week - signal.first_week).days // 7 + 1
    span = (
        f"la semaine du {french.day(signal.last_week)}"
        if weeks == 1
        else f"les {weeks} semaines jusqu'au {french.day(signal.last_week)}"
    )
    told = f" À prévenir : {signal.owner.name}." if signal.owner else ""
    return (
        f"{french.count(signal.observed, 'avis', 'avis')} sur {span} ({place(warehouse, signal)}), "
        f"là où l'on en attendait {expected(signal)} : au moins {at_least(signal)} fois plus que d'habitude. "
        f"{surety(signal)}{told}"
    )


def expected(signal: Signal) -> str:
    """How many reviews the past let expect: `3,2`, `0,40`, `presque aucun`."""
    if signal.expected < 0.01:
        return "presque aucun"
    return french.number(signal.expected, 1 if signal.expected >= 0.95 else 2)


def at_least(signal: Signal) -> str:
    """The ratio's lower bound; beyond a hundred times, more digits would say nothing."""
    return "100" if signal.ratio_low >= 100 else french.number(signal.ratio_low, 1)


def surety(signal: Signal) -> str:
    """How sure we are, without the word p-value."""
    if signal.q <= 0.001:
        return "C'est très sûr : moins d'une fausse alerte sur 1 000 à ce niveau."
    return f"À ce niveau, on se trompe environ {french.number(max(1.0, signal.q * 100))} fois sur 100."
