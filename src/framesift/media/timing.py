"""When the frames of an animation are shown, read from the file's own blocks without decoding.

Pillow tells a frame's duration only after decoding every frame before it, and rounds to whole
milliseconds; the files say it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UNSPECIFIED", "Timing", "gif_timing", "png_timing", "webp_timing"]

UNSPECIFIED = Fraction(1, 10)
"""How long a frame with delay 0 is shown: every browser takes a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The frames an animation really contains.

    Attributes:
        durations: Seconds, one per frame.
        hidden_first: The first decodable frame is a still for old viewers, not part of the
            animation (APNG only).
        exif: Raw EXIF found on the way (PNG only).
    """

    durations: tuple[Fraction, ...]
    hidden_first: bool = False
    exif: bytes = b""


def _seconds(numerator: int, denominator: int) -> Fraction:
    return Fraction(numerator, denominator) if numerator else UNSPECIFIED


def gif_timing(file: BinaryIO, max_frames: int) -> Timing:
    """Read the delays of a GIF; stops after ``max_frames`` + 1 or where the file breaks off."""
    file.seek(0)
    head = file.read(13)
    if len(head) < 13:
        return Timing(())
    _skip_colours(file, head[10])
    durations: list[Fraction] = []
    delay = 0
    while len(durations) <= max_frames:
        kind = file.read(1)
        if kind == b"!":
            label = file.read(1)
            blocks = _gif_blocks(file)
            first = next(blocks, b"")
            if label == b"\xf9" and len(first) >= 4:
                delay = int.from_bytes(first[1:3], "little")
            for _ in blocks:
                pass
        elif kind == b",":
            descriptor = file.read(9)
            if len(descriptor) < 9:
                break
            _skip_colours(file, descriptor[8])
            file.read(1)
            durations.append(_seconds(delay, 100))
            delay = 0
            for _ in _gif_blocks(file):
                pass
        elif kind in {b"", b";"}:
            break
    return Timing(tuple(durations))


def _skip_colours(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.read(3 << ((flags & 7) + 1))


def _gif_blocks(file: BinaryIO) -> Iterator[bytes]:
    while True:
        size = file.read(1)
        if not size or size == b"\0":
            return
        yield file.read(size[0])


def png_timing(file: BinaryIO, max_frames: int) -> Timing:
    """Read the delays of an APNG; no durations for a plain PNG."""
    file.seek(8)
    durations: list[Fraction] = []
    animated = hidden_first = seen_data = False
    exif = b""
    while len(durations) <= max_frames:
        head = file.read(8)
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or kind == b"IEND":
            break
        keep = kind in {b"acTL", b"fcTL", b"eXIf"} and size < 2**20
        data = file.read(size) if keep else b""
        file.seek(4 if keep else size + 4, 1)
        if kind == b"acTL" and not seen_data:
            animated = True
        elif kind == b"fcTL" and len(data) >= 26:
            delay = int.from_bytes(data[20:22], "big")
            durations.append(_seconds(delay, int.from_bytes(data[22:24], "big") or 100))
        elif kind == b"IDAT" and not seen_data:
            seen_data, hidden_first = True, not durations
        elif kind == b"eXIf":
            exif = data
    return Timing(tuple(durations) if animated else (), hidden_first, exif)


def webp_timing(file: BinaryIO, max_frames: int) -> Timing:
    """Read the delays of an animated WebP; no durations for a still."""
    file.seek(12)
    durations: list[Fraction] = []
    while len(durations) <= max_frames:
        head = file.read(8)
        if len(head) < 8:
            break
        size = int.from_bytes(head[4:], "little")
        used = 0
        if head[:4] == b"ANMF":
            data = file.read(16)
            used = len(data)
            if used == 16:
                durations.append(_seconds(int.from_bytes(data[12:15], "little"), 1000))
        file.seek(max(0, size + size % 2 - used), 1)
    return Timing(tuple(durations))
