"""Starved stretches: far fewer bytes than around while the picture moves as much as around."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import exp, log2
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.frames.fault_looks import Runs, loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framesift.frames.fault_looks import Pair
    from framesift.media.index import FrameIndex
    from framesift.types import Segment

__all__ = ["BitrateMeter"]

_LEAST_PAIRS: Final = 4
_LEAST_SECONDS: Final = 5
_AROUND: Final = 20
_DROP: Final = 0.25
_AS_LIVELY: Final = 0.5
_MOVES: Final = 0.2
_AS_DETAILED: Final = 0.7
_SCALE_OCTAVES: Final = 1.5


@dataclass(frozen=True, eq=False)
class _Seconds:
    """The M seconds of the clock that were watched."""

    at: NDArray[np.int64]
    motion: NDArray[np.float64]
    detail: NDArray[np.float64]


class BitrateMeter:
    """Compares the bytes of each second with those of the seconds around it.

    Key frames, of which some seconds have one and others none, are left out where there are others.
    The level is the upper quartile of the 20 nearest seconds that were watched. A second is starved
    where it has less than a quarter of that, although it moves at least half as much as the seconds
    near the level do and shows about as much detail: then the scene does not explain it. Cuts and
    flashes count as motion, since they take bytes as well.
    """

    def __init__(self) -> None:
        """Start before the first pair."""
        self._sums: dict[int, tuple[int, float, float]] = {}

    def see(self, pair: Pair | None) -> None:
        """Take the next two pictures; ``None`` where frames were passed over."""
        if pair is None:
            return
        second = int(pair.new.time // 1)
        count, motion, detail = self._sums.get(second, (0, 0.0, 0.0))
        edges = float(np.abs(np.diff(pair.new.luma[::2], axis=1)).mean())
        self._sums[second] = count + 1, motion + pair.mean, detail + edges

    def finish(self, index: FrameIndex | None) -> tuple[list[Segment], float | None]:
        """Return the segments and the score, 0 to 10; ``None`` where too little is known."""
        if index is None or not len(index):
            return [], None
        sizes = _sizes(index)
        watched = sorted(
            (second, motion / count, detail / count)
            for second, (count, motion, detail) in self._sums.items()
            if count >= _LEAST_PAIRS and second in sizes
        )
        if len(watched) < _LEAST_SECONDS:
            return [], None
        columns = np.array(watched, np.float64).T
        known = _Seconds(columns[0].astype(np.int64), columns[1], columns[2])
        octaves = _starved(known, np.array([sizes[int(second)] for second in known.at]))
        runs = Runs("bitrate_drop", minimum=0.5)
        first = index.time(0)
        strengths = [1 - exp(-octave / _SCALE_OCTAVES) for octave in octaves]
        for second, strength in zip(known.at.tolist(), strengths, strict=True):
            if strength > 0:
                end = min(Fraction(second + 1), index.end)
                runs.mark(max(Fraction(second), first), end, strength)
        runs.close()
        return runs.closed, 10 - loss(sum(each**2 for each in strengths), len(known.at))


def _sizes(index: FrameIndex) -> dict[int, float]:
    """Return the mean bytes of a frame for each second of the clock."""
    some = ~index.keys if np.mean(index.keys) <= 0.5 else np.ones(len(index), np.bool_)
    base = index.base
    seconds = index.pts[some] * base.numerator // base.denominator
    places, inverse = np.unique(seconds, return_inverse=True)
    total = np.bincount(inverse, weights=index.sizes[some])
    means = total / np.bincount(inverse)
    return dict(zip(places.tolist(), means.tolist(), strict=True))


def _starved(known: _Seconds, sizes: NDArray[np.float64]) -> list[float]:
    """Return by how many octaves each second is below half the level, 0 where it is not starved."""
    found = []
    count = len(sizes)
    for place, size in enumerate(sizes.tolist()):
        first = max(0, min(place - _AROUND // 2, count - _AROUND))
        around = slice(first, first + _AROUND)
        level = float(np.quantile(sizes[around], 0.75))
        usual = sizes[around] >= level / 2
        motion = _AS_LIVELY * float(np.median(known.motion[around][usual]))
        lively = known.motion[place] >= max(_MOVES, motion)
        detail = _AS_DETAILED * float(np.median(known.detail[around][usual]))
        starved = size < _DROP * level and lively and known.detail[place] >= detail
        found.append(log2(level / max(size, 1.0)) - 1 if starved else 0.0)
    return found
