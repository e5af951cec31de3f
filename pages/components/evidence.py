"""What stands beside a proposal: its sources, each one click from its passage, and the points to look at.

The rule it protects: an agent can check every sentence without leaving the desk, and no text of a source becomes
markup or a link by itself: addresses shown as links are the source's own.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from data.operations.stored import StoredDraft
from pages.components import french, links, proposal, states

if TYPE_CHECKING:
    from generation.results import Finding, Source

KINDS = {"fiche": "Fiche", "structure": "Référentiel"}  # a reply's title says by itself what it is
_ICONS = {"fiche": ":material/description:", "reply": ":material/forum:", "structure": ":material/account_balance:"}
SEVERITIES = {
    "high": ("À corriger ou à justifier", ":material/error:", "red"),
    "medium": ("À vérifier", ":material/warning:", "orange"),
    "low": ("À relire", ":material/info:", "gray"),
}
_EXCERPT = 90


def sources(draft: StoredDraft) -> None:
    """Every source retrieved, those the proposal uses first; a click opens the passage and its link."""
    found = proposal.sources(draft)
    cited = set(draft.record.get("cited", []))
    if not found:
        st.caption("Aucune source n'a été trouvée pour cet avis : relisez la proposition de près.")
        return
    for place, source in enumerate(found):
        used = " · utilisée" if source.id in cited else ""
        with st.expander(states.plain(name(source)) + used, icon=_ICONS[source.kind], key=f"source_{draft.id}_{place}"):
            _passage(source)


def name(source: Source) -> str:
    """What a source is called."""
    title = source.title or source.structure or source.id
    if source.kind == "fiche" and source.heading:
        title = f"{title}, {source.heading}"
    return title if source.kind == "reply" else f"{KINDS[source.kind]} : {title}"


def ordered(found: Sequence[Finding]) -> list[Finding]:
    """The gravest first."""
    return sorted(found, key=lambda finding: list(SEVERITIES).index(finding.severity))


def findings(found: Sequence[Finding], body: str) -> None:
    """Points to look at, the gravest first: the words, what it is, what to do."""
    if not found:
        st.caption("Aucun point signalé. Relisez tout de même : les contrôles ne remplacent pas votre lecture.")
        return
    for place, finding in enumerate(ordered(found), 1):
        label, icon, colour = SEVERITIES[finding.severity]
        with st.container(gap="xsmall"):
            st.badge(f"{place} · {label}", icon=icon, color=colour)  # type: ignore[arg-type]
            quoted = f"« {html.escape(excerpt(finding, body))} » : " if finding.span else ""
            st.html(f'<p style="margin:0 0 .5rem;overflow-wrap:anywhere">{quoted}{html.escape(finding.message)}</p>')


def excerpt(finding: Finding, body: str) -> str:
    """The words a finding is about, shortened."""
    if finding.span is None:
        return ""
    words = " ".join(body[slice(*finding.span)].split())
    return words if len(words) <= _EXCERPT else words[:_EXCERPT].rsplit(" ", 1)[0] + "…"


def routed(route: Mapping[str, Any]) -> str:
    """Which institution seems concerned, how surely and why; that it is left to the agent when nothing is sure."""
    if route["abstained"]:
        return f"Institution : aucune ne s'impose. {route['reason']}"
    return f"Institution : « {route['typology']} » semble concernée, à {french.percent(route['confidence'])}. {route['reason']}"


def _passage(source: Source) -> None:
    facts = [source.heading, source.structure if source.kind == "reply" else ""]
    if source.kind == "reply" and source.same_structure:
        facts.append("même structure que l'avis")
    if source.verdict:
        facts.append(f"jugée {source.verdict} par l'auteur de l'avis")
    facts.append(f"proximité {french.number(source.score, 2)}")
    line = " · ".join(html.escape(fact) for fact in facts if fact)
    st.html(
        f'<p style="margin:0;font-size:0.875rem">{line}</p>'
        f'<div style="white-space:pre-wrap;overflow-wrap:anywhere">{html.escape(source.text)}</div>'
    )
    if source.url.startswith(("https://", "http://")):
        st.link_button("Ouvrir la source", source.url, icon=":material/open_in_new:", type="tertiary")
    elif source.kind == "reply":
        links.to("avis", "Voir l'avis et sa réponse", id=source.id.split("-", 1)[0])
