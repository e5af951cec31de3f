"""Weak signals: each Monday, what is starting to go wrong, where, how sure we are, and who must be told."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import streamlit as st

from analytics import digest, past
from analytics.signals import record
from analytics.signals.record import Signal
from data.operations import triage as decided
from data.operations.triage import Decision
from pages.components import filters, french, identity, links, signal_words, states, store, subscribing, tables, triage

_STRENGTHS = {"Tous": None, "Faibles": ("weak",), "Forts": ("strong",)}
_SENSITIVITIES = {"Basse": 0.01, "Normale": 0.05, "Haute": 0.10}
_VIEWS = ("Signaux", "À surveiller", "Historique", "Abonnements")
_CARDS = 20
_SECOND: dict[bool | None, str] = {True: "Alerte aussi", False: "N'alerte pas"}  # by what the second reading says

identity.guard("signaux-faibles")
st.title("Signaux faibles", anchor=False)
headline = st.empty()
warehouse = store.warehouse()
today = date.fromisoformat(store.snapshot().last_publication)
if not warehouse.has("signals"):
    states.empty("Les signaux ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    links.to("donnees", "Aller aux données")
    st.stop()

past_day = store.known_on()
views = _VIEWS[:-1] if past_day else _VIEWS  # subscriptions are of today
view = st.segmented_control("Vue", views, default=views[0], key="vue", bind="query-params", required=True)
if view == "Abonnements":
    headline.write("Soyez prévenu de ce qui vous concerne, sans ouvrir cette page.")
    subscribing.panel()
    st.stop()

if past_day:
    first = past.told_from(warehouse)
    st.caption(
        f"Signaux, figures et suivi tels qu'ils avaient été dits le {french.day(past_day)}."
        if first and first <= past_day
        else "Ce jour-là, l'analyse n'avait pas commencé : ces signaux sont ceux que la première a trouvés en jugeant chaque "
        "semaine passée avec les seuls avis publiés alors."
    )
asked = filters.bar(sentiments=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    strength = st.segmented_control(
        "Force", list(_STRENGTHS), default="Tous", key="force", bind="query-params", required=True,
        help="Faible : significatif, et plus petit que le sujet médian. Fort : significatif, et plus grand.",
    )  # fmt: skip
    sensitivity = st.segmented_control(
        "Sensibilité", list(_SENSITIVITIES), default="Normale", key="sensibilite", bind="query-params", required=True,
        help="Basse : environ 1 fausse alerte sur 100 signaux montrés. Normale : 5 sur 100, ajustée entre 1 et 10 selon "
        "vos fausses alertes. Haute : 10 sur 100.",
    )  # fmt: skip
lessons = decided.lessons(store.operations(), before=store.end_of_day())


def allowed(signal: Signal) -> float:
    """False-discovery rate accepted for a signal: the sensitivity chosen, what triage taught when it is the normal one."""
    rate = _SENSITIVITIES[sensitivity or "Normale"]
    return digest.rate(lessons, signal.detector) if sensitivity == "Normale" else rate


every = record.published(warehouse, asked, strengths=_STRENGTHS[strength or "Tous"])
found = [s for s in every if s.q <= allowed(s)]
decisions = triage.decisions()
silent = triage.silenced(found, decisions)


def listing(signals: list[Signal]) -> pd.DataFrame:
    """The signals as rows of a table."""
    return pd.DataFrame(
        {
            "week": [s.last_week for s in signals],
            "label": [s.label for s in signals],
            "where": [signal_words.place(warehouse, s) for s in signals],
            "detector": [signal_words.DETECTORS[s.detector] for s in signals],
            "observed": [s.observed for s in signals],
            "expected": [round(s.expected, 2) for s in signals],
            "ratio_low": [round(s.ratio_low, 1) for s in signals],
            "q": [round(s.q, 4) for s in signals],
            "second": [_SECOND.get(s.second.alarm) if s.second else None for s in signals],
            "state": [triage.state(decisions.get(s.id)) for s in signals],
            "owner": [s.owner.name if s.owner else None for s in signals],
        }
    )


_COLUMNS = {
    "week": st.column_config.DateColumn("Semaine du", format="DD/MM/YYYY"),
    "label": "Sujet",
    "where": "Où",
    "detector": "Comment",
    "observed": "Observés",
    "expected": st.column_config.NumberColumn("Attendus", format="localized"),
    "ratio_low": st.column_config.NumberColumn("Au moins ×", format="localized"),
    "q": st.column_config.NumberColumn("Fausses alertes (q)", format="localized"),
    "second": "Seconde lecture (Farrington)",
    "state": "Suivi",
    "owner": "À prévenir",
}


def card(signal: Signal) -> None:
    """One signal: what, where, how sure, where it stands."""
    decision = decisions.get(signal.id)
    with st.container(border=True, key=f"signal_{signal.id}"):
        st.header(states.plain(signal.label), anchor=False)
        st.text(signal_words.sentence(warehouse, signal))
        with st.container(horizontal=True, vertical_alignment="center"):
            facts = [
                signal_words.DETECTORS[signal.detector],
                signal_words.STRENGTHS[signal.strength],
                f"semaine du {french.day(signal.last_week)}",
                triage.state(decision),
                triage.due_words(signal, decision),
            ]
            st.caption(" · ".join(f for f in facts if f))
            links.to("signal", "Ouvrir le signal", id=signal.id)


def signals_view() -> None:
    """This week's signals, then those of the selection."""
    recent = [s for s in found if (today - s.as_of).days < 7 and s.id not in silent]
    if recent:
        surest = min(recent, key=lambda s: s.q)
        headline.write(
            f"Cette semaine, {french.count(len(recent), 'signal', 'signaux')} ; "
            f"le plus sûr : {states.plain(signal_words.subject(warehouse, surest))}."
        )
    else:
        headline.write("Cette semaine, aucun signal : rien ne dépasse ce que le hasard et les habitudes expliquent.")
    waiting = [s for s in found if s.id not in decisions and s.id not in silent]
    behind = sum(triage.late(s, decisions.get(s.id)) for s in found if s.id not in silent)
    weak = sum(s.strength == "weak" for s in found)
    states.figures(
        [
            states.Figure("Semaine", french.number(len(recent)), "Signaux relevés sur les sept derniers jours."),
            states.Figure("Période", french.number(len(found)), "Signaux qui ont un avis dans la sélection."),
            states.Figure(
                "Faibles", french.number(weak), "Significatifs, et plus petits que le sujet médian : les plus précoces."
            ),
            states.Figure(
                "À trier", french.number(len(waiting)), "Signaux de la sélection que personne n'a encore vus."
            ),
            states.Figure(
                "En retard",
                french.number(behind),
                "Un signal se regarde sous 7 jours, se transmet sous 7 jours, reçoit sa réponse sous 21 jours.",
            ),
        ]
    )
    if not found:
        states.empty("Aucun signal sur cette sélection.", "Élargissez la période ou retirez un filtre.")
        return
    for signal in [s for s in found if s.id not in silent][:_CARDS]:
        card(signal)
    if silent:
        with st.expander(f"En sourdine ({len(silent)})", icon=":material/notifications_paused:"):
            st.caption(
                "Semblables à un signal déjà traité depuis moins de quatre semaines, et pas deux fois plus grands."
            )
            for signal in found:
                if signal.id in silent:
                    links.to("signal", states.plain(signal_words.subject(warehouse, signal)), id=signal.id)


