"""The reference of irritants: what people change in it, and what each new fit changed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import streamlit as st

from analytics import irritants
from data import jobs
from data.errors import VigieError
from data.operations import curation
from data.operations.curation import Edit
from pages.components import french, identity, links, refused, states, store, tables
from pages.components.navigation import Role

_KINDS = {"label": "Renommer", "merge": "Réunir", "split": "Séparer", "hide": "Masquer"}
_CHANGES = {
    "new": "Nouveau",
    "merged": "Réuni à un autre",
    "split": "Séparé d'un autre",
    "retired": "N'est plus trouvé",
}
EDITORS = frozenset({Role.ANALYST, Role.ADMIN})

who = identity.guard("referentiel")
links.back("irritants", "Tous les irritants")
st.title("Référentiel des irritants", anchor=False)
warehouse, settings = store.warehouse(), store.config()
if not warehouse.has("topic_notes"):
    states.empty("Les irritants ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    st.stop()
refused.notice()
operations = store.operations()
listed = warehouse.rows("SELECT id, label, size FROM topics WHERE level = 'irritant' ORDER BY size DESC, id")
titles = {int(i): str(label) for i, label in warehouse.rows("SELECT id, label FROM topics WHERE level <> 'subject'")}
found = {int(i): str(label) for i, label in warehouse.rows("SELECT id, label FROM model_topics")}  # before any edit
parents = {int(i): int(p) for i, p in warehouse.rows("SELECT id, parent_id FROM topics WHERE level = 'subject'")}
edits = curation.in_force(operations)


def _key() -> str:
    """Idempotency key of the form on screen: renewed once it has been used."""
    return str(st.session_state.setdefault("_edit_key", uuid4().hex))


def _done(write: Callable[[], object]) -> None:
    """Write an edit, then apply it to the data in service in the background."""
    try:
        write()
        step = jobs.Step("Modifications des irritants", ("refresh", "--edits", "--home", str(settings.home)))
        job = jobs.start(settings.home, "edits", [step])
    except VigieError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state["_edit_key"] = uuid4().hex
    st.session_state["_edit_said"] = (
        "Modification enregistrée. Elle paraîtra sur toutes les pages dans quelques secondes."
        if job.name == "edits"
        else "Modification enregistrée. Elle sera appliquée à la fin du traitement en cours, ou avec « Appliquer »."
    )
    st.rerun()


def _said(edit: Edit) -> str:
    name = titles.get(edit.irritant, f"irritant {edit.irritant}")
    if edit.kind == "label":
        return f"« {found.get(edit.irritant, name)} » : titre « {edit.label} »"
    if edit.kind == "merge":
        return f"« {name} » réuni à « {titles.get(edit.target or -1, str(edit.target))} »"
    if edit.kind == "split":
        return f"« {edit.label} » séparé de « {name} » ({french.count(len(edit.subjects), 'sujet')})"
    return f"« {name} » masqué"


st.write(
    f"{french.count(len(listed), 'irritant')} dans la liste, {french.count(len(edits), 'modification')} en vigueur. "
    "Une modification survit à chaque nouveau calcul, jusqu'à son annulation."
)
if told := st.session_state.pop("_edit_said", None):
    st.success(told, icon=":material/check_circle:")
job = jobs.last(settings.home)
if job is not None and job.name == "edits" and job.state == "failed":
    st.error(f"Les modifications n'ont pas pu être appliquées : {job.error}", icon=":material/error:")

if who.role in EDITORS and listed:
    st.header("Modifier", anchor=False)
    options = {int(i): f"{label} ({french.number(n)} avis)" for i, label, n in listed}
    given = links.number(st.query_params.get("irritant", ""))
    known = list(options)
    start = known.index(given) if given in options else 0
    irritant = int(
        st.selectbox("Irritant", known, index=start, format_func=options.__getitem__, key="ref_irritant", width=560)
    )
    kind = st.segmented_control(
        "Modification", list(_KINDS), default="label", format_func=_KINDS.__getitem__, key="ref_kind", required=True
    )
    with st.form("edit", border=True):
        label, into, chosen = "", 0, []
        if kind == "label":
            label = st.text_input(
                "Nouveau titre", titles[irritant], max_chars=curation.LONGEST_LABEL, key=f"ref_label_{irritant}"
            )
            st.caption("Le titre est gardé à chaque nouveau calcul.")
        elif kind == "merge":
            others = [i for i in known if i != irritant]
            into = int(st.selectbox("Réunir à", others, format_func=options.__getitem__, key="ref_into") or 0)
            st.caption("Ses avis rejoignent l'autre irritant ; l'adresse de celui-ci y mènera.")
        elif kind == "split":
            subjects = warehouse.rows(
                "SELECT id, label, size FROM topics WHERE level = 'subject' AND parent_id = $irritant ORDER BY size DESC",
                {"irritant": irritant},
            )
            names = {int(i): f"{name} ({french.number(n)} avis)" for i, name, n in subjects}
            chosen = st.multiselect(
                "Sujets fins à détacher",
                list(names),
                format_func=names.__getitem__,
                placeholder="Choisissez",
                key="ref_subjects",
            )
            label = st.text_input("Titre du nouvel irritant", max_chars=curation.LONGEST_LABEL, key="ref_new_label")
        else:
            st.caption("L'irritant quitte les listes et les classements ; ses avis restent à la Recherche.")
        reason = st.text_input("Pourquoi ?", key="ref_reason", placeholder="Gardé au journal avec votre nom")
        if st.form_submit_button(_KINDS[kind or "label"], icon=":material/check:", type="primary"):
            by = {"made_by": who.id, "reason": reason}
            writes: dict[str, Callable[[], object]] = {
                "label": lambda: curation.relabel(operations, _key(), irritant, label, **by),
                "merge": lambda: curation.merge(operations, _key(), irritant, into, **by),
                "split": lambda: curation.split(operations, _key(), irritant, [int(s) for s in chosen], label, **by),
                "hide": lambda: curation.hide(operations, _key(), irritant, **by),
            }
            _done(writes[kind or "label"])
elif listed:
    st.caption("Les analystes et l'administration peuvent modifier le référentiel.")

st.header("Modifications en vigueur", anchor=False)
if not edits:
    st.write("Aucune : la liste est celle du calcul.")
for edit in reversed(edits):
    with st.container(border=True, key=f"edit_{edit.id}"):
        st.text(_said(edit))
        st.caption(f"{identity.name_of(edit.made_by)}, {french.clock(edit.made_at)} : {states.plain(edit.reason)}")
        absent = edit.irritant not in titles and edit.irritant not in parents
        if absent:
            st.caption("Son irritant n'est plus dans les données : elle s'appliquera s'il revient.")
        if who.role in EDITORS and st.button(
            "Annuler cette modification", key=f"undo_{edit.id}", icon=":material/undo:"
        ):
            _done(lambda edit=edit: curation.undo(operations, f"undo-{edit.id}", edit.id, undone_by=who.id))  # type: ignore[misc]
if (
    edits
    and who.role in EDITORS
    and st.button("Appliquer", icon=":material/sync:", help="Refait les listes avec toutes les modifications.")
):
    _done(lambda: None)

st.header(
    "Ce que les nouveaux calculs ont changé",
    anchor=False,
    help="Chaque jour, les avis sont seulement rattachés aux irritants connus. Un nouveau calcul n'a lieu que sur demande, "
    "ou quand les données ont doublé ; les identifiants sont alors repris de l'ancien.",
)
changes = irritants.changes(warehouse)
if changes.empty:
    st.write("Aucun changement : le référentiel est celui du premier calcul.")
else:
    tables.table(
        changes.assign(kind=[_CHANGES.get(k, k) for k in changes["kind"]]),
        {"fitted_at": "Calcul du", "kind": "Changement", "label": "Irritant", "other_label": "L'autre", "n": "Avis"},
        name="changements-referentiel",
        alt="Ce que chaque nouveau calcul a changé dans la liste des irritants",
    )
