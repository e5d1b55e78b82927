"""Delays are read from the blocks themselves, also where a file is odd or breaks off."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from framesift.media.timing import gif_timing, png_timing, webp_timing

if TYPE_CHECKING:
    from collections.abc import Callable

READERS = {"GIF": gif_timing, "PNG": png_timing, "WEBP": webp_timing}


@pytest.mark.parametrize("form", READERS)
def test_delays_are_exact(animation: Callable[..., bytes], form: str) -> None:
    data = animation(form, [0, 90, 180], [30, 70, 1000])
    timing = READERS[form](io.BytesIO(data), 100)
    assert timing.durations == (Fraction(3, 100), Fraction(7, 100), Fraction(1))


@pytest.mark.parametrize("form", READERS)
def test_counting_stops_one_past_the_limit(animation: Callable[..., bytes], form: str) -> None:
    data = animation(form, list(range(0, 200, 20)), [40] * 10)
    assert len(READERS[form](io.BytesIO(data), 3).durations) == 4


@pytest.mark.parametrize("form", READERS)
def test_no_cut_makes_it_fail(animation: Callable[..., bytes], form: str) -> None:
    data = animation(form, [0, 90, 180], [30, 70, 1000])
    counts = [len(READERS[form](io.BytesIO(data[:end]), 9).durations) for end in range(len(data))]
    assert counts == sorted(counts)
    assert counts[0] == 0
