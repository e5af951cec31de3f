"""What leaves the house: training pairs in chat JSONL, held cases for `evaluate`, and replies sent, for the portal.

`sft`: replies their author judged useful, with what they answered. `cases`: a tenth of those pairs, never in `sft`, so
that a model trained on the one is measured on the other. `dpo`: drafts that agents rewrote before sending, the text sent
being preferred. `portal`: replies sent from here, with the portal's own column names. The rules it
protects: training files hold no personal data that patterns can find, and come with a card that says what they are;
nothing is written half.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Engine

from data import personal, warehouse
from data.operations import deliveries, engine, replies, stored
from data.settings import Settings
from data.warehouse import Warehouse, sql
from generation import text

MOST = 100_000
REWORKED = 98.0  # similarity from which a text sent says nothing more than its draft
SYSTEM = (
    "Vous répondez, pour l'administration nommée, à un avis déposé sur Services Publics + : avec courtoisie, sans "
    "rien inventer ni promettre, et en indiquant la démarche utile."
)

Rows = Iterator[dict[str, Any]]
_FICHE = re.compile(r"vosdroits/(F\d+)")
# Where people are named without a title: whom a reply greets, who signs it, who signs a review.
_GREETED = re.compile(
    r"^\s*(?i:bonjour|bonsoir|ch[eè]re?)[ \u00a0](?!Madame|Monsieur|Mesdames|Nous|Votre|Merci|Je\b)(?:[A-ZÀ-Ý]|\w*\d)"
    r"[^,!\n]{0,40}(?:,|!|(?=\n|$))"
)
_SIGNED = re.compile(r"\n[^\n]{1,80}(?<![.,;:!?])\s*$")
_LEFT_BY = re.compile(
    r"\b(?P<kept>(?i:cordialement|salutations|merci|cdt|bien à vous|journée)\b[^,.\n]{0,20})[,.]?\s+[A-ZÀ-Ý][\w'’-]*"
    r"(?: [A-ZÀ-Ý][\w'’-]*)?\.?\s*$"
    r"|(?:\n|(?<=[.!?] ))[\w'’-]+(?: [\w'’-]+)?, (?:usag\w+ [^.\n]{1,50}|[A-ZÀ-Ý][^.\n]{1,40}|[\w'’-]+)\.?\s*$"
)


def write(settings: Settings, kind: str, out: Path) -> Mapping[str, Any]:
    """Write `out` in the format `kind`, one of FORMATS; returns what was written. A file already there is replaced."""
    store = engine.open_store(settings.operations)
    opened = warehouse.open_current(settings.home)
    try:
        rows = FORMATS[kind](opened, store)
        written = _portal(out, rows) if kind == "portal" else _jsonl(out, rows)
        result: dict[str, Any] = {"format": kind, "out": str(out), "rows": written, "snapshot": opened.snapshot.id}
        if kind != "portal":
            card = out.with_name(f"{out.name}.card.md")
            with _whole(card) as stream:
                stream.write(_card(kind, written, opened))
            result["card"] = str(card)
        return result
    finally:
        opened.close()
        store.dispose()


def sft(opened: Warehouse, _store: Engine) -> Rows:
    """One conversation a reply judged useful by the author of the review."""
    for _, title, body, structure, _, _, reply in _pairs(opened, held=False):
        asked = without_author(text.clean(f"{title or ''}\n{body or ''}"))
        answered = signed_by(structure or "Le service", text.clean(reply))
        yield {
            "messages": [
                {"role": "system", "content": SYSTEM},
                {
                    "role": "user",
                    "content": personal.mask(f"Administration : {structure or 'non précisée'}\n\n{asked}"),
                },
                {"role": "assistant", "content": personal.mask(answered)},
            ]
        }


def without_author(review: str) -> str:
    """A review without the name its author left at its end."""
    return _LEFT_BY.sub(lambda found: found["kept"] or "", review).strip()


def signed_by(structure: str, reply: str) -> str:
    """A reply that greets nobody by name, signed by the institution in place of a person."""
    return _SIGNED.sub(f"\n{structure}", _GREETED.sub("Bonjour,", reply))


def cases(opened: Warehouse, _store: Engine) -> Rows:
    """One held case a reply judged useful, for `evaluate`; the fiches that reply sends to are those to find."""
    known = {str(row[0]) for row in opened.rows("SELECT id FROM fiches")}
    for review_id, title, body, _, typology, sentiment, reply in _pairs(opened, held=True):
        yield {
            "review_id": review_id,
            "text": personal.mask(text.clean(f"{title or ''}\n{body or ''}")),
            "typology": typology,
            "sentiment": sentiment,
            "fiches": [id_ for id_ in dict.fromkeys(_FICHE.findall(reply)) if id_ in known],
            "reply": personal.mask(text.clean(reply)),
        }


def _pairs(opened: Warehouse, *, held: bool) -> list[tuple[Any, ...]]:
    """Reviews and replies judged useful: those held for measures, or the others."""
    return opened.rows(sql(__file__, "useful_pairs"), {"most": MOST, "held": held}, budget_s=60.0)


def dpo(_opened: Warehouse, store: Engine) -> Rows:
    """One preference a draft an agent rewrote: what was sent over what was proposed."""
    for sent in replies.sent(store, limit=MOST):
        if sent.draft_id is None or sent.similarity is None or sent.similarity >= REWORKED:
            continue
        draft = stored.get(store, sent.draft_id)
        if draft.reply:
            yield {
                "prompt": [dict(message) for message in draft.record.get("prompt", ())],
                "chosen": [{"role": "assistant", "content": personal.mask(sent.body)}],
                "rejected": [{"role": "assistant", "content": personal.mask(draft.reply)}],
            }


def portal(_opened: Warehouse, store: Engine) -> Rows:
    """One line a reply sent from here. Replies are public and go out as their agent sent them."""
    for sent in replies.sent(store, limit=MOST):
        yield deliveries.portal_row(sent)


FORMATS: dict[str, Callable[[Warehouse, Engine], Rows]] = {"sft": sft, "dpo": dpo, "cases": cases, "portal": portal}


def _jsonl(out: Path, rows: Rows) -> int:
    count = 0
    with _whole(out) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _portal(out: Path, rows: Rows) -> int:
    with _whole(out, encoding="utf-8-sig") as stream:
        return deliveries.write_csv(stream, rows)


def _card(kind: str, written: int, opened: Warehouse) -> str:
    what = {
        "sft": "Replies that the author of the review judged useful, each with the review it answers.",
        "cases": "Held pairs for `python -m generation evaluate`: none of them is in the sft export.",
        "dpo": "Drafts that an agent rewrote before sending: the text sent is preferred to the draft.",
    }[kind]
    demo = (
        "Every text is synthetic (demo data)."
        if opened.snapshot.demo
        else "Open data of Services Publics +, Licence Ouverte 2.0."
    )
    return (
        f"# Data card\n\n{what}\n\n- format: {kind}, chat JSONL, {written} rows\n- source: snapshot "
        f"{opened.snapshot.id}\n- {demo}\n"
        "- personal data: social security and bank numbers, e-mails, phones, plates, file numbers and titled names "
        "are masked by\n"
        "  patterns; in sft, whom a reply greets and who signs are taken out, and the institution signs. Other bare names "
        "are not\n  caught: read a sample before any other use.\n"
        "- language: French; register: public administration answering in public.\n"
    )


@contextmanager
def _whole(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """A file that appears under its name only once complete."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with draft.open("w", encoding=encoding, newline="") as stream:
            yield stream
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
