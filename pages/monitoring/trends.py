"""Any measure over time, against what it was; what explains its change, and the reviews behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from analytics import reviews, trends
from analytics.trends import Cause, Dimension, Figures, Grain, Measure
from data.filters import Filters
from pages.components import (
    charts,
    filters,
    french,
    identity,
    measures,
    paging,
    palette,
    saved_views,
    states,
    store,
    tables,
    trend_report,
    verbatims,
)
from pages.components.charts import Line

_MEASURES = {name: measure for measure, name in measures.NAMES.items()}
_GRAINS: dict[str, Grain] = {"Jour": "day", "Semaine": "week", "Mois": "month"}
_SPLITS: dict[str, Dimension] = {
    "Réseau": "network",
    "Institution": "typology",
    "Structure": "structure",
    "Irritant": "irritant",
    "Région": "region",
    "Département": "department",
    "Canal": "channel",
    "Ressenti": "sentiment",
}
_WHOLE = "Ensemble"
_NARROWS = {
    "network": "networks",
    "typology": "typologies",
    "structure": "structures",
    "irritant": "irritants",
    "region": "regions",
    "department": "departments",
    "channel": "channels",
    "sentiment": "sentiments",
}
_MATURING: frozenset[Measure] = frozenset({"answered", "delay"})  # recent periods may still move


@st.cache_data(max_entries=64, show_spinner=False)
def _figures(snapshot_id: str, asked: Filters, measure: Measure) -> Figures:
    return trends.figures(store.warehouse(), asked, measure)


@st.cache_data(max_entries=64, show_spinner=False)
def _series(snapshot_id: str, asked: Filters, grain: Grain, measure: Measure) -> pd.DataFrame:
    return trends.series(store.warehouse(), asked, grain, measure)


@st.cache_data(max_entries=64, show_spinner=False)
def _split(snapshot_id: str, asked: Filters, grain: Grain, dimension: Dimension, measure: Measure) -> pd.DataFrame:
    return trends.split(store.warehouse(), asked, grain, dimension, measure=measure)


@st.cache_data(max_entries=64, show_spinner=False)
def _by(snapshot_id: str, asked: Filters, dimension: Dimension, measure: Measure) -> pd.DataFrame:
    return trends.by(store.warehouse(), asked, dimension, measure)


@st.cache_data(max_entries=64, show_spinner=False)
def _explain(snapshot_id: str, asked: Filters, measure: Measure, dimension: Dimension) -> pd.DataFrame:
    return trends.explain(store.warehouse(), asked, measure, dimension)


@st.cache_data(max_entries=64, show_spinner=False)
def _told(snapshot_id: str, asked: Filters, measure: Measure) -> list[Cause]:
    return trends.told(store.warehouse(), asked, measure)


@st.cache_data(max_entries=32, show_spinner=False)
def _adjusted(snapshot_id: str, asked: Filters, measure: Measure, grain: Grain) -> pd.Series | None:
    return trends.deseasonalised(store.warehouse(), asked, measure, grain)


def _choice(label: str, options: list[str], default: str, key: str) -> str:
    chosen = st.segmented_control(label, options, default=default, key=key, bind="query-params", required=True)
    return str(chosen or default)


def _drawn(frame: pd.DataFrame, measure: Measure, snapshot_id: str, asked: Filters, grain: Grain) -> list[Line]:
    """The curve and its references, as columns of `frame` (laid over it point by point)."""
    curves = [Line(f"value_{measure}", measures.NAMES[measure], palette.category(0))]
    previous, year = asked.previous(), asked.year_before()
    known = {"previous": ("Période précédente", previous, "dash"), "year": ("Même période, un an avant", year, "dot")}
    if previous == year:
        known.pop("previous")
    for name, (label, other, dash) in known.items():
        if other is None:
            continue
        past = _series(snapshot_id, other, grain, measure)
        if past.empty:
            continue
        values = past[f"value_{measure}"].tolist()[: len(frame)]
        frame[name] = values + [None] * (len(frame) - len(values))
        curves.append(Line(name, label, palette.muted(), dash))
    return curves


def _open_end(frame: pd.DataFrame, measure: Measure, target: int) -> int:
    """How many last periods are not final: cut short, or too recent for their replies."""
    if frame.empty:
        return 0
    open_ = ~frame["complete"].to_numpy(dtype=bool)
    if measure in _MATURING:
        last = pd.Timestamp(store.snapshot().last_publication)
        open_ |= (frame["period"] > last - pd.Timedelta(days=target)).to_numpy()
    found = 0
    while found < len(open_) and open_[len(open_) - 1 - found]:
        found += 1
    return found


def _headline(measure: Measure, now: Figures, before: Figures | None, year: Figures | None, period: str) -> str:
    told = measures.written(measure, now.value(measure), now.base(measure))
    gap = measures.change(measure, now, before)
    against = f", {gap} par rapport à la période précédente" if gap else ""
    if year is not None and year.base(measure):
        against += f" ; un an avant : {measures.written(measure, year.value(measure), year.base(measure))}"
    return f"{measures.NAMES[measure]} {period} : **{told}**{against}."


def _sentences(snapshot_id: str, asked: Filters, measure: Measure) -> None:
    """What changed, in sentences: who explains it, and whether the value or its weight moved."""
    causes = _told(snapshot_id, asked, measure)
    if not causes:
        return
    st.subheader("Ce qui a changé, en clair", anchor=False)
    st.write(f"Parmi les avis dont l'institution est connue : {trend_report.effect(measure, causes[0].total)}.")
    for cause in causes:
        st.markdown(f"- {states.plain(trend_report.sentence(cause, measure))}")


def _explained(snapshot_id: str, asked: Filters, measure: Measure) -> None:
    st.header(
        "Ce qui explique le changement",
        anchor=False,
        help=(
            "Ce que chaque valeur ajoute au changement depuis la période précédente de même durée. La somme porte sur les "
            "avis où cette information est renseignée, et compte deux fois ceux qui en donnent deux (canaux) : elle peut "
            "donc différer du chiffre en tête de page. Pour le délai, le calcul porte sur le délai moyen : une médiane ne se partage pas."
        ),
    )
    if asked.previous() is None:
        states.empty("Une période ouverte n'a pas de précédente.", "Choisissez 4 semaines, 3 mois ou 12 mois.")
        return
    name = _choice("Expliquer par", list(_SPLITS), "Réseau", "expliquer")
    found = _explain(snapshot_id, asked, measure, _SPLITS[name])
    if found.empty or not found["contribution"].abs().sum():
        states.empty("Aucun changement à expliquer sur cette répartition.", "Choisissez-en une autre.")
        return
    total = float(found["contribution"].sum())
    top = found.head(10)
    first = top.iloc[0]
    st.text(
        f"Parmi les avis où cette information est connue : {trend_report.effect(measure, total)}. Premier poste : {first['label']}, {trend_report.effect(measure, float(first['contribution']))}."
    )
    scale = 1 if measure in {"volume", "delay"} else 100
    unit = {"volume": " avis", "delay": " j"}.get(measure, " pt")
    columns: dict[str, Any] = {
        "label": name,
        "before": "Avant",
        "now": "Maintenant",
        "contribution": f"Contribution ({unit.strip()})",
    }
    shown = found.assign(
        **{c: found[c] * scale for c in ("before", "now", "contribution", "rate", "mix") if c in found}
    )
    if "rate" in shown:
        columns |= {"rate": "dont : la valeur a bougé", "mix": "dont : son poids a bougé"}
    charts.show(
        charts.bars(
            list(top["label"]),
            [float(v) * scale for v in top["contribution"]],
            unit=unit,
            decimals=0 if measure == "volume" else 2,
            signed=True,
        ),
        title=f"Contributions au changement, par {name.lower()}",
        alt=f"Barres : {first['label']} contribue le plus, {trend_report.effect(measure, float(first['contribution']))}.",
        frame=shown,
        labels=columns,
        name="contributions",
    )


def _table(snapshot_id: str, asked: Filters, measure: Measure) -> None:
    name = st.selectbox(
        "Détailler par", list(_SPLITS), index=list(_SPLITS).index("Département"), key="detail", width=220
    )
    dimension = _SPLITS[name or "Département"]
    st.header(
        f"Par {str(name).lower()}",
        anchor=False,
        help="Une information qui manque (le département l'est souvent) laisse l'avis hors de ce tableau.",
    )
    found = _by(snapshot_id, asked, dimension, measure)
    if found.empty:
        states.empty("Aucun avis de la sélection ne dit cette information.", "Élargissez la période.")
        return
    base = trends.BASES[measure]
    if measure != "volume":
        found[f"value_{measure}"] = found[f"value_{measure}"].where(found[base] >= french.TOO_FEW)
    scaled, column = trend_report.scaled(found, measure)
    labels: dict[str, Any] = {"label": name, "n": "Avis"}
    if dimension == "department":
        labels = {"key": "Code", **labels}
    if measure != "volume":
        labels |= {
            base: st.column_config.NumberColumn("Cas", help="Sous 20 cas, la valeur n'est pas montrée."),
            f"value_{measure}": column,
        }
    tables.table(scaled, labels, name="par-valeur", alt=f"{measures.NAMES[measure]} par {str(name).lower()}")
    words = {c: v if isinstance(v, str) else v.get("label") or c for c, v in labels.items()}
    tables.xlsx_button(scaled[list(words)].rename(columns=words), "tendances")


def _without_season(
    wide: pd.DataFrame, parts: dict[str, Filters], snapshot_id: str, measure: Measure, grain: Grain
) -> list[str]:
    """Take its own season out of each curve of `wide`; returns those whose season can't be told."""
    untold = []
    for key, own in parts.items():
        without = _adjusted(snapshot_id, own, measure, grain)
        if without is None:
            untold.append(key)
            continue
        by_period = dict(zip(_series(snapshot_id, own, grain, measure)["period"], without, strict=True))
        wide[key] = [by_period.get(period) for period in wide["period"]]
    return untold


