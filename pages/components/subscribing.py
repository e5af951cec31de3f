"""Subscriptions to signals: what one is told of, the form to add one, the button to stop.

The rule it protects: a person sees and stops only their own.
"""

from __future__ import annotations

import streamlit as st

from analytics import dimensions
from analytics.dimensions import Dimensions
from data.errors import VigieError
from data.operations import journal, subscriptions
from data.operations.subscriptions import Subscription
from pages.components import identity, store

_ALL = "Tout"


def panel(*, late: bool = False) -> None:
    """One's subscriptions, and the form; `late` proposes to be told of delays too."""
    who = identity.person()
    choices = _dimensions(store.snapshot().id)
    institutions = {c.value: c.label for c in (*choices.networks, *choices.typologies, *choices.structures)}
    places = {c.value: c.label for c in choices.departments}
    irritants = {str(c.value): c.label for c in choices.irritants}
    st.write(
        "Chaque lundi, un message résume les signaux qui vous concernent. Les signaux très sûrs peuvent être envoyés "
        "dès qu'ils apparaissent."
    )
    mine = subscriptions.of(store.operations(), who.id)
    for wish in mine:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"wish_{wish.id}"):
            parts = [
                institutions.get(wish.institution or "", wish.institution) if wish.institution else None,
                places.get(wish.department or "", wish.department) if wish.department else None,
                irritants.get(str(wish.irritant), "un irritant disparu") if wish.irritant is not None else None,
            ]
            what = ", ".join(str(p) for p in parts if p) or "Tous les signaux"
            what += " ; retards et dérives" if wish.delays else ""
            when = "tout de suite si très sûr, sinon le lundi" if wish.instant else "le lundi"
            st.text(f"{what} · {when} · {wish.address}")
            st.button(
                "Se désabonner", key=f"stop_{wish.id}", type="tertiary", on_click=_stop, args=(wish.id, who.id)
            )  # fmt: skip
    if not mine:
        st.caption("Vous n'avez pas encore d'abonnement.")
    with st.form("subscribe", border=True):
        st.subheader("S'abonner", anchor=False)
        address = st.text_input("Adresse de messagerie", key="wish_address", placeholder="prenom.nom@exemple.gouv.fr")
        institution = st.selectbox(
            "Institution", [_ALL, *institutions], format_func=lambda v: institutions.get(v, v), key="wish_institution"
        )
        place = st.selectbox(
            "Département", [_ALL, *places], format_func=lambda v: places.get(v, v), key="wish_department"
        )  # fmt: skip
        irritant = st.selectbox(
            "Irritant", [_ALL, *irritants], format_func=lambda v: irritants.get(v, v), key="wish_irritant"
        )  # fmt: skip
        instant = st.checkbox("Me prévenir tout de suite des signaux très sûrs", key="wish_instant")
        told = st.checkbox(
            "Ajouter les retards à venir et les structures dont le rythme change",
            late,
            key="wish_delays",
            help="Chaque semaine : les avis qui passeront sans doute l'objectif, et les structures qui s'écartent de leur propre passé.",
        )
        if st.form_submit_button("S'abonner", type="primary", icon=":material/notifications:"):
            _add(who.id, address or "", (institution, place, irritant), mine, instant=instant, delays=told)


def _add(
    who: str, address: str, chosen: tuple[str, str, str], mine: list[Subscription], *, instant: bool, delays: bool
) -> None:
    institution, place, irritant = chosen
    # The runs that the two clicks of a double click start may overlap: what they saw and ask for is the same act.
    key = journal.key_of("subscribe", who, address, chosen, instant, delays, [wish.id for wish in mine])
    try:
        subscriptions.subscribe(
            store.operations(),
            key,
            person=who,
            address=address,
            institution=None if institution == _ALL else institution,
            department=None if place == _ALL else place,
            irritant=None if irritant == _ALL else int(irritant),
            instant=instant,
            delays=delays,
        )
    except VigieError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()


def _stop(subscription_id: str, who: str) -> None:
    try:
        subscriptions.unsubscribe(store.operations(), f"unsubscribe:{subscription_id}", subscription_id, person=who)
    except VigieError as error:
        st.toast(str(error), icon=":material/error:")


@st.cache_data(max_entries=4, show_spinner=False)
def _dimensions(snapshot_id: str) -> Dimensions:
    return dimensions.load(store.warehouse())
