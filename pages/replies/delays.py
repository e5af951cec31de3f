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
    filters,
    french,
    identity,
    intervals,
    links,
    measures,
    palette,
    states,
    store,
    tables,
)
from pages.components.charts import Line

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


def _figures(found: Delays, before: Delays | None, target: int) -> None:
    def gap(name: str) -> str | None:
        now, was = getattr(found, name), getattr(before, name) if before else None
        if before is None or now is None or was is None or min(found.timed, before.timed) < french.TOO_FEW:
            return None
        if name == "within_target":
            return french.signed(100 * (now - was), 1, " points")
        return french.signed(now - was, 1, "\u202fj")

    enough = found.timed >= french.TOO_FEW
    few = f"{french.TOO_FEW_SAID} (n = {found.timed})"
    states.figures(
        [
            states.Figure(
                "Délai médian",
                measures.short_days(found.km_median_days) if enough else few,
                "La moitié des avis ont leur réponse avant. Les avis encore sans réponse comptent pour ce qu'ils ont "
                "déjà attendu (estimateur de Kaplan-Meier). Le changement compare avec la période précédente.",
                gap("km_median_days"),
                "inverse",
            ),
            states.Figure(
                f"En {french.days(target)}",
                french.percent(found.within_target) if enough else few,
                f"Part des avis répondus dans l'objectif de {french.days(target)}, parmi ceux assez anciens pour savoir.",
                gap("within_target"),
                "normal",
            ),
            states.Figure(
                "9 réponses sur 10",
                measures.short_days(found.p90_days) if enough else few,
                "Délai que neuf réponses publiées sur dix ne dépassent pas ; les avis sans réponse n'y sont pas.",
                gap("p90_days"),
                "inverse",
            ),
            states.Figure(
                "Délai moyen",
                measures.short_days(found.mean_days) if enough else few,
                "Moyenne des réponses publiées : quelques réponses très tardives la tirent vers le haut.",
                gap("mean_days"),
                "inverse",
            ),
            states.Figure(
                "Sans réponse",
                french.number(found.unanswered),
                "Avis qu'aucune structure n'a vraiment répondus, messages d'attente compris, Hors structure exclus.",
            ),
        ]
    )
    aside = [
        f"{french.count(found.canned, 'message d’attente', 'messages d’attente')} (pas une réponse)",
        f"{french.number(found.outside)} avis Hors structure (comptés à part)",
    ]
    if found.negative:
        aside.append(f"{french.count(found.negative, 'délai négatif écarté', 'délais négatifs écartés')}")
    if found.undated:
        aside.append(f"{french.count(found.undated, 'réponse', 'réponses')} sans date")
    st.caption("À côté de ces chiffres : " + ", ".join(aside) + ".")


def _waiting(curve: pd.DataFrame, mean: Mean | None, target: int) -> None:
    at = curve[curve["day"] == float(min(target, 90))]
    left = float(at["survival"].iloc[0]) if len(at) else None
    shown = curve[curve["day"] % 5 == 0].assign(**{name: 100 * curve[name] for name in ("survival", "low", "high")})
    charts.show(
        intervals.waiting(curve, target=target),
        title="Combien attendent encore, jour après jour",
        alt=f"Courbe qui descend. Après {french.days(target)}, {french.percent(left)} des personnes attendent encore.",
        frame=shown,
        labels={
            "day": st.column_config.NumberColumn("Jours", format="%d"),
            "at_risk": "Avis encore suivis",
            "survival": st.column_config.NumberColumn("Attendent encore", format="%.1f %%"),
            "low": st.column_config.NumberColumn("au moins", format="%.1f %%"),
            "high": st.column_config.NumberColumn("au plus", format="%.1f %%"),
        },
        name="attente",
        help=(
            "Courbe de Kaplan-Meier et sa bande à 95 %. Un avis sans réponse est suivi jusqu'au dernier jour publié : "
            "l'oublier rendrait les délais récents trop courts."
        ),
    )
    if mean is not None:
        st.caption(
            f"Attente moyenne sur les {french.days(delays.RESTRICTED_DAYS)} qui suivent l'avis, sans réponse compris : "
            f"{french.days(mean.value)} (entre {french.number(mean.low, 1)} et {french.number(mean.high, 1)}, à 95 %).",
            help="Moyenne restreinte : l'aire sous la courbe. Une attente plus longue compte pour cette durée.",
        )


def _months(frame: pd.DataFrame) -> None:
    drawn = frame[frame["answered"] >= french.TOO_FEW]
    if drawn.empty:
        states.empty("Trop peu de réponses par mois pour une courbe.", "Élargissez la période.")
        return
    open_end = int((~drawn["complete"]).sum())
    last = drawn.iloc[-1 - open_end] if len(drawn) > open_end else drawn.iloc[-1]
    charts.show(
        charts.lines(
            drawn,
            "month",
            [
                Line("km_median_days", "Délai médian", palette.category(0)),
                Line("p90_days", "Neuf réponses sur dix", palette.category(2), "dash"),
            ],
            unit=" j",
            decimals=1,
            band=("q1_days", "q3_days"),
            incomplete=open_end,
        ),
        title="Délais par mois de publication de l'avis",
        alt=f"Deux courbes. En {french.month(last['month'])}, délai médian de {french.days(last['km_median_days'])}.",
        frame=frame,
        labels={
            "month": st.column_config.DateColumn("Mois", format="MM/YYYY"),
            "n": "Avis",
            "answered": "Répondus",
            "km_median_days": st.column_config.NumberColumn("Médian", format="%.1f j"),
            "q1_days": st.column_config.NumberColumn("Un quart avant", format="%.1f j"),
            "q3_days": st.column_config.NumberColumn("Trois quarts avant", format="%.1f j"),
            "p90_days": st.column_config.NumberColumn("Neuf sur dix avant", format="%.1f j"),
            "mean_days": st.column_config.NumberColumn("Moyen", format="%.1f j"),
            "complete": st.column_config.CheckboxColumn("Mois joué"),
        },
        name="delais-par-mois",
        help="La bande va du quart le plus rapide au quart le plus lent des réponses. Les mois dont les avis peuvent encore recevoir une réponse dans l'objectif sont en pointillé.",
    )


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
    listed = replies.sent(store.operations(), limit=_SHOWN)
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
            "review": st.column_config.NumberColumn("Avis", format="%d"),
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
        _figures(found, before, target)
        _waiting(*_curve(snapshot.id, asked, basis, unit), target)
        _months(_monthly(snapshot.id, asked, basis, target, unit))
        _by_value(asked, basis, target, unit)
    _what_is_late(_late(snapshot.id, asked, basis, target, unit), target)
with states.guarded("Les réponses envoyées n'ont pas pu être lues"):
    _sent()
