"""Irritants on local weights: a tiny model2vec folder that the test makes, and what is said when it can't serve."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from analytics.topics import embeddings, fit, model
from analytics.topics.embeddings import NoEmbeddings
from analytics.topics.model import BadModel
from tests import themes


def _safetensors(file: Path, vectors: np.ndarray) -> None:
    header = {"embeddings": {"dtype": "F32", "shape": list(vectors.shape), "data_offsets": [0, vectors.nbytes]}}
    head = json.dumps(header).encode()
    file.write_bytes(len(head).to_bytes(8, "little") + head + vectors.astype("<f4").tobytes())


def _folder(home: Path, texts: list[str], truth: list[int] | None = None, seed: int = 0) -> Path:
    """A static model of the words of the texts: each near the theme of the texts that use it."""
    random = np.random.default_rng(seed)
    towards = random.normal(size=(10, 16))
    themes_of: dict[str, list[int]] = {}
    for text, theme in zip(texts, truth or [0] * len(texts), strict=True):
        for word in "".join(c if c.isalpha() else " " for c in text.lower()).split():
            themes_of.setdefault(word, []).append(theme)
    words = sorted(themes_of)
    placed = np.array([towards[themes_of[w]].mean(axis=0) for w in words]) + random.normal(0, 0.1, (len(words), 16))
    home.mkdir(exist_ok=True)
    vocabulary = {"[UNK]": 0, **{w: i + 1 for i, w in enumerate(words)}}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }
    (home / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    (home / "config.json").write_text(json.dumps({"model_type": "model2vec", "normalize": True}), "utf-8")
    _safetensors(home / "model.safetensors", np.vstack([np.zeros(16), placed]).astype(np.float32))
    return home


def test_a_folder_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoEmbeddings, match="ni un dossier model2vec"):
        embeddings.opened(tmp_path)
    with pytest.raises(NoEmbeddings, match="n'existe pas"):
        embeddings.opened(tmp_path / "nowhere")


def test_without_its_library_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(NoEmbeddings, match="make embeddings"):
        embeddings.opened(_folder(tmp_path, ["un passeport"])).embed(["un passeport"])


def test_other_weights_have_another_digest(tmp_path: Path) -> None:
    one, other = (embeddings.opened(_folder(tmp_path / str(seed), ["un avis"], seed=seed)) for seed in (0, 1))
    assert one.digest != other.digest


def test_irritants_are_fitted_and_assigned_with_the_folder(tmp_path: Path) -> None:
    texts, truth = themes.corpus(130)
    local = embeddings.opened(_folder(tmp_path / "weights", texts, list(truth)))
    fitted = fit.fit(texts, range(130), kind="real", last_publication="2025-01-01", local=local)
    found = fitted.assign([*texts, ""])
    assert fitted.centres.shape[1] == 16
    assert found.irritant[-1] == model.UNASSIGNED
    kept = found.irritant[:-1] >= 0
    assert kept.mean() > 0.5
    purest = [np.bincount(np.array(truth)[found.irritant[:-1] == t.id]).max() for t in fitted.irritants]
    assert sum(purest) / kept.sum() > 0.8
    fitted.save(tmp_path / "model")
    loaded = model.load(tmp_path / "model")
    assert loaded is not None
    assert loaded.version == fitted.version
    np.testing.assert_array_equal(loaded.assign(texts).irritant, found.irritant[:-1])


def test_a_model_never_assigns_with_other_weights(tmp_path: Path) -> None:
    texts, _ = themes.corpus(60)
    weights = tmp_path / "weights"
    fitted = fit.fit(
        texts, range(60), kind="real", last_publication="2025-01-01", local=embeddings.opened(_folder(weights, texts))
    )
    fitted.save(tmp_path / "model")
    embeddings._digest.cache_clear()
    _folder(weights, texts, seed=9)
    with pytest.raises(BadModel, match="ne sont pas ceux"):
        model.load(tmp_path / "model")
