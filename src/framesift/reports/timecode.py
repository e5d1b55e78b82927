"""Timecode as editing programs count it (SMPTE ST 12-1): frames, and dropped frame numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from framesift.errors import ConfigError

__all__ = ["Timecode"]

_MOST_FPS = 60
_HOURS = 24
_NTSC = Fraction(1000, 1001)


@dataclass(frozen=True, slots=True)
class Timecode:
    """How a frame rate is counted.

    Attributes:
        rate: Frames a second that are counted.
        base: Frame numbers in a second of timecode: 30 for 29.97.
        drop: Whether two frame numbers (four of 59.94) are left out every minute but each tenth,
            so that the timecode keeps up with the clock.
    """

    rate: Fraction
    base: int
    drop: bool

    @classmethod
    def of(cls, rate: Fraction) -> Timecode:
        """Choose the count for a frame rate.

        NTSC's rates (24, 30, 48 or 60 times 1000/1001) are counted by frames; those of 29.97 and
        59.94 drop numbers. Rates above 60 are halved until they are not. A rate that is not a whole
        number, as the mean of a variable one, is counted as the nearest that is, by the clock.

        Args:
            rate: Frames a second.

        Raises:
            ValueError: It is not above 0.
        """
        if rate <= 0:
            message = f"a frame rate is above 0, not {rate}"
            raise ValueError(message)
        base = max(round(rate), 1)
        # Containers round 30000/1001 to 29.97, and measured rates are off by a little.
        ntsc = base % 6 == 0 and abs(rate - base * _NTSC) < Fraction(base, 10_000)
        while base > _MOST_FPS:
            base = -(-base // 2)
        return cls(base * _NTSC if ntsc else Fraction(base), base, ntsc and base in (30, 60))

    def frame(self, time: Fraction) -> int:
        """Return the number of the frame nearest to a time in seconds; 0 for times before 0."""
        return max(round(time * self.rate), 0)

    def text(self, frame: int) -> str:
        """Write a frame as ``HH:MM:SS:FF``, with ``;`` before the frames where numbers drop.

        Args:
            frame: Counted from 0.

        Raises:
            ConfigError: It lies beyond 24 hours, where timecode starts again.
        """
        number = frame + self._dropped(frame) if self.drop else frame
        seconds, frames = divmod(number, self.base)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        if hours >= _HOURS:
            message = (
                "timecode ends at 24 hours and a segment lies beyond; "
                "an edit list cannot name it: choose json, srt or vtt"
            )
            raise ConfigError(message)
        mark = ";" if self.drop else ":"
        return f"{hours:02}:{minute:02}:{second:02}{mark}{frames:02}"

    def _dropped(self, frame: int) -> int:
        """Return how many numbers were left out before a frame."""
        each = self.base // 15
        minute, ten_minutes = self.base * 60 - each, self.base * 600 - each * 9
        tens, rest = divmod(frame, ten_minutes)
        # The first minute of ten is whole, so the others begin two numbers later.
        return each * 9 * tens + (each * ((rest - each) // minute) if rest >= each else 0)
