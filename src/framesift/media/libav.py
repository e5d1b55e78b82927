"""What every use of FFmpeg's libraries through PyAV shares: which demuxers, which errors, no noise.

The demuxer is always named, never guessed: guessing includes playlists, which open other files.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import av
import av.error
import av.logging

from framesift.errors import (
    CorruptMediaError,
    FramesiftError,
    LimitExceededError,
    UnsupportedMediaError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from av.container import InputContainer

__all__ = ["READ_ERRORS", "libav_errors", "open_container", "packet_durations", "reason_of"]

# The libraries would write about broken files to stderr; PyAV's default may change.
av.logging.set_level(None)

READ_ERRORS = (av.error.FFmpegError, OSError, ValueError)
"""What reading or decoding one packet may raise."""

_DEMUXERS = {
    "mp4": "mov", "m4v": "mov", "3gp": "mov", "3g2": "mov", "heif": "mov",
    "mkv": "matroska", "webm": "matroska",
}  # fmt: skip


def open_container(file: BinaryIO, form: str) -> InputContainer:
    """Open a container at the start of a file.

    Args:
        file: Seekable.
        form: The format as `framesift.media.sniff` names it.
    """
    file.seek(0)
    return av.open(file, "r", format=_DEMUXERS.get(form, form), metadata_errors="replace")


def packet_durations(file: BinaryIO, most: int) -> tuple[Fraction, ...]:
    """Return how long each frame of an AVIF sequence is shown, as far as the file tells.

    Args:
        file: The content; its position is not kept.
        most: No more than this many.
    """
    durations: list[Fraction] = []
    try:
        with open_container(file, "mov") as container:
            stream = max(container.streams.video, key=lambda one: one.frames)
            for packet in container.demux(stream):
                if packet.size and packet.duration and packet.time_base and len(durations) < most:
                    durations.append(packet.duration * packet.time_base)
    except READ_ERRORS:
        pass  # the frames still decode; their times are then the usual guess
    return tuple(durations)


def reason_of(error: BaseException) -> str:
    """Return the error's own words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def libav_errors(name: str, time_s: Fraction | None = None) -> Iterator[None]:
    """Turn whatever PyAV raises in this block into a `MediaError`.

    Args:
        name: The source, for the message.
        time_s: The moment in the video.
    """
    try:
        yield
    except FramesiftError:
        raise
    except MemoryError as error:
        message = "needs more memory than there is; make it smaller"
        raise LimitExceededError(message, source=name, time_s=time_s) from error
    except (av.error.DecoderNotFoundError, NotImplementedError) as error:
        message = "is in a video codec that is not decoded; convert it to MP4 with H.264"
        raise UnsupportedMediaError(message, source=name) from error
    except Exception as error:
        message = f"cannot be read as video ({reason_of(error)}); get a new copy"
        raise CorruptMediaError(message, source=name, time_s=time_s) from error
