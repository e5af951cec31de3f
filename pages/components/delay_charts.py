"""What the delay page draws of a selection: its figures, the curve of those still waiting, its months.

The rule it protects: a delay is shown with those who still wait, and not at all under twenty replies.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analytics import delays
from analytics.delays import Delays
from analytics.survival import Mean
from pages.components import charts, french, intervals, measures, palette, states
from pages.components.charts import Line


def figures(found: Delays, before: Delays | None, target: int) -> None:
    """The key figures, each with its change from the period `before`, and what stands beside them."""

    def gap(name: str) -> str | None:
        now, was = getattr(found, name), getattr(before, name) if before else None
        if before is None or now is None or was is None or min(found.timed, before.timed) < french.TOO_FEW:
            return None
        if name == "within_target":
            return french.signed(100 * (now - was), 1, " points")
        return french.signed(now - was, 1, "\u202fj")

    enough = found.timed >= french.TOO_FEW
    few = f"{french.TOO_FEW_SAID} (n = {found.timed})"
    states.figures(
        [
            states.Figure(
                "Délai médian",
                measures.short_days(found.km_median_days) if enough else few,
                "La moitié des avis ont leur réponse avant. Les avis encore sans réponse comptent pour ce qu'ils ont "
                "déjà attendu (estimateur de Kaplan-Meier). Le changement compare avec la période précédente.",
                gap("km_median_days"),
                "inverse",
            ),
            states.Figure(
                f"En {french.days(target)}",
                french.percent(found.within_target) if enough else few,
                f"Part des avis répondus dans l'objectif de {french.days(target)}, parmi ceux assez anciens pour savoir.",
                gap("within_target"),
                "normal",
            ),
            states.Figure(
                "9 sur 10 en",
                measures.short_days(found.p90_days) if enough else few,
                "Délai que neuf réponses publiées sur dix ne dépassent pas ; les avis sans réponse n'y sont pas.",
                gap("p90_days"),
                "inverse",
            ),
            states.Figure(
                "Délai moyen",
                measures.short_days(found.mean_days) if enough else few,
                "Moyenne des réponses publiées : quelques réponses très tardives la tirent vers le haut.",
                gap("mean_days"),
                "inverse",
            ),
            states.Figure(
                "Sans réponse",
                french.number(found.unanswered),
                "Avis qu'aucune structure n'a vraiment répondus, messages d'attente compris, Hors structure exclus.",
            ),
        ]
    )
    aside = [
        f"{french.count(found.canned, 'message d’attente', 'messages d’attente')} (pas une réponse)",
        f"{french.number(found.outside)} avis Hors structure (comptés à part)",
    ]
    if found.negative:
        aside.append(f"{french.count(found.negative, 'délai négatif écarté', 'délais négatifs écartés')}")
    if found.undated:
        aside.append(f"{french.count(found.undated, 'réponse', 'réponses')} sans date")
    st.caption("À côté de ces chiffres : " + ", ".join(aside) + ".")


def waiting(curve: pd.DataFrame, mean: Mean | None, target: int) -> None:
    """The curve of those still waiting (`delays.curve`), and their mean wait."""
    at = curve[curve["day"] == float(min(target, 90))]
    left = float(at["survival"].iloc[0]) if len(at) else None
    shown = curve[curve["day"] % 5 == 0].assign(**{name: 100 * curve[name] for name in ("survival", "low", "high")})
    charts.show(
        intervals.waiting(curve, target=target),
        title="Combien attendent encore, jour après jour",
        alt=f"Courbe qui descend. Après {french.days(target)}, {french.percent(left)} des personnes attendent encore.",
        frame=shown,
        labels={
            "day": st.column_config.NumberColumn("Jours", format="%d"),
            "at_risk": "Avis encore suivis",
            "survival": st.column_config.NumberColumn("Attendent encore", format="%.1f %%"),
            "low": st.column_config.NumberColumn("au moins", format="%.1f %%"),
            "high": st.column_config.NumberColumn("au plus", format="%.1f %%"),
        },
        name="attente",
        help=(
            "Courbe de Kaplan-Meier et sa bande à 95 %. Un avis sans réponse est suivi jusqu'au dernier jour publié : "
            "l'oublier rendrait les délais récents trop courts."
        ),
    )
    if mean is not None:
        st.caption(
            f"Attente moyenne sur les {french.days(delays.RESTRICTED_DAYS)} qui suivent l'avis, sans réponse compris : "
            f"{french.days(mean.value)} (entre {french.number(mean.low, 1)} et {french.number(mean.high, 1)}, à 95 %).",
            help="Moyenne restreinte : l'aire sous la courbe. Une attente plus longue compte pour cette durée.",
        )


def months(frame: pd.DataFrame) -> None:
    """Delays month by month (`delay_groups.monthly`)."""
    drawn = frame[frame["answered"] >= french.TOO_FEW]
    if drawn.empty:
        states.empty("Trop peu de réponses par mois pour une courbe.", "Élargissez la période.")
        return
    open_end = int((~drawn["complete"]).sum())
    last = drawn.iloc[-1 - open_end] if len(drawn) > open_end else drawn.iloc[-1]
    charts.show(
        charts.lines(
            drawn,
            "month",
            [
                Line("km_median_days", "Délai médian", palette.category(0)),
                Line("p90_days", "Neuf réponses sur dix", palette.category(2), "dash"),
            ],
            unit=" j",
            decimals=1,
            band=("q1_days", "q3_days"),
            incomplete=open_end,
        ),
        title="Délais par mois de publication de l'avis",
        alt=f"Deux courbes. En {french.month(last['month'])}, délai médian de {french.days(last['km_median_days'])}.",
        frame=frame,
        labels={
            "month": st.column_config.DateColumn("Mois", format="MM/YYYY"),
            "n": "Avis",
            "answered": "Répondus",
            "km_median_days": st.column_config.NumberColumn("Médian", format="%.1f j"),
            "q1_days": st.column_config.NumberColumn("Un quart avant", format="%.1f j"),
            "q3_days": st.column_config.NumberColumn("Trois quarts avant", format="%.1f j"),
            "p90_days": st.column_config.NumberColumn("Neuf sur dix avant", format="%.1f j"),
            "mean_days": st.column_config.NumberColumn("Moyen", format="%.1f j"),
            "complete": st.column_config.CheckboxColumn("Mois joué"),
        },
        name="delais-par-mois",
        help="La bande va du quart le plus rapide au quart le plus lent des réponses. Les mois dont les avis peuvent encore recevoir une réponse dans l'objectif sont en pointillé.",
    )
