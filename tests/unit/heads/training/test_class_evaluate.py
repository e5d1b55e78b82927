from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from framesift.errors import ConfigError, HeadError, SpaceMismatchError
from framesift.heads.base import HeadCard
from framesift.heads.linear import LinearHead
from framesift.heads.training import (
    Examples,
    FitOptions,
    compare_classifiers,
    evaluate_classifier,
    fit_classifier,
)
from framesift.heads.training.class_compare import mcnemar_p
from framesift.heads.training.results import as_json
from framesift.types import Embeddings

SPACE = "test/space"
QUICK = FitOptions(repeats=100, curve=False)


def pictures(count: int, *, seed: int, apart: float = 2.0) -> tuple[Examples, list[str]]:
    """Three kinds of pictures, ``apart`` standard deviations from one another."""
    kinds = np.random.default_rng(7).normal(size=(3, 12))
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 3, count)
    vectors = apart * kinds[which] / np.linalg.norm(kinds, axis=1).mean() + rng.normal(
        0, 1, (count, 12)
    )
    embeddings = Embeddings(vectors.astype(np.float32), SPACE, "fp")
    names = tuple(f"{seed} {i}.jpg" for i in range(count))
    return Examples(embeddings, names), [("cat", "dog", "owl")[i] for i in which]


@pytest.fixture(scope="module")
def heads():
    """A good classifier, and one that saw a twentieth of the pictures."""
    examples, labels = pictures(400, seed=1)
    few = range(20)
    good = fit_classifier(examples, labels, options=dataclasses.replace(QUICK, name="good"))
    worse = fit_classifier(
        examples.take(few),
        [labels[i] for i in few],
        options=dataclasses.replace(QUICK, name="worse"),
    )
    return good.head, worse.head


@pytest.fixture(scope="module")
def fresh():
    return pictures(300, seed=2)


def test_a_classifier_is_measured(heads, fresh):
    examples, labels = fresh
    found = evaluate_classifier(heads[0], examples, labels, options=QUICK)
    values = heads[0].score(examples.embeddings).values
    expected = np.mean(np.array(found.classes)[values.argmax(axis=1)] == np.array(labels))
    assert found.metrics.accuracy.value == pytest.approx(expected)
    assert found.metrics.accuracy.low < expected < found.metrics.accuracy.high
    assert sum(map(sum, found.confusion)) == 300
    assert [each.name for each in found.by_class] == ["cat", "dog", "owl"]
    assert sum(each.n for each in found.calibration) == 300
    assert found.by_class[0].roc[0] == (0, 0)
    assert found.verdict.strength in ("strong", "useful")
    assert "over 300 pictures" in found.verdict.headline
    assert not any("curve" in each for each in found.verdict.sentences)
    assert {each.fold for each in found.predictions} == {-1}
    json.dumps(as_json(found), allow_nan=False)


def test_labels_that_the_head_does_not_know_are_left_out_and_counted(heads, fresh):
    examples, labels = fresh
    odd = ["fox" if i % 10 == 0 else label for i, label in enumerate(labels)]
    found = evaluate_classifier(heads[0], examples, odd, options=QUICK)
    assert found.metrics.n == 270
    assert found.predictions[0].index == 1
    assert any("30 pictures have labels" in each and "fox (30)" in each for each in found.warnings)


def test_a_label_without_pictures_is_said_and_has_no_figures(heads, fresh):
    examples, labels = fresh
    rows = [i for i, label in enumerate(labels) if label != "owl"]
    found = evaluate_classifier(heads[0], examples.take(rows), [labels[i] for i in rows])
    assert [each.name for each in found.by_class] == ["cat", "dog"]
    assert any("no picture carries owl" in each for each in found.warnings)
    assert np.isfinite(found.metrics.macro_f1.value)


def test_what_cannot_be_measured_is_refused(heads, fresh):
    examples, labels = fresh
    with pytest.raises(ConfigError, match="knows the labels cat, dog, owl; 0 of 300"):
        evaluate_classifier(heads[0], examples, ["fox"] * 300)
    with pytest.raises(ConfigError, match="2 labels for 300"):
        evaluate_classifier(heads[0], examples, labels[:2])
    other = Embeddings(examples.embeddings.vectors, "other", "fp")
    with pytest.raises(SpaceMismatchError):
        evaluate_classifier(heads[0], Examples(other, examples.names), labels)
    card = HeadCard("free", "tags", SPACE)
    free = LinearHead(card, ("cat", "dog"), np.ones((12, 2), np.float32), np.zeros(2, np.float32))
    with pytest.raises(HeadError, match="is no classifier"):
        evaluate_classifier(free, examples, labels)


