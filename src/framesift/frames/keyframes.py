"""Key frames alone: the quickest look at a long video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from framesift.errors import CorruptMediaError
from framesift.frames.looks import SMALL_HEIGHT, SMALL_WIDTH
from framesift.frames.route import follows
from framesift.frames.sampling import UniformSampler, check_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.frames.watching import Watcher
    from framesift.media import Media
    from framesift.media.base import Shown
    from framesift.types import Frame

__all__ = ["KeyframeSampler"]

_SPARSE = 4
"""Where fewer than one key frame in so many is wanted, seeking to each is quicker."""


@dataclass(frozen=True, slots=True)
class KeyframeSampler:
    """Key frames, which decode without the frames before them; the decoder skips all others.

    Time is divided into equal cells, ``fps`` a second and never more than ``max_frames``; the first
    key frame in each is taken. Where key frames are rarer than that, fewer frames come and the gaps
    are as long as the encoder made them, often 2 to 10 s. What is shown between two key frames
    alone is not seen. A still and an animation give what `UniformSampler` gives.

    Attributes:
        fps: Most frames a second.
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
        """``keyframes:fps=1,max=600``."""
        return f"keyframes:fps={self.fps},max={self.max_frames}"

    def frames(self, media: Media, watcher: Watcher) -> Iterator[Frame]:
        """Read the first key frame of each cell."""
        if media.frame_times is not None:
            yield from UniformSampler(self.fps, self.max_frames).frames(media, watcher)
            return
        step = self._step(media)
        taken, count, last = None, 0, None
        try:
            for shown in self._shown(media, step):
                small = shown.small(SMALL_WIDTH, SMALL_HEIGHT)
                watcher.see(shown, small, joined=follows(media.index, last, shown.time))
                last = shown.time
                cell = (shown.time - media.start) // step
                if cell != taken and count < self.max_frames:
                    taken, count = cell, count + 1
                    frame = shown.frame()
                    watcher.chose(frame)
                    yield frame
        except CorruptMediaError:
            if not count:  # better any frame than none
                yield from _first(media, watcher)
            raise
        watcher.done()

    def _step(self, media: Media) -> Fraction:
        step = 1 / Fraction(self.fps)
        end = media.index.end if media.index is not None else None
        if end is None and media.info.duration is not None:
            end = media.start + media.info.duration
        # Without a known end the first frames fill the budget.
        return step if end is None else max(step, (end - media.start) / self.max_frames)

    def _shown(self, media: Media, step: Fraction) -> Iterator[Shown]:
        """Yield key frames, each once; seeks where most of them are not wanted."""
        index = media.index
        keys = index.key_times() if index is not None else ()
        cells = {(time - media.start) // step: time for time in reversed(keys)}
        if len(keys) < _SPARSE * len(cells) or not cells:
            yield from media.pictures(keys_only=True)
            return
        trouble, last = None, None
        for time in sorted(cells.values()):
            try:
                shown = next(iter(media.pictures(time, keys_only=True)), None)
            except CorruptMediaError as error:
                trouble = trouble or error
                continue
            if shown is not None and (last is None or shown.time > last):
                last = shown.time
                yield shown
        if trouble is not None:
            raise trouble


def _first(media: Media, watcher: Watcher) -> Iterator[Frame]:
    for frame in media.read((media.start,)):
        watcher.chose(frame)
        yield frame
