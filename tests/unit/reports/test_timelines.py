"""What records and texts say of a video's time."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from framesift.reports import to_json, to_record, write_report
from framesift.reports.timelines import clock, faults, gap_line, harms, segment_line, span
from framesift.types import Curve, Segment, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Analysis


@pytest.fixture
def clip(make_analysis: Callable[..., Analysis], timeline: Timeline) -> Analysis:
    return make_analysis("clip.mp4", kind="video", action="block", timeline=timeline)


def written(item: Analysis, format: str) -> str:
    out = io.StringIO()
    write_report([item], out, format=format)
    return out.getvalue()


def test_the_record_of_a_timeline_is_the_documented_one(clip: Analysis) -> None:
    record = to_record(clip)["timeline"]

    assert {key: record[key] for key in list(record)[:7]} == {
        "start_s": 0.5,
        "end_s": 13.0,
        "sampler": "adaptive:fps=1,max=600",
        "moments": 12,
        "longest_gap_s": 1.5,
        "watched_s": 10.0,
        "stopped_s": None,
    }
    assert record["times_s"][:2] == [0.5, 1.5]
    assert record["shots"][1] == {"start_s": 6.0, "end_s": 13.0}
    assert record["segments"][2] == {
        "label": "violence",
        "kind": "harm",
        "start_s": 6.5,
        "end_s": 9.5,
        "peak": 0.93,
        "peak_time_s": 7.5,
        "action": "block",
        "source": "zero-shot",
        "part": "image",
    }


def test_only_curves_that_somebody_draws_are_kept(clip: Analysis) -> None:
    curves = to_record(clip)["timeline"]["curves"]

    assert [(curve["label"], curve["threshold"]) for curve in curves] == [
        ("quality", None),
        ("violence", 0.5),
    ]
    assert curves[1]["values"][7] == 0.93


def test_a_moment_without_a_number_is_null_and_the_record_stays_json(
    clip: Analysis, timeline: Timeline
) -> None:
    values = np.full(12, np.nan, np.float32)
    peak = Segment("odd", Fraction(1), Fraction(2), float("nan"), Fraction(1))
    curves = (Curve("quality", "head", values, float("nan")),)
    record = to_record(replace(clip, timeline=replace(timeline, curves=curves, segments=(peak,))))

    assert record["timeline"]["curves"][0]["values"] == [None] * 12
    assert record["timeline"]["curves"][0]["threshold"] is None
    assert "odd unscored allow" in segment_line(record["timeline"]["segments"][0])
    assert json.loads(to_json(record)) == record


def test_stills_texts_and_failures_have_no_timeline(
    make_analysis: Callable[..., Analysis], failure: Any
) -> None:
    assert to_record(make_analysis())["timeline"] is None
    assert to_record(failure)["timeline"] is None
    assert harms(to_record(failure)) == faults(to_record(failure)) == []


def test_the_gravest_segment_comes_first(clip: Analysis) -> None:
    record = to_record(clip)

    assert [one["label"] for one in harms(record)] == ["violence", "weapons"]
    assert [one["label"] for one in faults(record)] == ["freeze"]


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (12.0, 15.0, "0:12-0:15"),
        (12.96, 75.999, "0:12-1:15"),
        (0.04, 0.96, "0:00.0-0:01.0"),
        (59.97, 60.5, "1:00.0-1:00.5"),
        (3599.9999999, 3725.0, "1:00:00-1:02:05"),
    ],
)
def test_spans_read_like_a_players_clock(start_s: float, end_s: float, expected: str) -> None:
    assert span(start_s, end_s) == expected
    assert expected.startswith(clock(start_s, tenths="." in expected))


def test_the_table_says_below_a_video_when_it_happens(clip: Analysis) -> None:
    lines = written(clip, "table").splitlines()

    assert lines[2] == "  harm 0:06-0:09 violence 0.93 block; 0:00.5-0:02.0 weapons 0.71 review"


def test_the_table_says_nothing_of_harmless_videos(clip: Analysis, timeline: Timeline) -> None:
    calm = replace(clip, timeline=replace(timeline, segments=timeline.segments[1:2]))

    assert "harm" not in written(calm, "table")


def test_the_reasons_name_every_stretch_and_what_was_not_seen(clip: Analysis) -> None:
    lines = [line.strip() for line in written(clip, "reasons").splitlines()]

    assert lines[-4:] == [
        "0:00.5-0:02.0 weapons 0.71 review (image; peak at 0:00.5)",
        "0:06-0:09 violence 0.93 block (image; peak at 0:07.5)",
        "0:03.0-0:05.0 freeze",
        gap_line(to_record(clip)["timeline"]),
    ]
    assert lines[-1] == (
        "12 moments; longest stretch unseen 1.50 s; every frame compared in 10.0 of 12.5 s"
    )


def test_a_reading_that_was_given_up_says_where(clip: Analysis, timeline: Timeline) -> None:
    record = to_record(replace(clip, timeline=replace(timeline, stopped=Fraction(15, 2))))

    assert record["timeline"]["stopped_s"] == 7.5
    assert gap_line(record["timeline"]).endswith("; stopped at 0:07.5")


def test_hundreds_of_stretches_do_not_flood_the_reasons(clip: Analysis, timeline: Timeline) -> None:
    many = tuple(
        Segment("violence", Fraction(n), Fraction(n + 1), 0.9, Fraction(n)) for n in range(100)
    )
    lines = written(replace(clip, timeline=replace(timeline, segments=many)), "reasons")

    assert "and 60 more stretches" in lines
    assert len(lines.splitlines()) < 60


def test_csv_has_the_stretches_and_the_worst_of_them(clip: Analysis) -> None:
    (row,) = csv.DictReader(io.StringIO(written(clip, "csv")))

    assert row["harm_segments"] == "weapons=0.5..2.0; violence=6.5..9.5"
    assert (row["faults"], row["shots"], row["moments"]) == ("freeze=3.0..5.0", "2", "12")
    assert row["longest_gap_s"] == "1.5"
    names = ("segment", "start_s", "end_s", "peak", "action")
    worst = ["violence", "6.5", "9.5", "0.93", "block"]
    assert [row[f"worst_{name}"] for name in names] == worst


def test_parquet_gives_the_timeline_back(clip: Analysis, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_report([clip], tmp_path / "r.parquet")

    (row,) = parquet.read_table(tmp_path / "r.parquet").to_pylist()
    assert row == to_record(clip)
