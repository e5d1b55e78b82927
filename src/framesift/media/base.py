"""The seam of this package: a medium gives information and frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from framesift.types import Frame, MediaInfo

__all__ = ["Media"]


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
