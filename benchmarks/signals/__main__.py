"""`python -m benchmarks.signals [e0|e1|e2|e3|planted|speed]`: prints each table; without a name, the quick ones."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # many small matrices: more threads only wait for each other

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def _e0(args: argparse.Namespace) -> int:
    from benchmarks.signals import conformance

    return conformance.main()


def _e1(args: argparse.Namespace) -> int:
    from benchmarks.signals import counts

    return counts.main(args.replicates or 100)


def _e2(args: argparse.Namespace) -> int:
    from benchmarks.signals import null

    return null.main(args.replicates or 100, args.cache, *(args.seeds or ())[:1])


def _e3(args: argparse.Namespace) -> int:
    from benchmarks.signals import injection

    if args.tune:
        return injection.tune(args.replicates or 8, args.cache)
    return injection.main(args.replicates or 8, args.cache, *(args.seeds or ())[:1])


def _planted(args: argparse.Namespace) -> int:
    from benchmarks.signals import planted

    return planted.main(args.seeds, args.cache)


def _speed(args: argparse.Namespace) -> int:
    from benchmarks.signals import speed

    return speed.main(args.reviews, args.weeks, args.cache)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "e0": _e0, "e1": _e1, "e2": _e2, "e3": _e3, "planted": _planted, "speed": _speed,
}  # fmt: skip
QUICK = ("e0", "e1")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks asked for; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*COMMANDS, []], help="which (e0 and e1 by default)")
    parser.add_argument("--replicates", type=int, help="series, corpora or histories")
    parser.add_argument(
        "--seeds", type=int, nargs="*", help="demo seeds (those kept for reporting by default; e2 and e3 take one)"
    )
    parser.add_argument(
        "--tune", action="store_true", help="e3: what each option of the other methods finds on the tuning seed"
    )
    parser.add_argument("--reviews", type=int, default=1_000_000, help="reviews of the speed measure")
    parser.add_argument("--weeks", type=int, default=104, help="weekly runs replayed by the speed measure")
    parser.add_argument("--cache", type=Path, help="folder where worlds are kept from one run to the next")
    args = parser.parse_args(argv)
    return max(COMMANDS[name](args) for name in args.names or QUICK)


if __name__ == "__main__":
    sys.exit(main())
