"""The subtitles inside a video file, as plain text with times."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

from av.stream import Discard

from framesift.errors import CorruptMediaError
from framesift.media.libav import READ_ERRORS, open_container, reason_of
from framesift.types import Cue

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.subtitles.stream import SubtitleStream
    from av.subtitles.subtitle import AssSubtitle

__all__ = ["read_cues"]

_TEXT_CODECS = frozenset(
    ("mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text", "microdvd", "eia_608", "ttml")
)
_MOST_CUES = 20_000
_MOST_CHARS = 2_000_000
_CUE_CHARS = 4_000
_MOST_PACKETS = 10_000_000
_USUAL_S = Fraction(3)
_MOST_S = Fraction(600)

_OVERRIDES = re.compile(r"\{\\[^{}]*\}")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}.*?(\{[^{}]*\\p0[^{}]*\}|$)", re.DOTALL)
_ESCAPES = (("\\N", "\n"), ("\\n", "\n"), ("\\h", " "), ("\\{", "{"), ("\\}", "}"))
_MARKUP = re.compile(r"</?(?:[biuscv]|font|ruby|rt|lang)\b[^<>]{0,200}>", re.IGNORECASE)


def read_cues(file: BinaryIO, form: str, name: str) -> tuple[Cue, ...]:
    """Read all text subtitles of all languages; pictures of text (DVD, Blu-ray) give none.

    Bounded: at most 20,000 cues and two million characters, 4,000 a cue and ten minutes long.

    Args:
        file: Seekable; not closed.
        form: The format as `framesift.media.sniff` names it.
        name: The source, for messages.

    Returns:
        In the order of their starts; times on the clock of the container, as those of frames.

    Raises:
        CorruptMediaError: There are subtitles, and not one of them can be read.
    """
    cues: list[Cue] = []
    trouble: Exception | None = None
    try:
        with open_container(file, form) as container:
            streams = [one for one in container.streams.subtitles if _is_text(one)]
            if not streams:
                return ()
            trouble = _read(container, streams, cues)
    except (*READ_ERRORS, IndexError) as error:
        trouble = error
    if trouble is not None and not cues:
        message = f"has subtitles that cannot be read ({reason_of(trouble)}); get a new copy"
        raise CorruptMediaError(message, source=name)
    return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end)))


def _is_text(stream: SubtitleStream) -> bool:
    context = stream.codec_context
    return context is not None and context.name in _TEXT_CODECS


def _read(
    container: InputContainer, streams: list[SubtitleStream], cues: list[Cue]
) -> Exception | None:
    """Collect the cues; returns the first thing that could not be read."""
    wanted = {stream.index for stream in streams}
    for stream in container.streams:
        if stream.index not in wanted:
            stream.discard = Discard.all
    trouble: Exception | None = None
    left = _MOST_CHARS
    for count, packet in enumerate(container.demux(streams)):
        if len(cues) >= _MOST_CUES or left <= 0 or count >= _MOST_PACKETS:
            break
        if not packet.size or packet.pts is None:
            continue
        try:
            text = _text_of(cast("Packet[SubtitleStream]", packet))[:left]
        except READ_ERRORS as error:
            trouble = trouble or error
            continue
        if text:
            left -= len(text)
            start = packet.pts * packet.time_base
            length = (packet.duration or 0) * packet.time_base
            length = min(length, _MOST_S) if length > 0 else _USUAL_S
            cues.append(Cue(start, start + length, text))
    return trouble


def _text_of(packet: Packet[SubtitleStream]) -> str:
    """Decode a packet: FFmpeg turns every text format into lines of ASS."""
    parts = []
    for line in packet.decode():
        ass = cast("AssSubtitle", line).ass if hasattr(line, "ass") else b""
        # Eight fields of its layout come before the text.
        fields = ass.decode("utf-8", "replace").split(",", 8)
        parts.append(_plain(fields[-1]) if len(fields) == 9 else "")
    return "\n".join(part for part in parts if part)[:_CUE_CHARS]


def _plain(text: str) -> str:
    """Take override tags, drawings and markup out of the text of an ASS line."""
    text = _OVERRIDES.sub("", _DRAWING.sub("", text[: 8 * _CUE_CHARS]))
    text = _MARKUP.sub("", text)
    for written, meant in _ESCAPES:
        text = text.replace(written, meant)
    lines = (" ".join(line.split()) for line in text.replace("\0", "").splitlines())
    return "\n".join(line for line in lines if line)
