"""A block of lines per video, for people."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.reports.clip import ClipWriter
from framesift.types import Curve, Problem, Quality, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.types import Analysis, Failure


@pytest.fixture
def clip(make_analysis: Callable[..., Analysis], timeline: Timeline) -> Analysis:
    parts = (("sharpness", 5.1), ("steadiness", 9.0), ("flow", 2.0))
    quality = Quality(6.41, 5.6, 7.1, "head", parts=parts, words="soft; a freeze of 2 s")
    return make_analysis(
        "clip.mp4", kind="video", action="block", timeline=timeline, quality=quality
    )


def written(*items: Analysis | Failure, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, newline="")
    with ClipWriter(out) as writer:
        for item in items:
            writer.write(item)
    out.flush()
    return raw.getvalue().decode(encoding).splitlines()


def test_everything_a_person_asks_of_a_video(clip: Analysis) -> None:
    lines = written(clip)

    assert lines[0] == "clip.mp4   0:12, 4000 x 3000, starts at 0:00.5"
    assert lines[1] == "  quality   6.4 of 10, likely 5.6 to 7.1: soft; a freeze of 2 s"
    assert lines[2] == "            bad: flow 2.0; fair: sharpness 5.1; excellent: steadiness 9.0"
    assert lines[3] == "  verdict   block"
    assert lines[-5:] == [
        "  harm      0:00.5-0:02.0 weapons 0.71 review (peak at 0:00.5)",
        "            0:06-0:09 violence 0.93 block (peak at 0:07.5)",
        "  faults    0:03.0-0:05.0 freeze",
        "  shots     2 shots, 5.5 to 7.0 s long",
        "  seen      12 moments; longest stretch unseen 1.50 s; every frame compared in 10.0 of "
        "12.5 s",
    ]


def test_the_picture_of_its_time_lines_up(clip: Analysis) -> None:
    lines = written(clip)
    (curve,) = [line for line in lines if line.startswith("  timeline")]
    lane, axis = lines[lines.index(curve) + 1 :][:2]

    assert len(curve) == 12 + 72
    assert curve[12] > curve[-1], "quality falls"
    assert lane[12:20] == "▒" * 8, "weapons in the first 1.5 of 12.5 s"
    assert lane.count("█") == pytest.approx(3 / 12.5 * 72, abs=1)
    assert lane.index("█") - 12 == int(6 / 12.5 * 72)
    assert axis.split() == ["0:00.5", "0:13.0"]
    assert axis.endswith("0:13.0")
    assert len(axis) == len(curve)


def test_a_screen_without_unicode_gets_a_picture_too(clip: Analysis) -> None:
    lines = written(clip, encoding="ascii")

    assert any(set("#=.") & set(line) for line in lines)
    assert any("#" * 10 in line for line in lines), "violence, blocked"


def test_a_calm_video_and_an_unscored_one(clip: Analysis, timeline: Timeline) -> None:
    unscored = Curve("quality", "head", np.full(12, np.nan, np.float32))
    calm = replace(
        clip, quality=None, moderation=None,
        timeline=replace(timeline, segments=(), curves=(unscored,)),
    )  # fmt: skip
    lines = written(calm)

    assert not [line for line in lines if "harm" in line or "quality" in line]
    assert any(line.startswith("  seen") for line in lines)


def test_what_is_cut_off_and_what_failed_say_so(clip: Analysis, failure: Failure) -> None:
    cut = replace(clip, error=Problem("CorruptMediaError", "clip.mp4: broken at 0:09"))
    lines = written(cut, failure)

    assert lines[1] == "  problem   broken at 0:09"
    assert any(line.startswith("failed") for line in lines)
    assert lines[-1].startswith("2 files:")
