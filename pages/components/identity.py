"""Who is looking at the screen, and the guard that every page starts with.

Until sign-in by OIDC, the only identity is the development one: a person chosen in the sidebar, accepted from loopback
addresses alone. The rule it protects: no page draws anything before `guard` has said yes, whichever address
was opened first.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from data import settings
from pages.components import navigation, statement, welcome
from pages.components.navigation import Role, Room


@dataclass(frozen=True)
class Person:
    """A signed-in person; `structures` is their perimeter (ids), empty = all."""

    id: str
    name: str
    role: Role
    structures: tuple[str, ...] = ()


DEVELOPMENT = (
    Person("manager.demo", "Dominique, pilotage DITP", Role.MANAGER),
    Person("analyste.demo", "Sacha, analyse des signaux", Role.ANALYST),
    Person("agent.demo", "Camille, réponse aux usagers", Role.AGENT),
    Person("agent2.demo", "Alix, réponse aux usagers", Role.AGENT),
    Person("chef.demo", "Maxime, encadrement d'équipe", Role.LEAD),
    Person("admin.demo", "Lou, administration", Role.ADMIN),
)


PARAMETER = "profil"
_PROCESS = re.compile(r"-\d+-[0-9a-f]{6}$")  # a drafting process: machine, number, mark
_MACHINES = {"portail": "Portail", "envoi": "Transmission", "horloge": "Effacement programmé"}


def sign_in() -> Person:
    """The person of this session; stops the script with a clear message when nobody may be trusted."""
    if not settings.load().dev_identity or not _from_loopback():
        st.title("Vigie")
        st.error(
            "Connexion impossible : l'identité de développement n'est acceptée que depuis cette machine "
            "(adresse locale). Ouvrez http://localhost sur le serveur lui-même.",
            icon=":material/lock:",
        )
        st.link_button(statement.TITLE, statement.PATH, icon=":material/public:", type="tertiary")
        st.stop()
    by_id = {person.id: person for person in DEVELOPMENT}
    if "profil" not in st.session_state and st.query_params.get(PARAMETER) in by_id:
        st.session_state["profil"] = st.query_params[PARAMETER]
    with st.sidebar:
        chosen = st.selectbox(
            "Se connecter en tant que",
            list(by_id),
            format_func=lambda id_: by_id[id_].name,
            key="profil",
            persist_state="session",
            placeholder="Choisissez une personne",
            help="Identité de développement : elle ne fonctionne que sur cette machine.",
        )
    if st.query_params.get(PARAMETER, DEVELOPMENT[0].id) != chosen:  # a reload keeps the person
        st.query_params[PARAMETER] = chosen
    return by_id[chosen]


def name_of(id_: str) -> str:
    """Name of the person of that id; the id itself for one who left, or for one drafting process."""
    if id_ == "worker":  # asks for drafts in nobody's name, before anyone needs them
        return "Rédacteur, à l'avance"
    if id_ in _MACHINES:
        return _MACHINES[id_]
    if _PROCESS.search(id_):
        return f"Rédacteur {id_}"
    return next((person.name for person in DEVELOPMENT if person.id == id_), id_)


def answerers(structures: Collection[str] = ()) -> list[Person]:
    """The persons a review of `structures` (none named: any) may be given to."""
    answering = [person for person in DEVELOPMENT if person.role in navigation.ANSWERERS]
    return [p for p in answering if not structures or not p.structures or set(p.structures) & set(structures)]


def person() -> Person:
    """The person of this session, as `app.py` put it there. Stops when a page was reached without app.py."""
    found = st.session_state.get("_person")
    if not isinstance(found, Person):
        st.error("Cette page s'ouvre depuis l'application. Rechargez l'adresse d'accueil.", icon=":material/lock:")
        st.stop()
    return found


def guard(slug: str) -> Person:
    """Let the page at `slug` go on only for a signed-in person whose role opens it, and once there is data to show.

    Draws the refusal or the welcome page itself and stops the script; returns the person otherwise.
    """
    who = person()
    room: Room = navigation.room(slug)
    if who.role not in room.roles:
        st.title(room.title)
        st.warning(
            f"La page « {room.title} » n'est pas ouverte au rôle « {who.role} ». "
            "Demandez l'accès à votre administrateur.",
            icon=":material/lock:",
        )
        home = navigation.room(navigation.HOME[who.role])
        st.page_link(str(navigation.ROOT / home.script), label=f"Aller à : {home.title}", icon=home.icon)
        st.stop()
    if welcome.needed():
        welcome.draw(may_load=who.role in navigation.room("donnees").roles)
        st.stop()
    return who


def _from_loopback() -> bool:
    """Whether the browser is on this machine: a loopback address, and no proxy speaking for someone else."""
    if st.context.headers.get("X-Forwarded-For") or st.context.headers.get("Forwarded"):
        return False
    address = st.context.ip_address
    return address is None or ipaddress.ip_address(address).is_loopback
