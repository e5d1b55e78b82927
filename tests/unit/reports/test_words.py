"""What is said of a verdict, the same on the screen and on the page."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from framesift.reports import to_record
from framesift.reports.words import place, reason, reasons, trouble
from framesift.types import Evidence, LabelScore, Problem, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.types import Analysis

GUN = LabelScore(
    "weapons",
    0.91,
    0.5,
    flagged=True,
    source="zero-shot",
    action="review",
    evidence=Evidence("a photo of a pistol", tile=(0.0, 0.45, 0.55, 1.0)),
)
SCAM = LabelScore(
    "spam_scam",
    0.97,
    0.9,
    flagged=True,
    source="text",
    part="words",
    action="block",
    evidence=Evidence("money", words="free prize"),
)


def told(make: Callable[..., Analysis], *labels: LabelScore) -> list[str]:
    return reasons(to_record(make(moderation=Verdict("review", labels, "p@1"))))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (GUN, "weapons 0.91 (image, tile lower left; prompt 'a photo of a pistol')"),
        (SCAM, "spam scam 0.97 (words; pattern 'money'; words 'free prize')"),
        (replace(GUN, evidence=Evidence()), "weapons 0.91 (image; by zero-shot)"),
        (
            replace(GUN, evidence=Evidence("a gun", time=Fraction(75))),
            "weapons 0.91 (image, at 1:15; prompt 'a gun')",
        ),
        (
            replace(GUN, softened="medical", evidence=Evidence("a gun")),
            "weapons 0.91 (image; prompt 'a gun'; milder for medical)",
        ),
        (
            replace(GUN, name="block_list", part="list", evidence=Evidence("pdq:12ab")),
            "block list 0.91 (known hash; entry 'pdq:12ab')",
        ),
    ],
)
def test_a_reason_says_what_where_and_why(
    make_analysis: Callable[..., Analysis], label: LabelScore, expected: str
) -> None:
    assert told(make_analysis, label) == [expected]


def test_the_gravest_action_comes_first_whatever_the_scores(
    make_analysis: Callable[..., Analysis],
) -> None:
    nearly = replace(SCAM, score=0.901)
    calm = replace(GUN, name="gore", score=0.1, flagged=False, action="allow")

    assert [line.split()[0] for line in told(make_analysis, calm, GUN, nearly)] == [
        "spam",
        "weapons",
    ]
    both = make_analysis(moderation=Verdict("block", (GUN, nearly), "p@1"))
    assert reason(to_record(both)).endswith("words 'free prize') and 1 more")


def test_an_error_goes_before_every_flag(make_analysis: Callable[..., Analysis]) -> None:
    cut = make_analysis(
        moderation=Verdict("review", (GUN,), "p@1"), error=Problem("CorruptMediaError", "cut off")
    )

    assert reason(to_record(cut)) == "incomplete: cut off"


def test_evidence_cannot_steer_a_terminal(make_analysis: Callable[..., Analysis]) -> None:
    bad = replace(SCAM, evidence=Evidence("\x1b[31m", words="a\u202eb\n"))

    (line,) = told(make_analysis, bad)

    assert line.isprintable()


@pytest.mark.parametrize(
    ("tile", "expected"),
    [
        ((0.0, 0.0, 0.6, 0.6), "upper left"),
        ((0.4, 0.4, 1.0, 1.0), "lower right"),
        ((0.2, 0.2, 0.8, 0.8), "centre"),
        ((0.0, 0.2, 0.5, 0.8), "middle left"),
        ((0.2, 0.0, 0.8, 0.5), "upper middle"),
    ],
)
def test_a_tile_has_a_place_in_words(
    tile: tuple[float, float, float, float], expected: str
) -> None:
    assert place(tile) == expected


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("a.mp4: is empty", "is empty"),
        ("a.mp4 (at 2.700 s): is broken; get a new copy", "at 2.700 s: is broken; get a new copy"),
        ("the model gave no\n number", "the model gave no number"),
        ("a.mp4", ""),
    ],
)
def test_trouble_is_told_without_the_path(message: str, told: str) -> None:
    assert trouble({"path": "a.mp4", "error": {"message": message}}) == told
