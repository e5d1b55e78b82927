"""The values that travel between the stages: frozen, validated, numpy only.

Every stage takes and returns these and nothing else, so that a stage can be tested, replaced or
moved to another process alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "SCHEMA",
    "SEVERITY",
    "Action",
    "Analysis",
    "Embeddings",
    "Evidence",
    "Failure",
    "Float32Array",
    "Frame",
    "Geometry",
    "LabelScore",
    "MediaInfo",
    "MediaKind",
    "ModelInfo",
    "Part",
    "Problem",
    "Quality",
    "Result",
    "Scores",
    "Segment",
    "Signal",
    "Tag",
    "TextAnalysis",
    "UInt8Array",
    "Verdict",
    "WordBox",
]

SCHEMA = 1
"""Version of the record; it grows when a name or a meaning changes, not when a name is added."""

MediaKind: TypeAlias = Literal["image", "animation", "video"]
Action: TypeAlias = Literal["allow", "review", "block"]
SEVERITY: tuple[Action, ...] = ("allow", "review", "block")
"""Every action, from the mildest to the most severe."""

Part: TypeAlias = Literal["image", "caption", "words", "joint", "list"]
"""What a score was made from: the pixels, the caption, the words read in the picture, picture and
caption together, or a list of known hashes."""

UInt8Array: TypeAlias = NDArray[np.uint8]
Float32Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known of a picture or video before its frames are read.

    Attributes:
        path: The name the user gave it (``-`` for standard input).
        sha256: Of the content, 64 hexadecimal digits.
        kind: ``image`` (one frame), ``animation`` or ``video``.
        format: The container or codec found in the content, in lower case: ``jpeg``, ``mp4``.
        width: Of the picture as shown (after EXIF or stream rotation), in pixels.
        height: Likewise.
        duration: Seconds, exact; ``None`` for a still or where the file does not tell.
        frame_count: ``1`` for a still, ``None`` where only decoding would tell.
    """

    path: str
    sha256: str
    kind: MediaKind
    format: str
    width: int
    height: int
    duration: Fraction | None = None
    frame_count: int | None = 1


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a picture lies in pixels that its decoder scaled down.

    A decoder that scales by 1/k gives ceil(width / k) columns, the last one a part of a column.
    Resizing by these numbers puts a picture where the full decode would, to a fraction of a pixel.

    Attributes:
        width: Of the picture in full, upright, in pixels.
        height: Likewise.
        box: Left, top, right and bottom of the picture within the scaled pixels, as floats.
    """

    width: int
    height: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture, decoded.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, sRGB-like, upright, no alpha. It may be smaller than
            ``MediaInfo.width x height`` where the decoder scaled while decoding.
        time: Presentation time in seconds, from the stream's own PTS; ``0`` for a still.
        index: Position among the frames of its medium, from 0.
        duration: How long it is shown, in seconds; ``None`` where unknown.
        geometry: Where the decoder scaled: the full size and the picture's place in ``pixels``.
    """

    pixels: UInt8Array
    time: Fraction = Fraction(0)
    index: int = 0
    duration: Fraction | None = None
    geometry: Geometry | None = None

    def __post_init__(self) -> None:
        """Check shape and type once, where the frame is made."""
        shape = self.pixels.shape
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or self.pixels.dtype != np.uint8:
            message = f"a frame is uint8 (H, W, 3); got {self.pixels.dtype} {shape}"
            raise ValueError(message)


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
class Evidence:
    """Where a harm score comes from, for the person who reviews it.

    Attributes:
        prompt: The closest prompt, the pattern that matched, or the entry of a list.
        time: Of the frame, in seconds; ``None`` for a still or a text.
        tile: Left, top, right and bottom as shares of width and height; ``None`` for all of it.
        words: The words that raised the score, at most 120 characters.
    """

    prompt: str = ""
    time: Fraction | None = None
    tile: tuple[float, float, float, float] | None = None
    words: str = ""


_NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Signal:
    """What one head says of one harm category of one item, on the way to the policy.

    Attributes:
        category: From the taxonomy, or the policy's own.
        score: In [0, 1]; what is not is never taken for safe.
        source: What gave it: ``zero-shot``, ``open_nsfw``, ``text``, ...
        part: What it was made from.
        evidence: For people.
    """

    category: str
    score: float
    source: str
    part: Part = "image"
    evidence: Evidence = _NO_EVIDENCE


@dataclass(frozen=True, slots=True)
class WordBox:
    """Words read in a picture.

    Attributes:
        text: One line.
        confidence: Of the reader, in [0, 1].
        box: Left, top, right and bottom as shares of width and height.
    """

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One harm category: an independent score in [0, 1] and what the policy made of it.

    Attributes:
        name: The category, from the taxonomy or the policy's own.
        score: Of the signal that decided: the one with the most severe action, then the highest.
        threshold: The policy's lowest threshold for this category and source.
        flagged: Whether the score reached it.
        source: What gave the score: ``zero-shot``, ``open_nsfw``, ...
        part: Which part of the item raised it.
        action: What this category alone leads to.
        evidence: Where the score comes from.
        softened: The context tag that made the action milder, if one did.
    """

    name: str
    score: float
    threshold: float
    flagged: bool
    source: str
    part: Part = "image"
    action: Action = "allow"
    evidence: Evidence = _NO_EVIDENCE
    softened: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy decided.

    Attributes:
        action: The most severe of all labels.
        labels: Every category that was judged, in the policy's order.
        policy: Name and first digits of the hash.
        context: Context tags and their scores in [0, 1], in the order of the taxonomy.
        unread: Parts that the policy wants judged and nothing here could read: ``words`` in the
            picture without the extra ``framesift[ocr]``.
    """

    action: Action
    labels: tuple[LabelScore, ...]
    policy: str
    context: tuple[Tag, ...] = ()
    unread: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """A plain-language label and its probability in [0, 1]."""

    name: str
    score: float


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


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video that carries one label; times in seconds, exact."""

    label: str
    start: Fraction
    end: Fraction
    peak: float
    peak_time: Fraction


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something went wrong: the name of the error class and a sentence for a person."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything Framesift says of one picture or video.

    ``error`` is set where only a part could be read (a cut-off animation): the scores then cover
    the readable part, and the action is at least ``review``. Reports show ``blurred`` in place of
    ``thumbnail`` unless the verdict is ``allow``.
    """

    info: MediaInfo
    quality: Quality | None
    moderation: Verdict | None
    tags: tuple[Tag, ...]
    model: ModelInfo
    error: Problem | None = None
    thumbnail: bytes | None = None
    blurred: bytes | None = None

    @property
    def path(self) -> str:
        """The name the user gave the medium."""
        return self.info.path


@dataclass(frozen=True, slots=True)
class TextAnalysis:
    """Everything Framesift says of a text that comes without a picture.

    Attributes:
        path: What to call it: ``text``, or ``-`` for standard input.
        sha256: Of the text in UTF-8.
        moderation: What the policy decided.
    """

    path: str
    sha256: str
    moderation: Verdict


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture or video that could not be analysed. It is never "safe": it routes to review.

    Attributes:
        path: The name the user gave it.
        error: What happened.
        sha256: Of the content where it could be read.
        policy: The policy in force, so that the record can say who sent it to review.
        model: The model in use.
        action: What the policy says of failures: ``review``, or ``block`` where it is strict, where
            the content is on a block list or where its caption is blocked.
        labels: What lists and the caption said.
    """

    path: str
    error: Problem
    sha256: str | None = None
    policy: str | None = None
    model: ModelInfo | None = None
    action: Action = "review"
    labels: tuple[LabelScore, ...] = ()


Result: TypeAlias = Analysis | Failure
