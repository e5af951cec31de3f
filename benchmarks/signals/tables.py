"""Plain tables of the benchmarks, and the intervals of their figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a title and aligned columns."""
    text = [list(map(str, head)), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    print(f"\n{title}")
    for number, row in enumerate(text):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print(flush=True)


def interval(values: Sequence[float] | np.ndarray, draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """Bootstrap interval, 95 %, of the mean of independent values."""
    known = np.asarray(values, dtype=float)
    if not len(known):
        return float("nan"), float("nan")
    picks = np.random.default_rng(seed).integers(0, len(known), (draws, len(known)))
    low, high = np.quantile(known[picks].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def share(values: Sequence[float] | np.ndarray) -> str:
    """Mean with its interval: `.53 [.40, .66]`."""
    known = np.asarray(values, dtype=float)
    if not len(known):
        return "–"
    low, high = interval(known)
    return f"{known.mean():.2f} [{low:.2f}, {high:.2f}]"


def verdict(good: bool) -> str:
    """How a target went."""
    return "met" if good else "MISSED"
