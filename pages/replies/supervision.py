"""The team lead's watch: the stock by age, what comes in and goes out, what will be late this week, what drifts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analytics import supervision
from analytics.forecast import Forecast
from analytics.supervision import Drift, Stock, Track
from data.filters import Filters
from pages.components import charts, filters, french, identity, links, palette, states, store, subscribing, tables
from pages.components.charts import Line

_LISTED = 200
_SHOWN_WEEKS = 52


@st.cache_data(max_entries=32, show_spinner=False)
def _stock(snapshot_id: str, asked: Filters, target: int) -> Stock:
    return supervision.stock(store.warehouse(), asked, target)


@st.cache_data(max_entries=32, show_spinner=False)
def _drifting(snapshot_id: str, asked: Filters) -> list[Drift]:
    return supervision.drifting(store.warehouse(), asked)


def _figures(found: Stock, target: int) -> None:
    coming = float(found.upcoming["probability"].sum())
    flows = found.flows.tail(4)
    gap = int(flows["incoming"].sum() - flows["answered"].sum())
    trend = found.flows["stock"].tail(_SHOWN_WEEKS).tolist()
    states.figures(
        [
            states.Figure(
                "En attente",
                french.number(found.waiting),
                "Avis qu'aucune structure n'a vraiment répondus, messages d'attente compris, Hors structure exclus, quelle "
                "que soit leur date.",
                trend=trend if len(trend) > 2 else None,
            ),
            states.Figure(
                "En retard",
                french.number(found.late),
                f"Avis qui attendent depuis plus de {french.days(target)}.",
            ),
            states.Figure(
                "D'ici 7 jours",
                french.number(coming) if len(found.upcoming) else "aucun",
                "Avis qui passeront sans doute l'objectif : somme des probabilités de passer l'objectif sans réponse dans les sept jours qui viennent, au rythme des six "
                "derniers mois de chaque structure.",
            ),
            states.Figure(
                "En 4 semaines",
                french.signed(gap),
                "Ce que le stock a gagné : avis reçus moins avis répondus, sur les quatre dernières semaines.",
            ),
        ]
    )


def _ages(found: Stock) -> None:
    frame = found.ages
    charts.show(
        charts.bars(frame["label"].tolist(), frame["n"].tolist()),
        title="Depuis quand attendent les avis",
        alt=f"Barres par ancienneté : {french.number(found.waiting)} avis en attente.",
        frame=frame,
        labels={"label": "Ancienneté", "n": "Avis en attente"},
        name="stock-par-age",
    )


def _flows(found: Stock) -> None:
    frame = found.flows.tail(_SHOWN_WEEKS)
    if len(frame) < 2:
        return
    charts.show(
        charts.lines(
            frame,
            "week",
            [
                Line("incoming", "Avis reçus", palette.category(0)),
                Line("answered", "Avis répondus", palette.category(2), "dash"),
            ],
        ),
        title="Ce qui entre et ce qui sort, par semaine",
        alt=f"Deux courbes. Dernière semaine : {french.number(frame['incoming'].iloc[-1])} reçus, "
        f"{french.number(frame['answered'].iloc[-1])} répondus.",
        frame=frame,
        labels={
            "week": st.column_config.DateColumn("Semaine du", format="DD/MM/YYYY"),
            "incoming": "Reçus",
            "answered": "Répondus",
            "stock": "En attente à la fin",
        },
        name="entrees-sorties",
        help="Les semaines finissent le dernier jour publié. Une réponse compte le jour où elle est publiée.",
    )


def _right(track: Track) -> str:
    """How far the prediction can be trusted, in a sentence."""
    if track.hit_rate is None or track.announced < french.TOO_FEW:
        return "Trop peu de semaines passées pour dire si cette annonce est fiable."
    return (
        f"Sur les {track.weeks} dernières semaines, {french.number(track.announced)} avis avaient été annoncés ainsi : "
        f"{french.percent(track.hit_rate)} ont vraiment pris du retard, et l'annonce avait prévu "
        f"{french.percent(track.found)} des retards ({french.number(track.expected)} attendus, {french.number(track.late)} constatés)."
    )


def _upcoming(found: Stock) -> None:
    st.header("Ce qui sera en retard cette semaine", anchor=False)
    if found.upcoming.empty:
        st.write("Aucun avis ne peut passer l'objectif dans les sept jours qui viennent.")
        return
    st.write(_right(found.track))
    shown = found.upcoming.head(_LISTED).assign(probability=lambda f: 100 * f["probability"])
    tables.table(
        shown,
        {
            "id": st.column_config.NumberColumn("Avis", format="plain"),
            "name": st.column_config.TextColumn("Structure"),
            "age": st.column_config.NumberColumn("Attend depuis", format="%d j"),
            "probability": st.column_config.ProgressColumn(
                "Risque de retard", format="%.0f %%", min_value=0, max_value=100
            ),
        },
        name="retards-a-venir",
        alt="Avis qui risquent de passer l'objectif dans les sept jours, les plus sûrs d'abord",
    )
    first = found.upcoming.iloc[0]
    links.to("rediger", f"Répondre au plus pressant (avis {int(first['id'])})", id=str(int(first["id"])))
    with st.expander("Ces probabilités sont-elles justes ?"):
        st.write(
            "Chaque ligne réunit les avis à qui l'on avait donné un risque voisin : la part constatée doit lui ressembler. "
            "Chaque semaine passée est rejouée avec ce que l'on savait ce matin-là."
        )
        bins = found.track.bins[found.track.bins["n"] > 0]
        tables.table(
            bins.assign(
                band=[f"{100 * lo:.0f} à {100 * hi:.0f} %" for lo, hi in zip(bins["low"], bins["high"], strict=True)],
                expected=100 * bins["expected"],
                observed=(100 * bins["observed"]).mask(bins["n"] < french.TOO_FEW),
            ),
            {
                "band": "Risque annoncé",
                "n": "Avis",
                "expected": st.column_config.NumberColumn("Risque moyen", format="%.0f %%"),
                "observed": st.column_config.NumberColumn("Vraiment en retard", format="%.0f %%"),
            },
            name="justesse",
            alt="Risque annoncé et part constatée, par tranche",
        )


def _forecast(found: Stock) -> None:
    forecast: Forecast | None = found.forecast
    if forecast is None:
        st.caption("Prévision du stock : il faut au moins neuf mois d'historique.")
        return
    past = found.flows.tail(16)[["week", "stock"]]
    past = past.assign(week=past["week"] + pd.Timedelta(days=6), low=past["stock"], high=past["stock"])
    frame = pd.concat([past, forecast.frame], ignore_index=True)
    last = forecast.frame.iloc[-1]
    charts.show(
        charts.lines(
            frame,
            "week",
            [Line("stock", "Avis en attente", palette.category(0))],
            band=("low", "high"),
            incomplete=len(forecast.frame),
        ),
        title="Le stock des quatre semaines à venir",
        alt=f"Dans quatre semaines, {french.number(last['stock'])} avis en attente, entre {french.number(last['low'])} et "
        f"{french.number(last['high'])}.",
        frame=frame,
        labels={
            "week": st.column_config.DateColumn("Fin de semaine", format="DD/MM/YYYY"),
            "stock": st.column_config.NumberColumn("En attente", format="%.0f"),
            "low": st.column_config.NumberColumn("au moins (8 fois sur 10)", format="%.0f"),
            "high": st.column_config.NumberColumn("au plus", format="%.0f"),
        },
        name="prevision",
        help=(
            "Ce qui attend part au rythme des six derniers mois, selon son âge ; ce qui arrive suit les huit dernières "
            "semaines, corrigées à moitié de la saison d'il y a un an. La même prévision refaite sur les semaines passées donne son "
            "erreur habituelle, qui est retirée, et l'intervalle."
        ),
    )
    ours, naive = float(forecast.error[-1]), float(forecast.naive_error[-1])
    better = "mieux que" if ours < naive else "moins bien que"
    held = (
        ""
        if forecast.covered is None
        else f" L'intervalle a contenu la vérité {french.percent(forecast.covered)} du temps."
    )
    st.caption(
        f"Sur {forecast.replayed} semaines passées, l'erreur à quatre semaines était de {french.number(ours)} avis, {better} « le stock "
        f"ne bouge pas » ({french.number(naive)}).{held}"
    )


def _by_structure(found: Stock) -> None:
    st.header("Par structure", anchor=False)
    tables.table(
        found.by_structure,
        {
            "name": st.column_config.TextColumn("Structure", pinned=True),
            "waiting": "En attente",
            "late": "En retard",
            "upcoming": st.column_config.NumberColumn("En retard d'ici 7 jours", format="%.1f"),
        },
        name="stock-par-structure",
        alt="Avis en attente, en retard et bientôt en retard, par structure",
    )
    named = found.by_structure[found.by_structure["structure_id"].notna()]
    if len(named):
        first = named.iloc[0]
        links.to("structure", f"Délais de {first['name']}", id=str(first["structure_id"]))


def _drift(found: list[Drift]) -> None:
    st.header(
        "Structures qui s'écartent de leur propre passé",
        anchor=False,
        help=(
            "Réponses des quatre dernières semaines, comparées à celles que le rythme de l'année précédente annonce pour les "
            "avis que la structure avait alors. Parmi les structures listées, une sur vingt au plus l'est par hasard."
        ),
    )
    if not found:
        st.write("Aucune structure ne répond nettement moins, ou plus, que son passé ne l'annonce.")
        return
    tables.table(
        pd.DataFrame(
            {
                "name": [d.name for d in found],
                "moved": ["ralentit" if d.slower else "accélère" for d in found],
                "replies": [d.replies for d in found],
                "expected": [d.expected for d in found],
            }
        ),
        {
            "name": st.column_config.TextColumn("Structure", pinned=True),
            "moved": "Mouvement",
            "replies": "Réponses, 4 semaines",
            "expected": st.column_config.NumberColumn("Attendues d'après son passé", format="%.0f"),
        },
        name="derives",
        alt="Structures dont le rythme de réponse a changé",
    )
    for one in found[:3]:
        links.to("structure", f"Carte de contrôle de {one.name}", id=one.structure_id)


identity.guard("supervision")
st.title("Supervision", anchor=False)
headline = st.empty()
asked = filters.bar()
target = store.config().target_days
snapshot = store.snapshot()
with states.guarded("Le stock n'a pas pu être calculé"):
    found = _stock(snapshot.id, asked, target)
    if not found.waiting and found.flows["answered"].sum() == 0:
        states.empty("Aucun avis de cette sélection n'attend ni n'a de réponse datée.", "Retirez un filtre.")
        st.stop()
    coming = float(found.upcoming["probability"].sum())
    headline.write(
        f"Au {french.day(found.day)}, **{french.count(found.waiting, 'avis attend', 'avis attendent')}** une réponse, dont "
        f"{french.number(found.late)} depuis plus de {french.days(target)} ; environ {french.number(coming)} de plus dans les "
        "sept jours qui viennent si le rythme ne change pas. La période choisie ne change pas le stock : ce qui attend, attend."
    )
    _figures(found, target)
    _upcoming(found)
    _forecast(found)
    _ages(found)
    _flows(found)
    _by_structure(found)
    _drift(_drifting(snapshot.id, asked))
with st.expander("Être prévenu chaque semaine", icon=":material/notifications:"):
    subscribing.panel(late=True)
