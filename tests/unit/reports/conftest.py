"""Results to write: pictures, videos and failures, made without any file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from framesift.types import (
    Analysis,
    Failure,
    LabelScore,
    MediaInfo,
    ModelInfo,
    Problem,
    Quality,
    Tag,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = ModelInfo(name="starter", fingerprint="0123456789abcdef", precision="fp32")
LABELS = (
    LabelScore("violence", 0.12, 0.5, flagged=False, source="zero-shot"),
    LabelScore("weapons", 0.87654321, 0.6, flagged=True, source="zero-shot"),
)


@pytest.fixture(scope="session")
def make_analysis() -> Callable[..., Analysis]:
    """Make an analysis: ``make(path, score, action=..., kind=..., **fields)``."""

    def make(
        path: str = "holiday/beach.jpg",
        score: float | None = 7.25,
        *,
        action: str | None = "allow",
        kind: str = "image",
        **fields: Any,
    ) -> Analysis:
        seconds = None if kind == "image" else Fraction(25, 2)
        info = MediaInfo(path, "ab" * 32, kind, "jpeg", 4000, 3000, seconds)
        quality = None
        if score is not None:
            quality = Quality(score, max(0.0, score - 1), min(10.0, score + 1), "starter-ridge")
        verdict = None if action is None else Verdict(action, LABELS, "default@0011aabb")
        made = Analysis(info, quality, verdict, (Tag("dog", 0.8), Tag("cat", 0.2)), MODEL)
        return replace(made, **fields)

    return make


@pytest.fixture(scope="session")
def failure() -> Failure:
    """Return a file that could not be read."""
    problem = Problem("CorruptMediaError", "holiday/broken.jpg: the file ends after 312 bytes")
    return Failure("holiday/broken.jpg", problem, "cd" * 32, "default@0011aabb", MODEL)


@pytest.fixture(autouse=True)
def _no_terminal_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no width of the caller's terminal change how tables are laid out."""
    monkeypatch.delenv("COLUMNS", raising=False)
