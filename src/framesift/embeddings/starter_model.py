"""The learned part of `starter`, shipped with Framesift: image projection and text tower.

One safetensors file holds all of it. Word vectors are int8 with one scale each; the projection is
float16. ``training/starter`` makes the file.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.embeddings.starter_text import WordTower
from framesift.errors import WeightsMismatchError

if TYPE_CHECKING:
    from framesift.types import Float32Array

__all__ = ["DIM", "MODEL_FILE", "ImageProjection", "StarterModel", "load_model"]

DIM = 256
FORMAT = 1
MODEL_FILE = Path(__file__).parent / "data" / "starter.safetensors"

_LONGEST_WORDS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class ImageProjection:
    """From pooled features to the shared space.

    Two linear maps are added: one of the feature at unit length, one of the probabilities that the
    trunk's own classifier gives to the 1000 ImageNet classes.

    Attributes:
        weight: float32 (1280, D).
        classes: float32 (1000, D).
        bias: float32 (D,).
    """

    weight: Float32Array
    classes: Float32Array
    bias: Float32Array

    def __call__(self, features: Float32Array, logits: Float32Array) -> Float32Array:
        """Embed features (N, 1280) with their logits (N, 1000) as unit vectors (N, D).

        Each row is computed alone, so that it cannot depend on the others.
        """
        length = np.linalg.norm(features, axis=1, keepdims=True)
        unit = features / np.maximum(length, 1e-12)
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        out = unit @ self.weight + chances @ self.classes + self.bias
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class StarterModel:
    """What the file holds.

    Attributes:
        project: The image projection.
        texts: The text tower.
        logit_scale: exp of the learned temperature.
        digest: sha256 of the file.
    """

    project: ImageProjection
    texts: WordTower
    logit_scale: float
    digest: str


def load_model(path: Path = MODEL_FILE) -> StarterModel:
    """Read the file.

    Raises:
        WeightsMismatchError: It is missing, damaged or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
        return _model(load(data), hashlib.sha256(data).hexdigest())
    except (OSError, SafetensorError, KeyError, ValueError, zlib.error) as error:
        message = f"the model that ships with framesift is damaged ({error}); install it again"
        raise WeightsMismatchError(message, source=str(path)) from error


def _model(arrays: dict[str, Any], digest: str) -> StarterModel:
    if int(arrays["format"][0]) != FORMAT:
        message = f"format {int(arrays['format'][0])}, expected {FORMAT}"
        raise ValueError(message)
    _check_shapes(arrays)
    project = ImageProjection(
        arrays["image.weight"].astype(np.float32),
        arrays["image.classes"].astype(np.float32),
        arrays["image.bias"].astype(np.float32),
    )
    texts = WordTower(
        _unpack_words(arrays["text.words"], len(arrays["text.vectors"])),
        arrays["text.vectors"] * arrays["text.scale"].astype(np.float32)[:, None],
        arrays["text.offset"].astype(np.float32),
    )
    return StarterModel(project, texts, float(arrays["logit_scale"][0]), digest)


def _check_shapes(arrays: dict[str, Any]) -> None:
    count = len(arrays["text.vectors"])
    expected = {
        "image.weight": (1280, DIM),
        "image.classes": (1000, DIM),
        "image.bias": (DIM,),
        "text.vectors": (count, DIM),
        "text.scale": (count,),
        "text.offset": (DIM,),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            message = f"{name} has shape {arrays[name].shape}, expected {shape}"
            raise ValueError(message)


def _unpack_words(packed: Any, count: int) -> list[str]:
    raw = zlib.decompressobj().decompress(packed.tobytes(), _LONGEST_WORDS)
    words = raw.decode("utf-8").split("\n")
    if len(words) != count:
        message = f"{len(words)} words for {count} vectors"
        raise ValueError(message)
    return words
