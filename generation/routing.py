"""Routing: which kind of institution should answer a review.

A linear classifier learnt on the snapshot (ridge regression on TF-IDF) under plain rules for the known confusions. Its
scores become probabilities by a temperature fitted on held-out reviews (Guo et al., "On calibration of modern neural
networks", ICML 2017), then a logistic curve on the best one (Platt 1999). The rules it protects: it abstains below a
stated confidence and says why; the declared institution is never replaced, only doubted aloud; reviews that still wait are
judged, not learnt. The model is numpy and JSON, read memory-mapped: no pickle.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from scipy import sparse

from data.errors import VigieError
from data.warehouse import sql
from generation import text
from generation.results import Route

MOST = 20_000  # reviews learnt from, the most recent
RAREST = 8  # reviews a typology needs to be learnt
FEATURES = 30_000
CONFIDENT = 0.5  # below, it abstains
DOUBT = 0.7  # above, another typology than the declared one raises a warning
RIDGE = 1.0


@dataclass(frozen=True)
class _Confusion:
    """Two neighbours often taken for one another, and the words that settle it (folded text)."""

    names: tuple[str, str]  # what the folded typology of each contains
    cues: tuple[re.Pattern[str], re.Pattern[str]]
    why: tuple[str, str]


def _confusion(names: tuple[str, str], cues: tuple[str, str], why: tuple[str, str]) -> _Confusion:
    return _Confusion(names, (re.compile(cues[0]), re.compile(cues[1])), why)


_CONFUSIONS = (
    _confusion(
        ("gendarmerie", "police|commissariat"),
        (
            r"\bgendarm\w*|\bbrigade\b(?! des mineurs)",
            r"\bpolici\w+|\bpolice\b(?! municipale| d'assurance| secours)|\bcommissariat",
        ),
        ("l’avis parle de gendarmes", "l’avis parle de la police ou d’un commissariat"),
    ),
    _confusion(
        ("carsat", "cnav|assurance retraite"),
        (r"\bcarsat\b|\bcramif\b", r"\bcnav\b|\bile[- ]de[- ]france\b|\bparis\b"),
        ("l’avis nomme la Carsat", "en Île-de-France, la Cnav tient lieu de Carsat"),
    ),
    _confusion(
        ("cpam", "cnam"),
        (
            r"\bcpam\b|\bcaisse primaire\b|\bguichet\b|\barret (?:maladie|de travail)\b|\bdossier\b",
            r"\bcnam\b|\b(?:compte|site|application) ameli\b|\bmon espace sante\b",
        ),
        ("le dossier est tenu par la caisse primaire", "le site et les services nationaux relèvent de la Cnam"),
    ),
    _confusion(
        ("caf", "msa"),
        (r"\bcaf\b|\ballocations? familiales?\b", r"\bmsa\b|\bagricol\w+|\bexploitant\w*|\bagriculteur\w*"),
        ("l’avis nomme la Caf", "l’avis vient du monde agricole, que sert la MSA"),
    ),
    _confusion(
        ("prefecture", "ants|france titres|services numeriques du ministere de l'interieur"),
        (
            r"\bprefecture\b|\btitre de sejour\b|\bnaturalisation\b|\bguichet\b|\brecepisse\b",
            r"\bants\b|\bfrance titres\b|\bcarte grise\b|\bimmatriculation\b|\bpermis de conduire\b|\bsite\b",
        ),
        ("la demande se traite en préfecture", "la démarche en ligne relève de France Titres (ANTS)"),
    ),
)


def train(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, float]:
    """Learn from the declared typologies of the snapshot and write `folder`/router; returns its measures.

    Measures are on a tenth of the reviews, held out: `accuracy`, `coverage` and `accuracy_covered` at the stated
    confidence, `ece` (expected calibration error over ten bins). With fewer than two learnable typologies the router
    only knows how to abstain.
    """
    target = folder / "router"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    rows = connection.cursor().execute(sql(__file__, "routable_reviews"), {"most": MOST, "rarest": RAREST}).fetchall()
    labels = sorted({row[0] for row in rows})
    places = connection.cursor().execute(sql(__file__, "security_places")).fetchall()
    documents = [_terms(row[1]) for row in rows]
    vocabulary = _vocabulary(documents)
    counts = _matrix(documents, vocabulary)
    idf = _idf(counts)
    matrix = _weighted(counts, idf).astype(np.float32)
    measures = {"reviews": float(len(rows)), "typologies": float(len(labels))}
    temperature, curve = 1.0, (1.0, 0.0)
    coefficients = np.zeros((len(vocabulary), len(labels)), dtype=np.float32)
    if len(labels) >= 2:
        place = {label: number for number, label in enumerate(labels)}
        classes = np.array([place[row[0]] for row in rows])
        held = np.arange(len(rows)) % 5 == 0  # rows come in a shuffled, repeatable order
        trial = _ridge(matrix[~held], classes[~held], len(labels))
        scores = np.asarray(matrix[held] @ trial)
        temperature = _temperature(scores, classes[held])
        chances = _softmax(scores, temperature)
        measures |= _measures(chances, _curve(chances[::2], classes[held][::2]), classes[held], slice(1, None, 2))
        curve = _curve(chances, classes[held])
        coefficients = _ridge(matrix, classes, len(labels))
    np.save(target / "coefficients.npy", coefficients.astype(np.float32))
    np.save(target / "idf.npy", idf.astype(np.float32))
    description = {
        "labels": labels,
        "vocabulary": vocabulary,
        "temperature": temperature,
        "curve": curve,
        "measures": measures,
        "places": {text.fold(city): kind for city, kind in places if city and len(city) > 3},
    }
    (target / "router.json").write_text(json.dumps(description, ensure_ascii=False), "utf-8")
    return measures


class Router:
    """The trained router. Read-only and safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        folder = folder / "router"
        try:
            description = json.loads((folder / "router.json").read_text("utf-8"))
        except FileNotFoundError:
            raise VigieError("no router on this snapshot: run python -m refresh") from None
        self.labels: list[str] = description["labels"]
        self.measures: dict[str, float] = description["measures"]
        self._vocabulary: dict[str, int] = description["vocabulary"]
        self._temperature: float = description["temperature"]
        self._curve: tuple[float, float] = tuple(description["curve"])
        self._places: dict[str, str] = description["places"]
        self._coefficients = np.load(folder / "coefficients.npy", mmap_mode="r")
        self._idf = np.load(folder / "idf.npy", mmap_mode="r")

    def route(self, review: str, *, declared: str | None = None, department: str | None = None) -> Route:
        """The typology that should answer `review`; `department` is the INSEE code when known."""
        chances = self._chances(review)
        if chances is None:
            return Route(None, 0.0, (), True, "Le texte ne dit pas assez de quoi il s’agit.")
        order = np.argsort(-chances)[:4]
        best, confidence, reason = int(order[0]), float(chances[order[0]]), ""
        if settled := self._settle(review, chances, best, department):
            best, confidence, reason = settled
        others = tuple((self.labels[i], round(float(chances[i]), 3)) for i in order if i != best)[:3]
        label = self.labels[best]
        if confidence < CONFIDENT:
            near = " ou ".join(f"« {self.labels[i]} »" for i in order[:2])
            reason = f"Le texte peut relever de {near} : à vous de choisir."
            return Route(None, round(confidence, 3), ((label, round(confidence, 3)), *others)[:3], True, reason)
        reason = reason or f"Le vocabulaire de l’avis est celui des avis adressés à « {label} »."
        warning = ""
        if declared and label != declared and declared in self.labels and confidence >= DOUBT:
            warning = (
                f"L’avis est adressé à « {declared} » mais semble relever de « {label} » : vérifiez avant de répondre."
            )
        return Route(label, round(confidence, 3), others, False, reason, warning)

    def _chances(self, review: str) -> np.ndarray | None:
        numbers = [self._vocabulary[term] for term in _terms(review) if term in self._vocabulary]
        if len(self.labels) < 2 or not numbers:
            return None
        ids, counts = np.unique(numbers, return_counts=True)
        weights = (1.0 + np.log(counts)) * self._idf[ids]
        scores = (weights / np.linalg.norm(weights)) @ self._coefficients[ids]
        return _calibrated(_softmax(scores[np.newaxis, :], self._temperature), self._curve)[0]

    def _settle(
        self, review: str, chances: np.ndarray, best: int, department: str | None
    ) -> tuple[int, float, str] | None:
        """What a rule says when the best two readings are a known confusion: the side whose cues stand alone."""
        folded = text.fold(review)
        for confusion in _CONFUSIONS:
            sides = [side for name in confusion.names if (side := self._side(name, chances)) is not None]
            if len(sides) < 2 or best not in sides:
                continue
            hits = [bool(cue.search(folded)) for cue in confusion.cues]
            why = list(confusion.why)
            if confusion.names[0] == "gendarmerie" and hits[0] == hits[1] and (place := self._place(folded)):
                city, kind = place
                hits = [kind == "gendarmerie", kind == "police"]
                why = [
                    f"à {city.title()}, la gendarmerie est compétente",
                    f"à {city.title()}, la police est compétente",
                ]
            if confusion.names[0] == "carsat" and department in _ILE_DE_FRANCE:
                hits = [False, True]
            if hits[0] == hits[1]:
                continue
            winner = sides[0] if hits[0] else sides[1]
            joint = float(chances[sides[0]] + chances[sides[1]])
            if winner == best and chances[best] >= CONFIDENT:
                return None
            return (
                winner,
                joint,
                f"Entre « {self.labels[sides[0]]} » et « {self.labels[sides[1]]} », {why[0] if hits[0] else why[1]}.",
            )
        return None

    def _side(self, name: str, chances: np.ndarray) -> int | None:
        """The likeliest typology whose folded name matches `name`."""
        found = [number for number, label in enumerate(self.labels) if re.search(rf"\b(?:{name})\b", text.fold(label))]
        return max(found, key=lambda number: chances[number]) if found else None

    def _place(self, folded: str) -> tuple[str, str] | None:
        """A town named in the text where only one of police and gendarmerie has premises."""
        for match in re.finditer(
            r"\b(?:a|de|d'|sur|vers|commune de|ville de) ?([a-z][a-z'-]{3,}(?:[ -][a-z'-]+){0,3})", folded
        ):
            words = re.split(r"[ ]", match.group(1))
            for size in range(len(words), 0, -1):
                city = " ".join(words[:size])
                kind = self._places.get(city) or self._places.get(city.replace("-", " "))
                if kind in ("gendarmerie", "police"):
                    return city, kind
        return None


