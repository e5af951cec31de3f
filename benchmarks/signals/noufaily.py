"""The 28 simulated scenarios of Noufaily et al. (2013): weekly counts, four past outbreaks, one to be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WEEKS = 624
JUDGED = 49  # the last weeks
PAST = (313, 575)  # weeks (from 1) where past outbreaks start, both included
PAST_SIZES = (2, 3, 5, 10)
PARAMETERS = (  # theta, phi, beta, gamma1, gamma2
    (0.1, 1.5, 0.0025, 0.6, 0.6),
    (-2.0, 2.0, 0.005, 0.1, 0.3),
    (1.5, 1.0, 0.003, 0.2, -0.4),
    (0.5, 5.0, 0.002, 0.5, 0.5),
    (2.5, 3.0, 0.001, 1.0, 0.1),
    (3.75, 1.1, 0.001, 0.1, -0.1),
    (5.0, 1.2, 0.0001, 0.05, 0.01),
)
SPARSE = (4, 5, 6, 7)  # scenarios 5 to 8


@dataclass(frozen=True)
class Series:
    """Replicates of one scenario."""

    background: np.ndarray  # (weeks, replicates), past outbreaks included
    outbreak: np.ndarray  # (sizes, weeks, replicates), cases of the outbreak to be found
    scenario: int


def scenarios() -> list[tuple[float, float, float, float, float, int, int]]:
    """theta, phi, beta, gamma1, gamma2, trend, season of each, in the paper's order."""
    return [(*p, trend, season) for p in PARAMETERS for trend, season in ((0, 0), (1, 0), (0, 1), (1, 1))]


def series(number: int, replicates: int, sizes: tuple[int, ...], seed: int) -> Series:
    """Simulate scenario `number` (from 0)."""
    random = np.random.default_rng([seed, number])
    theta, phi, beta, gamma1, gamma2, trend, season = scenarios()[number]
    t = np.arange(1, WEEKS + 1)
    turn = 2 * np.pi * t / 52
    log_mean = theta + beta * t * trend + season * (gamma1 * np.cos(turn) + gamma2 * np.sin(turn))
    mean = np.exp(log_mean)
    sd = np.sqrt(phi * mean)
    counts = _counts(random, mean, phi, replicates).astype(float)
    for replicate in range(replicates):
        starts = random.integers(PAST[0], PAST[1] + 1, len(PAST_SIZES))
        for start, size in zip(starts, random.permutation(PAST_SIZES), strict=True):
            _spread(random, counts[: PAST[1], replicate], int(start) - 1, size * sd[start - 1])
    outbreak = np.zeros((len(sizes), WEEKS, replicates))
    for replicate in range(replicates):
        for row, size in enumerate(sizes):
            start = int(random.integers(WEEKS - JUDGED, WEEKS))
            _spread(random, outbreak[row, :, replicate], start, size * sd[start])
    return Series(counts, outbreak, number)


def _counts(random: np.random.Generator, mean: np.ndarray, phi: float, replicates: int) -> np.ndarray:
    """Negative binomial of variance phi × mean (Poisson when phi is 1)."""
    if phi <= 1:
        return random.poisson(mean[:, None], (len(mean), replicates))
    return random.negative_binomial((mean / (phi - 1))[:, None], 1 / phi, (len(mean), replicates))


def _spread(random: np.random.Generator, counts: np.ndarray, start: int, size: float) -> None:
    """Add Poisson(size) cases, each floor(LogNormal(0, 0.5)) weeks after the start; those beyond the end are not seen."""
    delay = np.floor(random.lognormal(0, 0.5, random.poisson(size))).astype(int)
    week = start + delay
    np.add.at(counts, week[week < len(counts)], 1)