def _narrowed(asked: Filters, dimension: Dimension, value: str) -> Filters:
    chosen: dict[str, Any] = {_NARROWS[dimension]: (int(value) if dimension == "irritant" else value,)}
    return replace(asked, **chosen)


def _reviews(asked: Filters, labels: dict[str, str], dimension: Dimension | None) -> None:
    st.header("Les avis derrière ces chiffres", anchor=False)
    narrowed = asked
    if dimension is not None and labels:
        value = st.selectbox(
            "Valeur", ["", *labels], format_func=lambda key: labels.get(key, "Toutes"), key="valeur", width=420
        )
        if value:
            narrowed = _narrowed(asked, dimension, value)
    warehouse = store.warehouse()
    total = reviews.count(warehouse, narrowed)
    st.caption(f"{french.count(total, 'avis', 'avis')}, les plus récents d'abord.")
    offset = paging.offset(total, key="tendances")
    verbatims.cards(reviews.page(warehouse, narrowed, limit=paging.SIZE, offset=offset), key="trend")


who = identity.guard("tendances")
st.title("Tendances", anchor=False)
headline = st.empty()
asked = filters.bar()
with st.container(horizontal=True, vertical_alignment="bottom"):
    measure = _MEASURES[_choice("Mesure", list(_MEASURES), "Volume", "mesure")]
    grain_name = _choice("Pas", list(_GRAINS), "Semaine", "pas")
    split_name = st.selectbox("Répartir par", [_WHOLE, *_SPLITS], key="par", bind="query-params", width=180)
    adjusted = st.toggle(
        "Sans la saison",
        key="saison",
        bind="query-params",
        help="Retire ce qui revient chaque année à la même date, d'après tout l'historique (deux ans au moins).",
    )
