"""From embeddings to the quality and the tags of a source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.types import Curve, Familiarity, Quality, Tag
from framesift.verdicts.video_quality import find_blocks, judge_video, moment_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from framesift.heads import Head
    from framesift.types import Embeddings, Scores, Segment, Survey

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Quality, tags and familiarity of one source.

    Attributes:
        quality: ``None`` where no head scores it.
        tags: Highest first.
        familiarity: Whether the model knows such pictures; ``None`` where no head says.
        quality_curves: The quality of each frame; empty where none was scored.
        tag_curves: The tags of each frame.
        faults: What the scores show of the faults of a video.
    """

    quality: Quality | None = None
    tags: tuple[Tag, ...] = ()
    familiarity: Familiarity | None = None
    quality_curves: tuple[Curve, ...] = ()
    tag_curves: tuple[Curve, ...] = ()
    faults: tuple[Segment, ...] = ()


def judge(
    embeddings: Embeddings,
    heads: Sequence[Head],
    *,
    times: Sequence[Fraction] = (),
    survey: Survey | None = None,
) -> Judgement:
    """Score the frames of one source with all heads but those for harm, and pool over frames.

    Args:
        embeddings: One row per frame.
        heads: All heads; the last one for quality gives the quality, others are passed over.
        times: Of the frames of what moves, in seconds.
        survey: What was noticed while decoding it; ``None`` for stills and pages.
    """
    judged = Judgement()
    tags: list[Tag] = []
    tag_curves: list[Curve] = []
    familiarity: Familiarity | None = None
    weights = None if survey is None else moment_weights(times, survey)
    for head in heads:
        if head.card.task == "quality":
            judged = _quality(head, head.score(embeddings), times, survey)
        elif head.card.task == "known":
            familiarity = _familiarity(head.score(embeddings))
        elif head.card.task == "tags":
            scores = head.score(embeddings)
            means = np.average(scores.values.astype(np.float64), axis=0, weights=weights)
            tags += [Tag(name, float(p)) for name, p in zip(scores.names, means, strict=True)]
            tag_curves += [
                Curve(name, scores.head, scores.values[:, column])
                for column, name in enumerate(scores.names)
            ]
    ordered = tuple(sorted(tags, key=lambda tag: -tag.score))
    return replace(judged, tags=ordered, tag_curves=tuple(tag_curves), familiarity=familiarity)


def _familiarity(scores: Scores) -> Familiarity | None:
    """Take the frame in the middle: one black frame makes no video unknown."""
    if scores.distance is None or scores.percentile is None:
        return None
    order = np.argsort(scores.distance, kind="stable")
    middle = int(order[(len(order) - 1) // 2])
    distance = float(scores.distance[middle])
    # Written so that a distance that is no number is not known.
    return Familiarity(distance <= 1, distance, float(scores.percentile[middle]), scores.head)


def _quality(
    head: Head, scores: Scores, times: Sequence[Fraction], survey: Survey | None
) -> Judgement:
    describe = getattr(head, "describe", None)
    if survey is None:
        return Judgement(_mean_quality(scores, describe))
    curve = Curve("quality", scores.head, scores.values[:, 0])
    faults = find_blocks(scores, times, survey)
    told = replace(survey, faults=(*survey.faults, *faults))
    return Judgement(
        judge_video(scores, times, told, describe), quality_curves=(curve,), faults=faults
    )


def _mean_quality(scores: Scores, describe: Callable[[dict[str, float]], str] | None) -> Quality:
    """Pool stacked pictures by their mean; the interval is the mean interval."""
    low = scores.values if scores.low is None else scores.low
    high = scores.values if scores.high is None else scores.high
    mean, lowest, highest = (float(array[:, 0].mean()) for array in (scores.values, low, high))
    means = scores.values.mean(axis=0)
    parts = tuple(
        (name, float(value)) for name, value in zip(scores.names[1:], means[1:], strict=True)
    )
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
