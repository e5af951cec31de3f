"""How every command of the product starts, speaks and fails.

Owns the shared options (`--home`, `--debug`, `--json`), the exit codes (0 done, 1 the work failed, 2 wrong usage) and
the rule that goes with them: with `--json` standard output holds one JSON object and nothing else; whatever libraries
print goes to standard error with the logs; a failure is one line, its traceback shown only with `--debug`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any

from data.errors import VigieError

Result = Mapping[str, Any] | int | None
ERROR = "erreur : "  # what the line of a failure starts with


def options() -> argparse.ArgumentParser:
    """Parent parser of every subcommand: pass it as `parents=[cli.options()]`."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--home", type=Path, default=None, metavar="DIR", help="data folder (VIGIE_HOME, default var/)")
    shared.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    shared.add_argument("--debug", action="store_true", help="show tracebacks and detailed logs")
    return shared


def main(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse, run the subcommand's `run(args)`, print its result, return the exit code.

    A subparser says what it runs with `set_defaults(run=…)`, and, for people, `show=…` (result -> text). `run` returns
    the JSON object, or an exit code, or nothing. Unexpected errors end the process with exit code 1 and one line,
    through `sys.excepthook`.
    """
    args = parser.parse_args(argv)
    debug = bool(getattr(args, "debug", False))
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if debug else logging.INFO, format="%(message)s")
    logging.getLogger("alembic").setLevel(logging.INFO if debug else logging.WARNING)
    if not debug:
        sys.excepthook = _one_line
    run: Callable[[argparse.Namespace], Result] = args.run
    try:
        with _stdout_kept() if getattr(args, "json", False) else _as_is():
            result = run(args)
    except VigieError as error:
        if debug:
            raise
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("interrompu")
        return 130
    if isinstance(result, int):
        return result
    if result is not None:
        if args.json:
            print(json.dumps(result, ensure_ascii=False, default=str))
        else:
            show: Callable[[Mapping[str, Any]], str] = getattr(args, "show", _plain)
            print(show(result))
    return 0


def _plain(result: Mapping[str, Any]) -> str:
    """One `key: value` line a figure; nested values only by their size."""
    lines = []
    for key, value in result.items():
        nested = isinstance(value, (list, dict, tuple))
        lines.append(f"{key}: {len(value) if nested else value}")
    return "\n".join(lines)


def _say(message: str) -> None:
    print(ERROR + " ".join(message.split()), file=sys.stderr)


def _one_line(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _say(f"{error or kind.__name__} ({kind.__name__} ; --debug dit où)")


@contextmanager
def _as_is() -> Iterator[None]:
    yield


@contextmanager
def _stdout_kept() -> Iterator[None]:
    """Send whatever is printed meanwhile, by Python or by C libraries, to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
