"""The page of a measured policy: complete, and safe whatever the names."""

from __future__ import annotations

import math

from framesift.policies.measure import Outcome, measure_policy
from framesift.policies.rates import Rate
from framesift.reports import ReportHeader
from framesift.reports.parts import PageFacts, Picture
from framesift.reports.policy_page import percent, policy_page
from framesift.types import LabelScore, Verdict

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def outcome(score: float, action: str, name: str, *, actual: bool, group: int) -> Outcome:
    label = LabelScore(
        name, score, 0.5, flagged=action != "allow", source="zero-shot", action=action
    )
    return Outcome({name: actual}, Verdict(action, (label,), "p@1"), "image", group)


def page(name: str) -> str:
    outcomes = [
        outcome(0.9, "block", name, actual=True, group=1),
        outcome(0.7, "review", name, actual=False, group=2),
        outcome(0.1, "allow", name, actual=False, group=3),
    ]
    miss = Picture(name, name, name, far=True, note=name, thumbnail=b"jpeg")
    text = Picture(name, name, name, excerpt=name)
    facts = PageFacts(header=ReportHeader(name, arguments=(name,), notice=name), source=name)
    return policy_page(name, measure_policy(outcomes, [name]), facts, ([miss], [text]))


def test_the_page_has_every_figure() -> None:
    text = page("weapons").replace("&nbsp;", " ")

    for told in (
        "Measured on 3 labelled examples",
        "<td>image</td>",
        "50.0 % (1.3 to 98.7)",
        "1.000",
        "Expected calibration error",
        "Harmful, but allowed",
        "Benign, but flagged",
    ):
        assert told in text
    assert text.count("<circle") == 3


def test_a_text_shows_its_words_where_a_picture_shows_its_thumbnail() -> None:
    outcomes = [outcome(0.1, "allow", "spam_scam", actual=True, group=1)]
    misses = [
        Picture("s.txt", "spam_scam", "allow", excerpt="Buy <now>"),
        Picture("unread.jpg", "spam_scam", "allow"),
    ]
    text = policy_page("p@1", measure_policy(outcomes, ["spam_scam"]), PageFacts(), (misses, []))

    assert '<q dir="auto">Buy &lt;now&gt;</q>' in text
    assert text.count("No thumbnail") == 1


def test_names_never_become_markup() -> None:
    text = page(ATTACK)

    assert "<script" not in text
    assert "<img src=x" not in text
    assert "&lt;/script&gt;" in text


def test_a_rate_of_nothing_is_a_dash() -> None:
    assert percent(Rate(math.nan, 0, 1, 0, 0)) == "-"
    assert percent(Rate(0.5, 0.25, 0.75, 2, 4)) == "50.0 % (25.0 to 75.0)"
