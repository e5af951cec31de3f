"""Do the checks find what must not be sent? `python -m benchmarks.drafting_checks`.

More than 300 faults, one a draft, are planted in drafts of the extractive model over a refreshed home's reviews: the
sentences of `cases/faults.toml`, and faults made from the draft itself (another institution's name or signature, a
greeting, closing or signature taken out, a sentence said twice, a sentence copied from a past case). A fault counts as
found when a finding of its kind touches it. False alarms are findings on the same drafts without fault, on innocent
sentences that look like faults, and findings that touch neither the fault nor its sentence.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import settings, warehouse
from generation import checks, institution
from generation.drafter import Drafter
from generation.institution import Institution
from generation.results import Draft, Finding, Source

CASES = Path(__file__).parent / "cases" / "faults.toml"
BASES = 60
EACH = 14  # faults of the kinds made from the draft
TARGET_MS = 50.0
_ENDS = "\n\nBien cordialement,"


@dataclass(frozen=True)
class Base:
    """A draft to plant faults in, and what its checks need."""

    draft: Draft
    answering: Institution | None
    review: str


@dataclass(frozen=True)
class Fault:
    """A reply with one fault of `kind`; `span` is where it stands, None when it is about the whole."""

    kind: str
    reply: str
    span: tuple[int, int] | None
    around: tuple[int, int] | None  # the planted sentence: other findings there are not counted as false
    base: Base
    sources: tuple[Source, ...]


def bases(drafter: Drafter, opened: warehouse.Warehouse) -> list[Base]:
    """Drafts of reviews that wait, with a fiche or a reply among their sources."""
    found = []
    for id_ in drafter.waiting(days=365, most=400):
        asked = drafter.asked(id_)
        draft = drafter.draft(asked)
        if draft.escalation is None and len(draft.sources) > 2:
            found.append(Base(draft, institution.of(opened, asked), f"{asked.title}\n{asked.text}"))
        if len(found) == BASES:
            break
    return found


def planted(base: Base, kind: str, marked: str) -> Fault:
    """The sentence set before the closing."""
    start, end = marked.index("‹"), marked.index("›") - 1
    sentence = marked.replace("‹", "").replace("›", "")
    before, closing, after = base.draft.reply.rpartition(_ENDS)
    place = len(before) + 2
    reply = f"{before}\n\n{sentence}{closing}{after}"
    return Fault(kind, reply, (place + start, place + end), (place, place + len(sentence)), base, base.draft.sources)


def whole(base: Base, kind: str, reply: str) -> Fault:
    """A fault about the whole reply."""
    return Fault(kind, reply, None, None, base, base.draft.sources)


def made(found: list[Base]) -> Iterator[Fault]:
    """Faults of the kinds that a draft itself gives."""
    names = ["la Caf", "la CPAM", "France Travail", "la préfecture", "l'Urssaf", "la gendarmerie", "l'ANTAI", "la MDPH"]
    for number, base in enumerate(found[:EACH]):
        reply = base.draft.reply
        yield whole(base, "greeting", reply.removeprefix("Bonjour,\n\n"))
        yield whole(base, "closing", reply.rpartition(_ENDS)[0])
        yield whole(base, "signature", reply.rpartition(_ENDS)[0] + _ENDS)
        yield whole(base, "length", "Bonjour,\n\nMerci de votre avis." + _ENDS + "\nLe service")
        sentence = reply.split("\n\n")[1]
        yield planted(base, "repetition", f"‹{sentence}›")
        official = " ".join(f"{s.title} {s.text}" for s in base.draft.sources) + base.review
        own = base.answering.name + base.answering.typology if base.answering else ""
        other = next(
            n for n in names[number % 8 :] + names if n.split(maxsplit=1)[-1].lower() not in (official + own).lower()
        )
        yield planted(
            base, "institution", f"Cette demande relève en réalité de ‹{other}›.".replace("de ‹la ", "de la ‹")
        )
        case = "Votre demande du printemps a été transmise à notre antenne, qui a versé la somme attendue au foyer."
        source = Source("reply", "1", "Réponse", "", 0.5, f"Bonjour,\n{case}\nCordialement")
        fault = planted(base, "past_case", f"‹{case}›")
        yield Fault(**{**vars(fault), "sources": (*base.draft.sources, source)})


def touches(finding: Finding, span: tuple[int, int] | None) -> bool:
    """Whether a finding stands on `span`; a span of None is the whole."""
    if finding.span is None or span is None:
        return span is None
    return finding.span[0] < span[1] and span[0] < finding.span[1]


def looked_at(fault: Fault) -> tuple[list[Finding], float]:
    """Findings on a fault's reply and milliseconds."""
    began = time.perf_counter()
    found = checks.check(fault.reply, fault.sources, fault.base.answering, fault.base.review)
    return list(found), 1000 * (time.perf_counter() - began)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a draft takes longer than the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drafting_checks", description=__doc__)
    parser.add_argument("--home", type=Path, help="a refreshed home (default: VIGIE_HOME)")
    parser.add_argument("--missed", action="store_true", help="print what was missed and what was wrongly found")
    args = parser.parse_args(argv)
    opened = warehouse.open_current(settings.load(args.home).home)
    found = bases(Drafter(opened), opened)
    cases = tomllib.loads(CASES.read_text("utf-8"))
    innocent, held = cases.pop("innocent"), cases.pop("held")
    faults = [planted(found[n % len(found)], kind, said) for kind, all_ in cases.items() if kind != "language"
              for n, said in enumerate(all_)]  # fmt: skip
    faults += [whole(found[n], "language", f"Bonjour,\n\n{said}\n\nBien cordialement,\nLe service")
               for n, said in enumerate(cases["language"])]  # fmt: skip
    faults += list(made(found))
    caught, wrong, planted_of = Counter[str](), Counter[str](), Counter(fault.kind for fault in faults)
    spent: list[float] = []
    for fault in faults:
        findings, milliseconds = looked_at(fault)
        spent.append(milliseconds)
        hits = [finding for finding in findings if finding.check == fault.kind and touches(finding, fault.span)]
        caught[fault.kind] += bool(hits)
        if not hits and args.missed:
            print(f"missed {fault.kind}: {fault.reply[slice(*fault.span)] if fault.span else ''}")
        clean = {(f.check, f.span and fault.reply[slice(*f.span)]) for f in fault.base.draft.findings}
        for finding in findings:
            said = finding.span and fault.reply[slice(*finding.span)]
            beside = fault.around is not None and touches(finding, fault.around)
            # a fault about the whole may rightly raise others (no signature once the closing is gone)
            if finding not in hits and not beside and fault.span is not None and (finding.check, said) not in clean:
                wrong[finding.check] += 1
    for base in found:
        for finding in base.draft.findings:
            wrong[finding.check] += 1
            if args.missed:
                print(f"on a clean draft, {finding.check}: {finding.span and base.draft.reply[slice(*finding.span)]}")
    for number, sentence in enumerate(innocent):
        fault = planted(found[number % len(found)], "", f"‹{sentence}›")
        for finding in looked_at(fault)[0]:
            if finding.span and touches(finding, fault.span):
                wrong[finding.check] += 1
                if args.missed:
                    print(f"innocent, {finding.check}: {sentence}")
    new = [planted(found[n % len(found)], kind, said) for kind, all_ in held.items() for n, said in enumerate(all_)]
    unseen = Counter(
        fault.kind for fault in new
        if any(f.severity != "low" and touches(f, fault.span) for f in looked_at(fault)[0])
    )  # fmt: skip
    spent.sort()
    p95 = spent[int(0.95 * len(spent))]
    print(f"{'kind':15}{'planted':>9}{'found':>7}{'recall':>8}{'false':>7}{'precision':>11}")
    for kind in sorted(planted_of | wrong):
        good, bad = caught[kind], wrong[kind]
        recall = f"{good / planted_of[kind]:8.0%}" if planted_of[kind] else f"{'':>8}"
        precision = f"{good / (good + bad):11.0%}" if good + bad else f"{'':>11}"
        print(f"{kind:15}{planted_of[kind]:9}{good:7}{recall}{bad:7}{precision}")
    total, good, bad = len(faults), sum(caught.values()), sum(wrong.values())
    print(f"{'all':15}{total:9}{good:7}{good / total:8.0%}{bad:7}{good / (good + bad):11.0%}")
    told = ", ".join(f"{kind} {unseen[kind]}/{len(all_)}" for kind, all_ in held.items())
    print(f"wordings never used to write the checks: {sum(unseen.values())} found of {len(new)} ({told})")
    print(
        f"{len(found)} drafts without fault and {len(innocent)} innocent sentences looked at for false alarms; "
        f"{sum(spent) / len(spent):.1f} ms a draft, p95 {p95:.1f} ms (wanted: under {TARGET_MS:.0f} ms)"
    )
    opened.close()
    return int(p95 >= TARGET_MS)


if __name__ == "__main__":
    sys.exit(main())
