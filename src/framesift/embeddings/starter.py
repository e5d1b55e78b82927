"""`starter`, the embedded default: a small CLIP-like model that needs no download.

A frozen EfficientNet-Lite2 looks at a picture; its pooled ``features`` are projected to the
embedding. Texts go through static word vectors. Quality is scored by the expert
`framesift.embeddings.technical`, which looks closer.

It is for trying out, tests and machines without a network. CLIP is the real thing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.embeddings.base import KnownClasses, PreprocessSpec
from framesift.embeddings.catalog import STARTER, find_spec
from framesift.embeddings.preprocess import check_batch
from framesift.embeddings.starter_model import DIM, StarterModel, load_model
from framesift.embeddings.starter_trunk import FEATURES, INPUT_PX, cached_trunk, trunk_key
from framesift.embeddings.starter_weights import load_trunk_weights
from framesift.errors import ConfigError
from framesift.types import Embeddings, Geometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.embeddings.base import Device, ModelSpec, Precision
    from framesift.types import Float32Array, UInt8Array

__all__ = ["StarterEmbedder", "open_session"]

PREPROCESS = PreprocessSpec(
    size=INPUT_PX,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    resize=286,
)
"""Of the whole view, and of `StarterEmbedder.embed_images`."""

VIEWS_VERSION = 3
"""Grows with every change of what the trunk is shown."""

DECODE_IN_FULL = 2**20
"""No decoder scales down to this side: the trunk is too sensitive to what scaled decoding rounds
differently."""

CLASS_SHARPNESS, CLASS_TEXT_WEIGHT, CLASS_FLOOR = 30.0, 0.5, 1e-4
"""Of `KnownClasses`; chosen by ``training/classifiers/choose_classes.py``."""

_TINY_PX = 64
_BATCH = 8


class StarterEmbedder:
    """Implements `framesift.embeddings.base.Embedder`. Make it with `load`.

    A row is 256 floats of embedding and 1280 of the trunk's features.

    Args:
        session: ONNX Runtime session of the trunk.
        classifier: The trunk's own classifier: float32 (1280, 1000) and (1000,).
        model: The learned part.
    """

    name = STARTER
    space = "starter-1"
    precision = "fp32"
    int8_cosine: float | None = None
    width = DIM + FEATURES
    min_side_px = DECODE_IN_FULL

    def __init__(
        self, session: Any, classifier: tuple[Float32Array, Float32Array], model: StarterModel
    ) -> None:
        """Keep the parts."""
        self._session = session
        self._classifier = classifier
        self._model = model
        self._spec = dataclasses.replace(
            find_spec(STARTER), preprocess=PREPROCESS, logit_scale=model.logit_scale
        )
        parts = ("starter", trunk_key(), model.digest, VIEWS_VERSION, self.precision)
        text = "/".join(str(part) for part in parts)
        self._fingerprint = f"starter-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    @classmethod
    def load(cls, *, precision: Precision = "auto", device: Device = "auto") -> StarterEmbedder:
        """Load it; the first time on a machine the trunk is turned into ONNX and cached.

        Args:
            precision: ``auto`` or ``fp32``; the trunk has no other.
            device: ``cpu``, ``cuda``, or ``auto`` for CUDA where it is there.

        Raises:
            ConfigError: Another precision was asked for, or CUDA is not there.
            WeightsUnavailableError: The package with the trunk's weights is not installed.
            WeightsMismatchError: A file is not the expected one.
        """
        if precision not in ("auto", "fp32"):
            message = f"has no {precision} weights; use precision fp32 or auto"
            raise ConfigError(message, source="starter")
        weights = load_trunk_weights()
        classifier = (np.ascontiguousarray(weights["_fc.weight"].T), weights["_fc.bias"])
        return cls(open_session(device), classifier, load_model())

    @property
    def spec(self) -> ModelSpec:
        """The model as data."""
        return self._spec

    @property
    def fingerprint(self) -> str:
        """Of weights, graph, views and projection."""
        return self._fingerprint

    @property
    def logit_scale(self) -> float:
        """Multiplies a cosine before a softmax."""
        return self._model.logit_scale

    @property
    def known_classes(self) -> KnownClasses:
        """The trunk's 1000 classes, and where a picture of each would move the embedding."""
        kernel, bias = self._classifier
        rows = self._model.project.classes
        directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        constants = (CLASS_SHARPNESS, CLASS_TEXT_WEIGHT, CLASS_FLOOR)
        return KnownClasses("features", kernel, bias, directions, *constants)

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Turn one picture, uint8 (H, W, 3), into what the trunk sees, uint8 (260, 260, 3).

        The centre of the picture at a shorter side of 286 px (260 for pictures under 64 px, which
        have no margin to lose).
        """
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(pixels))
        height, width = pixels.shape[:2]
        place = geometry or Geometry(width, height, (0.0, 0.0, float(width), float(height)))
        shorter = min(place.width, place.height)
        return _centre(image, place, 286 if shorter >= _TINY_PX else INPUT_PX)

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Turn prepared pictures, uint8 (N, 260, 260, 3), into rows, float32 (N, 1536).

        Raises:
            ValueError: The batch has another shape or type.
        """
        check_batch(batch, (INPUT_PX, INPUT_PX, 3))
        rows = np.empty((len(batch), self.width), np.float32)
        for start in range(0, len(batch), _BATCH):
            part = batch[start : start + _BATCH]
            rows[start : start + _BATCH, DIM:] = self._features(_normalised(part))
        rows[:, :DIM] = self.project(rows[:, DIM:])
        return rows

    def to_embeddings(self, rows: Float32Array) -> Embeddings:
        """Name the columns of rows (N, 1536).

        ``features``, float32 (N, 1280), is the trunk's pooled output; every value is in [0, 6].
        """
        rows = np.asarray(rows, np.float32)
        vectors = rows[:, :DIM]
        return Embeddings(vectors, self.space, self.fingerprint, {"features": rows[:, DIM:]})

    def embed_images(self, pixels: Float32Array) -> Float32Array:
        """Embed normalised model input, float32 (N, 3, 260, 260), as unit vectors (N, 256).

        Raises:
            ValueError: The input has another shape.
        """
        pixels = np.asarray(pixels, np.float32)
        if pixels.shape[1:] != (3, INPUT_PX, INPUT_PX):
            message = f"expected float32 (N, 3, {INPUT_PX}, {INPUT_PX}); got {pixels.shape}"
            raise ValueError(message)
        parts = [self._features(pixels[i : i + _BATCH]) for i in range(0, len(pixels), _BATCH)]
        return self.project(np.concatenate([np.empty((0, FEATURES), np.float32), *parts]))

    def embed_texts(self, texts: Sequence[str]) -> Float32Array:
        """Embed N texts as unit vectors, float32 (N, 256).

        Words the model does not know are dropped; a text without any known word, an empty one
        included, gets the same neutral vector.
        """
        return self._model.texts.embed(texts)

    def logits(self, features: Float32Array) -> Float32Array:
        """Classify features (N, 1280) as one of 1000 ImageNet classes: logits (N, 1000)."""
        kernel, bias = self._classifier
        return np.asarray(features @ kernel + bias, np.float32)

    def project(self, features: Float32Array) -> Float32Array:
        """Turn pooled features (N, 1280) into unit vectors (N, 256)."""
        return self._model.project(features, self.logits(features))

    def _features(self, pixels: Float32Array) -> Float32Array:
        features: Float32Array = self._session.run(["features"], {"pixels": pixels})[0]
        return features


