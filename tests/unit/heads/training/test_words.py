from __future__ import annotations

import dataclasses

import pytest

from framesift.heads.training.rating_results import Agreement
from framesift.heads.training.results import CurvePoint, Figure, Loss, Metrics, SplitFigures
from framesift.heads.training.words import training_verdict


def figures(r2: float) -> SplitFigures:
    some = Figure(r2, r2 - 0.1, r2 + 0.1)
    metrics = Metrics(120, 60, some, Figure(1.0), Figure(0.8), some, some, some)
    return SplitFigures("grouped", metrics, Loss(100, r2 + 0.05, 0.9, 0.7, 0.9), ())


def curve(*values: float) -> list[CurvePoint]:
    blank = Figure(0.0)
    return [
        CurvePoint(30 * (i + 1), 4, blank, Figure(value), blank, blank, blank, blank)
        for i, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("points", "words", "more"),
    [
        (None, "left out", False),
        ((), "too few for a learning curve", True),
        (curve(0.3, 0.4, 0.5), "more would help (R2 rose by", True),
        (curve(0.5, 0.5, 0.5), "more would help little", False),
    ],
)
def test_the_learning_curve_in_words(points, words, more):
    verdict = training_verdict(figures(0.5), None, points, None)
    assert any(words in each for each in verdict.sentences)
    assert verdict.more_ratings is more


@pytest.mark.parametrize(("ceiling", "said"), [(0.8, True), (0.9951, False), (1.0, False)])
def test_a_ceiling_of_one_is_none(ceiling, said):
    agreement = Agreement((), 0.5, 0.9, 0.9, ceiling, 100)
    verdict = training_verdict(figures(0.5), None, (), agreement)
    assert any("perfect head" in each for each in verdict.sentences) is said
    alone = dataclasses.replace(agreement, ceiling_r2=float("nan"))
    assert not any(
        "perfect head" in each for each in training_verdict(figures(0.5), None, (), alone).sentences
    )
