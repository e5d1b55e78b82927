"""Stretches in which there is nothing to see: black, or one colour from edge to edge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.frames.fault_looks import Runs, loss

if TYPE_CHECKING:
    from fractions import Fraction

    from framesift.frames.fault_looks import Look
    from framesift.media.index import FrameIndex
    from framesift.types import Segment

__all__ = ["EmptyMeter"]

BRIDGE_S: Final = 12
"""Frames that were passed over, for no longer than this, count as empty where both ends are."""

_MINIMUM_S: Final = 0.4
_FEW_BYTES: Final = 200
_SCALE_S: Final = 1.0
_SHARE: Final = 0.98
_BLACK: Final = 24.0
_BLACK_SPREAD: Final = 6.0
_SPREAD: Final = 4


class EmptyMeter:
    """Finds black and blank stretches.

    A picture is empty where 98 in 100 of its pixels (the share of ffmpeg's ``blackdetect``) lie
    within four levels of its middle colour; below a luma of 24 of 255 it is black, and there a
    spread of six levels is allowed, for noise. Frames that were passed over count as empty where
    both ends are, and where each took about as few bytes as those.
    """

    def __init__(self) -> None:
        """Start before the first picture."""
        self._pieces: list[_Piece] = []
        self._last: tuple[Fraction, Fraction | None, str] | None = None
        self._seen = 0.0

    def see(self, look: Look, duration: Fraction | None, *, joined: bool) -> None:
        """Take the next picture."""
        kind = kind_of(look)
        if self._last is not None:
            time, length, before = self._last
            if joined:
                self._add(_Piece(before, time, look.time))
            else:
                end = min(time + (length or 0), look.time)
                self._add(_Piece(before, time, end))
                if kind == before and look.time - time <= BRIDGE_S:
                    self._add(_Piece(kind, time, look.time, passed=True))
        self._last = (look.time, duration, kind)

    def finish(self, end: Fraction, index: FrameIndex | None) -> tuple[list[Segment], float | None]:
        """Return the segments and the score, 0 to 10; ``None`` where nothing was seen."""
        if self._last is not None:
            time, length, kind = self._last
            self._add(_Piece(kind, time, time + length if length else end))
            self._last = None
        found = []
        for label in ("black", "blank"):
            runs = Runs(label, minimum=_MINIMUM_S)
            for piece in self._pieces:
                if piece.kind == label and (not piece.passed or _took_little(piece, index)):
                    runs.mark(piece.start, piece.end, 1.0)
            runs.close()
            found += [_weighed(run) for run in runs.closed]
        cost = sum(run.peak**2 * float(run.end - run.start) for run in found)
        total = max(self._seen, sum(float(run.end - run.start) for run in found))
        return found, 10 - loss(cost, total) if total else None

    def _add(self, piece: _Piece) -> None:
        """Keep an empty piece, as a part of the one before where they touch."""
        if not piece.passed:
            self._seen += float(piece.end - piece.start)
        if not piece.kind or piece.end <= piece.start:
            return
        last = self._pieces[-1] if self._pieces else None
        if last is not None and not piece.passed and last.touches(piece):
            self._pieces[-1] = replace(last, end=piece.end)
        else:
            self._pieces.append(piece)


@dataclass(frozen=True)
class _Piece:
    """A stretch of one kind; ``passed`` where only the frames at its ends were looked at."""

    kind: str
    start: Fraction
    end: Fraction
    passed: bool = False

    def touches(self, later: _Piece) -> bool:
        """Whether both make one piece."""
        return not self.passed and self.kind == later.kind and self.end == later.start


def _took_little(piece: _Piece, index: FrameIndex | None) -> bool:
    """Whether no frame that was passed over took more than twice the bytes of those around it."""
    if index is None:
        return False
    first, last = (index.shown_at(time) for time in (piece.start, piece.end))
    around = max(int(index.sizes[first]), int(index.sizes[last]), _FEW_BYTES)
    between = index.sizes[first + 1 : last]
    return not between.size or int(between.max()) <= 2 * around


def kind_of(look: Look) -> str:
    """Return ``black``, ``blank``, or nothing for a picture with something in it."""
    # Most pictures are told by their blocks alone.
    if float(np.ptp(look.blocks)) > 4 * _SPREAD and float(np.median(look.blocks)) > _BLACK:
        return ""
    few = look.small[::2, ::2].reshape(-1, 3).astype(np.int16)
    middle = np.median(few, axis=0)
    luma = look.luma[::2, ::2]
    level = float(np.median(luma))
    if level <= _BLACK and float(np.mean(np.abs(luma - level) <= _BLACK_SPREAD)) >= _SHARE:
        return "black"
    within = np.all(np.abs(few - middle) <= _SPREAD, axis=1)
    return "blank" if float(within.mean()) >= _SHARE else ""


def _weighed(run: Segment) -> Segment:
    """Say how bad a run is: the longer the worse, and half as bad as can be after 0.7 s."""
    return replace(run, peak=1 - exp(-float(run.end - run.start) / _SCALE_S))
