"""Calibration, abstention, and learning from a few pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from framesift.errors import ConfigError
from framesift.heads.classifiers import NONE, ClassifierHead, SpaceCalibration, from_labels
from framesift.heads.classifiers.abstaining import AbstentionTarget, coverage_curve, cross_fitted
from framesift.heads.classifiers.calibrating import Sample, calibrate
from framesift.heads.classifiers.fewshot import few_shot_head, fit_few_shot, held_out, shots_of
from framesift.heads.classifiers.testing import examine
from framesift.heads.numeric import softmax
from framesift.heads.training.examples import Examples, FitOptions
from framesift.types import Embeddings

NAMES = ("dog", "cat", NONE)
PLAIN = SpaceCalibration("fake-1", wording="w")


def sample(count: int = 400, scale: float = 4.0, mode: str = "one") -> Sample:
    """Truth drawn from a softmax (or sigmoid); logits that are ``scale`` times too large."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, 3)) * 1.5
    groups = np.arange(count, dtype=np.int32)
    if mode == "many":
        truth = rng.random((count, 3)) < 1 / (1 + np.exp(-logits))
        return Sample(("dog", "cat", "fox"), "many", logits * scale, truth, groups)
    truth = np.array([rng.choice(3, p=row) for row in softmax(logits)], np.int32)
    return Sample(NAMES, "one", logits * scale, truth, groups)


def test_a_temperature_that_is_wrong_is_found() -> None:
    result = calibrate(sample(), PLAIN, repeats=100)
    assert result.calibration.temperature == pytest.approx(4.0, rel=0.25)
    assert result.calibration.wording == "w"
    assert result.after.ece.value < 0.06 < 0.2 < result.before.ece.value
    assert result.after.log_loss.value < result.before.log_loss.value
    assert result.curve[0].coverage == 1.0
    assert result.curve[-1].accuracy.value > result.curve[0].accuracy.value


def test_shifts_find_a_label_that_fits_too_easily() -> None:
    one = sample(scale=1.0)
    logits = one.logits + np.array([3.0, 0, 0])
    result = calibrate(Sample(NAMES, "one", logits, one.truth, one.groups), PLAIN)
    assert result.calibration.shifts["dog"] < result.calibration.shifts["cat"] - 2
    assert result.after.accuracy.value > result.before.accuracy.value + 0.05


def test_each_label_of_many_is_calibrated_by_itself() -> None:
    result = calibrate(sample(mode="many"), PLAIN, repeats=100)
    assert set(result.calibration.platt) == {"dog", "cat", "fox"}
    assert result.after.ece.value < result.before.ece.value / 2
    scale, _ = result.calibration.platt["dog"]
    assert scale == pytest.approx(0.25, rel=0.4)


def test_without_pictures_of_none_its_shift_stays() -> None:
    one = sample()
    kept = one.take(one.truth != 2)
    result = calibrate(kept, PLAIN, repeats=50)
    assert NONE not in result.calibration.shifts
    assert "none of the labels" in result.warnings[0]


@pytest.mark.parametrize("mode", ["one", "many"])
def test_too_few_pictures_are_refused(mode: str) -> None:
    with pytest.raises(ConfigError, match="too few"):
        calibrate(sample(count=25, mode=mode), PLAIN)


def test_copies_count_once() -> None:
    one = sample(count=400)
    with pytest.raises(ConfigError, match="near-duplicates count as one"):
        calibrate(
            Sample(one.names, "one", one.logits, one.truth, (one.groups % 12).astype(np.int32)),
            PLAIN,
        )


@pytest.mark.parametrize(
    ("text", "value"), [("accuracy>=95%", 0.95), (" coverage >= 0.8 ", 0.8), ("ACCURACY>=.9", 0.9)]
)
def test_targets_are_read(text: str, value: float) -> None:
    assert AbstentionTarget.parse(text).value == value


@pytest.mark.parametrize(
    "text", ["accuracy<=5%", "recall>=1%", "accuracy>=100%", "x", "coverage>0.5"]
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        AbstentionTarget.parse(text)


def test_a_target_keeps_what_it_promises_on_new_pictures() -> None:
    """Over many draws the accuracy on new pictures must not lie below the target on average."""
    target = AbstentionTarget.parse("accuracy>=80%")
    achieved = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.4, 1.0, 4000)
        right = rng.random(4000) < confidence
        threshold = target.threshold(confidence[:200], right[:200])
        if threshold is not None:
            achieved.append(right[200:][confidence[200:] >= threshold].mean())
    assert len(achieved) > 50
    assert np.mean(achieved) >= 0.79


