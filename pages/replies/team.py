"""The team lead's page: what is late, who does what, who is overloaded; reassign, set targets, take the figures away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pandas as pd
import streamlit as st

from analytics import waiting
from data.errors import VigieError
from data.operations import assignments, rules, team, timings
from data.operations.tables import now
from data.operations.team import Work
from pages.components import filters, french, identity, perimeter, states, store, tables, waiting_list

who = identity.guard("equipe")
engine = store.operations()
config = store.config()
_PERIODS = {"7 jours": 7, "30 jours": 30, "90 jours": 90}
_LABELS = {
    "taken": "À traiter",
    "in_hand": "En cours",
    "sent": "Envoyées",
    "median": "Temps médian au bureau",
    "as_proposed": "Telles quelles",
    "reworked": "Retravaillées",
    "blank": "Sans proposition",
    "distress": "Avis confiés",
    "refused": "Propositions refusées",
    "hasty": "Trop vite pour être lues",
}


def _mine(ids: Iterable[int]) -> set[int]:
    return perimeter.allowed(who, ids)


def _line(work: Work) -> dict[str, object]:
    def part(count: int) -> str:
        enough = work.sent + work.escalated >= french.TOO_FEW
        return f"{count} ({french.percent(work.share(count))})" if enough else str(count)

    return {
        "taken": work.taken,
        "in_hand": work.in_hand,
        "sent": work.sent,
        "as_proposed": part(work.as_proposed),
        "reworked": part(work.reworked),
        "blank": part(work.blank),
        "distress": part(work.escalated),
        "refused": work.refused,
        "hasty": work.hasty,
        "median": "–" if work.median_s is None else french.duration(work.median_s),
    }


def _agents(found: list[Work]) -> None:
    st.header(
        "Par agent",
        anchor=False,
        help=(
            f"Les temps de chaque personne sont gardés {config.personal_days} jours, puis effacés : seules restent des "
            "sommes par structure. Ces chiffres servent à répartir le travail, pas à noter les personnes."
        ),
    )
    if not found:
        st.write("Personne n'a encore travaillé ici sur la période.")
        return
    taken = assignments.current(engine).values()
    waits = waiting_list.wanted(who, filters.Filters(), outside=True, only=[a.review_id for a in taken])
    late = waiting.late(store.warehouse(), waits) if taken else set()
    behind = Counter(a.person for a in taken if a.review_id in late)
    rows = [{"name": identity.name_of(work.id), **_line(work), "late": behind[work.id]} for work in found]
    labels = {"name": "Agent", "taken": _LABELS["taken"], "late": "Dont en retard"}
    tables.table(
        pd.DataFrame(rows),
        labels | {name: label for name, label in _LABELS.items() if name not in labels},
        name="equipe-agents",
        alt=f"Travail de {french.count(len(found), 'agent')}",
    )


def _structures(found: list[Work]) -> None:
    st.header("Par structure", anchor=False)
    asked = waiting_list.wanted(who, filters.Filters())
    stands = {id_: (name, figures) for id_, name, figures in waiting.by_structure(store.warehouse(), asked)}
    works = {work.id: work for work in found}
    own = rules.chosen(engine)
    rows = []
    for id_ in list(dict.fromkeys([*works, *stands])):
        name, figures = stands.get(id_, ("", None))
        work = works.get(id_) or Work(id_, 0, 0, 0, 0, 0, 0, 0, 0, 0, None)
        chosen = own.get(id_)
        rows.append(
            {
                "name": name or _name(id_) or "Sans structure",
                "waiting": figures.waiting if figures else 0,
                "late": figures.late if figures else 0,
                "soon": figures.soon if figures else 0,
                "target": chosen.target_days if chosen and chosen.target_days else config.target_days,
                **_line(work),
            }
        )
    frame = pd.DataFrame(rows, columns=["name", "waiting", "late", "soon", "target", *_LABELS])
    frame = frame.sort_values(["late", "waiting"], ascending=False, kind="stable")
    labels = {"name": "Structure", "waiting": "En attente", "late": "En retard", "soon": "Bientôt en retard"}
    tables.table(
        frame,
        {**labels, "target": "Objectif (jours)", **_LABELS},
        name="equipe-structures",
        alt="En attente, en retard et travail fait, par structure",
    )
    past = [m for m in timings.months(engine) if not who.structures or m.structure_id in who.structures]
    if past:
        with st.expander("Mois dont les temps personnels ont été effacés", icon=":material/history:"):
            tables.table(
                pd.DataFrame(
                    [
                        {
                            "month": m.month,
                            "name": _name(m.structure_id) or "Sans structure",
                            "replies": m.replies,
                            "mean": french.duration(m.desk_s / m.replies),
                        }
                        for m in past
                    ]
                ),
                {"month": "Mois", "name": "Structure", "replies": "Réponses", "mean": "Temps moyen au bureau"},
                name="temps-passes",
                alt="Temps moyen au bureau par mois et par structure",
            )


def _name(id_: str) -> str:
    found = store.warehouse().rows("SELECT coalesce(public_name, name) FROM structures WHERE id = $id", {"id": id_})
    return found[0][0] if found else id_


def _reassign() -> None:
    st.header("Confier des avis à quelqu'un d'autre", anchor=False)
    owned = {a.review_id: a for a in perimeter.kept(who, assignments.current(engine).values(), lambda a: a.review_id)}
    people = [person.id for person in identity.answerers(who.structures)]
    holders = sorted({a.person for a in owned.values()})
    if not holders:
        st.write("Aucun avis n'est pris. Depuis la file d'attente, cochez des avis pour les confier.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        giver = st.selectbox(
            "Avis de", holders, index=None, format_func=identity.name_of, key="de", placeholder="Choisissez", width=260
        )
        ids = sorted(id_ for id_, a in owned.items() if a.person == giver)
        taken = st.multiselect("Avis", ids, default=ids, format_func=str, key=f"avis_{giver}", placeholder="Lesquels")
        taker = st.selectbox(
            "À", people, index=None, format_func=identity.name_of, key="vers", placeholder="Choisissez", width=260
        )
        if st.button("Confier", icon=":material/swap_horiz:", key="reassign", disabled=not (giver and taker and taken)):
            try:
                changed = assignments.assign(engine, taken, taker or "", by=who.id)
                st.toast(f"{french.count(changed, 'avis confié', 'avis confiés')} à {identity.name_of(taker or '')}.")
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
            else:
                st.rerun()


def _rules() -> None:
    st.header(
        "Objectif et mention, par structure",
        anchor=False,
        help="La mention dit au lecteur qu'une IA a aidé. Elle est publiée sous chaque réponse née d'une proposition.",
    )
    stands = waiting.by_structure(store.warehouse(), waiting_list.wanted(who, filters.Filters()))
    chosen = [id_ for id_ in rules.chosen(engine) if not who.structures or id_ in who.structures]
    names = {id_: name for id_, name, _ in stands if id_} | {id_: _name(id_) for id_ in chosen}
    structure = st.selectbox(
        "Structure",
        sorted(names, key=lambda id_: names[id_]),
        index=None,
        format_func=lambda id_: names.get(id_, id_),
        key="structure_reglee",
        placeholder="Choisissez une structure",
        width=480,
    )
    if structure is None:
        return
    seen = rules.of(engine, structure)
    with st.form(f"rules_{structure}_{seen.version}", border=True):
        target = st.number_input(
            f"Délai à ne pas dépasser, en jours (vide : {config.target_days}, celui de tous)",
            min_value=1,
            max_value=rules.LONGEST_TARGET,
            value=seen.target_days,
            placeholder=str(config.target_days),
        )
        mention = st.toggle("Dire sous la réponse qu'une IA a aidé", value=seen.mention)
        st.caption(f"Texte publié : « {rules.MENTION} »")
        if st.form_submit_button("Enregistrer", icon=":material/save:"):
            try:
                rules.choose(
                    engine, seen, target_days=None if target is None else int(target), mention=mention, by=who.id
                )
            except VigieError as error:
                st.error(str(error), icon=":material/error:")
            else:
                st.toast("Réglages enregistrés.", icon=":material/check_circle:")
                st.rerun()
    if seen.set_at is not None:
        st.caption(f"Réglé par {identity.name_of(seen.set_by)} le {french.clock(seen.set_at)}.")


st.title("Équipe", anchor=False)
sentence = st.empty()
period = st.segmented_control(
    "Période",
    [name for name, days in _PERIODS.items() if days <= max(config.personal_days, 7)],
    default="30 jours" if config.personal_days >= 30 else "7 jours",
    key="e_periode",
    bind="query-params",
    required=True,
)
since = now() - timedelta(days=_PERIODS[period or "30 jours"])
with states.guarded("Les chiffres de l'équipe n'ont pas pu être calculés"):
    agents = team.by_agent(engine, since, _mine)
    total = waiting_list.figures(waiting_list.wanted(who, filters.Filters()))
    sent = sum(work.sent for work in agents)
    busiest = max(agents, key=lambda work: work.taken + work.in_hand, default=None)
    load = ""
    if busiest is not None and busiest.taken + busiest.in_hand:
        load = f" ; le plus chargé : {identity.name_of(busiest.id)} ({french.number(busiest.taken)} à traiter, {french.number(busiest.in_hand)} en cours)"
    sentence.write(
        f"{french.count(total.waiting, 'avis attend', 'avis attendent')}, toutes dates de publication confondues, dont "
        f"{french.number(total.late)} en retard ; "
        f"{french.count(sent, 'réponse envoyée', 'réponses envoyées')} en {period}{load}."
    )
    _agents(agents)
    _structures(
        team.by_structure(engine, since, lambda ids: waiting.structures_of(store.warehouse(), list(ids)), _mine)
    )
_reassign()
_rules()