_ILE_DE_FRANCE = frozenset(["75", "77", "78", "91", "92", "93", "94", "95"])


def _terms(review: str) -> list[str]:
    """Search terms and their adjacent pairs: "carte grise" tells more than "carte" and "grise"."""
    single = text.terms(text.clean(review))
    return single + [f"{a} {b}" for a, b in itertools.pairwise(single)]


def _vocabulary(documents: list[list[str]]) -> dict[str, int]:
    frequency: dict[str, int] = {}
    for document in documents:
        for term in set(document):
            frequency[term] = frequency.get(term, 0) + 1
    kept = sorted((term for term, count in frequency.items() if count >= 3), key=lambda term: (-frequency[term], term))
    return {term: number for number, term in enumerate(kept[:FEATURES])}


def _matrix(documents: list[list[str]], vocabulary: dict[str, int]) -> sparse.csr_matrix:
    columns = [[vocabulary[term] for term in document if term in vocabulary] for document in documents]
    pointer = np.concatenate([[0], np.cumsum([len(row) for row in columns], dtype=np.int64)])
    flat = np.array([number for row in columns for number in row], dtype=np.int32)
    matrix = sparse.csr_matrix((np.ones(len(flat)), flat, pointer), shape=(len(documents), len(vocabulary)))
    matrix.sum_duplicates()
    return matrix


