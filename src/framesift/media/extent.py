"""How many bytes a container says it has, held against how many there are.

Demuxers of Matroska and AVI come to the end of a file that was cut off as they do to that of a
whole one. Only the size of the outermost element tells: that of the segment (RFC 9559, section 5;
sizes as in RFC 8794, section 6) or of the RIFF chunk.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["missing_bytes"]

_SEGMENT = b"\x18\x53\x80\x67"
_MOST_BEFORE = 64
"""Elements that may come before the segment: the header, voids, checksums."""

_OPEN_RIFF = 0xFFFF0000
"""From this size on, and at 0, a RIFF header was never finished."""


def missing_bytes(file: BinaryIO, form: str) -> int:
    """Return by how many bytes a file is shorter than its container says; 0 where nothing tells.

    Args:
        file: Seekable; its position is not kept.
        form: The format as `framesift.media.sniff` names it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    end = 0
    if form in {"mkv", "webm"}:
        end = _segment_end(file)
    elif form == "avi":
        end = _riff_end(file.read(12))
    return max(0, end - size)


def _riff_end(head: bytes) -> int:
    if len(head) < 12 or head[:4] != b"RIFF":
        return 0
    stated = int.from_bytes(head[4:8], "little")
    return 8 + stated if 0 < stated < _OPEN_RIFF else 0


def _segment_end(file: BinaryIO) -> int:
    """Return where the segment ends; 0 for one of unknown size, as live recorders write it."""
    for _ in range(_MOST_BEFORE):
        name = _element_name(file)
        size = _element_size(file)
        if not name or size is None:
            return 0
        if name == _SEGMENT:
            return file.tell() + size
        file.seek(size, os.SEEK_CUR)
    return 0


def _element_name(file: BinaryIO) -> bytes:
    first = file.read(1)
    length = 9 - first[0].bit_length() if first else 9
    return first + file.read(length - 1) if length <= 4 else b""


def _element_size(file: BinaryIO) -> int | None:
    first = file.read(1)
    length = 9 - first[0].bit_length() if first else 9
    rest = file.read(length - 1) if length <= 8 else b""
    if not first or len(rest) != length - 1:
        return None
    value = int.from_bytes(bytes([first[0] - (1 << 8 - length)]) + rest, "big")
    return None if value == (1 << 7 * length) - 1 else value
