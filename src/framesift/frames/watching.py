"""What is noticed of a video while it is decoded, beside the frames that the models get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.types import Shot, Survey

if TYPE_CHECKING:
    from fractions import Fraction

    from framesift.media import Media
    from framesift.types import Frame

__all__ = ["Watcher"]


class Watcher:
    """Sums up one reading of one medium."""

    def __init__(self, media: Media) -> None:
        """Start before the first frame."""
        self._media = media
        self._start = media.start
        self._end = media.start + (media.info.duration or 0)
        self._last: Fraction | None = None

    def chose(self, frame: Frame) -> None:
        """Take note of a frame that the models are to look at."""
        self._last = frame.time
        self._end = max(self._end, frame.time + (frame.duration or 0))

    def survey(self) -> Survey:
        """Return what was noticed so far."""
        if self._last is None:
            return Survey(self._start, self._start)
        end = max(self._end, self._last)
        return Survey(self._start, end, shots=(Shot(self._start, end),))
