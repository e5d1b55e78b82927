"""Where in a video a text is harmful: words in the picture, subtitles, both together."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from framesift.policies.decide import decimals, level
from framesift.types import SEVERITY
from framesift.verdicts.runs import Peak, Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from framesift.policies import Policy
    from framesift.types import Action, Cue, Part, Signal, Survey
    from framesift.verdicts.stretches import Stretch

__all__ = ["text_runs"]


def text_runs(
    signals: Sequence[Signal],
    readings: Sequence[Fraction],
    survey: Survey,
    moments: Sequence[Stretch],
    policy: Policy,
) -> dict[str, list[Run]]:
    """Find the runs that signals with a time make.

    Each text is judged alone, without hysteresis. Words hold from the moment in which they were
    read until the one of the next reading; a passage of subtitles while its lines are shown;
    anything else for its moment.

    Args:
        signals: Those of the part ``image``, without a time, that lead to nothing or that the
            policy does not name are passed over.
        readings: When words were read; those of the signals are added. Without any, words hold for
            their moment alone.
        survey: With the subtitles. A passage begins where a signal does, and lasts until the last
            line that starts before the next passage ends.
        moments: What each moment stands for; not empty.
        policy: Thresholds.

    Returns:
        Category to runs, in any order.
    """
    spoken = _spoken(_times(signals, "subtitles"), survey.cues)
    read = sorted({*readings, *_times(signals, "words")}) if readings else []
    found: dict[str, list[Run]] = {}
    for signal in signals:
        time, action = signal.evidence.time, _action(signal, policy)
        if time is None or signal.part == "image" or action == "allow":
            continue
        if signal.part == "subtitles":
            start, end = _within(time, spoken[time], moments)
        elif signal.part == "words" and read:
            start, end = _until_next(time, read, moments)
        else:
            start, end = _moment(time, moments)
        # A time outside of what could be decoded counts for the nearest moment.
        time = time if start <= time < end else start
        peak = Peak(time, _score(signal), action, signal.source, signal.part)
        found.setdefault(signal.category, []).append(Run(start, end, peak, action))
    return found


def _action(signal: Signal, policy: Policy) -> Action:
    rule = policy.rules.get(signal.category)
    if rule is None:
        return "allow"
    action = level(signal.score, rule.thresholds_for(signal.source))
    return min(action, signal.at_most, key=SEVERITY.index)


def _score(signal: Signal) -> float:
    score = float(signal.score)
    return min(max(score, 0.0), 1.0) if decimals(score) >= 0 else float("nan")


def _times(signals: Sequence[Signal], part: Part) -> list[Fraction]:
    times = {signal.evidence.time for signal in signals if signal.part == part}
    return sorted(time for time in times if time is not None)


def _moment(time: Fraction, moments: Sequence[Stretch]) -> Stretch:
    row = bisect_right(moments, time, key=lambda moment: moment[0]) - 1
    return moments[max(row, 0)]


def _until_next(
    time: Fraction, readings: Sequence[Fraction], moments: Sequence[Stretch]
) -> Stretch:
    start, end = _moment(time, moments)
    later = bisect_right(readings, time)
    following = _moment(readings[later], moments)[0] if later < len(readings) else moments[-1][1]
    return start, max(end, following)


def _spoken(passages: Sequence[Fraction], cues: Sequence[Cue]) -> dict[Fraction, Fraction]:
    """Return when each passage of subtitles ends, by its start."""
    ends = dict(zip(passages, passages, strict=True))
    for cue in cues:
        place = bisect_right(passages, cue.start) - 1
        if place >= 0:
            start = passages[place]
            ends[start] = max(ends[start], cue.end)
    return ends


def _within(start: Fraction, end: Fraction, moments: Sequence[Stretch]) -> Stretch:
    """Return a stretch as far as there are pictures; the nearest moment where there are none."""
    first, last = max(start, moments[0][0]), min(end, moments[-1][1])
    return (first, last) if first < last else _moment(start, moments)
