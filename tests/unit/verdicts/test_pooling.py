from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from framesift.policies import Policy, Rule, Thresholds, VideoRule, decide
from framesift.types import Curve, Evidence, Signal
from framesift.verdicts import pool, pool_signals, strongest

NAN = math.nan
SECOND = Fraction(1)
RULES = {"violence": Rule(Thresholds(0.5, 0.9)), "gore": Rule(Thresholds(None, 0.9))}


def share(of: float) -> VideoRule:
    return VideoRule("share", share=of)


@pytest.mark.parametrize(
    ("video", "values", "expected"),
    [
        (VideoRule(), (0.1, 0.9, 0.5), 0.9),
        (VideoRule(), (0.1, NAN, 0.5), 0.5),
        (VideoRule(min_s=1), (0.1, 0.9, 0.5), 0.9),
        (VideoRule(min_s=2), (0.1, 0.9, 0.5), 0.5),
        (VideoRule(min_s=1.5), (0.1, 0.9, 0.5), 0.5),
        (VideoRule(min_s=2), (0.9, 0.1, 0.8), 0.1),
        (VideoRule(min_s=2), (0.9, NAN, 0.8), 0.8),
        (VideoRule(min_s=60), (0.9, 0.7, 0.8), 0.7),
        (share(0.1), (0.1, 0.9, 0.5), 0.9),
        (share(0.34), (0.1, 0.9, 0.5), 0.5),
        (share(0.5), (0.9, 0.1, 0.9, 0.1), 0.9),
        (share(1), (0.9, 0.1, 0.2), 0.1),
        (share(0.5), (NAN, 0.9, 0.1), 0.9),
    ],
)
def test_one_score_stands_for_a_curve(video, values, expected):
    assert pool(values, [SECOND] * len(values), video) == expected


def test_the_share_is_of_the_time_and_not_of_the_moments():
    lengths = [Fraction(8), Fraction(1), Fraction(1)]
    assert pool((0.1, 0.9, 0.9), lengths, share(0.3)) == 0.1
    assert pool((0.1, 0.9, 0.9), lengths, share(0.2)) == 0.9


def test_a_tenth_of_ten_is_one_whatever_the_floats():
    assert pool([0.9] + [0.1] * 9, [Fraction(1, 10)] * 10, share(0.1)) == 0.9


def test_nothing_known_has_no_score():
    assert math.isnan(pool((NAN, NAN), [SECOND] * 2, VideoRule()))
    assert math.isnan(pool((), (), share(0.1)))


def verdict(values, video, category="violence"):
    policy = Policy("p", RULES, video=video)
    curve = Curve(category, "zero-shot", np.array(values, np.float32))
    highest = Signal(category, float(np.nanmax(curve.values)), "zero-shot", evidence=SEEN)
    signals = [highest, *[Signal(category, NAN, "zero-shot")] * any(map(math.isnan, values))]
    moments = [(Fraction(n), Fraction(n + 1)) for n in range(len(values))]
    judged = decide(pool_signals(signals, [curve], moments, policy), policy, parts=())
    return next(label for label in judged.labels if label.name == category)


SEEN = Evidence(time=Fraction(3))


@pytest.mark.parametrize(
    ("video", "values", "action", "softened"),
    [
        (VideoRule(), (0.1, 0.95, 0.1), "block", ""),
        (VideoRule(min_s=1), (0.1, 0.95, 0.1), "block", ""),
        (VideoRule(min_s=2), (0.1, 0.95, 0.1), "review", "brief"),
        (VideoRule(min_s=2), (0.95, 0.95, 0.1), "block", ""),
        (VideoRule(min_s=2), (0.1, 0.6, 0.1), "review", ""),
        (share(0.5), (0.95, 0.95, 0.1), "block", ""),
        (share(0.5), (0.95, 0.6, 0.1), "review", "brief"),
        (share(0.5), (0.95, 0.1, 0.1), "review", "brief"),
        (share(0.5), (0.6, 0.1, 0.1), "allow", ""),
        (share(0.5), (0.1, 0.1, NAN), "review", ""),
    ],
)
def test_what_a_video_leads_to(video, values, action, softened):
    label = verdict(values, video)
    assert (label.action, label.softened) == (action, softened)


def test_a_brief_moment_is_shown_with_its_own_score_and_time():
    label = verdict((0.1, 0.1, 0.1, 0.95), share(0.5))
    assert label.score == pytest.approx(0.95)
    assert label.flagged
    assert label.evidence == SEEN


def test_where_only_blocking_is_known_a_brief_moment_still_goes_to_review():
    assert verdict((0.95, 0.1, 0.1), share(0.5), "gore").action == "review"


def test_only_pictures_with_a_curve_are_pooled():
    policy = Policy("p", RULES, video=share(0.5))
    signals = [
        Signal("violence", 0.95, "text", "subtitles"),
        Signal("violence", 0.95, "trained"),
        Signal("nudity", 0.95, "zero-shot"),
        Signal("violence", NAN, "zero-shot"),
    ]
    curve = Curve("violence", "zero-shot", np.array([0.1], np.float32))
    moments = [(Fraction(0), Fraction(1))]
    assert pool_signals(signals, [curve], moments, policy) == signals


def test_curves_of_one_source_count_by_the_higher_one():
    policy = Policy("p", RULES, video=share(1))
    halves = [
        Curve("violence", "trained", np.array(values, np.float32))
        for values in ([0.75, 0.25], [NAN, 0.5])
    ]
    moments = [(Fraction(0), Fraction(1)), (Fraction(1), Fraction(2))]
    (signal,) = pool_signals([Signal("violence", 0.75, "trained")], halves, moments, policy)
    assert signal.score == 0.5


@pytest.mark.parametrize(
    ("rows", "expected"),
    [((0.1, 0.9), 0.9), ((0.9, NAN), 0.9), ((0.1, NAN), NAN), ((NAN, NAN), NAN), ((0.5, NAN), 0.5)],
)
def test_no_tile_hides_another(rows, expected):
    (found,) = strongest(np.array([rows], np.float32), 0.5)
    assert found == pytest.approx(expected, nan_ok=True)
