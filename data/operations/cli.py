"""`python -m data journal verify | backup | restore | deliver`: what an operator or a nightly job does to the store."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data import cli, settings
from data.errors import VigieError
from data.operations import backup, deliveries, journal
from data.operations.engine import open_store


def add_parser(commands: Any) -> None:
    """Add the store's commands to those of `python -m data`."""
    top = commands.add_parser("journal", help="check the journal of who did what")
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", parents=[cli.options()], help="recompute every seal, first entry to last")
    verify.set_defaults(run=run, show=show)
    saving = commands.add_parser("backup", parents=[cli.options()], help="write the operations store to one file")
    saving.add_argument("file", type=Path)
    saving.set_defaults(run=run_backup, show=lambda result: f"{result['rows']} lignes dans {result['out']}")
    restoring = commands.add_parser("restore", parents=[cli.options()], help="bring the store to what a backup holds")
    restoring.add_argument("file", type=Path)
    restoring.add_argument(
        "--replace", action="store_true", help="even if the store holds something (saved beside first)"
    )
    restoring.set_defaults(run=run_restore, show=_restored)
    delivering = commands.add_parser("deliver", parents=[cli.options()], help="offer the replies sent to the webhook")
    delivering.set_defaults(run=run_deliver)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Verify the journal of `--home` (or of VIGIE_OPERATIONS_URL). Raises VigieError when the chain is broken."""
    found = journal.verify(open_store(settings.load(args.home).operations))
    if not found.ok:
        raise VigieError(f"le journal est rompu à l'entrée {found.broken_at} : {found.reason}")
    return asdict(found)


def show(result: Mapping[str, Any]) -> str:
    """One line for people."""
    return f"journal intact : {result['entries']} entrées"


def run_backup(args: argparse.Namespace) -> dict[str, Any]:
    """Write the store to a file, while people work."""
    return backup.backup(open_store(settings.load(args.home).operations), args.file)


def run_restore(args: argparse.Namespace) -> dict[str, Any]:
    """Bring the store to what a file holds, whole or not at all."""
    return backup.restore(open_store(settings.load(args.home).operations), args.file, replace=args.replace)


def run_deliver(args: argparse.Namespace) -> dict[str, Any]:
    """One round of deliveries; the command exits with 1 when the receiver gave a reply back for good."""
    config = settings.load(args.home)
    if not config.webhook_url:
        raise VigieError(
            "aucun webhook n'est réglé (VIGIE_WEBHOOK_URL) : exportez avec python -m generation export --format portal"
        )
    done = deliveries.deliver(open_store(config.operations), config.webhook_url, config.webhook_secret)
    if done.failed:
        raise VigieError(
            f"réponses refusées pour de bon : {done.failed} ; reçues : {done.delivered} ; en attente : {done.waiting}"
        )
    return asdict(done)


def _restored(result: Mapping[str, Any]) -> str:
    saved = f" ; ce qui y était est dans {result['saved']}" if result["saved"] else ""
    return f"{result['rows']} lignes restaurées, journal intact{saved}"
