"""Frames flow lazily from a medium; its own clock is respected."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.errors import CorruptMediaError
from framesift.frames import UniformSampler, iter_frames
from framesift.media import Media
from framesift.types import Frame, MediaInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LateVideo(Media):
    """A video whose clock starts at 100 s; it breaks after ``good`` frames."""

    def __init__(self, good: int = 99) -> None:
        self.good = good
        self.decoded: list[Fraction] = []

    info = MediaInfo("late.ts", "0" * 64, "video", "mpegts", 4, 4, Fraction(4), None)
    frame_times = None
    start = Fraction(100)

    def read(self, times: Sequence[Fraction] | None = None) -> Iterator[Frame]:
        for number, time in enumerate(times or ()):
            if number >= self.good:
                raise CorruptMediaError("is broken", source="late.ts", time_s=time)
            self.decoded.append(time)
            yield Frame(np.zeros((4, 4, 3), np.uint8), time, number)

    def close(self) -> None:
        pass


def test_times_count_from_the_first_frame() -> None:
    times = [frame.time for frame in iter_frames(LateVideo(), UniformSampler())]
    assert times == [Fraction(201, 2), Fraction(203, 2), Fraction(205, 2), Fraction(207, 2)]


def test_frames_are_decoded_one_by_one() -> None:
    media = LateVideo()
    next(iter_frames(media, UniformSampler()))
    assert len(media.decoded) == 1


def test_what_breaks_in_the_middle_gives_its_good_part_first() -> None:
    frames = iter_frames(LateVideo(good=2), UniformSampler())
    assert [next(frames).index, next(frames).index] == [0, 1]
    with pytest.raises(CorruptMediaError):
        next(frames)
