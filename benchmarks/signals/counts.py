"""E1: the 28 scenarios of Noufaily et al. (2013), by Farrington flexible and by the shipped engine, each series alone.

The shipped engine here is its national regression, its windows and their shares (`surge.National`, `surge.combined`). Its
alarms are counted in two ways: every week whose p-value passes, as the literature counts; and as the product raises
them, each dealt with the day it comes, so that one like it stays quiet for four weeks unless its excess doubles
(`data.operations.triage.quiet`). The rates are chosen on other seeds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.signals import farrington, surge
from analytics.signals.cells import GUARD, WINDOWS
from benchmarks.signals import noufaily
from benchmarks.signals.noufaily import JUDGED, SPARSE, WEEKS
from benchmarks.signals.tables import show, verdict
from data.operations.triage import COOL_DOWN, DOUBLED

SIZES = (1, 3, 5, 7, 10)
TUNING, REPORTED = (1, 2), (4, 5)
NOUFAILY = (0.05, 0.19, 0.54, 0.73, 0.91)
# p-values chosen on the seeds TUNING: false alarms a tenth under 1 %, and under 1.6 % for sparse series
ALARM, ALARM_SPARSE = 0.0125, 0.02
EVERY_WEEK = 0.007  # the same, counting every week that passes
TWO_WEEKS = 0.0077  # and with the two-week window alone
ENGINE = ((5, 0.60), (7, 0.78), (10, 0.93))
ENGINE_SPARSE = ((5, 0.27), (7, 0.49), (10, 0.77))
_JUDGED = range(WEEKS - JUDGED, WEEKS)


@dataclass(frozen=True)
class Simulated:
    """All replicates of all scenarios side by side."""

    background: np.ndarray  # (weeks, series)
    outbreak: np.ndarray  # (sizes, weeks, series)
    scenario: np.ndarray  # (series,)

    @classmethod
    def of(cls, replicates: int, seeds: Sequence[int]) -> Simulated:
        """Draw `replicates` of each seed."""
        numbers = range(len(noufaily.scenarios()))
        every = [noufaily.series(i, replicates, SIZES, seed) for i in numbers for seed in seeds]
        return cls(
            np.concatenate([s.background for s in every], axis=1),
            np.concatenate([s.outbreak for s in every], axis=2),
            np.repeat(numbers, replicates * len(seeds)),
        )


@dataclass(frozen=True)
class Result:
    """Rates by scenario: `false` (scenarios,), `found` (sizes, scenarios)."""

    false: np.ndarray
    found: np.ndarray

    @classmethod
    def of(cls, known: Simulated, quiet: np.ndarray, loud: np.ndarray) -> Result:
        """From alarms without the last outbreak (weeks, series) and with it (sizes, weeks, series)."""
        cases = known.outbreak[:, _JUDGED.start :] > 0
        begun, ahead = np.cumsum(cases, axis=1) > 0, np.cumsum(cases[:, ::-1], axis=1)[:, ::-1] > 0
        hit = np.any(loud & begun & ahead, axis=1)
        rows = [known.scenario == s for s in range(len(noufaily.scenarios()))]
        return cls(np.array([quiet[:, r].mean() for r in rows]), np.array([np.mean(hit[:, r], axis=1) for r in rows]).T)


def flexible(known: Simulated) -> Result:
    """Farrington flexible as Noufaily et al. set it."""
    settings = farrington.Settings()
    quiet, loud = [], []
    for week in _JUDGED:
        bound = farrington.thresholds(known.background, week, settings)
        quiet.append(known.background[week] >= bound)
        loud.append(known.background[week] + known.outbreak[:, week] >= bound)
    return Result.of(known, np.array(quiet), np.moveaxis(np.array(loud), 0, 1))


@dataclass(frozen=True)
class Evidence:
    """The engine's p-values and reviews beyond what it expected, (weeks, series)."""

    p: np.ndarray
    excess: np.ndarray
    two_weeks: np.ndarray  # p-value of the two-week window alone

    def alarms(self, rate: float) -> np.ndarray:
        """Weeks on which a new signal is raised: not again within the cool-down, unless it doubled."""
        out = np.zeros(self.p.shape, dtype=bool)
        last, score = np.full(self.p.shape[1], -JUDGED), np.zeros(self.p.shape[1])
        for week, (p, excess) in enumerate(zip(self.p, self.excess, strict=True)):
            rested = week - last >= COOL_DOWN.days // 7
            out[week] = (p <= rate) & (rested | (excess >= DOUBLED * np.maximum(score, 1.0)))
            last, score = np.where(out[week], week, last), np.where(out[week], excess, score)
        return out


def evidence(known: Simulated) -> tuple[Evidence, list[Evidence]]:
    """What the engine sees without the last outbreak, and with each size of it."""
    every = [known.background, *(known.background + o for o in known.outbreak)]
    found: list[list[tuple[np.ndarray, ...]]] = [[] for _ in every]
    for week in _JUDGED:
        learnt = known.background[: week + 1 - GUARD][::-1]
        national = surge.National.learnt(learnt, np.ones_like(learnt))
        weekly = [national.base * national.factor(age) for age in range(max(WINDOWS))]
        expected = np.array([np.sum(weekly[:window], axis=0) for window in WINDOWS])
        shape = np.array([national.shape(window, national.now(window)) for window in WINDOWS])
        for counts, out in zip(every, found, strict=True):
            observed = np.array([counts[week + 1 - window : week + 1].sum(axis=0) for window in WINDOWS])
            p, at = surge.combined(observed, expected, shape)
            alone = surge.tail(observed[1], expected[1], shape[1])
            out.append((p, np.take_along_axis(observed - expected, at[None], axis=0)[0], alone))
    quiet, *loud = (Evidence(*map(np.array, zip(*weeks, strict=True))) for weeks in found)
    return quiet, loud


