"""Does the impact page tell the truth? `python -m benchmarks.impact [--panels 1000] [--reviews 20000] [--first 0]`.

Panels of structures and weeks are drawn as the demo draws them (slow structures adopt first, everybody drifts, subjects
shift), with the programme's whole effect, half of it, and none. Each goes through the very code of `refresh`: adoption
found from the similarity column, then the estimate with its interval. Prints, for delays and verdicts: bias, coverage of
the 95 % intervals, false positives without effect, power at half the effect, how often the test of the time before is wrong
at 5 %, beside what the raw before/after says. `ceiling` is the power of an oracle who would know what each reply would have
got without AI but for its own chance: nobody can do better with as many observations. Exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import cache, lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from tqdm import tqdm

from analytics.impact import outcomes
from data.demo import draws, lexicon, world
from data.demo.draws import Drawn
from data.demo.lexicon import Lexicon
from data.demo.world import World

HALF = 0.5
EFFECTS = (1.0, HALF, 0.0)
REDRAWS = 4  # of the chance in delays, to know what is expected of the structures drawn
COVERED = (0.93, 0.97)
FALSE_POSITIVES = 0.06
_VERDICT_SPREAD = 0.5  # of a verdict, useful or not, about its chance
_Z = 1.959964
Floats = NDArray[np.float64]


@cache
def _words() -> Lexicon:
    return lexicon.load()


@lru_cache(maxsize=1)
def _country(seed: int, reviews: int, weeks: int) -> tuple[World, Drawn, NDArray[Any], NDArray[Any]]:
    """The country of a seed, its reviews, and the id and network of each one's structure."""
    country = world.build(_words(), reviews=reviews, seed=seed, weeks=weeks, effect=1.0, planned=0)
    drawn = draws.draw(country, np.random.default_rng([seed, 7]), range(weeks), [])
    ids, networks = (np.array([getattr(s, name) for s in country.structures]) for name in ("id", "network"))
    return country, drawn, ids[drawn.structure], networks[drawn.structure]


def panel(seed: int, reviews: int, effect: float, weeks: int = 156) -> tuple[pd.DataFrame, dict[str, float]]:
    """Reviews of one country in the columns of `sql/followed.sql`, and the truth about them.

    The truth holds `delay` and `satisfaction`: after less before of the replies and verdicts that AI touched, as expected
    over the chance of delays; `delay_drawn` and `satisfaction_drawn`: as it happened, what truth.json of the demo says.
    """
    country, drawn, structures, networks = _country(seed, reviews, weeks)
    drawn_world = replace(country, effect=effect)
    answers = draws.answer(drawn_world, np.random.default_rng([seed, 9]), drawn)
    start = np.datetime64(drawn_world.start, "s")
    published = start + (drawn.day * 86400 + drawn.second).astype("timedelta64[s]")
    reply = start + np.round(np.where(answers.answered, answers.reply, 0.0) * 86400).astype("timedelta64[s]")
    real = answers.answered & ~answers.canned
    frame = pd.DataFrame(
        {
            "structure_id": structures,
            "published_at": pd.to_datetime(published),
            "first_reply_at": pd.to_datetime(np.where(real, reply, np.datetime64("NaT"))),
            "network": networks,
            "answered": real,
            "with_ai": real & (answers.similarity >= 0),
            "useful": np.where(real & answers.judged, answers.useful, np.nan),
            "irritant": drawn.irritant,
            "sentiment": np.array(["Négatif", "Neutre", "Positif"])[drawn.mood],
            "channel": "",
            "votes": 0.0,
            "useful_votes": 0.0,
        }
    )
    frame["days"] = (frame["first_reply_at"] - frame["published_at"]).dt.total_seconds() / 86400
    found = frame[~drawn.outside].reset_index(drop=True)
    changes = [
        draws.answer(drawn_world, np.random.default_rng([seed, 11, k]), drawn) for k in range(REDRAWS * (effect > 0))
    ]
    truth = {
        "delay": sum(c.delay_change[0] for c in changes) / max(1, sum(c.delay_change[1] for c in changes)),
        "satisfaction": 100 * world.USEFUL_GAIN * effect,
        "delay_drawn": answers.delay_change[0] / max(1, answers.delay_change[1]),
        "satisfaction_drawn": 100 * answers.useful_change[0] / max(1, answers.useful_change[1]),
    }  # fmt: skip
    return found, truth


