"""Commands of the analysis: `python -m analytics topics|signals|digest|delays|impact`.

Owns their options and their JSON; the figures come from the modules of this package. The rule it protects: every
command reads the snapshot in service and changes nothing of it (the digest notes in operations what it told whom).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from data import cli, settings, warehouse
from data.errors import VigieError
from data.warehouse import Warehouse, sql


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m analytics", description="what the reviews say")
    commands = top.add_subparsers(dest="command", required=True)
    topics = commands.add_parser("topics", parents=[cli.options()], help="irritants of the snapshot in service")
    topics.add_argument("--assignments", action="store_true", help="add the irritant of every review")
    topics.set_defaults(run=run_topics)
    signals = commands.add_parser("signals", parents=[cli.options()], help="weak signals as of a day")
    signals.add_argument("--as-of", type=_day, metavar="DATE", help="last publication day seen (YYYY-MM-DD)")
    signals.add_argument("--q", type=_share, default=0.05, help="false-discovery rate allowed (0.05)")
    signals.set_defaults(run=run_signals)
    digest = commands.add_parser("digest", parents=[cli.options()], help="the week's digest of each subscription")
    digest.add_argument(
        "--instant", action="store_true", help="very sure signals only, to those who asked for them at once"
    )
    digest.add_argument("--dry-run", action="store_true", help="list the week's signals and send nothing")
    digest.set_defaults(run=run_digest)
    delays = commands.add_parser("delays", parents=[cli.options()], help="delays to the first reply")
    delays.add_argument("--basis", choices=("publication", "written"), default="publication", help="where it starts")
    delays.set_defaults(run=run_delays)
    impact = commands.add_parser("impact", parents=[cli.options()], help="before and after AI drafting")
    impact.set_defaults(run=run_impact)
    return top


def run_topics(args: argparse.Namespace) -> Mapping[str, Any]:
    """Irritants, largest first; with `--assignments` the irritant of every review, -1 = unassigned."""
    opened = _refreshed(args)
    rows = opened.rows(sql(__file__, "topics_listing"))
    model = opened.rows("SELECT model FROM refreshes ORDER BY ran_at DESC LIMIT 1")
    result: dict[str, Any] = {
        "model": model[0][0] if model else None,
        "topics": [
            {"id": id_, "label": label, "terms": terms, "size": size, "share_negative": share}
            for id_, label, terms, size, share in rows
        ],
    }
    if args.assignments:
        found = opened.rows("SELECT review_id, irritant FROM review_topics ORDER BY review_id", budget_s=60)
        result["assignments"] = {str(review): irritant for review, irritant in found}
    return result


def run_signals(args: argparse.Namespace) -> Mapping[str, Any]:
    """Weak signals on `--as-of` (default: the last publication date)."""
    from analytics import signals

    opened = _refreshed(args)
    as_of = args.as_of or date.fromisoformat(opened.snapshot.last_publication[:10])
    found = signals.detect(opened, as_of, args.q)
    return {
        "as_of": found.as_of.isoformat(),
        "tests": found.tests,
        "signals": [signal.as_json() for signal in found.signals],
    }


def run_digest(args: argparse.Namespace) -> Mapping[str, Any]:
    """Signals of the last week, and the message of each subscription: sent by SMTP, or left in `<home>/outbox`."""
    from analytics import digest
    from analytics.signals import record
    from data.operations.engine import open_store

    opened = _refreshed(args)
    settings_ = settings.load(args.home)
    signals = record.published(opened, weeks=1)
    outcomes = (
        []
        if args.dry_run
        else digest.run(
            opened,
            open_store(settings_.operations),
            sender=settings_.mail_from,
            server=settings_.smtp_url,
            outbox=settings_.home / digest.OUTBOX,
            instant_only=args.instant,
        )
    )
    failed = [o for o in outcomes if o.error]
    if failed and len(failed) == len(outcomes):
        raise VigieError(f"aucun message n'est parti : {failed[0].error}")
    return {
        "as_of": opened.snapshot.last_publication[:10],
        "signals": [signal.as_json() for signal in signals],
        "messages": [
            {
                "address": o.subscription.address,
                "signals": [signal.id for signal in o.signals],
                "delays": [alert.id for alert in o.alerts],
                "file": str(o.path) if o.path else None,
                "error": o.error or None,
            }
            for o in outcomes
        ],
    }


def run_delays(args: argparse.Namespace) -> Mapping[str, Any]:
    """Delays over the whole snapshot; works after ingest alone."""
    from analytics import delay_groups

    return delay_groups.report(warehouse.open_current(settings.load(args.home).home), args.basis)


def run_impact(args: argparse.Namespace) -> Mapping[str, Any]:
    """Effect of AI drafting on delays and verdicts, as the last refresh estimated it."""
    from analytics import impact

    return impact.report(_refreshed(args))


def _refreshed(args: argparse.Namespace) -> Warehouse:
    """The snapshot in service. Raises VigieError when its topics were never computed."""
    opened = warehouse.open_current(settings.load(args.home).home)
    if not opened.has("review_topics"):
        raise VigieError("les irritants n'ont jamais été calculés sur ces données : lancez d'abord python -m refresh")
    return opened


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is not a date (YYYY-MM-DD)") from None


def _share(value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not between 0 and 1")
    return share


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m analytics`."""
    return cli.main(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
