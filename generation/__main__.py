"""`python -m generation`: route, draft, replay, worker, evaluate, selftest, export, add-model.

Names, options and JSON keys are a contract.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from data import cli, settings, warehouse
from data.errors import VigieError
from data.operations import engine, reports, stored
from generation import evaluation, export, selftest, templates
from generation.drafter import DEFAULT_SEED, Drafter
from generation.models import install
from generation.models.base import Model, ModelUnavailable
from generation.models.choice import open_model
from generation.models.extractive import Extractive
from generation.results import Asked
from generation.templates import Template


def parser() -> argparse.ArgumentParser:
    """The command line of generation."""
    top = argparse.ArgumentParser(prog="python -m generation", description=(__doc__ or "").split("\n", 1)[0])
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    route = commands.add_parser("route", parents=[cli.options()], help="which institution should answer")
    _question(route)
    route.set_defaults(run=run_route)

    draft = commands.add_parser("draft", parents=[cli.options()], help="write a draft reply")
    _question(draft)
    draft.add_argument("--typology", help="kind of institution that answers (with --text, or to correct a review's)")
    _model(draft)
    _prompt(draft)
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
    evaluate.add_argument("cases", type=Path, help="JSONL: text, typology?, fiches?, reply? (export --format cases)")
    evaluate.add_argument(
        "--model", action="append", help="extractive, a .gguf path or a server's address; several are put side by side"
    )
    _prompt(evaluate)
    evaluate.add_argument("--judge", help="a second model that marks each draft (off by default)")
    evaluate.add_argument("--seed", type=int, default=DEFAULT_SEED)
    evaluate.set_defaults(run=run_evaluate, show=show_evaluation)

    replay = commands.add_parser("replay", parents=[cli.options()], help="make a stored draft again from its record")
    replay.add_argument("--draft-id", required=True)
    _model(replay)
    replay.set_defaults(run=run_replay)

    tested = commands.add_parser("selftest", parents=[cli.options()], help="prove what drafting relies on")
    _model(tested)
    _prompt(tested)
    tested.set_defaults(run=run_selftest, show=show_selftest)

    added = commands.add_parser("add-model", parents=[cli.options()], help="put weights in <home>/models")
    added.add_argument("source", help="a .gguf file's path or address")
    added.add_argument("--sha256", default="", help="what the publisher says it must be")
    added.set_defaults(run=run_add_model, show=lambda result: f"VIGIE_MODEL={result['path']}")

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
    template = _chosen(args, config)
    opened = warehouse.open_current(config.home)
    model, notice = _opened(args.model or config.model, config)
    try:
        drafter = Drafter(opened, model, template)
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
    """`evaluate`: measures over a file of cases; with several models, `models` holds those of each."""
    config = settings.load(args.home)
    template = _chosen(args, config)
    opened = warehouse.open_current(config.home)
    cases = evaluation.read_cases(args.cases)
    judge = open_model(args.judge, config) if args.judge else None
    results = []
    try:
        for spec in args.model or [config.model]:
            model = open_model(spec, config)  # a comparison must not silently measure another model
            try:
                result = evaluation.evaluate(Drafter(opened, model, template), cases, seed=args.seed, judge=judge)
                _report(config, reports.MEASURES, (model, template), opened.snapshot.id, result)
            finally:
                model.close()
            results.append(result)
    finally:
        if judge:
            judge.close()
        opened.close()
    return results[0] if len(results) == 1 else {"cases": len(cases), "models": results}


def show_evaluation(result: Mapping[str, Any]) -> str:
    """`evaluate` for people: side by side."""
    return evaluation.side_by_side(result.get("models", [result]))


def run_replay(args: argparse.Namespace) -> Mapping[str, Any]:
    """`replay`: the stored reply, the one made again, and whether they are the same."""
    config = settings.load(args.home)
    store = engine.open_store(config.operations)
    draft = stored.get(store, args.draft_id)
    store.dispose()
    extractive = draft.model.startswith("extractive")
    model = open_model("extractive" if extractive else args.model or config.model, config)
    opened = warehouse.open_current(config.home)
    try:
        if model.sha256 != draft.model_sha256 or (not draft.model_sha256 and model.id != draft.model):
            raise VigieError(f"ce brouillon a été fait par {draft.model} : donnez-le avec --model (ici : {model.id})")
        reply = Drafter(opened, model).again(draft.record)
    finally:
        model.close()
        opened.close()
    return {
        "same": reply == draft.reply,
        "model": draft.model,
        "seed": draft.seed,
        "snapshot": draft.snapshot,
        "snapshot_now": opened.snapshot.id,
        "stored": draft.reply,
        "reply": reply,
    }


def run_selftest(args: argparse.Namespace) -> Mapping[str, Any]:
    """`selftest`: each test of the model, kept for the Modèles page."""
    config = settings.load(args.home)
    template = _chosen(args, config)
    model = open_model(args.model or config.model, config)
    try:
        results = [asdict(result) for result in selftest.run(model, template=template)]
        body = {"tests": results, "held": all(result["held"] for result in results)}
        _report(config, reports.SELF_TEST, (model, template), "", body)
        return {"model": model.id, **body}
    finally:
        model.close()


def show_selftest(result: Mapping[str, Any]) -> str:
    """`selftest` for people."""
    lines = [f"{'ok ' if test['held'] else 'NON'}  {test['name']} ({test['seen']})" for test in result["tests"]]
    return "\n".join([f"{result['model']} :", *lines])


def run_add_model(args: argparse.Namespace) -> Mapping[str, Any]:
    """`add-model`: the weights, whole and checked, in the home."""
    with tqdm(disable=None, file=sys.stderr, unit="B", unit_scale=True, desc="poids") as bar:

        def tell(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path, sha256 = install.add(args.source, settings.load(args.home).home, sha256=args.sha256, tell=tell)
    return {"path": str(path), "sha256": sha256, "bytes": path.stat().st_size}


def _report(
    config: settings.Settings, kind: str, of: tuple[Model, Template], snapshot: str, body: Mapping[str, Any]
) -> None:
    """Keep a report of a model under a prompt, for the Modèles page."""
    model, template = of
    store = engine.open_store(config.operations)
    reports.keep(
        store,
        kind,
        model=model.id,
        model_sha256=model.sha256,
        prompt_version=template.version,
        snapshot=snapshot,
        body=body,
    )
    store.dispose()


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


def _prompt(command: argparse.ArgumentParser) -> None:
    command.add_argument("--prompt", help="a version of the prompt, by name (default: VIGIE_PROMPT)")


def _chosen(args: argparse.Namespace, config: settings.Settings) -> Template:
    return templates.named(args.prompt or config.prompt, config.home)


def _asked(args: argparse.Namespace, drafter: Drafter) -> Asked:
    if args.review_id is not None:
        return drafter.asked(args.review_id)
    if not args.text.strip():
        raise VigieError("--text est vide : donnez les mots de l'avis")
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
