"""Hand-made statistics of views: sharpness, noise, blocking, light and colour in plain numbers.

They say what a network that was trained to name things was taught to overlook, and each takes one
pass over the pixels. Logarithms make ratios of strengths into differences.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from framesift.types import Float32Array, UInt8Array

__all__ = ["CROP_WIDTH", "OVERVIEW_WIDTH", "STATISTICS_VERSION", "crop_numbers", "overview_numbers"]

STATISTICS_VERSION: Final = 3
"""Grows with every change of what is computed."""

Floats: TypeAlias = NDArray[np.float32]

_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_RINGS: Final = 12
_LAGS: Final = (1, 2, 3, 4, 6, 8)
_SMALL: Final = 0.05
"""In grey levels: the floor under every logarithm, well below what 8 bits can show."""


def crop_numbers(views: UInt8Array) -> Float32Array:
    """Describe views one by one: uint8 (N, S, S, 3) to float32 (N, `CROP_WIDTH`).

    Energy of the Laplacian at three scales (mean and 90th percentile); the noise estimate of
    Immerkaer (1996) in brightness and in the two colour differences, and that of the flattest
    blocks; gradients at six distances; blocking on the grid of 8; the share of pixels that equal
    their neighbour; and the power spectrum in rings.
    """
    if not len(views):
        return np.empty((0, CROP_WIDTH), np.float32)
    pixels = views.astype(np.float32)
    grey = pixels @ _LUMA
    blue, red = pixels[..., 2] - grey, pixels[..., 0] - grey
    columns = [
        *_laplacians(grey),
        *(_log(_immerkaer(plane)) for plane in (grey, blue, red)),
        *_flattest(grey),
        *_gradients(grey),
        *_blocking(grey),
        *_spectrum(grey),
        _log(grey.std(axis=(1, 2))),
        grey.mean(axis=(1, 2)) / 64,
        _log(blue.std(axis=(1, 2))),
        _log(red.std(axis=(1, 2))),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def overview_numbers(overviews: UInt8Array, size: NDArray[np.int64]) -> Float32Array:
    """Describe light, colour and size: to float32 (N, `OVERVIEW_WIDTH`).

    Args:
        overviews: uint8 (N, H, W, 3), each picture whole.
        size: Width and height of the full pictures, (N, 2).
    """
    if not len(overviews):
        return np.empty((0, OVERVIEW_WIDTH), np.float32)
    pixels = overviews.reshape(len(overviews), -1, 3).astype(np.float32)
    grey = pixels @ _LUMA
    light = np.percentile(grey, (1, 5, 25, 50, 75, 95, 99), axis=1)
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    columns = [
        *(light / 64),
        _log(light[5] - light[1]),
        *((grey <= dark).mean(axis=1) for dark in (4, 16, 40)),
        *((grey >= bright).mean(axis=1) for bright in (215, 239, 251)),
        *((pixels >= 253).mean(axis=1).T),
        *((pixels <= 2).mean(axis=1).T),
        grey.mean(axis=1) / 64,
        _log(grey.std(axis=1)),
        *((pixels.mean(axis=1) - grey.mean(axis=1)[:, None]).T / 16),
        *_neutral_cast(pixels, spread),
        _log(spread.mean(axis=1)),
        _log(np.percentile(spread, 95, axis=1)),
        np.log2(size.min(axis=1)) - 8,
        np.log2(size.max(axis=1)) - 8,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _log(values: Floats) -> Floats:
    return np.log(np.maximum(values, 0) + _SMALL)


def _halved(grey: Floats) -> Floats:
    pairs = grey[:, ::2] + grey[:, 1::2]
    return np.asarray((pairs[:, :, ::2] + pairs[:, :, 1::2]) / 4, np.float32)


def _laplacians(grey: Floats) -> list[Floats]:
    columns = []
    plane = grey
    for scale in range(3):
        if scale:
            plane = _halved(plane)
        inner = plane[:, 1:-1, 1:-1]
        around = plane[:, :-2, 1:-1] + plane[:, 2:, 1:-1] + plane[:, 1:-1, :-2] + plane[:, 1:-1, 2:]
        size = np.abs(around - 4 * inner).reshape(len(grey), -1)
        top = np.partition(size, int(0.9 * size.shape[1]), axis=1)[:, int(0.9 * size.shape[1])]
        columns += [_log(size.mean(axis=1)), _log(top)]
    return columns


def _immerkaer(plane: Floats) -> Floats:
    """Estimate the noise's deviation; the kernel (1 -2 1) x (1 -2 1) is blind to edges."""
    once = plane[:, :-2] - 2 * plane[:, 1:-1] + plane[:, 2:]
    twice = once[:, :, :-2] - 2 * once[:, :, 1:-1] + once[:, :, 2:]
    return np.asarray(np.abs(twice).mean(axis=(1, 2)) * np.sqrt(np.pi / 2) / 6, np.float32)


