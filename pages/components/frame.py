"""The frame around every page: the menu of a role, the demo banner, the snapshot's date.

The rule it protects: whoever looks at a figure sees, on the same screen, whether it is demo data and how old it is.
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from data.errors import VigieError
from pages.components import french, navigation, store, welcome
from pages.components.navigation import Role

_UNKNOWN = "adresse-inconnue"  # asgi.py sends mistyped addresses home with this parameter


def menu(role: Role) -> dict[str, list[st.Page]]:
    """Sections and pages for `st.navigation`; rooms closed to the role stay reachable: their guard answers."""

    def home() -> None:
        unknown = {_UNKNOWN: "1"} if _UNKNOWN in st.query_params else None
        st.switch_page(str(navigation.ROOT / navigation.room(navigation.HOME[role]).script), query_params=unknown)

    # A page served at the root loses its own address: the root is a page that leads to the role's first room.
    sections: dict[str, list[st.Page]] = {
        "": [st.Page(home, title="Accueil", url_path="accueil", default=True, visibility="hidden")]
    }
    for room in navigation.ROOMS:
        page = st.Page(
            str(navigation.ROOT / room.script),
            title=room.title,
            icon=room.icon,
            url_path=room.slug,
            visibility="visible" if room.menu and role in room.roles else "hidden",
            help=room.help,
        )
        sections.setdefault(room.section, []).append(page)
    return sections


def draw(title: str) -> None:
    """Banner and snapshot date; quiet when there is no data yet (the page's guard welcomes)."""
    st.set_page_config(page_title=f"{title} · Vigie")
    st.session_state[store.KNOWN_ON] = None
    if _UNKNOWN in st.query_params:
        st.warning("Cette adresse n'existe pas ; voici votre page d'accueil.", icon=":material/link_off:")
    try:
        snapshot = store.snapshot()
    except VigieError:
        return
    day = date.fromisoformat(snapshot.last_publication)
    with st.sidebar:
        st.caption(f"Données jusqu'au {french.day(day)}")
        past = _past(title, day)
        if welcome.under_way():
            welcome.progress()
        elif not snapshot.refreshed:
            st.caption("Irritants et signaux en attente d'actualisation.")
    if past is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                f"Chiffres tels que connus le {french.day(past)}. Le sujet de chaque avis, et les noms des structures, sont ceux "
                "d'aujourd'hui ; les avis retirés depuis n'y sont plus.",
                icon=":material/history:",
            )
            st.button("Revenir à aujourd'hui", icon=":material/today:", key="aujourd_hui", on_click=_back_to_today)
    elif store.PARAMETER in st.query_params and not _dated(title):
        st.info(
            "Cette page montre ce qui est à faire, chargé ou réglé aujourd'hui : elle ne se demande pas à une date passée.",
            icon=":material/today:",
        )
    if snapshot.demo:
        st.info(
            "**Démonstration** : tous les avis affichés sont fictifs, produits par un générateur.",
            icon=":material/science:",
        )


def _past(title: str, last: date) -> date | None:
    """The past day that the page is asked as known on, chosen in the sidebar of the rooms that show figures."""
    if not _dated(title):
        return None
    with st.expander("Comme connu à une date passée", icon=":material/history:"):
        day = st.date_input(
            "Tel que connu le",
            None,
            max_value=last,
            format="DD/MM/YYYY",
            key=store.PARAMETER,
            bind="query-params",
            help="Toutes les mesures de la page sont refaites avec ce que le portail montrait ce jour-là.",
        )
    if not isinstance(day, date) or day >= last:
        return None
    st.session_state[store.KNOWN_ON] = day
    return day


def _dated(title: str) -> bool:
    return any(room.title == title and room.slug in navigation.DATED for room in navigation.ROOMS)


def _back_to_today() -> None:
    st.session_state[store.PARAMETER] = None
