"""Tests of models, put to models whose abilities are known."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from framesift.heads import HeadCard
from framesift.heads.known import KnownHead
from framesift.pipeline.limits import (
    GROUPS,
    NAMES,
    TESTS,
    Given,
    Run,
    draw_question,
    measure_limits,
)
from framesift.pipeline.limits.scoring import answer, luck_of, probe
from framesift.pipeline.limits.setting import pick
from framesift.types import Embeddings

DIM = 64


class Model:
    """Random vectors for texts; pictures become whatever `look` says."""

    name, space, fingerprint, logit_scale, width = "model", "model-1", "f", 100.0, DIM
    spec = SimpleNamespace(layout="embedded", dim=DIM)

    def __init__(self, look):
        self._look = look

    def prepare(self, pixels):
        return pixels

    def encode(self, batch):
        return np.stack([self._look(picture) for picture in batch])

    def to_embeddings(self, rows):
        return Embeddings(np.asarray(rows, np.float32), self.space, self.fingerprint)

    def embed_texts(self, texts):
        return np.stack([text_vector(text) for text in texts])


def text_vector(text):
    rng = np.random.default_rng(list(text.encode()))
    vector = rng.normal(size=DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def blind(_picture):
    """The same for every picture."""
    return text_vector("nothing")


def seer(name, count, seed=0):
    """Knows the right description of every picture of a test."""
    known = {}
    for index in range(count):
        one = draw_question(name, index, seed=seed)
        texts = [one.choices[one.answer]]
        if one.again:
            texts.append(one.again[one.again_answer])
        filled = [t.format(text) for text in texts for t in FILLED]
        known[one.pixels.tobytes()] = np.mean([text_vector(text) for text in filled], axis=0)
    return lambda picture: known[picture.tobytes()]


FILLED = ("a drawing of {}.", "a picture of {}.", "{}")


@pytest.mark.parametrize("name", TESTS)
def test_answers_are_spread_evenly_and_questions_have_one(name):
    questions = [draw_question(name, index, seed=5) for index in range(40)]
    kinds = len(questions[0].choices)
    counts = Counter(one.answer for one in questions)
    assert set(counts) == set(range(kinds))
    assert max(counts.values()) - min(counts.values()) <= 1
    for one in questions:
        assert len(set(one.choices)) == kinds
        assert len(set(one.control)) in (0, 2)
        assert one.pixels.shape == (320, 320, 3)


@pytest.mark.parametrize("name", TESTS)
def test_a_seed_draws_the_same_question(name):
    first, again, other = (draw_question(name, 3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert (first.choices, first.answer) == (again.choices, again.answer)
    assert (first.pixels != other.pixels).any()


@pytest.mark.parametrize("name", TESTS)
def test_who_knows_the_answers_is_always_right(name):
    model = Model(seer(name, 24))
    (result,) = measure_limits(Run(model, 24, 0), [name]).results
    assert result.share.count == 24
    assert result.level in ("care", "works")
    assert all(one.right for one in result.examples)


def test_who_sees_nothing_is_no_better_than_chance():
    report = measure_limits(Run(Model(blind), 60, 0), TESTS)
    assert [one.name for one in report.results] == list(TESTS)
    assert {one.level for one in report.results} == {"none"}


def test_a_bag_of_words_answers_one_of_two_turned_questions():
    class Bag(Model):
        def embed_texts(self, texts):
            return np.stack(
                [text_vector(" ".join(sorted(text.replace(".", "").split()))) for text in texts]
            )

    report = measure_limits(Run(Bag(blind), 40, 0), ["relations", "attributes"])
    relations, attributes = report.results
    assert relations.share.count == 0
    assert attributes.figures["ties"] == 1.0
    assert 10 <= attributes.share.count <= 30


def test_ties_are_drawn_and_not_given_to_the_first():
    class Same(Model):
        def embed_texts(self, texts):
            return np.stack([text_vector("same")] * len(texts))

    vectors = np.ones((200, DIM)) / 8
    found = answer(Same(blind), vectors, [("a", "b")] * 200, truths=[0] * 200, templates=("{}",))
    assert found.tied.all()
    assert 70 < found.right.sum() < 130


def test_luck_tells_a_lucky_pairing_from_knowledge():
    truths = np.repeat(np.arange(8), 10)
    assert luck_of(truths, truths, 8) < 0.01
    # Two of eight kinds get their own name by accident: right in a quarter, and luck.
    lucky = np.repeat([0, 1, 0, 1, 0, 1, 0, 1], 10)
    assert luck_of(lucky, truths, 8) > 0.2


def test_a_probe_learns_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    truths = np.arange(100) % 4
    rows = np.eye(4)[truths] + 0.1 * rng.normal(size=(100, 4))
    assert probe(rows, truths).mean() > 0.95
    assert probe(rng.normal(size=(100, 4)), truths).mean() < 0.5
    assert probe(rows[:4], truths[:4]) is None


def test_unknown_pictures_need_a_detector():
    run = Run(Model(lambda picture: text_vector(str(picture[0, 0]))), 20, 0)
    (without,) = measure_limits(run, ["unknown"]).results
    assert without.share is None
    assert without.level == "unmeasured"
    rows = np.random.default_rng(0).normal(size=(80, DIM)).astype(np.float32) + 5
    card = HeadCard("ordinary", "known", "model-1")
    detector = KnownHead.fit(card, Embeddings(rows, "model-1", "f"))
    run = Run(run.embedder, 20, 0, detector=detector)
    (with_one,) = measure_limits(run, ["unknown"]).results
    assert with_one.share.count == with_one.share.total == 20
    assert with_one.chance == 0.005


def test_given_pictures_are_asked_for_by_their_labels():
    labels = ("dog", "cat", "cow", "horse") * 10
    rows = np.stack([text_vector(f"a photo of {label}.") for label in labels])
    given = Given(Embeddings(rows, "model-1", "f"), labels, {0: b"jpeg"})
    run = Run(Model(blind), 4, 0, given=given)
    wording, asked = measure_limits(run, ["given", "wording"]).results
    assert asked.share.count == 40
    assert asked.chance == 0.25
    assert [one.truth for one in asked.examples] == ["dog"]
    # The vectors are those of one wording; under the others the answers are random.
    assert wording.share.value > 0.5


def test_batches_do_not_matter():
    run = Run(Model(lambda picture: text_vector(str(picture.sum()))), 20, 0)
    few = measure_limits(Run(run.embedder, 5, 0), ["colours"]).results[0]
    many = measure_limits(run, ["colours"]).results[0]
    assert few.share.total == 5
    assert many.share.total == 20
    assert measure_limits(run, ["colours"]).to_json() == measure_limits(run, ["colours"]).to_json()


def test_shown_pictures_are_right_and_wrong_ones():
    right = np.arange(20) < 15
    assert pick(right, 8) == [0, 1, 2, 3, 15, 16, 17, 18]
    assert pick(np.zeros(3, bool), 8) == [0, 1, 2]
    assert set(GROUPS["fine-grained"]) <= set(NAMES)
