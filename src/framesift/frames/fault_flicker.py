"""Flicker and flashes: brightness that goes up and down many times a second."""

from __future__ import annotations

from collections import deque
from math import exp
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.frames.fault_looks import Pair, Runs, loss

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from framesift.frames.fault_looks import Look
    from framesift.types import Float32Array, Segment

__all__ = ["FlickerMeter"]

FLASHES: Final = "flashes"
"""Source of those segments that are bright and large enough to be a risk to some viewers."""

_WINDOW_S: Final = 1.0
_TOGETHER_S: Final = 0.1

# ITU-R BT.1702 and WCAG 2.3.1: more than three flashes (pairs of opposing changes) in a second, by
# a tenth of the highest luminance, the darker side below 0.8 of it, over a quarter of the picture.
_FLASH_STEP: Final = 0.1
_FLASH_DARKER: Final = 0.8
_FLASH_AREA: Final = 0.25
_FLASH_RATIO: Final = 3
_FLASH_TURNS: Final = 8
_FLASH_SCALE: Final = 2.5
_GAMMA: Final = 2.4

_STEP: Final = 2.0
_TURNS: Final = 6
_MILD_SCALE: Final = 12.0
_MILD_MOST: Final = 0.7
_LEAST_STEP: Final = 0.2
_LARGEST_STEP: Final = 64.0
_DARK, _BRIGHT = 16.0, 240.0
_FEW_BLOCKS: Final = 12
_ALIKE: Final = 0.25
_AGREED: Final = 0.75


class FlickerMeter:
    """Counts turning points of brightness within a second, in two ways.

    *Flashes* are what ITU-R BT.1702 and WCAG 2.3.1 warn of: each block of the picture has its
    turning points of relative luminance (by a tenth), and where a quarter of the picture turns the
    same way within 0.1 s the picture turns; eight turns in a second are more than three flashes.

    *Flicker* is the milder fault of lamps and shutters: the median over the blocks of the change of
    luma, summed up, is a path of brightness that what moves in the picture hardly touches and that
    cuts do not enter; six turns in a second by two levels at least.
    """

    def __init__(self) -> None:
        """Start before the first pair."""
        self._runs = Runs("flicker", minimum=0.5, gap=0.25)
        self._watched = 0.0
        self._forget()

    def _forget(self) -> None:
        self._flash = _BlockTurns()
        self._flashes: deque[Fraction] = deque()
        self._path = _Turns(_STEP)
        self._level = 0.0
        self._turns: deque[tuple[Fraction, float]] = deque()

    def see(self, pair: Pair | None) -> None:
        """Take the next two pictures; ``None`` where frames were passed over."""
        if pair is None:
            self._forget()
            return
        self._watched += pair.seconds
        flash = self._see_flash(pair)
        self._see_mild(pair, flashing=flash)

    def finish(self) -> tuple[list[Segment], float | None]:
        """Return the segments and the score, 0 to 10; ``None`` below a second watched."""
        self._runs.close()
        found = self._runs.closed
        cost = sum(run.peak**2 * float(run.end - run.start) for run in found)
        return found, 10 - loss(cost, self._watched) if self._watched >= _WINDOW_S else None

    def _see_flash(self, pair: Pair) -> bool:
        if self._flash.fresh:
            self._flash.see(pair.old)
        if self._flash.see(pair.new):
            self._flashes.append(pair.new.time)
        _keep_recent(self._flashes, pair.new)
        if len(self._flashes) < _FLASH_TURNS:
            return False
        rate = len(self._flashes) / 2
        self._runs.mark(self._flashes[0], self._flashes[-1], 1 - exp(-rate / _FLASH_SCALE), FLASHES)
        return True

    def _see_mild(self, pair: Pair, *, flashing: bool) -> None:
        if not pair.cut:
            self._level += _common_step(pair.old.blocks, pair.new.blocks)
        height = self._path.see(self._level)
        if height:
            self._turns.append((pair.new.time, height))
        while self._turns and pair.new.time - self._turns[0][0] >= _WINDOW_S:
            self._turns.popleft()
        if len(self._turns) >= _TURNS and not flashing:
            size = float(np.median([height for _, height in self._turns]))
            strength = min(_MILD_MOST, 1 - exp(-size / _MILD_SCALE))
            self._runs.mark(self._turns[0][0], self._turns[-1][0], strength)


def _common_step(old: Float32Array, new: Float32Array) -> float:
    """Return by how much brightness changed where most of the picture changed the same way."""
    # Black and burnt-out parts cannot follow.
    able = (old > _DARK) & (old < _BRIGHT)
    change = (new - old)[able]
    if change.size < _FEW_BLOCKS:
        return 0.0
    step = float(np.partition(change, change.size // 2)[change.size // 2])
    if not _LEAST_STEP < abs(step) < _LARGEST_STEP:
        return 0.0
    alike = change * np.sign(step) > _ALIKE * abs(step)
    return step if float(alike.mean()) >= _AGREED else 0.0


class _Turns:
    """Turning points of a path that goes back by a step at least."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._high = self._low = 0.0
        self._way = 0

    def see(self, value: float) -> float:
        """Return the height of the move that has just turned out to be a turn, else 0."""
        self._high, self._low = max(self._high, value), min(self._low, value)
        if self._way <= 0 and value - self._low >= self._step:
            height, self._way, self._high = value - self._low, 1, value
            return height
        if self._way >= 0 and self._high - value >= self._step:
            height, self._way, self._low = self._high - value, -1, value
            return height
        return 0.0


class _BlockTurns:
    """Turning points of relative luminance, block by block, and of the picture as a whole."""

    def __init__(self) -> None:
        self._state: tuple[Float32Array, Float32Array, NDArray[np.int8]] | None = None
        self._last_up: NDArray[np.float64] = np.empty(0)
        self._last_down: NDArray[np.float64] = np.empty(0)
        self._way = 0

    @property
    def fresh(self) -> bool:
        """Whether no picture was seen yet."""
        return self._state is None

    def see(self, look: Look) -> bool:
        """Take the next picture and say whether the picture as a whole has turned."""
        light = (look.blocks.ravel() / np.float32(255)) ** np.float32(_GAMMA)
        if self._state is None:
            self._state = light, light, np.zeros(light.size, np.int8)
            self._last_up = np.full(light.size, -np.inf)
            self._last_down = self._last_up.copy()
            return False
        high, low, way = self._state
        high, low = np.maximum(high, light), np.minimum(low, light)
        up = (way <= 0) & (light - low >= _FLASH_STEP) & (low < _FLASH_DARKER)
        down = (way >= 0) & (high - light >= _FLASH_STEP) & (light < _FLASH_DARKER)
        high, low = np.where(up, light, high), np.where(down, light, low)
        self._state = high, low, np.where(up, 1, np.where(down, -1, way)).astype(np.int8)
        self._last_up[up] = self._last_down[down] = look.seconds
        since = look.seconds - _TOGETHER_S
        turned = int(up.sum()), int(down.sum())
        for sign, last, (now, other) in (
            (1, self._last_up, turned),
            (-1, self._last_down, turned[::-1]),
        ):
            # What moves makes as much darker as it makes brighter.
            if self._way == sign or now <= _FLASH_RATIO * other:
                continue
            if np.mean(last >= since) >= _FLASH_AREA:
                self._way = sign
                return True
        return False


def _keep_recent(times: deque[Fraction], look: Look) -> None:
    while times and look.time - times[0] >= _WINDOW_S:
        times.popleft()
