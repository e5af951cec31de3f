"""Search over the reviews: words with accents and case ignored, marked where found, with the filters of every page."""

from __future__ import annotations

import streamlit as st

from analytics import reviews
from pages.components import filters, french, identity, paging, states, store, verbatims

_ORDERS: dict[str, reviews.Order] = {
    "Les plus récents": "newest",
    "Les plus anciens": "oldest",
    "Les plus partagés": "endorsed",
}

identity.guard("recherche")
st.title("Recherche", anchor=False)
headline = st.empty()

words = st.text_input(
    "Mots cherchés",
    key="mots",
    bind="query-params",
    placeholder="Exemple : chèque énergie",
    icon=":material/search:",
    help="Tous les mots doivent être présents ; accents et majuscules sont ignorés.",
)
asked = filters.bar()
with st.container(horizontal=True, vertical_alignment="bottom"):
    order = st.segmented_control(
        "Ordre", list(_ORDERS), default="Les plus récents", key="ordre", bind="query-params", required=True
    )
    unanswered = st.toggle("Sans réponse seulement", key="sans_reponse", bind="query-params")

warehouse = store.warehouse()
total = reviews.count(warehouse, asked, words=words, unanswered=unanswered)
about = f"contiennent « {words} »" if words.strip() else "correspondent à ces filtres"
headline.text(f"{french.count(total, 'avis', 'avis')} {about} ({filters.described(asked)}).")
if not total:
    states.empty("Aucun avis trouvé.", "Essayez un seul mot, ou élargissez la période.")
    st.stop()
offset = paging.offset(total, key="recherche")
found = reviews.page(
    warehouse,
    asked,
    words=words,
    order=_ORDERS[order or "Les plus récents"],
    unanswered=unanswered,
    limit=paging.SIZE,
    offset=offset,
)
verbatims.cards(found, words=words, key="found")