def _judged(known: Simulated, quiet: Evidence, loud: list[Evidence], rate: float, every_week: bool = False) -> Result:
    alarms = [e.p <= rate if every_week else e.alarms(rate) for e in (quiet, *loud)]
    return Result.of(known, alarms[0], np.array(alarms[1:]))


def main(replicates: int) -> int:
    """Print the tables; 1 when a target is missed."""
    began = time.perf_counter()
    known = Simulated.of(replicates, REPORTED)
    reference = flexible(known)
    quiet, loud = evidence(known)
    engine = _judged(known, quiet, loud, ALARM)
    loose = _judged(known, quiet, loud, ALARM_SPARSE)
    weekly = _judged(known, quiet, loud, EVERY_WEEK, every_week=True)
    alone = Result.of(known, quiet.two_weeks <= TWO_WEEKS, np.array([e.two_weeks <= TWO_WEEKS for e in loud]))
    sparse = list(SPARSE)
    head = ("method", "false alarms", *(f"k={k}" for k in SIZES))

    def row(name: str, result: Result, over: list[int] | slice, middle: bool = False) -> tuple[str, ...]:
        mean = np.median if middle else np.mean
        found = [f"{mean(result.found[k, over]):.3f}" for k in range(len(SIZES))]
        return (name, f"{mean(result.false[over]):.4f}", *found)

    everything = slice(None)
    show(
        f"E1 counts: 28 scenarios x {replicates} replicates of seeds {REPORTED} x {JUDGED} weeks (rates chosen on seeds {TUNING})",
        head,
        [
            ("Noufaily et al. (published)", ".009-.013", *(f"{p:.3f}" for p in NOUFAILY)),
            row("Farrington flexible, mean of scenarios", reference, everything),
            row("Farrington flexible, median of scenarios", reference, everything, middle=True),
            row(f"engine (p <= {ALARM}), mean of scenarios", engine, everything),
            row(f"engine (p <= {ALARM}), median of scenarios", engine, everything, middle=True),
            row(f"engine, every week counted (p <= {EVERY_WEEK})", weekly, everything),
            row(f"engine, two weeks alone, every week counted (p <= {TWO_WEEKS})", alone, everything),
            row(f"sparse 5-8, engine (p <= {ALARM_SPARSE})", loose, sparse),
            row("sparse 5-8, Farrington flexible", reference, sparse),
        ],
    )
    good = _targets(reference, engine, weekly, loose)
    print(f"{time.perf_counter() - began:.0f} s", flush=True)
    return 0 if good else 1


def _targets(reference: Result, engine: Result, weekly: Result, loose: Result) -> bool:
    false = float(np.mean(reference.false))
    gaps = [np.mean(reference.found[i]) - NOUFAILY[i] for i in range(len(SIZES))]
    middle = [np.median(reference.found[i]) - NOUFAILY[i] for i in range(len(SIZES))]
    rows: list[tuple[str, str, str, str]] = [
        ("Noufaily row, false alarms", f"{false:.4f}", ".007-.015", verdict(0.007 <= false <= 0.015)),
        ("Noufaily row, POD, mean over scenarios", " ".join(f"{g:+.3f}" for g in gaps), "within .06",
         verdict(max(map(abs, gaps)) <= 0.06)),
        ("Noufaily row, POD, median over scenarios", " ".join(f"{g:+.3f}" for g in middle), "within .06",
         verdict(max(map(abs, middle)) <= 0.06)),
        ("engine, false alarms", f"{np.mean(engine.false):.4f}", "<= .010", verdict(np.mean(engine.false) <= 0.010)),
    ]  # fmt: skip
    rows.append(("every week counted, false alarms", f"{np.mean(weekly.false):.4f}", "<= .010",
                 verdict(np.mean(weekly.false) <= 0.010)))  # fmt: skip
    for name, result in (("engine", engine), ("every week counted", weekly)):
        for size, target in ENGINE:
            found = float(np.mean(result.found[SIZES.index(size)]))
            rows.append((f"{name}, POD at k = {size}", f"{found:.3f}", f">= {target}", verdict(found >= target)))
    sparse = list(SPARSE)
    false = float(np.mean(loose.false[sparse]))
    rows.append(("engine, sparse, false alarms", f"{false:.4f}", "<= .016", verdict(false <= 0.016)))
    for size, target in ENGINE_SPARSE:
        found = float(np.mean(loose.found[SIZES.index(size), sparse]))
        rows.append((f"engine, sparse, POD at k = {size}", f"{found:.3f}", f">= {target}", verdict(found >= target)))
    show("E1 targets", ("measure", "value", "target", ""), rows)
    return all(row[-1] == "met" for row in rows)
