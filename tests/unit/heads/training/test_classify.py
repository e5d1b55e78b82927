from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from framesift.errors import ConfigError
from framesift.heads import load_head, save_head
from framesift.heads.training import Examples, FitOptions, fit_classifier
from framesift.heads.training.logistic import Calibrator, fit_calibrator, fit_logistic
from framesift.heads.training.results import as_json
from framesift.types import Embeddings

QUICK = FitOptions(repeats=50, curve=False, folds=4, inner_folds=3)


def labelled(counts: dict[str, int], *, apart: float = 2.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = [name for name, count in counts.items() for _ in range(count)]
    centres = {name: rng.normal(0, apart / 4, 16) for name in counts}
    rows = np.stack([centres[name] + rng.normal(0, 0.5, 16) for name in labels])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    names = tuple(f"{name}/{i}.jpg" for i, name in enumerate(labels))
    return Examples(Embeddings(rows, "test/space", "f"), names, model="tiny"), labels


@pytest.fixture(scope="module")
def trained():
    examples, labels = labelled({"cat": 60, "dog": 40, "bird": 25})
    return examples, labels, fit_classifier(examples, labels, options=FitOptions(repeats=100))


def test_everything_is_reported(trained):
    _examples, labels, result = trained
    assert result.classes == ("bird", "cat", "dog")
    assert [each.actual for each in result.predictions] == labels
    assert np.array(result.confusion).sum() == 125
    assert [sum(row) for row in result.confusion] == [25, 60, 40]
    assert result.metrics.chance == pytest.approx(60 / 125)
    assert result.metrics.balanced_accuracy.value > 0.7
    assert result.metrics.accuracy.low < result.metrics.accuracy.value
    assert [each.n for each in result.by_class] == [25, 60, 40]
    assert sum(each.n for each in result.calibration) == 125
    assert result.curve[-1].n == 100
    assert all(abs(sum(each.probabilities) - 1) < 1e-6 for each in result.predictions)
    assert result.predictions[0].confidence == max(result.predictions[0].probabilities)
    json.dumps(as_json(result), allow_nan=False)


def test_the_head_gives_calibrated_probabilities_and_is_saved(trained, tmp_path):
    examples, labels, result = trained
    again = load_head(save_head(result.head, tmp_path / "c"), task="tags")
    scores = again.score(examples.embeddings)
    assert scores.names == result.classes
    np.testing.assert_allclose(scores.values.sum(axis=1), 1, atol=1e-5)
    best = [scores.names[i] for i in scores.values.argmax(axis=1)]
    assert np.mean([a == b for a, b in zip(best, labels, strict=True)]) > 0.8


def test_two_classes():
    examples, labels = labelled({"no": 40, "yes": 40})
    result = fit_classifier(examples, labels, options=QUICK)
    assert result.metrics.accuracy.value > 0.8
    assert result.by_class[0].auc.value == pytest.approx(result.by_class[1].auc.value)


def test_noise_is_called_noise():
    examples, labels = labelled({"a": 60, "b": 60}, apart=0.0, seed=1)
    result = fit_classifier(examples, labels, options=FitOptions(repeats=200))
    assert result.verdict.strength == "none"
    assert result.metrics.log_loss.value < 0.75  # ln 2 is 0.69: it does not claim to know


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"a": 30}, "all pictures are labelled 'a'"),
        ({"a": 30, "b": 1}, "class 'b' has one picture"),
        ({"a": 4, "b": 3}, "7 pictures are too few"),
    ],
)
def test_what_cannot_be_learnt_is_refused(counts, words):
    with pytest.raises(ConfigError, match=words):
        fit_classifier(*labelled(counts))


def test_one_group_and_wrong_lengths_are_refused():
    examples, labels = labelled({"a": 10, "b": 10})
    with pytest.raises(ConfigError, match="one group"):
        fit_classifier(examples, labels, groups=["x"] * 20)
    with pytest.raises(ConfigError, match="one label for each"):
        fit_classifier(examples, labels[:5])


def test_a_class_of_two_pictures_goes_on_with_a_warning():
    examples, labels = labelled({"a": 30, "b": 30, "rare": 2})
    result = fit_classifier(examples, labels, options=QUICK)
    assert any("rare (2)" in each for each in result.warnings)
    assert result.by_class[2].n == 2
    assert all(np.isfinite(each.probabilities).all() for each in result.predictions)


def test_a_class_missing_from_a_training_fold_gets_a_small_probability():
    examples, labels = labelled({"a": 30, "b": 30, "c": 6})
    groups = ["" if label != "c" else "all of c" for label in labels]
    result = fit_classifier(examples, labels, options=QUICK, groups=groups)
    lost = [each for each in result.predictions if each.actual == "c"]
    assert len({each.fold for each in lost}) == 1
    assert all(0 < each.probabilities[2] < 0.2 for each in lost)
    assert result.by_class[2].recall.value == 0


def test_groups_are_never_split():
    examples, labels = labelled({"a": 40, "b": 40})
    groups = [f"g{i // 4}" for i in range(80)]
    result = fit_classifier(examples, labels, options=QUICK, groups=groups)
    for name in set(groups):
        some = {result.predictions[i].fold for i, group in enumerate(groups) if group == name}
        assert len(some) == 1


def test_row_order_and_repetition_give_the_same_file(tmp_path):
    examples, labels = labelled({"a": 30, "b": 20, "c": 10})
    order = np.random.default_rng(0).permutation(60).tolist()
    first = fit_classifier(examples, labels, options=QUICK)
    second = fit_classifier(examples.take(order), [labels[i] for i in order], options=QUICK)
    paths = [save_head(each.head, tmp_path / n) for each, n in ((first, "a"), (second, "b"))]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_probabilities_of_rare_classes_are_as_frequent_as_they_are():
    examples, labels = labelled({"common": 300, "rare": 30}, apart=0.8)
    result = fit_classifier(examples, labels, options=QUICK)
    mean = np.mean([each.probabilities[1] for each in result.predictions])
    assert mean == pytest.approx(30 / 330, abs=0.03)


def test_calibration_undoes_overconfidence():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2000, 3))
    honest = np.exp(truth) / np.exp(truth).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(3, p=row) for row in honest], np.int32)
    boastful = 4 * truth - np.log(np.exp(4 * truth).sum(axis=1, keepdims=True))
    calibrator = fit_calibrator(boastful, labels)
    assert calibrator.temperature == pytest.approx(4, rel=0.15)
    assert np.abs(calibrator(boastful) - honest).mean() < 0.03
    np.testing.assert_allclose(Calibrator(1.0, np.zeros(3))(np.log(honest)), honest)


def test_one_class_alone_in_a_fold_is_predicted_with_doubt():
    model = fit_logistic(np.zeros((9, 2)), np.zeros(9, np.int32), 2, 1.0)
    probabilities = np.exp(model.log_probabilities(np.zeros((1, 2))))
    assert 0.05 < probabilities[0, 1] < 0.2


def test_the_learning_curve_can_be_left_out(trained):
    examples, labels, _ = trained
    assert fit_classifier(examples, labels, options=QUICK).curve == ()
    assert dataclasses.replace(QUICK, curve=True).curve
