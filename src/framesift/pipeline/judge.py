"""From embeddings to one quality, one verdict and the tags of a source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from framesift.policies import Policy, decide
from framesift.types import Embeddings, Problem, Quality, Scores, Signal, Tag, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads import Head

__all__ = ["judge"]


def judge(
    embeddings: Embeddings, heads: Sequence[Head], policy: Policy, problem: Problem | None
) -> tuple[Quality | None, Verdict, tuple[Tag, ...]]:
    """Score the frames of one source with every head, pool over the frames, and decide.

    Args:
        embeddings: One row per frame.
        heads: All heads; the last one for quality gives the quality.
        policy: Thresholds and actions.
        problem: What stopped the decoding half-way; the verdict is then ``review`` at least.
    """
    quality: Quality | None = None
    worst: dict[str, tuple[float, str]] = {}
    tags: list[Tag] = []
    for head in heads:
        scores = head.score(embeddings)
        if head.card.task == "quality":
            quality = _pool_quality(head, scores)
        elif head.card.task == "tags":
            means = scores.values.mean(axis=0)
            tags += [Tag(name, float(p)) for name, p in zip(scores.names, means, strict=True)]
        else:
            _keep_worst(worst, scores, head.card.source)
    signals = [Signal(name, score, source) for name, (score, source) in worst.items()]
    verdict = decide(signals, policy)
    if problem is not None and verdict.action == "allow":
        # What could not be read was not judged, so a person looks at it.
        verdict = replace(verdict, action="review")
    return quality, verdict, tuple(sorted(tags, key=lambda tag: -tag.score))


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


def _keep_worst(worst: dict[str, tuple[float, str]], scores: Scores, source: str) -> None:
    """Keep the highest score of each label over the frames and over the heads that know it."""
    for name, value in zip(scores.names, scores.values.max(axis=0), strict=True):
        known = worst.get(name)
        # `not <=` instead of `>`: a NaN replaces any score, so that it cannot hide behind one.
        if known is None or not value <= known[0]:
            worst[name] = (float(value), source)
