"""The seam of this package: a medium gives information and frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from framesift.errors import CorruptMediaError
    from framesift.media.index import FrameIndex
    from framesift.types import Cue, Frame, MediaInfo, UInt8Array

__all__ = ["Media", "Shown"]


class Shown(ABC):
    """A frame that was decoded and not yet turned into pixels; valid until the next one comes.

    Attributes:
        time: When it starts, in seconds on the stream's own clock.
        duration: How long it is shown, in seconds; ``None`` where unknown.
        key: Whether the decoder can start here.
    """

    time: Fraction
    duration: Fraction | None
    key: bool

    @abstractmethod
    def small(self, width: int, height: int) -> UInt8Array:
        """Return it quickly and roughly in a size of one's own, uint8 (height, width, 3), RGB.

        The sides are as stored, not turned upright, and the proportions are not kept.
        """

    @abstractmethod
    def frame(self) -> Frame:
        """Return it in full, as `Media.read` gives it."""


class Media(ABC):
    """An opened picture, animation or video; a context manager.

    One thread at a time may use a medium; different media are independent of each other.
    """

    @property
    @abstractmethod
    def info(self) -> MediaInfo:
        """What is known before the frames are read."""

    @property
    @abstractmethod
    def frame_times(self) -> tuple[Fraction, ...] | None:
        """When each frame starts, in seconds; ``None`` for a video, where only decoding tells."""

    @property
    def start(self) -> Fraction:
        """Time of the first frame on the medium's own clock, in seconds."""
        return Fraction(0)

    @abstractmethod
    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Decode the frame shown at each of these times, in order, each frame once.

        Args:
            times: Seconds, in any order; ``None`` for every frame. A time before the first frame
                gives the first one, a time after the end gives the last one.

        Yields:
            Frames in the order of their times.

        Raises:
            CorruptMediaError: After the frames that could be decoded; ``time_s`` says how far.
            LimitExceededError: More pixels, frames or seconds come out than the limits allow.
        """

    @property
    def index(self) -> FrameIndex | None:
        """Every frame's time, known without decoding; ``None`` where only decoding would tell."""
        return None

    def pictures(
        self,
        begin: Fraction | None = None,
        end: Fraction | None = None,
        *,
        keys_only: bool = False,
    ) -> Iterator[Shown]:
        """Decode one stretch and look at frame after frame, without turning each into pixels.

        Args:
            begin: Seconds on the stream's own clock: the frame shown then is the first one.
                ``None`` stands for the first frame of all.
            end: Frames that start at this time or later are left out; ``None`` for none.
            keys_only: Key frames that start in the stretch alone; the decoder passes over the rest.

        Yields:
            Frames in the order of their times.

        Raises:
            CorruptMediaError: After the frames that could be decoded.
            LimitExceededError: As `read`.
        """
        for frame in self.read(_within(self.frame_times, begin, end)):
            key = frame.index == 0
            if key or not keys_only:
                yield _Decoded(frame, key=key)

    @property
    def cut_off(self) -> CorruptMediaError | None:
        """Whether the file ends before the container says it does; ``time_s`` says when.

        Samplers, which may not have read as far as the end, raise it after their last frame.
        """
        return None

    def cues(self) -> tuple[Cue, ...]:
        """Return the subtitles inside the file, in the order of their starts."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """Let go of files and memory; safe to call twice."""

    def __enter__(self) -> Self:
        """Return the medium itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class _Decoded(Shown):
    """A frame that had to be turned into pixels to be decoded at all."""

    def __init__(self, frame: Frame, *, key: bool) -> None:
        self.time = frame.time
        self.duration = frame.duration
        self.key = key
        self._frame = frame

    def small(self, width: int, height: int) -> UInt8Array:
        from PIL import Image

        image = Image.fromarray(self._frame.pixels)
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.5)
        return np.asarray(small)

    def frame(self) -> Frame:
        return self._frame


def _within(
    times: tuple[Fraction, ...] | None, begin: Fraction | None, end: Fraction | None
) -> tuple[Fraction, ...] | None:
    """Return the starts of the frames of a stretch, or ``None`` for all."""
    if times is None or (begin is None and end is None):
        return None
    first = 0 if begin is None else max(0, bisect_right(times, begin) - 1)
    last = len(times) if end is None else bisect_left(times, end)
    return times[first:last]
