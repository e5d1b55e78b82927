"""Sampling is pure: the same knowledge gives the same moments."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.errors import ConfigError
from framesift.frames import Sampler, UniformSampler
from framesift.types import MediaInfo


def info(duration: Fraction | None = None, kind: str = "video") -> MediaInfo:
    return MediaInfo("x", "0" * 64, kind, "mp4", 64, 48, duration, None)


def test_a_still_gives_its_frame() -> None:
    assert UniformSampler().times(info(kind="image"), (Fraction(0),)) == (Fraction(0),)


@pytest.mark.parametrize(
    ("duration", "fps", "most", "expected"),
    [
        (3, 1, 64, ["1/2", "3/2", "5/2"]),
        (3, 2, 64, ["1/4", "3/4", "5/4", "7/4", "9/4", "11/4"]),
        (100, 1, 4, ["25/2", "75/2", "125/2", "175/2"]),
        (Fraction(1, 10), 1, 64, ["1/20"]),
        (10, Fraction(1, 5), 64, ["5/2", "15/2"]),
        (None, 1, 64, ["0"]),
    ],
)
def test_videos(duration, fps, most: int, expected: list[str]) -> None:
    sampler = UniformSampler(fps, most)
    length = None if duration is None else Fraction(duration)
    assert sampler.times(info(length), None) == tuple(Fraction(time) for time in expected)


def test_a_short_animation_is_taken_whole_and_a_long_one_evenly() -> None:
    times = tuple(Fraction(n, 10) for n in range(100))
    sampler = UniformSampler(1, 5)
    assert sampler.times(info(Fraction(10), "animation"), times[:5]) == times[:5]
    assert sampler.times(info(Fraction(10), "animation"), times) == (
        times[10],
        times[30],
        times[50],
        times[70],
        times[90],
    )


@given(
    count=st.integers(1, 500),
    most=st.integers(1, 100),
)
def test_an_animation_gives_as_many_frames_as_it_may(count: int, most: int) -> None:
    times = tuple(Fraction(n, 25) for n in range(count))
    picked = UniformSampler(1, most).times(info(Fraction(count, 25), "animation"), times)
    assert len(picked) == min(count, most)
    assert list(picked) == sorted(set(picked))
    assert set(picked) <= set(times)


@given(
    duration=st.fractions(Fraction(1, 1000), 100_000),
    fps=st.fractions(Fraction(1, 100), 60),
    most=st.integers(1, 200),
)
def test_video_moments_lie_inside_and_ascend(duration: Fraction, fps: Fraction, most: int) -> None:
    picked = UniformSampler(fps, most).times(info(duration), None)
    assert 1 <= len(picked) <= most
    assert all(0 < time < duration for time in picked)
    assert list(picked) == sorted(set(picked))


def test_keys() -> None:
    assert (
        UniformSampler(0.1).key == UniformSampler(Fraction(1, 10)).key == "uniform:fps=1/10,max=64"
    )
    assert UniformSampler(1).key != UniformSampler(1, 32).key
    assert isinstance(UniformSampler(), Sampler)


@pytest.mark.parametrize(
    ("fps", "most"), [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1, 0)]
)
def test_nonsense_is_refused(fps: float, most: int) -> None:
    with pytest.raises(ConfigError, match="sampler"):
        UniformSampler(fps, most)
