"""Watched subjects: declared by words or by examples, followed from the first review on."""

from __future__ import annotations

from uuid import uuid4

import pandas as pd
import streamlit as st

from analytics import reviews, watching
from data.errors import VigieError
from data.filters import Filters
from data.operations import watched
from pages.components import charts, filters, french, identity, links, paging, palette, states, store, verbatims
from pages.components.charts import Line
from pages.components.navigation import Role

_GRAINS = {"Semaine": "week", "Mois": "month"}


@st.cache_data(max_entries=64, show_spinner=False)
def _series(snapshot_id: str, expressions: tuple[str, ...], asked: Filters, grain: str) -> pd.DataFrame:
    return watching.series(store.warehouse(), expressions, asked, grain)


@st.cache_data(max_entries=16, show_spinner=False)
def _suggested(snapshot_id: str, ids: tuple[int, ...]) -> list[str]:
    examples = [f"{r.title}\n{r.body}" for r in reviews.by_ids(store.warehouse(), ids)]
    return watching.suggested(store.warehouse(), examples)


def _declare() -> None:
    """A form: words, or the numbers of example reviews from which words are proposed."""
    given = st.text_input(
        "Numéros d'avis donnés en exemple",
        key="exemples",
        placeholder="Facultatif : 900000123, 900000456",
        help="Le numéro est sur la page de chaque avis. Les mots que ces avis partagent sont proposés ci-dessous.",
    )
    ids = tuple(n for x in given.replace(";", " ").replace(",", " ").split() if (n := links.number(x)) is not None)[:20]
    proposed = _suggested(store.snapshot().id, ids) if ids else []
    if ids and not proposed:
        st.caption("Ces avis n'ont pas de mots rares en commun : donnez les mots vous-même.")
    with st.form("declare", border=True):
        label = st.text_input("Nom du sujet", key="sujet_nom", placeholder="Exemple : chèque énergie")
        kept = (
            st.pills("Mots proposés", proposed, selection_mode="multi", default=proposed[:3], key="proposes")
            if proposed
            else []
        )
        words = st.text_area(
            "Mots, une expression par ligne",
            key="sujet_mots",
            placeholder="chèque énergie\naide facture électricité",
            help="Un avis compte s'il contient tous les mots d'une des lignes ; accents et majuscules sont ignorés.",
        )
        if st.form_submit_button("Suivre ce sujet", icon=":material/visibility:", type="primary"):
            key = str(st.session_state.setdefault("_watch_key", uuid4().hex))
            try:
                watched.watch(operations, key, label, [*(kept or []), *words.splitlines()], created_by=who.id)
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.session_state["_watch_key"] = uuid4().hex
            st.rerun()


who = identity.guard("sujets-suivis")
st.title("Sujets suivis", anchor=False)
headline = st.empty()
operations, warehouse, snapshot_id = store.operations(), store.warehouse(), store.snapshot().id
subjects = watched.subjects(operations)
editor = who.role in {Role.ANALYST, Role.ADMIN, Role.MANAGER}
if editor:
    with st.expander("Suivre un nouveau sujet", icon=":material/add:", expanded=not subjects):
        _declare()
if not subjects:
    headline.write("Aucun sujet n'est suivi : déclarez-en un par ses mots, il sera compté depuis le premier avis.")
    st.stop()
by_id = {subject.id: subject for subject in subjects}
chosen = by_id[
    st.selectbox(
        "Sujet", list(by_id), format_func=lambda i: by_id[i].label, key="sujet", bind="query-params", width=420
    )
]
asked = filters.bar()
grain = st.segmented_control(
    "Pas de temps", list(_GRAINS), default="Semaine", key="pas", bind="query-params", required=True
)
with states.guarded("Le sujet n'a pas pu être suivi"):
    curve = _series(snapshot_id, chosen.expressions, asked, _GRAINS[grain or "Semaine"])
    n = int(curve["n"].sum()) if len(curve) else 0
    negative = int(curve["negative"].sum()) if len(curve) else 0
    headline.write(
        f"**{states.plain(chosen.label)}** : {french.count(n, 'avis', 'avis')} {filters.described(asked)}, "
        f"dont {french.percent(negative / n if n else None, n)} de négatifs."
    )
    today = " (ceux d'aujourd'hui)" if store.known_on() else ""
    st.caption(f"Mots suivis{today} : " + states.plain(" ; ".join(chosen.expressions)))
    charts.show(
        charts.lines(
            curve,
            "period",
            [
                Line("n", "Avis du sujet", palette.category(0)),
                Line("negative", "dont négatifs", palette.sentiment("Négatif"), "dash"),
            ],
            unit=" avis",
        ),
        title="Le sujet dans le temps",
        alt=f"Courbe : {french.number(n)} avis en tout.",
        frame=curve.assign(share=100 * curve["share"]) if len(curve) else curve,
        labels={
            "period": st.column_config.DateColumn("Période", format="DD/MM/YYYY"),
            "n": "Avis du sujet",
            "negative": "dont négatifs",
            "total": "Tous les avis",
            "share": st.column_config.NumberColumn("Part", format="%.2f %%"),
        },
        name="sujet-suivi",
    )
    if editor:
        with st.expander("Changer les mots, ou ne plus suivre", icon=":material/edit:"):
            words = st.text_area(
                "Une expression par ligne", "\n".join(chosen.expressions), key=f"mots_{chosen.id}_{chosen.version}"
            )
            with st.container(horizontal=True):
                try:
                    if st.button(
                        "Enregistrer les mots", icon=":material/check:", key=f"mots_{chosen.id}_{chosen.version}_garder"
                    ):
                        key = f"{chosen.id}-{chosen.version}-words"
                        watched.change(operations, key, chosen, words.splitlines(), changed_by=who.id)
                        st.rerun()
                    if st.button(
                        "Ne plus suivre",
                        icon=":material/visibility_off:",
                        key="arreter",
                        help="Le sujet quitte la liste ; le journal en garde la trace.",
                    ):
                        watched.archive(operations, f"{chosen.id}-{chosen.version}-archive", chosen, archived_by=who.id)
                        st.rerun()
                except VigieError as error:
                    st.error(str(error), icon=":material/error:")
    st.header("Les avis du sujet", anchor=False)
    total = reviews.count(warehouse, asked, words=chosen.expressions)
    offset = paging.offset(total, key="suivi")
    found = reviews.page(warehouse, asked, words=chosen.expressions, limit=paging.SIZE, offset=offset)
    if not found:
        states.empty("Aucun avis ne contient ces mots sur la sélection.", "Élargissez la période ou changez les mots.")
    verbatims.cards(found, words=" ".join(chosen.expressions), key="watched")
