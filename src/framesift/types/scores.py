"""Embeddings and what heads say of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Answer",
    "AnswerStatus",
    "Embeddings",
    "Familiarity",
    "Float32Array",
    "ModelInfo",
    "Quality",
    "Scores",
    "Tag",
]

Float32Array: TypeAlias = NDArray[np.float32]
AnswerStatus: TypeAlias = Literal["label", "none", "unsure"]


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The embeddings of N pictures and what else the same pass gave.

    Attributes:
        vectors: float32 (N, D), each row of length 1.
        space: The embedding space, for instance ``openai/clip-vit-b-32``; a head is made for one
            space, and every precision and export of the same weights shares it.
        fingerprint: The exact files, preprocessing and precision that made these vectors.
        extras: Further float32 (N, K) arrays by name, such as ``features`` (the image tower's
            pooled output before the projection) or ``open_nsfw`` (an expert's probabilities).
    """

    vectors: Float32Array
    space: str
    fingerprint: str
    extras: Mapping[str, Float32Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that all arrays have two axes and the same number of rows."""
        for name, array in (("vectors", self.vectors), *self.extras.items()):
            if array.ndim != 2 or len(array) != len(self.vectors):
                message = f"{name} has shape {array.shape}; expected ({len(self.vectors)}, K)"
                raise ValueError(message)

    def __len__(self) -> int:
        """Return N."""
        return len(self.vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What one head says of N pictures under K names.

    Attributes:
        head: The head's name, as it appears in records.
        names: K column names: a label, a category, or ``quality``.
        values: float32 (N, K).
        low: Lower end of the interval, float32 (N, K), or ``None`` where the head gives none.
        high: Upper end, likewise.
        percentile: Of the first column among the head's reference pictures, float32 (N,), 0 to 100.
        distance: How far each picture lies from what the head has seen, float32 (N,), in units of
            the distance that one in a hundred of its training pictures exceeds.
    """

    head: str
    names: tuple[str, ...]
    values: Float32Array
    low: Float32Array | None = None
    high: Float32Array | None = None
    percentile: Float32Array | None = None
    distance: Float32Array | None = None

    def __post_init__(self) -> None:
        """Check that every array is (N, K), or (N,)."""
        count = len(self.values)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(
            ("values", "low", "high"), (count, len(self.names))
        )
        shapes |= {"percentile": (count,), "distance": (count,)}
        for name, expected in shapes.items():
            array = getattr(self, name)
            if array is not None and array.shape != expected:
                message = f"{self.head}: {name} has shape {array.shape}; expected {expected}"
                raise ValueError(message)

    def __len__(self) -> int:
        """Return N."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Quality:
    """A quality score with its interval, its head and what else the head has to say.

    Attributes:
        score: From 0 (unusable) to 10 (excellent).
        low: Lower end of the interval.
        high: Upper end.
        head: Which head gave it; scores of different heads do not compare.
        percentile: Share of the head's reference pictures that score lower, in percent.
        unusual: Whether the picture lies so far from what the head was trained on that the score
            is a guess; ``None`` where the head cannot tell.
        parts: Names and scores, 0 to 10 and up is better, of what the score is made of.
        words: What is wrong with the picture, in words: ``soft; strong compression``.
    """

    score: float
    low: float
    high: float
    head: str
    percentile: float | None = None
    unusual: bool | None = None
    parts: tuple[tuple[str, float], ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """Whether the model knows pictures of a kind; what it says of others is a guess.

    Attributes:
        known: Whether it does. Not knowing a picture says nothing of harm or quality.
        distance: How far the picture lies from ordinary ones; above 1 it is unknown.
        percentile: Share of ordinary pictures that lie nearer, in percent.
        head: Which head says so.
    """

    known: bool
    distance: float
    percentile: float
    head: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A plain-language label and its probability in [0, 1]."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plain-language classifier answers for one picture.

    Attributes:
        classifier: Its name.
        status: ``label`` where it gives one or more, ``none`` for "none of these", ``unsure`` where
            it would rather not say.
        labels: Those it gives, the likeliest first; empty unless the status is ``label``.
        probability: Of the likeliest outcome, in [0, 1]; where labels are independent of each other
            that of the likeliest label.
        doubtful: Labels that it leaves open, the likeliest first.
    """

    classifier: str
    status: AnswerStatus
    labels: tuple[str, ...]
    probability: float
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The embedding model behind a record.

    Attributes:
        name: As ``framesift models list`` shows it.
        fingerprint: Hash over the exact files, preprocessing and precision.
        precision: Of the image tower: ``fp32``, ``fp16``, ``int8``.
        int8_cosine: Lowest cosine measured between int8 and fp32 embeddings of the same pictures;
            ``None`` unless the precision is ``int8``.
    """

    name: str
    fingerprint: str
    precision: str
    int8_cosine: float | None = None
