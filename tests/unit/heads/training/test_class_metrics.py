from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from framesift.heads.training import class_metrics as own


@pytest.fixture
def scored():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 150).astype(np.int32)
    logits = rng.normal(size=(150, 3)) + 1.5 * np.eye(3)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, np.round(probabilities, 2)


def test_figures_agree_with_scikit_learn(scored):
    labels, probabilities = scored
    predicted = probabilities.argmax(axis=1)
    groups = np.arange(150, dtype=np.int32)
    found = own.class_metrics(labels, probabilities, groups, repeats=20)
    assert found.accuracy.value == pytest.approx(reference.accuracy_score(labels, predicted))
    assert found.balanced_accuracy.value == pytest.approx(
        reference.balanced_accuracy_score(labels, predicted)
    )
    assert found.macro_f1.value == pytest.approx(
        reference.f1_score(labels, predicted, average="macro")
    )
    by_class = own.class_figures(labels, probabilities, "abc", groups, repeats=20)
    precision, recall, f1, count = reference.precision_recall_fscore_support(labels, predicted)
    for place, each in enumerate(by_class):
        actual, score = labels == place, probabilities[:, place]
        assert each.n == count[place]
        assert each.precision.value == pytest.approx(precision[place])
        assert each.recall.value == pytest.approx(recall[place])
        assert each.f1.value == pytest.approx(f1[place])
        assert each.auc.value == pytest.approx(reference.roc_auc_score(actual, score))
        assert each.average_precision.value == pytest.approx(
            reference.average_precision_score(actual, score)
        )
        assert each.auc.low < each.auc.value < each.auc.high
        x, y = np.array(each.roc).T
        assert np.trapezoid(y, x) == pytest.approx(each.auc.value, abs=0.01)
    table = reference.confusion_matrix(labels, predicted)
    assert own.confusion_of(labels, predicted, 3).tolist() == table.tolist()


def test_curves_run_from_end_to_end(scored):
    labels, probabilities = scored
    roc = own.roc_points(labels == 0, probabilities[:, 0])
    assert roc[0] == (0, 0)
    assert roc[-1] == (1, 1)
    recall = [each[0] for each in own.pr_points(labels == 0, probabilities[:, 0])]
    assert recall == sorted(recall)
    assert recall[-1] == 1
    many = np.random.default_rng(0).uniform(size=5000)
    assert len(own.roc_points(many > 0.5, many)) <= 200


def test_a_perfectly_calibrated_guess_has_no_calibration_error():
    labels = np.repeat([0, 1], [80, 20]).astype(np.int32)
    probabilities = np.tile([0.8, 0.2], (100, 1))
    shuffled = np.random.default_rng(0).permutation(labels)
    found = own.class_metrics(shuffled, probabilities, np.arange(100, dtype=np.int32), repeats=10)
    assert found.brier.value == pytest.approx(0.32)
    assert sum(each.n for each in own.calibration_bins(labels, probabilities)) == 100


def test_log_loss_of_certain_errors_is_finite():
    assert own.log_loss(np.array([1], np.int32), np.array([[1.0, 0.0]])) == pytest.approx(
        27.6, 0.01
    )


def test_a_class_never_given_has_no_precision():
    labels = np.array([0, 0, 1, 1], np.int32)
    probabilities = np.tile([0.9, 0.1], (4, 1))
    found = own.class_figures(labels, probabilities, "ab", np.arange(4, dtype=np.int32), repeats=10)
    assert math.isnan(found[1].precision.value)
    assert found[1].recall.value == 0
    assert found[1].f1.value == 0
    assert found[1].auc.value == 0.5


def test_an_absent_class_has_no_area():
    score = np.array([0.2, 0.4])
    nothing = np.zeros(2, bool)
    assert math.isnan(own.average_precision(nothing, score))
    assert math.isnan(own.area_under_roc(nothing, score))
