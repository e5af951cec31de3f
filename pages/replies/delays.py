"""How long people wait for a reply, what is late now, and what left from here and is not published yet."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analytics import delay_groups, delays, first_seen, reviews
from analytics.delay_groups import Comparison, Dimension
from analytics.delays import Delays
from analytics.survival import Mean
from analytics.waits import Basis, Unit
from data.filters import Filters
from data.operations import replies
from pages.components import (
    charts,
    delay_charts,
    filters,
    french,
    identity,
    intervals,
    links,
    printing,
    states,
    store,
    tables,
)

_BASES: dict[str, Basis] = {"Depuis la publication": "publication", "Depuis l'écriture": "written"}
_UNITS: dict[str, Unit] = {"Jours calendaires": "calendar", "Jours ouvrés": "working"}
_CUTS: dict[str, Dimension] = {
    "Réseau": "network",
    "Institution": "typology",
    "Structure": "structure",
    "Département": "department",
    "Région": "region",
    "Canal": "channel",
    "Irritant": "irritant",
}
_DECIDED = {"as_proposed": "telle que proposée", "reworked": "retravaillée", "blank": "sans brouillon"}
_SHOWN = 200  # replies sent listed


@st.cache_data(max_entries=64, show_spinner=False)
def _summary(snapshot_id: str, asked: Filters, basis: Basis, target: int, unit: Unit) -> Delays:
    return delays.summary(store.warehouse(), asked, basis, target, unit)


@st.cache_data(max_entries=32, show_spinner=False)
def _curve(snapshot_id: str, asked: Filters, basis: Basis, unit: Unit) -> tuple[pd.DataFrame, Mean | None]:
    warehouse = store.warehouse()
    return delays.curve(warehouse, asked, basis, unit=unit), delays.restricted(warehouse, asked, basis, unit=unit)


@st.cache_data(max_entries=32, show_spinner=False)
def _monthly(snapshot_id: str, asked: Filters, basis: Basis, target: int, unit: Unit) -> pd.DataFrame:
    return delay_groups.monthly(store.warehouse(), asked, basis, target, unit)


@st.cache_data(max_entries=64, show_spinner=False)
def _by(snapshot_id: str, asked: Filters, cut: Dimension, *, basis: Basis, target: int, unit: Unit) -> pd.DataFrame:
    return delay_groups.by(store.warehouse(), asked, cut, basis=basis, target=target, unit=unit)


@st.cache_data(max_entries=32, show_spinner=False)
def _compared(
    snapshot_id: str, asked: Filters, cut: Dimension, keys: tuple[str, ...], *, basis: Basis, unit: Unit
) -> Comparison:
    return delay_groups.compared(store.warehouse(), asked, cut, keys, basis=basis, unit=unit)


@st.cache_data(max_entries=32, show_spinner=False)
def _late(snapshot_id: str, asked: Filters, basis: Basis, target: int, unit: Unit) -> pd.DataFrame:
    return delay_groups.late(store.warehouse(), asked, basis, target, unit)


@st.cache_data(max_entries=32, show_spinner=False)
def _first_seen(snapshot_id: str, asked: Filters) -> pd.DataFrame:
    return first_seen.by_structure(store.warehouse(), asked)


def _by_value(asked: Filters, basis: Basis, target: int, unit: Unit) -> None:
    st.header("Qui répond vite, et sur quoi", anchor=False, help="Sous 20 réponses, les délais ne sont pas montrés.")
    named = st.segmented_control(
        "Comparer par", list(_CUTS), default="Réseau", key="par", bind="query-params", required=True
    )  # fmt: skip
    cut = _CUTS[str(named or "Réseau")]
    frame = _by(snapshot.id, asked, cut, basis=basis, target=target, unit=unit)
    if frame.empty:
        states.empty("Aucun avis ne porte cette information sur la sélection.", "Choisissez une autre comparaison.")
        return
    few = frame["timed"] < french.TOO_FEW
    columns = ["median_days", "p90_days", "mean_days", "km_median_days"]
    shown = frame.assign(**{name: frame[name].mask(few) for name in columns})
    shown["within_target"] = 100 * frame["within_target"].mask(few)
    enough = frame[~few].head(8)
    if len(enough) >= 2:
        _side_by_side(asked, cut, enough, basis=basis, unit=unit, target=target)
    labels: dict[str, object] = {
        "label": st.column_config.TextColumn(str(named), pinned=True),
        "answered": "Répondus",
        "unanswered": "Sans réponse",
        "canned": st.column_config.NumberColumn("dont message d'attente"),
        "outside": st.column_config.NumberColumn("Hors structure", help="Comptés à part : dans aucun autre chiffre."),
        "km_median_days": st.column_config.NumberColumn("Médian, avec ceux qui attendent", format="%.1f j"),
        "median_days": st.column_config.NumberColumn("Médian des réponses", format="%.1f j"),
        "p90_days": st.column_config.NumberColumn("Neuf sur dix", format="%.1f j"),
        "mean_days": st.column_config.NumberColumn("Moyen", format="%.1f j"),
        "within_target": st.column_config.NumberColumn("Dans l'objectif", format="%.0f %%"),
    }
    tables.table(shown, labels, name=f"delais-par-{cut}", alt=f"Délais par {str(named).lower()}")
    if cut == "structure":
        _own_replies(_first_seen(snapshot.id, asked))
        _open_structure(frame)


def _side_by_side(
    asked: Filters, cut: Dimension, frame: pd.DataFrame, *, basis: Basis, unit: Unit, target: int
) -> None:
    by_label = dict(zip(frame["label"], frame["key"], strict=True))
    chosen = st.multiselect(
        "Courbes côte à côte",
        list(by_label),
        default=list(by_label)[:3],
        max_selections=4,
        key=f"courbes_{cut}",
        placeholder="Choisissez deux valeurs ou plus",
    )
    if not chosen:
        return
    found = _compared(snapshot.id, asked, cut, tuple(by_label[c] for c in chosen), basis=basis, unit=unit)
    parts = [c.assign(label=name) for name, c in found.curves.items()]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        return
    days = table[table["day"] % 15 == 0].assign(survival=lambda f: 100 * f["survival"])
    charts.show(
        intervals.waitings(found.curves, target=target),
        title="Combien attendent encore, selon le groupe",
        alt="Courbes qui descendent, une par groupe : la plus basse répond le plus vite.",
        frame=days,
        labels={
            "label": "Groupe",
            "day": st.column_config.NumberColumn("Jours", format="%d"),
            "survival": st.column_config.NumberColumn("Attendent encore", format="%.1f %%"),
        },
        name=f"attente-{cut}",
        help="Courbes de Kaplan-Meier, avis sans réponse compris.",
    )
    if found.p is not None:
        said = (
            "Ces attentes diffèrent plus que le hasard ne l'explique"
            if found.p < 0.05
            else "Le hasard suffit à expliquer ces différences"
        )
        p = "moins de 0,1 %" if found.p < 0.001 else french.percent(found.p, decimals=1)
        st.caption(f"{said} (probabilité que ce soit le hasard : {p}, test du log-rank).")


def _own_replies(frame: pd.DataFrame) -> None:
    """Each structure's own replies, where the files loaded one after the other date them."""
    if frame.empty:
        st.caption(
            "Le portail ne date que la première réponse à un avis, quelle que soit la structure. Celle de chaque structure "
            "sera datée à partir du deuxième fichier chargé."
        )
        return
    few = frame["n"] < french.TOO_FEW
    days = ["median_least", "median_most", "p90_most"]
    with st.expander("Délai de la réponse propre à chaque structure"):
        tables.table(
            frame.assign(**{name: frame[name].mask(few) for name in days}),
            {
                "name": st.column_config.TextColumn("Structure", pinned=True),
                "n": "Réponses vues",
                "median_least": st.column_config.NumberColumn("Médian, au moins", format="%.1f j"),
                "median_most": st.column_config.NumberColumn("Médian, au plus", format="%.1f j"),
                "p90_most": st.column_config.NumberColumn("Neuf sur dix, au plus", format="%.1f j"),
            },
            name="reponses-propres",
            alt="Délai entre la publication et la réponse de chaque structure, vu de fichier en fichier",
        )
        st.caption(
            "Le portail ne date que la première réponse à un avis. Celle de chaque structure est venue entre le dernier fichier "
            "qui ne la montrait pas et le premier qui la montre ; celles du tout premier fichier n'y sont pas."
        )


