"""One irritant: how it evolves, where and with whom it is met, and the reviews themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from analytics import comparison, irritants, remedies, reviews, strengths
from data import personal
from data.filters import Filters
from data.operations import actions
from pages.components import (
    charts,
    filters,
    french,
    identity,
    links,
    measures,
    paging,
    palette,
    remedies_panel,
    reports,
    states,
    store,
    tables,
    tilemap,
    verbatims,
)
from pages.components.charts import Line

_GRAINS: dict[str, irritants.Grain] = {"Semaine": "week", "Mois": "month", "Jour": "day"}
_WHERE = {
    "typology": "Institutions",
    "network": "Réseaux",
    "structure": "Structures",
    "department": "Départements",
    "channel": "Canaux",
}

who = identity.guard("irritant")
given = links.number(st.query_params.get("id", ""))
warehouse = store.warehouse()
snapshot_id = store.snapshot().id


@st.cache_data(max_entries=64, show_spinner=False)
def _detail(snapshot_id: str, irritant_id: int, asked: Filters) -> irritants.Irritant | None:
    return irritants.detail(store.warehouse(), irritant_id, asked)


@st.cache_data(max_entries=64, show_spinner=False)
def _evolution(snapshot_id: str, irritant_id: int, asked: Filters, grain: irritants.Grain) -> pd.DataFrame:
    return irritants.evolution(store.warehouse(), irritant_id, asked, grain)


@st.cache_data(max_entries=64, show_spinner=False)
def _where(snapshot_id: str, irritant_id: int, asked: Filters) -> pd.DataFrame:
    return irritants.where(store.warehouse(), irritant_id, asked)


@st.cache_data(max_entries=64, show_spinner=False)
def _words(snapshot_id: str, first: Filters, second: Filters) -> pd.DataFrame:
    return comparison.vocabulary(store.warehouse(), first, second)


@st.cache_data(max_entries=4, show_spinner=False)
def _praised(snapshot_id: str) -> frozenset[int]:
    return strengths.praised(store.warehouse())


known = irritants.label(warehouse, given) if given is not None else None
joined = irritants.joined(warehouse, given) if known is None and given is not None and warehouse.has("topics") else None
if joined is not None and (target := irritants.label(warehouse, joined)):
    st.title("Un irritant", anchor=False)
    st.info(f"Cet irritant a été réuni à « {states.plain(target)} ».", icon=":material/merge:")
    links.to("irritant", "Ouvrir cet irritant", id=str(joined))
    st.stop()
if known is None or given is None:
    st.title("Un irritant", anchor=False)
    states.empty("Cet irritant n'existe pas dans les données en service.", "Choisissez-en un dans la liste.")
    links.to("irritants", "Tous les irritants")
    st.stop()

links.back("irritants", "Tous les irritants")
st.title(states.plain(known), anchor=False)
irritant_id = given
headline = st.empty()
if irritant_id in _praised(snapshot_id):
    st.caption("Sujet plus souvent salué que critiqué : il est rangé parmi les points forts.")
asked = filters.bar(irritants=False)
found = _detail(snapshot_id, irritant_id, asked)
if found is None or not found.n:
    states.empty("Aucun avis sur cette sélection.", "Élargissez la période ou retirez un filtre.")
    st.stop()

before = asked.previous()
earlier = _detail(snapshot_id, irritant_id, before) if before else None


def _gap(measure: Callable[[irritants.Irritant], float | None], unit: str, scale: float = 100) -> str | None:
    """The change since the previous period; None when either stands on too few reviews."""
    if found is None or earlier is None or min(found.n, earlier.n) < french.TOO_FEW:
        return None
    now, was = measure(found), measure(earlier)
    return None if now is None or was is None else french.signed(scale * (now - was), 1, unit)


change = "" if not found.n_previous else f", contre {french.number(found.n_previous)} sur la période précédente"
headline.write(
    f"{french.count(found.n, 'avis', 'avis')} {filters.described(asked)}{change} ; "
    f"mots qui le caractérisent : {states.plain(', '.join(found.terms[:6]))}."
)
states.figures(
    [
        states.Figure(
            "Avis",
            french.number(found.n),
            "Avis rattachés à cet irritant dans la sélection.",
            None if not found.n_previous else french.signed(100 * (found.n / found.n_previous - 1), 0, "\u202f%"),
            "inverse",
        ),
        states.Figure(
            "Part des avis",
            french.percent(found.share, decimals=1),
            "Avis de l'irritant sur tous les avis de la sélection ; l'évolution est en points.",
            _gap(lambda one: one.share, " pt"),
            "inverse",
        ),
        states.Figure(
            "Négatifs",
            french.percent(found.share_negative, found.n),
            "Part des avis de l'irritant dont l'auteur déclare un ressenti négatif ; l'évolution est en points.",
            _gap(lambda one: one.share_negative, " pt"),
            "inverse",
        ),
        states.Figure(
            "Sans réponse",
            french.percent(found.unanswered_share, found.n),
            "Part des avis sans réponse publiée ; les Hors-structures sont laissés de côté.",
        ),
        states.Figure(
            "Délai médian",
            measures.short_days(found.median_days),
            "De la publication à la première réponse, avis répondus seulement ; la page Délais compte aussi les autres.",
            _gap(lambda one: one.median_days, " j", 1),
            "inverse",
        ),
    ]
)

_AUTHORS = {"model": "Titre proposé par le modèle local.", "person": "Titre donné par l'équipe d'analyse."}
author = _AUTHORS.get(irritants.named_by(warehouse, irritant_id), "")
st.caption(f"Sous chaque chiffre, l'évolution depuis la période précédente de même durée. {author}")
with st.container(horizontal=True):
    links.to("referentiel", "Renommer, réunir, séparer, masquer", irritant=str(irritant_id))
    links.to("carte-irritants", "Voir sur la carte")
grain = st.segmented_control(
    "Pas de temps", list(_GRAINS), default="Semaine", key="pas", bind="query-params", required=True
)
curve = _evolution(snapshot_id, irritant_id, asked, _GRAINS[grain or "Semaine"])
curves = [Line("n", "Cette période", palette.category(0))]
if before is not None and earlier is not None and earlier.n:
    past = list(_evolution(snapshot_id, irritant_id, before, _GRAINS[grain or "Semaine"])["n"])
    curve["before"] = [None] * max(0, len(curve) - len(past)) + past[-len(curve) :]
    curves.append(Line("before", "Période précédente", palette.muted(), "dash"))
moment = store.end_of_day()
plans = (
    actions.of(store.operations(), irritant_id)
    if moment is None
    else actions.before(store.operations(), moment, irritant_id)
)
declared = remedies.published(warehouse, irritant_id, asked)
marks = remedies_panel.marks(plans, declared, curve)
charts.show(
    charts.lines(
        curve,
        "period",
        curves,
        unit=" avis",
        marks=marks,
        incomplete=bool(len(curve)) and not bool(curve["complete"].iloc[-1]),
    ),
    title="Évolution",
    alt=f"Courbe du nombre d'avis par {(grain or 'semaine').lower()} : {french.number(found.n)} en tout.",
    frame=curve,
    labels={
        "period": "Période",
        "n": "Avis",
        "before": "Période précédente",
        "negative": "dont négatifs",
        "total": "Tous sujets",
    },
    name="irritant-evolution",
    help="Le dernier point est en pointillé quand sa période n'est pas terminée.",
)

remedies_panel.show(who, irritant_id, asked, plans, declared)

places = _where(snapshot_id, irritant_id, asked)
st.header(
    "Où il se rencontre",
    anchor=False,
    help="« Fois la moyenne » : part de l'irritant ici, rapportée à sa part dans toute la sélection.",
)
dimension = st.segmented_control(
    "Par",
    list(_WHERE),
    default="typology",
    format_func=_WHERE.__getitem__,
    key="par",
    bind="query-params",
    required=True,
)
here = places[places["dimension"] == (dimension or "typology")].head(12)
if dimension == "department":
    located = places[places["dimension"] == "department"]
    tilemap.show(
        dict(zip(located["key"], located["n"], strict=True)),
        title="Avis par département",
        name="irritant-departements",
        total=found.n,
    )
elif here.empty:
    states.empty(
        "Cette information n'est renseignée dans aucun avis de la sélection.", "Choisissez une autre répartition."
    )
else:
    charts.show(
        charts.bars(list(here["label"]), list(here["n"])),
        title=f"Avis par {_WHERE[dimension or 'typology'].lower().rstrip('s')}",
        alt=f"Barres : {here.iloc[0]['label']} en tête avec {french.number(here.iloc[0]['n'])} avis.",
        frame=here,
        labels={
            "label": "Valeur",
            "n": "Avis de l'irritant",
            "n_place": "Tous les avis",
            "share": "Part",
            "lift": "Fois la moyenne",
        },
        name="irritant-ou",
    )

if not found.subjects.empty:
    st.header("Sujets plus fins", anchor=False)
    subjects = found.subjects.assign(words=[", ".join(list(t)[:6]) for t in found.subjects["terms"]])
    tables.table(
        subjects,
        {"label": "Sujet", "n": "Avis", "words": "Mots caractéristiques"},
        name="sujets",
        alt="Sujets de l'irritant",
    )

if before is not None:
    told = _words(snapshot_id, replace(before, irritants=(irritant_id,)), replace(asked, irritants=(irritant_id,)))
    st.header(
        "Mots qui montent et qui baissent",
        anchor=False,
        help="Dans les avis de cet irritant, contre la période précédente de même durée ; seuls les écarts que le hasard "
        "n'explique pas (rapport de cotes pondéré par la fréquence habituelle des mots).",
    )
    if told.empty:
        st.caption("Aucun mot ne monte ni ne baisse nettement.")
    else:
        tables.sampled(told)
        rising, falling = st.columns(2)
        for place, rows, name in (
            (rising, told[told["z"] > 0], "En hausse"),
            (falling, told[told["z"] < 0], "En baisse"),
        ):
            with place:
                tables.table(
                    rows[["word", "n_first", "n_second"]],
                    {"word": name, "n_first": "Avant", "n_second": "Maintenant"},
                    name=f"mots-{'hausse' if place is rising else 'baisse'}",
                    alt=f"Mots {name.lower()}",
                )

near = irritants.neighbours(warehouse, irritant_id)
if not near.empty:
    st.header("Irritants voisins", anchor=False, help="Ceux dont les avis emploient les mots les plus proches.")
    with st.container(horizontal=True):
        for row in near.to_dict("records"):
            links.to("irritant", f"{states.plain(row['label'])} ({french.number(row['n'])})", id=str(row["id"]))

useful = irritants.helpful(warehouse, irritant_id, asked)
if useful:
    st.header(
        "Réponses qui ont aidé",
        anchor=False,
        help="Jugées utiles par l'auteur de l'avis d'abord, puis par les visiteurs ; une par structure.",
    )
    verbatims.cards(reviews.by_ids(warehouse, useful), key="useful", irritant=False)

st.header("Avis emblématiques", anchor=False, help="Les plus proches du cœur de l'irritant.")
best = irritants.emblematic(warehouse, irritant_id, asked, limit=3)
verbatims.cards(reviews.by_ids(warehouse, [int(i) for i in best["id"]]), key="best", irritant=False)

reports.button(
    known,
    f"{french.count(found.n, 'avis', 'avis')} {filters.described(asked)}",
    [
        reports.Section(
            "Chiffres",
            [
                f"Part des avis : {french.percent(found.share, decimals=1)} ; négatifs : "
                f"{french.percent(found.share_negative, found.n)} ; sans réponse : "
                f"{french.percent(found.unanswered_share, found.n)} ; délai médian : {french.days(found.median_days)}."
            ],
        ),
        reports.Section(
            "Où il se rencontre",
            [],
            places[places["dimension"] == "typology"]
            .head(10)[["label", "n", "n_place"]]
            .rename(columns={"label": "Institution", "n": "Avis de l'irritant", "n_place": "Tous les avis"}),
        ),
        reports.Section(
            "Sujets plus fins",
            [],
            found.subjects.head(10)[["label", "n"]].rename(columns={"label": "Sujet", "n": "Avis"}),
        ),
        reports.Section(
            "Avis emblématiques",
            [],
            None,
            [personal.mask(f"{title}. {body}") for title, body in zip(best["title"], best["body"], strict=True)],
        ),
    ],
    name="irritant",
)
st.header("Tous les avis de l'irritant", anchor=False)
narrowed = replace(asked, irritants=(irritant_id,))
offset = paging.offset(reviews.count(warehouse, narrowed), key="irritant")
verbatims.cards(reviews.page(warehouse, narrowed, limit=paging.SIZE, offset=offset), key="all", irritant=False)
