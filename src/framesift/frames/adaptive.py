"""The default sampler: regular moments, every new picture, and more where pictures change."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from framesift.frames.looks import Look, change, share_changed
from framesift.frames.route import Route
from framesift.frames.sampling import UniformSampler, check_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.frames.watching import Sight, Watcher
    from framesift.media import Media
    from framesift.types import Frame

__all__ = ["AdaptiveSampler"]

_BASE_SHARE = Fraction(2, 3)
"""Regular moments take at most this share of the budget."""

_APART = Fraction(1, 4)
"""Frames chosen for a slow change lie at least this share of a step apart."""

_CHANGED = 14.0
_CHANGED_SHARE = 0.35
"""From this `change` or `share_changed` on since the last chosen frame, another one is worth it."""

_PAIR_S = Fraction(1, 4)
_STIRRED_SHARE = 0.02
"""From this `share_changed` on something moves, and what it does shows in two frames only."""

_SAME = 8.0
_REMEMBERED = 8
_STROBE = 4


@dataclass(frozen=True, slots=True)
class AdaptiveSampler:
    """Regular moments, the first frame of every new picture, and more where pictures change.

    Key frames are decoded in any case. A stretch between two of them is passed over where it is
    at most two steps long, both look alike and no frame between took unusually many bytes; else it
    is decoded frame by frame. Of the decoded frames these are chosen:

    - one whenever a step of ``1 / fps`` seconds has gone by since the last one, so that no gap is
      longer than two steps;
    - one where the picture jumps, also for a single frame, and where it jumps back, unless it did
      so four times within a step and looks like one of the last few chosen ones: a strobe light;
    - one a quarter of a second after a regular moment, where something moves: heads that judge
      movement need two frames that lie close together;
    - one when the picture has changed enough since the last one, a quarter step later or more.

    There are never more than ``max_frames``. Of a long video the step grows so that
    regular moments take at most two thirds of them; the others are spread over its length. A still
    and the pages of a document give what `UniformSampler` gives. No model has a say in it.

    Attributes:
        fps: Regular moments a second.
        max_frames: Most frames in all.
    """

    fps: Fraction | float = Fraction(1)
    max_frames: int = 600

    def __post_init__(self) -> None:
        """Make ``fps`` exact.

        Raises:
            ConfigError: ``fps`` or ``max_frames`` is not positive.
        """
        object.__setattr__(self, "fps", check_rate(self.fps, self.max_frames))

    @property
    def key(self) -> str:
        """``adaptive2:fps=1,max=600``; the number is that of the rules above."""
        return f"adaptive2:fps={self.fps},max={self.max_frames}"

    def frames(self, media: Media, watcher: Watcher) -> Iterator[Frame]:
        """Decode what may matter and read what the class describes."""
        if media.frame_times is not None and media.info.duration is None:
            yield from UniformSampler(self.fps, self.max_frames).frames(media, watcher)
            return
        chooser = _Chooser(self, media)
        step = chooser.step
        for stop in Route(media, longest=2 * step, apart=_APART / Fraction(self.fps)).stops():
            sight = watcher.see(stop.shown, stop.small, joined=stop.joined)
            if chooser.wants(stop.shown.time, sight, stop.until):
                frame = stop.shown.frame()
                watcher.chose(frame)
                yield frame
        watcher.done()


class _Chooser:
    """Spends the budget."""

    def __init__(self, sampler: AdaptiveSampler, media: Media) -> None:
        self._most = sampler.max_frames
        self._start = media.start
        self._length = _length(media)
        self.step = 1 / Fraction(sampler.fps)
        if self._length is not None:
            self.step = max(self.step, self._length / (self._most * _BASE_SHARE))
        self._count = 0
        self._extras = 0
        self._alone = False
        self._last: Fraction | None = None
        self._chosen: deque[Look] = deque(maxlen=_REMEMBERED)
        self._jumps: deque[Fraction] = deque(maxlen=_STROBE)

    def wants(self, time: Fraction, sight: Sight, until: Fraction | None) -> bool:
        """Decide on the next decoded picture."""
        if self._count >= self._most:
            return False
        regular = self._due(time, until)
        if not regular:
            if not self._worth(time, sight):
                return False
            self._extras += 1
        self._alone = regular
        self._count += 1
        self._last = time
        self._chosen.append(sight.look)
        return True

    def _due(self, time: Fraction, until: Fraction | None) -> bool:
        if self._last is None:
            return True
        step = self._step()
        return time - self._last >= step or (until is not None and until - self._last > 2 * step)

    def _step(self) -> Fraction:
        if self._length is not None:
            return self.step
        # Of unknown length: four times as far apart whenever half of what is left is spent.
        halvings = int(math.log2(self._most / (self._most - self._count)))
        return self.step * (1 << 2 * halvings)

    def _worth(self, time: Fraction, sight: Sight) -> bool:
        assert self._last is not None
        allowed, burst = self._allowance(time)
        known = any(change(look, sight.look) <= _SAME for look in self._chosen)
        if sight.jump:
            strobe = len(self._jumps) == _STROBE and time - self._jumps[0] < self._step()
            if self._extras >= allowed or (strobe and known):
                return False
            self._jumps.append(time)
            return True
        if self._extras >= allowed - burst / 2:
            return False
        gone, apart = time - self._last, self._step() * _APART
        last = self._chosen[-1]
        moved = share_changed(last, sight.look)
        if self._alone and gone >= min(apart, _PAIR_S) and moved > _STIRRED_SHARE:
            return True
        changed = moved > _CHANGED_SHARE or change(last, sight.look) > _CHANGED
        return changed and not known and gone >= apart

    def _allowance(self, time: Fraction) -> tuple[float, float]:
        """Return how many extra frames there may have been by now, and how many in a burst."""
        if self._length is None:
            return self._count / 2 + 8, 8
        extras = max(0, self._most - math.ceil(self._length / self.step) - 1)
        burst = min(extras, max(8, extras / 4))
        gone = float((time - self._start) / self._length) if self._length > 0 else 1.0
        return min(extras, extras * gone + burst), burst


def _length(media: Media) -> Fraction | None:
    index, duration = media.index, media.info.duration
    if index is not None:
        return max(Fraction(0), index.end - media.start)
    return duration
