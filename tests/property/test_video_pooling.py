"""What pooling over time must hold for whatever scores and lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.verdicts.video_quality import pool_quality

MOMENTS = st.lists(
    st.tuples(st.floats(0, 10), st.floats(0, 3), st.floats(0.05, 20)), min_size=1, max_size=40
)


@given(MOMENTS)
def test_result_lies_between_the_worst_and_the_best(
    moments: list[tuple[float, float, float]],
) -> None:
    values, _, weights = zip(*moments, strict=True)
    assert min(values) <= pool_quality(values, weights) <= max(values)


@given(MOMENTS)
def test_better_moments_never_lower_the_result(moments: list[tuple[float, float, float]]) -> None:
    values, gains, weights = (np.array(column) for column in zip(*moments, strict=True))
    assert pool_quality(values + gains, weights) >= pool_quality(values, weights) - 1e-9


@given(MOMENTS, st.floats(0.1, 2), st.floats(-3, 3))
def test_scale_and_offset_pass_through(
    moments: list[tuple[float, float, float]], scale: float, offset: float
) -> None:
    values, _, weights = (np.array(column) for column in zip(*moments, strict=True))
    straight = scale * pool_quality(values, weights) + offset
    assert pool_quality(scale * values + offset, weights) == pytest.approx(straight, abs=1e-6)


@given(MOMENTS)
def test_result_is_never_above_the_mean_of_what_was_seen_last_or_first(
    moments: list[tuple[float, float, float]],
) -> None:
    values, _, weights = (np.array(column) for column in zip(*moments, strict=True))
    later = weights * (1 + 0.2 * (np.cumsum(weights) - weights / 2) / weights.sum())
    assert pool_quality(values, weights) <= np.average(values, weights=later) + 1e-9
