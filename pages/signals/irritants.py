"""Irritants: what people keep running into, most frequent first, each a step from its reviews."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analytics import irritants, ranking, reviews
from data.filters import Filters
from pages.components import (
    charts,
    filters,
    french,
    identity,
    links,
    refused,
    reports,
    states,
    store,
    tables,
    unassigned,
)

_CRITERIA = {  # name -> label, what it is
    "volume": ("Volume", "Nombre d'avis."),
    "negative": ("Part de négatifs", "Parmi les avis dont le ressenti est déclaré ; 20 avis au moins."),
    "trend": ("Tendance", "La croissance sur un an, pour autant que son intervalle en soit sûr."),
    "spread": ("Étendue", "Nombre de structures et de départements où il est rencontré."),
    "delay": ("Délai de réponse", "Délai médian de la première réponse."),
    "unanswered": ("Sans réponse", "Part des avis sans réponse."),
    "endorsements": ("Vécu aussi", "« Expériences similaires » par avis."),
    "tags": (
        "Cinq critères généraux",
        "Part de négatifs : accessibilité, information, relation, réactivité, simplicité.",
    ),
}
_COLUMNS = ["label", "score", "n", "change", "trend", "growth_said", "share_negative", "vanished", "unanswered_share"]
_COLUMNS += ["median_days", "structures", "departments", "endorsements", "words"]
_EXPORTED = {
    "label": "Irritant",
    "score": "Score",
    "n": "Avis",
    "n_previous": "Période précédente",
    "share_negative": "Négatifs (%)",
    "growth": "Tendance par mois (%)",
    "growth_low": "Tendance, au moins (%)",
    "growth_high": "Tendance, au plus (%)",
    "vanished": "Effet s'il disparaissait (points)",
    "unanswered_share": "Sans réponse (%)",
    "median_days": "Délai médian (jours)",
    "structures": "Structures",
    "departments": "Départements",
    "endorsements": "Vécu aussi",
    "words": "Mots caractéristiques",
}

identity.guard("irritants")
st.title("Irritants", anchor=False)
headline = st.empty()
asked = filters.bar(irritants=False)


@st.cache_data(max_entries=64, show_spinner=False)
def _listing(snapshot_id: str, asked: Filters) -> tuple[pd.DataFrame, int, int, int | None]:
    """The irritants with their criteria; reviews that no subject explains, all reviews, all of the previous period."""
    warehouse = store.warehouse()
    before = asked.previous()
    return (
        ranking.criteria(warehouse, asked),
        irritants.unassigned(warehouse, asked),
        reviews.count(warehouse, asked),
        None if before is None else reviews.count(warehouse, before),
    )


def _weights() -> dict[str, float]:
    """The reader's weights, from a popover; in the address, so that a link ranks alike."""
    with st.popover("Pondérer le classement", icon=":material/tune:"):
        st.caption(
            "0 : ne compte pas ; 5 : compte cinq fois plus que 1. Chaque critère classe les irritants entre eux."
        )
        chosen = {
            name: st.slider(label, 0, 5, ranking.WEIGHTS[name], key=f"poids_{name}", help=about, bind="query-params")
            for name, (label, about) in _CRITERIA.items()
        }
        st.button("Poids par défaut", key="poids_defaut", icon=":material/restart_alt:", on_click=_reset_weights)
    return {name: float(value) for name, value in chosen.items()}


def _reset_weights() -> None:
    for name, value in ranking.WEIGHTS.items():
        st.session_state[f"poids_{name}"] = value


def _growth(row: pd.Series) -> str:
    if pd.isna(row["growth"]):
        return "–"
    low, high = french.signed(100 * row["growth_low"]), french.signed(100 * row["growth_high"])
    return f"{french.signed(100 * row['growth'], 1)} % [{low} ; {high}]"


def _points(ranked: pd.DataFrame, weights: dict[str, float]) -> None:
    """Where each score comes from: points of each criterion, out of what its weight allows."""
    counted = [name for name in _CRITERIA if weights[name]]
    if not counted:
        return
    total = sum(weights.values())
    most = {name: 100 * weights[name] / total for name in counted}
    with st.expander("D'où viennent les scores", icon=":material/calculate:"):
        st.caption(
            "Points de chaque critère, sur le plus qu'il peut donner avec ces poids : tout au premier des irritants sur ce "
            "critère, rien au dernier, la moitié si le chiffre manque. Leur somme est le score."
        )
        columns = {
            f"part_{name}": st.column_config.NumberColumn(
                f"{_CRITERIA[name][0]} (sur {french.number(most[name], 1)})", format="%.1f", help=_CRITERIA[name][1]
            )
            for name in counted
        }
        tables.table(
            ranked,
            {
                "label": st.column_config.TextColumn("Irritant", width="medium", pinned=True),
                "score": st.column_config.NumberColumn("Score", format="%.1f"),
                **columns,
            },
            name="points-des-irritants",
            alt="Points de chaque critère dans le score de chaque irritant",
        )