def open_session(device: Device) -> Any:
    """Open the trunk with ONNX Runtime; it is made and cached first where it is not there."""
    from framesift.embeddings.onnx import make_session
    from framesift.embeddings.places import cache_root

    return make_session(cached_trunk(cache_root() / "starter"), device=device)


def _normalised(pictures: UInt8Array) -> Float32Array:
    """Scale to [0, 1], centre by ImageNet's mean and deviation, and move the channels first."""
    mean, std = np.array(PREPROCESS.mean, np.float32), np.array(PREPROCESS.std, np.float32)
    scaled = pictures.astype(np.float32) * (1 / (255 * std)) - mean / std
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)


def _centre(image: Any, place: Geometry, shorter_px: int) -> UInt8Array:
    """Resize the shorter side to `shorter_px` and cut the centre out, in one step.

    Only the part that is kept is computed, so that a picture of one by a million pixels costs no
    more than another.
    """
    from PIL import Image

    scale = shorter_px / min(place.width, place.height)
    full_width, full_height = round(place.width * scale), round(place.height * scale)
    left, top = (full_width - INPUT_PX) // 2, (full_height - INPUT_PX) // 2
    x, y, right, bottom = place.box
    across, down = (right - x) / full_width, (bottom - y) / full_height
    # Rounding may put the far edge a hair beyond the picture, which Pillow refuses.
    box = (
        x + left * across,
        y + top * down,
        min(x + (left + INPUT_PX) * across, right),
        min(y + (top + INPUT_PX) * down, bottom),
    )
    view = image.resize((INPUT_PX, INPUT_PX), Image.Resampling.BICUBIC, box=box)
    return np.asarray(view, np.uint8)
