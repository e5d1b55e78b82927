"""The index of a video: every frame's time, whether it is a key frame and how many bytes it took.

It is read from the packets without decoding any, so it costs what reading the file costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

__all__ = ["FrameIndex"]


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """N frames in the order in which they are shown, 13 bytes each.

    It says what the file promises: a frame whose packet is broken is in it and is never decoded.

    Attributes:
        base: Seconds a tick.
        pts: int64 (N,), strictly ascending, in ticks of the stream's own clock.
        keys: bool (N,), whether the decoder can start there, as far as the container knows.
        sizes: uint32 (N,), bytes in the file.
        end: When the last frame stops being shown, in seconds.
        true: Whether the times are the file's own time stamps; where some were missing, doubled or
            ran backwards they were put right, and a container cannot be asked to seek to them.
    """

    base: Fraction
    pts: NDArray[np.int64]
    keys: NDArray[np.bool_]
    sizes: NDArray[np.uint32]
    end: Fraction
    true: bool = True

    def __len__(self) -> int:
        """Return N."""
        return len(self.pts)

    def time(self, place: int) -> Fraction:
        """Return when one frame starts, in seconds."""
        return int(self.pts[place]) * self.base

    def shown_at(self, time: Fraction) -> int:
        """Return which frame is on the screen: the last one that starts no later, or the first."""
        return max(0, self._before(time) - 1)

    def key_times(self) -> tuple[Fraction, ...]:
        """Return when each key frame starts, in seconds."""
        return tuple(int(pts) * self.base for pts in self.pts[self.keys])

    def keys_before(self, time: Fraction, most: int) -> list[int]:
        """Return the ticks of the last key frames that start no later, the latest one first."""
        before = self._before(time)
        found: list[int] = []
        place = before
        while place > 0 and len(found) < most:
            place -= 1
            if self.keys[place]:
                found.append(int(self.pts[place]))
        return found

    def _before(self, time: Fraction) -> int:
        """Count the frames that start at ``time`` or before."""
        tick = min(max(int(time // self.base), -(2**62)), 2**62)
        return int(np.searchsorted(self.pts, tick, side="right"))
