"""Whatever the scores and the policy: an answer, never kinder to more, never safe when unknown."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from framesift.policies import Policy, Rule, Thresholds, decide
from framesift.policies.taxonomy import CATEGORY_NAMES
from framesift.types import Signal

SEVERITY = ["allow", "review", "block"]
SOURCES = st.sampled_from(["zero-shot", "open_nsfw", "linear"])
CHANCE = st.floats(0, 1)


@st.composite
def thresholds(draw):
    numbers = st.floats(0.0001, 1)
    review, block = sorted([draw(numbers), draw(numbers)])
    kind = draw(st.sampled_from(["both", "review", "block"]))
    return Thresholds(None if kind == "block" else review, None if kind == "review" else block)


RULES = st.builds(Rule, thresholds(), st.dictionaries(SOURCES, thresholds(), max_size=2))
POLICIES = st.builds(
    Policy,
    st.just("p"),
    st.dictionaries(st.sampled_from(CATEGORY_NAMES), RULES, min_size=1, max_size=5),
)
ANY_SCORES = st.dictionaries(
    st.one_of(st.sampled_from(CATEGORY_NAMES), st.text(max_size=5)),
    st.tuples(st.floats(allow_nan=True, allow_infinity=True), st.text(max_size=12)),
)


def judge(scores, policy):
    return decide([Signal(name, p, source) for name, (p, source) in scores.items()], policy)


@given(POLICIES, st.data())
def test_no_score_can_rise_and_the_verdict_become_kinder(policy, data):
    low = {name: (data.draw(CHANCE), data.draw(SOURCES)) for name in policy.rules}
    high = {name: (data.draw(st.floats(score, 2)), source) for name, (score, source) in low.items()}
    before, after = judge(low, policy), judge(high, policy)
    assert SEVERITY.index(before.action) <= SEVERITY.index(after.action)
    for old, new in zip(before.labels, after.labels, strict=True):
        assert new.flagged >= old.flagged


@given(ANY_SCORES, POLICIES)
def test_every_input_gets_a_whole_verdict(scores, policy):
    verdict = judge(scores, policy)
    assert verdict.action in SEVERITY
    assert [label.name for label in verdict.labels] == list(policy.rules)
    assert verdict.policy == policy.label
    for label in verdict.labels:
        assert math.isnan(label.score) or 0 <= label.score <= 1
        assert 0 < label.threshold <= 1
    assert (verdict.action != "allow") == any(label.flagged for label in verdict.labels)
    assert judge(scores, policy) == verdict or any(math.isnan(x.score) for x in verdict.labels)


@given(POLICIES, st.data())
def test_a_missing_or_nan_category_is_never_allowed(policy, data):
    scores = {name: (0.0, data.draw(SOURCES)) for name in policy.rules}
    lost = data.draw(st.sampled_from(list(policy.rules)))
    assert judge(scores, policy).action == "allow"
    assert judge({**scores, lost: (math.nan, "zero-shot")}, policy).action == "review"
    del scores[lost]
    assert judge(scores, policy).action == "review"


@given(POLICIES, ANY_SCORES)
def test_scores_outside_the_policy_change_nothing(policy, scores):
    judged = dict.fromkeys(policy.rules, (0.25, "zero-shot"))
    others = {name: entry for name, entry in scores.items() if name not in policy.rules}
    assert judge({**judged, **others}, policy) == judge(judged, policy)