def _open_structure(frame: pd.DataFrame) -> None:
    by_label: dict[str, str] = {}
    for key, label in zip(frame["key"], frame["label"], strict=True):
        by_label[label if label not in by_label else f"{label} ({key})"] = key
    chosen = st.selectbox(
        "Ouvrir la page d'une structure", list(by_label), index=None, placeholder="Tapez son nom", key="ouvrir"
    )
    if chosen:
        links.to("structure", f"Délais de {chosen}", id=by_label[chosen])


def _what_is_late(frame: pd.DataFrame, target: int) -> None:
    st.header("Ce qui est en retard aujourd'hui", anchor=False)
    if frame.empty:
        st.write("Aucun avis n'attend de réponse.")
        return
    late, soon, waiting = (int(frame[name].sum()) for name in ("late", "soon", "waiting"))
    st.write(
        f"{french.count(waiting, 'avis attend', 'avis attendent')} une réponse ; **{french.number(late)}** depuis plus de "
        f"{french.days(target)}, et {french.number(soon)} le seront d'ici une semaine si rien ne part."
    )
    tables.table(
        frame,
        {
            "name": st.column_config.TextColumn("Structure", pinned=True),
            "waiting": "En attente",
            "late": "En retard",
            "soon": "Bientôt en retard",
            "oldest_days": st.column_config.NumberColumn("Le plus ancien", format="%.0f j"),
        },
        name="retards",
        alt="Avis en attente et en retard, par structure",
    )
    links.to("file-d-attente", "Ouvrir la file d'attente")
    links.to("supervision", "Voir ce qui sera en retard, et le stock à venir")


