"""Verdicts with all their reasons, for people."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from framesift.reports import write_report
from framesift.types import Evidence, Failure, LabelScore, Problem, Tag, TextAnalysis, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.types import Action, Analysis

GUN = LabelScore(
    "weapons", 0.91, 0.5, flagged=True, source="zero-shot", action="review",
    evidence=Evidence("a photo of a pistol", tile=(0.0, 0.45, 0.55, 1.0)),
)  # fmt: skip
SCAM = LabelScore(
    "spam_scam", 0.97, 0.9, flagged=True, source="text", part="caption", action="block",
    evidence=Evidence(words="free prize"),
)  # fmt: skip


def written(*items: object) -> list[str]:
    out = io.StringIO()
    write_report(items, out, format="reasons")
    return out.getvalue().splitlines()


def test_every_flag_is_named_the_gravest_first(make_analysis: Callable[..., Analysis]) -> None:
    verdict = Verdict("block", (GUN, SCAM), "p@1", (Tag("toy", 0.8), Tag("art", 0.1)))

    assert written(make_analysis("a.jpg", moderation=verdict)) == [
        "block    a.jpg",
        "         spam scam 0.97 (caption; words 'free prize')",
        "         weapons 0.91 (image, tile lower left; prompt 'a photo of a pistol')",
        "         context: toy 0.80",
    ]


def test_a_text_is_called_a_text() -> None:
    lines = written(TextAnalysis("text", "a" * 64, Verdict("block", (SCAM,), "p@1")))

    assert lines == ["block    text", "         spam scam 0.97 (text; words 'free prize')"]


@pytest.mark.parametrize(("action", "told"), [("review", "to review"), ("block", "blocked")])
def test_a_failure_says_what_follows(action: str, told: str) -> None:
    failure = Failure("a.jpg", Problem("CorruptMediaError", "a.jpg: cut off"), action=action)

    assert written(failure) == ["failed   a.jpg", f"         cut off ({told})"]


def test_several_items_end_with_their_counts(make_analysis: Callable[..., Analysis]) -> None:
    calm = make_analysis("a.jpg", moderation=Verdict("allow", (), "p@1"))

    lines = written(calm, calm)

    assert lines[:2] == ["allow    a.jpg"] * 2
    assert lines[-1].startswith("2 files: ")


def test_long_reasons_are_wrapped_to_the_width(
    make_analysis: Callable[..., Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    verdict = Verdict("review", (GUN,), "p@1")

    lines = written(make_analysis("a.jpg", moderation=verdict))

    assert len(lines) > 2
    assert all(len(line) < 40 for line in lines)
    assert " ".join(line.strip() for line in lines[1:]).endswith("'a photo of a pistol')")


def foreign(action: Action) -> LabelScore:
    return LabelScore(
        "unknown_language", 1.0, 1.0, flagged=action != "allow", source="text", part="caption",
        action=action, evidence=Evidence("not English: unmeasured"),
    )  # fmt: skip


@pytest.mark.parametrize("action", ["allow", "review"])
def test_that_a_text_could_not_be_judged_is_said_whatever_follows(action: Action) -> None:
    found = TextAnalysis("text", "a" * 64, Verdict(action, (foreign(action),), "p@1"))

    assert written(found) == [f"{action:<8} text", "         not English: unmeasured"]
    for format_ in ("table", "csv"):
        out = io.StringIO()
        write_report([found], out, format=format_)
        assert "not English: unmeasured" in out.getvalue()


def test_of_a_picture_it_is_said_which_text(make_analysis: Callable[..., Analysis]) -> None:
    verdict = Verdict("review", (GUN, foreign("allow")), "p@1")

    assert written(make_analysis("a.jpg", moderation=verdict))[1:] == [
        "         weapons 0.91 (image, tile lower left; prompt 'a photo of a pistol')",
        "         not English: unmeasured (caption)",
    ]


def test_a_verdict_that_judges_nothing_says_so(make_analysis: Callable[..., Analysis]) -> None:
    nothing = Verdict("review", (), "p@1")

    assert written(TextAnalysis("text", "a" * 64, nothing)) == [
        "review   text",
        "         this policy judges nothing in texts",
    ]
    (_, line) = written(make_analysis("a.jpg", moderation=nothing))
    assert line == "         this policy judges nothing in pictures"
