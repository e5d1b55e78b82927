"""Time stamps as they come, made into times that ascend."""

from __future__ import annotations

__all__ = ["Clock"]


class Clock:
    """Turns the time stamps of pictures in the order in which they are shown into ascending ticks.

    Good files pass unchanged. A picture that has the time stamp of the one before, or a slightly
    earlier one, comes one tick after it; where time jumps back by more than ``jump`` ticks, as at
    the seam of two recordings in one file, it goes on instead; a picture without a time stamp comes
    ``step`` ticks after the one before. So no picture is lost, whatever the stamps say.

    Attributes:
        last: The ticks of the latest picture; ``None`` before the first.
        true: Whether all time stamps were taken as they are.
    """

    def __init__(self, step: int, jump: int) -> None:
        """Start before the first picture."""
        self._step = step
        self._jump = jump
        self._offset = 0
        self.last: int | None = None
        self.true = True

    def tick(self, stamp: int | None) -> int:
        """Return when the next picture starts.

        Args:
            stamp: What the file says, in ticks; ``None`` where it says nothing.
        """
        last = self.last
        if stamp is None:
            self.true = False
            ticks = 0 if last is None else last + self._step
        else:
            ticks = stamp + self._offset
            if last is not None and ticks <= last:
                self.true = False
                if last - ticks > self._jump:
                    self._offset += last + self._step - ticks
                    ticks = last + self._step
                else:
                    ticks = last + 1
        self.last = ticks
        return ticks