def test_the_better_classifier_is_found(heads, fresh):
    examples, labels = fresh
    good, worse = (evaluate_classifier(head, examples, labels, options=QUICK) for head in heads)
    found = compare_classifiers(worse, good, repeats=300)
    by_name = {each.name: each for each in found.differences}
    assert list(by_name) == ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier"]
    assert by_name["log_loss"].better == "b"
    assert by_name["log_loss"].difference.value < 0
    for each in found.differences:
        assert each.difference.value == pytest.approx(each.b - each.a)
    assert by_name["accuracy"].a == pytest.approx(worse.metrics.accuracy.value)
    assert by_name["macro_f1"].b == pytest.approx(good.metrics.macro_f1.value)
    assert by_name["brier"].a == pytest.approx(worse.metrics.brier.value)
    assert by_name["log_loss"].b == pytest.approx(good.metrics.log_loss.value)
    both, first, second, neither = found.agreement
    assert both + first + second + neither == found.n == 300
    assert found.mcnemar_p == mcnemar_p(first, second)
    assert "good is better" in found.verdict
    swapped = compare_classifiers(good, worse, repeats=300)
    assert swapped.agreement == (both, second, first, neither)
    json.dumps(as_json(found), allow_nan=False)


def test_a_classifier_against_itself_is_undecided(heads, fresh):
    one = evaluate_classifier(heads[0], *fresh, options=QUICK)
    found = compare_classifiers(one, one, repeats=50)
    assert {each.better for each in found.differences} == {"undecided"}
    assert {each.p_value for each in found.differences} == {1.0}
    assert found.mcnemar_p == 1
    assert "may be chance" in found.verdict


def test_related_pictures_are_no_independent_evidence(heads, fresh):
    examples, labels = fresh
    scenes = [f"scene {i % 4}" for i in range(300)]
    good, worse = (
        evaluate_classifier(head, examples, labels, options=QUICK, groups=scenes) for head in heads
    )
    found = compare_classifiers(worse, good, repeats=50)
    assert {each.better for each in found.differences} == {"undecided"}
    assert any("in 4 groups are few" in each for each in found.warnings)


def test_pictures_are_matched_by_name(heads, fresh):
    examples, labels = fresh
    first = evaluate_classifier(heads[0], examples.take(range(50)), labels[:50])
    order = list(range(60))[::-1]
    second = evaluate_classifier(heads[1], examples.take(order), [labels[i] for i in order])
    found = compare_classifiers(first, second, repeats=20)
    assert found.n == 50
    assert any("10 pictures were judged by one head alone" in each for each in found.warnings)
    far = evaluate_classifier(heads[1], examples.take(range(90, 99)), labels[90:99])
    with pytest.raises(ConfigError, match="0 pictures in common"):
        compare_classifiers(first, far)
    turned = labels[1:50] + labels[:1]
    with pytest.raises(ConfigError, match="different labels"):
        compare_classifiers(first, evaluate_classifier(heads[1], examples.take(range(50)), turned))


def test_mcnemar_is_the_exact_binomial_test():
    from scipy.stats import binomtest

    for first, second in ((0, 0), (0, 5), (3, 9), (40, 60), (1500, 1700)):
        expected = binomtest(first, first + second).pvalue if first + second else 1.0
        assert mcnemar_p(first, second) == pytest.approx(expected)


def test_chance_alone_rarely_decides(heads):
    """Two heads that answer at random: each figure is called better in few trials."""
    decided = 0
    card = HeadCard("random", "tags", SPACE)
    for seed in range(25):
        _, labels = pictures(60, seed=100 + seed)
        rng = np.random.default_rng(seed)
        sides = [
            evaluate_classifier(
                LinearHead(
                    card,
                    ("cat", "dog", "owl"),
                    rng.normal(size=(12, 3)).astype(np.float32),
                    np.zeros(3, np.float32),
                    link="softmax",
                ),
                *pictures(60, seed=100 + seed, apart=0.0)[:1],
                labels,
                options=FitOptions(repeats=20),
            )
            for _ in range(2)
        ]
        (accuracy, *_) = compare_classifiers(*sides, repeats=200).differences
        decided += accuracy.better != "undecided"
    assert decided <= 4
