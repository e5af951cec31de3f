"""Which model, prompt and index draft, whether the worker lives, what tests and measures say, how to add a model."""

from __future__ import annotations

import statistics

import pandas as pd
import streamlit as st

from data.errors import VigieError
from data.operations import drafts, reports, stored, workers
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


MEASURES = {
    "fiche_recall_at_5": "Bonne fiche parmi cinq",
    "reply_recall_at_5": "Bonne réponse passée parmi cinq",
    "routing_accuracy": "Bonne institution",
    "without_severe_finding": "Sans point grave",
    "coverage_of_reply": "Points de la réponse utile repris",
}


def share(value: float | None) -> str:
    """A share, or a dash when no case could show it."""
    return "–" if value is None else french.percent(value)


def serving() -> None:
    """Prompt, index and router behind the proposals."""
    from generation.retrieval import Index
    from generation.routing import Router

    prompts()
    try:
        index, router = Index(store.warehouse().artifacts), Router(store.warehouse().artifacts)
    except VigieError:
        st.write("Les réponses et les fiches ne sont pas encore indexées : lancez « .venv/bin/python -m refresh ».")
        return
    st.write(
        states.plain(
            f"Index {index.version} : {french.count(index.manifest['replies'], 'réponse')} et "
            f"{french.count(index.manifest['sections'], 'passage')} de fiches officielles."
        )
    )
    measured = router.measures
    if "accuracy_covered" in measured:
        st.write(
            f"Orientation : apprise sur {french.count(int(measured['reviews']), 'avis', 'avis')}. Sur des avis gardés à part, elle "
            f"répond pour {share(measured['coverage'])} d'entre eux : l'institution déclarée est alors celle qu'elle propose, ou "
            f"une voisine chargée de la même matière, {share(measured['accuracy_covered'])} du temps. Sinon, elle laisse l'agent "
            "choisir."
        )


def prompts() -> None:
    """The version of the prompt in service, the others, and those that can't be used."""
    from generation import templates

    try:
        serving = templates.named(settings.prompt, settings.home).version
        st.write(states.plain(f"Consignes de rédaction : version {serving}."))
    except VigieError as error:
        serving = ""
        st.error(states.plain(f"Consignes de rédaction : {error}."), icon=":material/error:")
    for one in templates.every(settings.home):
        if one.version != serving:
            st.caption(states.plain(f"Autre version : {one.version}. {one.purpose}"))
    for name, fault in templates.refused(settings.home).items():
        st.caption(states.plain(f"Consigne {name} non utilisée : {fault}."))


def self_tests() -> None:
    """The last self-tests of each model under each prompt: what each proves and what was seen."""
    found = reports.newest(engine, reports.SELF_TEST)
    if not found:
        states.empty(
            "Aucune vérification n'a encore été faite.",
            "Le rédacteur les fait à son premier démarrage ; ou lancez « .venv/bin/python -m generation selftest ».",
        )
        return
    rows = [
        {"model": report.model, "prompt": report.prompt_version, "test": test["name"], "held": "oui" if test["held"] else "NON", "seen": test["seen"],
         "at": french.clock(report.made_at)}
        for report in found for test in report.body["tests"]
    ]  # fmt: skip
    labels = {
        "model": "Modèle",
        "prompt": "Consigne",
        "test": "Vérification",
        "held": "Tenue",
        "seen": "Constat",
        "at": "Faite le",
    }
    failed = sum(row["held"] == "NON" for row in rows)
    alt = f"{french.count(failed, 'vérification non tenue', 'vérifications non tenues')}"
    tables.table(pd.DataFrame(rows), labels, name="verifications", alt=alt)


def measures() -> None:
    """The last measures of each model under each prompt on held cases, side by side."""
    found = reports.newest(engine, reports.MEASURES)
    if not found:
        states.empty(
            "Aucune mesure n'a encore été faite.",
            "« .venv/bin/python -m generation export --format cases --out cas.jsonl » puis « .venv/bin/python -m generation evaluate cas.jsonl » "
            "mesurent le modèle en service sur des réponses jugées utiles.",
        )
        return
    rows = [
        {"model": report.model, "prompt": report.prompt_version, "cases": report.body["cases"], "at": french.clock(report.made_at),
         "p50": seconds(report.body.get("total_p50_s")),
         **{name: share(report.body.get(name)) for name in MEASURES}}
        for report in found
    ]  # fmt: skip
    labels = {
        "model": "Modèle",
        "prompt": "Consigne",
        "cases": "Cas",
        **MEASURES,
        "p50": "Durée médiane (s)",
        "at": "Mesuré le",
    }
    tables.table(
        pd.DataFrame(rows), labels, name="mesures-des-modeles", alt="Mesures de chaque modèle sur des cas gardés"
    )


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

st.header("Consignes, index et orientation", anchor=False)
serving()
st.header("Vérifications", anchor=False)
self_tests()
st.header("Mesures", anchor=False)
measures()

st.header("Ajouter un modèle", anchor=False)
st.write("Un modèle de langage tourne sur cette machine, hors de l'application. Trois commandes, une seule fois :")
st.code(
    "make model GGUF=chemin-ou-adresse.gguf SHA256=somme-de-contrôle\n"
    "export VIGIE_MODEL=var/models/le-fichier.gguf\n"
    ".venv/bin/python -m generation worker",
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