def _idf(counts: sparse.csr_matrix) -> np.ndarray:
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    return np.log((1.0 + counts.shape[0]) / (1.0 + frequency)) + 1.0


def _weighted(counts: sparse.csr_matrix, idf: np.ndarray) -> sparse.csr_matrix:
    matrix = counts.copy()
    matrix.data = 1.0 + np.log(matrix.data)
    matrix = (matrix @ sparse.diags(idf)).tocsr()
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sparse.diags(1.0 / np.where(norms == 0, 1.0, norms)) @ matrix).tocsr()


def _ridge(matrix: sparse.csr_matrix, classes: np.ndarray, size: int) -> np.ndarray:
    """Ridge regression of one-hot classes by conjugate gradients on all columns at once (terms x classes)."""
    wanted = np.full((matrix.shape[0], size), -1.0 / size, dtype=np.float32)
    wanted[np.arange(len(classes)), classes] += 1.0
    turned = matrix.T.tocsr()
    solution = np.zeros((matrix.shape[1], size), dtype=np.float32)
    residual = np.asarray(turned @ wanted)
    direction = residual.copy()
    norm = (residual**2).sum(axis=0)
    for _ in range(30):
        applied = np.asarray(turned @ (matrix @ direction)) + RIDGE * direction
        step = norm / np.maximum((direction * applied).sum(axis=0), 1e-12)
        solution += direction * step
        residual -= applied * step
        renewed = (residual**2).sum(axis=0)
        if renewed.max() < 1e-6:
            break
        direction = residual + direction * (renewed / np.maximum(norm, 1e-12))
        norm = renewed
    return solution


