"""One signal: observed against expected, where, who must be told, and the reviews themselves."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from analytics import reviews
from analytics.signals import record
from pages.components import (
    charts,
    french,
    identity,
    links,
    palette,
    signal_words,
    states,
    store,
    tables,
    tilemap,
    triage,
    verbatims,
)
from pages.components.charts import Line

identity.guard("signal")
warehouse = store.warehouse()
signal = record.one(warehouse, st.query_params.get("id", ""))
links.back("signaux-faibles", "Tous les signaux")
if signal is None:
    st.title("Un signal", anchor=False)
    if store.known_on():
        states.empty(
            "Ce signal n'avait pas encore été dit ce jour-là.", "Voyez la liste de ce jour, ou revenez à aujourd'hui."
        )
    else:
        states.empty(
            "Ce signal n'est pas dans les données en service.", "Il a pu s'éteindre depuis. Voyez la liste du jour."
        )
    st.stop()

st.title(states.plain(signal.label), anchor=False)
st.text(signal_words.sentence(warehouse, signal))
states.figures(
    [
        states.Figure(
            "Avis observés",
            french.number(signal.observed),
            "Avis distincts ; les textes presque identiques comptent une fois.",
        ),
        states.Figure(
            "Attendus",
            signal_words.expected(signal),
            "Ce que le passé de ce sujet, ici et ailleurs, laissait attendre.",
        ),
        states.Figure(
            "Au moins",
            f"× {signal_words.at_least(signal)}",
            "Borne basse du rapport observé / attendu (19 fois sur 20, le vrai rapport est au-dessus).",
        ),
        states.Figure(
            "Risque d'erreur",
            f"< {french.percent(0.001, decimals=1)}" if signal.q < 0.001 else french.percent(signal.q, decimals=1),
            f"Taux de fausses découvertes (q), {french.number(signal.tests)} tests la même semaine ; "
            f"p = {f'{signal.p:.2g}'.replace('.', ',')}.",
        ),
    ]
)

if second := signal_words.second(signal):
    st.caption(second)

triage.panel(warehouse, signal, triage.decisions([signal.id]).get(signal.id))

curve = record.evolution(warehouse, signal)
charts.show(
    charts.lines(
        curve,
        "week",
        [
            Line("expected", "Attendu", palette.muted(), "dash"),
            Line("observed", "Observé", palette.category(0)),
        ],
        band=("low", "high"),
        unit=" avis",
        decimals=1,
    ),
    title="Observé contre attendu, semaine par semaine",
    alt=f"{french.number(signal.observed)} avis observés là où {french.number(signal.expected, 1)} étaient attendus.",
    frame=curve,
    labels={"week": "Semaine du", "observed": "Observés", "expected": "Attendus", "low": "Bas", "high": "Haut"},
    name="signal-semaines",
    help="Avis proches de ceux du signal, là où il tient, semaine par semaine ; la bande contient ce que le hasard seul "
    "donnerait neuf semaines sur dix."
    if signal.detector == "novelty"
    else "La bande contient ce que le hasard seul donnerait neuf semaines sur dix.",
)

who, words = st.columns(2)
with who.container(border=True, height="stretch"):
    st.header("À qui l'envoyer", anchor=False)
    if signal.owner:
        st.text(signal.owner.name)
        st.text(signal.owner.mailbox)
        st.caption("La structure active dont l'excès est le plus grand, d'après le référentiel.")
    else:
        st.text("Aucune structure active avec une boîte à lettres n'est identifiée.")
with words.container(border=True, height="stretch"):
    st.header("Les mots", anchor=False)
    st.text(", ".join(signal.terms) or "–")
    if signal.topic is not None and signal.topic >= 0:
        links.to("irritant", "Voir l'irritant", id=str(signal.topic))

found = reviews.by_ids(warehouse, list(signal.review_ids))
if signal.scope.department is None and any(review.department for review in found):
    places = Counter(review.department for review in found if review.department)
    tilemap.show(places, title="D'où viennent ces avis", name="signal-departements", total=len(found))

st.header("Quelles institutions", anchor=False)
tables.table(
    record.institutions(warehouse, signal),
    {
        "structure": "Structure",
        "typology": "Institution",
        "reviews": "Avis du signal",
        "usual": "D'habitude",
        "excess": "Excès",
    },
    name="signal-institutions",
    alt="Structures du signal, de l'excès le plus grand au plus petit",
)

before = record.alike(warehouse, signal)
st.header("Signaux semblables", anchor=False)
if before:
    then = triage.decisions([s.id for s in before])
    for other in before:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(
                f"{signal_words.subject(warehouse, other)} · semaine du {french.day(other.last_week)} · "
                f"{triage.state(then.get(other.id))}"
            )
            links.to("signal", "Ouvrir", id=other.id)
else:
    st.caption("Aucun signal plus ancien ne porte sur ce sujet ni n'emploie ces mots.")

st.header("Comment ce signal a été trouvé", anchor=False)
st.text(signal_words.method(signal))

st.header("Les avis du signal", anchor=False)
verbatims.cards(found, key="signal", irritant=False)
