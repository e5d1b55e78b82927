"""What shares of right answers mean."""

from __future__ import annotations

import json

import pytest

from framesift.verdicts.limits import (
    LEVELS,
    LimitResult,
    LimitsReport,
    judge_answers,
    judge_detection,
    judge_wording,
)
from framesift.verdicts.proportions import share


@pytest.mark.parametrize(
    ("right", "of", "chance", "level"),
    [
        (50, 100, 0.5, "none"),
        (58, 100, 0.5, "none"),  # the interval reaches down to 0.48
        (65, 100, 0.5, "weak"),
        (90, 100, 0.5, "care"),
        (199, 200, 0.5, "works"),
        (10, 10, 0.5, "weak"),  # ten right of ten are not many
        (0, 40, 0.25, "none"),
        (23, 100, 1 / 6, "none"),
        (30, 100, 1 / 6, "weak"),
    ],
)
def test_the_lower_end_decides(right, of, chance, level):
    found, sentence = judge_answers(share(right, of), chance)
    assert found == level
    assert f"{right / of:.0%}" in sentence


def test_what_wrong_pairings_reach_is_luck():
    good = share(90, 100)
    assert judge_answers(good, 0.125, luck=0.001)[0] == "care"
    assert judge_answers(good, 0.125, luck=0.2)[0] == "none"


def test_failing_an_easier_question_too_is_said():
    bad = share(50, 100)
    assert "easier question" in judge_answers(bad, 0.5, control=share(50, 100))[1]
    assert "easier question" not in judge_answers(bad, 0.5, control=share(95, 100))[1]


@pytest.mark.parametrize(("changed", "level"), [(0, "works"), (20, "care"), (60, "weak")])
def test_wording(changed, level):
    assert judge_wording(share(changed, 100))[0] == level


@pytest.mark.parametrize(
    ("found", "level"), [(6, "none"), (20, "weak"), (80, "care"), (99, "works")]
)
def test_detection_is_held_against_false_alarms(found, level):
    assert judge_detection(share(found, 100), 0.05)[0] == level


def test_the_report_is_plain_json():
    results = [
        LimitResult("counting", "Counting", "How many", share(3, 10), 1 / 6, "none", "No."),
        LimitResult("unknown", "Unknown", "What", None, 0.0, "unmeasured", "Nothing tells."),
    ]
    made = LimitsReport("starter", "f", 10, 0, tuple(results)).to_json()
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert [one["name"] for one in made["tests"]] == ["counting", "unknown"]
    assert made["tests"][0]["n"] == 10
    assert made["tests"][1]["accuracy"] is None
    assert set(LEVELS) == {"none", "weak", "care", "works", "unmeasured"}