def measure(job: tuple[int, int, float]) -> list[dict[str, Any]]:
    """What the product says of one panel, one row a measure, with the checks a conclusion needs (paths, false date)."""
    seed, reviews, effect = job
    frame, truth = panel(seed, reviews, effect)
    last = frame["published_at"].max().date()
    rows = []
    for name, found in outcomes.headline(frame, last).items():
        row = {"seed": seed, "effect": effect, "measure": name, "truth": truth[name], "drawn": truth[f"{name}_drawn"]}
        row |= {"raw": found.raw_after - found.raw_before, "p": np.nan, "value": np.nan, "low": np.nan, "high": np.nan}
        row["raw_low"], row["raw_high"] = found.raw_interval
        if found.study is not None:
            row |= {key: getattr(found.study.overall, key) for key in ("low", "high")}
            row |= {"value": found.study.overall.effect, "p": found.study.parallel_p, "n": found.study.overall.n}
            row["concluded"] = found.concluded
        rows.append(row)
    return rows


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """One line by measure and effect: panels, truth, bias, coverage, share that finds an effect, and the raw's."""
    lines = []
    for (name, effect), group in rows.groupby(["measure", "effect"], sort=False):
        known = group[group["value"].notna()]
        error = known["value"] - known["truth"]
        told = (known["low"] > 0) | (known["high"] < 0)
        lines.append(
            {
                "measure": name,
                "effect": effect,
                "panels": len(group),
                "truth": known["truth"].mean(),
                "bias": error.mean(),
                "rmse": float(np.sqrt((error**2).mean())),
                "coverage": ((known["low"] <= known["truth"]) & (known["truth"] <= known["high"])).mean(),
                "coverage_drawn": ((known["low"] <= known["drawn"]) & (known["drawn"] <= known["high"])).mean(),
                "found": told.mean(),
                "ceiling": _ceiling(known) if name == "satisfaction" else np.nan,
                "concluded": known["concluded"].astype(bool).mean(),
                "paths_p<.05": (known["p"] < 0.05).mean(),
                "raw_bias": (known["raw"] - known["truth"]).mean(),
                "raw_coverage": ((known["raw_low"] <= known["truth"]) & (known["truth"] <= known["raw_high"])).mean(),
                "raw_found": ((known["raw_low"] > 0) | (known["raw_high"] < 0)).mean(),
            }
        )
    return pd.DataFrame(lines)


def _ceiling(rows: pd.DataFrame) -> float:
    """Chance that a 95 % interval leaves zero out when verdicts after adoption are the only chance left."""
    wide = rows["n"] ** -0.5 * 100 * _VERDICT_SPREAD
    away = rows["truth"].abs() / wide
    return float((stats.norm.sf(_Z - away) + stats.norm.cdf(-_Z - away)).mean())


def missed(lines: pd.DataFrame) -> list[str]:
    """Targets that are not held."""
    out = []
    for line in lines.to_dict("records"):
        name = f"{line['measure']}, effect {line['effect']}"
        if not COVERED[0] <= line["coverage"] <= COVERED[1]:
            out.append(f"{name}: coverage {line['coverage']:.3f} is outside {COVERED[0]}-{COVERED[1]}")
        if line["effect"] == 0 and line["found"] > FALSE_POSITIVES:
            out.append(f"{name}: false positives {line['found']:.3f} above {FALSE_POSITIVES}")
    return out


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.impact", description=__doc__.split("\n")[0])
    parser.add_argument("--panels", type=int, default=1000, help="with the whole effect, and as many with none (1000)")
    parser.add_argument("--half", type=int, default=300, help="with half the effect, for the power (300)")
    parser.add_argument("--reviews", type=int, default=20_000, help="in each panel (20000)")
    parser.add_argument("--minutes", type=float, help="stop after so long and print what was measured")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--keep", type=Path, help="a JSON lines file that rows are added to; what it holds is not redone"
    )
    args = parser.parse_args(argv)
    done = _kept(args.keep)
    jobs = [
        (seed, args.reviews, effect)
        for seed in range(args.first, args.first + args.panels)
        for effect in EFFECTS
        if (effect != HALF or seed < args.first + args.half)
        and (seed, effect) not in {(row["seed"], row["effect"]) for row in done}
    ]
    began = time.perf_counter()
    rows = list(done)
    context = get_context("fork" if sys.platform != "win32" else "spawn")
    with ProcessPoolExecutor(args.processes, mp_context=context) as pool:
        for found in tqdm(pool.map(measure, jobs, chunksize=3), total=len(jobs), disable=None):
            rows += found
            if args.minutes and time.perf_counter() - began > 60 * args.minutes:
                pool.shutdown(wait=False, cancel_futures=True)
                break
            if args.keep:
                with args.keep.open("a", encoding="utf-8") as out:
                    out.writelines(json.dumps(row, default=float) + "\n" for row in found)
    lines = table(pd.DataFrame(rows))
    with pd.option_context("display.width", 250, "display.max_columns", 30):
        print(lines.round(3).to_string(index=False))
    print(
        f"{len(rows) // 2} panels of {args.reviews} reviews, the last of them in {timedelta(seconds=round(time.perf_counter() - began))}"
    )
    problems = missed(lines)
    for problem in problems:
        print("MISSED", problem)
    return 1 if problems else 0


def _kept(path: Path | None) -> list[dict[str, Any]]:
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    sys.exit(main())
