"""`technical`, an expert that sees how a picture was taken and kept, not what it shows.

It runs beside any embedder. The frozen trunk of `starter` (EfficientNet-Lite2) looks at square
views of a picture, see `framesift.embeddings.technical_views`; of its early stages the mean and
the deviation over all positions are kept, because they carry blur, noise and blocking.
The numbers of `framesift.embeddings.technical_statistics` join them. `framesift.heads.technical`
makes scores of the rows.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from framesift.embeddings.preprocess import check_batch
from framesift.embeddings.starter_trunk import (
    LEVELS_VERSION,
    LEVELS_WIDTH,
    cached_levels,
    trunk_key,
)
from framesift.embeddings.starter_weights import trunk_file
from framesift.embeddings.technical_statistics import (
    CROP_WIDTH,
    OVERVIEW_WIDTH,
    STATISTICS_VERSION,
    crop_numbers,
    overview_numbers,
)
from framesift.embeddings.technical_views import (
    CROPS,
    SCREEN_PX,
    SHAPE,
    SIDE_PX,
    VIEWS_VERSION,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from framesift.embeddings.base import Device
    from framesift.embeddings.technical_views import Views
    from framesift.types import Float32Array, Geometry, UInt8Array

__all__ = ["WIDTH", "TechnicalEncoder"]

_ROW_VERSION: Final = 2
_MEAN: Final = np.array((0.485, 0.456, 0.406), np.float32)
_STD: Final = np.array((0.229, 0.224, 0.225), np.float32)
_VIEW: Final = LEVELS_WIDTH + CROP_WIDTH
_CHUNK: Final = 8

WIDTH: Final = 5 * _VIEW + OVERVIEW_WIDTH


class TechnicalEncoder:
    """Describes the technical side of pictures; implements `framesift.embeddings.ImageEncoder`.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        WeightsUnavailableError: The package with the trunk's weights is not installed.
    """

    name = "technical"
    precision = "fp32"
    width = WIDTH
    min_side_px = 2**20
    """Pictures are decoded in full: scaled decoding changes sharpness and noise."""

    def __init__(self, *, device: Device = "auto") -> None:
        """Find the weights; the session itself is made on first use."""
        trunk_file()
        self._device = device
        versions = (VIEWS_VERSION, STATISTICS_VERSION, LEVELS_VERSION, _ROW_VERSION)
        recipe = "/".join(
            str(part) for part in ("technical", trunk_key(), *versions, SIDE_PX, SCREEN_PX)
        )
        self.fingerprint: str = hashlib.sha256(recipe.encode()).hexdigest()[:16]
        self._session: Any = None
        self._lock = threading.Lock()

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Cut one picture, uint8 (H, W, 3), into its views, uint8 (8, 160, 160, 3)."""
        return pack(pixels, geometry)

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Describe N prepared pictures: float32 (N, `WIDTH`).

        A row joins the whole view, the mean, the least and the greatest over the five crops, and
        the close-up, each as 592 numbers of the trunk and 38 statistics; then 32 numbers
        of the overview.

        Raises:
            ValueError: The batch has another shape or type.
        """
        check_batch(batch, SHAPE)
        rows = np.empty((len(batch), WIDTH), np.float32)
        for number in range(len(batch)):
            rows[number] = self._row(unpack(batch[number : number + 1]))
        return rows

    def view_rows(self, views: UInt8Array) -> Float32Array:
        """Describe square views one by one: uint8 (N, 160, 160, 3) to float32 (N, 630)."""
        check_batch(views, (SIDE_PX, SIDE_PX, 3))
        rows = np.empty((len(views), _VIEW), np.float32)
        for start in range(0, len(views), _CHUNK):
            part = views[start : start + _CHUNK]
            rows[start : start + _CHUNK, :LEVELS_WIDTH] = self._levels(part)
            rows[start : start + _CHUNK, LEVELS_WIDTH:] = crop_numbers(part)
        return rows

    def _row(self, views: Views) -> Float32Array:
        # The close-up of a picture that fits the screen is the last crop: computed once.
        close = views.close if views.large[0] else views.close[:0]
        rows = self.view_rows(np.concatenate([views.whole, views.crops[0], close]))
        whole, crops = rows[0], rows[1 : 1 + CROPS]
        parts = [
            whole,
            crops.mean(axis=0),
            crops.min(axis=0),
            crops.max(axis=0),
            rows[-1],
            overview_numbers(views.overview, views.size)[0],
        ]
        return np.concatenate(parts)

    def _levels(self, views: UInt8Array) -> Float32Array:
        scaled = (views.astype(np.float32) * (1 / 255) - _MEAN) / _STD
        pixels = np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)
        levels: Float32Array = self._opened().run(["levels"], {"pixels": pixels})[0]
        return levels

    def _opened(self) -> Any:
        with self._lock:
            if self._session is None:
                from framesift.embeddings.onnx import make_session
                from framesift.embeddings.places import cache_root

                graph = cached_levels(cache_root() / "starter", SIDE_PX)
                self._session = make_session(graph, device=self._device)
            return self._session
