"""The data: is it fresh, is it sound, where does it come from; load a file, refresh, go back to an earlier snapshot."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from data import jobs, snapshots
from data.errors import VigieError
from pages.components import french, identity, states, store, tables, welcome
from pages.components.navigation import Role

_KINDS = {
    "missing_column": "colonne absente du fichier",
    "unknown_column": "colonne inconnue, gardée à part",
    "read_as_cp1252": "fichier relu en cp1252",
    "cp1252_artefact": "caractères cp1252 réparés",
    "html_entity": "entités HTML réparées",
    "decimal_code": "code écrit comme un nombre, réparé",
    "unexpected_value": "valeur inattendue, gardée telle quelle",
    "unreadable_date": "date illisible, laissée vide",
    "unreadable_number": "nombre illisible, laissé vide",
    "out_of_range": "nombre hors des bornes",
    "dates_out_of_order": "dates dans le désordre",
    "unknown_structure": "structure absente du référentiel",
    "refused": "refusé",
    "repeated_id": "numéro répété : la dernière ligne est gardée",
    "missing_value": "valeur obligatoire absente",
    "unreadable_value": "valeur obligatoire illisible",
    "broken_record": "ligne cassée",
}

who = identity.guard("donnees")
settings = store.config()
snapshot = store.snapshot()
warehouse = store.warehouse()

st.title("Données", anchor=False)
age = (datetime.now() - datetime.fromisoformat(snapshot.last_publication)).days
st.write(
    f"{french.count(snapshot.reviews, 'avis', 'avis')} en service, publiés jusqu'au "
    f"{french.day(datetime.fromisoformat(snapshot.last_publication))} (il y a {french.count(age, 'jour')})."
)
welcome.progress()

last = warehouse.frame("SELECT * FROM ingests ORDER BY ran_at DESC LIMIT 1")
if not last.empty:
    row = last.iloc[0]
    states.figures(
        [
            states.Figure("Lignes lues", french.number(row["read"]), "Lignes du dernier fichier chargé."),
            states.Figure("Avis chargés", french.number(row["loaded"]), "Lignes gardées : lues moins refusées."),
            states.Figure(
                "Nouveaux ou modifiés",
                french.number(row["inserted"] + row["updated"]),
                "Avis absents du chargement précédent, ou dont une colonne a changé.",
            ),
            states.Figure(
                "Lignes refusées",
                french.number(row["rejected"]),
                "Lignes sans numéro, sans date ou en double : gardées à part avec leur motif.",
            ),
        ]
    )

manager = who.role in {Role.ADMIN, Role.MANAGER}
if manager:
    st.header("Mettre à jour", anchor=False)
    job = jobs.last(settings.home)
    running = job is not None and job.state == "running"
    with st.container(horizontal=True):
        if st.button(
            "Actualiser l'analyse",
            icon=":material/refresh:",
            key="start_refresh",
            disabled=running,
            help="Recalcule irritants, signaux et index des réponses sur les données en service.",
        ):
            jobs.start(settings.home, "refresh", [jobs.refresh_step(settings.home)])
            st.rerun()
    with st.expander("Charger un fichier", icon=":material/upload:"):
        welcome.load_form()

st.header("Instantanés gardés", anchor=False)
kept = snapshots.kept(settings.home)
st.dataframe(
    pd.DataFrame(
        {
            "service": [s.id == snapshot.id for s in kept],
            "created": [french.moment(datetime.fromisoformat(s.created_at)) + " UTC" for s in kept],
            "last": [french.day(datetime.fromisoformat(s.last_publication)) for s in kept],
            "reviews": [s.reviews for s in kept],
            "kind": ["Démonstration" if s.demo else "Données ouvertes" for s in kept],
            "state": ["Analysé" if s.refreshed else "Chargé, à analyser" for s in kept],
        }
    ),
    column_config={
        "service": "En service",
        "created": "Créé le",
        "last": "Données jusqu'au",
        "reviews": "Avis",
        "kind": "Nature",
        "state": "État",
    },
    hide_index=True,
    alt="Instantanés gardés sur cette machine",
)
if manager and len(kept) > 1:
    others = {s.id: s for s in kept if s.id != snapshot.id}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Revenir à un autre instantané",
            list(others),
            format_func=lambda i: french.moment(datetime.fromisoformat(others[i].created_at)) + " UTC",
            key="previous_snapshot",
        )
        if st.button(
            "Mettre en service",
            icon=":material/undo:",
            key="serve_snapshot",
            help="Réversible : l'instantané actuel est gardé.",
        ):
            try:
                snapshots.serve(settings.home, others[chosen])
            except VigieError as error:
                st.error(str(error))
            else:
                st.rerun()

st.header("Défauts constatés au dernier chargement", anchor=False)
problems = warehouse.frame(
    "SELECT column_name, kind, count, array_to_string(examples, ' · ') AS examples FROM problems "
    "WHERE ingest_id = (SELECT id FROM ingests ORDER BY ran_at DESC LIMIT 1) ORDER BY count DESC"
)
if problems.empty:
    st.success("Aucun défaut constaté.", icon=":material/check_circle:")
else:
    tables.table(
        problems.assign(kind=[_KINDS.get(kind, kind) for kind in problems["kind"]]),
        {"column_name": "Colonne", "kind": "Constat", "count": "Lignes", "examples": "Exemples"},
        name="defauts",
        alt="Défauts constatés",
    )
refused = warehouse.frame("SELECT file, line, reason FROM refused ORDER BY line LIMIT 500")
if not refused.empty:
    st.header("Lignes refusées", anchor=False)
    tables.table(refused, {"file": "Fichier", "line": "Ligne", "reason": "Motif"}, name="refus", alt="Lignes refusées")
