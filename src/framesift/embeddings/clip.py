"""The embedder over ONNX Runtime: two towers, one preprocessing, one tokenizer."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.embeddings.onnx import ImageTower, TextTower, file_sha256, providers
from framesift.embeddings.preprocess import normalize_batch, prepare_image
from framesift.errors import WeightsMismatchError
from framesift.types import Embeddings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framesift.embeddings.base import Device, ModelSpec, PreprocessSpec
    from framesift.embeddings.local import ModelFiles
    from framesift.embeddings.quantize import ChosenTower
    from framesift.embeddings.tokenizer import Tokenizer
    from framesift.types import Float32Array, Geometry, UInt8Array

__all__ = ["OnnxEmbedder", "fingerprint_of"]

_ROW_LAYOUT: Final = "unit-float32:1"


def fingerprint_of(
    weights: Sequence[Path], preprocess: PreprocessSpec, precision: str, device: str
) -> str:
    """Hash everything that a row depends on: 16 hexadecimal digits.

    Args:
        weights: The image tower's graph and its external data.
        preprocess: How pictures become input.
        precision: ``fp32``, ``fp16`` or ``int8``.
        device: ``cpu`` or ``cuda``, whose arithmetic differs in the last digits.
    """
    parts = [*(file_sha256(path) for path in weights), repr(astuple(preprocess)), precision]
    text = "\n".join([*parts, device, _ROW_LAYOUT])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class OnnxEmbedder:
    """A CLIP-like model on ONNX Runtime; implements `framesift.embeddings.base.Embedder`.

    Made by `framesift.embeddings.load_embedder`. A row is the unit image embedding. The graphs are
    opened on first use; the text tower always runs in full precision where its file is there.

    Attributes:
        int8_cosine: Lowest cosine between the int8 and the fp32 embedding of the same sample
            picture; ``None`` where int8 is not in use or there is no fp32 file to compare with.
    """

    def __init__(
        self, spec: ModelSpec, files: ModelFiles, chosen: ChosenTower, *, device: Device = "auto"
    ) -> None:
        """Keep the parts; nothing is opened yet."""
        if spec.preprocess is None:
            message = f"model {spec.name!r} has no preprocessing"
            raise WeightsMismatchError(message, source=spec.name)
        self._spec = spec
        self._preprocess = spec.preprocess
        self._files = files
        self._precision = chosen.precision
        self.int8_cosine = chosen.int8_cosine
        where = "cuda" if "CUDAExecutionProvider" in providers(device) else "cpu"
        self._fingerprint = fingerprint_of(chosen.files, self._preprocess, chosen.precision, where)
        self._image = ImageTower(
            chosen.files[0],
            size_px=self._preprocess.size,
            device=device,
            one_by_one=chosen.one_by_one,
        )
        self._text = TextTower(
            files.text[0], device=device, one_by_one=files.text_precision == "int8"
        )
        self._tokenizer: Tokenizer | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self._spec.name

    @property
    def spec(self) -> ModelSpec:
        """The model as data."""
        return self._spec

    @property
    def space(self) -> str:
        """The embedding space."""
        return self._spec.space

    @property
    def fingerprint(self) -> str:
        """Hash of the weights, the preprocessing, the precision and the row layout."""
        return self._fingerprint

    @property
    def precision(self) -> str:
        """Of the image tower in use: ``fp32``, ``fp16`` or ``int8``."""
        return self._precision

    @property
    def width(self) -> int:
        """D, the floats per row."""
        return self._spec.dim

    @property
    def min_side_px(self) -> int:
        """Twice the resize target, so that scaled decoding never limits the resize."""
        return 2 * self._preprocess.resize

    @property
    def logit_scale(self) -> float:
        """Multiplies a cosine before softmax or sigmoid."""
        return self._spec.logit_scale

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Resize and crop one frame, uint8 (H, W, 3) to (S, S, 3). Thread-safe."""
        return prepare_image(pixels, self._preprocess, geometry=geometry)

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Embed N prepared frames, uint8 (N, S, S, 3), as unit rows (N, D).

        Raises:
            ValueError: The batch has another shape or type.
        """
        return self.embed_images(normalize_batch(batch, self._preprocess))

    def to_embeddings(self, rows: Float32Array) -> Embeddings:
        """Wrap rows (N, D), as `encode` gave them."""
        return Embeddings(vectors=rows, space=self.space, fingerprint=self.fingerprint)

    def embed_images(self, pixels: Float32Array) -> Float32Array:
        """Embed normalised model input, float32 (N, 3, S, S), as unit vectors (N, D).

        Raises:
            ValueError: The pixels have another shape or type.
            WeightsMismatchError: The graph gives embeddings of another width than D.
        """
        side = self._preprocess.size
        if pixels.dtype != np.float32 or pixels.shape[1:] != (3, side, side):
            message = f"expected float32 (N, 3, {side}, {side}); got {pixels.dtype} {pixels.shape}"
            raise ValueError(message)
        return self._checked(self._image.embed(pixels), self._image.path)

    def embed_texts(self, texts: Sequence[str]) -> Float32Array:
        """Embed N texts as unit vectors, float32 (N, D).

        Raises:
            WeightsMismatchError: The text tower gives another width than the image tower, or its
                context is not the tokenizer's.
        """
        if len(texts) == 0:
            return np.empty((0, self._spec.dim), dtype=np.float32)
        if self._tokenizer is None:
            self._tokenizer = self._load_tokenizer()
        ids, mask = self._tokenizer.encode(texts)
        return self._checked(self._text.embed(ids, mask), self._text.path)

    def _load_tokenizer(self) -> Tokenizer:
        length = self._text.context_length
        if length is not None and length != self._spec.context_length:
            message = (
                f"the graph takes {length} tokens, but the model's files say "
                f"{self._spec.context_length}"
            )
            raise WeightsMismatchError(message, source=str(self._text.path))
        return self._files.load_tokenizer(self._spec.context_length)

    def _checked(self, rows: Float32Array, path: Path) -> Float32Array:
        if rows.shape[1] != self._spec.dim:
            message = f"it gives embeddings of {rows.shape[1]} numbers; expected {self._spec.dim}"
            raise WeightsMismatchError(message, source=str(path))
        return rows
