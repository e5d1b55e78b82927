"""A picture and its text: more of either never means less of the two."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from framesift.policies import JOINT_RULES, Policy, decide, joint_score, joint_signals
from framesift.policies.taxonomy import CATEGORY_NAMES
from framesift.types import Evidence, Signal

SEVERITY = ["allow", "review", "block"]
CHANCE = st.floats(0, 1)
PARTS = st.sampled_from(["image", "caption", "words", "list"])
RULES = st.sampled_from(JOINT_RULES)
EVIDENCE = st.builds(Evidence, st.text(max_size=3), words=st.text(max_size=3))


def lists_of(scores):
    names = st.sampled_from((*CATEGORY_NAMES, "boats"))
    signal = st.builds(Signal, names, scores, st.sampled_from(["a", "b"]), PARTS, EVIDENCE)
    return st.lists(signal, max_size=10)


def by_rule(signals):
    return {x.evidence.prompt.split(":")[0]: x.score for x in joint_signals(signals)}


@given(RULES, CHANCE, CHANCE, CHANCE, CHANCE)
def test_the_score_rises_with_both_sides(rule, a, b, c, d):
    low, high = sorted([a, b])
    less, more = sorted([c, d])
    assert joint_score(low, less, rule) <= joint_score(high, more, rule)
    assert 0 <= joint_score(a, c, rule) <= 1


@given(RULES, CHANCE, st.floats(0, 0.17))
def test_one_side_alone_never_reaches_what_two_mid_scores_do(rule, high, low):
    assert joint_score(high, low, rule) < 0.8
    assert joint_score(low, high, rule) < 0.8
    assert joint_score(0.5, 0.5, rule) >= rule.together - 1e-9


@given(RULES, CHANCE, CHANCE)
def test_no_score_exceeds_that_of_an_even_chance_twice(rule, a, b):
    assert joint_score(a, b, rule) <= rule.together + 1e-9


@given(lists_of(st.floats(allow_nan=True, allow_infinity=True)))
def test_every_input_gives_usable_signals(signals):
    for found in joint_signals(signals):
        assert found.part == "joint"
        assert 0 <= found.score <= 1
        assert found.category in CATEGORY_NAMES


@given(lists_of(CHANCE), st.data())
def test_no_score_can_rise_and_a_result_fall(signals, data):
    higher = [replace(x, score=data.draw(st.floats(x.score, 2))) for x in signals]
    before, after = by_rule(signals), by_rule(higher)
    assert before.keys() == after.keys()
    assert all(before[name] <= after[name] for name in before)


@given(lists_of(CHANCE), lists_of(st.floats(allow_nan=True)))
def test_no_further_signal_lowers_a_result(signals, further):
    before, after = by_rule(signals), by_rule([*signals, *further])
    assert all(before[name] <= after[name] for name in before)


@given(lists_of(CHANCE), st.randoms(use_true_random=False))
def test_order_does_not_matter(signals, chance):
    assert joint_signals(chance.sample(signals, len(signals))) == joint_signals(signals)


@given(lists_of(CHANCE), st.data())
def test_the_whole_chain_is_monotone(signals, data):
    policy = Policy.moderation()
    higher = [replace(x, score=data.draw(st.floats(x.score, 1))) for x in signals]
    before, after = (
        decide([*given, *joint_signals(given)], policy, parts=("image", "caption"))
        for given in (signals, higher)
    )
    assert SEVERITY.index(before.action) <= SEVERITY.index(after.action)


@given(lists_of(st.just(math.nan)))
def test_what_is_no_number_gives_no_result_and_goes_to_review_by_itself(signals):
    assert joint_signals(signals) == []
    judged = [x for x in signals if x.category in CATEGORY_NAMES]
    assert not judged or decide(judged, Policy.moderation(), parts=()).action == "review"
