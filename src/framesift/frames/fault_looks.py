"""What the fault meters share: a small picture taken apart once, and stretches of one fault."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.types import Segment

if TYPE_CHECKING:
    from fractions import Fraction

    from framesift.types import Float32Array, UInt8Array

__all__ = ["BLOCK", "DARK", "Look", "Pair", "Runs", "loss", "luma_of"]

BLOCK: Final = 8
"""Side of the blocks in which small pictures are compared, in pixels."""

_BT709: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
DARK: Final = 20.0
"""Blocks that are darker, in levels of luma, are bars beside the picture or might be."""

_FEW_BLOCKS: Final = 12
_CUT_DIFFERENCE: Final = 12.0
_CUT_LIKENESS: Final = 0.6


@dataclass(frozen=True, eq=False)
class Look:
    """One small picture.

    Attributes:
        time: When it starts, in seconds.
        small: uint8 (H, W, 3), RGB.
        luma: float32 (H, W), 0 to 255.
        blocks: Mean luma of the blocks, float32 (H / 8, W / 8).
        origin: When the first picture of all starts.
    """

    time: Fraction
    small: UInt8Array
    luma: Float32Array
    blocks: Float32Array
    origin: Fraction

    @classmethod
    def of(cls, time: Fraction, small: UInt8Array, origin: Fraction) -> Look:
        """Take a picture apart; its sides are multiples of 8."""
        luma = luma_of(small)
        return cls(time, small, luma, block_means(luma), origin)

    @cached_property
    def seconds(self) -> float:
        """When it starts after the first picture, roughly: the same whatever the clock says."""
        return float(self.time - self.origin)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two pictures of which the second follows directly on the first.

    Attributes:
        old: The first.
        new: The second.
        most: How far the block that changed most is off, in levels of luma.
        middle: How far the block in the middle is off, bars left out: whether the whole picture
            changed.
        mean: How far the pixels are off on average.
        cut: Whether they seem to belong to different shots.
    """

    old: Look
    new: Look
    most: float
    middle: float
    mean: float
    cut: bool

    @classmethod
    def of(cls, old: Look, new: Look) -> Pair:
        """Compare two pictures of the same size."""
        off = block_means(np.abs(new.luma - old.luma)).ravel()
        lit = off[np.maximum(old.blocks, new.blocks).ravel() > DARK]
        some = lit if lit.size >= _FEW_BLOCKS else off
        middle = float(np.partition(some, some.size // 2)[some.size // 2])
        mean = float(off.mean())
        cut = mean >= _CUT_DIFFERENCE and _likeness(old.blocks, new.blocks) < _CUT_LIKENESS
        return cls(old, new, float(off.max()), middle, mean, cut)

    @property
    def seconds(self) -> float:
        """How long the first one is shown."""
        return self.new.seconds - self.old.seconds


class Runs:
    """Puts stretches of one fault together, in order."""

    def __init__(self, label: str, *, minimum: float, gap: float = 0.0) -> None:
        """Start with none.

        Args:
            label: Of the fault.
            minimum: Shorter runs are dropped, in seconds.
            gap: Stretches no farther apart make one run, in seconds.
        """
        self._label, self._minimum, self._gap = label, minimum, gap
        self._open: Segment | None = None
        self.closed: list[Segment] = []

    def mark(self, start: Fraction, end: Fraction, peak: float, source: str = "") -> None:
        """Say that a stretch has the fault; its start is no earlier than those before."""
        old = self._open
        start = start if old is None else max(start, old.start)
        if end <= start:
            return
        new = Segment(
            self._label, start, end, min(1.0, max(0.0, peak)), start, "fault", source=source
        )
        if old is not None and start - old.end <= self._gap:
            best = new if new.peak > old.peak else old
            new = Segment(
                self._label,
                old.start,
                max(old.end, end),
                best.peak,
                best.peak_time,
                "fault",
                source=best.source,
            )
        else:
            self.close()
        self._open = new

    def close(self) -> None:
        """End the run that is open."""
        run, self._open = self._open, None
        if run is not None and run.end - run.start >= self._minimum:
            self.closed.append(run)


def luma_of(small: UInt8Array) -> Float32Array:
    """Weigh the channels as BT.709 does, float32 (H, W)."""
    luma: Float32Array = small.astype(np.float32) @ _BT709
    return luma


def block_means(plane: Float32Array) -> Float32Array:
    """Average over blocks, (H, W) to (H / 8, W / 8)."""
    rows, columns = (_averages(side) for side in plane.shape)
    return (rows.T @ plane @ columns).astype(np.float32, copy=False)


def loss(strengths: float, seconds: float) -> float:
    """Pool a fault over the time in which it could be seen, into points from 0 to 10.

    The root of the mean square: a fault that fills a tenth of the time costs a third of what it
    costs all along.

    Args:
        strengths: Sum of squared strength, each in [0, 1], times seconds.
        seconds: Watched in all.
    """
    return 10 * min(1.0, strengths / seconds) ** 0.5 if seconds > 0 else 0.0


_tables: dict[int, Float32Array] = {}


def _averages(side: int) -> Float32Array:
    """Return the matrix (side, side / 8) that averages over blocks."""
    if side not in _tables:
        one = np.full((BLOCK, 1), 1 / BLOCK, np.float32)
        _tables[side] = np.kron(np.eye(side // BLOCK), one).astype(np.float32)
    return _tables[side]


def _likeness(old: Float32Array, new: Float32Array) -> float:
    """Correlate the blocks of two pictures, whatever their brightness and contrast."""
    a, b = old - old.mean(), new - new.mean()
    scale = float(np.sqrt(np.vdot(a, a) * np.vdot(b, b)))
    return float(np.vdot(a, b)) / scale if scale > 1 else 0.0
