"""The doubts that go with each estimate, in plain French, each computed from the data it is about.

The rule it protects: an effect never travels without what would make it wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics.impact.adoption import Adoption
from analytics.impact.differences import Estimate, Study

if TYPE_CHECKING:
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
    after = int(panel.cells.loc[panel.cells["after"], "n"].sum()) if len(panel.cells) else 0
    if panel.adopters < LEAST_STRUCTURES or panel.controls < LEAST_STRUCTURES or after < LEAST_OBSERVATIONS:
        return [
            f"Trop peu de structures pour conclure : {panel.adopters} vues avant et après l'adoption, {panel.controls} "
            f"jamais équipées, {after} observations après ; il en faut au moins {LEAST_STRUCTURES}, "
            f"{LEAST_STRUCTURES} et {LEAST_OBSERVATIONS}."
        ]
    return []


def of_delays(
    study: Study | None, answered: Study | None, restricted: Study | None, found: Adoption, *, horizon: int, cut: int
) -> list[str]:
    """Doubts on the delays. `answered` and `restricted` are the same question on the share answered within `horizon`
    days and on the mean delay cut at `cut` days, where a review without a reply counts `cut`.
    """
    said = [
        f"Délai des réponses venues dans les {horizon} jours ; les avis publiés depuis moins de {horizon} jours "
        "n'entrent pas, leur issue n'est pas encore connue.",
        "La comparaison suppose que, sans IA, les structures équipées auraient suivi le même mouvement que les autres.",
        *paths(study, "délais"),
    ]
    if answered is not None:
        known = answered.overall
        moved = known.low > 0 or known.high < 0
        end = (
            "elle a bougé aussi, le délai moyen des réponses ne dit donc pas tout."
            if moved
            else "rien ne montre qu'elle ait bougé."
        )
        said.append(f"Part d'avis répondus dans les {horizon} jours : {interval(known)} points ; {end}")
    if restricted is not None:
        said.append(
            f"Vérification sur tous les avis, ceux sans réponse comptant {cut} jours : "
            f"{interval(restricted.overall)} jours."
        )
    early = int(found.structures["early"].sum())
    if early:
        said.append(
            f"Structures dont l'IA a pu servir avant que le fichier ne le dise (janvier 2024) : {early} ; "
            "leurs mois douteux sont laissés de côté."
        )
    if found.unclear:
        said.append(
            f"Structures à l'usage de l'IA trop mince pour être daté : {len(found.unclear)} ; "
            "elles ne sont comparées à personne."
        )
    return said


def of_verdicts(study: Study | None, rows: pd.DataFrame) -> list[str]:
    """Doubts on satisfaction: who gives a verdict, and the time before (`rows` as `panel.dated` returns them)."""
    said = []
    real = rows[rows["answered"] & rows["adopter"]]
    share = real["useful"].notna().groupby(real["after"]).mean()
    if {True, False} <= set(share.index):
        before, after = (f"{100 * float(share[side]):.0f}" for side in (False, True))
        said.append(
            "Satisfaction : seuls comptent les auteurs qui jugent la réponse, "
            f"{before} % des réponses avant et {after} % après ; les autres ont pu penser autrement."
        )
    return said + paths(study, "verdicts")


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
