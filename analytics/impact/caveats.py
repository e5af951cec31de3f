"""The doubts that go with each estimate, in plain French, each computed from the data it is about.

The rule it protects: an effect never travels without what would make it wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.impact.adoption import Adoption
from analytics.impact.differences import Estimate, Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics.impact.outcomes import Found, Outcome
    from analytics.impact.panel import Panel

LEAST_STRUCTURES = 10  # adopters seen on both sides, and structures to compare them with
LEAST_OBSERVATIONS = 50  # after adoption
DOUBT, REFUSED = 0.05, 0.001  # chance of such different paths before adoption: said, then nothing is concluded
UNDATED = "Le fichier ne date aucune réponse : l'effet sur les délais ne peut pas être estimé."
NOT_REFRESHED = "L'analyse n'a pas encore été actualisée : aucun effet n'est estimé."


def too_thin(panel: Panel, found: Adoption) -> list[str]:
    """Why nothing can be estimated on this panel; empty when it can."""
    if not len(found.structures):
        return ["Aucune structure n'utilise durablement l'IA dans ces données : il n'y a pas d'effet à mesurer."]
    after = int(panel.cells.loc[panel.cells["after"], "rows"].sum()) if len(panel.cells) else 0
    if panel.adopters < LEAST_STRUCTURES or panel.controls < LEAST_STRUCTURES or after < LEAST_OBSERVATIONS:
        return [
            f"Trop peu de structures pour conclure : {panel.adopters} vues avant et après l'adoption, {panel.controls} "
            f"jamais équipées, {after} observations après ; il en faut au moins {LEAST_STRUCTURES}, "
            f"{LEAST_STRUCTURES} et {LEAST_OBSERVATIONS}."
        ]
    return []


def of_delays(everything: Mapping[Outcome, Found], adopted: Adoption) -> list[str]:
    """Doubts on the delays, from every outcome's estimates."""
    by_name = {outcome.name: found for outcome, found in everything.items()}
    delay = by_name["delay"]
    if delay.reasons:
        return list(delay.reasons)
    said = [
        "Délai des réponses publiées, celles de plus de 120 jours comptant 120. Les avis publiés depuis moins de 120 jours "
        "n'entrent pas, leur issue n'est pas encore connue : ceux des structures équipées sont représentés par leurs avis "
        "plus anciens.",
        "La comparaison suppose que, sans IA, les structures équipées auraient suivi le même mouvement que les autres.",
        *paths(delay.study, "délais"),
        *_checks(delay, " jours"),
    ]
    answered = by_name["answered"].study
    if answered is not None:
        known = answered.overall
        end = (
            "elle a bougé aussi, le délai moyen des réponses ne dit donc pas tout."
            if known.told
            else "rien ne montre qu'elle ait bougé."
        )
        said.append(f"Part d'avis répondus dans les 120 jours : {interval(known)} points ; {end}")
    restricted = by_name["restricted"].study
    if restricted is not None:
        said.append(
            f"Vérification sur tous les avis, ceux sans réponse comptant 60 jours : {interval(restricted.overall)} jours."
        )
    negative = by_name["negative"].study
    if negative is not None:
        end = "elle bouge pourtant : les structures équipées ont changé d'usagers ou de sujets." if negative.overall.told else "comme attendu, rien ne montre qu'elle ait bougé."  # fmt: skip
        said.append(f"Part d'avis négatifs, que l'IA ne peut pas changer : {interval(negative.overall)} points ; {end}")
    early = int(adopted.structures["early"].sum())
    if early:
        said.append(
            f"Structures dont l'IA a pu servir avant que le fichier ne le dise (janvier 2024) : {early} ; "
            "leurs mois douteux sont laissés de côté."
        )
    if adopted.unclear:
        said.append(
            f"Structures à l'usage de l'IA trop mince pour être daté : {len(adopted.unclear)} ; "
            "elles ne sont comparées à personne."
        )
    return said


def of_verdicts(everything: Mapping[Outcome, Found]) -> list[str]:
    """Doubts on satisfaction: who gives a verdict, what visitors say, and the time before."""
    by_name = {outcome.name: found for outcome, found in everything.items()}
    found, judged = by_name["satisfaction"], by_name["judged"]
    if found.reasons:
        return list(found.reasons)
    said = []
    if judged.raw_before == judged.raw_before and judged.raw_after == judged.raw_after:  # neither is missing
        said.append(
            "Satisfaction : seuls comptent les auteurs qui jugent la réponse, "
            f"{judged.raw_before:.0f} % des réponses avant et {judged.raw_after:.0f} % après ; les autres ont pu penser autrement."
        )
    if judged.study is not None:
        end = (
            "l'IA change aussi qui juge : la comparaison des verdicts en est faussée d'autant."
            if judged.study.overall.told
            else "rien ne montre que l'IA change qui juge."
        )
        said.append(f"Part de réponses jugées par leur auteur : {interval(judged.study.overall)} points ; {end}")
    votes = by_name["votes"].study
    if votes is not None:
        said.append(
            f"Votes des visiteurs (part de « utile ») : {interval(votes.overall)} points ; un visiteur peut voter plusieurs fois."
        )
    return said + paths(found.study, "verdicts") + _checks(found, " points")


def _checks(found: Found, unit: str) -> list[str]:
    """What the placebo date and the constant mix say."""
    said = []
    wrong = found.checks.get("placebo")
    if wrong is not None:
        end = (
            "un écart apparaît là où rien n'a changé : on ne peut pas conclure."
            if found.refused == "placebo"
            else "un petit écart apparaît là où rien n'a changé : prudence."
            if wrong.told
            else "comme attendu, rien n'apparaît."
        )
        said.append(f"Fausse date, six mois avant la vraie adoption : {interval(wrong)}{unit} ; {end}")
    mixed = found.checks.get("mix")
    if mixed is not None:
        said.append(f"À sujets, canaux, réseaux et ressentis constants (repondération) : {interval(mixed)}{unit}.")
    return said


def paths(study: Study | None, what: str) -> list[str]:
    """Whether adopters and the others moved alike before."""
    p = None if study is None else study.parallel_p
    if p is None:
        return [f"Les mouvements d'avant l'adoption ne peuvent pas être vérifiés ({what}) : trop peu de recul."]
    others = f"Avant l'adoption, les {what} des structures équipées et ceux des autres"
    if p < REFUSED:
        return [f"{others} ne suivaient pas le même mouvement : on ne peut pas conclure."]
    if p < DOUBT:
        return [f"{others} s'écartaient un peu : prudence."]
    return [f"{others} suivaient le même mouvement."]


def interval(found: Estimate) -> str:
    """`−1,2 (entre −2,0 et −0,4)`."""

    def text(value: float) -> str:
        return f"{value:+.1f}".replace("-", "−").replace(".", ",")

    return f"{text(found.effect)} (entre {text(found.low)} et {text(found.high)})"
