from __future__ import annotations

import math
from dataclasses import replace

import pytest

from framesift.errors import PolicyError
from framesift.heads.screening import CategoryPrompts
from framesift.heads.text import UNMEASURED
from framesift.policies import Category, ContextRule, Policy, Rule, Thresholds, decide
from framesift.types import Evidence, Signal, Tag

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


BOTH = Policy(
    "both",
    {
        "weapons": Rule(Thresholds(0.5, 0.9)),
        "harassment": Rule(Thresholds(0.5, 0.9)),
        "offers": Rule(Thresholds(0.5, 0.9)),
    },
    own=(
        Category("offers", "Offers", "Offers.", CategoryPrompts("offers", ()), ("text",), ("buy",)),
    ),
    context={
        "toy": ContextRule("toy", 0.8, ("weapons", "harassment")),
        "art": ContextRule("art", 0.8, ("weapons",), "allow"),
    },
)


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        (("image",), [("weapons", "image"), ("harassment", "image")]),
        (("caption",), [("harassment", "caption")]),
        (("image", "caption"), [("weapons", "image"), ("harassment", "image")]),
        (("image", "words"), [("weapons", "image"), ("harassment", "image")]),
    ],
)
def test_every_part_must_have_scored_what_applies_to_it(parts, missing):
    verdict = decide([], BOTH, parts=parts)
    assert verdict.action == "review"
    shown = [(label.name, label.part) for label in verdict.labels]
    assert [name for name, _ in shown] == [name for name, _ in missing]
    assert {label.source for label in verdict.labels} == {"missing"}


def test_a_scored_caption_does_not_stand_in_for_a_picture_nobody_looked_at():
    caption = Signal("harassment", 0.0, "text", "caption")
    picture = Signal("harassment", 0.0, "zero-shot")
    weapons = Signal("weapons", 0.0, "zero-shot")
    both = ("image", "caption")
    assert decide([caption, weapons], BOTH, parts=both).action == "review"
    assert decide([picture, weapons], BOTH, parts=both).action == "review"
    assert decide([caption, picture, weapons], BOTH, parts=both).action == "allow"


def test_words_and_phrases_may_be_silent():
    """A picture may hold no words, and phrases speak only where they are found."""
    quiet = [Signal(name, 0.0, "zero-shot") for name in ("weapons", "harassment")]
    assert decide(quiet, BOTH, parts=("image", "words")).action == "allow"
    caption = Signal("harassment", 0.0, "text", "caption")
    assert decide([caption], BOTH, parts=("caption",)).action == "allow"
    found = Signal("offers", 1.0, "phrase", "caption", Evidence(prompt="buy"))
    verdict = decide([caption, found], BOTH, parts=("caption",))
    assert verdict.action == "block"
    assert verdict.labels[-1].evidence.prompt == "buy"


def test_a_text_is_not_judged_for_what_only_pictures_show():
    verdict = decide([Signal("harassment", 0.0, "text", "caption")], BOTH, parts=("caption",))
    assert [label.name for label in verdict.labels] == ["harassment"]
    only_pictures = Policy("p", {"weapons": Rule(Thresholds(0.5))})
    # Nothing of it was judged, so that nobody may call it safe.
    assert decide([], only_pictures, parts=("caption",)).action == "review"


def test_the_label_is_that_of_the_worst_signal():
    signals = [
        Signal("weapons", 0.3, "a"),
        Signal("weapons", 0.7, "b", evidence=Evidence(prompt="a rifle", tile=(0, 0, 0.5, 0.5))),
        Signal("weapons", 0.6, "c"),
        Signal("weapons", math.nan, "d"),
    ]
    label = decide(signals, BOTH, parts=()).labels[0]
    assert (label.score, label.source, label.action) == (0.7, "b", "review")
    assert label.evidence.tile == (0, 0, 0.5, 0.5)
    stricter = Policy("p", {"weapons": Rule(Thresholds(0.8), {"c": Thresholds(block=0.6)})})
    label = decide(signals, stricter, parts=()).labels[0]
    assert (label.score, label.source, label.action) == (0.6, "c", "block")


