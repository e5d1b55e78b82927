"""What happens along a video: shots, segments, curves; all times on the stream's own clock.

The clock is that of the container: a stream that starts late has a first frame after 0, and
`Timeline.start` says when. Stretches are half-open: a segment begins at ``start`` and is over at
``end``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from framesift.types.scores import Float32Array
    from framesift.types.verdicts import Action, Part

__all__ = [
    "Cue",
    "Curve",
    "Poster",
    "Segment",
    "SegmentKind",
    "Shot",
    "Survey",
    "Timeline",
]

SegmentKind: TypeAlias = Literal["harm", "fault", "tag"]
"""What a segment's label is: a harm category, a technical fault such as ``freeze``, or a tag."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video that carries one label.

    Attributes:
        label: A harm category, a fault or a tag; see ``kind``.
        start: Seconds.
        end: Seconds, after ``start``.
        peak: The highest score within, in [0, 1]; of a fault, how bad it is. NaN where no score is
            known, which leads to ``review``.
        peak_time: When the highest score was seen, for the first time.
        kind: What the label is.
        action: What the policy makes of it; ``allow`` for faults and tags.
        source: What gave the peak: ``zero-shot``, ``open_nsfw``, ...
        part: What was judged.
    """

    label: str
    start: Fraction
    end: Fraction
    peak: float
    peak_time: Fraction
    kind: SegmentKind = "harm"
    action: Action = "allow"
    source: str = ""
    part: Part = "image"

    def __post_init__(self) -> None:
        """Check that it has a length and that its peak lies within."""
        if not self.start <= self.peak_time < self.end:
            message = (
                f"{self.label}: a segment needs start <= peak_time < end; "
                f"got {self.start}, {self.peak_time}, {self.end}"
            )
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch between two cuts, in seconds."""

    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class Cue:
    """A line of the subtitles inside the file, in seconds."""

    start: Fraction
    end: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen while decoding, beside the frames that the models get.

    Attributes:
        start: Time of the first frame, in seconds.
        end: When the last frame that could be decoded stops being shown.
        shots: Disjoint, in order, and together they fill start to end; empty for no frames.
        faults: Segments of the kind ``fault``: ``black``, ``freeze``, ``flicker``, ``shake``, ...
        measures: Names and scores, 0 to 10 and up is better, of what only moving pictures have;
            without those that could not be measured.
        watched: Seconds of the running time in which every frame was decoded; in the rest only key
            frames were, or the frames asked for.
        decoded: How many frames were decoded.
        cues: The subtitles inside the file.
        ends: When each frame that the models were given stops being shown, in seconds.
    """

    start: Fraction = Fraction(0)
    end: Fraction = Fraction(0)
    shots: tuple[Shot, ...] = ()
    faults: tuple[Segment, ...] = ()
    measures: tuple[tuple[str, float], ...] = ()
    watched: Fraction = Fraction(0)
    decoded: int = 0
    cues: tuple[Cue, ...] = ()
    ends: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One score along the timeline.

    Attributes:
        label: ``quality``, a harm category or a tag.
        source: The head that gave it.
        values: float32 (T,), one per moment of the timeline; 0 to 10 for quality, else [0, 1].
        threshold: From where on the policy acts; ``None`` for quality and tags.
    """

    label: str
    source: str
    values: Float32Array
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Poster:
    """A small picture of one moment, JPEG; ``blurred`` where the moment is not ``allow``."""

    time: Fraction
    thumbnail: bytes
    blurred: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """A video or animation along its time.

    Attributes:
        start: Time of the first frame, in seconds on the stream's own clock.
        end: When the last frame stops being shown.
        times: The T moments that the models looked at, ascending.
        curves: Scores at these moments; ``quality`` first where there is one.
        segments: By label disjoint, and all of them in the order of their starts.
        shots: Disjoint and in order.
        longest_gap: The longest stretch in seconds that no model looked at: between two moments,
            or between the last one and the end.
        watched: Seconds in which every frame was at least decoded and compared with its neighbours.
        sampler: How the moments were chosen.
        stopped: Where the reading was given up because the verdict was clear; ``None`` where it
            went on to the end.
        posters: Small pictures of some of the moments, where they were asked for.
    """

    start: Fraction
    end: Fraction
    times: tuple[Fraction, ...]
    curves: tuple[Curve, ...] = ()
    segments: tuple[Segment, ...] = ()
    shots: tuple[Shot, ...] = ()
    longest_gap: Fraction = Fraction(0)
    watched: Fraction = Fraction(0)
    sampler: str = ""
    stopped: Fraction | None = None
    posters: tuple[Poster, ...] = ()

    def __post_init__(self) -> None:
        """Check that every curve has a value for every moment."""
        for curve in self.curves:
            if curve.values.shape != (len(self.times),):
                message = (
                    f"{curve.label}: {curve.values.shape} values; expected ({len(self.times)},)"
                )
                raise ValueError(message)
