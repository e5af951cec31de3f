"""How replies are made, for anyone who asks: by whom, with which model, from which data, and what is never done."""

from __future__ import annotations

from datetime import date

import streamlit as st

from data.operations import rules, workers
from pages.components import french, identity, states, store

identity.guard("transparence")
snapshot = store.snapshot()
alive = workers.alive(store.operations())
model = alive[0].model if alive else "extractive"

st.title("Transparence", anchor=False)
st.write(
    "Chaque réponse est lue, corrigée et envoyée par un agent. Une intelligence artificielle peut lui en proposer une "
    "première version ; elle ne publie rien elle-même."
)
st.header("Comment une réponse est préparée", anchor=False)
st.markdown(
    "1. Les coordonnées repérées dans l'avis (téléphone, adresse électronique, numéros) sont masquées.\n"
    "2. Le système cherche des réponses déjà publiées à des avis semblables et des fiches de service-public.fr.\n"
    "3. Une proposition est écrite à partir de ces sources ; chaque lien vient d'une source, aucun n'est inventé.\n"
    "4. Des contrôles signalent ce qui n'est dans aucune source. L'agent corrige, récrit, ou écrit sans aide.\n"
    "5. L'agent envoie, en son nom de service. Le texte exact lui est montré une dernière fois."
)
st.header("Avec quel modèle", anchor=False)
if model.startswith("extractive"):
    st.write(
        "En ce moment, aucun modèle de langage ne sert : les propositions sont assemblées à partir de passages de réponses "
        "et de fiches existantes."
    )
else:
    st.markdown(
        f"En ce moment : **{states.plain(model)}**, exécuté sur les machines de l'administration. Ni les avis ni les "
        "réponses n'en sortent."
    )
st.header("Avec quelles données", anchor=False)
st.markdown(
    f"Les avis et réponses publiés en données ouvertes (Licence Ouverte 2.0), jusqu'au "
    f"{french.day(date.fromisoformat(snapshot.last_publication))}, et les fiches « Vos droits et démarches » de la DILA. "
    "Aucune donnée de dossier personnel n'est utilisée."
)
st.header("Ce qui ne passe jamais par l'IA", anchor=False)
st.write(
    "Un avis où quelqu'un semble en détresse ou en danger, et tout avis qu'un agent choisit de confier à une personne : "
    "l'assistance est alors désactivée pour cet avis, définitivement."
)
st.header("La mention sous les réponses", anchor=False)
st.write("Sauf choix contraire d'une structure, une réponse née d'une proposition porte cette phrase :")
st.text(f"« {rules.MENTION} »")
without = [chosen for chosen in rules.chosen(store.operations()).values() if not chosen.mention]
st.caption(
    "Aucune structure n'a retiré cette mention."
    if not without
    else f"{french.count(len(without), 'structure a', 'structures ont')} choisi de ne pas la publier."
)
st.header("Ce qui est gardé", anchor=False)
st.write(
    "Chaque proposition est gardée avec ses sources, son modèle et ses contrôles, pour pouvoir dire d'où vient une phrase. "
    f"Le temps que chaque agent y passe est effacé après {store.config().personal_days} jours."
)
