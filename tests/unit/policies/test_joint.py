"""Pictures and texts together: two halves make a whole, one alone makes nothing."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from framesift.policies import JOINT_RULES, TAXONOMY, Policy, decide, joint_score, joint_signals
from framesift.types import Evidence, Signal

BY_NAME = {category.name: category for category in TAXONOMY}
PAIRS = [(rule, image, text) for rule in JOINT_RULES for image in rule.image for text in rule.text]


def seen(category: str, score: float, **more) -> Signal:
    return Signal(category, score, "zero-shot", evidence=Evidence(**more))


def said(category: str, score: float, part="caption", **more) -> Signal:
    return Signal(category, score, "text", part, Evidence(**more))


@pytest.mark.parametrize("rule", JOINT_RULES, ids=lambda rule: rule.name)
def test_rules_name_categories_that_pictures_and_texts_have(rule):
    assert all("image" in BY_NAME[name].applies_to for name in rule.image)
    assert all("text" in BY_NAME[name].applies_to for name in rule.text)
    assert rule.result in BY_NAME
    assert rule.why.endswith(".")


def test_names_and_pairs_of_a_result_are_different():
    assert len({rule.name for rule in JOINT_RULES}) == len(JOINT_RULES)
    results = [(image, text, rule.result) for rule, image, text in PAIRS]
    assert len(set(results)) == len(results)


@pytest.mark.parametrize(
    ("image", "text", "score"),
    [(0.5, 0.5, 0.95), (1.0, 1.0, 0.95), (0.9, 0.3, 0.89), (0.2, 0.6, 0.83), (1.0, 0.1, 0.68)],
)
def test_the_documented_scores(image, text, score):
    assert {round(joint_score(image, text, rule), 2) for rule in JOINT_RULES} == {score}
    assert {round(joint_score(0.3, 0.3, rule), 2) for rule in JOINT_RULES} == {0.78}


@pytest.mark.parametrize("rule", JOINT_RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize(
    ("image", "text", "reviewed"),
    [
        (0.5, 0.5, True),
        (0.6, 0.4, True),
        (0.4, 0.4, True),
        (1.0, 0.2, True),
        (0.2, 1.0, True),
        (0.3, 0.3, False),
        (1.0, 0.1, False),
        (0.1, 1.0, False),
        (1.0, 0.0, False),
        (0.0, 1.0, False),
    ],
)
def test_two_mid_scores_reach_review_and_one_alone_does_not(rule, image, text, reviewed):
    policy = Policy.moderation()
    (found,) = [
        signal
        for signal in joint_signals([seen(rule.image[0], image), said(rule.text[0], text)])
        if signal.evidence.prompt.startswith(f"{rule.name}:")
    ]
    assert (found.category, found.part, found.source) == (rule.result, "joint", "joint")
    quiet = [Signal(name, 0.0, "zero-shot") for name in policy.rules]
    verdict = decide([*quiet, found], policy)
    (label,) = [label for label in verdict.labels if label.name == rule.result]
    assert (label.action == "review") == reviewed
    assert label.action != "block"


def test_the_formula_is_the_documented_one():
    rule = JOINT_RULES[0]
    logit = lambda p: math.log(p / (1 - p))  # noqa: E731
    expected = min(logit(0.9), logit(rule.most)) + logit(0.45) + logit(rule.together)
    assert joint_score(0.9, 0.45, rule) == pytest.approx(1 / (1 + math.exp(-expected)))
    assert joint_score(0.5, 0.5, rule) == pytest.approx(rule.together)
    assert 0 <= joint_score(-math.inf, -3, rule) < joint_score(math.inf, 2, rule) <= 1


def test_evidence_says_what_was_seen_and_what_was_said():
    image = seen("weapons", 0.55, prompt="a rifle", time=Fraction(3, 2), tile=(0, 0, 0.5, 0.5))
    found = joint_signals([said("violence", 0.62, words="you will pay"), image])
    (threat,) = [signal for signal in found if signal.evidence.prompt.startswith("armed_threat")]
    assert threat.evidence == Evidence(
        "armed_threat: weapons 0.55 in the picture, violence 0.62 in the caption",
        Fraction(3, 2),
        (0, 0, 0.5, 0.5),
        "you will pay",
    )


def test_the_highest_of_several_scores_counts_and_words_in_the_picture_are_a_text():
    signals = [
        seen("weapons", 0.1),
        Signal("weapons", 0.4, "linear"),
        said("violence", 0.1),
        said("violence", 0.3, part="words"),
    ]
    (found,) = [x for x in joint_signals(signals) if x.category == "violence"]
    assert found.score == joint_score(0.4, 0.3, JOINT_RULES[0])
    assert found.evidence.prompt.endswith("violence 0.30 in the words")


def test_one_side_alone_and_what_is_no_number_give_nothing():
    assert joint_signals([]) == []
    assert joint_signals([seen("weapons", 1.0), seen("violence", 1.0)]) == []
    assert joint_signals([said("violence", 1.0), said("spam_scam", 1.0)]) == []
    assert joint_signals([seen("weapons", math.nan), said("violence", 1.0)]) == []
    listed = Signal("weapons", 1.0, "list", "list")
    assert joint_signals([listed, said("violence", 1.0)]) == []
