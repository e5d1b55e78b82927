"""Freezes and stutter: pictures shown again while the camera or its noise should have gone on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from math import exp, hypot, log2
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.frames.fault_looks import Runs, loss

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from framesift.frames.fault_looks import Look, Pair
    from framesift.types import Segment

__all__ = ["FreezeMeter"]

FREEZE_S: Final = 0.5
_PAUSE_S: Final = 0.2
_BRIDGE_S: Final = 12
_SCALE_S: Final = 1.5
_WATCHED_S: Final = 1.0

# Two pictures are the same below these, in levels of luma: of the worst block, and of the middle
# one. Coding gives a repeated frame up to a level in its worst block; a key frame within a freeze
# makes it jump once, by less than _POP, and never far from the picture that froze.
_SAME: Final = 1.5
_SAME_MIDDLE: Final = 0.15
_POP: Final = 6.0
_POP_MIDDLE: Final = 3.0
_POP_S: Final = 0.35

# What counts as life in the whole picture, and as a fast move in a part of it.
_ALIVE: Final = 0.5
_FAST: Final = 6.0
_ABRUPT: Final = 0.25
_NEAR: Final = 8
_NEAR_S: Final = 0.6
_AFTER: Final = 3
_MANY: Final = 4

# Pictures held longer than this are seen as jerks: 24 a second are not.
_SMOOTH_HOLD_S: Final = 0.045
_WORST_OCTAVES: Final = 4.0
_LEAST_MOTION: Final = 5.0
"""Levels of luma in a second, below which a picture does not move enough to stutter."""


@dataclass(frozen=True)
class _Rest:
    """A stretch of equal pictures, and what came before and after it."""

    start: Look
    end: Fraction
    before: tuple[Pair, ...]
    after: tuple[Pair, ...]


class FreezeMeter:
    """Tells a frozen video from a scene at rest, and measures how smoothly the rest flows.

    A rest of half a second is a freeze where life stopped at once and everywhere: up to it the
    block in the middle changed from picture to picture (a moving camera, or the noise of a camera
    that stands still), it did not fade out over the last pictures, and no cut came in between. It
    is one, too, where a fast move in a part of the picture stops and goes on as suddenly. A slide
    after a cut, a screen on which nobody types and a standing camera whose noise the encoder took
    out are at rest and no fault; where such rests are the rule, none is called a freeze.

    The score counts freezes and jerks: the mean time for which a picture is held, weighted by how
    far the next one jumps.
    """

    def __init__(self) -> None:
        """Start before the first pair."""
        self._recent: deque[Pair] = deque(maxlen=_NEAR)
        self._first: Look | None = None
        self._before: tuple[Pair, ...] = ()
        self._popped = float("-inf")
        self._ended: _Rest | None = None
        self._found: list[Segment] = []
        self._watched = self._resting = self._moved = self._held = 0.0
        self._hold = 0.0

    def see(self, old: Look | None, new: Look, pair: Pair | None) -> None:
        """Take the next picture.

        Args:
            old: The one before it.
            new: The picture.
            pair: Both, where no frame lies between them.
        """
        if pair is None:
            self._jump(old, new)
            return
        self._watched += pair.seconds
        same = self._is_same(pair)
        self._measure_flow(pair, same=same)
        if self._first is None and (same or pair.seconds >= FREEZE_S):
            self._settle()
            self._first, self._before = pair.old, tuple(self._recent)
        if not same:
            self._end_rest(pair.new.time)
        if self._ended is not None:
            self._ended = replace(self._ended, after=(*self._ended.after, pair))
            if len(self._ended.after) >= _AFTER:
                self._settle()
        if not same:
            self._recent.append(pair)

    def finish(self, end: Fraction) -> tuple[list[Segment], float | None]:
        """Return the freezes and the score, 0 to 10; ``None`` where nothing moved or froze."""
        self._end_rest(end)
        self._settle()
        found = [] if self._rests_are_the_rule() else self._found
        cost = sum(run.peak**2 * float(run.end - run.start) for run in found)
        frozen = loss(cost, self._watched)
        moves = self._moved >= _LEAST_MOTION * max(1.0, self._watched)
        if self._watched < _WATCHED_S or not (found or moves):
            return found, None
        jerks = _jerks(self._held / self._moved) if moves else 0.0
        return found, 10 - min(10.0, hypot(frozen, jerks))

    def _is_same(self, pair: Pair) -> bool:
        if pair.most < _SAME and pair.middle < _SAME_MIDDLE:
            return True
        if self._first is None or pair.most >= _POP or pair.middle >= _POP_MIDDLE:
            return False
        if pair.new.seconds - self._popped < _POP_S:
            return False
        far = float(np.abs(pair.new.blocks - self._first.blocks).max())
        if far >= _POP:
            return False
        self._popped = pair.new.seconds
        return True

    def _jump(self, old: Look | None, new: Look) -> None:
        """Go on after frames that were passed over; a rest may last across them."""
        self._settle()
        self._hold = 0.0
        self._recent.clear()
        if old is None or self._first is None:
            self._first = None
            return
        near = new.time - old.time <= _BRIDGE_S
        if not near or float(np.abs(new.blocks - old.blocks).max()) >= _SAME:
            self._end_rest(old.time)
            self._settle()

    def _measure_flow(self, pair: Pair, *, same: bool) -> None:
        self._hold += pair.seconds
        if same:
            return
        if self._hold < FREEZE_S and not pair.cut:
            self._moved += pair.mean
            self._held += pair.mean * self._hold
        self._hold = 0.0

    def _end_rest(self, end: Fraction) -> None:
        first, self._first = self._first, None
        if first is not None:
            self._ended = _Rest(first, end, self._before, ())

    def _settle(self) -> None:
        """Judge the rest that is over."""
        rest, self._ended = self._ended, None
        if rest is None:
            return
        length = float(rest.end - rest.start.time)
        if length >= FREEZE_S and _is_freeze(rest):
            runs = Runs("freeze", minimum=FREEZE_S)
            runs.mark(rest.start.time, rest.end, 1 - exp(-length / _SCALE_S))
            runs.close()
            self._found += runs.closed
        elif length >= _PAUSE_S:
            self._resting += length

    def _rests_are_the_rule(self) -> bool:
        frozen = sum(float(run.end - run.start) for run in self._found)
        others = max(0.0, self._watched - frozen)
        slides = len(self._found) >= 2 and frozen + self._resting > 0.6 * self._watched
        return slides or self._resting > 0.2 * max(others, _WATCHED_S)


def _is_freeze(rest: _Rest) -> bool:
    usual = [pair.seconds for pair in (*rest.before, *rest.after[1:])]
    length = float(rest.end - rest.start.time)
    if not usual or length < _MANY * float(np.median(usual)):
        return False
    before, after = _same_shot(rest.before[::-1])[::-1], _same_shot(rest.after)
    before = [pair for pair in before if rest.start.seconds - pair.old.seconds <= _NEAR_S]
    alive = _alive([pair.middle for pair in before], _ALIVE)
    resumed = _alive([pair.middle for pair in after[::-1]], _ALIVE)
    moved = _fast([pair.most for pair in before])
    moves = _fast([pair.most for pair in after[::-1]])
    unknown = not rest.before
    return alive or (unknown and resumed) or (moved and moves)


def _alive(changes: list[float], least: float) -> bool:
    """Whether changes that come nearer and nearer to a rest are large and do not fade out."""
    if len(changes) < _AFTER:
        return False
    usual = float(np.median(changes))
    # The middle one of the last: a frame coded afresh may come between life and rest.
    last = float(np.median(changes[-_AFTER:]))
    return usual >= least and last >= _ABRUPT * usual


def _fast(changes: list[float]) -> bool:
    """Whether a part of the picture moves fast right up to a rest, be it in every other frame."""
    if len(changes) < _AFTER:
        return False
    usual = float(np.quantile(changes, 0.75))
    return usual >= _FAST and max(changes[-_AFTER:]) >= 0.5 * usual


def _same_shot(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs up to the first cut."""
    found = []
    for pair in pairs:
        if pair.cut:
            break
        found.append(pair)
    return found


def _jerks(hold: float) -> float:
    """Turn the mean time for which pictures are held into a loss, 0 to 10."""
    octaves = log2(max(hold, _SMOOTH_HOLD_S) / _SMOOTH_HOLD_S)
    return 10 * min(1.0, octaves / _WORST_OCTAVES)
