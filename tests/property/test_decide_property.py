"""Whatever the signals, the policy and the context: an answer, never kinder to more, never safe
when unknown."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from framesift.heads.screening import CategoryPrompts
from framesift.heads.text import UNMEASURED
from framesift.policies import Category, ContextRule, Policy, Rule, Thresholds, decide
from framesift.policies.decide import decimals
from framesift.policies.taxonomy import CATEGORY_NAMES, CONTEXT_NAMES
from framesift.types import Evidence, Signal

SEVERITY = ["allow", "review", "block"]
SOURCES = st.sampled_from(["zero-shot", "open_nsfw", "linear", "text", "joint"])
CHANCE = st.floats(0, 1)
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
PARTS = st.sampled_from(["image", "caption", "words", "joint", "list"])
GIVEN_PARTS = st.sets(st.sampled_from(["image", "caption", "words"]))
OWN = (
    Category("boats", "Boats", "Boats.", CategoryPrompts("boats", ("a boat",))),
    Category("offers", "Offers", "Offers.", CategoryPrompts("offers", ()), ("text",), ("buy",)),
)
NAMES = (*CATEGORY_NAMES, "boats", "offers")


@st.composite
def thresholds(draw):
    numbers = st.floats(0.0001, 1)
    review, block = sorted([draw(numbers), draw(numbers)])
    kind = draw(st.sampled_from(["both", "review", "block"]))
    return Thresholds(None if kind == "block" else review, None if kind == "review" else block)


RULES = st.builds(Rule, thresholds(), st.dictionaries(SOURCES, thresholds(), max_size=2))
CONTEXT_RULES = st.builds(
    ContextRule,
    st.sampled_from(CONTEXT_NAMES),
    st.floats(0.0001, 1),
    st.lists(st.sampled_from(CATEGORY_NAMES), min_size=1, max_size=8).map(tuple),
    st.sampled_from(["allow", "review"]),
)


@st.composite
def policies(draw):
    rules = draw(st.dictionaries(st.sampled_from(NAMES), RULES, min_size=1, max_size=6))
    softening = draw(st.lists(CONTEXT_RULES, max_size=3))
    return Policy(
        "p",
        rules,
        own=tuple(category for category in OWN if category.name in rules),
        context={rule.tag: rule for rule in softening},
        unknown_language=draw(st.sampled_from(["allow", "review"])),
    )


POLICIES = policies()
CONTEXTS = st.dictionaries(st.one_of(st.sampled_from(CONTEXT_NAMES), st.text(max_size=3)), CHANCE)
ANY_CONTEXTS = st.dictionaries(st.sampled_from((*CONTEXT_NAMES, "smell")), ANY_FLOAT)
EVIDENCE = st.builds(
    Evidence, st.one_of(st.text(max_size=3), st.just(UNMEASURED)), words=st.text(max_size=3)
)


def signals_of(names, scores=CHANCE, parts=PARTS):
    return st.lists(st.builds(Signal, names, scores, SOURCES, parts, EVIDENCE), max_size=12)


ANY_SIGNALS = signals_of(
    st.one_of(st.sampled_from((*NAMES, "block_list", "allow_list")), st.text(max_size=5)),
    scores=ANY_FLOAT,
)


def severity(verdict) -> int:
    return SEVERITY.index(verdict.action)


def same(first, second) -> bool:
    """Compare verdicts; NaN equals NaN."""
    return repr(first) == repr(second)


def scored(policy, parts, score=0.0):
    """Return one signal for everything that the parts demand."""
    wanted = {"image": "image", "caption": "text"}
    return [
        Signal(name, score, "zero-shot", part)
        for name, category in policy.categories.items()
        for part, medium in wanted.items()
        if part in parts and medium in category.applies_to and not category.phrases
    ]


@given(ANY_SIGNALS, POLICIES, GIVEN_PARTS, ANY_CONTEXTS)
def test_every_input_gets_a_whole_verdict(signals, policy, parts, context):
    verdict = decide(signals, policy, parts=parts, context=context)
    assert verdict.action in SEVERITY
    assert verdict.policy == policy.label
    names = [label.name for label in verdict.labels]
    order = [*policy.rules, "block_list", "allow_list", "unknown_language"]
    assert names == [name for name in order if name in names]
    for label in verdict.labels:
        assert math.isnan(label.score) or 0 <= label.score <= 1
        assert 0 < label.threshold <= 1
        assert label.flagged == (label.action != "allow" or bool(label.softened))
    worst = max((SEVERITY.index(label.action) for label in verdict.labels), default=1)
    assert severity(verdict) == worst
    assert [tag.name for tag in verdict.context] == [
        name for name in CONTEXT_NAMES if name in context and not math.isnan(context[name])
    ]
    assert all(0 <= tag.score <= 1 for tag in verdict.context)


@given(ANY_SIGNALS, POLICIES, GIVEN_PARTS, ANY_CONTEXTS, st.randoms(use_true_random=False))
def test_order_does_not_matter(signals, policy, parts, context, chance):
    shuffled = chance.sample(signals, len(signals))
    turned = dict(chance.sample(list(context.items()), len(context)))
    first = decide(signals, policy, parts=parts, context=context)
    assert same(decide(shuffled, policy, parts=parts, context=turned), first)


@given(signals_of(st.sampled_from(NAMES)), POLICIES, GIVEN_PARTS, CONTEXTS, st.data())
def test_no_score_can_rise_and_the_verdict_become_kinder(signals, policy, parts, context, data):
    higher = [replace(x, score=data.draw(st.floats(x.score, 2))) for x in signals]
    before = decide(signals, policy, parts=parts, context=context)
    after = decide(higher, policy, parts=parts, context=context)
    assert severity(before) <= severity(after)
    actions = {label.name: label.action for label in after.labels}
    for old in before.labels:
        # A text in another language needs no word about it once something was found in it.
        new = actions.get(old.name, after.action if old.name == "unknown_language" else "allow")
        assert SEVERITY.index(old.action) <= SEVERITY.index(new)


@given(POLICIES, GIVEN_PARTS, CONTEXTS, signals_of(st.sampled_from(NAMES), ANY_FLOAT), CHANCE)
def test_no_further_signal_makes_a_verdict_kinder(policy, parts, context, further, score):
    """Where everything was scored; what is missing was reviewed only because it was."""
    known = scored(policy, parts, score)
    before = decide(known, policy, parts=parts, context=context)
    after = decide([*known, *further], policy, parts=parts, context=context)
    if known:
        assert severity(before) <= severity(after)
    actions = {label.name: label.action for label in after.labels}
    for label in before.labels:
        assert SEVERITY.index(label.action) <= SEVERITY.index(actions[label.name])


@given(ANY_SIGNALS, POLICIES, GIVEN_PARTS, CONTEXTS, st.data())
def test_no_context_can_rise_and_the_verdict_become_stricter(signals, policy, parts, context, data):
    higher = {tag: data.draw(st.floats(score, 2)) for tag, score in context.items()}
    further = data.draw(st.dictionaries(st.sampled_from(CONTEXT_NAMES), CHANCE))
    before = decide(signals, policy, parts=parts, context=context)
    after = decide(signals, policy, parts=parts, context={**further, **higher})
    assert severity(after) <= severity(before)


@given(ANY_SIGNALS, POLICIES, GIVEN_PARTS, ANY_CONTEXTS)
def test_context_softens_what_was_seen_and_nothing_else(signals, policy, parts, context):
    plain = decide(signals, policy, parts=parts)
    verdict = decide(signals, policy, parts=parts, context=context)
    for label in verdict.labels:
        if label.softened:
            rule = policy.context[label.softened]
            assert label.part == "image"
            assert label.name in rule.softens
            assert decimals(context[rule.tag]) >= max(round(rule.start, 4), 0.0001)
            assert label.action == rule.at_most
    hard = {"caption", "words", "joint", "list"}
    for part in hard:
        only = [signal for signal in signals if signal.part == part]
        assert decide(only, policy, parts=(), context=context).labels == (
            decide(only, policy, parts=()).labels
        ) or any(math.isnan(signal.score) for signal in only)
    assert severity(verdict) <= severity(plain)


@given(POLICIES, GIVEN_PARTS, ANY_CONTEXTS, st.data())
def test_what_is_missing_or_no_number_is_never_allowed(policy, parts, context, data):
    known = scored(policy, parts)
    verdict = decide(known, policy, parts=parts, context=context)
    assert verdict.action == ("allow" if known else "review")
    if known:
        lost = data.draw(st.integers(0, len(known) - 1))
        rest = known[:lost] + known[lost + 1 :]
        assert severity(decide(rest, policy, parts=parts, context=context)) == 1
        bad = data.draw(st.sampled_from([math.nan, -0.5, -math.inf]))
        broken = [*known, replace(known[lost], score=bad)]
        assert severity(decide(broken, policy, parts=parts, context=context)) == 1


@given(POLICIES, CHANCE, st.floats(-0.00004, 0.00004), SOURCES)
def test_what_decides_is_what_four_decimals_show(policy, score, noise, source):
    name, rule = next(iter(policy.rules.items()))
    thresholds = rule.thresholds_for(source)
    for threshold in (thresholds.review, thresholds.block):
        if threshold is None:
            continue
        equal = max(round(threshold, 4), 0.0001)
        (label,) = decide([Signal(name, equal + noise, source)], policy, parts=()).labels
        assert label.flagged
        lower = Signal(name, max(equal - 0.0001, 0.0), source)
        (label,) = decide([lower], policy, parts=()).labels
        assert label.flagged == (lower.score >= max(round(thresholds.lowest, 4), 0.0001) - 1e-9)
    shown = decide([Signal(name, score, source)], policy, parts=())
    again = decide([Signal(name, decimals(score), source)], policy, parts=())
    assert shown.action == again.action


@given(POLICIES, ANY_SIGNALS)
def test_signals_outside_the_policy_change_nothing(policy, signals):
    judged = [Signal(name, 0.25, "zero-shot") for name in policy.rules]
    others = [x for x in signals if x.category not in policy.rules and x.part != "list"]
    assert decide([*judged, *others], policy) == decide(judged, policy)


@given(POLICIES, ANY_SIGNALS, ANY_CONTEXTS, GIVEN_PARTS, ANY_FLOAT)
def test_a_blocked_picture_stays_blocked(policy, signals, context, parts, score):
    known = Signal("block_list", score, "list", "list")
    verdict = decide([*signals, known], policy, parts=parts, context=context)
    assert verdict.action == "block"


@given(ANY_SIGNALS, POLICIES, GIVEN_PARTS, ANY_CONTEXTS)
def test_review_for_unknown_languages_is_never_milder_and_changes_nothing_else(
    signals, policy, parts, context
):
    mild, strict = (
        decide(signals, replace(policy, unknown_language=action), parts=parts, context=context)
        for action in ("allow", "review")
    )
    assert severity(mild) <= severity(strict)
    if not any(label.name == "unknown_language" for label in mild.labels):
        assert repr(strict.labels) == repr(mild.labels)
        assert strict.action == mild.action


@given(ANY_SIGNALS, POLICIES, GIVEN_PARTS, ANY_CONTEXTS)
def test_where_review_is_wanted_no_caption_of_unknown_words_is_allowed(
    signals, policy, parts, context
):
    strict = replace(policy, unknown_language="review")
    verdict = decide(signals, strict, parts=parts, context=context)
    unknown = [
        signal
        for signal in signals
        if signal.category in policy.rules
        and signal.part == "caption"
        and signal.evidence.prompt == UNMEASURED
    ]
    if unknown:
        assert verdict.action != "allow"
