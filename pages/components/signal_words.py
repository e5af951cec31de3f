"""A signal said on the screen: the words of `analytics.signals.wording`, with the names of the snapshot in service."""

from __future__ import annotations

import streamlit as st

from analytics.signals import wording
from analytics.signals.record import Signal
from analytics.signals.wording import DETECTORS, STRENGTHS, Names, at_least, expected, second, surety
from data.warehouse import Warehouse
from pages.components import french, store

__all__ = [
    "DETECTORS",
    "STRENGTHS",
    "at_least",
    "expected",
    "method",
    "names",
    "place",
    "second",
    "sentence",
    "subject",
    "surety",
]


def names(warehouse: Warehouse) -> Names:
    """Names of structures and places, read once a snapshot."""
    return _names(warehouse.snapshot.id)


def place(warehouse: Warehouse, signal: Signal) -> str:
    """Where it holds."""
    return wording.place(names(warehouse), signal)


def subject(warehouse: Warehouse, signal: Signal) -> str:
    """`Carte grise (Préfecture, Nord)`."""
    return wording.subject(names(warehouse), signal)


def sentence(warehouse: Warehouse, signal: Signal) -> str:
    """The whole signal in a few sentences."""
    return wording.sentence(names(warehouse), signal)


@st.cache_resource(max_entries=3, show_spinner=False)
def _names(snapshot_id: str) -> Names:
    return Names.read(store.warehouse())


def method(signal: Signal) -> str:
    """How it was found, so that anyone can retrace it."""
    return (
        f"{french.count(signal.tests, 'test', 'tests')} le {french.day(signal.as_of)} : chaque sujet dans chaque lieu, "
        f"sur 1, 2, 4 et 8 semaines. Observés : {signal.observed} ; attendus : {french.number(signal.expected, 3)} ; "
        f"rapport : {french.number(signal.ratio, 1)}, au moins {at_least(signal)} (19 fois sur 20). "
        f"Probabilité que ce soit le hasard, pour ce test seul : p = {f'{signal.p:.2g}'.replace('.', ',')} ; une fois "
        f"tous les tests comptés : q = {f'{signal.q:.2g}'.replace('.', ',')}. Gravité (part d'avis négatifs, lissée) : "
        f"{french.percent(signal.severity)}. Identifiant : {signal.id}."
    )
