from __future__ import annotations

import math

import pytest

from framesift.policies import Policy, Rule, Thresholds, decide
from framesift.types import Signal

POLICY = Policy(
    "mine",
    {
        "nudity": Rule(Thresholds(0.8), {"open_nsfw": Thresholds(0.5, 0.9)}),
        "weapons": Rule(Thresholds(0.6)),
        "gore": Rule(Thresholds(block=0.7)),
    },
)


def judge(nudity=0.0, weapons=0.0, gore=0.0, source="zero-shot"):
    scores = {"nudity": nudity, "weapons": weapons, "gore": gore}
    return decide([Signal(name, score, source) for name, score in scores.items()], POLICY)


@pytest.mark.parametrize(
    ("scores", "action", "flagged"),
    [
        ({}, "allow", []),
        ({"weapons": 0.5999}, "allow", []),
        ({"weapons": 0.6}, "review", ["weapons"]),
        ({"weapons": 1.0}, "review", ["weapons"]),
        ({"gore": 0.69}, "allow", []),
        ({"gore": 0.7}, "block", ["gore"]),
        ({"gore": 0.9, "weapons": 0.9}, "block", ["weapons", "gore"]),
        ({"nudity": 0.7}, "allow", []),
        ({"nudity": 0.95}, "review", ["nudity"]),
        ({"nudity": 0.7, "source": "open_nsfw"}, "review", ["nudity"]),
        ({"nudity": 0.95, "source": "open_nsfw"}, "block", ["nudity"]),
    ],
)
def test_the_most_severe_category_wins(scores, action, flagged):
    verdict = judge(**scores)
    assert verdict.action == action
    assert [label.name for label in verdict.labels if label.flagged] == flagged


def test_labels_show_score_threshold_and_source_in_the_order_of_the_policy():
    verdict = judge(nudity=0.1, weapons=0.2, gore=0.3, source="open_nsfw")
    shown = [(x.name, x.score, x.threshold, x.source) for x in verdict.labels]
    assert shown == [
        ("nudity", 0.1, 0.5, "open_nsfw"),
        ("weapons", 0.2, 0.6, "open_nsfw"),
        ("gore", 0.3, 0.7, "open_nsfw"),
    ]
    assert verdict.policy == POLICY.label


@pytest.mark.parametrize("bad", [math.nan, -0.5, -math.inf, None])
@pytest.mark.parametrize("name", ["weapons", "gore"])
def test_what_is_not_known_is_reviewed(name, bad):
    scores = {"nudity": 0.0, "weapons": 0.0, "gore": 0.0, name: bad}
    signals = [Signal(name, score, "zs") for name, score in scores.items() if score is not None]
    verdict = decide(signals, POLICY)
    assert verdict.action == "review"
    (label,) = [label for label in verdict.labels if label.flagged]
    assert label.name == name
    assert math.isnan(label.score)
    assert label.source == ("missing" if bad is None else "zs")


def test_a_number_above_the_range_counts_as_the_worst():
    assert judge(gore=1.5).action == "block"
    assert judge(gore=math.inf).action == "block"
    assert judge(weapons=1.5).action == "review"


def test_nothing_at_all_is_reviewed():
    verdict = decide([], POLICY)
    assert verdict.action == "review"
    assert {label.source for label in verdict.labels} == {"missing"}


def test_categories_that_the_policy_does_not_name_are_ignored():
    judged = [Signal(name, 0.0, "zs") for name in POLICY.rules]
    others = [Signal("alcohol", 1.0, "zs"), Signal("drugs", math.nan, "zs")]
    verdict = decide([*judged, *others], POLICY)
    assert verdict.action == "allow"
    assert [label.name for label in verdict.labels] == list(POLICY.rules)


def test_what_decides_is_what_a_record_shows():
    """Four decimals: a score shown as 0.6000 is never below a threshold of 0.6."""
    assert judge(weapons=0.59996).action == "review"
    assert judge(weapons=0.59994).action == "allow"
    assert judge(weapons=-0.00001).action == "allow"
    assert judge(gore=1.00004).labels[2].score == 1.0