def _vanished(frame: pd.DataFrame) -> None:
    """What the share of negative reviews would be without some irritants."""
    st.header(
        "Et si un irritant disparaissait ?",
        anchor=False,
        help="On retire tous ses avis et on recalcule la part de négatifs. C'est une borne : une partie de ces usagers "
        "aurait sans doute écrit pour autre chose.",
    )
    labels = dict(zip(frame["id"], frame["label"], strict=True))
    chosen = st.multiselect(
        "Irritants retirés",
        list(labels),
        default=list(frame["id"].head(1)),
        format_func=lambda i: str(labels[i]),
        placeholder="Choisissez un ou plusieurs irritants",
        key="irritants_retires",
    )
    negative, felt = int(frame["negative_all"].iloc[0]), int(frame["felt_all"].iloc[0])
    gone = frame[frame["id"].isin(chosen)]
    rest = felt - int(gone["felt"].sum())
    if not chosen or rest < french.TOO_FEW or felt < french.TOO_FEW:
        st.caption("Choisissez au moins un irritant ; il doit rester assez d'avis pour une part.")
        return
    now, then = negative / felt, (negative - int(gone["negative"].sum())) / rest
    st.write(
        f"La part de négatifs passerait de **{french.percent(now, decimals=1)}** à **{french.percent(then, decimals=1)}** "
        f"({french.signed(100 * (then - now), 1)} point), sur {french.number(rest)} avis au lieu de {french.number(felt)}."
    )


if not store.warehouse().has("topics"):
    states.empty("Les irritants ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    links.to("donnees", "Aller aux données")
    st.stop()
refused.notice()
known, outside, total, total_before = _listing(store.snapshot().id, asked)
listing = known.sort_values(["n", "id"], ascending=[False, True], ignore_index=True) if len(known) else known
if listing.empty:
    states.empty("Aucun irritant sur cette sélection.", "Élargissez la période ou retirez un filtre.")
    st.stop()

praised = total - outside - int(listing["n"].sum())
first = listing.iloc[0]
headline.write(
    f"Le plus fréquent {filters.described(asked)} : **{states.plain(first['label'])}**, "
    f"{french.count(int(first['n']), 'avis', 'avis')} sur {french.number(total)}."
)
negative = float((listing["share_negative"].fillna(0) * listing["n"]).sum())
rising: int | None = None
if total_before:
    compared = listing[listing["n_previous"] >= french.TOO_FEW]
    share, share_before = compared["n"] / total, compared["n_previous"] / total_before
    rising = int((share > 1.2 * share_before).sum())
states.figures(
    [
        states.Figure(
            "Avis",
            french.number(total),
            "Tous les avis de la sélection ; l'évolution compare à la période précédente de même durée.",
            french.signed(100 * (total / total_before - 1), 0, "\u202f%") if total_before else None,
        ),
        states.Figure(
            "Irritants", french.number(len(listing)), "Sujets rencontrés au moins une fois dans la sélection."
        ),
        states.Figure(
            "Rattachés",
            french.percent(1 - outside / total, total),
            "Part des avis dont le sujet est reconnu, irritant ou point fort ; les autres sont suivis en bas de page.",
        ),
        states.Figure(
            "Négatifs",
            french.percent(negative / max(1, int(listing["n"].sum())), int(listing["n"].sum())),
            "Part des avis de ces irritants dont l'auteur déclare un ressenti négatif.",
        ),
        states.Figure(
            "Montent vite",
            french.number(rising),
            "Irritants dont la part dans tous les avis a crû de plus d'un cinquième depuis la période précédente "
            f"(où ils avaient au moins {french.TOO_FEW} avis).",
        ),
    ]
)

if praised > 0:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{french.count(praised, 'avis porte', 'avis portent')} sur des sujets plus souvent salués que critiqués : ils "
            "n'irritent pas et ne sont pas comptés ici."
        )
        links.to("points-forts", "Voir les points forts")
top = listing.head(15)
charts.show(
    charts.bars(list(top["label"]), list(top["n"])),
    title="Les irritants les plus fréquents",
    alt=f"Barres horizontales. En tête : {first['label']} avec {french.number(first['n'])} avis.",
    frame=listing,
    labels={
        "label": "Irritant",
        "n": "Avis",
        "n_previous": "Période précédente",
        "share_negative": "Part négative",
        "unanswered_share": "Part sans réponse",
        "median_days": "Délai médian (jours)",
        "endorsements": "Vécus similaires",
    },
    name="irritants",
)

