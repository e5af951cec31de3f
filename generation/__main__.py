"""`python -m generation`: route, draft, worker, evaluate, export. Names, options and JSON keys are a contract."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from data import cli, settings, warehouse
from data.errors import VigieError
from generation import evaluation, export
from generation.drafter import DEFAULT_SEED, Drafter
from generation.models.base import Model, ModelUnavailable
from generation.models.choice import open_model
from generation.models.extractive import Extractive
from generation.results import Asked


def parser() -> argparse.ArgumentParser:
    """The command line of generation."""
    top = argparse.ArgumentParser(prog="python -m generation", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    route = commands.add_parser("route", parents=[cli.options()], help="which institution should answer")
    _question(route)
    route.set_defaults(run=run_route)

    draft = commands.add_parser("draft", parents=[cli.options()], help="write a draft reply")
    _question(draft)
    draft.add_argument("--typology", help="kind of institution that answers (with --text, or to correct a review's)")
    _model(draft)
    draft.add_argument("--seed", type=int, default=DEFAULT_SEED)
    draft.set_defaults(run=run_draft, show=lambda result: str(result["reply"] or result["escalation"]["reason"]))

    worker = commands.add_parser(
        "worker", parents=[cli.options()], help="prepare the drafts asked for, then those waiting"
    )
    worker.add_argument("--once", action="store_true", help="stop when nothing more is to be done")
    _model(worker)
    worker.set_defaults(run=run_worker)

    evaluate = commands.add_parser(
        "evaluate", parents=[cli.options()], help="measure retrieval and drafts on held pairs"
    )
    evaluate.add_argument("cases", type=Path, help="JSONL: text, typology?, fiches?, reply?")
    _model(evaluate)
    evaluate.add_argument("--seed", type=int, default=DEFAULT_SEED)
    evaluate.set_defaults(run=run_evaluate)

    exported = commands.add_parser(
        "export", parents=[cli.options()], help="write training pairs or replies for the portal"
    )
    exported.add_argument("--format", required=True, choices=sorted(export.FORMATS))
    exported.add_argument("--out", required=True, type=Path)
    exported.set_defaults(run=run_export)
    return top


def run_route(args: argparse.Namespace) -> Mapping[str, Any]:
    """`route`: the contract's JSON object."""
    drafter = Drafter(warehouse.open_current(settings.load(args.home).home))
    return asdict(drafter.route(_asked(args, drafter)))


def run_draft(args: argparse.Namespace) -> Mapping[str, Any]:
    """`draft`: the contract's JSON object. When the model can't serve, the extractive one does and says why."""
    config = settings.load(args.home)
    opened = warehouse.open_current(config.home)
    model, notice = _opened(args.model or config.model, config)
    try:
        drafter = Drafter(opened, model)
        asked = _asked(args, drafter)
        if args.typology:
            asked = replace(asked, typology=args.typology)
        drafted = drafter.draft(asked, seed=args.seed, notice=notice)
    finally:
        model.close()
    if drafted.notice:
        print(drafted.notice, file=sys.stderr)
    return drafted.to_json()


def run_worker(args: argparse.Namespace) -> None:
    """`worker`: until stopped, or until the queue is empty with --once."""
    from generation import worker

    config = settings.load(args.home)
    worker.work(config if not args.model else config.model_copy(update={"model": args.model}), once=args.once)


def run_evaluate(args: argparse.Namespace) -> Mapping[str, Any]:
    """`evaluate`: measures over a file of cases."""
    config = settings.load(args.home)
    opened = warehouse.open_current(config.home)
    model = open_model(args.model or config.model, config)  # a comparison must not silently measure another model
    try:
        return evaluation.evaluate(Drafter(opened, model), evaluation.read_cases(args.cases), seed=args.seed)
    finally:
        model.close()


def run_export(args: argparse.Namespace) -> Mapping[str, Any]:
    """`export`: pairs without personal data, and their card."""
    config = settings.load(args.home)
    return export.write(config, args.format, args.out)


def _question(command: argparse.ArgumentParser) -> None:
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--text", help="a review's text")
    which.add_argument("--review-id", type=int, help="a review of the current data")


def _model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", help="extractive, a .gguf path or a server's address (default: VIGIE_MODEL)")


def _asked(args: argparse.Namespace, drafter: Drafter) -> Asked:
    if args.review_id is not None:
        return drafter.asked(args.review_id)
    if not args.text.strip():
        raise VigieError("--text is empty: give the review's words")
    return Asked(args.text)


def _opened(spec: str, config: settings.Settings) -> tuple[Model, str]:
    """The model asked for, or the extractive one and the reason why."""
    try:
        return open_model(spec, config), ""
    except ModelUnavailable as error:
        return Extractive(), f"{error} Le brouillon a été assemblé sans modèle."


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    return cli.main(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
