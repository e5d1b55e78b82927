"""Limits are plain values."""

from __future__ import annotations

import pytest

from framesift.errors import ConfigError
from framesift.media import Limits


def test_equal_limits_have_equal_keys() -> None:
    assert Limits(max_duration_s=5).key == Limits(max_duration_s=5.0).key
    changed = [
        Limits(max_bytes=1),
        Limits(max_pixels=1),
        Limits(max_frames=1),
        Limits(max_duration_s=1),
    ]
    assert len({limits.key for limits in [Limits(), *changed]}) == 5


@pytest.mark.parametrize("name", ["max_bytes", "max_pixels", "max_frames", "max_duration_s"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_must_be_positive(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        Limits(**{name: value})