def _flattest(grey: Floats) -> list[Floats]:
    """Give low percentiles of the deviation inside blocks of 8: what noise leaves of flat areas."""
    side = grey.shape[1] // 8
    blocks = grey.reshape(len(grey), side, 8, side, 8)
    deviation = blocks.std(axis=(2, 4)).reshape(len(grey), -1)
    return [_log(column) for column in np.percentile(deviation, (5, 20, 50, 90), axis=1)]


def _gradients(grey: Floats) -> list[Floats]:
    """Compare gradients over growing distances: an enlarged or blurred picture lacks short ones."""
    at = [
        (
            np.abs(grey[:, lag:] - grey[:, :-lag]).mean(axis=(1, 2))
            + np.abs(grey[:, :, lag:] - grey[:, :, :-lag]).mean(axis=(1, 2))
        )
        / 2
        for lag in _LAGS
    ]
    logs = [_log(np.asarray(value, np.float32)) for value in at]
    return [logs[0], *(after - before for before, after in pairwise(logs))]


def _blocking(grey: Floats) -> list[Floats]:
    """Look for a grid of 8 at whatever place it lies, and for pixels equal to their neighbour."""
    found, equal = [], []
    for plane in (grey, grey.transpose(0, 2, 1)):
        step = np.abs(np.diff(plane, axis=2))
        equal.append((step < 0.5).mean(axis=(1, 2)))
        # The second difference of the steps is large at the one step that crosses a block's edge.
        jump = np.maximum(step[..., 1:-1] - (step[..., :-2] + step[..., 2:]) / 2, 0)
        mean = jump.mean(axis=1)
        length = mean.shape[1] // 8 * 8
        phases = np.sort(mean[:, :length].reshape(len(grey), -1, 8).mean(axis=1), axis=1)
        found.append(np.log((phases[:, -1] + _SMALL) / (phases[:, 3:5].mean(axis=1) + _SMALL)))
    return [
        np.asarray((found[0] + found[1]) / 2, np.float32),
        np.asarray(np.maximum(*found), np.float32),
        np.asarray((equal[0] + equal[1]) / 2, np.float32),
    ]


def _spectrum(grey: Floats) -> list[Floats]:
    """Sum the power spectrum in rings, as logarithms; lost detail leaves the outer ones dark."""
    side = grey.shape[1]
    window = np.hanning(side).astype(np.float32)
    centred = (grey - grey.mean(axis=(1, 2), keepdims=True)) * window * window[:, None]
    power = np.abs(np.fft.rfft2(centred)) ** 2
    down, across = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    radius = np.hypot(down[:, None], across)
    ring = np.minimum((radius / 0.5 * _RINGS).astype(int), _RINGS - 1).ravel()
    order = np.eye(_RINGS)[ring]
    means = power.reshape(len(grey), -1).astype(np.float64) @ order / order.sum(axis=0)
    logs = np.log(means / side**2 + _SMALL**2).astype(np.float32) / 2
    return list(logs.T)


def _neutral_cast(pixels: Floats, spread: Floats) -> list[Floats]:
    """Give the mean colour of the least colourful fifth, which light alone should not tint."""
    count = max(1, pixels.shape[1] // 5)
    chosen = np.argpartition(spread, count - 1, axis=1)[:, :count]
    neutral = np.take_along_axis(pixels, chosen[..., None], axis=1).mean(axis=1)
    return list((neutral - neutral.mean(axis=1, keepdims=True)).T / 16)


CROP_WIDTH: Final = 6 + 3 + 4 + len(_LAGS) + 3 + _RINGS + 4
OVERVIEW_WIDTH: Final = 7 + 1 + 3 + 3 + 3 + 3 + 2 + 3 + 3 + 2 + 2
