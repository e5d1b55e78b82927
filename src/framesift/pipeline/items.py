"""What travels through the pipeline: how to read, one source on its way, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from framesift.media import Limits

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from framesift.media import Source
    from framesift.types import (
        Embeddings,
        Float32Array,
        MediaInfo,
        Problem,
        Survey,
        UInt8Array,
        WordBox,
    )

__all__ = [
    "Embedded",
    "Item",
    "Prepared",
    "Reading",
    "moves",
    "named_problem",
    "nameless_problem",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read.

    Attributes:
        limits: On bytes, pixels, frames and duration.
        exact: Decode in full, instead of letting decoders scale down to what the models need.
        thumbnail_px: Longer side of the thumbnail kept with each analysis, and of those of the
            frames of a video; ``None`` for none.
        min_side_px: The shorter side keeps at least so many pixels, even where no model needs them.
    """

    limits: Limits = field(default_factory=Limits)
    exact: bool = False
    thumbnail_px: int | None = None
    min_side_px: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One frame as model input: an array per encoder, ``None`` where its row is cached."""

    time: Fraction
    inputs: tuple[UInt8Array | None, ...]


@dataclass(slots=True, eq=False)
class Item:
    """One source on its way through the pipeline.

    Attributes:
        source: Where it comes from.
        sha256: Of its content.
        info: Known once it was opened or found in the cache.
        times: Of its frames so far.
        rows: Per encoder, cached rows float32 (T, W) or ``None`` where they must be made.
        fresh: Per encoder, the rows made in this run, one per frame.
        complete: Whether nothing has to be decoded.
        thumbnail: JPEG bytes.
        posters: Small JPEGs of the frames of what moves, by their times.
        survey: What was noticed while decoding what moves; ``None`` for a still.
        stopped: Whether the reading was given up because the verdict was clear.
        problem: What stopped the decoding half-way, if anything did.
        words: Words read in frames, by the time of the frame.
        words_problem: Why words could not be read, if so.
        words_seen: What the frame read last shows, in cells, int16 (64, 64, 3).
    """

    source: Source
    sha256: str
    info: MediaInfo | None = None
    times: list[Fraction] = field(default_factory=list)
    rows: list[Float32Array | None] = field(default_factory=list)
    fresh: list[list[Float32Array]] = field(default_factory=list)
    complete: bool = False
    thumbnail: bytes | None = None
    posters: dict[Fraction, bytes] = field(default_factory=dict)
    survey: Survey | None = None
    stopped: bool = False
    problem: Problem | None = None
    words: list[tuple[Fraction, tuple[WordBox, ...]]] = field(default_factory=list)
    words_problem: Problem | None = None
    words_seen: NDArray[np.int16] | None = None

    def stop(self, count: int) -> None:
        """Keep the first frames alone: the verdict on them is clear."""
        self.stopped = True
        self.times = self.times[:count]
        self.rows = [None if rows is None else rows[:count] for rows in self.rows]
        self.fresh = [made[:count] for made in self.fresh]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """What `Gatherer` gives for one source.

    Attributes:
        info: Of the source.
        embeddings: One row per frame; the experts' rows are among the extras.
        thumbnail: JPEG bytes, where they were asked for.
        error: What stopped the decoding half-way, if anything did.
        times: Of the frames, in seconds.
    """

    info: MediaInfo
    embeddings: Embeddings
    thumbnail: bytes | None = None
    error: Problem | None = None
    times: tuple[Fraction, ...] = ()


def moves(info: MediaInfo) -> bool:
    """Whether a medium has a timeline: a video or an animation, and not the pages of a TIFF."""
    return info.kind == "video" or (info.kind == "animation" and info.duration is not None)


def nameless_problem(problem: Problem | None, name: str) -> Problem | None:
    """Take the name of the source out of a problem: the cache remembers contents, not names."""
    if problem is None or not problem.message.startswith(name):
        return problem
    return replace(problem, message=problem.message.removeprefix(name))


def named_problem(problem: Problem | None, name: str) -> Problem | None:
    """Give a problem from the cache the name that the source has now."""
    if problem is None or not problem.message.startswith((":", " (at ")):
        return problem
    return replace(problem, message=f"{name}{problem.message}")
