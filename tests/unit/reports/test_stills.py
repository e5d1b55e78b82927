"""Which pictures of a video a page holds, and that harm is blurred in its very bytes."""

from __future__ import annotations

import base64
import itertools
import json
import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from framesift.reports import ReportHeader, html, write_report
from framesift.reports.stills import STILLS_PER_VIDEO, stills, stills_json
from framesift.types import Poster, Segment, Shot, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Analysis, Failure

SECOND = Fraction(1)


@pytest.fixture
def clip(make_analysis: Callable[..., Analysis], timeline: Timeline) -> Analysis:
    return make_analysis("clip.mp4", kind="video", action="block", timeline=timeline)


def page_of(tmp_path: Path, *items: Analysis | Failure, clear: bool = False) -> str:
    write_report(items, tmp_path / "r.html", header=ReportHeader(clear=clear))
    return (tmp_path / "r.html").read_text("utf-8")


def rows(page: str, place: int) -> list[dict[str, object]]:
    (found,) = re.findall(rf'id="stills-{place}">(.*?)</script>', page)
    data: list[dict[str, object]] = json.loads(found)
    return data


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def many(count: int, *segments: Segment, shots: int = 1) -> Timeline:
    each = Fraction(count, shots)
    return Timeline(
        Fraction(0),
        Fraction(count),
        tuple(n * SECOND for n in range(count)),
        segments=segments,
        shots=tuple(Shot(n * each, (n + 1) * each) for n in range(shots)),
        posters=tuple(Poster(n * SECOND, b"%d" % n) for n in range(count)),
    )


def test_a_harmful_moment_is_in_the_page_only_blurred(clip: Analysis, tmp_path: Path) -> None:
    page = page_of(tmp_path, clip)

    assert rows(page, 0)[-1] == {"t": 7.5, "p": encoded(b"soft-blow"), "h": 1}
    assert encoded(b"clear-blow") not in page


def test_a_moment_within_a_harmful_stretch_is_hidden_even_without_a_blurred_picture(
    clip: Analysis, tmp_path: Path
) -> None:
    page = page_of(tmp_path, clip)

    assert rows(page, 0)[0] == {"t": 0.5, "h": 1}, "weapons, to review, at the very start"
    assert encoded(b"start") not in page


def test_clear_pictures_are_there_where_they_were_asked_for(clip: Analysis, tmp_path: Path) -> None:
    last = rows(page_of(tmp_path, clip, clear=True), 0)[-1]

    assert last == {"t": 7.5, "p": encoded(b"soft-blow"), "c": encoded(b"clear-blow"), "h": 1}


def test_where_no_stretch_says_why_every_moment_is_hidden(clip: Analysis) -> None:
    assert clip.timeline is not None
    known = replace(clip, timeline=replace(clip.timeline, segments=clip.timeline.segments[1:2]))

    assert [(one.jpeg, one.hidden) for one in stills(known)] == [(None, True), (b"soft-blow", True)]


def test_an_allowed_video_shows_what_is_in_it(
    make_analysis: Callable[..., Analysis],
) -> None:
    found = stills(make_analysis(kind="video", timeline=many(3)))

    assert [(one.jpeg, one.hidden) for one in found] == [
        (b"0", False),
        (b"1", False),
        (b"2", False),
    ]
    assert json.loads(stills_json(found))[1] == {"t": 1.0, "p": encoded(b"1")}


def test_of_many_the_gravest_moments_and_an_even_spread_are_kept(
    make_analysis: Callable[..., Analysis],
) -> None:
    harm = Segment("violence", 401 * SECOND, 409 * SECOND, 0.9, 403 * SECOND, action="allow")
    found = stills(make_analysis(kind="video", timeline=many(600, harm, shots=20)))

    times = [int(one.time) for one in found]
    assert len(times) == STILLS_PER_VIDEO
    assert times == sorted(set(times))
    assert 403 in times
    assert set(range(0, 600, 30)) <= set(times), "every shot's first moment"
    assert max(b - a for a, b in itertools.pairwise(times)) <= 30


def test_hundreds_of_shots_leave_room_for_the_spread(
    make_analysis: Callable[..., Analysis],
) -> None:
    times = [one.time for one in stills(make_analysis(timeline=many(600, shots=500)))]

    assert len(times) == STILLS_PER_VIDEO
    assert times[-1] > 550


def test_stills_count_in_the_pages_budget(
    clip: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "THUMBNAIL_BUDGET_BYTES", 8)
    page = page_of(tmp_path, clip)

    assert "stills-0" not in page
    assert "thumbnails were left out" in page


def test_the_card_draws_the_time_and_says_when(clip: Analysis, tmp_path: Path) -> None:
    page = page_of(tmp_path, clip)

    (strip,) = re.findall(r'<svg class="strip".*?</svg>', page)
    assert "0:06-0:09 violence 0.93 block; 0:00.5-0:02.0 weapons 0.71 review" in strip
    assert re.findall(r'rect class="(\w+)" x="([\d.]+)"', strip) == [
        ("fault", "200.0"),
        ("review", "0.0"),
        ("block", "480.0"),
    ]
    points = re.findall(r"(\d+),(\d+)", strip.split('points="')[1])
    assert len(points) == 13
    assert (points[0][0], points[-1][0]) == ("0", "1000"), "from end to end"
    assert points[-1][1] == points[-2][1]
    assert int(points[0][1]) < int(points[-1][1]), "quality falls, so the line goes down"


def test_names_from_policies_cannot_break_the_card(
    clip: Analysis, timeline: Timeline, tmp_path: Path
) -> None:
    bad = replace(timeline.segments[0], label='"><script>alert(1)</script>')
    page = page_of(tmp_path, replace(clip, timeline=replace(timeline, segments=(bad,))))

    assert "<script>alert" not in page


def test_stills_and_failures_have_neither(
    make_analysis: Callable[..., Analysis], failure: Failure, tmp_path: Path
) -> None:
    page = page_of(tmp_path, make_analysis(), failure)

    assert 'class="strip"' not in page
    assert 'id="stills-' not in page
