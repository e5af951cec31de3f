"""What a view says when it has nothing, too little, or an error to show; and the key figures' row.

The rule it protects: a person never sees a traceback or a blank, and a percentage never stands on fewer than 20 cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from data.errors import VigieError
from pages.components import french

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>$:~^-])")
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")  # French no-break spaces stay


@dataclass(frozen=True)
class Figure:
    """A key figure: its name, its value in French, its change in French, its definition, its small trend."""

    label: str
    value: str
    definition: str
    change: str | None = None
    better: str = "off"  # 'normal': a rise is good; 'inverse': a fall is good; 'off': neither
    trend: Sequence[float] | None = None


def figures(items: Sequence[Figure]) -> None:
    """Three to five key figures side by side; each definition one click away."""
    with st.grid(max(3, len(items)), min_column_width=148):
        for item in items:
            figure(item)


def figure(item: Figure) -> None:
    """One key figure, as wide as its place; too few cases are said in words, which a large figure would cut."""
    if item.value.startswith(french.TOO_FEW_SAID):
        with st.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f":small[{item.label}]", help=item.definition)
            st.text(item.value)
        return
    # st.metric knows a fall by its ASCII sign alone.
    change = f"-{item.change[1:]}" if item.change and item.change[0] == "−" else item.change
    moved = change is not None and change[:1] in "+-"
    st.metric(
        item.label,
        item.value,
        change,
        delta_color=item.better if moved else "off",  # type: ignore[arg-type]
        delta_arrow="auto" if moved else "off",
        help=item.definition,
        chart_data=list(item.trend) if item.trend else None,
        chart_type="line",
        border=True,
        height="stretch",
    )


def plain(text: str) -> str:
    """Text that came from reviews, made safe where Streamlit reads markdown (titles, sentences)."""
    return _MARKDOWN.sub(r"\\\1", _BLANKS.sub(" ", text).strip())


def empty(reason: str, advice: str) -> None:
    """Nothing to show: why, and what to widen."""
    st.info(f"{reason} {advice}", icon=":material/filter_alt_off:")


def failed(error: Exception) -> bool:
    """What a person reads when a page fails by surprise, in place of the framework's English; True: nothing more is shown.

    The server's log holds the traceback, at that time.
    """
    if isinstance(error, VigieError):
        st.error(str(error), icon=":material/error:")
    else:
        st.error(
            "Cette page n'a pas pu s'afficher jusqu'au bout. Vos données ne sont pas touchées et les autres pages "
            "fonctionnent : rechargez celle-ci. Si cela recommence, donnez à votre administrateur l'heure et l'adresse "
            f"de la page : {french.clock(datetime.now(UTC))}.",
            icon=":material/error:",
        )
    return True


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Draw a part of a page; an expected failure becomes a message and leaves the rest of the page alone."""
    try:
        yield
    except VigieError as error:
        st.error(f"{what} : {error}", icon=":material/error:")
