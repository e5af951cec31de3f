"""Command line of the demo: `python -m data demo --reviews N --seed S --out DIR`.

The rule it protects: what is asked is checked before anything is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from data import cli
from data.demo.generate import Order, write
from data.errors import VigieError

LONGEST = 520  # weeks: ten years, further back than the portal goes


def _count(text: str) -> int:
    value = int(text) if text.lstrip("-").isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return value


def _weeks(text: str) -> int:
    value = _count(text)
    if value > LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is more than {LONGEST} weeks")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Declare the sub-command `demo`; its function is `run`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo",
        parents=[cli.options()],
        help="write the synthetic demo: reviews, structures, fiches and the truth behind them",
    )
    parser.add_argument("--reviews", type=_count, required=True, metavar="N", help="how many reviews")
    parser.add_argument("--seed", type=int, required=True, metavar="S", help="same seed, same bytes")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the four files")
    parser.add_argument("--weeks", type=_weeks, default=156, metavar="W", help="weeks up to the fixed last day (156)")
    parser.add_argument("--effect", type=_share, default=1.0, metavar="0..1", help="scale of the AI's effect (1)")
    parser.add_argument("--no-events", action="store_true", help="plant no event")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write the demo as asked; returns what was written, and where."""
    if args.out.exists() and not args.out.is_dir():
        raise VigieError(f"{args.out} est un fichier, il faut un dossier")
    order = Order(args.reviews, args.seed, args.weeks, args.effect, not args.no_events)
    write(order, args.out)
    return {"reviews": args.reviews, "seed": args.seed, "out": str(args.out)}
