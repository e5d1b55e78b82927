"""`framesift video` before anything is read: where things go, names, and files that are there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import pytest

from framesift.cli.clip_files import place_new, time_in_name, usual_rate
from framesift.cli.clips import Wanted
from framesift.cli.video import plan_clips
from framesift.errors import ConfigError

NOTHING: dict[str, Any] = {
    "segments": None,
    "stop_on": None,
    "best_frames": None,
    "frame_format": None,
    "include_flagged": False,
    "sheet": None,
    "out": None,
    "clear": False,
}


def plan(*paths: str, **choices: Any) -> Wanted:
    return plan_clips(paths or ("clip.mp4",), {**NOTHING, **choices})


def test_without_options_a_summary_is_told() -> None:
    wanted = plan()

    assert wanted == Wanted()
    assert wanted.talks
    assert not wanted.pictures


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"segments": "srt"}, {}),
        ({"segments": "srt", "out": "-"}, {}),
        ({"segments": "srt", "out": "a.srt"}, {"file": Path("a.srt")}),
        ({"segments": "srt", "out": "new/"}, {"folder": Path("new")}),
        ({"best_frames": 5, "out": "posters"}, {"folder": Path("posters")}),
        ({"best_frames": 5, "segments": "vtt", "out": "both"}, {"folder": Path("both")}),
        ({"out": "r.html"}, {"file": Path("r.html"), "report": "html"}),
        ({"sheet": "s.png"}, {"sheet": Path("s.png")}),
        ({"sheet": "sheets/"}, {"sheet_folder": Path("sheets")}),
    ],
)
def test_everything_has_its_place(choices: dict[str, Any], expected: dict[str, Any]) -> None:
    wanted = plan(**choices)

    given = {name: getattr(wanted, name) for name in expected}
    assert given == expected
    rest = {"file", "folder", "report", "sheet", "sheet_folder"} - set(expected)
    assert not any(getattr(wanted, name) for name in rest)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"best_frames": 5}, "--out FOLDER"),
        ({"best_frames": 5, "out": "-"}, "--out - is for --segments alone"),
        ({"frame_format": "png"}, "--frame-format needs --best-frames"),
        ({"include_flagged": True}, "--include-flagged needs --best-frames"),
        ({"sheet": "sheet.jpg"}, "call it sheet.png"),
        ({"out": "somewhere/"}, "--segments or --best-frames"),
    ],
)
def test_what_cannot_be_meant_is_refused(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        plan(**choices)


@pytest.mark.parametrize("paths", [("a.mp4", "b.mp4"), ("*.mp4",), (".",)])
def test_several_videos_need_folders(paths: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError, match="give --out FOLDER"):
        plan(*paths, segments="srt")
    with pytest.raises(click.UsageError, match="name a folder"):
        plan(*paths, sheet="s.png")
    assert plan(*paths, segments="srt", out="new").folder == Path("new")


def test_a_report_needs_an_extension_that_stands_for_one() -> None:
    with pytest.raises(ConfigError, match="names no report format"):
        plan(out="clip.xyz")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "posters").write_bytes(b"mine")

    with pytest.raises(click.UsageError, match="is a file"):
        plan(best_frames=1, out=str(tmp_path / "posters"))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (Fraction(0), "00m00.000s"),
        (Fraction(1001, 80), "00m12.512s"),
        (Fraction(59_9996, 10_000), "01m00.000s"),
        (Fraction(7325), "02h02m05.000s"),
        (Fraction(-1, 2), "-00m00.500s"),
    ],
)
def test_times_in_names_sort_and_suit_every_file_system(time: Fraction, expected: str) -> None:
    assert time_in_name(time) == expected
    assert not set(time_in_name(time)) & set('<>:"/\\|?*')


NTSC = Fraction(30_000, 1001)


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        ([n / NTSC for n in range(50)], NTSC),
        ([n / NTSC for n in range(50) if n not in {17, 18, 40}], NTSC),
        ([Fraction(round(1000 * n / NTSC), 1000) for n in range(301) if n != 17], NTSC),
        ([Fraction(n * n, 100) for n in range(11)], Fraction(10)),
        ([Fraction(5), Fraction(6)], Fraction(1)),
    ],
)
def test_dropped_frames_do_not_change_the_rate(times: list[Fraction], rate: Fraction) -> None:
    found = usual_rate(times)
    assert found is not None
    assert abs(found / rate - 1) < Fraction(1, 10_000)


def test_a_single_frame_has_no_rate() -> None:
    assert usual_rate([Fraction(3)]) is None
    assert usual_rate([]) is None


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    first = place_new(folder, "a-00m01.000s.jpg", b"one")
    same = place_new(folder, "a-00m01.000s.jpg", b"one")
    other = place_new(folder, "a-00m01.000s.jpg", b"two")
    again = place_new(folder, "a-00m01.000s.jpg", b"two")

    assert first == (folder / "a-00m01.000s.jpg", True)
    assert same == (folder / "a-00m01.000s.jpg", False)
    assert other == (folder / "a-00m01.000s (2).jpg", True)
    assert again == (other[0], False)
    assert sorted(item.read_bytes() for item in folder.iterdir()) == [b"one", b"two"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ConfigError, match="cannot be written"):
        place_new(tmp_path / "file" / "sub", "a.jpg", b"")
