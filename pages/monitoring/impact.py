"""Is the AI worth it? The question, the data, the raw figures, the estimate with its interval, the doubts, the verdict."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from analytics import impact
from pages.components import (
    adoption_days,
    ai_use,
    charts,
    french,
    identity,
    intervals,
    links,
    measures,
    printing,
    states,
    store,
    tables,
)

_MEASURES = {"delay": "Délai de réponse", "satisfaction": "Satisfaction"}
_QUARTERS = {
    -4: "−12 mois",
    -3: "−9 mois",
    -2: "−6 mois",
    -1: "−3 mois",
    0: "+3 mois",
    1: "+6 mois",
    2: "+9 mois",
    3: "+12 mois",
    4: "ensuite",
}


@st.cache_data(max_entries=4, show_spinner=False)
def _report(snapshot_id: str) -> dict[str, Any]:
    return impact.report(store.warehouse())


@st.cache_data(max_entries=4, show_spinner=False)
def _estimates(snapshot_id: str) -> pd.DataFrame:
    return impact.estimates(store.warehouse())


@st.cache_data(max_entries=4, show_spinner=False)
def _use(snapshot_id: str) -> pd.DataFrame:
    return impact.use(store.warehouse())


@st.cache_data(max_entries=4, show_spinner=False)
def _adoption(snapshot_id: str) -> pd.DataFrame:
    return impact.adopters(store.warehouse())


def _bound(value: float) -> str:
    return french.signed(value, 1)


def _value(measure: str, value: float | None) -> str:
    return (
        measures.short_days(value) if measure == "delay" else "–" if value is None else f"{french.number(value)}\u202f%"
    )


def _change(measure: str, value: float) -> str:
    return french.signed(value, 1, "\u202fj" if measure == "delay" else "\u202fpts")


def _verdict(measure: str, found: dict[str, Any]) -> tuple[str, str]:
    """The verdict in a sentence, and how it is shown."""
    name = _MEASURES[measure].lower()
    if found["effect"] is None:
        return f"{_MEASURES[measure]} : on ne peut pas conclure.", "unknown"
    low, high = _change(measure, found["low"]), _change(measure, found["high"])
    if found["low"] <= 0 <= found["high"]:
        return (
            f"{_MEASURES[measure]} : on ne peut pas conclure. L'effet de l'IA est compris entre {low} et {high} : ces "
            "données ne disent pas s'il existe.",
            "unknown",
        )
    good = found["effect"] < 0 if measure == "delay" else found["effect"] > 0
    word = "raccourcit" if found["effect"] < 0 else "allonge"
    if measure == "satisfaction":
        word = "augmente" if found["effect"] > 0 else "diminue"
    return (
        f"L'IA {word} le {name} : {_change(measure, found['effect'])} (entre {low} et {high}, à 95\u202f%)."
        if measure == "delay"
        else f"L'IA {word} la part de réponses jugées utiles : {_change(measure, found['effect'])} (entre {low} et {high}, à 95\u202f%).",
        "good" if good else "bad",
    )


def _block(measure: str, found: dict[str, Any]) -> None:
    st.header(_MEASURES[measure], anchor=False)
    text, kind = _verdict(measure, found)
    show = {"good": st.success, "bad": st.warning, "unknown": st.info}[kind]
    icon = {"good": "check_circle", "bad": "warning", "unknown": "help"}[kind]
    show(text, icon=f":material/{icon}:")
    effect = "Inconnu" if found["effect"] is None else _change(measure, found["effect"])
    between = None
    if found["effect"] is not None:
        between = f"[{_bound(found['low'])} ; {_bound(found['high'])}]"
    raw = "Délai moyen des réponses" if measure == "delay" else "Part de « utile » parmi les réponses jugées"
    states.figures(
        [
            states.Figure(
                "Avant (brut)",
                _value(measure, found["before"]),
                f"{raw}, structures équipées, avant leur adoption. Ce n'est pas un effet : tout bouge dans le temps.",
            ),
            states.Figure(
                "Après (brut)",
                _value(measure, found["after"]),
                f"{raw}, les mêmes structures, après leur adoption.",
            ),
            states.Figure(
                "Effet estimé",
                effect,
                "Ce qui reste quand on retire ce que ces structures auraient fait sans IA, d'après celles qui n'en ont pas "
                "ou pas encore. Dessous, l'intervalle à 95 % : de tels intervalles contiennent l'effet vrai 95 fois sur 100, le "
                "hasard étant compté par structure ; s'il entoure zéro, on ne peut pas conclure.",
                between,
            ),
        ]
    )
    if found["effect"] is not None and found["before"] is not None and found["after"] is not None:
        gap = found["after"] - found["before"]
        st.caption(
            f"L'écart brut, {_change(measure, gap)}, mêle l'effet de l'IA et ce qui aurait changé de toute façon. "
            f"Observations après adoption : {french.number(found['n'])}."
        )
    if found["before"] is not None and found["after"] is not None:
        st.caption(_claim(measure, found["before"], found["after"]))


def _claim(measure: str, before: float, after: float) -> str:
    """What the programme says of itself, and the same comparison on these data."""
    if measure == "delay":
        return (
            "Annoncé par le programme : de 19 jours à 3. La même comparaison ici, en moyenne : "
            f"de {french.number(before, 1)} jours à {french.number(after, 1)}. Elle est brute."
        )
    more = f", soit {french.signed(100 * (after / before - 1))}\u202f% de la part d'avant" if before else ""
    return (
        "Annoncé par le programme : 10 % de satisfaits en plus, en points ou de la part d'avant selon comme on le lit. "
        f"La même comparaison ici : {_change(measure, after - before)}{more}. Elle est brute."
    )


def _event_study(measure: str, table: pd.DataFrame) -> None:
    rows = table[(table["measure"] == measure) & table["slice"].str.startswith("quarter:")].copy()
    rows["quarter"] = rows["slice"].str.removeprefix("quarter:").astype(int)
    rows = rows[rows["n"] >= french.TOO_FEW].sort_values("quarter")
    if rows.empty:
        return
    labels = [_QUARTERS[q] for q in rows["quarter"]]
    unit = " j" if measure == "delay" else " pt"
    first = rows[rows["quarter"] == 0]
    said = f" Premier trimestre avec IA : {_change(measure, float(first['effect'].iloc[0]))}." if len(first) else ""
    charts.show(
        intervals.points(
            labels,
            rows["effect"].tolist(),
            rows["low"].tolist(),
            rows["high"].tolist(),
            unit=unit,
            after=int((rows["quarter"] < 0).sum()),
        ),
        title=f"{_MEASURES[measure]} : écart aux autres structures, avant et après l'adoption",
        alt=f"Points avec leurs intervalles, par trimestre autour de l'adoption.{said}",
        frame=rows.assign(when=labels),
        labels={"when": "Trimestre", "effect": "Écart", "low": "au moins", "high": "au plus", "n": "Observations"},
        name=f"etude-{measure}",
        help="Avant l'adoption (points creux), les écarts doivent rester près de zéro : sinon la comparaison ne vaut rien.",
    )


def _checks(measure: str, table: pd.DataFrame) -> None:
    """The same question asked in other ways: each line says what it leaves out, so that disagreement can be read."""
    of: dict[Any, dict[str, Any]] = table[table["measure"] == measure].set_index("slice").to_dict("index")  # type: ignore[assignment]
    named = {
        "raw": (
            "Avant / après brut",
            "Ne retire rien : ni la tendance de tous, ni ce qui distingue les structures équipées.",
        ),
        "check:series": ("Série interrompue", "Le passé des structures équipées prolongé ; pas de groupe témoin."),
        "all": ("Estimation retenue", "Structures sans IA ou pas encore équipées pour témoins."),
        "check:bootstrap": (
            "La même, incertitude retirée au sort",
            "Bootstrap par structure : 2 000 tirages de ce que chacune apporte à l'erreur.",
        ),
        "check:never": (
            "Par cohortes, témoins jamais équipés",
            "Trimestres entiers ; effets par cohorte, puis moyenne.",
        ),
        "check:not_yet": ("Par cohortes, témoins pas encore équipés aussi", "Les mêmes, avec davantage de témoins."),
        "check:mix": (
            "À publics et sujets constants",
            "Repondération : réseaux, irritants, canaux et ressentis d'après sur avant.",
        ),
        "check:placebo": ("Fausse date, six mois trop tôt", "Rien n'a changé ce jour-là : doit rester près de zéro."),
    }
    rows: list[dict[str, Any]] = [
        {"way": label, "what": what, **{k: of[name][k] for k in ("effect", "low", "high", "n")}}
        for name, (label, what) in named.items()
        if name in of and pd.notna(of[name]["effect"])
    ]
    if len(rows) < 2:
        return
    frame = pd.DataFrame(rows)
    unit = "j" if measure == "delay" else "pt"
    charts.show(
        intervals.rows(
            frame["way"].tolist(),
            frame["effect"].tolist(),
            frame["low"].tolist(),
            frame["high"].tolist(),
            unit=f" {unit}",
        ),
        title=f"{_MEASURES[measure]} : la même question, posée autrement",
        alt="Points avec leurs intervalles, une façon de mesurer par point : "
        + " ; ".join(f"{row['way']} {_change(measure, float(row['effect']))}" for row in rows),
        frame=frame,
        labels={
            "way": st.column_config.TextColumn("Façon de mesurer", pinned=True),
            "what": "Ce qu'elle suppose",
            "effect": st.column_config.NumberColumn("Effet", format=f"%.1f {unit}"),
            "low": st.column_config.NumberColumn("au moins", format="%.1f"),
            "high": st.column_config.NumberColumn("au plus", format="%.1f"),
            "n": "Observations après",
        },
        name=f"autrement-{measure}",
        help="Intervalles à 95 %. Le brut est calculé comme si chaque avis était indépendant des autres : il se croit trop sûr.",
    )


def _other_outcomes(table: pd.DataFrame) -> None:
    """What else moved, and what must not have."""
    whole: dict[Any, dict[str, Any]] = table[table["slice"] == "all"].set_index("measure").to_dict("index")  # type: ignore[assignment]
    named = {
        "soon": ("Répondus en 15 jours", "points", "Avis sans réponse compris."),
        "answered": ("Répondus en 120 jours", "points", "Avis sans réponse compris."),
        "restricted": ("Attente moyenne, plafonnée à 60 jours", "jours", "Un avis sans réponse compte 60 jours."),
        "judged": ("Réponses jugées par leur auteur", "points", "Si elle bouge, ce ne sont plus les mêmes qui jugent."),
        "votes": ("Votes utiles des visiteurs", "points", "Un visiteur peut voter plusieurs fois."),
        "negative": (
            "Avis négatifs (doit rester nul)",
            "points",
            "L'avis est écrit avant toute réponse : l'IA n'y peut rien.",
        ),
    }
    rows: list[dict[str, Any]] = [
        {"what": label, "unit": unit, "said": said, **{k: whole[name][k] for k in ("effect", "low", "high", "n")}}
        for name, (label, unit, said) in named.items()
        if name in whole and pd.notna(whole[name]["effect"])
    ]
    if not rows:
        return
    st.header("Ce qui a bougé aussi, et ce qui ne devait pas", anchor=False)
    shown = pd.DataFrame(
        {
            "Mesure": [f"{row['what']}. {row['said']}" for row in rows],
            "Effet de l'IA": [
                f"{french.signed(row['effect'], 1)} {row['unit']} ({_bound(row['low'])} à {_bound(row['high'])})"
                for row in rows
            ],
        }
    )
    st.table(
        shown, hide_index=True, alt="Effet de l'IA sur les autres mesures, avec leurs intervalles", border="horizontal"
    )
    tables.csv_button(
        pd.DataFrame(rows).rename(
            columns={
                "what": "Mesure",
                "unit": "Unité",
                "said": "À savoir",
                "effect": "Effet de l'IA",
                "low": "au moins",
                "high": "au plus",
                "n": "Observations",
            }
        ),
        "autres-mesures",
    )


def _cohorts(table: pd.DataFrame) -> None:
    rows = table[(table["measure"] == "delay") & table["slice"].str.startswith("cohort:")].copy()
    if rows.empty:
        return
    number = rows["slice"].str.removeprefix("cohort:").astype(int) - 1  # the first whole quarter follows adoption
    rows["when"] = [f"{k % 4 + 1}ᵉ trimestre {k // 4}".replace("1ᵉ ", "1ᵉʳ ") for k in number]
    with st.expander("Effet sur le délai, par cohorte d'adoption"):
        tables.table(
            rows,
            {
                "when": "Équipées au",
                "effect": "Effet (jours)",
                "low": "au moins",
                "high": "au plus",
                "n": "Observations",
            },
            name="effet-par-cohorte",
            alt="Effet de l'IA sur le délai par trimestre d'adoption, témoins jamais équipés",
        )


def _networks(table: pd.DataFrame) -> None:
    rows = table[(table["measure"] == "delay") & table["slice"].str.startswith("network:")].copy()
    if rows.empty:
        return
    rows["network"] = rows["slice"].str.removeprefix("network:")
    with st.expander("Effet sur le délai, par réseau"):
        tables.table(
            rows.sort_values("effect"),
            {"network": "Réseau", "effect": "Effet (jours)", "low": "au moins", "high": "au plus", "n": "Observations"},
            name="effet-par-reseau",
            alt="Effet de l'IA sur le délai par réseau, avec son intervalle",
        )


identity.guard("impact-ia")
st.title("Impact de l'IA", anchor=False)
printing.rules()
snapshot = store.snapshot()
with states.guarded("L'impact n'a pas pu être lu"):
    if store.known_on():
        with st.spinner("L'effet est estimé à nouveau, sur ce qui était connu ce jour-là…"):
            found = _report(snapshot.id)
        st.caption(
            "Estimé à nouveau sur ce qui était connu ce jour-là ; les jours d'adoption déclarés sont ceux d'aujourd'hui."
        )
    else:
        found = _report(snapshot.id)
    table = _estimates(snapshot.id)
    st.write(_verdict("delay", found["delay"])[0] + " " + _verdict("satisfaction", found["satisfaction"])[0])
    if table.empty:
        states.empty("L'impact n'est pas encore estimé.", "Lancez « Actualiser l'analyse » sur la page Données.")
        links.to("donnees", "Aller aux données")
        st.stop()

    st.header("La question", anchor=False)
    st.write(
        "Depuis qu'une structure rédige avec l'aide de l'IA, répond-elle plus vite, et les auteurs jugent-ils ses "
        "réponses plus utiles **grâce à l'IA** ? Les données sont celles du portail : chaque avis, sa première réponse, "
        "et la proximité de cette réponse au brouillon de l'IA, qui dit quand une structure a commencé."
    )
    for name in _MEASURES:
        _block(name, found[name])
        _event_study(name, table)
        _checks(name, table)
        if name == "delay":
            _cohorts(table)
            _networks(table)
    _other_outcomes(table)

    used = _use(snapshot.id)
    if len(used):
        ai_use.shown(used, _adoption(snapshot.id))
    adoption_days.panel(_adoption(snapshot.id))

    st.header("Ce qui pourrait tromper", anchor=False)
    for caveat in found["caveats"]:
        st.markdown(f"- {states.plain(caveat)}")
    st.header("Pourquoi ne pas comparer les réponses avec et sans IA ?", anchor=False)
    st.write(
        "Parce que l'agent choisit quand s'en servir. Les avis simples partent plus vite et se prêtent mieux à un "
        "brouillon : comparer « avec » et « sans » ferait passer la simplicité de l'avis pour un effet de l'IA. Sur "
        "des données simulées où l'IA ne change rien, cette comparaison annonce 27 % de délai en moins. Ici, une "
        "structure compte comme équipée dès son jour d'adoption, que la réponse ait utilisé l'IA ou non."
    )
    st.write(
        "Comparer simplement avant et après ne suffit pas non plus : les délais de tous baissent avec le temps, et "
        "les structures lentes se sont équipées les premières. C'est pourquoi l'estimation retire le mouvement "
        "des structures qui n'ont pas, ou pas encore, l'IA."
    )
    st.header("La méthode", anchor=False)
    for name, label in _MEASURES.items():
        if found[name]["method"]:
            st.write(f"{label} : {found[name]['method']}")
    st.write(
        "Références : Borusyak, Jaravel et Spiess (2024) ; Callaway et Sant'Anna (2021) ; Wooldridge (2023) ; Liang et Zeger (1986) ; Pustejovsky et Tipton (2018) ; DiNardo, Fortin et Lemieux (1996) ; Newey et West (1987)."
    )
