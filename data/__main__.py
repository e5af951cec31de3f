"""Commands of the data layer: `python -m data demo | download | ingest | withdrawals | metadata | journal | …`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from data import cli, download, ingest, metadata, withdrawals


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m data`."""
    from data.demo import cli as demo  # the generator and its lexicon: only this command line needs them
    from data.operations import cli as operations

    top = argparse.ArgumentParser(prog="python -m data", description="Load, check and publish the data of Vigie.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo.add_parser(commands)
    download.add_parser(commands)
    ingest.add_parser(commands)
    withdrawals.add_parser(commands)
    metadata.add_parser(commands)
    operations.add_parser(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    return cli.main(parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
