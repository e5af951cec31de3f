"""What came back: the portal's verdicts on replies sent from here, blind re-reading, what agents say of proposals."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from analytics import reviews
from data.errors import VigieError
from data.operations import feedback, replies, rereadings, returns
from data.operations.replies import SentReply
from data.operations.returns import Return
from pages.components import french, identity, perimeter, proposal, states, store, tables, verbatims

who = identity.guard("retours")
engine = store.operations()
_DECIDED = {"as_proposed": "envoyée telle que proposée", "reworked": "retravaillée", "blank": "écrite sans proposition"}


@st.cache_data(max_entries=4, ttl=600, show_spinner="Lecture des retours du portail…")
def _collected(snapshot_id: str, sent: int) -> int:
    """Verdicts of the snapshot attached to the replies sent; the daily job does it too."""
    return returns.collect(engine, store.warehouse())


def _explain(found: Return) -> None:
    """One reply judged of no use: the review, the reply, and why."""
    reply = replies.get(engine, found.reply_id)
    shown = reviews.by_ids(store.warehouse(), [found.review_id])
    with st.container(border=True, key=f"return_{found.reply_id}"):
        votes = f"{french.number(found.useful_votes)} « utile », {french.number(found.useless_votes)} « pas utile »"
        st.text(f"Auteur : {found.author_verdict or 'ne s’est pas prononcé'} · visiteurs : {votes}")
        if shown:
            verbatims.card(shown[0], key="returned", irritant=False)
        with st.expander("La réponse envoyée d'ici", icon=":material/mail:"):
            proposal.letter(reply.published)
        with st.form(f"explain_{found.reply_id}_{found.version}", border=False):
            cause = st.selectbox(
                "Ce qui l'explique",
                list(returns.CAUSES),
                index=list(returns.CAUSES).index(found.cause) if found.cause else None,
                format_func=returns.CAUSES.__getitem__,
                placeholder="Choisissez une raison",
            )
            note = st.text_input("Précision (facultative)", value=found.note, placeholder="Exemple : délai périmé")
            withheld = st.checkbox(
                "Ne plus s'appuyer sur cette réponse pour en proposer d'autres",
                value=found.withheld if found.cause else True,
                help="Elle sort des sources à la prochaine actualisation. Décochez si la réponse était bonne.",
            )
            if st.form_submit_button("Enregistrer", icon=":material/save:"):
                try:
                    returns.explain(engine, found, cause=cause or "", note=note or "", withheld=withheld, by=who.id)
                except VigieError as error:
                    st.error(str(error), icon=":material/error:")
                else:
                    st.rerun()


def _verdicts(found: list[Return]) -> None:
    st.header("Réponses jugées pas utiles", anchor=False)
    if not found:
        states.empty(
            "Le portail ne montre encore aucun jugement sur une réponse envoyée d'ici.",
            "Ils arrivent avec les fichiers suivants.",
        )
        return
    judged = [one for one in found if one.author_verdict]
    useful = sum(one.author_verdict == "utile" for one in judged)
    share = french.percent(useful / len(judged) if judged else None, len(judged))
    st.write(
        f"{french.count(len(judged), 'réponse jugée', 'réponses jugées')} par l'auteur de l'avis ; utiles : {share}."
    )
    todo = [one for one in found if one.useless and not one.cause]
    for one in todo[:10]:
        _explain(one)
    if not todo:
        st.write("Rien n'attend d'explication.")
    done = [one for one in found if one.cause]
    if done:
        st.subheader("Expliquées", anchor=False)
        tables.table(
            pd.DataFrame(
                [
                    {
                        "review": str(one.review_id),
                        "cause": returns.CAUSES[one.cause],
                        "note": one.note,
                        "withheld": one.withheld,
                        "by": identity.name_of(one.explained_by or ""),
                    }
                    for one in done
                ]
            ),
            {"review": "Avis", "cause": "Raison", "note": "Précision", "withheld": "Écartée des sources", "by": "Par"},
            name="jugements-expliques",
            alt="Jugements expliqués",
        )


def _reread(reply: SentReply) -> None:
    """One sampled reply, without its author nor how it was made."""
    shown = reviews.by_ids(store.warehouse(), [reply.review_id])
    with st.container(border=True, key=f"reread_{reply.id}"):
        if shown:
            verbatims.card(shown[0], key="reread_card", link=False)
        st.caption("La réponse, telle qu'elle est partie. Qui l'a écrite, et comment, vous sera dit ensuite.")
        proposal.letter(reply.body)
        note = st.text_input(
            "Ce qui ne va pas (si vous ne l'auriez pas envoyée)",
            key=f"reread_note_{reply.id}",
            placeholder="En peu de mots",
        )
        with st.container(horizontal=True):
            for label, good, icon in (
                ("Je l'aurais envoyée", True, ":material/thumb_up:"),
                ("Je ne l'aurais pas envoyée", False, ":material/thumb_down:"),
            ):
                if st.button(label, icon=icon, key=f"reread_{good}_{reply.id}"):
                    try:
                        rereadings.give(engine, reply, good=good, note=note or "", read_by=who.id)
                    except VigieError as error:
                        st.error(str(error), icon=":material/error:")
                    else:
                        st.rerun()


def _rereading() -> None:
    st.header(
        "Relecture à l'aveugle",
        anchor=False,
        help="Une réponse envoyée sur vingt, tirée au sort, relue sans savoir qui l'a écrite ni si l'IA y a aidé.",
    )
    pending = perimeter.kept(who, rereadings.pending(engine, who.id), lambda reply: reply.review_id)
    if pending:
        st.write(
            f"{french.count(len(pending), 'réponse attend', 'réponses attendent')} une relecture. La plus ancienne :"
        )
        _reread(pending[0])
    else:
        st.write("Aucune réponse n'attend de relecture.")
    given = perimeter.kept(who, rereadings.given(engine), lambda one: one.review_id)
    if not given:
        return
    known = {reply.id: reply for reply in replies.by_ids(engine, [one.reply_id for one in given])}
    good = sum(one.good for one in given)
    st.write(f"{french.number(good)} sur {french.number(len(given))} auraient été envoyées telles quelles.")
    tables.table(
        pd.DataFrame(
            [
                {
                    "review": str(one.review_id),
                    "good": one.good,
                    "note": one.note,
                    "made": _DECIDED[known[one.reply_id].decided],
                    "hasty": known[one.reply_id].hasty,
                    "by": identity.name_of(one.read_by),
                }
                for one in given
            ]
        ),
        {
            "review": "Avis",
            "good": "Aurait été envoyée",
            "note": "Ce qui ne va pas",
            "made": "Comment elle a été faite",
            "hasty": "Envoyée plus vite qu'on ne lit",
            "by": "Relue par",
        },
        name="relectures",
        alt=f"{french.count(len(given), 'réponse relue', 'réponses relues')}",
    )


def _words() -> None:
    st.header("Ce que les agents disent des propositions", anchor=False)
    words = perimeter.kept(who, feedback.recent(engine), lambda word: word.review_id)
    if not words:
        st.write("Personne n'a encore jugé de proposition : c'est un clic, sous les sources, sur la page Rédiger.")
        return
    good = sum(word.good for word in words)
    share = french.percent(good / len(words), len(words))
    st.write(f"{french.count(len(words), 'proposition jugée', 'propositions jugées')} ; bonnes : {share}.")
    counted = Counter(reason for word in words for reason in word.reasons)
    if counted:
        tables.table(
            pd.DataFrame([{"reason": feedback.REASONS.get(r, r), "n": n} for r, n in counted.most_common()]),
            {"reason": "Raison", "n": "Fois"},
            name="raisons",
            alt="Raisons données par les agents",
        )
    said = [word for word in words if word.comment][:20]
    for word in said:
        st.text(f"« {word.comment} » · {'bonne' if word.good else 'pas bonne'}, {french.clock(word.given_at)}")


st.title("Retours", anchor=False)
sentence = st.empty()
with states.guarded("Les retours n'ont pas pu être lus"):
    _collected(store.snapshot().id, len(replies.sent_ids(engine)))
    found = perimeter.kept(who, returns.listed(engine), lambda one: one.review_id)
    waits = sum(one.useless and not one.cause for one in found)
    reread = len(perimeter.kept(who, rereadings.pending(engine, who.id), lambda reply: reply.review_id))
    sentence.write(
        f"{french.count(waits, 'réponse jugée pas utile attend', 'réponses jugées pas utiles attendent')} une explication, "
        f"{french.count(reread, 'réponse attend', 'réponses attendent')} une relecture."
    )
    _verdicts(found)
    _rereading()
    _words()
