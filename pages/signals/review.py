"""One review, reached by link: its text, its reply, its context."""

from __future__ import annotations

import streamlit as st

from analytics import fields, reviews
from data import personal
from pages.components import french, identity, links, states, store, tables, verbatims
from pages.components.navigation import ANSWERERS

who = identity.guard("avis")
st.title("Un avis", anchor=False)

number = links.number(st.query_params.get("id", ""))
review = reviews.one(store.warehouse(), number) if number is not None else None
if review is None:
    states.empty(
        "Cet avis n'était pas encore publié, ou ne l'est plus."
        if store.known_on()
        else "Cet avis n'existe pas ou n'est plus publié.",
        "Un avis retiré par son auteur est effacé partout. Cherchez-en un autre depuis la page Recherche.",
    )
    links.to("recherche", "Rechercher dans les avis")
    st.stop()

waited = ""
if not review.answered:
    waited = " Aucune réponse publiée à ce jour."
elif review.first_reply_at is not None:
    delay = (review.first_reply_at - review.published_at).total_seconds() / 86400
    waited = f" Première réponse après {french.days(delay)}." if delay >= 0 else ""
st.write(f"Publié le {french.day(review.published_at)}.{waited}")

verbatims.card(review, key="review", link=False)
with st.container(horizontal=True):
    if who.role in ANSWERERS and not review.answered and store.known_on() is None:
        links.to("rediger", "Répondre à cet avis", id=str(review.id))
    verbatims.to_irritant(review)
    links.to("recherche", "Rechercher d'autres avis")

facts = {
    "Numéro": str(review.id),
    "Écrit le": french.day(review.written_on),
    "Institution": review.typology or "–",
    "Réseau": review.network or "–",
    "Structure": review.structure or "–",
    "Département de l'usager": review.department_name or "non renseigné",
    "Canaux": ", ".join(review.channels) or "non renseignés",
    "Hors structure": "Oui" if review.out_of_structure else "Non",
    "Irritant": review.irritant_label or ("non rattaché" if review.irritant == -1 else "en attente d'analyse"),
}
st.header("Ce que l'on sait de cet avis", anchor=False)
st.table(
    {"Information": list(facts), "Valeur": [states.plain(value) for value in facts.values()]},
    hide_index=True,
    border="horizontal",
    alt="Informations sur l'avis",
)

with st.expander(
    "Toutes les informations gardées de cet avis", icon=":material/list_alt:", key="every", on_change="rerun"
) as every:
    if every.open:
        kept = fields.of_review(store.warehouse(), review.id)
        kept = kept[kept["value"] != ""].assign(
            value=[personal.mask(value) for value in kept.loc[kept["value"] != "", "value"]]
        )
        tables.table(
            kept,
            {"group": "Groupe", "label": "Champ", "value": "Valeur"},
            name=f"avis_{review.id}",
            alt="Toutes les informations gardées de cet avis",
        )
        st.caption(
            "Les champs vides et le pseudonyme ne sont pas montrés ; les données personnelles trouvées sont masquées."
        )
