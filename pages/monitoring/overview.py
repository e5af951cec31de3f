"""The manager's first page: five figures, weekly volumes, what changed since last month, the signals of the week."""

from __future__ import annotations

import hashlib

import pandas as pd
import streamlit as st

from analytics import overview
from analytics.overview import Board, Change
from analytics.signals import record
from data.filters import Filters
from pages.components import (
    charts,
    filters,
    french,
    identity,
    links,
    measures,
    palette,
    saved_views,
    signal_words,
    states,
    store,
)
from pages.components.charts import Line

_DOUBTFUL = 3  # changes shown when none is certain
_LINKS = {  # where each figure is looked into
    "volume": ("tendances", "Voir les tendances", {"mesure": "Volume"}),
    "negative": ("irritants", "Voir les irritants", {}),
    "answered": ("tendances", "Voir les tendances", {"mesure": "Taux de réponse"}),
    "delay": ("delais", "Voir les délais", {}),
    "useful": ("impact-ia", "Voir l'impact", {}),
}


@st.cache_data(max_entries=64, show_spinner=False)
def _board(snapshot_id: str, asked: Filters) -> Board:
    return overview.board(store.warehouse(), asked)


def _headline(board: Board, period: str) -> str:
    now = board.now
    if now.felt < french.TOO_FEW:
        return f"{french.count(now.n, 'avis', 'avis')} {period}."
    told = f"{french.count(now.n, 'avis', 'avis')} {period}, dont {french.percent(now.negative_share)} de négatifs"
    gap = measures.change("negative", now, board.before)
    if gap:
        told += f" ({gap} par rapport à la période précédente)"
    if now.median_days is not None and now.timed >= french.TOO_FEW:
        told += f" ; une personne sur deux a sa réponse en {french.days(now.median_days)}"
    if board.year is not None and board.year.n:
        told += f". Un an avant : {french.count(board.year.n, 'avis', 'avis')}"
        if board.year.felt >= french.TOO_FEW:
            told += f", dont {french.percent(board.year.negative_share)} de négatifs"
    return told + "."


def _change(change: Change) -> str:
    verb = "Plus d'avis que prévu" if change.rose else "Moins d'avis que prévu"
    return (
        f"{verb} : {french.number(change.n_now)} en quatre semaines, contre {french.number(change.n_before)} "
        f"les quatre précédentes (au rythme général, on en attendait {french.number(change.expected)})."
    )


def _card(change: Change) -> None:
    """A change that chance does not explain, and where to look further."""
    key = hashlib.blake2b(change.key.encode(), digest_size=6).hexdigest()
    with st.container(border=True, key=f"change_{change.kind}_{key}"):
        arrow = "trending_up" if change.rose else "trending_down"
        kind = {"irritant": "irritant", "strength": "point fort"}.get(change.kind, "institution")
        st.markdown(f":material/{arrow}: **{states.plain(change.label)}** ({kind})")
        st.text(_change(change))
        if change.kind == "irritant":
            links.to("irritant", "Ouvrir l'irritant", id=change.key)
        elif change.kind == "strength":
            links.to("irritant", "Ouvrir ce sujet", id=change.key)
        else:
            links.to("tendances", "Voir ses tendances", institution=change.key)


who = identity.guard("vue-d-ensemble")
st.title("Vue d'ensemble", anchor=False)
headline = st.empty()
asked = filters.bar()
saved_views.panel(who, "vue-d-ensemble")
snapshot = store.snapshot()
with states.guarded("Les chiffres n'ont pas pu être calculés"):
    board = _board(snapshot.id, asked)
    if not board.now.n:
        states.empty("Aucun avis sur cette sélection.", "Élargissez la période ou retirez un filtre.")
        st.stop()
    headline.write(_headline(board, filters.described(asked)))

    settled = pd.Timestamp(snapshot.last_publication) - pd.Timedelta(days=store.config().target_days)
    trend = board.weeks[board.weeks["complete"]].copy()
    for measure in ("answered", "delay", "useful"):
        trend[f"value_{measure}"] = trend[f"value_{measure}"].where(trend["period"] <= settled)
    measures.figures(board.now, board.before, trend, _LINKS)

    weeks = board.weeks
    cut = bool(len(weeks)) and not bool(weeks["complete"].iloc[-1])
    top = weeks.sort_values("n", kind="stable").iloc[-1]
    charts.show(
        charts.lines(
            weeks,
            "period",
            [
                Line("negative", f"{palette.SYMBOLS['Négatif']} Négatifs", palette.sentiment("Négatif")),
                Line("neutral", f"{palette.SYMBOLS['Neutre']} Neutres", palette.sentiment("Neutre"), "dot"),
                Line("positive", f"{palette.SYMBOLS['Positif']} Positifs", palette.sentiment("Positif"), "dash"),
            ],
            unit=" avis",
            incomplete=cut,
        ),
        title="Avis publiés chaque semaine, par ressenti",
        alt=(
            f"Trois courbes par semaine. Le plus d'avis la semaine du {french.day(top['period'])} : "
            f"{french.number(top['n'])}, dont {french.number(top['negative'])} négatifs."
        ),
        frame=weeks,
        labels={
            "period": st.column_config.DateColumn("Semaine du", format="DD/MM/YYYY"),
            "n": "Avis",
            "negative": "Négatifs",
            "neutral": "Neutres",
            "positive": "Positifs",
            "complete": st.column_config.CheckboxColumn("Semaine entière"),
        },
        name="avis-par-semaine",
        help="Ressenti déclaré par l'usager. Une dernière semaine non terminée est en pointillé.",
    )

    st.header(
        "Ce qui a changé depuis un mois",
        anchor=False,
        help=(
            "Les quatre dernières semaines contre les quatre précédentes. N'est cité que ce que ni le mouvement "
            "général ni le hasard des petits nombres n'expliquent (au plus 5 % de fausses alertes)."
        ),
    )
    certain = [change for change in board.changes if change.certain]
    for change in certain:
        _card(change)
    if not certain:
        none = "Aucun irritant ni aucune institution" if snapshot.refreshed else "Aucune institution"
        st.write(f"{none} ne s'écarte nettement du mouvement général.")
        if board.changes:
            st.write("Les plus grands écarts, qui peuvent tenir au hasard :")
        for change in board.changes[:_DOUBTFUL]:
            st.markdown(f"- **{states.plain(change.label)}**. {states.plain(_change(change))}")

st.header("Signaux faibles de la semaine", anchor=False)
with states.guarded("Les signaux n'ont pas pu être lus"):
    found = record.published(store.warehouse(), asked, weeks=1)
    if not snapshot.refreshed:
        st.write("Les signaux ne sont pas encore calculés pour ces données : l'analyse est en cours ou reste à lancer.")
    elif not found:
        st.write("Aucun signal cette semaine : rien ne dépasse ce que le hasard et les habitudes expliquent.")
        links.to("signaux-faibles", "Voir les signaux des semaines passées")
    for signal in found[:3]:
        with st.container(border=True, key=f"signal_{signal.id}"):
            st.markdown(f"**{states.plain(signal.label)}**")
            st.text(signal_words.sentence(store.warehouse(), signal))
            links.to("signal", "Ouvrir le signal", id=signal.id)
    if found:
        links.to("signaux-faibles", f"Tous les signaux ({french.number(len(found))} cette semaine)")
