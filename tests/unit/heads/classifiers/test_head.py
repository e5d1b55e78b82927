"""What classifiers in words say of pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import load_head, save_head
from framesift.heads.classifiers import (
    NONE,
    AnswerRule,
    ClassifierDefinition,
    ClassifierHead,
    Label,
    SpaceCalibration,
    from_labels,
)

PETS = ClassifierDefinition(
    "pets",
    (Label("dog", ("a dog", "a puppy"), ("a wolf",)), Label("cat", ("a cat",))),
    templates=("{}",),
    background=("a room", "some food"),
)


def answers(head: ClassifierHead, embeddings) -> list:
    return [head.rule.answer(row) for row in head.score(embeddings).values]


def test_labels_and_none_of_these_win_where_they_fit(embedder) -> None:
    head = ClassifierHead.from_definition(embedder, PETS)
    pictures = embedder.pictures("a puppy", "a cat", "some food", "a wolf")
    assert head.score(pictures).names == ("dog", "cat", NONE)
    found = answers(head, pictures)
    assert [(one.status, one.labels) for one in found] == [
        ("label", ("dog",)),
        ("label", ("cat",)),
        ("none", ()),
        ("none", ()),
    ]


def test_the_probabilities_are_the_documented_ones(embedder) -> None:
    calibration = SpaceCalibration("fake-1", 2.0, {"dog": 0.5, NONE: -1.0})
    head = ClassifierHead.from_definition(
        embedder, dataclasses.replace(PETS, calibrations={"fake-1": calibration})
    )
    picture = embedder.pictures("a dog in a room")
    dog = embedder.embed_texts(["a dog", "a puppy"]).mean(axis=0)
    texts = np.stack(
        [dog / np.linalg.norm(dog), *embedder.embed_texts(["a cat", "a room", "some food"])]
    )
    dog, cat, room, food = 20.0 * (texts @ picture.vectors[0])
    wolf = 20.0 * float(embedder.embed_texts(["a wolf"])[0] @ picture.vectors[0])
    none = max(np.log((np.exp(room) + np.exp(food)) / 2), wolf)
    logits = np.array([dog / 2 + 0.5, cat / 2, none / 2 - 1])
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(head.score(picture).values[0], expected, rtol=1e-5)


def test_labels_of_many_are_independent(embedder) -> None:
    many = dataclasses.replace(PETS, mode="many")
    both = ClassifierHead.from_definition(embedder, many)
    alone = ClassifierHead.from_definition(
        embedder, dataclasses.replace(many, labels=(PETS.labels[0],))
    )
    pictures = embedder.pictures("a dog a cat", "some food", "a wolf")
    scores = both.score(pictures)
    assert scores.names == ("dog", "cat")
    np.testing.assert_allclose(scores.values[:, 0], alone.score(pictures).values[:, 0], atol=1e-6)
    assert (scores.values[0] > 0.5).all()
    assert (scores.values[1:] < 0.5).all()
    found = answers(both, pictures)
    assert set(found[0].labels) == {"dog", "cat"}
    assert found[1].status == "none"


def test_a_calibration_for_other_words_is_left_out_and_said(embedder) -> None:
    fitted = SpaceCalibration("fake-1", 5.0, abstain_below=0.9, wording=PETS.wording)
    fresh = dataclasses.replace(PETS, calibrations={"fake-1": fitted})
    head = ClassifierHead.from_definition(embedder, fresh)
    assert (head.calibration.temperature, head.rule.abstain_below, head.notice) == (5.0, 0.9, None)
    stale = dataclasses.replace(fresh, labels=(*PETS.labels, Label("fox", ("a fox",))))
    head = ClassifierHead.from_definition(embedder, stale)
    assert (head.calibration.temperature, head.rule.abstain_below) == (1.0, None)
    assert "changed since it was calibrated" in head.notice


def test_it_comes_back_from_a_file_as_it_was(embedder, tmp_path) -> None:
    for mode in ("one", "many"):
        fitted = SpaceCalibration(
            "fake-1", 2.0, {"dog": 1.0}, {"cat": (2.0, 1.0)}, 0.7, PETS.wording
        )
        made = dataclasses.replace(PETS, mode=mode)
        fitted = dataclasses.replace(fitted, wording=made.wording)
        head = ClassifierHead.from_definition(
            embedder, dataclasses.replace(made, calibrations={"fake-1": fitted})
        )
        again = load_head(save_head(head, tmp_path / "pets.head"), task="tags")
        pictures = embedder.pictures("a dog", "a cat", "a wolf")
        np.testing.assert_array_equal(again.score(pictures).values, head.score(pictures).values)
        assert again.rule == head.rule


def test_other_spaces_are_refused(embedder, make_embedder) -> None:
    head = ClassifierHead.from_definition(embedder, PETS)
    with pytest.raises(SpaceMismatchError):
        head.score(make_embedder("other").pictures("a dog"))


def test_unsure_is_an_answer() -> None:
    rule = AnswerRule("pets", ("dog", "cat", NONE), abstain_below=0.6)
    assert rule.answer([0.7, 0.2, 0.1]).labels == ("dog",)
    unsure = rule.answer([0.5, 0.3, 0.2])
    assert (unsure.status, unsure.labels, unsure.doubtful) == ("unsure", (), ("dog",))
    assert rule.answer([0.1, 0.2, 0.7]).status == "none"
    assert rule.answer([0.2, 0.2, 0.6]).status == "none"
    assert rule.with_abstention(0.9).answer([0.7, 0.2, 0.1]).status == "unsure"
    assert rule.with_abstention(None) is rule


def test_of_many_each_label_can_be_unsure() -> None:
    rule = AnswerRule("pets", ("dog", "cat", "fox"), "many", 0.8, (0.5, 0.5, 0.9))
    found = rule.answer([0.9, 0.6, 0.1])
    assert (found.status, found.labels, found.doubtful) == ("label", ("dog",), ("cat",))
    assert rule.answer([0.1, 0.6, 0.1]).status == "unsure"
    assert rule.answer([0.1, 0.1, 0.85]).status == "none"


def test_what_is_no_number_has_no_answer() -> None:
    rule = AnswerRule("pets", ("dog", "cat"))
    for odd in ([np.nan, 0.5], [1.0]):
        with pytest.raises(HeadError):
            rule.answer(odd)


def test_moments_of_a_video_are_pooled() -> None:
    values = [[0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]
    one = AnswerRule("x", ("a", "b"))
    np.testing.assert_allclose(one.pool(values, [3, 1, 1, 1]), [0.5, 0.5])
    many = AnswerRule("x", ("a", "b"), "many")
    np.testing.assert_allclose(many.pool(values), [0.9, 0.9])
    long = np.zeros((100, 1))
    long[3] = 1.0
    assert AnswerRule("x", ("a",), "many").pool(long)[0] == pytest.approx(0.1)


def test_labels_alone_never_answer_none(embedder) -> None:
    head = ClassifierHead.from_definition(embedder, from_labels("dog, cat"))
    assert head.score(embedder.pictures("some food")).names == ("dog", "cat")
