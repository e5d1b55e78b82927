"""Following the camera from one picture to the next."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.frames.fault_shake import shift


def texture(seed: int) -> np.ndarray:
    """Make soft noise, float32 (96, 160)."""
    rng = np.random.default_rng(seed)
    down, right = np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(160)[None, :]
    falling = 1 / np.maximum(np.hypot(down, right), 0.01)
    waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(96, 160))) * falling, s=(96, 160))
    return (120 + 40 * waves / waves.std()).astype(np.float32)


def seen(picture: np.ndarray, right: float, down: float) -> np.ndarray:
    """Show 72 x 128 pixels, the picture moved by some pixels."""
    rows, columns = np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(160)[None, :]
    turned = np.fft.rfft2(picture) * np.exp(-2j * np.pi * (columns * right + rows * down))
    return np.fft.irfft2(turned, s=(96, 160))[12:84, 16:144].astype(np.float32)


@pytest.mark.parametrize(
    ("right", "down"), [(0, 0), (3, 0), (-2, 1), (0.5, -0.5), (5.25, 2.75), (-9, -6)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_shift_is_found_to_a_fifth_of_a_pixel(right: float, down: float, seed: int) -> None:
    picture = texture(seed)
    found = shift(seen(picture, 0, 0), seen(picture, right, down))
    assert found is not None
    assert found[0] * 1.28 == pytest.approx(right, abs=0.2)
    assert found[1] * 0.72 == pytest.approx(down, abs=0.2)


def test_shift_does_not_depend_on_brightness() -> None:
    picture = texture(2)
    found = shift(seen(picture, 0, 0), 0.6 * seen(picture, 2, -1) + 30)
    assert found is not None
    assert np.round(np.array(found) * (1.28, 0.72)).tolist() == [2, -1]


def test_pictures_of_different_scenes_have_no_shift() -> None:
    assert shift(seen(texture(0), 0, 0), seen(texture(1), 0, 0)) is None


def test_flat_pictures_have_no_shift() -> None:
    flat = np.full((72, 128), 90, np.float32)
    assert shift(flat, flat) is None
