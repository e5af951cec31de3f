"""The journal: who did what, when; filters, verification of the chain, export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from data.operations import journal
from data.operations.journal import Entry, Verification
from pages.components import french, identity, links, perimeter, states, store, tables

ACTIONS = {
    "desk.open": "Avis ouvert",
    "desk.leave": "Avis rendu à la file",
    "draft.request": "Proposition demandée",
    "draft.finish": "Proposition écrite",
    "draft.store": "Proposition assemblée",
    "draft.fail": "Proposition en échec",
    "draft.cancel": "Proposition annulée",
    "draft.feedback": "Avis sur une proposition",
    "review.claim": "Avis pris",
    "review.assign": "Avis confié à un agent",
    "review.release": "Avis rendu à tous",
    "rules.choose": "Réglages d'une structure",
    "return.attach": "Jugement du portail",
    "return.explain": "Jugement expliqué",
    "reply.reread": "Réponse relue",
    "reply.deliver": "Réponse transmise",
    "reply.retry": "Transmissions relancées",
    "timings.forget": "Temps personnels effacés",
    "reply.send": "Réponse envoyée",
    "escalation.open": "Avis confié à une personne",
    "escalation.close": "Avis confié traité",
    "signal.triage": "Signal trié",
    "signal.forward": "Signal transmis",
    "signal.subscribe": "Abonnement aux signaux",
    "signal.unsubscribe": "Abonnement arrêté",
    "signal.digest": "Lettre des signaux envoyée",
    "withdrawal.erase": "Avis retirés du portail, effacés ici",
    "model.report": "Vérification ou mesure d'un modèle",
    "adoption.declare": "Adoption de l'IA déclarée",
    "adoption.take_back": "Adoption de l'IA : déclaration retirée",
    "trial.start": "Essai commencé",
    "trial.end": "Essai terminé",
    "trial.assign": "Avis tiré au sort pour un essai",
    "irritant.label": "Irritant renommé",
    "irritant.merge": "Irritants réunis",
    "irritant.split": "Irritant séparé",
    "irritant.hide": "Irritant masqué",
    "irritant.undo": "Modification annulée",
    "action.add": "Action prévue",
    "action.move": "Action suivie",
    "watched.add": "Sujet suivi",
    "watched.change": "Sujet suivi changé",
    "watched.archive": "Sujet plus suivi",
    "view.save": "Vue enregistrée",
    "view.forget": "Vue supprimée",
}
DETAILS = {  # what the details of an entry are called; the others (ids) stay in the store
    "decided": "envoi",
    "similarity": "similarité",
    "characters": "caractères",
    "characters_changed": "caractères changés",
    "regenerations": "autres propositions",
    "overrides": "points écartés",
    "model": "modèle",
    "findings": "points signalés",
    "sources": "sources",
    "recipient": "à",
    "reason": "raison",
    "deadline": "échéance",
    "outcome": "suite",
    "error": "erreur",
    "good": "jugée bonne",
    "state": "état",
    "note": "note",
    "label": "titre",
    "title": "action",
    "owner": "par",
    "due_on": "pour le",
    "expressions": "mots",
    "name": "nom",
    "person": "à",
    "target_days": "objectif (jours)",
    "mention": "mention de l'IA",
    "author_verdict": "auteur",
    "useful_votes": "utile",
    "useless_votes": "pas utile",
    "cause": "explication",
    "withheld": "écartée des sources",
    "replies": "réponses",
    "reviews": "avis",
    "rows": "lignes effacées",
    "drafts": "propositions allégées",
}
VALUES = {
    "as_proposed": "telle quelle",
    "reworked": "retravaillée",
    "blank": "écrite sans proposition",
    "acknowledged": "pris en compte",
    "forwarded": "transmis",
    "answered": "répondu",
    "closed": "clos",
    "false_alarm": "fausse alerte",
    "planned": "prévue",
    "started": "engagée",
    "done": "réalisée",
    "dropped": "abandonnée",
    "True": "oui",
    "False": "non",
}
PERIODS = {"24 heures": 1, "7 jours": 7, "30 jours": 30, "Tout": 0}
_MOST = 500


def told(details: Mapping[str, Any]) -> str:
    """Details of an entry in words."""
    parts = []
    for name, label in DETAILS.items():
        value = details.get(name)
        if value is None or value in ("", []):
            continue
        if name == "overrides":
            value = " ; ".join(f"{o['message']} ({o['reason']})" for o in value)
        elif isinstance(value, list):
            value = len(value)
        elif name == "person":
            value = identity.name_of(str(value))
        elif name == "deadline":
            value = french.clock(datetime.fromisoformat(value))
        elif isinstance(value, float):
            value = french.number(value, 0 if value.is_integer() else 1)
        parts.append(f"{label} : {VALUES.get(str(value), value)}")
    return " · ".join(parts)


def lines(found: Sequence[Entry]) -> pd.DataFrame:
    """Entries as the table shows them."""
    return pd.DataFrame(
        [
            {
                "seq": entry.seq,
                "at": french.clock(entry.at),
                "who": identity.name_of(entry.actor),
                "action": ACTIONS.get(entry.action, entry.action),
                "review": "" if entry.review_id is None else str(entry.review_id),
                "details": told(entry.details),
                "hash": entry.hash[:12],
            }
            for entry in found
        ]
    )


def mine(found: Sequence[Entry]) -> list[Entry]:
    """Those that the person may read: what was done about reviews of their structures, all for who has no perimeter."""
    return perimeter.kept(who, found, lambda entry: entry.review_id)


def export(asked: Mapping[str, Any]) -> bytes:
    """Every entry of the filters, as stored: an auditor can recompute the chain from it."""
    found = mine(journal.entries(engine, **asked, limit=total))
    columns = ("seq", "at", "actor", "action", "kind", "object_id", "review_id", "details", "key", "hash")
    rows = [{name: getattr(entry, name) for name in columns} for entry in found]
    for row in rows:
        row["at"] = row["at"].isoformat(timespec="microseconds")
        row["details"] = json.dumps(row["details"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return tables.to_csv(pd.DataFrame(rows, columns=list(columns)))


@st.cache_data(max_entries=4, ttl=300, show_spinner="Vérification du journal…")
def verified(url: str, entries: int) -> Verification:
    """The verification of a journal of that many entries."""
    return journal.verify(store.operations())


who = identity.guard("journal")
engine = store.operations()
total = journal.count(engine)
chain = verified(store.config().operations, total)

st.title("Journal", anchor=False)
if chain.ok:
    st.write(f"{french.count(total, 'action enregistrée', 'actions enregistrées')} ; la chaîne est intacte.")
else:
    st.error(
        f"La chaîne est rompue à l'entrée {french.number(chain.broken_at)} : une entrée a été changée ou retirée après "
        "coup. Les entrées précédentes restent sûres ; prévenez le responsable de la sécurité.",
        icon=":material/gpp_bad:",
    )
with st.popover("Comment le journal est-il protégé ?", icon=":material/verified_user:", type="tertiary"):
    st.write(
        "Chaque entrée porte une empreinte calculée sur son contenu et sur l'empreinte de la précédente : changer, "
        "retirer ou ajouter une ligne après coup se voit. La base refuse toute modification. La même vérification se "
        "fait en ligne de commande : `.venv/bin/python -m data journal verify`."
    )
    if st.button("Vérifier de nouveau", icon=":material/refresh:"):
        verified.clear()
        st.rerun()

if total == 0:
    states.empty("Personne n'a encore rien fait ici.", "Ouvrez un avis depuis la file d'attente.")
    links.to("file-d-attente", "Aller à la file d'attente")
    st.stop()

people, actions = journal.choices(engine)
if who.structures:
    people = sorted({entry.actor for entry in mine(journal.entries(engine, limit=total))})
    st.caption(
        "Seules les actions sur les avis de vos structures sont montrées ; la vérification porte sur tout le journal."
    )
with st.container(horizontal=True, vertical_alignment="bottom"):
    period = st.segmented_control(
        "Période", list(PERIODS), default="30 jours", key="j_periode", bind="query-params", required=True
    )
    person = st.selectbox(
        "Personne",
        people,
        index=None,
        placeholder="Toutes",
        format_func=identity.name_of,
        key="j_personne",
        width=260,
    )
    action = st.selectbox(
        "Action",
        actions,
        index=None,
        placeholder="Toutes",
        format_func=lambda name: ACTIONS.get(name, name),
        key="j_action",
        width=260,
    )
    review = st.text_input("Numéro d'avis", key="j_avis", placeholder="Tous", width=160)
number = links.number(review.strip()) if review else None
if review and number is None:
    st.error("Ce n'est pas un numéro d'avis : il ne contient que des chiffres.")
    st.stop()
days = PERIODS[period or "30 jours"]
asked: dict[str, Any] = {
    "actor": person,
    "action": action,
    "review_id": number,
    "since": datetime.now(UTC) - timedelta(days=days) if days else None,
}
found = mine(journal.entries(engine, **asked, limit=total if who.structures else _MOST))[:_MOST]
if not found:
    states.empty("Aucune action ne correspond.", "Élargissez la période ou retirez un filtre.")
    st.stop()
if len(found) == _MOST:
    st.caption(f"Les {french.number(_MOST)} actions les plus récentes à l'écran ; le fichier complet les donne toutes.")
tables.table(
    lines(found),
    {
        "seq": "N°",
        "at": "Quand",
        "who": "Qui",
        "action": "Quoi",
        "review": "Avis",
        "details": "Détails",
        "hash": "Empreinte",
    },
    name="journal",
    alt=f"{french.count(len(found), 'action')} du journal, la plus récente d'abord",
)
st.download_button(
    "Tout exporter, empreintes entières (CSV)",
    data=partial(export, asked),
    file_name="journal-complet.csv",
    mime="text/csv",
    key="journal_complet",
    icon=":material/download:",
    on_click="ignore",
    type="tertiary",
    help="Toutes les actions de ces filtres, avec ce qu'il faut pour recalculer la chaîne.",
)
