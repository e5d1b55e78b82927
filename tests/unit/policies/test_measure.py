"""Figures of a policy on labelled examples, against counts made by hand."""

from __future__ import annotations

import math

import pytest

from framesift.policies.measure import Outcome, measure_policy
from framesift.types import LabelScore, Verdict


def outcome(
    score: float, action: str, *, actual: bool | None, group: object, medium: str = "image"
) -> Outcome:
    label = LabelScore(
        "weapons", score, 0.5, flagged=action != "allow", source="zero-shot", action=action
    )
    labels = {} if actual is None else {"weapons": actual}
    return Outcome(labels, Verdict(action, (label,), "p@1"), medium, group)


EXAMPLES = [
    outcome(0.9, "block", actual=True, group=1),
    outcome(0.6, "review", actual=True, group=2),
    outcome(0.2, "allow", actual=True, group=3),
    outcome(0.7, "review", actual=False, group=4),
    outcome(0.1, "allow", actual=False, group=5),
    outcome(0.1, "allow", actual=False, group=6),
]


def test_rates_are_those_of_the_counts() -> None:
    figures = measure_policy(EXAMPLES, ["gore", "weapons"])

    (one,) = figures.categories
    assert (one.category, one.medium, one.positives, one.negatives) == ("weapons", "image", 3, 3)
    assert one.precision.value == pytest.approx(2 / 3)
    assert one.recall.value == pytest.approx(2 / 3)
    assert one.f1 == pytest.approx(2 / 3)
    assert one.fpr.value == pytest.approx(1 / 3)
    # Of nine pairs the harmful one scores higher in seven: 0.9 beats 3, 0.6 and 0.2 two each.
    assert one.auroc == pytest.approx(7 / 9)
    assert figures.confusion == {
        True: {"allow": 1, "review": 1, "block": 1},
        False: {"allow": 2, "review": 1, "block": 0},
    }
    assert one.confusion == figures.confusion
    assert figures.caught.value == pytest.approx(2 / 3)
    assert figures.blocked.value == 0
    assert figures.disturbed.value == pytest.approx(1 / 3)


def test_near_duplicates_count_as_one() -> None:
    copies = [outcome(0.7, "review", actual=False, group=4)] * 9

    (one,) = measure_policy([*EXAMPLES, *copies], ["weapons"]).categories

    assert one.fpr.value == pytest.approx(1 / 3)
    assert one.fpr.total == 3


def test_pictures_and_texts_are_measured_apart() -> None:
    texts = [outcome(0.1, "allow", actual=True, group=9, medium="text")]

    image, text = measure_policy([*EXAMPLES, *texts], ["weapons"]).categories

    assert (image.medium, image.recall.total) == ("image", 3)
    assert (text.medium, text.recall.value) == ("text", 0)
    assert math.isnan(text.auroc)
    assert math.isnan(text.precision.value)


def test_what_nobody_labelled_or_scored_is_left_out() -> None:
    unknown = outcome(0.9, "block", actual=None, group=7)
    unscored = outcome(math.nan, "review", actual=True, group=8)

    (one,) = measure_policy([*EXAMPLES, unknown, unscored], ["weapons"]).categories

    assert (one.positives, one.negatives) == (3, 3)
    assert measure_policy([], ["weapons"]).categories == ()
