"""One structure's own page: its delays beside its network's, what waits there, its control chart, its use of AI."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analytics import delay_groups, delays, first_seen, impact, supervision
from analytics.delays import Delays
from analytics.supervision import Stock
from data.filters import Filters
from pages.components import (
    charts,
    french,
    identity,
    intervals,
    links,
    measures,
    palette,
    printing,
    states,
    store,
    tables,
)
from pages.components.charts import Line

_CURVE_DAYS = 60


@st.cache_data(max_entries=32, show_spinner=False)
def _delays(snapshot_id: str, structure: str, target: int) -> tuple[Delays, dict[str, pd.DataFrame], pd.DataFrame]:
    warehouse = store.warehouse()
    own = Filters(structures=(structure,))
    curves = {"Cette structure": delays.curve(warehouse, own, horizon=_CURVE_DAYS)}
    network, others = warehouse.rows(
        "SELECT any_value(network) AS own, (SELECT count(DISTINCT structure_id) > 1 FROM reviews WHERE network = own) FROM reviews "
        "WHERE structure_id = $id",
        {"id": structure},
    )[0]
    if network and others:
        curves["Son réseau"] = delays.curve(warehouse, Filters(networks=(network,)), horizon=_CURVE_DAYS)
    return delays.summary(warehouse, own, target=target), curves, delay_groups.monthly(warehouse, own, target=target)


@st.cache_data(max_entries=32, show_spinner=False)
def _watch(snapshot_id: str, structure: str, target: int) -> tuple[Stock, pd.DataFrame]:
    warehouse = store.warehouse()
    return (
        supervision.stock(warehouse, Filters(structures=(structure,)), target),
        supervision.control_chart(warehouse, structure),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _structure(snapshot_id: str, structure: str) -> tuple[str, str, pd.DataFrame, pd.DataFrame]:
    """Name, network, its line of the adoption table, and its replies by what the draft became."""
    warehouse = store.warehouse()
    named = warehouse.rows(
        "SELECT any_value(structure), any_value(network) FROM reviews WHERE structure_id = $id", {"id": structure}
    )
    adopted = impact.adopters(warehouse)
    name, network = named[0]
    return name or "", network or "", adopted[adopted["structure_id"] == structure], impact.use(warehouse, structure)


@st.cache_data(max_entries=32, show_spinner=False)
def _own_replies(snapshot_id: str, structure: str) -> pd.DataFrame:
    return first_seen.by_structure(store.warehouse(), Filters(structures=(structure,)))


def _figures(found: Delays, stock: Stock, target: int) -> None:
    enough = found.timed >= french.TOO_FEW
    few = f"{french.TOO_FEW_SAID} (n = {found.timed})"
    states.figures(
        [
            states.Figure(
                "Délai médian",
                measures.short_days(found.km_median_days) if enough else few,
                "La moitié des avis ont leur réponse avant ; ceux qui attendent comptent pour ce qu'ils ont déjà attendu.",
            ),
            states.Figure(
                f"En {french.days(target)}",
                french.percent(found.within_target) if enough else few,
                "Part des avis répondus dans l'objectif, parmi ceux assez anciens pour savoir.",
            ),
            states.Figure(
                "9 sur 10 en",
                measures.short_days(found.p90_days) if enough else few,
                "Délai que neuf réponses publiées sur dix ne dépassent pas.",
            ),
            states.Figure("En attente", french.number(stock.waiting), "Avis encore sans vraie réponse."),
            states.Figure(
                "En retard", french.number(stock.late), f"Ceux qui attendent depuis plus de {french.days(target)}."
            ),
        ]
    )


def _curves(curves: dict[str, pd.DataFrame], target: int) -> None:
    known = {name: frame for name, frame in curves.items() if not frame.empty}
    if "Cette structure" not in known:
        states.empty("Aucune réponse datée pour cette structure.", "Ses délais ne peuvent pas être calculés.")
        return
    table = pd.concat([f[f["day"] % 5 == 0].assign(who=name) for name, f in known.items()], ignore_index=True)
    charts.show(
        intervals.waitings(known, target=target),
        title="Combien attendent encore, ici et dans le réseau",
        alt="Courbes qui descendent : cette structure et son réseau.",
        frame=table.assign(survival=100 * table["survival"]),
        labels={
            "who": "Qui",
            "day": st.column_config.NumberColumn("Jours", format="%d"),
            "survival": st.column_config.NumberColumn("Attendent encore", format="%.1f %%"),
        },
        name="attente-structure",
        help="Courbes de Kaplan-Meier et leur bande à 95 %, avis sans réponse compris, sur toute la période.",
    )


def _control(frame: pd.DataFrame) -> None:
    if frame.empty or frame["expected"].sum() < french.TOO_FEW:
        st.caption("Carte de contrôle : trop peu d'avis pour comparer cette structure à son passé.")
        return
    out = frame[frame["out"]]
    charts.show(
        charts.lines(
            frame,
            "week",
            [
                Line("replies", "Réponses", palette.category(0)),
                Line("expected", "Attendues d'après son passé", palette.muted(), "dash"),
            ],
            band=("low", "high"),
        ),
        title="Réponses par semaine, comparées à son propre passé",
        alt=f"Courbe et bande de hasard : {french.count(len(out), 'semaine sort', 'semaines sortent')} de la bande.",
        frame=frame,
        labels={
            "week": st.column_config.DateColumn("Semaine du", format="DD/MM/YYYY"),
            "replies": st.column_config.NumberColumn("Réponses", format="%.0f"),
            "expected": st.column_config.NumberColumn("Attendues", format="%.1f"),
            "low": st.column_config.NumberColumn("au moins (99 fois sur 100)", format="%.0f"),
            "high": st.column_config.NumberColumn("au plus", format="%.0f"),
            "out": st.column_config.CheckboxColumn("Hors de la bande"),
        },
        name="carte-de-controle",
        help=(
            "Carte de contrôle : la bande dit ce que le hasard donne 99 semaines sur 100 si le rythme de l'année précédente ne "
            "change pas, compte tenu des avis que la structure avait alors à répondre."
        ),
    )


def _months(frame: pd.DataFrame) -> None:
    drawn = frame[frame["answered"] >= 5]
    if len(drawn) < 3:
        return
    charts.show(
        charts.lines(
            drawn,
            "month",
            [Line("km_median_days", "Délai médian", palette.category(0))],
            unit=" j",
            decimals=1,
            incomplete=int((~drawn["complete"]).sum()),
        ),
        title="Délai médian par mois de publication de l'avis",
        alt="Courbe du délai médian par mois.",
        frame=frame,
        labels={
            "month": st.column_config.DateColumn("Mois", format="MM/YYYY"),
            "n": "Avis",
            "answered": "Répondus",
            "km_median_days": st.column_config.NumberColumn("Médian", format="%.1f j"),
            "p90_days": st.column_config.NumberColumn("Neuf sur dix avant", format="%.1f j"),
        },
        name="mois-structure",
        help="Les mois de moins de cinq réponses ne sont pas tracés.",
    )


def _ai(adopted: pd.DataFrame, used: pd.DataFrame) -> None:
    st.header("Usage de l'IA", anchor=False)
    if adopted.empty:
        st.write("Cette structure ne répond pas durablement avec un brouillon d'IA, d'après le fichier du portail.")
    else:
        line = adopted.iloc[0]
        how = "déclaré par un administrateur" if line["declared"] else "lu dans le fichier du portail"
        st.write(
            f"Équipée depuis le {french.day(pd.Timestamp(line['adopted_on']).date())} ({how}) : "
            f"{french.number(int(line['with_ai']))} réponses sur {french.number(int(line['replies']))} partent depuis d'un brouillon."
        )
    if len(used):
        total = used[["as_proposed", "kept", "reworked", "without", "replies"]].sum()
        tables.table(
            pd.DataFrame(
                {
                    "what": ["Telle que proposée", "Conservée à 50 % ou plus", "Retravaillée", "Sans brouillon"],
                    "n": [int(total[c]) for c in ("as_proposed", "kept", "reworked", "without")],
                }
            ),
            {"what": "Ce que le brouillon est devenu", "n": "Réponses"},
            name="usage-structure",
            alt="Réponses de cette structure selon ce que le brouillon est devenu",
        )
    links.to("impact-ia", "Ce que l'IA a changé, toutes structures")


identity.guard("structure")
links.back("delais", "Tous les délais")
wanted = str(st.query_params.get("id", ""))
snapshot = store.snapshot()
target = store.config().target_days
with states.guarded("La page de cette structure n'a pas pu être lue"):
    name, network, adopted, used = _structure(snapshot.id, wanted)
    if not name:
        st.title("Structure inconnue", anchor=False)
        states.empty("Aucun avis ne nomme cette structure.", "Choisissez-en une sur la page Délais.")
        st.stop()
    st.title(f"Délais de {name}", anchor=False)
    printing.rules()
    found, curves, months = _delays(snapshot.id, wanted, target)
    stock, chart = _watch(snapshot.id, wanted, target)
    waits = "plus de la moitié attend encore" if found.km_median_days is None else french.days(found.km_median_days)
    st.write(
        f"{network + ' : ' if network else ''}délai médian **{waits}** sur toute la période ; "
        f"{french.count(stock.waiting, 'avis attend', 'avis attendent')} une réponse au {french.day(stock.day)}."
    )
    _figures(found, stock, target)
    own = _own_replies(snapshot.id, wanted)
    own = own[(own["structure_id"] == wanted) & (own["n"] >= french.TOO_FEW)]
    for line in own.to_dict("records"):
        st.caption(
            f"Sa propre réponse, vue de fichier en fichier : délai médian entre {french.number(line['median_least'], 1)} et "
            f"{french.days(line['median_most'])} (n = {french.number(line['n'])}). Le portail ne date que la première réponse, "
            "quelle que soit la structure."
        )
    _curves(curves, target)
    _control(chart)
    _months(months)
    if len(stock.upcoming):
        st.header("Bientôt en retard", anchor=False)
        tables.table(
            stock.upcoming.assign(probability=100 * stock.upcoming["probability"]),
            {
                "id": st.column_config.NumberColumn("Avis", format="plain"),
                "age": st.column_config.NumberColumn("Attend depuis", format="%d j"),
                "probability": st.column_config.NumberColumn("Risque de retard", format="%.0f %%"),
            },
            name="bientot-en-retard",
            alt="Avis de cette structure qui risquent de passer l'objectif",
        )
    _ai(adopted, used)
    links.to("vue-d-ensemble", "Ses chiffres d'ensemble", structure=name)
    links.to("file-d-attente", "Sa file d'attente", structure=name)
