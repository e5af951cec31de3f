"""Taking out what changed in who writes about what: weights that give the past the mix of the present.

Reviews of before are weighted by the odds of being of after, given institution, irritant, channel and mood (DiNardo, Fortin
& Lemieux 1996). The rule it protects: only what is known before any reply enters, so no effect of AI is taken out with
the mix.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

FEATURES = ["network", "irritant", "channel", "sentiment"]
LARGEST = 10.0  # times the mean weight; odds beyond say more about the model than about the reviews


def weights(rows: pd.DataFrame) -> NDArray[np.float64]:
    """A weight a row of `rows` (from `panel.dated`): 1 after, the odds of being of after before; each side has mean 1.

    Structures that never adopted are cut at the day half of the adopters' touched reviews were published by.
    """
    found = np.ones(len(rows))
    adopter, after = rows["adopter"].to_numpy(dtype=bool), rows["after"].to_numpy(dtype=bool)
    if not after.any():
        return found
    middle = rows.loc[after, "published_at"].median()
    late = np.where(adopter, after, (rows["published_at"] >= middle).to_numpy())
    for group in (adopter, ~adopter):
        found[group] = _odds(rows[group], late[group])
    return found


def _odds(rows: pd.DataFrame, late: NDArray[np.bool_]) -> NDArray[np.float64]:
    weight = np.ones(len(rows))
    if late.all() or not late.any():
        return weight
    told = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist")
    features = told.fit_transform(rows[FEATURES].astype(str))
    model = LogisticRegression(C=1.0, max_iter=200).fit(features, late)
    chance = model.predict_proba(features)[:, 1]
    odds = (chance / (1 - chance))[~late]
    odds = np.minimum(odds / odds.mean(), LARGEST)
    weight[~late] = odds / odds.mean()
    return weight
