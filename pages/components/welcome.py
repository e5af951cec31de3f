"""The first minutes: what a page shows while there is no data, and how data comes in.

Two ways in: the demo (prepared by itself on an empty home, unless switched off) and the open data (a file, or the
portal's download). Each shows its progress; a failure says what happened and leaves both ways open.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from data import jobs
from data.errors import NoSnapshot
from pages.components import french, states, store


def needed() -> bool:
    """Whether there is no data to show yet."""
    try:
        store.snapshot()
    except NoSnapshot:
        return True
    return False


def under_way() -> bool:
    """Whether data is being prepared or brought in."""
    job = jobs.last(store.config().home)
    return job is not None and job.state == "running"


def draw(may_load: bool) -> None:
    """The welcome page. `may_load`: the person may bring data in; others are told to wait."""
    settings = store.config()
    st.title("Bienvenue dans Vigie")
    st.write("L'écoute et la réponse aux usagers de Services Publics +. Il n'y a pas encore de données à montrer.")
    job = jobs.last(settings.home)
    if job is None and settings.auto_demo:
        job = jobs.start(settings.home, "demo", jobs.demo_steps(settings.home, settings.demo_reviews))
    progress()
    if job is not None and job.state == "running":
        return
    if not may_load:
        st.info("Un administrateur doit charger les données. Revenez dans quelques minutes.")
        return
    demo, real = st.columns(2)
    with demo.container(border=True, height="stretch"):
        st.header("Essayer la démonstration")
        reviews = french.count(settings.demo_reviews, "avis fictif", "avis fictifs")
        st.write(f"{reviews} produits sur cette machine, en deux minutes environ.")
        if st.button("Préparer la démonstration", icon=":material/science:", type="primary", key="start_demo"):
            jobs.start(settings.home, "demo", jobs.demo_steps(settings.home, settings.demo_reviews))
            st.rerun()
    with real.container(border=True, height="stretch"):
        st.header("Charger les données ouvertes")
        load_form()


def load_form() -> None:
    """Bring a portal file in: experiences, and if at hand structures and fiches; starts the job."""
    settings = store.config()
    experiences = st.file_uploader(
        "Fichier des expériences (CSV du portail)",
        type=["csv", "gz", "parquet", "jsonl"],
        key="load_experiences",
        help="« Liste des expériences partagées par les usagers », sur data.gouv.fr.",
    )
    structures = st.file_uploader("Référentiel des structures (CSV, facultatif)", type=["csv"], key="load_structures")
    fiches = st.file_uploader(
        "Fiches service-public.fr (ZIP ou XML, facultatif)", type=["zip", "xml"], key="load_fiches"
    )
    if st.button("Charger", icon=":material/upload:", disabled=experiences is None, key="load_start"):
        paths = [_keep(settings.home, given) if given else None for given in (experiences, structures, fiches)]
        jobs.start(settings.home, "load", jobs.load_steps(settings.home, [str(paths[0])], paths[1], paths[2]))
        st.rerun()
    st.caption("En ligne de commande : `.venv/bin/python -m data ingest FICHIER`, puis `.venv/bin/python -m refresh`.")


@st.fragment(run_every=1.0)
def progress() -> None:
    """The job under way, refreshed every second; reruns the whole page when it ends."""
    home = store.config().home
    job = jobs.last(home)
    if job is None:
        return
    if job.state == "running":
        st.session_state["_job_seen"] = job.started_at
        title = "Préparation de la démonstration" if job.name == "demo" else "Traitement en cours"
        st.progress(job.fraction, text=f"{title} : {job.step}…")
        st.caption("Vous pouvez quitter cette page : le travail continue.")
        return
    watched = st.session_state.pop("_job_seen", None) == job.started_at
    if job.state == "failed":
        st.error(f"Étape « {job.step} » : {states.plain(job.error or '')}", title="Le traitement n'a pas abouti")
        st.caption("Les données déjà en service, s'il y en avait, n'ont pas changé. Corrigez puis relancez.")
    if watched:
        st.rerun()


def _keep(home: Path, uploaded: st.typing.UploadedFile) -> str:
    folder = Path(home) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(uploaded.name).name
    with path.open("wb") as stream:
        while block := uploaded.read(1 << 22):
            stream.write(block)
    return str(path)
