"""Pages made to be printed: what the screen needs and paper does not is left out, and nothing is cut in two.

The rule it protects: what is printed holds the figures, their intervals and their doubts, on the snapshot's date.
"""

from __future__ import annotations

import streamlit as st

_PAPER = """
<style>
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDownloadButton"],
  [data-testid="stPageLink"], [data-testid="stExpander"]:has(details:not([open])), .st-key-print_page {
    display: none !important; }
  [data-testid="stAppViewContainer"], [data-testid="stMain"], .stApp, .stMain {
    position: static !important; overflow: visible !important; height: auto !important; }
  [data-testid="stMainBlockContainer"] { max-width: none !important; padding: 0 !important; }
  [data-testid="stMetric"], [data-testid="stPlotlyChart"], [data-testid="stTable"], [data-testid="stAlert"] {
    break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  @page { margin: 14mm; }
}
</style>
"""


def rules() -> None:
    """The rules of the paper form, and the words that say it exists."""
    st.html(_PAPER)
    with st.container(key="print_page"):
        st.caption("Cette page s'imprime (Ctrl + P) : figures, intervalles et réserves, sans menus.")
