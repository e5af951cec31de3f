"""What AI's drafts become in the replies, month after month, and how many structures use them.

The rule it protects: it describes use; it says nothing of what AI changed.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import charts, french, palette
from pages.components.charts import Line, Mark

_BEFORE_FIRST = 6  # months shown before the first draft


def shown(frame: pd.DataFrame, adoption: pd.DataFrame) -> None:
    """The shares of `frame` (`impact.use`) by month, and the curve of `adoption` (`impact.adopters`)."""
    parts = {
        "as_proposed": "Telle que proposée",
        "kept": "Conservée à 50 % ou plus",
        "reworked": "Retravaillée (moins de 50 %)",
        "without": "Sans brouillon d'IA",
    }
    drafted = frame.index[frame["without"] < frame["replies"]]
    if not len(drafted):
        st.write("Aucune réponse de ces données ne vient d'un brouillon d'IA.")
        return
    frame = frame.loc[max(0, int(drafted[0]) - _BEFORE_FIRST) :]
    shares = frame.assign(**{name: frame[name] / frame["replies"] for name in parts})
    colours = [palette.category(0), palette.category(1), palette.category(2), palette.muted()]
    lines = [Line(name, label, colour) for (name, label), colour in zip(parts.items(), colours, strict=True)]
    last = shares.iloc[-1]
    percents = shares.assign(**{name: 100 * shares[name] for name in parts})
    charts.show(
        charts.shares(shares, "month", lines),
        title="Usage de l'IA dans les réponses, par mois de l'avis",
        alt=f"Barres empilées. Au dernier mois, {french.percent(1 - float(last['without']))} des réponses partent d'un brouillon d'IA.",
        frame=percents,
        labels={
            "month": st.column_config.DateColumn("Mois", format="MM/YYYY"),
            "replies": "Réponses",
            **{name: st.column_config.NumberColumn(label, format="%.0f %%") for name, label in parts.items()},
        },
        name="usage-ia",
        help="« Taux de similarité réponse IA » du portail, rempli depuis janvier 2024 ; vide = pas de brouillon d'IA.",
    )
    if adoption.empty:
        return
    counted = adoption.assign(day=pd.to_datetime(adoption["adopted_on"]))
    curve = counted.groupby(counted["day"].dt.to_period("M").dt.to_timestamp()).size().cumsum().reset_index(name="n")
    curve.columns = pd.Index(["month", "n"])
    first = curve["month"].iloc[0].date()
    charts.show(
        charts.lines(
            curve,
            "month",
            [Line("n", "Structures équipées", palette.category(0))],
            marks=[Mark(first, "première adoption vue")],
        ),
        title="Structures qui ont adopté l'IA",
        alt=f"Courbe croissante : {french.number(len(adoption))} structures en tout.",
        frame=adoption,
        labels={
            "name": st.column_config.TextColumn("Structure", pinned=True),
            "network": "Réseau",
            "adopted_on": st.column_config.DateColumn("Adoption", format="DD/MM/YYYY"),
            "declared": st.column_config.CheckboxColumn("Déclarée"),
            "replies": "Réponses depuis",
            "with_ai": "dont avec brouillon d'IA",
        },
        name="adoption",
        help="Jour de publication du premier avis à partir duquel la structure répond le plus souvent avec un brouillon.",
    )