def test_coverage_is_what_was_asked_for() -> None:
    confidence = np.linspace(0.3, 1, 500)
    right = np.arange(500) % 2 == 0
    groups = np.arange(500, dtype=np.int32)
    folds = (np.arange(500) % 5).astype(np.int32)
    found = cross_fitted(
        AbstentionTarget.parse("coverage>=80%"), (confidence, right), (folds, groups),
        seed=0, repeats=50,
    )  # fmt: skip
    assert found.coverage.value == pytest.approx(0.8, abs=0.02)
    assert found.met
    curve = coverage_curve(confidence, right, groups, seed=0, repeats=20)
    assert [round(one.coverage, 2) for one in curve][:3] == [1.0, 0.95, 0.9]


def test_a_target_beyond_reach_is_refused() -> None:
    confidence, right = np.linspace(0.3, 1, 100), np.zeros(100, bool)
    folds, groups = np.zeros(100, np.int32), np.arange(100, dtype=np.int32)
    with pytest.raises(ConfigError, match="no threshold achieves accuracy>=90%"):
        cross_fitted(
            AbstentionTarget.parse("accuracy>=90%"), (confidence, right), (folds, groups),
            seed=0, repeats=10,
        )  # fmt: skip


@pytest.fixture
def taught(embedder):
    """Pictures whose words mislead: what looks like a dog in words is a cat in features."""
    rng = np.random.default_rng(3)
    head = ClassifierHead.from_definition(embedder, from_labels("dog, cat, none"))
    labels = ["dog", "cat", NONE] * 20
    centres = {name: rng.normal(size=12) for name in set(labels)}
    features = np.stack([centres[name] + rng.normal(size=12) * 0.7 for name in labels])
    vectors = embedder.embed_texts(["a photo"] * len(labels))
    made = Embeddings(vectors, "fake-1", "fake", {"features": features.astype(np.float32)})
    return head, Examples(made), labels


def test_a_few_pictures_teach_what_words_do_not(taught, tmp_path) -> None:
    head, examples, labels = taught
    shots = shots_of(head, examples, labels, np.arange(60, dtype=np.int32))
    found, folds = held_out(shots)
    assert np.mean(found.argmax(axis=1) == shots.labels) > 0.9
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert len(set(folds.tolist())) == 5
    fitted = fit_few_shot(shots)
    made = few_shot_head(fitted, shots, head, {"abstain_below": 0.5, "metrics": {"accuracy": 0.9}})
    assert made.labels == ("dog", "cat", NONE)
    assert made.card.details["classifier"] == {"mode": "one", "abstain_below": 0.5}
    np.testing.assert_allclose(
        made.score(examples.embeddings).values, fitted.probabilities(shots), atol=1e-4
    )


def test_words_that_are_right_are_kept(embedder) -> None:
    """With vectors alone, the head is the words' one where these tell everything."""
    head = ClassifierHead.from_definition(embedder, from_labels("dog, cat, none"))
    texts = ["a photo of a dog.", "a photo of a cat.", "a photo of a room."] * 4
    pictures = Examples(embedder.pictures(*[f"{text} {n}" for n, text in enumerate(texts)]))
    labels = ["dog", "cat", NONE] * 4
    shots = shots_of(head, pictures, labels, np.arange(12, dtype=np.int32))
    assert shots.input == "vectors"
    fitted = fit_few_shot(shots)
    made = few_shot_head(fitted, shots, head, {})
    np.testing.assert_allclose(
        made.score(pictures.embeddings).values, fitted.probabilities(shots), atol=1e-4
    )
    assert (made.score(pictures.embeddings).values.argmax(axis=1) == shots.labels).all()


def test_one_picture_of_a_label_is_too_few(taught) -> None:
    head, examples, labels = taught
    with pytest.raises(ConfigError, match="'cat' has 1 pictures"):
        shots_of(
            head, examples.take([0, 1, 2, 3, 5]), [labels[i] for i in (0, 1, 2, 3, 5)],
            np.arange(5, dtype=np.int32),
        )  # fmt: skip


def test_a_test_tells_words_calibration_and_learning_apart(taught) -> None:
    head, examples, labels = taught
    truth = [frozenset([name]) for name in labels]
    result = examine(head, head.rule, examples, truth, options=FitOptions(repeats=50))
    assert result.measured.accuracy.value < 0.5 < result.learnt.accuracy.value
    assert result.chance == pytest.approx(1 / 3)
    assert result.comparison is not None
    assert sum(map(sum, result.confusion)) == 60
    quick = examine(head, head.rule, examples, truth, few_shot=False, options=FitOptions(repeats=9))
    assert quick.learnt is None
