"""The timeline of a video: scores along it, and the segments that they make. Pure.

Each moment that was looked at stands for the stretch around it (`framesift.verdicts.stretches`). A
segment begins where a score reaches its threshold, and ends where it falls below a lower one:
hysteresis, as in Schmitt's trigger (1938), so that a score that wavers about its threshold makes
one segment and not many. Segments of one label that nearly touch are one, whatever gave them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from framesift.types import Segment, Timeline
from framesift.verdicts.runs import harm_runs, merged, tag_runs
from framesift.verdicts.stretches import longest_gap, stretches
from framesift.verdicts.text_runs import text_runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from framesift.policies import Policy
    from framesift.types import Curve, SegmentKind, Signal, Survey
    from framesift.verdicts.runs import Run
    from framesift.verdicts.stretches import Stretch

__all__ = ["TAG_FROM", "Track", "build_timeline"]

TAG_FROM = 0.5
"""From this score on a tag holds, unless its curve has a threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What was said of a video along its time.

    Attributes:
        times: The T moments that models looked at, in seconds, ascending, no two alike.
        quality: Curves of quality.
        harm: Curves of harm categories by source, in [0, 1]; several may be of one category. Those
            that the policy does not name are left out.
        tags: Curves of tags.
        signals: Of texts: those with a time and of another part than ``image`` make segments.
        readings: When words were read in the picture, found or not; what was read holds until the
            next reading. Without it, words hold for the moment in which they were read.
        context: Context tag to score, as `decide` gets it.
    """

    times: Sequence[Fraction]
    quality: Sequence[Curve] = ()
    harm: Sequence[Curve] = ()
    tags: Sequence[Curve] = ()
    signals: Sequence[Signal] = ()
    readings: Sequence[Fraction] = ()
    context: Mapping[str, float] = field(default_factory=dict)


def build_timeline(track: Track, survey: Survey, policy: Policy, *, sampler: str = "") -> Timeline:
    """Build the timeline of a video.

    A harm segment has the most severe action that a score within it leads to: by the thresholds of
    category and source, softened by context, and with a block that lasts as long as the policy
    wants. Where a score is not known there is a segment to review; its peak is NaN if nothing else
    was seen in it.

    Args:
        track: Moments and scores.
        survey: What was seen while decoding: start, end, shots, faults, subtitles.
        policy: Thresholds, context rules and the rule for videos.
        sampler: How the moments were chosen.

    Returns:
        The timeline; harm curves have the policy's lowest threshold. Segments of one kind and label
        are disjoint and lie between start and end; all of them are ordered by start.

    Raises:
        ValueError: The times do not ascend, or a curve has another number of values.
    """
    times = tuple(track.times)
    moments = stretches(times, survey)
    start, end = (moments[0][0], moments[-1][1]) if moments else (survey.start, survey.end)
    harm = [_with_threshold(curve, policy) for curve in track.harm if curve.label in policy.rules]
    curves = (*track.quality, *harm, *track.tags)
    timeline = Timeline(start=start, end=end, times=times, curves=curves, shots=survey.shots)
    found = [*survey.faults]
    if moments:
        runs = _harm_runs(harm, track, moments, policy)
        for name, own in text_runs(track.signals, track.readings, survey, moments, policy).items():
            runs[name] += own
        found += _segments(runs, "harm", policy.video.gap)
        found += _segments(_tag_runs(track, moments, policy), "tag", policy.video.gap)
    return replace(
        timeline,
        segments=tuple(sorted(found, key=lambda one: (one.start, one.kind, one.label))),
        longest_gap=longest_gap(times, survey),
        watched=survey.watched,
        sampler=sampler,
    )


def _with_threshold(curve: Curve, policy: Policy) -> Curve:
    thresholds = policy.rules[curve.label].thresholds_for(curve.source)
    return replace(curve, threshold=thresholds.lowest)


def _harm_runs(
    curves: Sequence[Curve], track: Track, moments: Sequence[Stretch], policy: Policy
) -> defaultdict[str, list[Run]]:
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for curve in curves:
        runs[curve.label] += harm_runs(curve, track.times, moments, policy, track.context)
    return runs


def _tag_runs(
    track: Track, moments: Sequence[Stretch], policy: Policy
) -> defaultdict[str, list[Run]]:
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for curve in track.tags:
        start = TAG_FROM if curve.threshold is None else curve.threshold
        stop = start * policy.video.hysteresis
        runs[curve.label] += tag_runs(curve, track.times, moments, start, stop)
    return runs


def _segments(runs: Mapping[str, Sequence[Run]], kind: SegmentKind, gap: Fraction) -> list[Segment]:
    return [
        Segment(
            label,
            run.start,
            run.end,
            run.peak.score,
            run.peak.time,
            kind,
            run.action,
            run.peak.source,
            run.peak.part,
        )
        for label, own in runs.items()
        for run in merged(own, gap)
    ]
