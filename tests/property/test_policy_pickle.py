"""A policy that travelled to another process decides as it did at home."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.errors import PolicyError
from framesift.heads.screening import CategoryPrompts
from framesift.policies import Category, HashList, HashLists, Policy, decide
from framesift.policies.policy import ContextRule, Rule, Thresholds
from framesift.policies.rules import SOURCES
from framesift.policies.taxonomy import CATEGORY_NAMES, CONTEXT_NAMES
from framesift.types import Signal

SHARES = st.floats(0, 1, exclude_min=True)
THRESHOLDS = st.one_of(
    st.builds(Thresholds, review=SHARES),
    st.builds(Thresholds, block=SHARES),
    st.lists(SHARES, min_size=2, max_size=2).map(lambda pair: Thresholds(*sorted(pair))),
)
RULES = st.builds(
    Rule, THRESHOLDS, st.dictionaries(st.sampled_from(SOURCES), THRESHOLDS, max_size=3)
)
BOATS = Category("boats", "Boats", "Boats.", CategoryPrompts("boats", ("a boat",), ()))
HASHES = st.builds(
    HashList,
    st.frozensets(st.binary(min_size=32, max_size=32), max_size=3),
    st.lists(st.integers(0, 2**64 - 1), min_size=4, max_size=4).map(
        lambda words: np.array([words], dtype=np.uint64)
    ),
)
SIGNALS = st.lists(
    st.builds(Signal, st.sampled_from(CATEGORY_NAMES), st.floats(0, 1), st.sampled_from(SOURCES)),
    max_size=8,
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    own = draw(st.sampled_from([(), (BOATS,)]))
    rules = draw(st.dictionaries(st.sampled_from(CATEGORY_NAMES), RULES, min_size=1, max_size=5))
    rules |= {category.name: draw(RULES) for category in own}
    tag = draw(st.sampled_from(CONTEXT_NAMES))
    softens = draw(st.lists(st.sampled_from(CATEGORY_NAMES), min_size=1, max_size=2))
    context = {tag: ContextRule(tag, draw(SHARES), tuple(softens))}
    return Policy(
        draw(st.from_regex(r"[a-z][a-z0-9._-]{0,5}", fullmatch=True)),
        rules,
        version=draw(st.integers(1, 9)),
        description=draw(st.text(max_size=9)),
        own=own,
        context=draw(st.sampled_from([{}, context])),
        lists=HashLists(draw(HASHES), draw(HASHES), draw(st.integers(0, 128))),
        on_failure=draw(st.sampled_from(["review", "block"])),
        model=draw(st.sampled_from([None, "starter"])),
        tiles=draw(st.integers(0, 16)),
        words=draw(st.sampled_from(["off", "auto", "required"])),
        unknown_language=draw(st.sampled_from(["allow", "review"])),
    )


def check(policy: Policy, twin: Policy) -> None:
    assert twin == policy
    assert (twin.label, twin.hash) == (policy.label, policy.hash)
    assert twin.description == policy.description
    assert twin.lists.digest == policy.lists.digest
    assert dict(twin.categories) == dict(policy.categories)
    assert list(twin.rules) == list(policy.rules)


@given(policies(), SIGNALS, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_a_pickled_policy_is_the_same_policy(
    policy: Policy, signals: list[Signal], protocol: int
) -> None:
    twin = pickle.loads(pickle.dumps(policy, protocol))
    check(policy, twin)
    assert decide(signals, twin) == decide(signals, policy)
    check(policy, copy.deepcopy(policy))


@pytest.mark.parametrize("policy", [Policy.default(), Policy.moderation()], ids=lambda x: x.name)
def test_what_is_shipped_can_be_pickled_and_stays_closed(policy: Policy) -> None:
    twin = pickle.loads(pickle.dumps(policy))
    check(policy, twin)
    with pytest.raises(TypeError, match="does not support item assignment"):
        twin.rules["gore"] = Rule(Thresholds(review=0.1))
    with pytest.raises(TypeError, match="does not support item assignment"):
        twin.rules["weapons"].sources["trained"] = Thresholds(review=0.1)


def test_a_changed_pickle_is_checked_like_a_new_policy() -> None:
    rebuild, (kind, made) = Policy.default().__reduce__()
    assert isinstance(rebuild(kind, made), Policy)
    with pytest.raises(PolicyError, match="judges nothing"):
        rebuild(kind, made | {"rules": {}})
