"""What is noticed of a video while it is decoded, beside the frames that the models get."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from framesift.errors import MediaError
from framesift.frames.faults import FaultMeter
from framesift.frames.looks import Look
from framesift.frames.shots import ShotDetector
from framesift.types import Survey

if TYPE_CHECKING:
    from framesift.media import Media
    from framesift.media.base import Shown
    from framesift.types import Cue, Frame, UInt8Array

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
        self._ends: list[Fraction] = []
        self._shots = ShotDetector()
        self._faults = FaultMeter()

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
        self._end = max(self._end, self._until(shown.time, shown.duration))
        self._faults.see(shown.time, shown.duration, small, joined=joined)
        look = Look(small)
        return Sight(look, self._shots.see(shown.time, look, joined))

    def chose(self, frame: Frame) -> None:
        """Take note of a frame that the models are to look at."""
        if self._last is None or frame.time > self._last:
            self._decoded += frame.time != self._chosen
        self._chosen = frame.time
        self._ends.append(self._end_of(frame))
        self._end = max(self._end, self._until(frame.time, frame.duration))

    def done(self) -> None:
        """Take note that the medium was read to its end.

        Raises:
            CorruptMediaError: The file ends before the end that its container states.
        """
        index = self._media.index
        duration = self._media.info.duration
        if index is not None:
            self._end = max(self._end, index.end)
        elif duration is not None:
            self._end = max(self._end, self._start + duration)
        if (error := self._media.cut_off) is not None:
            raise error

    def survey(self) -> Survey:
        """Return what was noticed so far."""
        if self._last is None and self._chosen is None:
            return Survey(self._start, self._start, cues=self._cues())
        watched = self._watched
        if self._last is not None and not (self._alone and self._decoded > 1):
            watched += self._duration or 0
        faults, measures = self._faults.finish(self._end, self._media.index)
        return Survey(
            self._start,
            self._end,
            shots=self._shots.shots(self._start, self._end),
            faults=faults,
            measures=measures,
            watched=min(watched, self._end - self._start),
            decoded=self._decoded,
            cues=self._cues(),
            ends=tuple(self._ends),
        )

    def _cues(self) -> tuple[Cue, ...]:
        try:
            return self._media.cues()
        except MediaError:
            return ()  # what is wrong with the file is told by its pictures

    def _until(self, time: Fraction, duration: Fraction | None) -> Fraction:
        """Return when a frame gives way at the latest: the last may claim more than there is."""
        index = self._media.index
        end = time + (duration or 0)
        return min(end, max(index.end, time)) if index is not None else end

    def _end_of(self, frame: Frame) -> Fraction:
        """Return when a frame gives way to the next one: players do not look at its duration."""
        index = self._media.index
        if index is not None:
            place = index.shown_at(frame.time)
            if index.time(place) == frame.time and place + 1 < len(index):
                return index.time(place + 1)
        return frame.time + (frame.duration or 0)