def _sent() -> None:
    st.header(
        "Envoyées d'ici",
        anchor=False,
        help=(
            "Une réponse envoyée d'ici n'entre dans les délais du portail que lorsqu'un fichier plus récent la montre. "
            "Le temps de bureau est la présence à l'écran, pauses exclues."
        ),
    )
    listed = replies.sent(store.operations(), until=store.end_of_day(), limit=_SHOWN)
    if not listed:
        st.write("Aucune réponse n'a encore été envoyée d'ici.")
        return
    known = {review.id: review for review in reviews.by_ids(store.warehouse(), [r.review_id for r in listed])}
    frame = pd.DataFrame(
        {
            "review": [r.review_id for r in listed],
            "sent": [r.sent_at for r in listed],
            "state": [
                "publiée"
                if (review := known.get(r.review_id)) is not None and review.answered
                else "envoyée, en attente de publication"
                for r in listed
            ],
            "decided": [_DECIDED[r.decided] for r in listed],
            "minutes": [float("nan") if r.desk_s is None else r.desk_s / 60 for r in listed],
            "similarity": [r.similarity for r in listed],
        }
    )
    pending = int((frame["state"] != "publiée").sum())
    median = float(frame["minutes"].median())
    st.write(
        f"{french.count(len(frame), 'réponse envoyée', 'réponses envoyées')}, dont {french.number(pending)} en attente de "
        f"publication ; temps de bureau médian : {french.number(median, 1)} min."
    )
    tables.table(
        frame,
        {
            "review": st.column_config.NumberColumn("Avis", format="plain"),
            "sent": st.column_config.DatetimeColumn("Envoyée le (UTC)", format="DD/MM/YYYY HH:mm"),
            "state": "État",
            "decided": "Réponse",
            "minutes": st.column_config.NumberColumn("Temps de bureau", format="%.1f min"),
            "similarity": st.column_config.NumberColumn("Proximité au brouillon", format="%.0f %%"),
        },
        name="reponses-envoyees",
        alt="Réponses envoyées d'ici",
    )
    newest = listed[0]
    links.to("avis", f"Ouvrir l'avis {newest.review_id}", id=str(newest.review_id))


identity.guard("delais")
st.title("Délais", anchor=False)
printing.rules()
headline = st.empty()
asked = filters.bar()
named = st.segmented_control(
    "Délai compté", list(_BASES), default="Depuis la publication", key="depuis", bind="query-params", required=True,
    help="Il n'existe pas de définition officielle. La publication suit la modération de l'avis ; l'écriture est le jour où "
    "l'usager l'a rédigé. Dans les deux cas, jusqu'à la première réponse d'une structure.",
)  # fmt: skip
basis = _BASES[str(named or "Depuis la publication")]
counted = st.segmented_control(
    "Jours comptés", list(_UNITS), default="Jours calendaires", key="jours", bind="query-params", required=True,
    help="Jours ouvrés : du lundi au vendredi, jours fériés de France exclus ; une réponse le jour même compte zéro.",
)  # fmt: skip
unit = _UNITS[str(counted or "Jours calendaires")]
target = store.config().target_days
snapshot = store.snapshot()
with states.guarded("Les délais n'ont pas pu être calculés"):
    found = _summary(snapshot.id, asked, basis, target, unit)
    if not found.answered + found.unanswered:
        states.empty("Aucun avis auquel une structure puisse répondre.", "Élargissez la période ou retirez un filtre.")
    elif not found.dated:
        headline.write(
            f"Le fichier ne dit pas quand les réponses ont été faites : aucun délai ne peut être calculé "
            f"({french.count(found.answered, 'avis répondu', 'avis répondus')}, {french.number(found.unanswered)} sans réponse)."
        )
        states.empty(
            "La colonne « Date de premiere réponse » est absente ou vide dans ces données.",
            "Chargez un export récent du portail, ou élargissez la sélection.",
        )
    else:
        before_asked = asked.previous()
        before = _summary(snapshot.id, before_asked, basis, target, unit) if before_asked else None
        waits = "plus de la moitié attend encore" if found.km_median_days is None else french.days(found.km_median_days)
        day = date.fromisoformat(snapshot.last_publication)
        headline.write(
            f"Délai médian {filters.described(asked)} : **{waits}** ; {french.count(found.unanswered, 'avis attend', 'avis attendent')} "
            f"encore au {french.day(day)}."
        )
        delay_charts.figures(found, before, target)
        delay_charts.waiting(*_curve(snapshot.id, asked, basis, unit), target)
        delay_charts.months(_monthly(snapshot.id, asked, basis, target, unit))
        _by_value(asked, basis, target, unit)
    _what_is_late(_late(snapshot.id, asked, basis, target, unit), target)
with states.guarded("Les réponses envoyées n'ont pas pu être lues"):
    _sent()