def watch_view() -> None:
    """Rare and rising, not significant yet; slow rises; rising words."""
    headline.write("Ce qui est rare et monte, sans qu'on puisse encore exclure le hasard : à garder à l'œil.")
    watched = record.watched(warehouse)
    st.header("Sujets qui montent", anchor=False)
    st.caption(
        "Ce ne sont pas des signaux : trop peu d'avis, trop de tests la même semaine, ou une montée lente depuis plus de "
        "huit semaines, qu'on ne peut pas prévoir d'aussi loin. Aucun n'est envoyé à personne."
    )
    if watched:
        frame = listing(watched)
        frame["p"] = [f"{s.p:.1g}".replace(".", ",") for s in watched]
        kept = {k: _COLUMNS[k] for k in ("week", "label", "detector", "where", "observed", "expected", "second")}
        tables.table(
            frame,
            {**kept, "p": "Probabilité que ce soit le hasard, avant correction"},
            name="a-surveiller",
            alt="Sujets qui montent",
        )
        for signal in watched[:10]:
            with st.expander(states.plain(signal_words.subject(warehouse, signal))):
                st.text(", ".join(signal.terms) or "–")
                if second := signal_words.second(signal):
                    st.caption(second)
                for review in signal.review_ids[:8]:
                    links.to("avis", f"Avis {review}", id=str(review))
    else:
        states.empty(
            "Rien à surveiller cette semaine.",
            "Cette liste est refaite à chaque actualisation de l'analyse, et gardée depuis la première.",
        )
    st.header("Mots et expressions qui montent", anchor=False)
    words = record.rising(warehouse)
    if words.empty:
        states.empty("Aucun mot ne monte nettement.", "Les quatre dernières semaines ressemblent à l'année passée.")
        return
    words = words.assign(usual=words["usual"].round(1), z=words["z"].round(1))
    tables.table(
        words,
        {
            "word": "Mot ou expression",
            "recent": "Avis, quatre dernières semaines",
            "usual": st.column_config.NumberColumn("Attendus d'après l'année", format="localized"),
            "z": st.column_config.NumberColumn("Force de la hausse (z)", format="localized"),
        },
        name="mots-qui-montent",
        alt="Mots et expressions des quatre dernières semaines comparés à l'année passée",
    )


