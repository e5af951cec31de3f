"""Who may open what: the table of roles and rooms the guard enforces, and the people known here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import french, identity, navigation, tables
from pages.components.navigation import Role

who = identity.guard("acces")
st.title("Accès", anchor=False)
st.write(
    f"{french.count(len(Role), 'rôle')} et {french.count(len(navigation.ROOMS), 'page')} : chaque page vérifie le rôle "
    "avant d'afficher quoi que ce soit."
)

st.header("Qui ouvre quelle page", anchor=False)
rows = [
    {
        "section": room.section,
        "room": room.title,
        **{role.name: "✓ oui" if role in room.roles else "–" for role in Role},
    }
    for room in navigation.ROOMS
]
labels = {"section": "Section", "room": "Page", **{role.name: role.value for role in Role}}
st.table(
    pd.DataFrame(rows).rename(columns=labels),
    hide_index=True,
    border="horizontal",
    alt="Pages ouvertes à chaque rôle",
)
tables.csv_button(pd.DataFrame(rows).rename(columns=labels), "acces-par-role")

st.header("Première page de chaque rôle", anchor=False)
homes = pd.DataFrame(
    [{"Rôle": role.value, "Page d'accueil": navigation.room(navigation.HOME[role]).title} for role in Role]
)
st.table(homes, hide_index=True, border="horizontal", alt="Page d'accueil de chaque rôle")

st.header("Personnes", anchor=False)
st.caption(
    "Identité de développement : la personne est choisie dans la barre latérale, depuis cette machine seulement."
)
people = [
    {
        "id": person.id,
        "name": person.name,
        "role": person.role.value,
        "structures": ", ".join(person.structures) or "toutes",
    }
    for person in identity.DEVELOPMENT
]
tables.table(
    pd.DataFrame(people),
    {"id": "Identifiant", "name": "Nom", "role": "Rôle", "structures": "Structures"},
    name="personnes",
    alt="Personnes connues, avec leur rôle",
)
