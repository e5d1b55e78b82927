"""What is noticed of a video while it is decoded, beside the frames that the models get."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from framesift.frames.looks import Look
from framesift.frames.shots import ShotDetector
from framesift.types import Survey

if TYPE_CHECKING:
    from framesift.media import Media
    from framesift.media.base import Shown
    from framesift.types import Frame, UInt8Array

__all__ = ["Sight", "Watcher"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a watcher says of one picture.

    Attributes:
        look: How it looks.
        jump: Whether it is another picture than the one seen before.
    """

    look: Look
    jump: bool


class Watcher:
    """Sums up one reading of one medium; `survey` may be asked for at any time."""

    def __init__(self, media: Media) -> None:
        """Start before the first frame."""
        self._media = media
        self._start = media.start
        self._end = media.start
        self._last: Fraction | None = None
        self._alone = True
        self._duration: Fraction | None = None
        self._watched = Fraction(0)
        self._decoded = 0
        self._chosen: Fraction | None = None
        self._shots = ShotDetector()

    def see(self, shown: Shown, small: UInt8Array, *, joined: bool) -> Sight:
        """Take note of a decoded picture.

        Args:
            shown: The picture; later than the one before.
            small: uint8 (72, 128, 3), the same in small.
            joined: Whether it directly follows the one before: no frame was left out.
        """
        joined = joined and self._last is not None
        if self._last is not None:
            if joined:
                self._watched += shown.time - self._last
            elif not self._alone:
                self._watched += self._duration or 0
        self._alone = not joined
        self._last, self._duration = shown.time, shown.duration
        self._decoded += 1
        self._end = max(self._end, shown.time + (shown.duration or 0))
        look = Look(small)
        return Sight(look, self._shots.see(shown.time, look, joined))

    def chose(self, frame: Frame) -> None:
        """Take note of a frame that the models are to look at."""
        if self._last is None or frame.time > self._last:
            self._decoded += frame.time != self._chosen
        self._chosen = frame.time
        self._end = max(self._end, frame.time + (frame.duration or 0))

    def done(self) -> None:
        """Take note that the medium was read to its end."""
        index = self._media.index
        duration = self._media.info.duration
        if index is not None:
            self._end = max(self._end, index.end)
        elif duration is not None:
            self._end = max(self._end, self._start + duration)

    def survey(self) -> Survey:
        """Return what was noticed so far."""
        if self._last is None and self._chosen is None:
            return Survey(self._start, self._start, cues=self._media.cues())
        watched = self._watched
        if self._last is not None and not (self._alone and self._decoded > 1):
            watched += self._duration or 0
        return Survey(
            self._start,
            self._end,
            shots=self._shots.shots(self._start, self._end),
            watched=min(watched, self._end - self._start),
            decoded=self._decoded,
            cues=self._media.cues(),
        )
