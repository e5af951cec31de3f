"""Tables and the CSV that goes with each.

The rule it protects: what leaves as CSV opens in a French spreadsheet (`;`, comma, BOM) and runs nothing there: a cell
of citizen text that starts like a formula is disarmed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from pages.components import french, states, store

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

_SMALL = 12
_STYLED = 200_000  # cells
_PRINTF = re.compile(r"%(?P<sign>\+?)(?:\.(?P<decimals>\d)f|d)(?P<unit>.*)")
_RUNS = "=+-@\t\n"  # first characters that make a spreadsheet run a cell
_SIGNED = re.compile(r"[+-]\d[\d\s,.]*(%|[a-zéû]*)")  # a signed figure and its unit runs nothing


def table(frame: pd.DataFrame, labels: Mapping[str, Any], *, name: str, alt: str) -> None:
    """Show the columns of `labels` under their French names, with a CSV button; small results as a plain table.

    A label may be a `st.column_config` object; `name` names the file and must be unique on the page.
    """
    shown = frame[[c for c in labels if c in frame.columns]]
    texts = {c: v if isinstance(v, str) else v.get("label") or c for c, v in labels.items()}
    rich = any(not isinstance(v, str) for v in labels.values())
    if len(shown) <= _SMALL and not rich:
        small = printable(shown).map(states.plain).rename(columns=texts)  # a small table reads markdown
        st.table(small, hide_index=True, alt=alt, border="horizontal")
    else:
        cells, columns = in_french(shown, labels)
        st.dataframe(cells, column_config=columns, hide_index=True, alt=alt)
    csv_button(shown.rename(columns=texts), name)


def sampled(words: pd.DataFrame) -> None:
    """Say how many reviews the counts of `comparison.vocabulary` come from, when they are not all read."""
    first, second, part = words[["read_first", "read_second", "sampled"]].iloc[0]
    if part:
        st.caption(
            f"Mots comptés sur une partie des avis : {french.number(first)} du premier côté, {french.number(second)} du second."
        )


def in_french(frame: pd.DataFrame, labels: Mapping[str, Any]) -> tuple[pd.DataFrame | Styler, dict[str, Any]]:
    """What `st.dataframe` shows, numbers written as French readers do (`−0,52 pt`), still sorted as numbers; and its columns.

    A browser writes the `printf` format of a `NumberColumn` with a point and a hyphen; the format is obeyed here instead.
    Tables too large to be written cell by cell are left to the browser.
    """
    columns = dict(labels)
    written: dict[Any, str | Callable[[object], str] | None] = {}
    for name, column in labels.items():
        told = column.get("type_config") or {} if isinstance(column, dict) else {}
        found = _PRINTF.fullmatch(told.get("format") or "") if told.get("type") == "number" else None
        if found and name in frame.columns:
            decimals, unit = int(found["decimals"] or 0), found["unit"].replace("%%", "%").replace(" ", "\u202f")
            write = french.signed if found["sign"] else _with_unit
            written[name] = partial(write, decimals=decimals, unit=unit)
            columns[name] = {**column, "type_config": {**told, "format": None}}
    if not written or frame.size > _STYLED:
        return frame, dict(labels)
    numbers = frame.assign(**{name: pd.to_numeric(frame[name], errors="coerce") for name in written})
    return numbers.style.format(written), columns


def _with_unit(value: float | None, decimals: int, unit: str) -> str:
    told = french.number(value, decimals)
    return told if told == "–" else told.replace("-", "−") + unit


def csv_button(frame: pd.DataFrame, name: str, label: str = "Télécharger (CSV)") -> None:
    """A button that downloads the frame as `<name>.csv`."""
    st.download_button(
        label,
        data=to_csv(frame),
        file_name=f"{store.named(name)}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )


def xlsx_button(frame: pd.DataFrame, name: str, label: str = "Télécharger (Excel)") -> None:
    """A button that downloads the frame as `<name>.xlsx`, made when it is asked for."""
    called = store.named(name)
    st.download_button(
        label,
        data=lambda: to_xlsx(frame, called),
        file_name=f"{called}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key=f"xlsx_{name}",
        icon=":material/table_view:",
        on_click="ignore",
        type="tertiary",
    )


def to_xlsx(frame: pd.DataFrame, sheet: str) -> bytes:
    """The frame as an Excel workbook of one sheet: text stays text (no formula, no link), dates are dates."""
    stream = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with pd.ExcelWriter(stream, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        frame.to_excel(
            writer, index=False, sheet_name=re.sub(r"[\[\]:*?/\\]", " ", sheet)[:31] or "Données", freeze_panes=(1, 0)
        )
        page = writer.sheets[next(iter(writer.sheets))]
        page.autofit(max_width=420)
    return stream.getvalue()


def to_csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV bytes for a French spreadsheet, formula-like text disarmed."""
    safe = frame.copy()
    for column in safe.columns:
        if safe[column].dtype == object or pd.api.types.is_string_dtype(safe[column].dtype):
            safe[column] = safe[column].map(_disarmed)
    safe.columns = [_disarmed(str(name)) for name in safe.columns]
    return safe.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")


def printable(frame: pd.DataFrame) -> pd.DataFrame:
    """Every cell as French text: numbers with their spaces, dates in words, an absent value as a dash."""

    def cell(value: Any) -> str:
        if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
            return "–"
        if isinstance(value, bool):
            return "Oui" if value else "Non"
        if isinstance(value, pd.Timestamp):
            return french.day(value.to_pydatetime())
        if isinstance(value, int):
            return french.number(value)
        if isinstance(value, float):
            return french.number(value, 0 if value.is_integer() else 1)
        return str(value)

    return pd.DataFrame({c: [cell(v) for v in frame[c].tolist()] for c in frame.columns})


def _disarmed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if text[:1] in _RUNS and text and not _SIGNED.fullmatch(text) else text