saved_views.panel(who, "tendances")
grain = _GRAINS[grain_name]
dimension = _SPLITS.get(split_name)
snapshot = store.snapshot()
with states.guarded("Les tendances n'ont pas pu être calculées"):
    before_asked = asked.previous()
    now = _figures(snapshot.id, asked, measure)
    if not now.n:
        states.empty("Aucun avis sur cette sélection.", "Élargissez la période ou retirez un filtre.")
        st.stop()
    before = _figures(snapshot.id, before_asked, measure) if before_asked else None
    year_asked = asked.year_before()
    year = _figures(snapshot.id, year_asked, measure) if year_asked else None
    said = _headline(measure, now, before, year, filters.described(asked))
    headline.write(said)
    st.caption(measures.DEFINITIONS[measure])

    whole = _series(snapshot.id, asked, grain, measure)
    if len(whole) > 2 and not whole["complete"].iloc[0]:  # a first period cut by the selection would read as a rise
        whole = whole.iloc[1:]
    whole = whole.reset_index(drop=True)
    open_end = _open_end(whole, measure, store.config().target_days)
    share = measure in {"negative", "answered", "useful"}
    style: dict[str, Any] = {
        "percent": share,
        "unit": {"volume": " avis", "delay": " j"}.get(measure, ""),
        "decimals": 1 if measure == "delay" else 0,
        "incomplete": open_end,
    }
    labels: dict[str, str] = {}
    period_column = st.column_config.DateColumn("Période", format="DD/MM/YYYY")
    if dimension is None:
        curves = _drawn(whole, measure, snapshot.id, asked, grain)
        if adjusted:
            without = _adjusted(snapshot.id, asked, measure, grain)
            if without is None:
                st.caption("Il faut deux ans entiers, par semaine ou par mois, pour connaître la saison.")
            else:
                whole["adjusted"] = list(without)[-len(whole) :]
                curves.insert(1, Line("adjusted", "Sans la saison", palette.category(2), "dash"))
        scaled, column = trend_report.scaled(whole, measure)
        if share:
            scaled = scaled.assign(**{c: 100 * scaled[c] for c in ("adjusted", "previous", "year") if c in scaled})
        charts.show(
            charts.lines(whole, "period", curves, **style),
            title=f"{measures.NAMES[measure]} par {grain_name.lower()}",
            alt=f"Courbe. {measures.NAMES[measure]} sur la période : "
            f"{measures.written(measure, now.value(measure), now.base(measure))}.",
            frame=scaled,
            labels={
                "period": period_column,
                "n": "Avis",
                f"value_{measure}": column,
                "adjusted": st.column_config.NumberColumn("Sans la saison", format="%.2f"),
                "previous": "Période précédente",
                "year": "Un an avant",
                "complete": st.column_config.CheckboxColumn("Période entière"),
            },
            name="tendance",
            help="Les périodes non terminées, ou trop récentes pour leurs réponses, sont en pointillé.",
        )
    else:
        parts = _split(snapshot.id, asked, grain, dimension, measure)
        labels = {str(k): str(v) for k, v in zip(parts["key"], parts["label"], strict=True)} if len(parts) else {}
        wide = (
            parts.pivot(index="period", columns="key", values=f"value_{measure}").reset_index() if len(parts) else parts
        )
        if adjusted and labels:
            each = {key: _narrowed(asked, dimension, key) for key in labels}
            untold = _without_season(wide, each, snapshot.id, measure, grain)
            if untold:
                st.caption(
                    "Il faut deux ans entiers, par semaine ou par mois, pour connaître la saison ; elle reste dans : "
                    f"{states.plain(', '.join(labels[key] for key in untold))}."
                )
        colours = {key: palette.sentiment(key) for key in palette.SENTIMENTS} if dimension == "sentiment" else {}
        lines = [
            Line(
                key,
                name,
                colours.get(key, palette.category(rank)),
                ("solid", "dash", "dot", "dashdot", "longdash")[rank % 5],
            )
            for rank, (key, name) in enumerate(labels.items())
        ]
        charts.show(
            charts.lines(wide, "period", lines, **style),
            title=f"{measures.NAMES[measure]} par {grain_name.lower()} et par {split_name.lower()}",
            alt=f"Une courbe pour chacune des {len(lines)} valeurs les plus fréquentes ; en tête {next(iter(labels.values()), '–')}.",
            frame=wide,
            labels={"period": period_column, **labels},
            name="tendance",
            help="Les cinq valeurs les plus fréquentes de la sélection.",
        )
    causes = _told(snapshot.id, asked, measure) if asked.previous() is not None else []
    institutions = _by(snapshot.id, asked, "typology", measure)
    trend_report.button(
        measure, filters.described(asked), said=said, causes=causes, series=whole, institutions=institutions
    )
    if asked.previous() is not None:
        _sentences(snapshot.id, asked, measure)
    _explained(snapshot.id, asked, measure)
    _table(snapshot.id, asked, measure)
    _reviews(asked, labels, dimension)
