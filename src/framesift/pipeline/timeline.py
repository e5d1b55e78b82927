"""From what was found in the frames of one video to its timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from framesift.media import blurred
from framesift.pipeline.items import moves
from framesift.types import Curve, Poster
from framesift.verdicts import Track, build_timeline, pool_signals, stretches, strongest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from fractions import Fraction

    from framesift.pipeline.items import Item
    from framesift.pipeline.judge import Judgement
    from framesift.pipeline.moderation import Findings
    from framesift.pipeline.signals import Sight
    from framesift.policies import Policy
    from framesift.types import Signal, Survey, Timeline, Verdict
    from framesift.verdicts.stretches import Stretch

__all__ = ["Course", "course_of"]

_MOST_POSTERS: Final = 150


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The running time of one video, and what was said along it.

    Attributes:
        survey: What was noticed while decoding.
        times: The T moments that the models looked at, in seconds.
        moments: The stretches that they stand for.
        harm: Scores of harm along them.
        quality: Scores of quality.
        tags: Scores of tags.
    """

    survey: Survey
    times: Sequence[Fraction]
    moments: Sequence[Stretch]
    harm: Sequence[Curve] = ()
    quality: Sequence[Curve] = ()
    tags: Sequence[Curve] = ()

    def with_quality(self, judged: Judgement) -> Course:
        """Return it with what heads for quality and tags say along it."""
        faults = (*self.survey.faults, *judged.faults)
        survey = replace(self.survey, faults=faults)
        return replace(self, survey=survey, quality=judged.quality_curves, tags=judged.tag_curves)

    def settle(self, findings: Findings, policy: Policy) -> Findings:
        """Let the policy's rule for videos say what the moments come to."""
        pooled = pool_signals(findings.signals, self.harm, self.moments, policy)
        return replace(findings, signals=pooled)

    def timeline(
        self, findings: Findings, item: Item, verdict: Verdict, policy: Policy, *, sampler: str
    ) -> Timeline:
        """Build the timeline.

        Args:
            findings: What was found, before `settle`.
            item: Its words and posters.
            verdict: On the whole.
            policy: Thresholds, and the rule for videos.
            sampler: How the moments were chosen.
        """
        signals: Sequence[Signal] = findings.signals
        if item.stopped or item.problem is not None:
            # What is said later is in the verdict with its time; no stretch was read that far.
            end = self.moments[-1][1]
            signals = [one for one in signals if not _comes_after(one, end)]
        track = Track(
            self.times,
            quality=self.quality,
            harm=self.harm,
            tags=self.tags,
            signals=signals,
            readings=[time for time, _ in item.words],
            context=findings.context,
        )
        timeline = build_timeline(track, self.survey, policy, sampler=sampler)
        return replace(
            timeline,
            stopped=self.times[-1] if item.stopped else None,
            posters=_posters(item, timeline, verdict),
        )


def _comes_after(signal: Signal, end: Fraction) -> bool:
    time = signal.evidence.time
    return signal.part == "subtitles" and time is not None and time >= end


def course_of(item: Item, findings: Findings, policy: Policy) -> Course | None:
    """Lay what moderation heads saw along the running time; ``None`` for what does not move."""
    if item.info is None or not moves(item.info) or item.survey is None or not item.times:
        return None
    moments = stretches(item.times, item.survey)
    harm = [*_harm(findings.sights, policy), *findings.curves]
    return Course(item.survey, tuple(item.times), moments, harm=harm)


def _harm(sights: Sequence[Sight], policy: Policy) -> list[Curve]:
    curves = []
    for sight in sights:
        source = sight.head.card.source
        for name, rows in sight.along().items():
            rule = policy.rules.get(name)
            if rule is not None:
                lowest = rule.thresholds_for(source).lowest
                curves.append(Curve(name, source, strongest(rows, lowest), lowest))
    return curves


def _posters(item: Item, timeline: Timeline, verdict: Verdict) -> tuple[Poster, ...]:
    """Choose pictures for the timeline, and blur those that show what is not allowed."""
    shown = [time for time in timeline.times if time in item.posters]
    if not shown:
        return ()
    chosen = _chosen(shown, timeline)
    hidden = _hidden(timeline, verdict)
    return tuple(
        Poster(time, item.posters[time], blurred(item.posters[time]) if time in hidden else None)
        for time in shown
        if time in chosen
    )


def _chosen(shown: Sequence[Fraction], timeline: Timeline) -> Collection[Fraction]:
    """Return the moments with a picture: peaks, beginnings of shots, then evenly spread."""
    if len(shown) <= _MOST_POSTERS:
        return frozenset(shown)
    known = set(shown)
    wanted = [segment.peak_time for segment in timeline.segments if segment.kind == "harm"]
    wanted += [shot.start for shot in timeline.shots]
    first = [time for time in dict.fromkeys(wanted) if time in known][: _MOST_POSTERS // 2]
    left = _MOST_POSTERS - len(first)
    spread = [shown[place * (len(shown) - 1) // (left - 1)] for place in range(left)]
    return frozenset((*first, *spread))


def _hidden(timeline: Timeline, verdict: Verdict) -> Collection[Fraction]:
    """Return the moments that may show what is not allowed, with one neighbour each way."""
    flagged = [
        segment
        for segment in timeline.segments
        if segment.kind == "harm" and segment.action != "allow"
    ]
    times = timeline.times
    if not flagged:
        # A list, a caption or a failure: any moment may be the reason.
        return frozenset(times if verdict.action != "allow" else ())
    inside = {
        place
        for place, time in enumerate(times)
        if any(segment.start <= time < segment.end for segment in flagged)
    }
    near = {place + step for place in inside for step in (-1, 0, 1)}
    return frozenset(times[place] for place in near if 0 <= place < len(times))
