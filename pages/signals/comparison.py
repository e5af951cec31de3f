"""Two periods or two institutions side by side: what is new, gone, growing, shrinking, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from analytics import comparison, reviews
from data.filters import Filters
from pages.components import charts, filters, french, identity, links, reports, states, store, tables

_PERIODS, _INSTITUTIONS = "Deux périodes", "Deux institutions"
_SAID = {
    "new": "Nouveau",
    "growing": "En hausse",
    "shrinking": "En baisse",
    "gone": "Disparu",
    "steady": "Sans changement sûr",
}
_AGAINST = {"Période précédente": "previous", "Un an avant": "year"}


@st.cache_data(max_entries=64, show_spinner=False)
def _irritants(snapshot_id: str, first: Filters, second: Filters) -> pd.DataFrame:
    return comparison.irritants(store.warehouse(), first, second)


@st.cache_data(max_entries=64, show_spinner=False)
def _words(snapshot_id: str, first: Filters, second: Filters) -> pd.DataFrame:
    return comparison.vocabulary(store.warehouse(), first, second)


def _periods(asked: Filters) -> tuple[Filters, Filters, str, str] | None:
    against = st.segmented_control(
        "Comparer à",
        [*_AGAINST, "Autres dates"],
        default="Période précédente",
        key="contre",
        bind="query-params",
        required=True,
    )
    if asked.start is None or asked.end is None:
        states.empty("Une période ouverte ne se compare pas.", "Choisissez 4 semaines, 3 mois, 12 mois ou des dates.")
        return None
    if against == "Autres dates":
        with st.container(horizontal=True):
            start = st.date_input(
                "Autre période, du",
                asked.start - timedelta(days=asked.days or 28),
                format="DD/MM/YYYY",
                key="autre_du",
                bind="query-params",
            )
            end = st.date_input(
                "au", asked.start - timedelta(days=1), format="DD/MM/YYYY", key="autre_au", bind="query-params"
            )
        if not isinstance(start, date) or not isinstance(end, date):
            return None
        first = replace(asked, start=min(start, end), end=max(start, end))
    else:
        other = asked.previous() if _AGAINST[against or "Période précédente"] == "previous" else asked.year_before()
        if other is None:
            return None
        first = other
    return first, asked, filters.described(first), filters.described(asked)


def _institutions(asked: Filters) -> tuple[Filters, Filters, str, str] | None:
    names = filters.typologies()
    with st.container(horizontal=True):
        one = st.selectbox(
            "Première institution",
            names,
            index=None,
            placeholder="Choisissez",
            key="premiere",
            bind="query-params",
            width=420,
        )
        two = st.selectbox(
            "Seconde institution",
            names,
            index=None,
            placeholder="Choisissez",
            key="seconde",
            bind="query-params",
            width=420,
        )
    if not one or not two or one == two:
        states.empty("Choisissez deux institutions différentes.", "Les autres filtres s'appliquent aux deux.")
        return None
    return replace(asked, typologies=(one,)), replace(asked, typologies=(two,)), one, two


identity.guard("comparer")
st.title("Comparer", anchor=False)
headline = st.empty()
asked = filters.bar(irritants=False)
warehouse, snapshot_id = store.warehouse(), store.snapshot().id
if not warehouse.has("topics"):
    states.empty("Les irritants ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    st.stop()
what = st.segmented_control(
    "Que comparer ?", [_PERIODS, _INSTITUTIONS], default=_PERIODS, key="quoi", bind="query-params", required=True
)
pair = _institutions(asked) if what == _INSTITUTIONS else _periods(asked)
if pair is None:
    st.stop()
first, second, first_name, second_name = pair
with states.guarded("La comparaison n'a pas pu être faite"):
    sizes = [reviews.count(warehouse, side) for side in (first, second)]
    found = _irritants(snapshot_id, first, second)
    if not min(sizes) or found.empty:
        states.empty("Un des deux côtés n'a aucun avis.", "Élargissez la période ou retirez un filtre.")
        st.stop()
    sure = found[found["verdict"] != "steady"]
    if sure.empty:
        headline.write(
            f"Aucun irritant ne distingue nettement les deux côtés ({french.number(sizes[0])} et "
            f"{french.number(sizes[1])} avis)."
        )
    else:
        counts = sure["verdict"].value_counts()
        told = [f"{_SAID[v].lower()} : {french.number(int(counts[v]))}" for v in _SAID if v in counts]
        headline.write(f"{french.count(len(sure), 'irritant', 'irritants')} changent nettement ({', '.join(told)}).")
    st.caption(
        f"D'un côté, {states.plain(first_name)} ({french.count(sizes[0], 'avis', 'avis')}) ; de l'autre, "
        f"{states.plain(second_name)} ({french.count(sizes[1], 'avis', 'avis')}). N'est dit changé que ce que le hasard "
        "n'explique pas (au plus 5 % de fausses alertes)."
    )
    gap = 100 * (found["share_second"] - found["share_first"])
    top = found.assign(gap=gap).loc[gap.abs().sort_values(ascending=False, kind="stable").index].head(15)
    table = found.assign(
        gap=gap,
        said=[_SAID[v] for v in found["verdict"]],
        first=100 * found["share_first"],
        second=100 * found["share_second"],
    )
    charts.show(
        charts.bars(list(top["label"]), list(top["gap"]), unit=" pt", decimals=1, signed=True),
        title="Écarts de part les plus grands",
        alt=f"Barres. Le plus grand écart : {top.iloc[0]['label']}, {french.signed(float(top.iloc[0]['gap']), 1)} point.",
        frame=table,
        labels={
            "label": st.column_config.TextColumn("Irritant", width="medium"),
            "said": "Constat",
            "n_first": "Avis, premier côté",
            "n_second": "Avis, second côté",
            "first": st.column_config.NumberColumn("Part, premier côté", format="%.1f %%"),
            "second": st.column_config.NumberColumn("Part, second côté", format="%.1f %%"),
            "gap": st.column_config.NumberColumn("Écart", format="%+.1f pt"),
            "p": st.column_config.NumberColumn("Probabilité que ce soit le hasard", format="%.3g"),
        },
        name="comparaison",
        help="Part de l'irritant dans tous les avis du second côté, moins sa part dans ceux du premier.",
    )
    for verdict in ("new", "growing", "shrinking", "gone"):
        rows = sure[sure["verdict"] == verdict].head(8)
        if rows.empty:
            continue
        st.subheader(_SAID[verdict], anchor=False)
        for row in rows.to_dict("records"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"**{states.plain(row['label'])}** : {french.percent(row['share_first'], decimals=1)} → "
                    f"{french.percent(row['share_second'], decimals=1)} des avis "
                    f"({french.number(row['n_first'])} → {french.number(row['n_second'])})"
                )
                links.to("irritant", "Ouvrir", id=str(row["id"]))

    told_words = _words(snapshot_id, first, second)
    st.header(
        "Les mots qui distinguent",
        anchor=False,
        help="Mots nettement plus fréquents d'un côté, compte tenu de leur fréquence habituelle (rapport de cotes pondéré).",
    )
    if told_words.empty:
        states.empty("Aucun mot ne distingue nettement les deux côtés.", "Élargissez les deux sélections.")
    else:
        tables.sampled(told_words)
        left, right = st.columns(2)
        for place, rows, name in (
            (left, told_words[told_words["z"] < 0], first_name),
            (right, told_words[told_words["z"] > 0], second_name),
        ):
            with place:
                tables.table(
                    rows[["word", "n_first", "n_second"]],
                    {"word": f"Plus fréquents : {name}", "n_first": "Avis, premier", "n_second": "Avis, second"},
                    name=f"mots-{'premier' if place is left else 'second'}",
                    alt=f"Mots plus fréquents : {name}",
                )
    exported = table[["label", "said", "n_first", "n_second", "first", "second", "gap", "p"]].rename(
        columns={
            "label": "Irritant",
            "said": "Constat",
            "n_first": "Avis, premier côté",
            "n_second": "Avis, second côté",
            "first": "Part, premier côté (%)",
            "second": "Part, second côté (%)",
            "gap": "Écart (points)",
            "p": "Probabilité que ce soit le hasard",
        }
    )
    with st.container(horizontal=True):
        tables.xlsx_button(exported, "comparaison")
        reports.button(
            "Comparaison",
            f"{first_name} / {second_name}",
            [reports.Section("Irritants", [], exported.head(30)), reports.Section("Mots", [], told_words)],
            name="comparaison",
        )
