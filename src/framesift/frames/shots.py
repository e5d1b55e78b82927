"""Where one shot ends and the next one begins, by what small pictures show.

Own code after the ideas of PySceneDetect's content and adaptive detectors (a cut is a change that
is large beside the changes around it) and of the model of a dissolve as a weighted sum of both
scenes (Hampapur, Jain and Weymouth 1995). Pictures are compared with brightness and contrast set
aside, so that flicker and fades alone cut nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from framesift.frames.looks import Look, another_scene, change, likeness
from framesift.types import Shot

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ShotDetector"]

_CUT = 13.0
"""From this `change` on, two neighbouring frames may belong to two shots."""

_FAR = 18.0
"""From this `change` on, two frames that are seconds apart belong to two shots."""

_RATIO = 2.2
_CLEAR_RATIO = 1.4
"""A cut changes so many times as much as the frames before and after it; the smaller number is for
what is another scene also by its colours."""

_FLAT = 4.0
"""Below this contrast a picture shows nothing: black, white or between two scenes."""

_SAME_SCENE = 0.7
"""From this `likeness` on, light comes back on the scene that went dark."""

_SAME_PLACE = 0.82
"""From this `likeness` on, what jumped within a picture is no cut."""

_FLASH_FRAMES = 2
_FLASH_S = 0.1
_RECENT = 12
_CALM_S = Fraction(1, 2)


@dataclass(slots=True)
class _Doubt:
    """A jump that may be a cut, or a flash, or the begin of fast movement."""

    time: Fraction
    height: float
    before: Look
    first: Look
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
        jump = moved > _CUT and moved > _ratio(last, small) * self._level()
        if self._doubt is not None:
            self._judge(time, small, moved)
        elif jump:
            self._doubt = _Doubt(time, moved, last, small, [])
        leapt = moved > _CUT and moved > _RATIO * self._usual()
        self._recent.append(moved)
        middle = self._blend.see(time, small)
        if middle is not None and self._doubt is None and self._calm(middle):
            self._cut(middle)
        return leapt

    def shots(self, start: Fraction, end: Fraction) -> tuple[Shot, ...]:
        """Return the shots so far.

        Args:
            start: Of the first frame, in seconds.
            end: When the last frame stops being shown.

        Returns:
            Disjoint, in order, filling start to end; none where there is nothing to fill.
        """
        cuts = list(self._cuts)
        if self._doubt is not None and self._stands(self._doubt):
            cuts.append(self._doubt.time)
        marks = [start, *sorted({cut for cut in cuts if start < cut < end}), end]
        return tuple(Shot(one, other) for one, other in pairwise(marks) if one < other)

    def _level(self) -> float:
        return float(np.percentile(self._recent, 80)) if self._recent else 0.0

    def _usual(self) -> float:
        """Return the recent level, where what is not known of it counts as calm."""
        calm = [0.0] * (_RECENT - len(self._recent))
        return float(np.median([*self._recent, *calm]))

    def _stands(self, doubt: _Doubt) -> bool:
        """Whether a jump is a cut as far as can be told before its time is up."""
        back = self._last is None or change(doubt.before, self._last) < doubt.height / 2
        return not back and _is_other(doubt)

    def _calm(self, time: Fraction) -> bool:
        """Whether a slow change may be a cut of its own, and not the rest of the last one."""
        return not self._cuts or time - self._cuts[-1] >= _CALM_S

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
        new = scene is not None and another_scene(scene, small)
        if new:
            self._cut(time)
        return new

    def _settle(self) -> None:
        """Decide on a doubt without further frames."""
        doubt, self._doubt = self._doubt, None
        if doubt is not None and self._stands(doubt):
            self._cut(doubt.time)

    def _judge(self, time: Fraction, small: Look, moved: float) -> None:
        """Decide on a doubt by what came after it."""
        doubt = self._doubt
        assert doubt is not None
        near = max(doubt.height / 2, min(2 * self._level(), 0.8 * doubt.height))
        if change(doubt.before, small) < near:
            self._doubt = None  # the old scene is back
            return
        doubt.after.append(moved)
        if len(doubt.after) < _FLASH_FRAMES or time - doubt.time < _FLASH_S:
            return
        self._doubt = None
        ratio = _ratio(doubt.before, doubt.first)
        if _is_other(doubt) and doubt.height > ratio * float(np.median(doubt.after)):
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
            other = self._scene is not None and likeness(self._scene, small) < _SAME_SCENE
            if other and self._calm(self._light):
                self._cut(self._light)
            self._scene, self._light = small, None
        return True

    def _settle_into_flat(self) -> None:
        """Forget a jump that led to nothing but a flat picture."""
        self._doubt = None


def _ratio(before: Look, after: Look) -> float:
    return _CLEAR_RATIO if another_scene(before, after) else _RATIO


def _is_other(doubt: _Doubt) -> bool:
    """Whether a jump led away from the scene, and not only something came close or flashed."""
    return likeness(doubt.before, doubt.first) < _SAME_PLACE


class _BlendFinder:
    """Finds dissolves: stretches whose middle is a weighted sum of their ends."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._looks: list[Look] = []
        self._seen: list[Fraction] = []
        self._next = 0.0

    def clear(self) -> None:
        """Forget everything: nothing reaches across a cut."""
        for kept in (self._times, self._looks, self._seen):
            kept.clear()

    def see(self, time: Fraction, look: Look) -> Fraction | None:
        """Take the next look; returns the middle of a dissolve that has just become certain."""
        now = float(time)
        if self._times and now - self._times[-1] < _APART_S:
            return None
        self._times.append(now)
        self._looks.append(look)
        self._seen.append(time)
        old = bisect_left(self._times, now - _WINDOWS_S[-1] - 2 * _APART_S)
        if old >= _DROP:
            for kept in (self._times, self._looks, self._seen):
                del kept[:old]
        if now < self._next and now > self._next - _EVERY_S:
            return None
        self._next = now + _EVERY_S
        return self._middle(now, look)

    def _middle(self, now: float, look: Look) -> Fraction | None:
        for window in _WINDOWS_S:
            if now - self._times[0] < window:
                return None
            first = self._looks[self._at(now - window)]
            if likeness(first, look) > _BLEND_LIKENESS:
                continue
            places = [self._at(now - window * (4 - part) / 4) for part in (1, 2, 3)]
            if _is_blend(first, [self._looks[place] for place in places], look):
                return self._seen[places[1]]
        return None

    def _at(self, time: float) -> int:
        """Return which look was taken next to a time."""
        place = bisect_left(self._times, time)
        if place == len(self._times):
            return place - 1
        return place - (place > 0 and time - self._times[place - 1] < self._times[place] - time)


_APART_S = 1 / 31
_EVERY_S = 0.06
_WINDOWS_S = (0.4, 0.7, 1.2, 2.4)
_BLEND_LEFT = 0.1
_BLEND_LIKENESS = 0.62
_BLEND_SLACK = 0.13
_DROP = 32


def _is_blend(first: Look, middle: Sequence[Look], last: Look) -> bool:
    """Tell whether the looks between are weighted sums of the ends, with growing weights."""
    way = last.blocks - first.blocks
    length = float(way @ way)
    if length < _FAR**2 * len(way):
        return False
    for place, look in enumerate(middle, 1):
        gone = look.blocks - first.blocks
        share = float(gone @ way) / length
        left = gone - share * way
        if abs(share - place / 4) > _BLEND_SLACK or float(left @ left) > _BLEND_LEFT * length:
            return False
    return True
