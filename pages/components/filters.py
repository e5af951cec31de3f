"""The filter bar, the same on every page: period, institution, place, channel, sentiment, irritant.

Choices live in the URL (a link shows the reader what its sender saw), stand under the bar as removable words, and one
button resets them. The rule it protects: whatever a URL says, only values that exist in the snapshot narrow a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from analytics import dimensions
from analytics.dimensions import Choice, Dimensions
from data.filters import Filters
from pages.components import french, palette, states, store

PERIODS = {"4 semaines": 28, "3 mois": 91, "12 mois": 364, "Tout": 0, "Dates": -1}
DEFAULT_PERIOD = "12 mois"
_MULTI = {  # key in the URL -> (label of the removable word, field of Dimensions, field of Filters)
    "reseau": ("Réseau", "networks", "networks"),
    "institution": ("Institution", "typologies", "typologies"),
    "structure": ("Structure", "structures", "structures"),
    "region": ("Région", "regions", "regions"),
    "departement": ("Département", "departments", "departments"),
    "canal": ("Canal", "channels", "channels"),
    "irritant": ("Irritant", "irritants", "irritants"),
}
_MOST_STRUCTURES = 300


def bar(*, sentiments: bool = True, irritants: bool = True) -> Filters:
    """Draw the bar and return what it asks for; the period ends on the snapshot's last publication day."""
    choices = _dimensions(store.snapshot().id)
    last = date.fromisoformat(store.snapshot().last_publication)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = st.segmented_control(
            "Période", list(PERIODS), default=DEFAULT_PERIOD, key="periode", bind="query-params", required=True
        )
        with st.popover("Institution", icon=":material/account_balance:"):
            _multi("reseau", choices.networks)
            _multi("institution", choices.typologies)
            _multi("structure", _structures(choices))
        with st.popover("Lieu", icon=":material/location_on:"):
            st.caption("Le département de l'usager n'est renseigné que dans une partie des avis.")
            _multi("region", choices.regions)
            _multi("departement", choices.departments)
        with st.popover("Autres", icon=":material/tune:"):
            _multi("canal", choices.channels)
            if irritants:
                _multi("irritant", choices.irritants)
        felt: Sequence[str] = ()
        if sentiments:
            felt = st.pills(
                "Ressenti",
                palette.SENTIMENTS,
                selection_mode="multi",
                key="ressenti",
                bind="query-params",
                format_func=lambda name: f"{palette.SYMBOLS[name]} {name}",
            )
    start, end = _dates(period or DEFAULT_PERIOD, last)
    chosen = {key: _chosen(key, choices) for key in _MULTI if irritants or key != "irritant"}
    _words(chosen, felt)
    return Filters(
        start=start,
        end=end,
        sentiments=tuple(felt),
        irritants=tuple(int(c.value) for c in chosen.pop("irritant", ())),
        **{_MULTI[key][2]: tuple(c.value for c in found) for key, found in chosen.items()},
    )


def usual() -> Filters:
    """What the bar asks for before anyone touches it."""
    last = date.fromisoformat(store.snapshot().last_publication)
    start, end = _dates(DEFAULT_PERIOD, last)
    return Filters(start=start, end=end)


def address() -> list[tuple[str, str]]:
    """The choices of the bar as parameters of an address: another page opened with them shows the same selection."""
    names = {"periode", "du", "au", "ressenti", *_MULTI}
    return [(name, value) for name in st.query_params if name in names for value in st.query_params.get_all(name)]


def described(filters: Filters) -> str:
    """The period in words, for captions and file names."""
    if filters.start is None:
        return "toute la période"
    assert filters.end is not None
    return f"du {french.day(filters.start)} au {french.day(filters.end)}"


def typologies() -> list[str]:
    """Institutions of the snapshot, most frequent first."""
    return [choice.value for choice in _dimensions(store.snapshot().id).typologies]


@st.cache_data(max_entries=4, show_spinner=False)
def _dimensions(snapshot_id: str) -> Dimensions:
    return dimensions.load(store.warehouse())


def _structures(choices: Dimensions) -> tuple[Choice, ...]:
    names: set[str] = set()
    kept = []
    for choice in choices.structures[:_MOST_STRUCTURES]:
        label = choice.label if choice.label not in names else f"{choice.label} ({choice.value})"
        names.add(label)
        kept.append(Choice(choice.value, label, choice.n))
    return tuple(kept)


def _multi(key: str, choices: Sequence[Choice]) -> None:
    label = _MULTI[key][0]
    st.multiselect(
        label,
        [c.label for c in choices],
        key=key,
        bind="query-params",
        placeholder="Toutes" if label in {"Institution", "Structure", "Région"} else "Tous",
    )


def _chosen(key: str, choices: Dimensions) -> list[Choice]:
    offered = _structures(choices) if key == "structure" else getattr(choices, _MULTI[key][1])
    by_label = {c.label: c for c in offered}
    return [by_label[label] for label in st.session_state.get(key) or () if label in by_label]


def _dates(period: str, last: date) -> tuple[date | None, date | None]:
    length = PERIODS[period]
    if length > 0:
        return last - timedelta(days=length - 1), last
    if length == 0:
        return None, None
    with st.container(horizontal=True):
        start = st.date_input("Du", last - timedelta(days=363), format="DD/MM/YYYY", key="du", bind="query-params")
        end = st.date_input("Au", last, format="DD/MM/YYYY", key="au", bind="query-params")
    if not isinstance(start, date) or not isinstance(end, date):
        return None, None
    if start > end:
        st.error("La date de début est après la date de fin : elles ont été échangées.")
        return end, start
    return start, end


def _words(chosen: dict[str, list[Choice]], felt: Sequence[str]) -> None:
    active = [(key, _MULTI[key][0], choice.label, choice.value) for key, found in chosen.items() for choice in found]
    active += [("ressenti", "Ressenti", name, name) for name in felt]
    if not active and st.session_state.get("periode") == DEFAULT_PERIOD:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, dimension, label, value in active:
            st.button(
                f"{dimension} : {states.plain(label)}",
                key=f"remove_{key}_{value}",
                icon=":material/close:",
                help="Retirer ce filtre",
                on_click=_remove,
                args=(key, label),
            )
        st.button("Réinitialiser", key="reset_filters", icon=":material/restart_alt:", type="tertiary", on_click=_reset)


def _remove(key: str, label: str) -> None:
    st.session_state[key] = [x for x in st.session_state.get(key) or () if x != label]


def _reset() -> None:
    for key in _MULTI:
        if key in st.session_state:
            st.session_state[key] = []
    st.session_state["ressenti"] = []
    st.session_state["periode"] = DEFAULT_PERIOD
