"""`python -m data journal verify`: recompute the journal's chain, for an auditor or a nightly job."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from data import cli, settings
from data.errors import VigieError
from data.operations import journal
from data.operations.engine import open_store


def add_parser(commands: Any) -> None:
    """Add `journal verify` to the commands of `python -m data`."""
    top = commands.add_parser("journal", help="check the journal of who did what")
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", parents=[cli.options()], help="recompute every seal, first entry to last")
    verify.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Verify the journal of `--home` (or of VIGIE_OPERATIONS_URL). Raises VigieError when the chain is broken."""
    found = journal.verify(open_store(settings.load(args.home).operations))
    if not found.ok:
        raise VigieError(f"the journal is broken at entry {found.broken_at}: {found.reason}")
    return asdict(found)


def show(result: Mapping[str, Any]) -> str:
    """One line for people."""
    return f"journal intact: {result['entries']} entries"
