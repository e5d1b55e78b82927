"""Stretches in which there is nothing to see: black, or one colour from edge to edge."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.frames.fault_looks import Runs, loss

if TYPE_CHECKING:
    from fractions import Fraction

    from framesift.frames.fault_looks import Look
    from framesift.types import Segment

__all__ = ["EmptyMeter"]

BRIDGE_S: Final = 12
"""Frames that were passed over, for no longer than this, count as empty where both ends are."""

_MINIMUM_S: Final = 0.4
_SCALE_S: Final = 1.0
_SHARE: Final = 0.98
_BLACK: Final = 24.0
_BLACK_SPREAD: Final = 6.0
_SPREAD: Final = 4


class EmptyMeter:
    """Finds black and blank stretches.

    A picture is empty where 98 in 100 of its pixels (the share of ffmpeg's ``blackdetect``) lie
    within four levels of its middle colour; below a luma of 24 of 255 it is black, and there a
    spread of six levels is allowed, for noise.
    """

    def __init__(self) -> None:
        """Start before the first picture."""
        self._runs = {name: Runs(name, minimum=_MINIMUM_S) for name in ("black", "blank")}
        self._last: tuple[Fraction, Fraction | None, str] | None = None
        self._seen = 0.0

    def see(self, look: Look, duration: Fraction | None, *, joined: bool) -> None:
        """Take the next picture."""
        kind = kind_of(look)
        if self._last is not None:
            time, length, before = self._last
            near = look.time - time <= BRIDGE_S
            end = time + (length or 0)
            if joined or (near and kind == before):
                end = look.time
            self._mark(before, time, end)
        self._last = (look.time, duration, kind)

    def finish(self, end: Fraction) -> tuple[list[Segment], float | None]:
        """Return the segments and the score, 0 to 10; ``None`` where nothing was seen."""
        if self._last is not None:
            time, length, kind = self._last
            self._mark(kind, time, time + length if length else end)
            self._last = None
        found = []
        for runs in self._runs.values():
            runs.close()
            found += [_weighed(run) for run in runs.closed]
        cost = sum(run.peak**2 * float(run.end - run.start) for run in found)
        return found, 10 - loss(cost, self._seen) if self._seen else None

    def _mark(self, kind: str, start: Fraction, end: Fraction) -> None:
        self._seen += float(end - start)
        if kind:
            self._runs[kind].mark(start, end, 1.0)


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