@pytest.mark.parametrize(
    ("score", "context", "action", "softened"),
    [
        (0.95, {}, "block", ""),
        (0.95, {"toy": 0.79994}, "block", ""),
        (0.95, {"toy": 0.79996}, "review", "toy"),
        (0.95, {"toy": 0.9, "art": 0.9}, "allow", "art"),
        (0.95, {"art": math.nan, "toy": math.nan}, "block", ""),
        (0.6, {"toy": 1.0}, "review", ""),
        (0.6, {"art": 1.0}, "allow", "art"),
        (0.1, {"art": 1.0}, "allow", ""),
        (math.nan, {"art": 1.0}, "review", ""),
        (1.5, {"art": 1.0}, "block", ""),
    ],
)
def test_context_makes_what_was_seen_milder(score, context, action, softened):
    label = decide([Signal("weapons", score, "zs")], BOTH, parts=(), context=context).labels[0]
    assert (label.action, label.softened) == (action, softened)
    assert label.flagged == (not score < 0.5)


@pytest.mark.parametrize("part", ["caption", "words", "joint"])
def test_a_toy_in_the_picture_makes_no_threat_milder(part):
    threat = Signal("harassment", 0.95, "text", part)
    assert decide([threat], BOTH, parts=(), context={"toy": 1.0}).action == "block"


def test_a_missing_category_is_not_softened():
    assert decide([], BOTH, context={"art": 1.0, "toy": 1.0}).action == "review"


def test_a_verdict_shows_the_context():
    verdict = decide([], BOTH, context={"toy": 0.25, "medical": 2.0, "smell": 1.0, "art": math.nan})
    assert verdict.context == (Tag("medical", 1.0), Tag("toy", 0.25))


TEXTS = Policy("texts", {name: Rule(Thresholds(0.8)) for name in ("hate_speech", "spam_scam")})


def foreign(hate=0.0, spam=0.0, part="caption"):
    evidence = Evidence(prompt=UNMEASURED)
    scores = {"hate_speech": hate, "spam_scam": spam}
    return [Signal(name, score, "text", part, evidence) for name, score in scores.items()]


@pytest.mark.parametrize("action", ["allow", "review"])
def test_a_text_of_unknown_words_gets_a_label_that_says_so(action):
    policy = replace(TEXTS, unknown_language=action)
    verdict = decide(foreign(), policy, parts=("caption",))
    assert verdict.action == action
    label = verdict.labels[-1]
    assert (label.name, label.action, label.part) == ("unknown_language", action, "caption")
    assert label.flagged == (action == "review")
    assert label.evidence.prompt == "not English: unmeasured"


def test_the_label_stays_where_the_picture_scores_higher_than_the_text():
    pictures = [Signal(name, 0.5, "zero-shot") for name in TEXTS.rules]
    verdict = decide([*pictures, *foreign(0.1, 0.1)], TEXTS, parts=("image", "caption"))
    assert [label.part for label in verdict.labels] == ["image", "image", "caption"]
    assert verdict.labels[-1].name == "unknown_language"


def test_a_text_in_which_something_was_found_needs_no_such_label():
    policy = replace(TEXTS, unknown_language="review")
    verdict = decide(foreign(hate=0.9), policy, parts=("caption",))
    assert [label.name for label in verdict.labels] == ["hate_speech", "spam_scam"]
    both = decide([*foreign(hate=0.9), *foreign(part="words")], policy, parts=("caption", "words"))
    assert [(x.name, x.part) for x in both.labels][-1] == ("unknown_language", "words")


def test_a_policy_made_in_code_may_not_block_languages():
    with pytest.raises(PolicyError, match="unknown_language is 'block'; write allow or review"):
        replace(TEXTS, unknown_language="block")
