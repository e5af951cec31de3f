"""What AI changes at the desk, by model and prompt, and trials: a draft or none, two models, two prompts of one model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import pandas as pd
import streamlit as st

from analytics.impact import desk
from analytics.impact.sequential import Difference
from data.errors import VigieError
from data.operations import trials, work, workers
from data.operations.trials import Kind, Trial
from data.operations.work import Piece
from pages.components import charts, french, identity, intervals, links, states, store, tables
from pages.components.navigation import Role

_WITHOUT = "Sans brouillon"
_KINDS: dict[str, Kind] = {"Pilote": "pilot", "Deux modèles": "models", "Deux consignes": "prompts"}


@dataclass(frozen=True)
class _Measure:
    """One measure of a trial, as the screen says it."""

    name: str
    unit: str
    definition: str


_MEASURES: dict[desk.Measure, _Measure] = {
    "minutes": _Measure("Temps de bureau", " min", "Présence à l'écran jusqu'à l'envoi, pauses exclues."),
    "similarity": _Measure("Proximité au brouillon", " %", "100 % : envoyée telle que proposée."),
    "good": _Measure("Brouillon jugé bon", "", "Mot des agents, de 0 (jamais bon) à 1 (toujours)."),
    "findings": _Measure("Points à vérifier", "", "Alertes levées par brouillon."),
}


def _by_model(pieces: list[Piece]) -> None:
    st.header("Au bureau, par modèle et par consigne", anchor=False)
    frame = desk.by_model(pieces)
    if frame.empty:
        states.empty("Aucune réponse n'a encore été envoyée d'ici.", "Ouvrez un avis depuis la file d'attente.")
        links.to("file-d-attente", "Aller à la file d'attente")
        return
    few = frame["n"] < french.TOO_FEW
    shown = frame.assign(
        model=frame["model"].replace("", _WITHOUT),
        prompt=frame["prompt"].replace("", "aucune"),
        as_proposed=(100 * frame["as_proposed"]).mask(few),
        good=(100 * frame["good"]).mask(frame["judged"] < french.TOO_FEW),
    )
    tables.table(
        shown,
        {
            "model": st.column_config.TextColumn("Modèle", pinned=True),
            "prompt": "Consigne",
            "n": "Réponses",
            "minutes": st.column_config.NumberColumn(
                "Temps de bureau", format="%.1f min", help="Médian. Présence à l'écran, pauses exclues."
            ),
            "similarity": st.column_config.NumberColumn(
                "Proximité", format="%.0f %%", help="Médiane de la proximité entre la réponse envoyée et le brouillon."
            ),
            "kept": st.column_config.NumberColumn("Caractères gardés", format="%.0f", help="Médian, du brouillon."),
            "as_proposed": st.column_config.NumberColumn("Telles que proposées", format="%.0f %%"),
            "findings": st.column_config.NumberColumn("Points à vérifier", format="%.1f", help="Par brouillon."),
            "set_aside": st.column_config.NumberColumn("Alertes écartées", format="%.1f", help="Par réponse."),
            "judged": st.column_config.NumberColumn("Brouillons jugés", help="Par les agents."),
            "good": st.column_config.NumberColumn("Jugés bons", format="%.0f %%"),
        },
        name="au-bureau",
        alt="Mesures du bureau par modèle et version de la consigne",
    )
    st.caption(
        "Ce tableau décrit, il ne compare pas : les agents choisissent quand partir d'un brouillon, et les modèles n'ont pas servi "
        "aux mêmes avis. Pour comparer, lancez un essai ci-dessous : le hasard répartit les avis. Sous 20 cas, les parts ne sont "
        "pas montrées."
    )


def _start(who: identity.Person) -> None:
    st.write(
        "Le hasard (une empreinte du numéro de l'avis) décide, personne ne choisit ; chaque tirage est inscrit au journal. "
        "**Pilote** : un avis sur deux se répond sans brouillon, pour mesurer ce que le brouillon change. **Deux modèles** : un "
        "avis sur deux va à chacun, quand un rédacteur de chaque est en marche. **Deux consignes** : le même modèle reçoit, un "
        "avis sur deux, l'une ou l'autre version de la consigne."
    )
    chosen = st.segmented_control("Essai", list(_KINDS), default="Pilote", key="trial_kind", required=True)
    kind = _KINDS[chosen or "Pilote"]
    alive, model = _alive(), ""
    arms: list[str] = []
    if kind == "models":
        arms = st.multiselect(
            "Modèles en marche", alive, max_selections=2, key="trial_arms", placeholder="Choisissez-en deux"
        )
        if len(alive) < 2:
            st.caption("Il faut deux rédacteurs en marche, chacun avec son modèle (page Modèles).")
    elif kind == "prompts":
        arms, model = _prompts([name for name in alive if workers.reads_prompts(name)])
    key = st.session_state.setdefault("trial_key", uuid4().hex)
    ready = kind == "pilot" or (len(arms) == 2 and (kind == "models" or bool(model)))
    if st.button("Commencer l'essai", icon=":material/science:", disabled=not ready):
        try:
            trials.start(store.operations(), key, kind, arms, by=who.id, model=model)
        except VigieError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.session_state["trial_key"] = uuid4().hex
        st.rerun()


def _prompts(models: list[str]) -> tuple[list[str], str]:
    """The two versions of the prompt, and the model that will read them ('' when none can)."""
    if not models:
        st.caption(
            "Aucun modèle de langage n'est en marche. Le rédacteur embarqué assemble des passages : il ne lit aucune consigne, "
            "il n'y a donc rien à comparer avec lui (page Modèles)."
        )
        return [], ""
    model = st.selectbox("Modèle qui les lit", models, key="trial_model", placeholder="Choisissez-le")
    purposes = _versions()
    arms = st.multiselect(
        "Versions de la consigne",
        list(purposes),
        max_selections=2,
        key="trial_prompts",
        placeholder="Choisissez-en deux",
    )
    for arm in arms:
        if purposes[arm]:
            st.caption(states.plain(f"{arm} : {purposes[arm]}"))
    return arms, model or ""


def _alive() -> list[str]:
    """Models of the workers alive."""
    return sorted({worker.model for worker in workers.alive(store.operations())})


def _versions() -> dict[str, str]:
    """Versions of the prompt at hand, and what each is for."""
    from generation import templates

    return {one.version: one.purpose for one in templates.every(store.config().home)}


def _named(trial: Trial) -> str:
    what = "avec ou sans brouillon" if trial.kind == "pilot" else f"{trial.arms[0]} contre {trial.arms[1]}"
    if trial.model:
        what += f", lues par {trial.model}"
    end = "en cours" if trial.ended_at is None else f"terminé le {french.day(trial.ended_at.date())}"
    return f"Essai du {french.day(trial.started_at.date())} : {what} ({end})"


def _trial(trial: Trial, pieces: list[Piece], who: identity.Person) -> None:
    assigned = trials.assigned(store.operations(), trial)
    st.subheader(states.plain(_named(trial)), anchor=False)
    st.write(f"{french.count(len(assigned), 'avis tiré', 'avis tirés')} au sort.")
    if trial.ended_at is None and not trial.served(_alive(), _versions() if trial.kind == "prompts" else ()):
        st.caption(
            "En pause : il manque en ce moment de quoi servir les deux bras (un rédacteur arrêté, une consigne changée). Aucun "
            "avis n'est tiré au sort d'ici là."
        )
    if trial.kind == "pilot":
        _pilot(trial, assigned)
    offered: list[desk.Measure] = ["minutes"] if trial.kind == "pilot" else list(_MEASURES)
    measure = st.segmented_control(
        "Mesure",
        offered,
        default=offered[0],
        format_func=lambda m: _MEASURES[m].name,
        key=f"trial_measure_{trial.id}",
        required=True,
    )
    chosen = measure or offered[0]
    found = desk.compared(trial, assigned, pieces, chosen)
    if found is None or sum(found.counts) < 30:
        n = 0 if found is None else sum(found.counts)
        states.empty(
            f"Trop peu de réponses pour comparer (n = {n}, il en faut 30).", "Revenez quand l'essai aura avancé."
        )
    else:
        _difference(trial, chosen, found)
    if trial.ended_at is None and st.button("Terminer l'essai", icon=":material/stop_circle:", key=f"end_{trial.id}"):
        try:
            trials.end(store.operations(), f"end/{trial.id}", trial, by=who.id)
        except VigieError as error:
            st.error(str(error), icon=":material/error:")
            return
        st.rerun()


def _pilot(trial: Trial, assigned: dict[int, tuple[str, datetime]]) -> None:
    found = desk.pilot(store.warehouse(), trial, assigned)
    if found.gap is None or min(found.counts) < french.TOO_FEW:
        st.caption(
            f"Délais publiés : trop peu d'avis dans le fichier pour comparer ({found.counts[0]} et {found.counts[1]})."
        )
        return
    told = "une différence nette" if found.gap.told else "pas de différence nette : on ne peut pas conclure"
    st.write(
        f"Attente moyenne sur {french.days(desk.HORIZON)}, avec brouillon moins sans : {french.signed(found.gap.effect, 1, ' j')} "
        f"(entre {french.signed(found.gap.low, 1)} et {french.signed(found.gap.high, 1)}) ; {told}. Chaque avis compte selon son "
        "tirage, quoi qu'on en ait fait."
    )


def _difference(trial: Trial, measure: desk.Measure, found: Difference) -> None:
    said = _MEASURES[measure]
    low, high = float(found.low[-1]), float(found.high[-1])
    names = (_WITHOUT_OF.get(trial.arms[0], trial.arms[0]), _WITHOUT_OF.get(trial.arms[1], trial.arms[1]))
    verdict = "on peut conclure" if found.told else "on ne peut pas conclure encore"
    st.write(
        f"**{said.name}** : {french.number(found.means[0], 1)}{said.unit} ({states.plain(names[0])}, n = {found.counts[0]}) et "
        f"{french.number(found.means[1], 1)}{said.unit} ({states.plain(names[1])}, n = {found.counts[1]}) ; écart "
        f"{french.signed(float(found.effect[-1]), 1)}{said.unit} (entre {french.signed(low, 1)} et {french.signed(high, 1)}) : "
        f"{verdict}."
    )
    frame = pd.DataFrame(
        {
            "n": range(1, len(found.effect) + 1),
            "effect": found.effect,
            "low": found.low,
            "high": found.high,
        }
    ).dropna()
    step = max(1, len(frame) // 200)
    drawn = frame.iloc[::step]
    figure = intervals.running(drawn, unit=said.unit)
    charts.show(
        figure,
        title=f"{said.name} : écart entre les deux bras, réponse après réponse",
        alt=f"Courbe de l'écart et sa bande : aujourd'hui entre {french.number(low, 1)} et {french.number(high, 1)}.",
        frame=drawn,
        labels={"n": "Réponses", "effect": "Écart", "low": "au moins", "high": "au plus"},
        name=f"essai-{trial.id}-{measure}",
        help=f"{said.definition} La bande reste vraie même si on la regarde chaque jour : on peut s'arrêter dès qu'elle quitte zéro.",
    )


_WITHOUT_OF = {trials.WITH: "avec brouillon", trials.WITHOUT: "sans brouillon"}

who = identity.guard("mesures-redaction")
st.title("Mesures de la rédaction", anchor=False)
with states.guarded("Les mesures du bureau n'ont pas pu être lues"):
    pieces = work.pieces(store.operations())
    st.write(
        f"{french.count(len(pieces), 'réponse envoyée', 'réponses envoyées')} d'ici, dont "
        f"{french.number(sum(1 for p in pieces if p.model))} à partir d'un brouillon."
    )
    _by_model(pieces)
    st.header("Essais", anchor=False)
    everything = trials.every(store.operations())
    if who.role in (Role.ADMIN, Role.LEAD) and not any(t.ended_at is None for t in everything):
        with st.expander("Commencer un essai", key="start_trial"):
            _start(who)
    if not everything:
        st.write("Aucun essai n'a encore été mené.")
    for trial in everything[:5]:
        _trial(trial, pieces, who)