st.header(
    "Classement",
    anchor=False,
    help="Le score va de 0 à 100 : la moyenne pondérée des places de l'irritant sur chaque critère. "
    "Sélectionnez une ligne, ou choisissez dans la liste, pour l'ouvrir.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    weights = _weights()
    links.to("carte-irritants", "Voir la carte")
    links.to("comparer", "Comparer deux périodes")
    links.to("referentiel", "Modifier le référentiel")
listing = ranking.ranked(listing, weights)
heavy = [label for name, (label, _) in _CRITERIA.items() if weights[name]]
st.caption(
    "Critères pris en compte : " + (", ".join(heavy).lower() if heavy else "aucun, les plus fréquents d'abord") + "."
)
shown = listing.assign(
    change=(listing["change"].astype(float) * 100).round(),
    share_negative=listing["share_negative"] * 100,
    unanswered_share=listing["unanswered_share"] * 100,
    vanished=listing["vanished"] * 100,
    growth_said=[_growth(row) for _, row in listing.iterrows()],
    words=[", ".join(terms[:6]) for terms in listing["terms"]],
)
cells, columns = tables.in_french(
    shown[_COLUMNS],
    {
        "label": st.column_config.TextColumn("Irritant", width="medium", pinned=True),
        "score": st.column_config.ProgressColumn("Score", format="%.0f", min_value=0, max_value=100),
        "n": "Avis",
        "change": st.column_config.NumberColumn("Évolution", format="%+d %%", help="Contre la période précédente."),
        "trend": st.column_config.BarChartColumn(
            "Un an", width="small", help="Avis par quatre semaines, depuis un an."
        ),
        "growth_said": st.column_config.TextColumn(
            "Tendance par mois",
            help="Croissance de sa part dans tous les avis, par quatre semaines sur un an, et son intervalle à 90 %.",
        ),
        "share_negative": st.column_config.NumberColumn("Négatifs", format="%.0f %%"),
        "vanished": st.column_config.NumberColumn(
            "S'il disparaissait", format="%+.2f pt", help="Effet sur la part de négatifs de toute la sélection."
        ),
        "unanswered_share": st.column_config.NumberColumn("Sans réponse", format="%.0f %%"),
        "median_days": st.column_config.NumberColumn("Délai médian", format="%.0f j"),
        "structures": st.column_config.NumberColumn("Structures", help="Structures différentes où il est rencontré."),
        "departments": st.column_config.NumberColumn("Départements", help="Parmi les avis qui le disent."),
        "endorsements": st.column_config.NumberColumn(
            "Vécu aussi", help="Personnes qui disent avoir vécu la même chose."
        ),
        "words": "Mots caractéristiques",
    },
)
picked = st.dataframe(
    cells,
    column_config=columns,
    hide_index=True,
    on_select="rerun",
    selection_mode="single-row",
    key="irritants_table",
    alt="Tous les irritants, leur score et leurs chiffres",
)
points = {f"part_{name}": f"Points : {label.lower()}" for name, (label, _) in _CRITERIA.items() if weights[name]}
exported = (
    shown.assign(**{name: 100 * shown[name] for name in ("growth", "growth_low", "growth_high")})
    .rename(columns=_EXPORTED | points)[[*_EXPORTED.values(), *points.values()]]
    .round(2)
)
with st.container(horizontal=True):
    tables.csv_button(exported, "tous-les-irritants")
    tables.xlsx_button(exported, "irritants")
    reports.button(
        "Irritants",
        f"{french.count(total, 'avis', 'avis')} {filters.described(asked)}",
        [
            reports.Section(
                "Classement",
                [
                    "Poids : "
                    + ", ".join(f"{label.lower()} {weights[n]:.0f}" for n, (label, _) in _CRITERIA.items())
                    + "."
                ],
                exported.drop(columns=["Mots caractéristiques", *points.values()]).head(30),
            )
        ],
        name="irritants",
    )
_points(listing, weights)
chosen = [int(listing.iloc[i]["id"]) for i in picked.selection.rows]
with st.container(horizontal=True, vertical_alignment="bottom"):
    by_id = dict(zip(listing["id"], listing["label"], strict=True))
    named = st.selectbox(
        "Irritant à ouvrir",
        list(by_id),
        format_func=lambda i: str(by_id[i]),
        index=list(by_id).index(chosen[0]) if chosen else None,
        placeholder="Choisissez un irritant",
        key="irritant_a_ouvrir",
        width=480,
    )
    if st.button("Ouvrir", icon=":material/arrow_forward:", key="ouvrir_irritant", disabled=named is None):
        st.switch_page(links.script("irritant"), query_params=links.dated("irritant", {"id": str(named)}))
_vanished(listing)
unassigned.panel(asked, total)
