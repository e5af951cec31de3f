"""An interrupted time series: the adopters' own past, continued, against what came after.

Segmented regression by month since adoption with a level and a slope that may change, errors robust to autocorrelation
(Wagner et al. 2002; Newey & West 1987). It has no control group: what moved for everybody at the same time counts as an
effect here. The rule it protects: it is shown beside the comparison with controls, never instead of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray

from analytics.impact.differences import Estimate
from analytics.impact.untouched import Kind

BEFORE, AFTER = 18, 12  # months looked at on each side
LEAST_MONTHS, LEAST_ROWS = 6, 5
LAGS = 3
MONTH = 30.4375


def interrupted(rows: pd.DataFrame, outcome: NDArray[np.float64], kind: Kind) -> Estimate | None:
    """Mean effect over the months after adoption, in the outcome's unit; None with too few months on either side.

    `rows` come from `panel.dated`, `outcome` has one value a row. With `ratio`, the level is modelled in log.
    """
    kept = rows["adopter"].to_numpy(dtype=bool) & ~np.isnan(outcome)
    since = (rows["published_at"] - rows["untouched_until"]).dt.days.to_numpy(dtype=np.float64)
    month = np.floor(since / MONTH)
    kept &= (month >= -BEFORE) & (month < AFTER)
    frame = pd.DataFrame({"month": month[kept], "y": outcome[kept]}).groupby("month")["y"].agg(["mean", "size"])
    frame = frame[frame["size"] >= LEAST_ROWS]
    at = frame.index.to_numpy(dtype=np.float64)
    after = at >= 0
    if min(after.sum(), (~after).sum()) < LEAST_MONTHS or (kind == "ratio" and (frame["mean"] <= 0).any()):
        return None
    level = np.log(frame["mean"].to_numpy()) if kind == "ratio" else frame["mean"].to_numpy(dtype=np.float64)
    design = np.column_stack([np.ones(len(at)), at, after, np.where(after, at, 0.0)])
    fit = sm.WLS(level, design, weights=frame["size"].to_numpy(dtype=np.float64)).fit(
        cov_type="HAC", cov_kwds={"maxlags": LAGS, "use_correction": True}, use_t=True
    )
    size = frame["size"].to_numpy(dtype=np.float64)[after]
    moved = np.array([0.0, 0.0, 1.0, float(np.average(at[after], weights=size))])
    test = fit.t_test(moved)
    effect, (low, high) = float(test.effect[0]), test.conf_int(0.05)[0]
    if kind == "ratio":
        mean = float(np.average(frame["mean"].to_numpy()[after], weights=size))
        effect, low, high = (mean * (1 - np.exp(-value)) for value in (effect, low, high))
    return Estimate(float(effect), float(low), float(high), int(size.sum()))
