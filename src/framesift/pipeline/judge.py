"""From embeddings to the quality and the tags of a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.types import Curve, Embeddings, Quality, Scores, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framesift.heads import Head
    from framesift.types import Float32Array

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Quality and tags of one source.

    Attributes:
        quality: ``None`` where no head scores it.
        tags: Highest first.
        quality_curves: The quality of each frame; empty where none was scored.
        tag_curves: The tags of each frame.
    """

    quality: Quality | None = None
    tags: tuple[Tag, ...] = ()
    quality_curves: tuple[Curve, ...] = ()
    tag_curves: tuple[Curve, ...] = ()


def judge(
    embeddings: Embeddings, heads: Sequence[Head], lengths: Sequence[float] | None = None
) -> Judgement:
    """Score the frames of one source with the heads for quality and tags, and pool over frames.

    Args:
        embeddings: One row per frame.
        heads: All heads; the last one for quality gives the quality, others are passed over.
        lengths: Seconds that each frame stands for; ``None`` where all count alike.
    """
    weights = None if lengths is None else np.asarray(lengths, np.float64)
    quality: Quality | None = None
    quality_curves: tuple[Curve, ...] = ()
    tags: list[Tag] = []
    tag_curves: list[Curve] = []
    for head in heads:
        if head.card.task == "quality":
            scores = head.score(embeddings)
            quality = _pool_quality(head, scores, weights)
            quality_curves = (Curve("quality", scores.head, scores.values[:, 0]),)
        elif head.card.task == "tags":
            scores = head.score(embeddings)
            means = _mean(scores.values, weights)
            tags += [Tag(name, float(p)) for name, p in zip(scores.names, means, strict=True)]
            tag_curves += [
                Curve(name, scores.head, scores.values[:, column])
                for column, name in enumerate(scores.names)
            ]
    ordered = tuple(sorted(tags, key=lambda tag: -tag.score))
    return Judgement(quality, ordered, quality_curves, tuple(tag_curves))


def _mean(values: Float32Array, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = np.average(values.astype(np.float64), axis=0, weights=weights)
    return mean


def _pool_quality(head: Head, scores: Scores, weights: NDArray[np.float64] | None) -> Quality:
    """Pool frames by their mean; the interval is the mean interval."""
    low = scores.values if scores.low is None else scores.low
    high = scores.values if scores.high is None else scores.high
    mean, lowest, highest = (
        float(_mean(array[:, :1], weights)[0]) for array in (scores.values, low, high)
    )
    means = _mean(scores.values, weights)
    parts = tuple(
        (name, float(value)) for name, value in zip(scores.names[1:], means[1:], strict=True)
    )
    describe = getattr(head, "describe", None)
    return Quality(
        mean,
        lowest,
        highest,
        scores.head,
        percentile=None if scores.percentile is None else float(_mean(scores.percentile, weights)),
        unusual=None if scores.distance is None else bool(_mean(scores.distance, weights) > 1),
        parts=parts,
        words="" if describe is None or not parts else describe(dict(parts)),
    )
