"""What is written is read back by a small parser of each format."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.errors import ConfigError
from framesift.reports.edl import reel_name
from framesift.reports.segments import (
    SEGMENT_FORMATS,
    SegmentSheet,
    render_segments,
    write_segments,
)
from framesift.reports.timecode import Timecode
from framesift.types import Curve, Segment, Shot, Timeline

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600
NTSC = Fraction(30000, 1001)
STRANGE = 'caf\u00e9 \u2600 <i>a</i> & b --> {\\an8} "x"'


def segment(
    label: str, start: float | Fraction, end: float | Fraction, peak: float = 0.93, **more: object
) -> Segment:
    first = Fraction(start)
    values = {"action": "review", "source": "zero-shot", "peak_time": first, **more}
    return Segment(label, first, Fraction(end), peak, **values)


def timeline(*segments: Segment) -> Timeline:
    ordered = tuple(sorted(segments, key=lambda one: one.start))
    end = max((one.end for one in segments), default=Fraction(1))
    values = np.array([5.0], np.float32)
    return Timeline(
        Fraction(0),
        end,
        (Fraction(0),),
        (Curve("quality", "technical", values),),
        ordered,
        (Shot(Fraction(0), end),),
    )


SAMPLE = timeline(
    segment("violence", 1, "2.5", action="block", peak_time=Fraction(2)),
    segment("weapons", 2, 4),
    segment("freeze", "2.25", 3, 0.5, kind="fault", action="allow", source=""),
    segment("violence", 3, HOUR + Fraction(1, 1000), math.nan),
    segment(STRANGE, 100 * HOUR, 101 * HOUR + Fraction("61.25"), kind="tag", action="allow"),
)
SHORT = replace(SAMPLE, segments=SAMPLE.segments[:4])


def seconds_of(clock: str) -> Fraction:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return int(hours) * HOUR + int(minutes) * 60 + Fraction(rest)


CUE = re.compile(r"(\d\d+:\d\d:\d\d[.,]\d{3}) --> (\d\d+:\d\d:\d\d[.,]\d{3})( \S.*)?")


def cues_of(text: str) -> list[tuple[int, Fraction, Fraction, str]]:
    """Read SRT, or the cues of WebVTT: blocks between empty lines that have a line of times."""
    found = []
    for block in text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        if len(lines) > 1 and (times := CUE.fullmatch(lines[1])):
            number, content = int(lines[0]), "\n".join(lines[2:])
            found.append((number, seconds_of(times[1]), seconds_of(times[2]), content))
    return found


EVENT = re.compile(r"(\d{3,})  (\S{1,8}) +(V\d*) +C +(\S+) (\S+) (\S+) (\S+)")


def events_of(text: str) -> list[tuple[str, str, list[str], list[str]]]:
    """Read the events of an edit list: reel, track, times, comments."""
    found: list[tuple[str, str, list[str], list[str]]] = []
    for line in text.splitlines():
        if match := EVENT.fullmatch(line):
            assert int(match[1]) == len(found) + 1
            found.append((match[2], match[3], list(match.groups()[3:]), []))
        elif line.startswith("* "):
            found[-1][3].append(line[2:])
    return found


def test_srt_says_what_leads_to_what_and_when():
    cues = cues_of(render_segments(SAMPLE, "srt"))
    assert [cue[0] for cue in cues] == [1, 2, 3, 4, 5]
    assert [cue[1:3] for cue in cues] == [(one.start, one.end) for one in SAMPLE.segments]
    assert [cue[3] for cue in cues[:4]] == [
        "[block] violence 0.93",
        "[review] weapons 0.93",
        "[fault] freeze 0.50",
        "[review] violence unscored",
    ]
    assert not set("<>{}") & set(cues[4][3])
    assert "caf\u00e9 \u2600" in cues[4][3]


def test_vtt_begins_as_it_must_and_comes_back_unescaped():
    text = render_segments(SAMPLE, "vtt", SegmentSheet("a --> b <x>.mp4", "p@12345678"))
    blocks = text.split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert blocks[1].startswith("NOTE\n")
    assert "p@12345678" in blocks[1]
    assert "-->" not in blocks[1]
    cues = cues_of(text)
    assert [cue[1:3] for cue in cues] == [(one.start, one.end) for one in SAMPLE.segments]
    plain = []
    for cue in cues:
        inner = re.fullmatch(r"<c\.(\w+)\.(\w+)>([^<>]*)</c>", cue[3])
        assert inner
        unescaped = inner[3].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        plain.append((inner[1], unescaped))
        assert inner[2] in ("red", "yellow", "lime", "cyan", "white")
    assert plain[0] == ("block", "[block] violence 0.93")
    assert plain[4] == ("tag", f"[tag] {STRANGE} 0.93")


def test_json_has_everything_and_says_its_version():
    sheet = SegmentSheet("clip.mp4", "p@12345678", origin=Fraction(1, 2))
    document = json.loads(render_segments(SAMPLE, "json", sheet))
    assert (document["schema"], document["path"], document["origin_s"]) == (1, "clip.mp4", 0.5)
    inside = document["timeline"]
    assert [one["label"] for one in inside["segments"]] == [one.label for one in SAMPLE.segments]
    assert inside["segments"][0]["start_s"] == 0.5
    assert inside["segments"][0]["peak_time_s"] == 1.5
    assert inside["segments"][3]["peak"] is None
    assert inside["shots"][0]["start_s"] == inside["times_s"][0] == inside["start_s"] == -0.5


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), NTSC, Fraction(60000, 1001)])
def test_an_edit_list_comes_back_within_half_a_frame(rate):
    text = render_segments(SHORT, "edl", SegmentSheet("my clip.mp4", rate=rate))
    code = Timecode.of(rate)
    lines = text.splitlines()
    assert lines[0] == "TITLE: my clip.mp4"
    assert lines[1] == ("FCM: DROP FRAME" if code.drop else "FCM: NON-DROP FRAME")
    events = events_of(text)
    assert len(events) == 4
    for one, (reel, _, times, comments) in zip(SHORT.segments, events, strict=True):
        assert reel == "MYCLIP"
        assert times[:2] == times[2:]
        for said, meant in zip(times, (one.start, one.end), strict=False):
            assert abs(frame_of(said, code) / code.rate - meant) <= 1 / (2 * code.rate)
        assert comments[0] == "FROM CLIP NAME: my clip.mp4"
        assert one.label in comments[1]
        marker = re.fullmatch(r"LOC: (\S+) (RED|YELLOW|CYAN) +(.+)", comments[2])
        assert marker
        assert one.label in marker[3]
        first, marked, end = (frame_of(one, code) for one in (times[0], marker[1], times[1]))
        assert first <= marked < end
        assert abs(marked / code.rate - one.peak_time) <= 1 / (2 * code.rate)
    assert "peak 0.9300" in events[0][3][1]
    assert "unscored" in events[3][3][1]


def frame_of(text: str, code: Timecode) -> int:
    """Count frames as a clock of timecode would show them, one frame number after another."""
    hours, minutes, seconds, frames = map(int, re.split("[:;]", text))
    assert (";" in text) == code.drop
    minutes += hours * 60
    number = (minutes * 60 + seconds) * code.base + frames
    return number - (code.base // 15) * (minutes - minutes // 10) if code.drop else number


def test_segments_that_overlap_go_to_tracks_where_none_do():
    events = events_of(render_segments(SHORT, "edl"))
    assert [event[1] for event in events] == ["V", "V2", "V3", "V"]
    code = Timecode.of(Fraction(25))
    for track in {event[1] for event in events}:
        ends = [0]
        for _, own, times, _ in events:
            if own == track:
                assert frame_of(times[2], code) >= ends[-1]
                ends.append(frame_of(times[3], code))


def test_an_edit_list_cannot_name_what_lies_beyond_a_day():
    with pytest.raises(ConfigError, match=r"24 hours.*choose json, srt or vtt"):
        render_segments(SAMPLE, "edl")


@pytest.mark.parametrize(
    ("rate", "base", "drop"),
    [
        ("24", 24, False),
        ("24000/1001", 24, False),
        ("25", 25, False),
        ("30", 30, False),
        ("30000/1001", 30, True),
        ("29.97", 30, True),
        ("48000/1001", 48, False),
        ("50", 50, False),
        ("60000/1001", 60, True),
        ("60", 60, False),
        ("120000/1001", 60, True),
        ("240", 60, False),
        ("12.5", 12, False),
        ("0.2", 1, False),
    ],
)
def test_each_rate_has_its_count(rate, base, drop):
    code = Timecode.of(Fraction(rate))
    assert (code.base, code.drop) == (base, drop)


@pytest.mark.parametrize("rate", [0, -25])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="above 0"):
        Timecode.of(Fraction(rate))


@pytest.mark.parametrize("base", [30, 60])
def test_dropped_numbers_are_those_of_the_standard(base):
    """Walk one frame after another: numbers 0 and 1 (to 3) of each minute but the tenth are out."""
    code = Timecode.of(Fraction(base * 1000, 1001))
    frame = 0
    for second in range(21 * 60):
        minute, first = divmod(second, 60)
        skipped = base // 15 if not first and minute % 10 else 0
        for number in (skipped, base - 1):
            expected = f"00:{minute:02}:{first:02};{number:02}"
            assert code.text(frame + number - skipped) == expected
        frame += base - skipped
    assert code.text(code.frame(Fraction(HOUR))) == "01:00:00;00"


@pytest.mark.parametrize(
    ("name", "reel"),
    [
        ("clip.mp4", "CLIP"),
        ("/a b/My-Holiday 2024.final.mov", "MYHOLIDA"),
        ("C:\\x\\caf\u00e9.mp4", "CAFE"),
        ("\u6620\u753b.mp4", "CLIP"),
        ("bl.mp4", "BL1"),
        ("", "CLIP"),
        (".mp4", "MP4"),
    ],
)
def test_reels_have_names_that_old_machines_read(name, reel):
    assert reel_name(name) == reel


@pytest.mark.parametrize("format", SEGMENT_FORMATS)
def test_no_segments_are_a_valid_file(format):
    text = render_segments(timeline(), format)
    if format == "json":
        assert json.loads(text)["timeline"]["segments"] == []
    elif format == "edl":
        assert text == "TITLE: SEGMENTS\nFCM: NON-DROP FRAME\n\n"
    else:
        assert not cues_of(text)
        assert text.startswith("WEBVTT\n\n") == (format == "vtt")


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_times_are_those_of_a_player_and_never_below_zero(format):
    built = timeline(
        segment("gore", -1, "-0.5"), segment("gore", 1, "1.0001"), segment("gore", 10, 12)
    )
    cues = cues_of(render_segments(built, format, SegmentSheet(origin=Fraction(1, 2))))
    assert [cue[1:3] for cue in cues] == [
        (0, Fraction(1, 1000)),
        (Fraction(1, 2), Fraction(501, 1000)),
        (Fraction(19, 2), Fraction(23, 2)),
    ]


def test_an_event_is_never_shorter_than_a_frame_nor_before_the_start():
    built = timeline(segment("gore", -1, "-0.5"), segment("gore", 1, "1.001"))
    times = [event[2][:2] for event in events_of(render_segments(built, "edl"))]
    assert times == [["00:00:00:00", "00:00:00:01"], ["00:00:01:00", "00:00:01:01"]]


@pytest.mark.parametrize("format", SEGMENT_FORMATS)
def test_kinds_can_be_chosen(format):
    text = render_segments(SAMPLE, format, SegmentSheet(kinds=("fault",)))
    assert "freeze" in text
    assert "violence" not in text


@pytest.mark.parametrize("format", SEGMENT_FORMATS)
def test_no_label_breaks_a_line_or_turns_the_text(format):
    built = timeline(segment("a\n\n9\n00:00:00,000 --> 00:00:09,000\n\u202eb\x1b[31m", 1, 2))
    text = render_segments(built, format, SegmentSheet("a\nb\u2028c.mp4"))
    if format == "edl":
        assert len(events_of(text)) == 1
    elif format != "json":
        assert len(cues_of(text)) == 1
        assert "\u202e" not in text
    assert "\x1b" not in text


def test_an_unknown_format_is_refused():
    with pytest.raises(ConfigError, match="choose one of json, srt, vtt, edl"):
        render_segments(SAMPLE, "ass")


@pytest.mark.parametrize("format", ["json", "srt", "vtt"])
def test_a_file_is_written_whole_in_utf_8(tmp_path: Path, format):
    out = tmp_path / f"segments.{format}"
    write_segments(SAMPLE, out, format)
    assert out.read_bytes().decode("utf-8") == render_segments(SAMPLE, format)
    assert [one.name for one in tmp_path.iterdir()] == [out.name]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    out = tmp_path / "segments.edl"
    out.write_text("before", encoding="utf-8")
    with pytest.raises(ConfigError, match="24 hours"):
        write_segments(SAMPLE, out, "edl")
    assert out.read_text(encoding="utf-8") == "before"


def test_a_stream_of_another_encoding_gets_escapes():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="")
    write_segments(SAMPLE, stream, "srt")
    assert b"caf\\xe9 \\u2600" in raw.getvalue()
    assert not stream.closed
