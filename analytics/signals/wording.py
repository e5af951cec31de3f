"""A signal said in plain French: its place, its sentence, the message to whoever must know, the digest.

The rule it protects: a person who never took a statistics course understands the sentence, and every number in it is the
signal's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from analytics.signals.cells import Reader
from analytics.signals.record import Signal
from analytics.signals.second import ENOUGH, LEAST_YEARS

DETECTORS = {"surge": "Hausse inhabituelle", "place": "Foyer local", "novelty": "Sujet nouveau", "slow": "Montée lente"}
STRENGTHS = {"weak": "signal faible", "strong": "signal fort"}
_SECOND = "Seconde lecture, méthode de Farrington"
_MOST_NAMED = 4
_QUOTED = 12  # reviews listed in a message, at most


@dataclass(frozen=True)
class Names:
    """Names of structures, départements and régions, by id and code."""

    structures: dict[str, str]
    departments: dict[str, str]
    regions: dict[str, str]

    @classmethod
    def read(cls, source: Reader) -> Names:
        """Those of a snapshot."""
        structures = source.frame("SELECT id, coalesce(public_name, name) AS name FROM structures")
        places = source.frame("SELECT code, name, region_code, region FROM departments")
        return cls(
            {str(i): str(name) for i, name in structures.itertuples(index=False)},
            dict(zip(places["code"].astype(str), places["name"].astype(str), strict=True)),
            dict(zip(places["region_code"].astype(str), places["region"].astype(str), strict=True)),
        )


def place(names: Names, signal: Signal) -> str:
    """Where it holds: `CAF, Hérault`, or `toute la France` when nothing narrows."""
    scope = signal.scope
    parts = []
    if scope.structure:
        parts.append(names.structures.get(scope.structure, scope.structure))
    elif scope.typology or scope.network:
        parts.append(scope.typology or scope.network or "")
    if scope.department:
        parts.append(names.departments.get(scope.department, scope.department))
    if scope.region:
        parts.append(f"région {names.regions.get(scope.region, scope.region)}")
    if scope.zone:
        known = [names.departments.get(code, code) for code in scope.zone]
        parts.append(", ".join(known[:_MOST_NAMED]) + (" et voisins" if len(known) > _MOST_NAMED else ""))
    if scope.channel:
        parts.append(f"par le canal « {scope.channel} »")
    return ", ".join(parts) or "toute la France"


def subject(names: Names, signal: Signal) -> str:
    """`Carte grise (Préfecture, Nord)`."""
    return f"{signal.label} ({place(names, signal)})"


def sentence(names: Names, signal: Signal) -> str:
    """The whole signal in a few sentences: what, where, against what, how sure, whom to tell."""
    span = _span(signal)
    told = f" À prévenir : {signal.owner.name}." if signal.owner else ""
    if signal.detector == "novelty":
        return (
            f"{signal.observed} avis disent la même chose sur {span} ({place(names, signal)}), là où l'on attendait "
            f"{expected(signal)} avis aussi proches. {surety(signal)}{told}"
        )
    return (
        f"{_number(signal.observed)} avis sur {span} ({place(names, signal)}), "
        f"là où l'on en attendait {expected(signal)} : au moins {at_least(signal)} fois plus que d'habitude. "
        f"{surety(signal)}{told}"
    )


def expected(signal: Signal) -> str:
    """How many reviews the past let expect: `3,2`, `0,40`, `presque aucun`."""
    if signal.expected < 0.01:
        return "presque aucun"
    return _number(signal.expected, 1 if signal.expected >= 0.95 else 2)


def at_least(signal: Signal) -> str:
    """The ratio's lower bound; beyond a hundred times, more digits would say nothing."""
    return "100" if signal.ratio_low >= 100 else _number(signal.ratio_low, 1)


