"""Shake: the camera's path, without what is slow and straight in it."""

from __future__ import annotations

from collections import deque
from math import exp
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from framesift.frames.fault_looks import BLOCK, DARK, Runs, loss

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from framesift.frames.fault_looks import Look, Pair
    from framesift.types import Float32Array, Segment

__all__ = ["ShakeMeter", "shift"]

_WINDOW_S: Final = 1.0
_FILLED_S: Final = 0.8
_HOP_S: Final = 0.25
_LEAST_PAIRS: Final = 6
_SHAKY: Final = 0.6
_SCALE: Final = 1.5
_TURNS: Final = 4
_REST_S: Final = 0.2
_RESPONSE: Final = 0.1
_CUT_RESPONSE: Final = 0.3
_STILL: Final = 0.5
_EXPLAINED: Final = 1.35
_KNOWN: Final = 0.5
_SIGMA: Final = 0.16


class ShakeMeter:
    """Follows the camera by phase correlation of pictures that follow each other.

    The shifts, in percent of the picture's sides, add up to a path. Over each second a parabola is
    fitted to it, which takes out pans, tilts and their acceleration; the root mean square of what
    remains, over both axes, is the shake, if the path turns back often enough. Pictures whose
    shift cannot be told (cuts, water, darkness) end the path.
    """

    def __init__(self) -> None:
        """Start before the first pair."""
        self._runs = Runs("shake", minimum=_FILLED_S, gap=0.3)
        self._path: deque[tuple[Fraction, float, float, float]] = deque()
        self._known: tuple[Look, NDArray[np.complex64]] | None = None
        self._brightest: Float32Array | None = None
        self._box = slice(None), slice(None)
        self._next = 0.0
        self._moving = 0.0
        self._known_before = False
        self._seconds = self._cost = self._watched = 0.0

    def see(self, pair: Pair | None) -> None:
        """Take the next two pictures; ``None`` where frames were passed over."""
        moved = None if pair is None else self._shift(pair)
        if (
            pair is not None
            and moved is None
            and not pair.cut
            and self._known_before
            and self._path
        ):
            moved, self._known_before = (0.0, 0.0), False  # one that cannot be told is bridged
        else:
            self._known_before = moved is not None
        self._watched += pair.seconds if pair is not None else 0.0
        if pair is None or moved is None:
            self._path.clear()
            return
        if moved != (0.0, 0.0):
            if pair.old.seconds - self._moving >= _REST_S:
                self._path.clear()  # the jump after a freeze is not the camera's
            self._moving = pair.new.seconds
        if not self._path:
            self._path.append((pair.old.time, pair.old.seconds, 0.0, 0.0))
            self._next = pair.old.seconds + _FILLED_S
        _, _, x, y = self._path[-1]
        self._path.append((pair.new.time, pair.new.seconds, x + moved[0], y + moved[1]))
        while pair.new.seconds - self._path[0][1] > _WINDOW_S:
            self._path.popleft()
        if pair.new.seconds >= self._next and len(self._path) > _LEAST_PAIRS:
            self._next = pair.new.seconds + _HOP_S
            self._judge()

    def finish(self) -> tuple[list[Segment], float | None]:
        """Return the segments and the score, 0 to 10.

        It is ``None`` where the path is known for less than half of what was watched and no shake
        was found in that: a camera thrown about is hard to follow.
        """
        self._runs.close()
        found = self._runs.closed
        known = self._seconds > 0 and self._seconds >= _KNOWN * (self._watched - _WINDOW_S)
        return found, 10 - loss(self._cost, self._seconds) if known or found else None

    def _shift(self, pair: Pair) -> tuple[float, float] | None:
        self._crop(pair.new)
        if pair.middle < _STILL:
            return 0.0, 0.0
        old = None
        if self._known is not None and self._known[0] is pair.old:
            old = self._known[1]
        if old is None:
            old = _spectrum(pair.old.luma[self._box])
        lumas = pair.old.luma[self._box], pair.new.luma[self._box]
        new = _spectrum(lumas[1])
        self._known = pair.new, new
        right, down, response = _shift(old, new, lumas[1].shape)
        least, most = (_CUT_RESPONSE, 1.0) if pair.cut else (_RESPONSE, _EXPLAINED)
        known = response >= least and _explained((right, down), *lumas) <= most
        return (right, down) if known else None

    def _crop(self, look: Look) -> None:
        """Leave out bars beside the picture: what has been dark from the start."""
        before = self._brightest
        if before is None:
            before = np.zeros_like(look.blocks)
        self._brightest = np.maximum(before, look.blocks)
        lit = self._brightest > DARK
        box = _extent(np.any(lit, axis=1)), _extent(np.any(lit, axis=0))
        if box != self._box:
            self._box, self._known = box, None

    def _judge(self) -> None:
        start, end = self._path[0][0], self._path[-1][0]
        times, x, y = np.array([point[1:] for point in self._path], np.float64).T
        turns = max(_turning(times, x), _turning(times, y))
        rest = _size(_unbent(times, x), _unbent(times, y)) if turns >= _TURNS else 0.0
        strength = 1 - exp(-((rest / _SCALE) ** 1.5))
        self._seconds += _HOP_S
        self._cost += strength**2 * _HOP_S
        if rest >= _SHAKY:
            self._runs.mark(start, end, strength)


