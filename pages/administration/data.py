"""The data: is it fresh, is it sound, where does it come from; load a file, refresh, go back to an earlier snapshot."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from analytics import quality
from data import jobs, snapshots, withdrawals
from data.columns import REVIEWS
from data.metadata import BY_NAME
from data.personal import LABELS
from pages.components import charts, french, identity, links, states, store, tables, welcome
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

_PLACES = {"row": "ligne entière", "file": "fichier", "structures": "référentiel des structures", "fiches": "fiches"}


def _column(id_: str) -> str:
    """A column as the portal's file calls it, from its identifier."""
    name = REVIEWS.get(id_, id_)
    return _PLACES.get(id_) or (BY_NAME[name].label if name in BY_NAME else id_.replace("_", " "))


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

last = quality.loads(warehouse)
if not last.empty:
    row = last.iloc[0]
    states.figures(
        [
            states.Figure("Lignes lues", french.number(row["read"]), "Lignes du dernier fichier chargé."),
            states.Figure("Avis chargés", french.number(row["loaded"]), "Lignes gardées : lues moins refusées."),
            states.Figure(
                "Changements",
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
            "Télécharger et charger les données du jour",
            icon=":material/cloud_download:",
            key="start_download",
            disabled=running,
            help="Prend les données ouvertes du jour, les charge et refait l'analyse. Le service continue pendant ce temps.",
        ):
            jobs.start(settings.home, "download", jobs.download_steps(settings.home))
            st.rerun()
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

    waiting = withdrawals.pending(settings.home)
    if waiting is not None and waiting.held:
        st.warning(
            f"Le dernier fichier ne contient plus {french.count(len(waiting.reviews), 'avis', 'avis')} du précédent : il est "
            "peut-être incomplet. Rien n'a été effacé. Revenez à l'instantané précédent, ou confirmez leur retrait : ils "
            "seront alors effacés partout, y compris des projets de réponse, et cela ne se défait pas.",
            icon=":material/warning:",
        )
        sure = st.checkbox("Ces avis ont bien été retirés du portail", key="withdrawals_sure")
        if st.button("Effacer ces avis partout", icon=":material/delete:", key="erase", disabled=not sure):
            with states.guarded("Effacement"):
                withdrawals.erase(settings.home, confirmed=True)
                st.rerun()

st.header("Instantanés gardés", anchor=False)
kept = snapshots.kept(settings.home)
st.dataframe(
    pd.DataFrame(
        {
            "service": [s.id == snapshot.id for s in kept],
            "created": [french.moment(datetime.fromisoformat(s.created_at)) + " UTC" for s in kept],
            "last": [french.day(datetime.fromisoformat(s.last_publication)) for s in kept],
            "reviews": [french.number(s.reviews) for s in kept],
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


def serve(chosen: snapshots.Snapshot) -> None:
    """Put a kept snapshot in service and draw the page again on it."""
    with states.guarded("Retour en arrière"):
        snapshots.serve(settings.home, chosen)
        st.rerun()


if (
    manager and len(kept) > 1
):  # the keys tell the snapshot on screen: the second click of a double click is on no button
    others = {s.id: s for s in kept if s.id != snapshot.id}
    before = next((s for s in kept if s.id < snapshot.id), None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if before is not None and st.button(
            "Revenir à l'instantané précédent",
            icon=":material/undo:",
            key=f"previous_{snapshot.id}",
            help=f"Celui du {french.moment(datetime.fromisoformat(before.created_at))} UTC. Réversible.",
        ):
            serve(before)
        chosen = st.selectbox(
            "Choisir un autre instantané",
            list(others),
            format_func=lambda i: french.moment(datetime.fromisoformat(others[i].created_at)) + " UTC",
            key="previous_snapshot",
        )
        if st.button(
            "Mettre en service",
            icon=":material/published_with_changes:",
            key=f"serve_{snapshot.id}",
            help="Réversible : l'instantané actuel est gardé.",
        ):
            serve(others[chosen])

volumes = quality.years(warehouse)
charts.show(
    charts.bars([str(year) for year in volumes["year"]], volumes["n"].tolist()),
    title="Avis publiés par année",
    alt="Avis publiés par année : "
    + ", ".join(f"{y} {french.number(n)}" for y, n in zip(volumes["year"], volumes["n"], strict=True)),
    frame=volumes.assign(year=volumes["year"].astype(str)),
    labels={"year": "Année", "n": "Avis", "answered_share": "Part avec une première réponse"},
    name="volumes",
    help="La dernière année n'est pas finie ; la part avec une réponse y monte encore.",
)

st.header("Remplissage des champs au fil des ans", anchor=False)
full = quality.completeness(warehouse)
if full.empty:
    states.empty("Le remplissage n'est pas encore calculé.", "Lancez « Actualiser l'analyse ».")
else:
    groups = list(dict.fromkeys(field.group for field in BY_NAME.values()))
    group = st.selectbox("Groupe de champs", groups, key="group", bind="query-params") or groups[0]
    shown = full[[BY_NAME[name].group == group for name in full["field"]]]
    years = [column for column in shown.columns if column != "field"]
    tables.table(
        shown.assign(field=[BY_NAME[name].label for name in shown["field"]], **{y: shown[y] * 100 for y in years}),
        {"field": "Champ"} | {y: st.column_config.NumberColumn(y, format="%.0f %%") for y in years},
        name="remplissage",
        alt=f"Part des avis qui remplissent chaque champ, par année : {group}",
    )
    links.to("champs", "Regarder un champ de près")

problems = quality.problems(warehouse)
st.header("Contrôles du dernier chargement", anchor=False)
results = quality.checks(problems)
held = sum(not check.broken for check in results)
st.write(f"{french.number(held)} contrôles respectés sur {french.number(len(results))}. Rien n'est corrigé en silence.")
tables.table(
    pd.DataFrame(
        {
            "name": [check.name for check in results],
            "result": [
                f"✗ {french.count(check.broken, 'cas', 'cas')}" if check.broken else "✓ respecté" for check in results
            ],
        }
    ),
    {"name": "Contrôle", "result": "Résultat"},
    name="controles",
    alt="Résultat de chaque contrôle",
)

st.header("Défauts constatés au dernier chargement", anchor=False)
if problems.empty:
    st.success("Aucun défaut constaté.", icon=":material/check_circle:")
else:
    repaired = int(problems.loc[problems["kind"].isin(quality.REPAIRS), "count"].sum())
    st.write(
        f"{french.count(repaired, 'valeur réparée', 'valeurs réparées')}, dont voici le détail avec les autres constats."
    )
    tables.table(
        problems.assign(
            kind=[_KINDS.get(kind, kind) for kind in problems["kind"]],
            column_name=[_column(name) for name in problems["column_name"]],
        ),
        {"column_name": "Colonne", "kind": "Constat", "count": "Lignes", "examples": "Exemples"},
        name="defauts",
        alt="Défauts constatés",
    )
refused = quality.refused(warehouse)
if not refused.empty:
    st.header("Lignes refusées", anchor=False)
    tables.table(refused, {"file": "Fichier", "line": "Ligne", "reason": "Motif"}, name="refus", alt="Lignes refusées")

st.header("Données personnelles et retraits", anchor=False)
gone = quality.withdrawn(warehouse)
st.write(
    "Les pseudonymes sont gardés mais jamais montrés. Ce que des motifs trouvent dans les textes est masqué à l'écran, dans "
    "les exports et avant tout modèle. Un nom écrit seul, sans « M. » ni « Mme », n'est pas repéré : relisez avant de citer."
)
st.write(
    f"{french.count(gone, 'avis retiré du portail et effacé', 'avis retirés du portail et effacés')} partout ici, depuis le "
    "premier chargement."
    if gone
    else "Aucun avis n'a été retiré du portail depuis le premier chargement."
)
kinds = quality.personal(warehouse)
if not kinds.empty:
    tables.table(
        kinds.assign(kind=[LABELS.get(kind, kind).strip("[]") for kind in kinds["kind"]]),
        {"kind": "Nature", "reviews": "Avis où il y en a"},
        name="donnees_personnelles",
        alt="Avis où une donnée personnelle a été trouvée, par nature",
    )

st.header("Historique", anchor=False)
with st.expander("Chargements", icon=":material/history:"):
    tables.table(
        last,
        {
            "ran_at": st.column_config.DatetimeColumn("Quand (UTC)", format="DD/MM/YYYY HH:mm"),
            "files": "Fichiers",
            "read": "Lues",
            "loaded": "Chargées",
            "inserted": "Nouveaux",
            "updated": "Modifiés",
            "withdrawn": "Retirés",
            "rejected": "Refusées",
            "duration_s": st.column_config.NumberColumn("Durée (s)", format="%.1f"),
        },
        name="chargements",
        alt="Derniers chargements",
    )
with st.expander("Analyses", icon=":material/history:"):
    done = quality.refreshes(warehouse)
    if done.empty:
        st.text("Aucune analyse encore.")
    else:
        tables.table(
            done,
            {
                "ran_at": st.column_config.DatetimeColumn("Quand (UTC)", format="DD/MM/YYYY HH:mm"),
                "duration_s": st.column_config.NumberColumn("Durée (s)", format="%.0f"),
                "topics": "Irritants",
                "assigned": "Avis rattachés",
                "rejected": "Sans irritant",
                "signals": "Signaux",
            },
            name="analyses",
            alt="Dernières analyses",
        )
links.to("provenance", "D'où vient un chiffre ?")
