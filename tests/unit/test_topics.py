"""The topic model: words, vectors, clusters, the artifact, and ids that survive a refit."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from analytics.topics import clusters, fit, model, store, text, vectors
from analytics.topics.model import UNASSIGNED, BadModel, TopicModel
from tests import themes


@pytest.fixture(scope="module")
def fitted() -> tuple[TopicModel, list[str], list[int]]:
    """A real fit, BERTopic included: the only test module that pays for its import."""
    texts, truth = themes.corpus(130)
    return fit.fit(texts, range(1000, 1130), kind="real", last_publication="2025-01-01"), texts, truth


def test_stems_agree_whatever_the_accents() -> None:
    assert text.key("déclarée") == text.key("declarer") == "declar"
    assert text.key("bonjour") == text.key("très") == ""


def test_a_written_out_name_counts_as_its_acronym() -> None:
    written, short = text.sentences(["La caisse d'allocations familiales m'ignore", "La CAF m'ignore"])
    assert written == short
    assert text.surfaces(["la caisse d'allocations familiales"])["caf"] == {"CAF": 1}


def test_words_are_shown_as_people_write_them() -> None:
    seen = text.surfaces(["Ma déclaration de revenus", "ma Déclaration de revenus !", "la declaration de revenus"])
    assert seen["declar revenu"].most_common(1) == [("déclaration de revenus", 2)]


def test_glued_paragraphs_and_typographic_apostrophes_are_read() -> None:
    assert list(text.sentences(["Bonjour Anne,L’attestation\xa0fiscale"])) == [["anne attest fiscal"]]


@settings(max_examples=50)
@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_is_counted_without_error(texts: list[str]) -> None:
    assert len(list(text.sentences(texts))) == len(text.cut(texts)) == len(texts)
    text.surfaces(texts)


def test_a_sentence_ends_with_its_review_and_a_comma_ends_none() -> None:
    tokens = text.cut(["Le passeport, la mairie", "Une amende. Un radar"])
    assert tokens.review.tolist() == [0, 0, 1, 1]
    assert len(set(tokens.sentence.tolist())) == 3
    assert [tokens.keys[k] for k in tokens.key] == ["passeport", "mair", "amend", "radar"]


def test_the_longest_name_of_an_acronym_wins() -> None:
    tokens = text.cut(["l'allocation aux adultes handicapés est suspendue"])
    assert tokens.written(int(tokens.counted[0]), int(tokens.counted[0])) == "AAH"
    assert [tokens.keys[k] for k in tokens.key] == ["aah", text.key("suspendue")]


def test_set_phrases_weigh_less_than_subjects() -> None:
    """Words met with every subject get shorter review vectors than words of one subject."""
    texts, _ = themes.corpus(400, seed=3)
    greeting = "Voici une banalité universelle."
    words = vectors.learn(text.cut([f"{t} {greeting}" if i % 2 else t for i, t in enumerate(texts)]))
    _, (subject, phrase) = words.embed(["passeport consulat timbre", "banalité universelle"])
    assert phrase < subject


def test_a_review_without_known_words_has_no_vector(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, _, _ = fitted
    placed, lengths = topic_model.words.embed(["", "zzz"])
    assert not placed.any()
    assert not lengths.any()
    assert topic_model.assign(["zzz yyy", ""]).irritant.tolist() == [UNASSIGNED, UNASSIGNED]


def test_the_subjects_are_found(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, texts, truth = fitted
    found = topic_model.assign(texts)
    assigned = found.irritant != UNASSIGNED
    assert assigned.mean() >= 0.8
    themes_of = [Counter(np.array(truth)[found.irritant == t.id]).most_common(1)[0][1] for t in topic_model.irritants]
    assert sum(themes_of) / assigned.sum() > 0.95  # each irritant holds one theme
    assert set(np.array(truth)[assigned]) == {0, 1, 2, 3}


def test_titles_are_unique_words_of_people(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, texts, _ = fitted
    labels = [t.label for t in topic_model.irritants]
    assert len(set(labels)) == len(labels)
    everything = " ".join(text.clean(" ".join(texts)).split()).replace(
        "aide au logement", "apl"
    )  # shown as its acronym
    for topic in topic_model.irritants:
        assert topic.label[0].isupper()
        assert all(text.clean(term) in everything for term in topic.terms)
        assert set(topic.exemplars) <= set(range(1000, 1130))


def test_every_subject_has_a_parent_and_an_id_of_its_own(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, texts, _ = fitted
    irritants = {t.id for t in topic_model.irritants}
    assert {t.parent for t in topic_model.subjects} == irritants
    ids = [t.id for t in (*topic_model.irritants, *topic_model.subjects)]
    assert len(set(ids)) == len(ids)
    found = topic_model.assign(texts)
    parent = {t.id: t.parent for t in topic_model.subjects}
    kept = found.irritant != UNASSIGNED
    assert [parent[s] for s in found.subject[kept]] == found.irritant[kept].tolist()
    assert (found.subject[~kept] == UNASSIGNED).all()


def test_the_same_reviews_give_the_same_model(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, texts, _ = fitted
    again = fit.fit(texts, range(1000, 1130), kind="real", last_publication="2025-01-01")
    assert again.version == topic_model.version


def test_ids_survive_a_refit_with_another_seed(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, texts, _ = fitted
    again = fit.fit(texts, range(1000, 1130), kind="real", last_publication="2025-03-01", previous=topic_model, seed=5)
    before, after = topic_model.assign(texts).irritant, again.assign(texts).irritant
    both = (before >= 0) & (after >= 0)
    assert (before[both] == after[both]).mean() > 0.9
    assert adjusted_mutual_info_score(before[both], after[both]) > 0.8


def test_a_saved_model_assigns_the_same(fitted: tuple[TopicModel, list[str], list[int]], tmp_path: Path) -> None:
    topic_model, texts, _ = fitted
    topic_model.save(tmp_path)
    loaded = model.load(tmp_path)
    assert loaded is not None
    assert loaded.version == topic_model.version
    np.testing.assert_array_equal(loaded.assign(texts).irritant, topic_model.assign(texts).irritant)


def test_no_model_is_not_an_error(tmp_path: Path) -> None:
    assert model.load(tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", ["numbers", "truncated", "description", "missing", "format", "key"])
def test_a_damaged_model_is_refused_by_name(
    fitted: tuple[TopicModel, list[str], list[int]], tmp_path: Path, damage: str
) -> None:
    fitted[0].save(tmp_path)
    numbers, notes = tmp_path / "model.npz", tmp_path / "model.json"
    if damage == "numbers":
        content = bytearray(numbers.read_bytes())
        content[len(content) // 2] ^= 0xFF
        numbers.write_bytes(bytes(content))
    elif damage == "truncated":
        numbers.write_bytes(numbers.read_bytes()[:100])
    elif damage == "description":
        notes.write_text("{", "utf-8")
    elif damage == "missing":
        numbers.unlink()
    else:
        said = json.loads(notes.read_text("utf-8"))
        said.update({"format": 99}) if damage == "format" else said.pop("vocabulary")
        notes.write_text(json.dumps(said), "utf-8")
    with pytest.raises(BadModel, match="--refit"):
        model.load(tmp_path)


@pytest.mark.parametrize("n", [0, 1, 19])
def test_too_few_reviews_leave_everything_unassigned(n: int) -> None:
    texts, _ = themes.corpus(n)
    topic_model = fit.fit(texts, range(n), kind="real", last_publication="2025-01-01")
    assert topic_model.irritants == ()
    assert topic_model.assign(texts).irritant.tolist() == [UNASSIGNED] * n


@pytest.mark.parametrize("repeated", ["Rien à dire", "", "a"])
def test_reviews_that_all_say_the_same_do_not_break_it(repeated: str) -> None:
    topic_model = fit.fit([repeated] * 40, range(40), kind="real", last_publication="2025-01-01")
    assert len(topic_model.assign([repeated] * 40).irritant) == 40


def test_thirty_reviews_are_enough_for_a_few_irritants() -> None:
    texts, _ = themes.corpus(30)
    topic_model = fit.fit(texts, range(30), kind="real", last_publication="2025-01-01")
    assert 1 <= len(topic_model.irritants) <= 2


def test_a_review_next_to_a_group_without_a_subject_has_no_evidence() -> None:
    centres, aside = np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[2:]
    rows = vectors.unit(np.array([[1, 0.1, 0.2], [0.1, 0.2, 1]], dtype=np.float32))
    nearest, proof = clusters.judged(rows, np.ones(2), centres, aside)
    assert nearest.tolist() == [0, 1]
    assert proof[0] > 0 > proof[1]


def test_thanks_that_fit_any_subject_are_set_aside() -> None:
    """Twenty subjects, and reviews near to all of them whose words tell little (short vectors)."""
    random = np.random.default_rng(0)
    rows = np.repeat(np.eye(20, 24), 30, axis=0) + random.normal(0, 0.05, (600, 24))
    thanks = np.hstack([np.full((80, 20), 0.2), random.normal(0, 0.01, (80, 4))]) + random.normal(0, 0.02, (80, 24))
    placed = vectors.unit(np.vstack([rows, thanks]).astype(np.float32))
    lengths = np.where(np.arange(680) < 600, 1.0, 0.2)
    found = clusters.MergedClusters(lengths, wanted=21).fit(placed)
    assert (found.labels_[600:] == UNASSIGNED).mean() > 0.9
    assert (found.labels_[:600] >= 0).mean() > 0.9


def test_fine_groups_are_never_smaller_than_asked() -> None:
    random = np.random.default_rng(0)
    rows = vectors.unit(random.normal(size=(200, 5)).astype(np.float32))
    labels = clusters.subdivided(rows, smallest=8, most=6, seed=0)
    assert np.bincount(labels).min() >= 8
    assert clusters.subdivided(rows[:20], smallest=8, most=6, seed=0).tolist() == [0] * 20


def test_carried_ids_follow_the_reviews() -> None:
    old = np.array([5, 5, 5, 7, 7, 7, 9, -1])
    groups = [np.array([3, 4, 5]), np.array([0, 1]), np.array([2, 6, 7])]
    ids = fit.carried(groups, old, fresh=10)
    assert ids[:2] == [7, 5]
    assert ids[2] in (9, 10)  # either what it holds of 9, or a new one
    assert fit.carried(groups, None, fresh=3) == [3, 5, 4] or len(set(fit.carried(groups, None, fresh=3))) == 3


def test_a_model_is_refitted_only_for_a_reason(fitted: tuple[TopicModel, list[str], list[int]]) -> None:
    topic_model, _, _ = fitted
    assert not store.outgrown(topic_model, "real", 200)
    assert store.outgrown(topic_model, "demo", 130)
    assert store.outgrown(topic_model, "real", 300)


def test_a_refit_starts_from_the_groups_of_the_model_before() -> None:
    """What was set aside stays aside, what stood for a subject keeps its place: only new groups are judged afresh."""
    random = np.random.default_rng(0)
    rows = np.repeat(np.eye(8, 10), 40, axis=0) + random.normal(0, 0.05, (320, 10))
    group = np.repeat([0, 1, 2, 3, 4, 5, 6, -1], 40)  # the last subject was not known yet
    known = clusters.Known(group, np.arange(7) == 6)
    found = clusters.MergedClusters(np.ones(320), 8, known=known).fit(vectors.unit(rows.astype(np.float32)))
    assert (found.labels_[240:280] == UNASSIGNED).all()
    told = [set(found.labels_[group == g].tolist()) - {UNASSIGNED} for g in (*range(6), -1)]
    assert [len(one) for one in told] == [1] * 7
    assert len(set.union(*told)) == 7
