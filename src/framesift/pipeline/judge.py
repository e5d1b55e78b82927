"""From embeddings to the quality and the tags of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.types import Embeddings, Quality, Scores, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads import Head

__all__ = ["judge"]


def judge(embeddings: Embeddings, heads: Sequence[Head]) -> tuple[Quality | None, tuple[Tag, ...]]:
    """Score the frames of one source with the heads for quality and tags, and pool over frames.

    Args:
        embeddings: One row per frame.
        heads: All heads; the last one for quality gives the quality, others are passed over.

    Returns:
        The quality, if there is a head for it, and the tags, highest first.
    """
    quality: Quality | None = None
    tags: list[Tag] = []
    for head in heads:
        if head.card.task == "quality":
            quality = _pool_quality(head, head.score(embeddings))
        elif head.card.task == "tags":
            scores = head.score(embeddings)
            means = scores.values.mean(axis=0)
            tags += [Tag(name, float(p)) for name, p in zip(scores.names, means, strict=True)]
    return quality, tuple(sorted(tags, key=lambda tag: -tag.score))


def _pool_quality(head: Head, scores: Scores) -> Quality:
    """Pool frames by their mean; the interval is the mean interval."""
    low = scores.values if scores.low is None else scores.low
    high = scores.values if scores.high is None else scores.high
    mean, lowest, highest = (float(array[:, 0].mean()) for array in (scores.values, low, high))
    means = scores.values.mean(axis=0)
    parts = tuple(
        (name, float(value)) for name, value in zip(scores.names[1:], means[1:], strict=True)
    )
    describe = getattr(head, "describe", None)
    return Quality(
        mean,
        lowest,
        highest,
        scores.head,
        percentile=None if scores.percentile is None else float(scores.percentile.mean()),
        unusual=None if scores.distance is None else bool(scores.distance.mean() > 1),
        parts=parts,
        words="" if describe is None or not parts else describe(dict(parts)),
    )