def surety(signal: Signal) -> str:
    """How sure we are, without the word p-value."""
    if signal.q <= 0.001:
        return "C'est très sûr : moins d'une fausse alerte sur 1 000 à ce niveau."
    return f"À ce niveau, on se trompe environ {_number(max(1.0, signal.q * 100))} fois sur 100."


def second(signal: Signal) -> str:
    """What Farrington's method alone says of it; nothing when it has no cell or was not read again."""
    told = signal.second
    if told is None:
        return ""
    if told.bound is None:
        return f"{_SECOND} : historique trop court pour elle (il lui faut au moins {LEAST_YEARS} ans, ici)."
    usual = f"au plus {_number(told.bound)} avis attendu{'s' if told.bound > 1 else ''}"
    if told.alarm is None:
        verdict = f"trop peu d'avis pour qu'elle se prononce (il lui en faut {ENOUGH} en un mois)"
    else:
        verdict = "elle alerte aussi" if told.alarm else "elle n'alerte pas"
    return (
        f"{_SECOND} (les mêmes semaines des {told.years} années passées, ici seulement) : "
        f"{usual if told.bound else 'aucun avis attendu'}, {_number(signal.observed)} reçus : {verdict}."
    )


def message(names: Names, signal: Signal, address: str = "") -> tuple[str, str]:
    """Subject and body of the « attention ici » message to the owner; `address` leads to the signal's page."""
    title = f"Attention ici : {subject(names, signal)}"
    ids = ", ".join(map(str, signal.review_ids[:_QUOTED]))
    more = len(signal.review_ids) - _QUOTED
    lines = [
        "Bonjour,",
        "",
        f"Sur Services Publics +, quelque chose semble commencer : {subject(names, signal)}.",
        sentence(names, signal),
        *([f"Les mots qui reviennent : {', '.join(signal.terms)}."] if signal.terms else []),
        "",
        f"Les avis concernés : {ids}{f' et {more} autres' if more > 0 else ''}.",
        *([f"Le détail, avis compris : {address}"] if address else []),
        "",
        "Pouvez-vous nous dire si vous connaissez la cause, et ce qui est fait ou prévu ?",
        "",
        "Merci,",
        "L'équipe Services Publics +",
    ]
    return title, "\n".join(lines) + "\n"


def digest(
    names: Names, signals: Sequence[Signal], day: date, *, instant: bool = False, delays: Sequence[str] = ()
) -> tuple[str, str]:
    """Subject and body of a subscriber's message: the week's signals, surest first, then what is told of delays."""
    count = f"{len(signals)} signal" if len(signals) == 1 else f"{len(signals)} signaux"
    title = (
        f"Vigie : {count} très sûr{'s' if len(signals) > 1 else ''}" if instant else f"Vigie : {count} cette semaine"
    )
    if delays and not signals:
        title = "Vigie : vos délais cette semaine"
    parts = [f"Au {_day(day)}, d'après les avis publiés sur Services Publics +.", ""]
    for signal in sorted(signals, key=lambda s: (s.q, s.p, s.id)):
        parts += [f"• {subject(names, signal)}", f"  {sentence(names, signal)}", ""]
    for text in delays:
        parts += [f"• {text}", ""]
    return title, "\n".join(parts)


def _span(signal: Signal) -> str:
    """`la semaine jusqu'au 30 juin 2025`: the weeks over which reviews are observed and expected."""
    if signal.weeks is not None:
        weeks, last = signal.weeks, signal.as_of
        return f"{'la semaine' if weeks == 1 else f'les {weeks} semaines'} jusqu'au {_day(last)}"
    weeks = (signal.last_week - signal.first_week).days // 7 + 1  # as told by an earlier version
    last = signal.last_week
    return f"la semaine du {_day(last)}" if weeks == 1 else f"les {weeks} semaines jusqu'au {_day(last)}"


def _day(value: date) -> str:
    return format_date(value, format="d MMM y", locale="fr_FR")


def _number(value: float, decimals: int = 0) -> str:
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(round(value, decimals), format=pattern, locale="fr_FR")
