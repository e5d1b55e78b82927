"""The seam between pixels and vectors: what a model is (data) and what it can do (protocols).

Two roles. An `ImageEncoder` turns frames into rows of numbers; `open_nsfw` is one. An `Embedder` is
an image encoder with a text tower in the same space: CLIP, SigLIP, `starter`.

The work is split so that threads and batches fit it:

- ``prepare`` runs in the decoder threads, one frame at a time, and gives uint8 model input;
- ``encode`` runs on a batch and gives one float32 row per picture, which is what the cache stores;
- ``to_embeddings`` names the columns of those rows.

An embedder may also say what classes its image tower knows (`KnowsClasses`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.types import Embeddings, Float32Array, Geometry, UInt8Array

__all__ = [
    "Device",
    "Embedder",
    "ImageEncoder",
    "Interpolation",
    "KnownClasses",
    "KnowsClasses",
    "Layout",
    "ModelSpec",
    "Precision",
    "PreprocessSpec",
    "ResizeMode",
    "WeightFile",
]

Interpolation: TypeAlias = Literal["nearest", "bilinear", "bicubic", "lanczos"]
ResizeMode: TypeAlias = Literal["shortest", "squash", "longest"]
Layout: TypeAlias = Literal["transformers", "open_clip", "embedded"]
Precision: TypeAlias = Literal["auto", "fp32", "fp16", "int8"]
Device: TypeAlias = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """How a picture becomes model input; it belongs to the weights and is never guessed.

    Attributes:
        size: Side S of the square input, in pixels.
        mean: Per channel, on the [0, 1] scale, RGB.
        std: Likewise.
        resize: Side that the resize aims at before the centre crop; equal to ``size`` for CLIP.
        interpolation: Resampling filter, always with antialiasing (Pillow's).
        resize_mode: ``shortest`` (shorter side to ``resize``, centre crop), ``squash`` (both sides,
            aspect lost) or ``longest`` (longer side, padded with ``fill``).
        fill: RGB used to pad in mode ``longest``.
    """

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: int
    interpolation: Interpolation = "bicubic"
    resize_mode: ResizeMode = "shortest"
    fill: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model on its hub; ``sha256`` is ``None`` where only first use can tell."""

    path: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as data.

    Attributes:
        name: What the user types: ``clip-vit-b32``.
        space: The embedding space; equal for every export and precision of the same weights.
        layout: How its files are arranged.
        dim: Embedding dimension D.
        licence: SPDX identifier or a short name.
        description: One line for ``framesift models list``.
        repo: Hub repository, ``owner/name``; ``None`` for embedded models.
        revision: Commit or tag on the hub.
        vision: Image tower files per precision.
        text: Text tower files per precision.
        support: Small files: config, preprocessing, tokenizer.
        preprocess: Fixed here for a known model; ``None`` means "read it from the model's files".
        context_length: Tokens the text tower takes.
        logit_scale: exp of the learned temperature; 100 for OpenAI weights.
        logit_bias: Added before the sigmoid in SigLIP models; ``None`` for softmax models.
        size_mb: Of the default download, for the user's information.
    """

    name: str
    space: str
    layout: Layout
    dim: int
    licence: str
    description: str
    repo: str | None = None
    revision: str | None = None
    vision: Mapping[str, tuple[WeightFile, ...]] = field(default_factory=dict)
    text: Mapping[str, tuple[WeightFile, ...]] = field(default_factory=dict)
    support: tuple[WeightFile, ...] = ()
    preprocess: PreprocessSpec | None = None
    context_length: int = 77
    logit_scale: float = 100.0
    logit_bias: float | None = None
    size_mb: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class KnownClasses:
    """Classes that an image tower was taught before it met texts, and where they lie.

    The classes have no names here: a text finds them by its cosine to their directions.

    Attributes:
        input: The extra of `Embeddings` that is classified, F numbers a picture.
        kernel: float32 (F, C), the tower's own classifier.
        bias: float32 (C,).
        directions: float32 (C, D), unit vectors in the shared space.
        sharpness: Above 0; multiplies a cosine before the softmax that relates a text to classes.
        text_weight: Above 0; multiplies a text's own logit where both ways are added up.
        floor: Above 0; added to a probability before its logarithm.
    """

    input: str
    kernel: Float32Array
    bias: Float32Array
    directions: Float32Array
    sharpness: float
    text_weight: float
    floor: float


@runtime_checkable
class ImageEncoder(Protocol):
    """Anything that turns a frame into a row of numbers."""

    @property
    def name(self) -> str:
        """What records call it."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever a row could change: weights, preprocessing, precision, views."""

    @property
    def precision(self) -> str:
        """Of the weights in use: ``fp32``, ``fp16``, ``int8``."""

    @property
    def width(self) -> int:
        """Floats per row."""

    @property
    def min_side_px(self) -> int:
        """Decoders may scale down as long as the shorter side keeps at least this many pixels."""

    def prepare(self, pixels: UInt8Array, *, geometry: Geometry | None = None) -> UInt8Array:
        """Turn one frame, uint8 (H, W, 3), into model input, uint8 of a fixed shape.

        Thread-safe; called by decoder threads.

        Args:
            pixels: The frame, perhaps scaled down while it was decoded.
            geometry: If it was: its full size and its place in ``pixels``, so that the input
                shows the same part of the picture as that of a full decode.
        """

    def encode(self, batch: UInt8Array) -> Float32Array:
        """Turn N prepared frames, stacked on axis 0, into float32 rows (N, ``width``).

        A row does not depend on the other pictures of its batch (within 1e-4).
        """


@runtime_checkable
class Embedder(ImageEncoder, Protocol):
    """An image encoder with a text tower in the same space."""

    @property
    def spec(self) -> ModelSpec:
        """The model as data."""

    @property
    def space(self) -> str:
        """The embedding space, as in `framesift.types.Embeddings`."""

    @property
    def logit_scale(self) -> float:
        """Multiplies a cosine before softmax or sigmoid."""

    @property
    def int8_cosine(self) -> float | None:
        """Lowest measured cosine of int8 to fp32 embeddings; ``None`` where nothing is int8."""

    def to_embeddings(self, rows: Float32Array) -> Embeddings:
        """Name the columns of rows (N, ``width``): unit vectors and extras."""

    def embed_images(self, pixels: Float32Array) -> Float32Array:
        """Embed normalised model input, float32 (N, 3, S, S), as unit vectors (N, D)."""

    def embed_texts(self, texts: Sequence[str]) -> Float32Array:
        """Embed N texts as unit vectors, float32 (N, D)."""


@runtime_checkable
class KnowsClasses(Protocol):
    """What an embedder offers beside its texts, where its image tower is a classifier, too."""

    @property
    def known_classes(self) -> KnownClasses | None:
        """The classes; ``None`` where there are none after all."""
