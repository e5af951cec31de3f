"""From the router's scores to probabilities that mean what they say.

A temperature fitted on held-out reviews (Guo et al., "On calibration of modern neural networks", ICML 2017), then a
logistic curve (Platt 1999) for the best kind of institution, and one for it and its neighbours together. The rule it
protects: what a curve is judged on never served to fit it.
"""

from __future__ import annotations

import numpy as np

CONFIDENT = 0.5  # from which one kind of institution is answered alone
NEIGHBOURS = 3  # other kinds of the same matter, at most
TOGETHER = 0.4  # from which a kind and its neighbours are answered, when they are likely together…
LIFT = 3.0  # … and this many times likelier than in any review; below, the router abstains


def softmax(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Rows of probabilities; a higher `temperature` makes them sharper (it multiplies the scores)."""
    shifted = scores * temperature
    shifted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def fit_temperature(scores: np.ndarray, classes: np.ndarray) -> float:
    """The factor on scores that makes held-out reviews likeliest."""

    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        chances = softmax(scores, float(np.exp(logarithm)))
        return float(-np.log(np.maximum(chances[np.arange(len(classes)), classes], 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 5.0), method="bounded").x))


def first_kind(chances: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the best kind of each row, and whether it is right."""
    return chances.max(axis=1), chances.argmax(axis=1) == classes


def same_matter(chances: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the best kind and its neighbours together, and whether one of them is right."""
    order = np.argsort(-chances, axis=1)[:, : NEIGHBOURS + 1]
    return np.take_along_axis(chances, order, axis=1).sum(axis=1), (order == classes[:, np.newaxis]).any(axis=1)


def fit_curve(told: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and shift that turn the logit of a probability told into that of being right (Platt 1999)."""
    if right.all() or not right.any():
        return 1.0, 0.0
    from sklearn.linear_model import LogisticRegression  # pages route, they never learn: they are spared its import

    fitted = LogisticRegression().fit(_logit(told)[:, np.newaxis], right)
    return float(max(0.0, fitted.coef_[0, 0])), float(fitted.intercept_[0])


def platt(told: np.ndarray, curve: tuple[float, float]) -> np.ndarray:
    """Probabilities told, corrected by their curve."""
    return np.asarray(1.0 / (1.0 + np.exp(-(curve[0] * _logit(told) + curve[1]))))


def calibrated(chances: np.ndarray, curve: tuple[float, float]) -> np.ndarray:
    """Rows of probabilities whose best one is the chance of being right; the others share the rest as before."""
    best = chances.max(axis=1)
    told = platt(best, curve)
    scaled = chances * ((1.0 - told) / np.maximum(1.0 - best, 1e-9))[:, np.newaxis]
    # None of the others may come out above the best: the order is the classifier's.
    scaled = np.minimum(scaled, told[:, np.newaxis])
    scaled[np.arange(len(chances)), chances.argmax(axis=1)] = told
    return np.asarray(scaled)


def _logit(chance: np.ndarray) -> np.ndarray:
    clipped = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1.0 - clipped)))


def measured(
    chances: np.ndarray,
    classes: np.ndarray,
    curves: tuple[tuple[float, float], tuple[float, float]],
    shares: np.ndarray,
) -> dict[str, float]:
    """Measures over held-out reviews, the curves having been fitted on others. Rules are left out."""
    order = np.argsort(-chances, axis=1)[:, : NEIGHBOURS + 1]
    alone, exact = first_kind(chances, classes)
    matter, among = same_matter(chances, classes)
    alone, matter = platt(alone, curves[0]), platt(matter, curves[1])
    single = alone >= CONFIDENT
    several = ~single & (matter >= np.maximum(TOGETHER, LIFT * shares[order].sum(axis=1)))
    covered = single | several
    confidence, right = np.where(several, matter, alone), np.where(several, among, exact)
    error = 0.0
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (confidence > low) & (confidence <= low + 0.1)
        if inside.any():
            error += float(inside.mean() * abs(right[inside].mean() - confidence[inside].mean()))
    return {
        "accuracy": round(float(exact.mean()), 4),
        "coverage": round(float(covered.mean()), 4),
        "accuracy_covered": round(float(right[covered].mean()), 4) if covered.any() else 0.0,
        "ece": round(error, 4),
    }