def _softmax(scores: np.ndarray, temperature: float) -> np.ndarray:
    shifted = scores * temperature
    shifted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _temperature(scores: np.ndarray, classes: np.ndarray) -> float:
    """The factor on scores that makes held-out reviews likeliest."""

    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        chances = _softmax(scores, float(np.exp(logarithm)))
        return float(-np.log(np.maximum(chances[np.arange(len(classes)), classes], 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 5.0), method="bounded").x))


def _curve(chances: np.ndarray, classes: np.ndarray) -> tuple[float, float]:
    """Slope and shift that turn the logit of the best probability into that of being right (Platt 1999)."""
    right = chances.argmax(axis=1) == classes
    if right.all() or not right.any():
        return 1.0, 0.0
    from sklearn.linear_model import LogisticRegression  # pages route, they never learn: they are spared its import

    fitted = LogisticRegression().fit(_logit(chances.max(axis=1))[:, np.newaxis], right)
    return float(max(0.0, fitted.coef_[0, 0])), float(fitted.intercept_[0])


def _calibrated(chances: np.ndarray, curve: tuple[float, float]) -> np.ndarray:
    """Rows of probabilities whose best one is the chance of being right; the others share the rest as before."""
    best = chances.max(axis=1)
    told = 1.0 / (1.0 + np.exp(-(curve[0] * _logit(best) + curve[1])))
    scaled = chances * ((1.0 - told) / np.maximum(1.0 - best, 1e-9))[:, np.newaxis]
    # None of the others may come out above the best: the order is the classifier's.
    scaled = np.minimum(scaled, told[:, np.newaxis])
    scaled[np.arange(len(chances)), chances.argmax(axis=1)] = told
    return np.asarray(scaled)


def _logit(chance: np.ndarray) -> np.ndarray:
    clipped = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1.0 - clipped)))


def _measures(chances: np.ndarray, curve: tuple[float, float], classes: np.ndarray, part: slice) -> dict[str, float]:
    """Measures over `part` of the held-out reviews, the curve having been fitted on the others."""
    confidence = _calibrated(chances[part], curve).max(axis=1)
    right = chances[part].argmax(axis=1) == classes[part]
    covered = confidence >= CONFIDENT
    error = 0.0
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (confidence > low) & (confidence <= low + 0.1)
        if inside.any():
            error += float(inside.mean() * abs(right[inside].mean() - confidence[inside].mean()))
    return {
        "accuracy": round(float(right.mean()), 4),
        "coverage": round(float(covered.mean()), 4),
        "accuracy_covered": round(float(right[covered].mean()), 4) if covered.any() else 0.0,
        "ece": round(error, 4),
    }
