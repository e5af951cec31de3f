"""What was done about an irritant: the portal's actions, those planned here, and what the curve says of each.

The rule it protects: an effect is told with its interval, or not told and the reason given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from analytics import remedies
from analytics.remedies import Effect
from data.errors import VigieError
from data.filters import Filters
from data.operations import actions, journal
from data.operations.actions import Action
from pages.components import french, states, store
from pages.components.charts import Mark
from pages.components.identity import Person
from pages.components.navigation import Role

_STATES: dict[str, str] = {"planned": "Prévue", "started": "Engagée", "done": "Réalisée", "dropped": "Abandonnée"}
_MOST_MARKS = 4
DECIDERS = frozenset({Role.MANAGER, Role.ANALYST, Role.LEAD, Role.ADMIN})


@st.cache_data(max_entries=128, show_spinner=False)
def _effect(snapshot_id: str, irritant: int, day: date, asked: Filters) -> Effect:
    return remedies.effect(store.warehouse(), irritant, day, asked)


def marks(plans: Sequence[Action], declared: pd.DataFrame, curve: pd.DataFrame) -> list[Mark]:
    """Dates of actions that fall inside the curve, latest first, a few at most."""
    days = [(a.done_on or a.started_on, "action") for a in plans if a.state in {"started", "done"}]
    days += [(_day(row["done"]) or _day(row["started"]), "action (portail)") for row in declared.to_dict("records")]
    if curve.empty:
        return []
    first, last = curve["period"].min().date(), curve["period"].max().date()
    inside = sorted({(day, label) for day, label in days if day is not None and first <= day <= last}, reverse=True)
    return [Mark(day, label) for day, label in inside[:_MOST_MARKS]]


def show(who: Person, irritant: int, asked: Filters, plans: Sequence[Action], declared: pd.DataFrame) -> None:
    """The section of the page: a list of actions with their effect, and a form for those who decide."""
    st.header(
        "Ce qui a été fait",
        anchor=False,
        help="L'effet compare la part de l'irritant avant et après la date, une fois retirées la tendance qui existait déjà "
        "et la saison ; l'intervalle contient la vraie valeur 95 fois sur 100. Rien ne prouve que l'action en soit la cause.",
    )
    considered = remedies.to_consider(store.warehouse(), irritant, asked)
    if considered:
        st.caption(
            f"{french.count(considered, 'avis porte', 'avis portent')} la mention « Amélioration de service à considérer »."
        )
    if not plans and declared.empty:
        st.write("Aucune action n'est connue, ni sur le portail ni ici.")
    for action in plans:
        _planned(who, action, asked)
    for row in declared.head(5).to_dict("records"):
        _portal(row, irritant, asked)
    if who.role in DECIDERS and store.known_on() is None:
        with st.expander("Prévoir une action", icon=":material/add_task:"):
            _form(who, irritant, len(plans))


def said(effect: Effect) -> str:
    """An effect in a sentence."""
    if effect.change is None or effect.low is None or effect.high is None:
        return f"Effet non mesuré : {effect.reason}."
    low, high = sorted((100 * effect.low, 100 * effect.high))
    told = f"{french.signed(100 * effect.change)} % (entre {french.signed(low)} et {french.signed(high)} %)"
    if not effect.sure:
        return f"Pas de changement sûr depuis : {told}."
    return f"Depuis, la part de l'irritant a {'baissé' if effect.change < 0 else 'augmenté'} : {told}."


def _planned(who: Person, action: Action, asked: Filters) -> None:
    with st.container(border=True, key=f"action_{action.id}"):
        st.text(action.title)
        dates = [
            ("pour le", action.due_on if action.state in {"planned", "started"} else None),
            ("engagée le", action.started_on),
            ("réalisée le", action.done_on),
        ]
        told = ", ".join(f"{words} {french.day(day)}" for words, day in dates if day)
        late = action.state in {"planned", "started"} and action.due_on is not None and action.due_on < _today()
        st.caption(
            f"{_STATES[action.state]} · {states.plain(action.owner)}{' · ' + told if told else ''}{' · en retard' if late else ''}"
        )
        day = action.done_on or action.started_on
        if day is not None:
            st.text(said(_effect(store.snapshot().id, action.irritant, day, asked)))
        if who.role in DECIDERS and store.known_on() is None and action.state in {"planned", "started"}:
            _move(who, action)


def _move(who: Person, action: Action) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        on = st.date_input("Le", _today(), format="DD/MM/YYYY", key=f"on_{action.id}", width=160)
        steps = {"planned": ("started", "done", "dropped"), "started": ("done", "dropped")}[action.state]
        for state in steps:
            label = {"started": "Engager", "done": "Marquer réalisée", "dropped": "Abandonner"}[state]
            if st.button(label, key=f"{state}_{action.id}") and isinstance(on, date):
                try:
                    key = f"{action.id}-{action.version}-{state}"
                    actions.move(store.operations(), key, action, state, on, moved_by=who.id)  # type: ignore[arg-type]
                except VigieError as error:
                    st.error(str(error), icon=":material/error:")
                else:
                    st.rerun()


def _portal(row: dict[object, object], irritant: int, asked: Filters) -> None:
    with st.container(border=True, key=f"portal_{row['review_id']}"):
        st.text(str(row["action"]))
        started, done = _day(row["started"]), _day(row["done"])
        told = [
            f"engagée le {french.day(started)}" if started else "",
            f"réalisée le {french.day(done)}" if done else "",
        ]
        who = str(row["structure"]) if row["structure"] else "structure non dite"
        st.caption(" · ".join(["Déclarée sur le portail", states.plain(who), *[t for t in told if t]]))
        day = done or started
        if day is not None:
            st.text(said(_effect(store.snapshot().id, irritant, day, asked)))


def _form(who: Person, irritant: int, known: int) -> None:
    """A form for each number of actions `known`: once one is planned the next form is empty, and the second click of a
    double click, which would come with emptied fields had they been cleared, is on no form."""
    with st.form(f"plan_{irritant}_{known}", border=False):
        title = st.text_input(
            "Que fait-on ?", key=f"action_titre_{known}", placeholder="Exemple : corriger le formulaire en ligne"
        )
        owner = st.text_input("Qui s'en charge ?", key=f"action_qui_{known}", placeholder="Une personne ou une équipe")
        due = st.date_input(
            "Pour quand ?", _today() + timedelta(days=30), format="DD/MM/YYYY", key=f"action_quand_{known}"
        )
        if st.form_submit_button("Prévoir", icon=":material/check:", type="primary"):
            on = due if isinstance(due, date) else None
            key = journal.key_of("plan", irritant, known, title, owner, on, who.id)
            try:
                actions.add(store.operations(), key, irritant, title, owner=owner, due_on=on, created_by=who.id)
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
                return
            st.rerun()


def _today() -> date:
    return date.fromisoformat(store.snapshot().last_publication[:10])


def _day(value: object) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[arg-type,call-overload]
