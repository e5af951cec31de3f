"""What goes well: subjects and teams that people praise, and the words to forward to them."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
import streamlit as st

from analytics import reviews, strengths
from data import personal
from data.filters import Filters
from pages.components import charts, filters, french, identity, links, paging, reports, states, store, tables, verbatims

_QUOTED = 3  # reviews put in a message
_LONGEST = 600  # characters of each


@st.cache_data(max_entries=64, show_spinner=False)
def _listing(snapshot_id: str, asked: Filters) -> pd.DataFrame:
    return strengths.listing(store.warehouse(), asked)


@st.cache_data(max_entries=64, show_spinner=False)
def _teams(snapshot_id: str, asked: Filters, irritant: int | None) -> pd.DataFrame:
    return strengths.teams(store.warehouse(), asked, irritant)


def _message(team: str, found: list[reviews.Review], n: int, period: str) -> str:
    """What is sent to a team: masked words of the people who thank it."""
    quotes = []
    for review in found[:_QUOTED]:
        words = personal.mask(f"{review.title}\n{review.body}".strip())
        quotes.append(
            f"« {words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''} » ({french.day(review.published_at)})"
        )
    told = french.count(n, "avis positif", "avis positifs")
    return (
        f"Bonjour,\n\n{told} sur Services Publics + {period} pour {team}. Voici ce que des usagers ont écrit :\n\n"
        + "\n\n".join(quotes)
        + "\n\nMerci à toute l'équipe."
    )


identity.guard("points-forts")
st.title("Points forts", anchor=False)
headline = st.empty()
asked = filters.bar(sentiments=False)
warehouse, snapshot_id = store.warehouse(), store.snapshot().id
if not warehouse.has("topics"):
    states.empty("Les sujets ne sont pas encore calculés.", "Lancez « Actualiser l'analyse » sur la page Données.")
    st.stop()
with states.guarded("Les points forts n'ont pas pu être calculés"):
    listing = _listing(snapshot_id, asked)
    if listing.empty:
        states.empty("Aucun avis positif sur cette sélection.", "Élargissez la période ou retirez un filtre.")
        st.stop()
    first = listing.iloc[0]
    headline.write(
        f"Le sujet le plus salué {filters.described(asked)} : **{states.plain(first['label'])}**, "
        f"{french.count(int(first['n']), 'avis positif', 'avis positifs')}."
    )
    top = listing.head(12)
    charts.show(
        charts.bars(list(top["label"]), list(top["n"])),
        title="Ce que les usagers saluent",
        alt=f"Barres. En tête : {first['label']}, {french.number(int(first['n']))} avis positifs.",
        frame=listing.assign(share=(100 * listing["share"]).where(listing["felt"] >= french.TOO_FEW)),
        labels={
            "label": st.column_config.TextColumn("Sujet", width="medium"),
            "n": "Avis positifs",
            "n_previous": "Période précédente",
            "share": st.column_config.NumberColumn("Part de positifs", format="%.0f %%", help="Non dite sous 20 avis."),
            "endorsements": "Vécu aussi",
        },
        name="points-forts",
    )
    labels = dict(zip(listing["id"], listing["label"], strict=True))
    subject = st.selectbox(
        "Sujet",
        list(labels),
        index=None,
        format_func=lambda i: str(labels[i]),
        placeholder="Tous les sujets",
        key="sujet_salue",
        width=480,
    )
    chosen = None if subject is None else int(subject)
    teams = _teams(snapshot_id, asked, chosen)
    st.header("Les équipes saluées", anchor=False)
    if teams.empty:
        states.empty("Aucune structure n'est nommée dans ces avis.", "Choisissez un autre sujet.")
    else:
        table = teams.assign(share=(100 * teams["share"]).where(teams["felt"] >= french.TOO_FEW))
        tables.table(
            table,
            {
                "structure": st.column_config.TextColumn("Structure", width="large"),
                "n": "Avis positifs",
                "share": st.column_config.NumberColumn(
                    "Part de positifs", format="%.0f %%", help="Non dite sous 20 avis."
                ),
                "mailbox": "Boîte à lettres",
            },
            name="equipes-saluees",
            alt="Structures qui reçoivent le plus d'avis positifs",
        )
        tables.xlsx_button(table.drop(columns=["structure_id"]), "points-forts")
        names = {str(i): str(n) for i, n in zip(teams["structure_id"], teams["structure"], strict=True)}
        team = st.selectbox("Transmettre à", list(names), format_func=names.__getitem__, key="equipe", width=480)
        row = teams[teams["structure_id"] == team].iloc[0]
        praised = strengths.praising(asked, irritant_id=chosen, structure_id=team)
        best = reviews.page(warehouse, praised, order="endorsed", limit=_QUOTED)
        message = _message(names[team], best, int(row["n"]), filters.described(asked))
        with st.expander("Le message", icon=":material/mail:"):
            st.text(message)
        with st.container(horizontal=True):
            subject_line = quote(f"Des usagers saluent {names[team]}")
            address = "" if pd.isna(row["mailbox"]) else str(row["mailbox"])
            st.link_button(
                "Écrire à l'équipe" if address else "Écrire un message",
                f"mailto:{quote(address)}?subject={subject_line}&body={quote(message[:1600])}",
                icon=":material/mail:",
                help="Ouvre votre messagerie, message prêt ; rien ne part sans vous.",
            )
            st.download_button(
                "Télécharger le message",
                message,
                file_name=f"{store.named('points-forts')}.txt",
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
                key="praise_text",
            )
            reports.button(
                f"Points forts : {names[team]}",
                f"{french.count(int(row['n']), 'avis positif', 'avis positifs')} {filters.described(asked)}",
                [
                    reports.Section(
                        "Ce que les usagers ont écrit", [], None, [personal.mask(f"{r.title}. {r.body}") for r in best]
                    )
                ],
                name="points-forts-equipe",
            )

    st.header("Les avis positifs", anchor=False)
    narrowed = strengths.praising(asked, irritant_id=chosen)
    total = reviews.count(warehouse, narrowed)
    st.caption(f"{french.count(total, 'avis', 'avis')}, les plus récents d'abord.")
    offset = paging.offset(total, key="points_forts")
    verbatims.cards(
        reviews.page(warehouse, narrowed, limit=paging.SIZE, offset=offset), key="praise", irritant=chosen is None
    )
if chosen is not None:
    links.to("irritant", "Tous les avis de ce sujet", id=str(chosen))
