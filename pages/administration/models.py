"""Which model drafts, whether its worker lives, how to add one, and how long the last drafts took."""

from __future__ import annotations

import statistics

import pandas as pd
import streamlit as st

from data.operations import drafts, stored, workers
from data.operations.tables import now
from pages.components import french, identity, states, store, tables

_LAST = 50


def spoken(model: str) -> str:
    """A model's setting in words: the embedded drafter, a file of weights, or a server."""
    if model in ("", "extractive"):
        return "rédacteur embarqué (sans modèle de langage)"
    if model.startswith(("http://", "https://")):
        return f"serveur {model}"
    return f"fichier {model}"


def seconds(value: float | None) -> str:
    """A duration in seconds, with hundredths under ten seconds."""
    return "–" if value is None else french.number(value, 2 if value < 10 else 0)


who = identity.guard("modeles")
settings = store.config()
engine = store.operations()
alive = workers.alive(engine)
last = workers.last(engine)
made = stored.recent(engine, _LAST)

st.title("Modèles", anchor=False)
state = (
    f"{french.count(len(alive), 'rédacteur en marche', 'rédacteurs en marche')}"
    if alive
    else "aucun rédacteur en marche : les propositions sont assemblées par l'application, sans modèle"
)
st.write(states.plain(f"Modèle demandé : {spoken(settings.model)} ; {state}."))

timed = [draft.total_s for draft in made if draft.total_s is not None]
begun = [draft.first_s for draft in made if draft.first_s is not None]
states.figures(
    [
        states.Figure(
            "Proposition",
            f"{seconds(statistics.median(timed))} s" if timed else "–",
            f"Médiane des {_LAST} dernières propositions, de la demande au modèle jusqu'à la fin des contrôles.",
        ),
        states.Figure(
            "Premiers mots",
            f"{seconds(statistics.median(begun))} s" if begun else "–",
            f"Médiane des {_LAST} dernières propositions.",
        ),
        states.Figure(
            "En attente",
            french.number(drafts.waiting(engine)),
            "Propositions demandées qu'aucun rédacteur n'a encore prises.",
        ),
    ]
)

st.header("Rédacteurs", anchor=False)
shown = alive or ([last] if last is not None else [])
if shown:
    rows = [
        {
            "state": "en marche" if worker in alive else "arrêté",
            "model": worker.model,
            "since": french.clock(worker.started_at),
            "seen": french.duration((now() - worker.beat_at).total_seconds()),
            "notice": worker.notice or "–",
            "id": worker.id,
        }
        for worker in shown
    ]
    labels = {
        "state": "État",
        "model": "Modèle servi",
        "since": "Démarré le",
        "seen": "Dernier signe de vie il y a",
        "notice": "Remarque",
        "id": "Rédacteur",
    }
    tables.table(pd.DataFrame(rows), labels, name="redacteurs", alt=f"État des rédacteurs : {state}")
else:
    states.empty("Aucun rédacteur n'a encore tourné ici.", "Démarrez-en un avec la commande ci-dessous.")

st.header("Ajouter un modèle", anchor=False)
st.write("Un modèle de langage tourne sur cette machine, hors de l'application. Trois commandes, une seule fois :")
st.code(
    "make model GGUF=chemin-ou-adresse.gguf SHA256=somme-de-contrôle\n"
    "export VIGIE_MODEL=var/models/le-fichier.gguf\n"
    "python -m generation worker",
    language=None,  # highlighted words would be too pale to read
)
st.caption(
    "VIGIE_MODEL accepte aussi l'adresse d'un serveur compatible OpenAI. « make run » démarre l'application et un "
    "rédacteur. Sans modèle, les propositions sont assemblées à partir des réponses passées et des fiches."
)

st.header("Dernières propositions", anchor=False)
if made:
    latest = [
        {
            "at": french.clock(draft.created_at),
            "review": str(draft.review_id),
            "model": draft.model,
            "version": draft.prompt_version,
            "first": seconds(draft.first_s),
            "total": seconds(draft.total_s),
            "findings": len(draft.record["findings"]),
            "by": identity.name_of(draft.requested_by),
        }
        for draft in made[:12]
    ]
    labels = {
        "at": "Faite le",
        "review": "Avis",
        "model": "Modèle",
        "version": "Consignes",
        "first": "Premiers mots (s)",
        "total": "Total (s)",
        "findings": "Points signalés",
        "by": "Demandée par",
    }
    tables.table(pd.DataFrame(latest), labels, name="dernieres-propositions", alt="Les douze dernières propositions")
else:
    states.empty("Aucune proposition n'a encore été faite.", "Ouvrez un avis depuis la file d'attente.")
