"""Where one shot ends and the next one begins, by what small pictures show.

Own code after the ideas of PySceneDetect's content and adaptive detectors (a cut is a change that
is large beside the changes around it) and of the model of a dissolve as a weighted sum of both
scenes (Hampapur, Jain and Weymouth 1995). Pictures are compared with brightness and contrast set
aside, so that flicker and fades alone cut nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from framesift.frames.looks import Look, change
from framesift.types import Shot

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ShotDetector"]

_CUT = 13.0
"""From this `change` on, two neighbouring frames may belong to two shots."""

_FAR = 18.0
"""From this `change` on, two frames that are seconds apart belong to two shots."""

_RATIO = 2.2
"""A cut changes so many times as much as the frames before and after it change."""

_FLAT = 4.0
"""Below this contrast a picture shows nothing: black, white or between two scenes."""

_FLASH_FRAMES = 2
_FLASH_S = 0.1
_RECENT = 12


@dataclass(slots=True)
class _Doubt:
    """A jump that may be a cut, or a flash, or the begin of fast movement."""

    time: Fraction
    height: float
    before: Look
    after: list[float]


class ShotDetector:
    """Finds cuts in pictures that come one by one; memory does not grow but by the cuts.

    A hard cut is found at the first frame of the new shot. A fade through black is one cut, where
    the next scene begins to be seen; a dissolve is one cut at its middle. A flash of one or two
    frames, or shorter than a tenth of a second, cuts nothing. Where frames between were not
    decoded, the cut is said to be at the first decoded one that shows the new scene.
    """

    def __init__(self) -> None:
        """Start before the first frame."""
        self._cuts: list[Fraction] = []
        self._last: Look | None = None
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._doubt: _Doubt | None = None
        self._scene: Look | None = None
        self._light: Fraction | None = None
        self._blend = _BlendFinder()

    def see(self, time: Fraction, small: Look, joined: bool) -> bool:  # noqa: FBT001
        """Take the next picture.

        Args:
            time: When it starts, in seconds; ascending from call to call.
            small: How it looks.
            joined: Whether no frame was left out since the last call.

        Returns:
            Whether the picture is another one than the frame before; only the frames that follow
            tell whether a shot begins here.
        """
        last, self._last = self._last, small
        if last is None:
            self._stay(small)
            return False
        if not joined:
            return self._leap(time, small)
        moved = change(last, small)
        if self._flat(time, last, small):
            return moved > _CUT
        jump = moved > _CUT and moved > _RATIO * self._level()
        if self._doubt is not None:
            self._judge(time, small, moved)
        elif jump:
            self._doubt = _Doubt(time, moved, last, [])
        self._recent.append(moved)
        middle = self._blend.see(time, small)
        if middle is not None and self._doubt is None:
            self._cut(middle)
        return jump

    def shots(self, start: Fraction, end: Fraction) -> tuple[Shot, ...]:
        """Return the shots so far.

        Args:
            start: Of the first frame, in seconds.
            end: When the last frame stops being shown.

        Returns:
            Disjoint, in order, filling start to end; none where there is nothing to fill.
        """
        cuts = list(self._cuts)
        if self._doubt is not None and not self._is_flash(self._doubt):
            cuts.append(self._doubt.time)
        marks = [start, *sorted({cut for cut in cuts if start < cut < end}), end]
        return tuple(Shot(one, other) for one, other in pairwise(marks) if one < other)

    def _level(self) -> float:
        return float(np.median(self._recent)) if self._recent else 0.0

    def _is_flash(self, doubt: _Doubt) -> bool:
        return self._last is None or change(doubt.before, self._last) < doubt.height / 2

    def _cut(self, time: Fraction) -> None:
        self._cuts.append(time)
        self._recent.clear()
        self._blend.clear()

    def _stay(self, small: Look) -> None:
        if small.contrast >= 2 * _FLAT:
            self._scene = small

    def _leap(self, time: Fraction, small: Look) -> bool:
        """Compare over frames that nobody saw."""
        self._settle()
        self._recent.clear()
        self._blend.clear()
        self._light = None
        if small.contrast < _FLAT:
            return False
        scene, self._scene = self._scene, small
        new = scene is not None and change(scene, small) > _FAR
        if new:
            self._cut(time)
        return new

    def _settle(self) -> None:
        """Decide on a doubt without further frames."""
        doubt, self._doubt = self._doubt, None
        if doubt is not None and not self._is_flash(doubt):
            self._cut(doubt.time)

    def _judge(self, time: Fraction, small: Look, moved: float) -> None:
        """Decide on a doubt by what came after it."""
        doubt = self._doubt
        assert doubt is not None
        if change(doubt.before, small) < max(doubt.height / 2, 2 * self._level()):
            self._doubt = None  # the old scene is back
            return
        doubt.after.append(moved)
        if len(doubt.after) < _FLASH_FRAMES or time - doubt.time < _FLASH_S:
            return
        self._doubt = None
        if doubt.height > _RATIO * float(np.median(doubt.after)):
            self._cut(doubt.time)
            self._scene = small

    def _flat(self, time: Fraction, last: Look, small: Look) -> bool:
        """Follow black, white and grey stretches, which belong to the shot before them."""
        if small.contrast < _FLAT:
            self._settle_into_flat()
            self._light = None
            self._recent.clear()
            self._blend.clear()
            return True
        if last.contrast < _FLAT and self._light is None:
            self._light = time
        if self._light is None:
            self._stay(small)
            return False
        if small.contrast >= 2 * _FLAT:
            if self._scene is not None and change(self._scene, small) > _FAR * 0.7:
                self._cut(self._light)
            self._scene, self._light = small, None
        return True

    def _settle_into_flat(self) -> None:
        """Forget a jump that led to nothing but a flat picture."""
        self._doubt = None


class _BlendFinder:
    """Finds dissolves: stretches whose middle is a weighted sum of their ends."""

    def __init__(self) -> None:
        self._past: deque[tuple[Fraction, Look]] = deque()

    def clear(self) -> None:
        """Forget everything: nothing reaches across a cut."""
        self._past.clear()

    def see(self, time: Fraction, look: Look) -> Fraction | None:
        """Take the next look; returns the middle of a dissolve that has just become certain."""
        past = self._past
        if not past or time - past[-1][0] >= _APART_S:
            past.append((time, look))
        while past and time - past[0][0] > _WINDOWS_S[-1] + 2 * _APART_S:
            past.popleft()
        for window in _WINDOWS_S:
            if time - past[0][0] < window:
                return None
            first, *middle = (_at(past, time - window * Fraction(4 - part, 4)) for part in range(4))
            if _is_blend(first[1], [look for _, look in middle], look):
                return middle[1][0]
        return None


_APART_S = Fraction(1, 31)
_WINDOWS_S = (Fraction(3, 5), Fraction(6, 5), Fraction(12, 5))
_BLEND_LEFT = 0.06


def _at(past: Sequence[tuple[Fraction, Look]], time: Fraction) -> tuple[Fraction, Look]:
    """Return what was seen next to a time."""
    return min(past, key=lambda seen: abs(seen[0] - time))


def _is_blend(first: Look, middle: Sequence[Look], last: Look) -> bool:
    """Tell whether the looks between are weighted sums of the ends, with growing weights."""
    way = last.blocks - first.blocks
    length = float(way @ way)
    if length < _FAR**2 * len(way) or change(first, last) < _FAR:
        return False
    shares = []
    for look in middle:
        gone = look.blocks - first.blocks
        share = float(gone @ way) / length
        left = gone - share * way
        if float(left @ left) > _BLEND_LEFT * length:
            return False
        shares.append(share)
    return 0.0 < shares[0] < shares[1] < shares[2] < 1.0 and 0.3 < shares[1] <= 0.6
