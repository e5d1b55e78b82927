"""High dynamic range to the standard range of a screen: tone mapping by published curves.

Code values of PQ (SMPTE ST 2084) and HLG (ITU-R BT.2100) are turned into light, compressed by the
electrical transfer of ITU-R BT.2390 section 5.4 on the largest of the three components, so that
hues stay, brought from the primaries of BT.2020 to those of BT.709 (ITU-R BT.2087), and encoded
with the curve of sRGB. Diffuse white is 203 cd/m2 (ITU-R BT.2408).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from framesift.types import UInt8Array

__all__ = ["HLG", "PQ", "ToneMap"]

PQ = 16
"""AVCOL_TRC_SMPTE2084."""
HLG = 18
"""AVCOL_TRC_ARIB_STD_B67."""

_BT709_PRIMARIES = 1
_WHITE_NITS = 203.0
_USUAL_PEAK_NITS = 1000.0
_MOST_NITS = 10_000.0
_CODES = 2**16
_STRIP_PX = 2**19

_LUMINANCE_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)


class ToneMap:
    """Maps the pixels of one video; made once, from what its first frame says."""

    def __init__(self, transfer: int, primaries: int, peak_nits: float | None = None) -> None:
        """Prepare tables.

        Args:
            transfer: `PQ` or `HLG`.
            primaries: As FFmpeg numbers them; all but BT.709 are taken for BT.2020.
            peak_nits: The brightest light in the video, in cd/m2; ``None`` for 1,000.
        """
        peak = peak_nits or _USUAL_PEAK_NITS
        if transfer == HLG:
            peak = _USUAL_PEAK_NITS
        peak = float(np.clip(peak, _WHITE_NITS, _MOST_NITS))
        codes = np.arange(_CODES) / (_CODES - 1)
        self._hlg = transfer == HLG
        self._matrix = None if primaries == _BT709_PRIMARIES else _TO_709
        light = _hlg_scene_light(codes) if self._hlg else _pq_light(codes)
        self._light = light.astype(np.float32)
        # Gains are listed by PQ code, or by the share of the peak.
        nits = codes * peak if self._hlg else light
        self._gain = (_compress(nits, peak) / np.maximum(nits, 1e-6) / _WHITE_NITS).astype(
            np.float32
        )
        self._peak = peak
        self._encode = np.round(255 * _srgb(codes)).astype(np.uint8)

    def __call__(self, deep: NDArray[np.uint16]) -> UInt8Array:
        """Map code values.

        Args:
            deep: uint16 (H, W, 3), RGB with the transfer of the video, full range.

        Returns:
            uint8 (H, W, 3), sRGB.
        """
        out = np.empty(deep.shape, np.uint8)
        rows = max(1, _STRIP_PX // deep.shape[1])
        map_strip: Callable[[NDArray[np.uint16]], NDArray[np.float32]]
        map_strip = self._from_hlg if self._hlg else self._from_pq
        for top in range(0, len(deep), rows):
            light = map_strip(deep[top : top + rows])
            if self._matrix is not None:
                light = light @ self._matrix.T
            np.clip(light, 0.0, 1.0, out=light)
            out[top : top + rows] = self._encode[(light * (_CODES - 1) + 0.5).astype(np.uint16)]
        return out

    def _from_pq(self, strip: NDArray[np.uint16]) -> NDArray[np.float32]:
        light: NDArray[np.float32] = self._light[strip]
        light *= self._gain[strip.max(axis=-1)][..., None]
        return light

    def _from_hlg(self, strip: NDArray[np.uint16]) -> NDArray[np.float32]:
        light: NDArray[np.float32] = self._light[strip]
        # The system gamma of a screen of 1,000 cd/m2 is 1.2 (BT.2100 table 5).
        light *= np.power(light @ _LUMINANCE_2020, np.float32(0.2))[..., None]
        place = (np.clip(light.max(axis=-1), 0.0, 1.0) * (_CODES - 1)).astype(np.uint16)
        light *= (np.float32(self._peak) * self._gain[place])[..., None]
        return light


def _pq_light(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the light of PQ codes in [0, 1], in cd/m2 (ST 2084)."""
    root = codes ** (32 / 2523)
    return _MOST_NITS * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (
        8192 / 1305
    )


def _pq_code(nits: NDArray[np.float64] | float) -> NDArray[np.float64]:
    root = (np.asarray(nits, np.float64) / _MOST_NITS) ** (1305 / 8192)
    code: NDArray[np.float64] = ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** (
        2523 / 32
    )
    return code


def _hlg_scene_light(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scene light of HLG codes, both in [0, 1] (BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)


def _compress(nits: NDArray[np.float64], peak: float) -> NDArray[np.float64]:
    """Bring light up to ``peak`` under diffuse white, by the spline of BT.2390."""
    if peak <= _WHITE_NITS:
        return np.minimum(nits, _WHITE_NITS)
    whole = _pq_code(peak)
    code = np.minimum(_pq_code(nits) / whole, 1.0)
    most = float(_pq_code(_WHITE_NITS) / whole)
    knee = 1.5 * most - 0.5
    t = np.clip((code - knee) / (1 - knee), 0.0, 1.0)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    return _pq_light(np.where(code < knee, code, spline) * whole)


def _srgb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