def shift(old: Float32Array, new: Float32Array) -> tuple[float, float] | None:
    """Find by how much a picture has moved, in percent of its width and of its height.

    Phase correlation (Kuglin and Hines 1975): the cross-power spectrum, of which only the phase is
    kept, has its peak at the shift; high frequencies, which hold noise, weigh less.

    Args:
        old: Luma, float32 (H, W).
        new: The next picture's.

    Returns:
        Right and down; ``None`` where no shift explains the change.
    """
    right, down, response = _shift(_spectrum(old), _spectrum(new), new.shape)
    return (right, down) if response >= _RESPONSE else None


def _shift(
    old: NDArray[np.complex64], new: NDArray[np.complex64], shape: tuple[int, ...]
) -> tuple[float, float, float]:
    """Return the shift, and the height of its peak: 1 for two equal pictures."""
    cross = new * old.conj()
    cross *= _low_pass(shape) / (np.abs(cross) + np.float32(1e-3))
    peaks = np.fft.irfft2(cross, s=shape).astype(np.float32, copy=False)
    row, column = divmod(int(peaks.argmax()), shape[1])
    right = _between(peaks[row, [column - 1, column, (column + 1) % shape[1]]]) + column
    down = _between(peaks[[row - 1, row, (row + 1) % shape[0]], column]) + row
    response = float(peaks[row, column]) / _perfect(shape)
    return _signed(right, shape[1]), _signed(down, shape[0]), response


def _extent(lit: Any) -> slice:
    """Return the pixels from the first to the last lit row or column of blocks; all if too few."""
    places = np.flatnonzero(lit)
    if not places.size or places[-1] - places[0] < 2:
        return slice(0, BLOCK * lit.size)
    return slice(BLOCK * int(places[0]), BLOCK * (int(places[-1]) + 1))


def _explained(moved: tuple[float, float], old: Float32Array, new: Float32Array) -> float:
    """Return how unlike the pictures are with one moved back, as a share of what they were.

    What moves in front of a camera that stands still can have a peak of its own; moving the whole
    picture along with it makes the rest far worse. Parallax and a camera that rolls cost less.
    """
    height, width = new.shape
    right, down = round(moved[0] * width / 100), round(moved[1] * height / 100)
    if not right and not down:
        return 1.0
    off = np.abs(_moved(new, right, down) - _moved(old, -right, -down))
    return float(off.mean()) / max(float(np.abs(new - old).mean()), 1e-6)


def _moved(luma: Float32Array, right: int, down: int) -> Float32Array:
    """Cut off what came in at the left and top, or went out there where they are negative."""
    height, width = luma.shape
    return luma[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]


def _spectrum(luma: Float32Array) -> NDArray[np.complex64]:
    spectrum = np.fft.rfft2((luma - luma.mean()) * _window(luma.shape))
    return spectrum.astype(np.complex64, copy=False)


def _between(three: Float32Array) -> float:
    """Place the peak between three neighbours by a parabola."""
    left, middle, right = (float(value) for value in three)
    bend = left - 2 * middle + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0


def _signed(place: float, side: int) -> float:
    return 100 * (place - side if place > side / 2 else place) / side


def _unbent(times: NDArray[np.float64], path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the parabola that fits best out of a path."""
    at = times - times.mean()
    basis = np.stack([np.ones_like(at), at, at**2], axis=1)
    best, *_ = np.linalg.lstsq(basis, path, rcond=None)
    rest: NDArray[np.float64] = path - basis @ best
    return rest


def _size(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the root mean square of a path's distance from the origin."""
    return float(np.sqrt(np.mean(x**2 + y**2)))


def _turning(times: NDArray[np.float64], path: NDArray[np.float64]) -> int:
    """Count how often a path turns back by its own spread, its straight part taken out."""
    at = times - times.mean()
    slope = float(at @ path) / max(float(at @ at), 1e-9)
    rest = path - path.mean() - slope * at
    step = float(rest.std())
    high = low = rest[0]
    way = turns = 0
    for value in rest.tolist():
        high, low = max(high, value), min(low, value)
        if way <= 0 and value - low > step:
            way, high, turns = 1, value, turns + 1
        elif way >= 0 and high - value > step:
            way, low, turns = -1, value, turns + 1
    return turns


_tables: dict[tuple[int, ...], tuple[Float32Array, Float32Array, float]] = {}


def _window(shape: tuple[int, ...]) -> Float32Array:
    return _table(shape)[0]


def _low_pass(shape: tuple[int, ...]) -> Float32Array:
    return _table(shape)[1]


def _perfect(shape: tuple[int, ...]) -> float:
    """Return the height of the peak of two equal pictures."""
    return _table(shape)[2]


def _table(shape: tuple[int, ...]) -> tuple[Float32Array, Float32Array, float]:
    if shape not in _tables:
        height, width = shape
        window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
        down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
        low = np.exp(-(down**2 + right**2) / (2 * _SIGMA**2)).astype(np.float32)
        _tables[shape] = window, low, float(np.fft.irfft2(low, s=shape).max())
    return _tables[shape]
