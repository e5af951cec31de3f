"""Every field kept of the reviews: what it says, how often it is filled, its values, the reviews that have one."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analytics import fields, reviews
from analytics.fields import Wanted
from data.metadata import BY_NAME, FIELDS, Field
from pages.components import charts, french, identity, paging, palette, states, store, tables, verbatims
from pages.components.charts import Line

_KINDS = {
    "category": "une valeur parmi d'autres",
    "number": "un nombre",
    "date": "une date",
    "flag": "oui ou non",
    "list": "une liste",
    "text": "un texte",
}
_FLAGS = {"true": "Oui", "false": "Non"}

identity.guard("champs")
warehouse = store.warehouse()
st.title("Champs des avis", anchor=False)
derived = sum(field.derived for field in FIELDS)
st.write(
    f"Chaque avis porte {french.number(len(FIELDS))} informations : {french.number(len(FIELDS) - derived)} viennent du "
    f"portail, {french.number(derived)} sont calculées ici à chaque actualisation."
)

if store.known_on():
    st.caption(
        "L'orientation n'est pas refaite pour un jour passé ; ce que la lecture d'un texte a trouvé (langue, données "
        "personnelles, détresse, copies) n'est pas dit des textes qui ont changé depuis."
    )
known = {field.name: field for field in fields.known(warehouse)}
if len(known) < len(FIELDS):
    st.info("Les champs calculés apparaîtront après la prochaine actualisation.", icon=":material/hourglass_empty:")
name = st.selectbox(
    "Champ",
    list(known),
    index=list(known).index("sentiment"),
    format_func=lambda n: f"{known[n].label} · {known[n].group}",
    key="champ",
    bind="query-params",
    placeholder="Choisissez un champ",
)
field: Field = known[name or "sentiment"]
full, total = fields.filled(warehouse, field)
st.write(f"**{field.label}** : {_KINDS[field.kind]}. {field.about}")
st.write(f"Rempli dans {french.percent(full / total if total else None)} des avis (n = {french.number(total)}).")


def shown(value: str) -> str:
    """A value as the screen writes it."""
    return _FLAGS.get(value, value) if field.kind == "flag" else value


def ask() -> Wanted:
    """What is wanted of the field, chosen on screen."""
    if field.kind in {"category", "flag", "list"}:
        found = fields.values(warehouse, field)
        if found.empty:
            return Wanted()
        charts.show(
            charts.bars([shown(v) for v in found["value"]], found["n"].tolist()),
            title="Valeurs les plus fréquentes",
            alt=f"{field.label} : "
            + ", ".join(f"{shown(v)} {n}" for v, n in zip(found["value"][:5], found["n"][:5], strict=True)),
            frame=found.assign(value=found["value"].map(shown)),
            labels={"value": "Valeur", "n": "Avis"},
            name="valeurs",
        )
        chosen = st.multiselect(
            "Garder les avis où il vaut",
            found["value"].tolist(),
            format_func=shown,
            key=f"values_{field.name}",
            placeholder="N'importe quelle valeur",
        )
        return Wanted(values=tuple(chosen))
    if field.kind == "date":
        with st.container(horizontal=True):
            low = st.date_input("Du", None, format="DD/MM/YYYY", key=f"from_{field.name}")
            high = st.date_input("Au", None, format="DD/MM/YYYY", key=f"to_{field.name}")
        if isinstance(low, date) or isinstance(high, date):
            return Wanted(low=low or date(2000, 1, 1), high=high or date(2100, 1, 1))
        return Wanted()
    found_spread = fields.spread(warehouse, field)
    if found_spread is None:
        return Wanted()
    what = "Longueur, en caractères" if field.kind == "text" else "Valeur"
    st.header(f"{what} : comment elle se répartit", anchor=False)
    decimals = 0 if float(found_spread.high).is_integer() and float(found_spread.low).is_integer() else 2
    tables.table(
        pd.DataFrame(
            {
                "point": ["La plus petite", "1 avis sur 10 est en dessous", "Médiane", "1 avis sur 10 est au-dessus", "La plus grande"],
                "value": [
                    french.number(v, decimals)
                    for v in (found_spread.low, found_spread.tenth, found_spread.median, found_spread.ninetieth, found_spread.high)
                ],
            }
        ),
        {"point": "Repère", "value": what},
        name="repartition",
        alt=f"Répartition : {field.label}",
    )  # fmt: skip
    with st.container(horizontal=True):
        smallest = st.number_input("Au moins", value=found_spread.low, key=f"low_{field.name}")
        largest = st.number_input("Au plus", value=found_spread.high, key=f"high_{field.name}")
    return Wanted(low=smallest, high=largest)


wanted = ask()
months = fields.over_time(warehouse, field)
if not months.empty:
    charts.show(
        charts.lines(months, "month", [Line("share", field.label, palette.category(0))], percent=True),
        title="Remplissage au fil des mois",
        alt=f"Part des avis qui remplissent le champ « {field.label} », par mois de publication",
        frame=months,
        labels={"month": "Mois", "reviews": "Avis", "share": "Part remplie"},
        name="remplissage",
    )

st.header("Les avis", anchor=False)
if field.personal:
    st.info("Ce champ est une donnée personnelle : il n'est montré nulle part.", icon=":material/lock:")
    st.stop()
matching = fields.count(warehouse, field, wanted)
st.text(f"{french.count(matching, 'avis', 'avis')}.")
if not matching:
    states.empty("Aucun avis n'a cette valeur.", "Élargissez les bornes ou retirez une valeur.")
    st.stop()
offset = paging.offset(matching, key="champs")
verbatims.cards(reviews.by_ids(warehouse, fields.reviews(warehouse, field, wanted, paging.SIZE, offset)), key="fields")

with st.expander("Liste de tous les champs", icon=":material/list:"):
    listed = pd.DataFrame(
        [(f.label, f.group, _KINDS[f.kind], f.about, f.name) for f in BY_NAME.values()],
        columns=["label", "group", "kind", "about", "name"],
    )
    tables.table(
        listed,
        {"label": "Champ", "group": "Groupe", "kind": "Nature", "about": "Ce qu'il dit", "name": "Nom technique"},
        name="champs",
        alt="Liste de tous les champs",
    )
