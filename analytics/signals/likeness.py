"""How nearly reviews say the same: cosines of their rare words, kept only where somebody counts them.

Owns the comparison that new subjects (the whole country) and agreements (one structure) are both read from, made once
a day. The rule it protects: recent reviews are compared with recent and older ones by the same words and weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

ALIKE = (0.15, 0.22, 0.3)  # cosines from which two reviews are neighbours anywhere in the country
NEAR = (0.08, 0.13)  # and in one structure, where few are compared
NEAR_WINDOWS = (2, 4)  # weeks over which those of one structure are counted
RECENT = 8  # weeks: younger reviews are judged, the others say what is usual
_COMMON = 400  # reviews that hold a word, from which it no longer tells a subject
_COMMON_SHARE = 0.05
_BATCH = 2000


@dataclass(frozen=True)
class Likeness:
    """Recent reviews compared with one another and with older ones.

    Of the cosines, those of at least min(ALIKE) are kept, and those of at least min(NEAR) within one structure.
    """

    age: np.ndarray  # (reviews,) weeks; the recent ones first
    place: np.ndarray  # (reviews,) position of the structure, -1 = none
    close: sparse.csr_matrix  # (recent, recent)
    past: sparse.csr_matrix  # (recent, older)
    near_past: np.ndarray  # (NEAR, recent) older reviews at least that alike, wherever they are
    near_seeds: np.ndarray  # (NEAR, older) recent reviews at least that alike
    near_now: np.ndarray  # (NEAR, NEAR_WINDOWS, recent) recent ones of the last weeks, in another structure

    @property
    def recent(self) -> int:
        """How many reviews are judged."""
        return self.close.shape[0]

    @classmethod
    def of(cls, counts: sparse.csr_matrix, age: np.ndarray, place: np.ndarray | None = None) -> Likeness:
        """From word counts (reviews, words) and the weeks of each review before the as-of date, the recent ones (age under
        RECENT) first.
        """
        place = np.full(len(age), -1) if place is None else place
        recent = int(np.count_nonzero(age < RECENT))
        rows = weighed(counts)
        older = age >= RECENT
        close, elsewhere, _ = _compared(
            rows, place, recent, np.arange(recent), [age[:recent] < w for w in NEAR_WINDOWS]
        )
        past, _, both = _compared(rows, place, recent, np.flatnonzero(older), [])
        return cls(age, place, close, past, both[0], both[1], elsewhere)


def weighed(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """TF-IDF rows of length one; words of one review, and words too common to tell a subject, are then dropped."""
    texts = counts.shape[0]
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    telling = frequency <= max(0.05 * texts, 2)
    idf = np.where(telling, np.log(max(texts, 1) / np.maximum(frequency, 1)) + 1, 0.0)
    value = (1 + np.log(counts.data)) * idf[counts.indices]
    row = np.repeat(np.arange(texts), np.diff(counts.indptr))
    length = np.sqrt(np.bincount(row, weights=value**2, minlength=texts))
    useful = (frequency >= 2) & (frequency <= min(_COMMON, max(_COMMON_SHARE * texts, 2)))
    kept = np.flatnonzero(useful[counts.indices])
    row, column = row[kept], counts.indices[kept]
    value = (value[kept] / np.where(length > 0, length, 1)[row]).astype(np.float32)
    starts = np.searchsorted(row, np.arange(texts + 1))
    renumbered = np.cumsum(useful) - 1
    return sparse.csr_matrix((value, renumbered[column], starts), (texts, int(useful.sum())))


def cosines(counts: sparse.csr_matrix, one: int) -> np.ndarray:
    """How nearly each review (reviews,) says what `one` of them says, 1 for itself."""
    rows = weighed(counts)
    near = np.asarray((rows @ rows[one].T).todense()).ravel()
    near[one] = 1.0
    return near


def _compared(
    rows: sparse.csr_matrix, place: np.ndarray, recent: int, others: np.ndarray, windows: list[np.ndarray]
) -> tuple[sparse.csr_matrix, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Cosines of the recent rows and of the `others` that are kept; how many others (NEAR, windows, recent) of each window
    (mask of others) are near from another structure; how many are near, by recent row and by other (NEAR, each).
    """
    turned = rows[others].T.tocsr()
    elsewhere = np.zeros((len(NEAR), len(windows), recent))
    by_row, by_other = np.zeros((len(NEAR), recent)), np.zeros((len(NEAR), len(others)))
    kept = []
    for start in range(0, recent, _BATCH):
        stop = min(start + _BATCH, recent)
        found = (rows[start:stop] @ turned).tocsr()
        near = np.flatnonzero(found.data >= min(NEAR))
        row = start + np.searchsorted(found.indptr, near, side="right") - 1
        column, value = found.indices[near], found.data[near]
        apart = others[column] != row  # a review is not its own neighbour
        row, column, value = row[apart], column[apart], value[apart]
        same = (place[row] == place[others[column]]) & (place[row] >= 0)
        for at, least in enumerate(NEAR):
            enough = value >= least
            by_row[at] += np.bincount(row[enough], minlength=recent)
            by_other[at] += np.bincount(column[enough], minlength=len(others))
            for w, inside in enumerate(windows):
                elsewhere[at, w] += np.bincount(row[enough & ~same & inside[column]], minlength=recent)
        told = same | (value >= min(ALIKE))
        kept.append(sparse.csr_matrix((value[told], (row[told] - start, column[told])), (stop - start, len(others))))
    whole = sparse.vstack(kept).tocsr() if kept else sparse.csr_matrix((0, len(others)), dtype=np.float32)
    return whole, elsewhere, (by_row, by_other)
