"""What people do about a signal: its state, the message to whoever must know, the answer, the false alarm.

The rule it protects: no state changes without a person, a message is read before it leaves, and one that did not leave is
never said to be sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time

import streamlit as st

from analytics.signals import wording
from analytics.signals.record import Signal
from data import mail
from data.errors import VigieError
from data.operations import journal, triage
from data.operations.tables import now
from data.operations.triage import Decision, State
from data.warehouse import Warehouse
from pages.components import french, identity, signal_words, store
from pages.components.identity import Person

STATES = {
    "new": "Nouveau",
    "acknowledged": "Pris en compte",
    "forwarded": "Transmis",
    "answered": "Répondu",
    "closed": "Clos",
    "false_alarm": "Fausse alerte",
}
_VERBS: dict[str, str] = {
    "acknowledged": "Prendre en compte",
    "answered": "Noter la réponse",
    "closed": "Clore",
    "false_alarm": "Signaler une fausse alerte",
}
_ICONS = {
    "acknowledged": ":material/visibility:",
    "answered": ":material/mark_email_read:",
    "closed": ":material/task_alt:",
    "false_alarm": ":material/block:",
}
REASONS = (
    "Saison ou événement attendu",
    "Campagne ou relance qui a fait écrire",
    "Même personne ou texte recopié",
    "Avis sans rapport entre eux",
    "Déjà connu du service",
    "Autre raison",
)


def score(signal: Signal) -> float:
    """Reviews beyond what was expected: what has to double for a signal to come back."""
    return signal.observed - signal.expected


def state(decision: Decision | None) -> str:
    """Name of the state, for the screen."""
    return STATES[decision.state if decision else "new"]


def decisions(signal_ids: Iterable[str] | None = None) -> dict[str, Decision]:
    """Last decision by signal id, as it stood on the day the page is asked as known on."""
    moment = store.end_of_day()
    if moment is None:
        return triage.decisions(store.operations(), signal_ids)
    return triage.decisions_before(store.operations(), moment, signal_ids)


def late(signal: Signal, decision: Decision | None) -> bool:
    """Whether the next step is past its deadline: by the data's own day for a signal nobody looked at (as old as its
    snapshot), by the clock for what people promised.
    """
    when = _due(signal, decision)
    today = datetime.combine(date.fromisoformat(store.snapshot().last_publication), time(9), UTC)
    return when is not None and when < ((store.end_of_day() or now()) if decision else today)


def due_words(signal: Signal, decision: Decision | None) -> str:
    """`à traiter avant le 3 déc. 2026`, `en retard depuis le …`, or nothing."""
    when = _due(signal, decision)
    if when is None:
        return ""
    return f"{'en retard depuis' if late(signal, decision) else 'à traiter avant'} le {french.day(when)}"


def _due(signal: Signal, decision: Decision | None) -> datetime | None:
    return triage.deadline(decision, datetime.combine(signal.as_of, time(9), UTC))


def silenced(signals: Sequence[Signal], decisions: dict[str, Decision]) -> set[str]:
    """Ids of the signals that should stay quiet: one like them was dealt with less than four weeks before, and they have
    not doubled.
    """
    known = {s.id: s for s in signals}
    out = set()
    for signal in signals:
        if signal.id in decisions:
            continue
        like = [d for i, d in decisions.items() if i in known and _same_subject(known[i], signal)]
        if triage.quiet(like, score(signal), datetime.combine(signal.as_of, time(9), UTC)):
            out.add(signal.id)
    return out


def panel(warehouse: Warehouse, signal: Signal, decision: Decision | None) -> None:
    """The state, what may follow, and what was done."""
    who = identity.person()
    engine = store.operations()
    with st.container(border=True):
        st.header("Suivi", anchor=False)
        said = f"{state(decision)}"
        if decision:
            said += f" par {identity.name_of(decision.decided_by)} le {french.moment(decision.decided_at)}"
        deadline = due_words(signal, decision)
        st.text(said + (f" ; {deadline}." if deadline else "."))
        if decision and decision.note:
            st.text(f"Note : {decision.note}")
        moment = store.end_of_day()  # of a past day: nobody acts there
        following = triage.NEXT[decision.state if decision else "new"] if moment is None else ()
        with st.container(horizontal=True, vertical_alignment="center"):
            for step in following:
                if step != "forwarded":
                    _step(who, signal, decision, step)
        if "forwarded" in following:
            with st.expander("Écrire « attention ici » au service", icon=":material/forward_to_inbox:"):
                _message(warehouse, who, signal, decision)
        for sent in triage.messages(engine, signal.id):
            if moment is not None and sent.sent_at >= moment:
                continue
            how = "envoyé" if sent.sent else "téléchargé pour envoi"
            with st.expander(f"Message {how} à {sent.recipient} le {french.moment(sent.sent_at)}"):
                st.text(f"{sent.subject}\n\n{sent.body}")
        _history(signal)


def _step(who: Person, signal: Signal, decision: Decision | None, step: State) -> None:
    """A button, or a popover where words are needed."""
    key = f"triage_{step}"
    if step == "acknowledged":
        label = "Rouvrir" if decision else _VERBS[step]
        st.button(
            label, icon=_ICONS[step], key=key, on_click=_decide, args=(who, signal, decision, step, ""), type="primary"
        )  # fmt: skip
        return
    with st.popover(_VERBS[step], icon=_ICONS[step]):
        reason = ""
        if step == "false_alarm":
            reason = st.selectbox("Pourquoi", REASONS, key=f"{key}_reason", placeholder="Choisissez une raison") or ""
        words = st.text_area(
            "Ce que le service a répondu" if step == "answered" else "Note (facultatif)",
            key=f"{key}_note",
            placeholder="Quelques mots suffisent.",
        )
        note = " : ".join(part for part in (reason, (words or "").strip()) if part)
        st.button(
            "Enregistrer", key=f"{key}_save", on_click=_decide, args=(who, signal, decision, step, note), type="primary"
        )  # fmt: skip


def _decide(who: Person, signal: Signal, decision: Decision | None, step: State, note: str) -> None:
    try:
        triage.decide(
            store.operations(),
            f"triage:{signal.id}:{step}:{decision.version if decision else 0}",
            signal.id,
            step,
            decided_by=who.id,
            note=note,
            seen=decision,
            detector=signal.detector,
            score=score(signal),
        )
        st.toast(f"Signal noté : {STATES[step].lower()}.", icon=":material/check:")
    except VigieError as error:
        st.toast(str(error), icon=":material/error:")


def _message(warehouse: Warehouse, who: Person, signal: Signal, decision: Decision | None) -> None:
    """The drafted message, editable; sent when a server is set, taken away as a file otherwise."""
    config = store.config()
    subject, body = wording.message(signal_words.names(warehouse), signal)
    if signal.owner is None:
        st.info("Aucune structure active avec une boîte à lettres n'est identifiée : indiquez l'adresse vous-même.")
    recipient = st.text_input(
        "À", value=signal.owner.mailbox if signal.owner else "", key="message_to", placeholder="service@exemple.gouv.fr"
    )
    title = st.text_input("Objet", value=subject, key="message_subject", placeholder="Objet du message")
    words = st.text_area("Message", value=body, height=320, key="message_body", placeholder="Le message")
    try:
        message = mail.compose(config.mail_from, recipient or "", title or "", words or "")
    except mail.NotSent as error:
        st.warning(str(error), icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if config.smtp_url:
            st.button(
                "Envoyer", type="primary", icon=":material/send:", key="message_send",
                on_click=_forward, args=(who, signal, decision, (recipient or "", title or "", words or "")), kwargs={"by_server": True},
            )  # fmt: skip
        st.download_button(
            "Télécharger le message (.eml)", data=mail.as_file(message), file_name=f"attention-{signal.id}.eml",
            mime="message/rfc822", icon=":material/download:", key="message_file",
            on_click=_forward, args=(who, signal, decision, (recipient or "", title or "", words or "")), kwargs={"by_server": False},
        )  # fmt: skip
    st.caption(
        "Le signal passe à « Transmis » dès que le message est envoyé."
        if config.smtp_url
        else "Aucun serveur d'envoi n'est réglé : le fichier s'ouvre dans votre messagerie, prêt à partir. "
        "Le signal passe à « Transmis »."
    )


def _forward(
    who: Person, signal: Signal, decision: Decision | None, text: tuple[str, str, str], *, by_server: bool
) -> None:
    recipient, title, words = text
    config = store.config()
    if triage.decisions(store.operations(), [signal.id]).get(signal.id) != decision:
        return  # a double click, or somebody else meanwhile: a message leaves once, and the page shows what was done
    try:
        if by_server:
            mail.send(config.smtp_url, mail.compose(config.mail_from, recipient, title, words))
        triage.forward(
            store.operations(),
            f"forward:{signal.id}:{decision.version if decision else 0}",
            signal.id,
            recipient=recipient,
            subject=title,
            body=words,
            sent=by_server,
            sent_by=who.id,
            seen=decision,
            detector=signal.detector,
            score=score(signal),
        )
        st.toast("Message envoyé." if by_server else "Message téléchargé ; signal transmis.", icon=":material/send:")
    except VigieError as error:
        st.toast(str(error), icon=":material/error:")


def _history(signal: Signal) -> None:
    """Who did what when, from the journal."""
    told = journal.entries(store.operations(), until=store.end_of_day(), limit=1000)
    entries = [e for e in told if e.object_id == signal.id]
    if not entries:
        return
    with st.expander("Qui a fait quoi, quand", icon=":material/history:"):
        for entry in reversed(entries):
            done = STATES.get(str(entry.details.get("state")), entry.action)
            extra = entry.details.get("recipient") or entry.details.get("note") or ""
            st.text(
                f"{french.moment(entry.at)} · {identity.name_of(entry.actor)} · {done}{f' · {extra}' if extra else ''}"
            )


def _same_subject(one: Signal, other: Signal) -> bool:
    shared = len(set(one.review_ids) & set(other.review_ids))
    same = one.topic == other.topic and one.topic is not None and one.topic >= 0 and one.scope == other.scope
    return same or 2 * shared >= min(len(one.review_ids), len(other.review_ids))
