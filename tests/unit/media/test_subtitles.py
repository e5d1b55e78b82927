"""Subtitles inside a file: every text format, bounded, and broken ones said."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from framesift.errors import CorruptMediaError
from framesift.media import open_media, subtitles
from framesift.types import Cue

LINES = [
    (Fraction(1, 2), Fraction(1), "Hello there"),
    (Fraction(2), Fraction(5, 4), "Second line, with commas"),
]
HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize\r\n"
    b"Style: Default,Arial,16\r\n[Events]\r\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)


def packed(codec: str, text: str) -> bytes:
    """Write a line as the container stores it."""
    raw = text.encode()
    if codec == "mov_text":
        return len(raw).to_bytes(2, "big") + raw
    if codec == "ass":
        return b"0,0,Default,,0,0,0,," + raw
    return raw


def clip(form: str, codec: str, lines: list[tuple[Fraction, Fraction, str]]) -> bytes:
    """A video of four seconds with one track of subtitles."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        video = container.add_stream("libvpx-vp9" if form == "webm" else "mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        track = container.add_stream(codec)
        track.time_base = Fraction(1, 1000)
        track.codec_context.subtitle_header = HEADER
        packets = []
        for number in range(20):
            grey = np.full((48, 64, 3), 10 * number, np.uint8)
            packets += video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24"))
        packets += video.encode()
        for start, length, text in lines:
            packet = av.Packet(packed(codec, text))
            packet.stream, packet.time_base = track, Fraction(1, 1000)
            packet.pts = packet.dts = int(start * 1000)
            packet.duration = int(length * 1000)
            packets.append(packet)
        container.mux(packets)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "codec"),
    [
        ("mp4", "mov_text"),
        ("mov", "mov_text"),
        ("matroska", "srt"),
        ("matroska", "ass"),
        ("webm", "webvtt"),
    ],
)
def test_text_and_times(form: str, codec: str) -> None:
    with open_media(clip(form, codec, LINES)) as media:
        assert media.cues() == tuple(
            Cue(start, start + length, text) for start, length, text in LINES
        )
        assert media.cues() is media.cues()
        assert len(list(media.read())) == 20


def test_a_video_without_subtitles() -> None:
    with open_media(clip("mp4", "mov_text", [])) as media:
        assert media.cues() == ()


def test_a_reading_under_way_goes_on() -> None:
    with open_media(clip("matroska", "srt", LINES)) as media:
        shown = media.pictures()
        next(shown)
        assert len(media.cues()) == 2
        assert len(list(shown)) == 19


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"{\b1\pos(10,20)}Bold{\b0} words", "Bold words"),
        (r"one\Ntwo\hthree", "one\ntwo three"),
        (r"{\p1}m 0 0 l 100 0 100 100{\p0}seen", "seen"),
        (r"<i>slanted</i> <font color='red'>red</font> 3 < 4 > 2", "slanted red 3 < 4 > 2"),
        (r"a {comment} stays", "a {comment} stays"),
        (r"  many   blanks  ", "many blanks"),
    ],
)
def test_only_the_words_are_left(text: str, plain: str) -> None:
    with open_media(clip("matroska", "ass", [(Fraction(1), Fraction(1), text)])) as media:
        assert [cue.text for cue in media.cues()] == [plain]


def test_number_and_size_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [(Fraction(n, 10), Fraction(1, 10), "word " * 30) for n in range(30)]
    data = clip("matroska", "srt", lines)
    monkeypatch.setattr(subtitles, "_CUE_CHARS", 100)
    with open_media(data) as media:
        assert {len(cue.text) for cue in media.cues()} == {100}
    monkeypatch.setattr(subtitles, "_MOST_CUES", 7)
    with open_media(data) as media:
        assert len(media.cues()) == 7
    monkeypatch.setattr(subtitles, "_MOST_CHARS", 250)
    with open_media(data) as media:
        assert sum(len(cue.text) for cue in media.cues()) == 250


def test_a_cue_without_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [(Fraction(1), Fraction(0), "short"), (Fraction(2), Fraction(5000), "endless")]
    with open_media(clip("matroska", "srt", lines)) as media:
        first, second = media.cues()
    assert first.end - first.start == 3
    assert second.end - second.start == 600


def test_broken_subtitles_are_said_and_the_pictures_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(packet: object) -> str:
        message = "no line of text"
        raise ValueError(message)

    monkeypatch.setattr(subtitles, "_text_of", broken)
    with open_media(clip("matroska", "srt", LINES)) as media:
        with pytest.raises(CorruptMediaError, match="subtitles that cannot be read"):
            media.cues()
        assert media.cues() == ()
        assert len(list(media.read())) == 20
