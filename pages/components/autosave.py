"""Words typed, handed over without leaving the field, and kept by the browser until the server has them.

The rule it protects: a reload, a server that stops or a line that drops loses no word. The browser tab keeps what was
typed (`sessionStorage`) until the server says that it received it; what it never received comes back as `Kept`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

_LISTENER = st.components.v2.component(
    "vigie_autosave",
    js="""
// The text area hands its text over when left; this does the same after a second and a half without a key.
const handlers = new WeakMap()
export default function ({ data, parentElement }) {
  const before = handlers.get(parentElement)
  if (before) before.stop()
  const name = "vigie:" + data.field
  const field = () => document.querySelector("." + data.field + " textarea")
  const read = () => JSON.parse(sessionStorage.getItem(name) || "null")
  const write = (words) => sessionStorage.setItem(name, JSON.stringify({ words, over: data.saved }))
  const tell = (kept) => document.dispatchEvent(new CustomEvent(name, { detail: kept }))
  let timer
  const settle = () => {
    const area = field(), kept = read()
    if (!area) return
    if (area.disabled) { later(); return }  // the line is down: wait for it
    if (kept && area.value !== kept.words) { tell(kept); return }
    const keys = { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true }
    area.dispatchEvent(new KeyboardEvent("keydown", keys))
    timer = setTimeout(() => {  // words handed over while the line was down are not handed over again by the framework
      const still = read()
      if (still && !area.disabled) tell(still)
      else if (still) later()
    }, 5000)
  }
  const later = () => { clearTimeout(timer); timer = setTimeout(settle, 1500) }
  const typed = (event) => {
    const area = event.target
    if (!(area instanceof HTMLTextAreaElement) || !area.closest("." + data.field)) return
    write(area.value)
    later()
  }
  document.addEventListener("input", typed)
  const stop = () => { clearTimeout(timer); document.removeEventListener("input", typed) }
  handlers.set(parentElement, { stop })
  const area = field(), kept = read()
  if (kept && [data.saved, data.received].includes(kept.words)) sessionStorage.removeItem(name)
  else if (kept && area && area.value === kept.words) write(kept.words)  // still being typed, over what is saved now
  if (read() || (area && area.value !== data.saved)) later()  // or typed before this listened
  return stop
}
""",
)


_MESSENGER = st.components.v2.component(
    "vigie_lost_words",
    js="""
// Outside the editor's fragment: after a cut the server no longer knows the fragment, and would not hear it.
export default function ({ data, setTriggerValue }) {
  const heard = (event) => setTriggerValue("lost", event.detail)
  document.addEventListener("vigie:" + data, heard)
  return () => document.removeEventListener("vigie:" + data, heard)
}
""",
)


@dataclass(frozen=True)
class Kept:
    """Words that the browser kept and the server never received; `over`: what was saved when they were typed."""

    words: str
    over: str


def watch(key: str, *, saved: str, received: str | None) -> None:
    """Listen to the text area of that key. `saved`: what the store holds; `received`: the last words that arrived here,
    whatever became of them.
    """
    data = {"field": _field(key), "saved": saved, "received": received}
    _LISTENER(data=data, key=f"autosave_{key}", height=1)


def lost(key: str, *, received: str | None) -> Kept | None:
    """Words that did not arrive, when the browser finds some; call it outside any fragment."""
    told = _MESSENGER(data=_field(key), key=f"lost_{key}", height=1, on_lost_change=lambda: None).lost
    if not told or told["words"] == received:
        return None
    return Kept(str(told["words"]), str(told["over"]))


def _field(key: str) -> str:
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key)