def history_view() -> None:
    """All signals of the selection, what became of them, how right each detector was; exports."""
    headline.write(
        f"{french.count(len(found), 'signal', 'signaux')} sur la sélection, et ce qu'il en est advenu."
    )  # fmt: skip
    raised = {key: name for key, name in signal_words.DETECTORS.items() if key != "slow"}  # slow rises are only watched
    with st.container(horizontal=True, vertical_alignment="bottom"):
        detectors = st.pills(
            "Comment",
            list(raised.values()),
            selection_mode="multi",
            key="detecteur",
            bind="query-params",
        )
        steps = st.pills(
            "Suivi", list(triage.STATES.values()), selection_mode="multi", key="suivi", bind="query-params"
        )  # fmt: skip
    kept = [
        s
        for s in found
        if (not detectors or signal_words.DETECTORS[s.detector] in detectors)
        and (not steps or triage.state(decisions.get(s.id)) in steps)
    ]
    if not kept:
        states.empty("Aucun signal sur cette sélection.", "Élargissez la période ou retirez un filtre.")
    else:
        tables.table(listing(kept), _COLUMNS, name="signaux", alt="Tous les signaux de la sélection")
        said = [
            {**s.as_json(), "as_of": s.as_of.isoformat(), "state": _state(decisions.get(s.id))} for s in kept
        ]  # fmt: skip
        st.download_button(
            "Télécharger (JSON)",
            data=json.dumps(said, ensure_ascii=False, indent=1).encode(),
            file_name=f"{store.named('signaux')}.json",
            mime="application/json",
            icon=":material/download:",
            key="json_signaux",
            on_click="ignore",
            type="tertiary",
        )
        chosen = st.selectbox(
            "Ouvrir un signal", kept, format_func=lambda s: signal_words.subject(warehouse, s), index=None,
            placeholder="Choisissez un signal", key="ouvrir",
        )  # fmt: skip
        if chosen is not None:
            links.to("signal", states.plain(chosen.label), id=chosen.id)
    st.header("Ce que les fausses alertes apprennent", anchor=False)
    rows = [
        {
            "detector": name,
            "confirmed": lessons[key].confirmed if key in lessons else 0,
            "false": lessons[key].false if key in lessons else 0,
            "rate": french.percent(digest.rate(lessons, key)),
        }
        for key, name in raised.items()
    ]
    tables.table(
        pd.DataFrame(rows),
        {
            "detector": "Comment",
            "confirmed": "Confirmés",
            "false": "Fausses alertes",
            "rate": "Fausses alertes acceptées (sensibilité normale)",
        },
        name="detecteurs",
        alt="Signaux confirmés et fausses alertes de chaque façon de détecter",
    )
    st.caption(
        f"Dès {decided.ENOUGH} décisions, le seuil suit la part de signaux confirmés, entre "
        f"{french.percent(decided.BOUNDS[0])} et {french.percent(decided.BOUNDS[1])}."
    )


def _state(decision: Decision | None) -> str:
    return decision.state if decision else "new"


{"À surveiller": watch_view, "Historique": history_view}.get(view or "", signals_view)()
