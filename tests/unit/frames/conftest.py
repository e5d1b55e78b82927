"""A video made of numbers: any length, any key frames, no file and no decoder."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.errors import CorruptMediaError
from framesift.media import Media
from framesift.media.base import Shown
from framesift.media.index import FrameIndex
from framesift.types import Frame, MediaInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

KEY_BYTES, USUAL_BYTES = 20_000, 500


@lru_cache(maxsize=64)
def scene(number: int) -> np.ndarray:
    """Return a small picture; another number gives quite another one."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (5, 7, 3)).astype(np.uint8)
    return np.ascontiguousarray(np.kron(coarse, np.ones((15, 19, 1), np.uint8))[:72, :128])


class FakeShown(Shown):
    """One frame."""

    def __init__(self, video: FakeVideo, place: int) -> None:
        self.place = place
        self.time = video.times[place]
        self.duration = video.step
        self.key = place in video.keys
        self._video = video

    def small(self, width: int, height: int) -> np.ndarray:
        """Return the scene."""
        assert (width, height) == (128, 72)
        self._video.smalls += 1
        return self._video.look(self.place)

    def frame(self) -> Frame:
        """Return it with a pixel that says which frame it is."""
        pixels = np.full((1, 1, 3), self.place % 251, np.uint8)
        return Frame(pixels, self.time, self.place, self.duration)


class FakeVideo(Media):
    """``count`` frames, ``rate`` a second, a key frame at every ``gop`` of them.

    ``look`` gives the small picture of a frame; ``news`` are frames that take many bytes.
    """

    frame_times = None
    info: MediaInfo = None  # type: ignore[assignment]

    def __init__(
        self,
        count: int,
        look: Callable[[int], np.ndarray] = lambda _place: scene(0),
        *,
        rate: int = 25,
        gop: int | Sequence[int] = 25,
        start: Fraction = Fraction(0),
        news: Sequence[int] = (),
    ) -> None:
        self.step = Fraction(1, rate)
        self.count, self.look = count, look
        self.keys = set(range(0, count, gop)) if isinstance(gop, int) else {0, *gop}
        self._start = start
        self.times = _Times(start, self.step, count)
        self.info = MediaInfo(
            "fake", "0" * 64, "video", "mp4", 8, 8, count * self.step, None, start
        )
        self.broken_from: int | None = None
        self.decoded = self.smalls = 0
        keys = np.zeros(count, np.bool_)
        keys[sorted(self.keys)] = True
        sizes = np.where(keys, KEY_BYTES, USUAL_BYTES).astype(np.uint32)
        sizes[list(news)] = KEY_BYTES // 2
        first = int(start * rate)
        ticks = np.arange(first, first + count, dtype=np.int64)
        self._index: FrameIndex | None = FrameIndex(
            self.step, ticks, keys, sizes, start + count * self.step
        )

    def without_index(self, *, duration: Fraction | None) -> FakeVideo:
        """Forget what only an index tells."""
        self._index = None
        self.info = MediaInfo("fake", "0" * 64, "video", "mp4", 8, 8, duration, None, self._start)
        return self

    @property
    def start(self) -> Fraction:
        """When the first frame starts."""
        return self._start

    @property
    def index(self) -> FrameIndex | None:
        """As it was made."""
        return self._index

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        """Give the frames shown at these times."""
        last = self.count if self.broken_from is None else self.broken_from
        wanted = range(self.count) if times is None else sorted({self._at(t) for t in times})
        for place in wanted:
            self.decoded += 1
            yield FakeShown(self, min(place, last - 1)).frame()
        if last < self.count:
            self._break(last)

    def pictures(
        self,
        begin: Fraction | None = None,
        end: Fraction | None = None,
        *,
        keys_only: bool = False,
    ) -> Iterator[Shown]:
        """Count what is decoded."""
        place = 0 if begin is None else self._at(begin)
        places = range(place, self.count)
        if keys_only:
            places = [key for key in sorted(self.keys) if key >= place]
        for place in places:
            if end is not None and self.times[place] >= end:
                return
            if self.broken_from is not None and place >= self.broken_from:
                self._break(place)
            self.decoded += 1
            yield FakeShown(self, place)

    def close(self) -> None:
        """Nothing is open."""

    def _at(self, time: Fraction) -> int:
        return max(0, min(self.count - 1, int((time - self._start) / self.step // 1)))

    def _break(self, place: int) -> None:
        raise CorruptMediaError("is broken", source="fake", time_s=self.times[place])


class _Times:
    """Computed when asked for: a long video must not need memory for them."""

    def __init__(self, start: Fraction, step: Fraction, count: int) -> None:
        self._start, self._step, self._count = start, step, count

    def __getitem__(self, place: int) -> Fraction:
        if not 0 <= place < self._count:
            raise IndexError(place)
        return self._start + place * self._step


@pytest.fixture(scope="session")
def fake_video() -> type[FakeVideo]:
    """The class; a test makes what it needs."""
    return FakeVideo


@pytest.fixture(scope="session")
def make_scene() -> Callable[[int], np.ndarray]:
    """From a number to a small picture, uint8 (72, 128, 3)."""
    return scene
