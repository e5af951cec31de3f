"""Routing: which kind of institution should answer a review.

A linear classifier learnt on the snapshot (ridge regression on TF-IDF) under plain rules for the known confusions;
`calibration` turns its scores into probabilities. People send one matter to several kinds of
institution (a refund of care: CPAM, CNAM, MSA), so that often no single kind is likely though the matter is plain: the
router then answers the first kind and names its neighbours. The rules it protects: it abstains below a stated confidence
and says why; the declared institution is never replaced, only doubted aloud; reviews that still wait are judged, not
learnt. The model is numpy and JSON, read memory-mapped: no pickle.
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

from data.errors import NotRefreshed
from data.warehouse import sql
from generation import calibration, text
from generation.calibration import CONFIDENT, LIFT, NEIGHBOURS, TOGETHER
from generation.results import Route

MOST = 20_000  # reviews learnt from, the most recent
RAREST = 8  # reviews a typology needs to be learnt
FEATURES = 30_000
UNLIKE = 0.1  # of its usual share: below, a review does not sound like one for the declared typology
DOUBT = 0.7  # from this confidence on, what a rule settles against the declared typology is said
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

    Measures are on a tenth of the reviews, held out: `accuracy` of the first kind, `coverage`, `accuracy_covered` (the
    declared kind is the one answered, or a neighbour) and `ece` (expected calibration error over ten bins). With fewer
    than two learnable typologies the router only knows how to abstain.
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
    temperature, curve, together = 1.0, (1.0, 0.0), (1.0, 0.0)
    shares = np.zeros(len(labels))
    coefficients = np.zeros((len(vocabulary), len(labels)), dtype=np.float32)
    if len(labels) >= 2:
        place = {label: number for number, label in enumerate(labels)}
        classes = np.array([place[row[0]] for row in rows])
        held = np.arange(len(rows)) % 5 == 0  # rows come in a shuffled, repeatable order
        trial = _ridge(matrix[~held], classes[~held], len(labels))
        scores = np.asarray(matrix[held] @ trial)
        temperature = calibration.fit_temperature(scores, classes[held])
        chances, truth = calibration.softmax(scores, temperature), classes[held]
        shares = np.bincount(classes, minlength=len(labels)) / len(classes)
        fitted = (
            calibration.fit_curve(*calibration.first_kind(chances[::2], truth[::2])),
            calibration.fit_curve(*calibration.same_matter(chances[::2], truth[::2])),
        )
        measures |= calibration.measured(chances[1::2], truth[1::2], fitted, shares)
        curve, together = (
            calibration.fit_curve(*calibration.first_kind(chances, truth)),
            calibration.fit_curve(*calibration.same_matter(chances, truth)),
        )
        coefficients = _ridge(matrix, classes, len(labels))
    np.save(target / "coefficients.npy", coefficients.astype(np.float32))
    np.save(target / "idf.npy", idf.astype(np.float32))
    description = {
        "labels": labels,
        "vocabulary": vocabulary,
        "temperature": temperature,
        "curve": curve,
        "together": together,
        "shares": [round(float(share), 6) for share in shares],
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
            raise NotRefreshed("pas encore d'orientation sur ces données : lancez python -m refresh") from None
        if "together" not in description:
            raise NotRefreshed(
                "l'orientation de ces données a été faite par une autre version : lancez python -m refresh"
            )
        self.labels: list[str] = description["labels"]
        self.measures: dict[str, float] = description["measures"]
        self._vocabulary: dict[str, int] = description["vocabulary"]
        self._temperature: float = description["temperature"]
        self._curve: tuple[float, float] = tuple(description["curve"])
        self._together: tuple[float, float] = tuple(description["together"])
        self._shares = np.array(description["shares"])
        self._places: dict[str, str] = description["places"]
        self._coefficients = np.load(folder / "coefficients.npy", mmap_mode="r")
        self._idf = np.load(folder / "idf.npy", mmap_mode="r")

    def route(self, review: str, *, declared: str | None = None, department: str | None = None) -> Route:
        """The typology that should answer `review`; `department` is the INSEE code when known."""
        raw = self._chances(review)
        if raw is None:
            return Route(None, 0.0, (), True, "Le texte ne dit pas assez de quoi il s’agit.")
        chances = calibration.calibrated(raw[np.newaxis, :], self._curve)[0]
        order = [int(number) for number in np.argsort(-chances)[: NEIGHBOURS + 1]]
        best, confidence, reason = order[0], float(chances[order[0]]), ""
        if settled := self._settle(review, chances, best, department):
            best, confidence, reason = settled
        certain = confidence >= DOUBT
        neighbours: tuple[str, ...] = ()
        if confidence < CONFIDENT and (matter := self._same_matter(raw, order)) is not None:
            neighbours = tuple(self.labels[i] for i in order if i != best)[:NEIGHBOURS]
            confidence = max(confidence, matter)
            others = ", ".join(f"« {name} »" for name in neighbours)
            reason = reason or f"Cette matière est adressée à « {self.labels[best]} » d’abord, mais aussi à {others}."
        alternatives = tuple((self.labels[i], round(float(chances[i]), 3)) for i in order if i != best)[:3]
        label = self.labels[best]
        if confidence < CONFIDENT and not neighbours:
            near = " ou ".join(f"« {self.labels[i]} »" for i in order[:2])
            reason = f"Le texte peut relever de {near} : à vous de choisir."
            own = ((label, round(confidence, 3)), *alternatives)[:3]
            return Route(None, round(confidence, 3), own, True, reason)
        reason = reason or f"Le vocabulaire de l’avis est celui des avis adressés à « {label} »."
        warning = ""
        doubted = declared in self.labels and declared not in (label, *neighbours)
        if doubted and ((settled and certain) or self._unlike(raw, str(declared))):
            warning = (
                f"L’avis est adressé à « {declared} » mais semble relever de « {label} » : vérifiez avant de répondre."
            )
        return Route(label, round(confidence, 3), alternatives, False, reason, warning, neighbours)

    def _unlike(self, chances: np.ndarray, declared: str) -> bool:
        """Whether the review is much less likely to be for `declared` than any review is: better told than by how likely
        the best other kind is, since one matter is sent to several kinds."""
        kind = self.labels.index(declared)
        return bool(chances[kind] < UNLIKE * self._shares[kind])

    def _same_matter(self, chances: np.ndarray, order: list[int]) -> float | None:
        """Chance that the review is for one of the kinds of `order`, when that says something; else None."""
        told = float(calibration.platt(chances[order].sum()[np.newaxis], self._together)[0])
        usual = float(self._shares[order].sum())
        return told if told >= max(TOGETHER, LIFT * usual) else None

    def _chances(self, review: str) -> np.ndarray | None:
        numbers = [self._vocabulary[term] for term in _terms(review) if term in self._vocabulary]
        if len(self.labels) < 2 or not numbers:
            return None
        ids, counts = np.unique(numbers, return_counts=True)
        weights = (1.0 + np.log(counts)) * self._idf[ids]
        scores = (weights / np.linalg.norm(weights)) @ self._coefficients[ids]
        return calibration.softmax(scores[np.newaxis, :], self._temperature)[0]

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
