"""From the scores along a video to those that its verdict rests on. Pure.

`framesift.policies.VideoRule` says how: the worst moment decides, or what is reached during a share
of the running time. Whatever the rule, a higher score anywhere never makes the verdict milder, and
a moment that would be blocked never passes unseen.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from framesift.policies.decide import decimals, level
from framesift.types import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from framesift.policies import Policy, Thresholds, VideoRule
    from framesift.types import Curve, Float32Array, Signal
    from framesift.verdicts.stretches import Stretch

__all__ = ["pool", "pool_signals", "strongest"]


def pool(values: ArrayLike, lengths: Sequence[Fraction], video: VideoRule) -> float:
    """Return the one score that stands for a curve.

    ``worst``: the highest value; with a minimum length, the highest that values stay at or above
    for so long without a break (or throughout, in a video that is shorter). ``share``: the highest
    that is reached during at least that share of the time, in one piece or in many. Monotone in
    every value.

    Args:
        values: Scores (T,). What is not a number takes no part; it also ends a piece.
        lengths: Seconds that each moment stands for, T of them, above 0.
        video: The rule.

    Returns:
        One of the values, or NaN where none is a number.
    """
    scores = [float(value) for value in np.asarray(values).tolist()]
    timed = zip(scores, lengths, strict=True)
    known = [(score, length) for score, length in timed if _usable(score)]
    if not known:
        return math.nan
    if video.rule == "share":
        return _reached(known, Fraction(repr(float(video.share))))
    if not video.min_length:
        return max(score for score, _ in known)
    return _sustained(scores, lengths, video.min_length)


def pool_signals(
    signals: Iterable[Signal],
    curves: Iterable[Curve],
    moments: Sequence[Stretch],
    policy: Policy,
) -> list[Signal]:
    """Let the policy's rule for videos speak on what was seen in the pictures.

    Give it what `decide` would get, and `decide` what it returns. With the rule ``worst`` and no
    minimum length, that is the same.

    Args:
        signals: Those of the part ``image`` have the highest score of their category and source;
            all others are returned as they are.
        curves: The scores along the video of the same categories and sources.
        moments: What each moment stands for; see `stretches`.
        policy: Thresholds, and the rule.

    Returns:
        In place of each signal that has a curve, one with the score that `pool` gives. Where that
        is milder than the moment itself, another one with the moment's score, which leads to
        ``review`` at most: always with ``worst``, and with ``share`` where the moment would be
        blocked.
    """
    video = policy.video
    if video.rule == "worst" and not video.min_length:
        return list(signals)
    lengths = [end - start for start, end in moments]
    pooled = {key: pool(values, lengths, video) for key, values in _gathered(curves).items()}
    found = []
    for signal in signals:
        score = pooled.get((signal.category, signal.source), math.nan)
        rule = policy.rules.get(signal.category)
        if signal.part == "image" and rule is not None and score <= signal.score:
            found += _settled(signal, score, rule.thresholds_for(signal.source), video)
        else:
            found.append(signal)
    return found


def strongest(values: Float32Array, threshold: float) -> Float32Array:
    """Return the score of each moment that several rows show: whole frames, and tiles of them.

    A number that reaches the threshold is not hidden by one that is no number beside it, nor does a
    lower one hide that.

    Args:
        values: float32 (T, N), N rows of each moment.
        threshold: The lowest one of the policy for these scores.

    Returns:
        float32 (T,): the highest number; NaN where it is below the threshold and a row has none.
    """
    unknown = np.isnan(values)
    highest = np.where(unknown, -np.inf, values).max(axis=1)
    hidden = unknown.any(axis=1) & ~(highest >= threshold)
    return np.where(hidden, np.nan, highest).astype(np.float32)


def _gathered(curves: Iterable[Curve]) -> dict[tuple[str, str], Float32Array]:
    found: dict[tuple[str, str], Float32Array] = {}
    for curve in curves:
        key = curve.label, curve.source
        known = found.get(key)
        found[key] = curve.values if known is None else np.fmax(known, curve.values)
    return found


def _settled(
    signal: Signal, score: float, thresholds: Thresholds, video: VideoRule
) -> list[Signal]:
    usual, brief = level(score, thresholds), level(signal.score, thresholds)
    settled = [replace(signal, score=score)]
    worse = SEVERITY.index(brief) > SEVERITY.index(usual)
    if worse and (video.rule == "worst" or brief == "block"):
        settled.append(replace(signal, at_most="review"))
    return settled


def _reached(known: Sequence[tuple[float, Fraction]], share: Fraction) -> float:
    """Return the highest score that at least this share of the time reaches."""
    enough = share * sum((length for _, length in known), Fraction(0))
    reached = Fraction(0)
    descending = sorted(known, reverse=True)
    for score, length in descending:
        reached += length
        if reached >= enough:
            return score
    return descending[-1][0]


def _sustained(scores: Sequence[float], lengths: Sequence[Fraction], least: Fraction) -> float:
    """Return the highest score that holds for so long in one piece."""
    total = sum(lengths, Fraction(0))
    enough = min(least, total)
    best = min(filter(_usable, scores))
    first, lasting = 0, Fraction(0)
    for last, length in enumerate(lengths):
        lasting += length
        while lasting - lengths[first] >= enough:
            lasting -= lengths[first]
            first += 1
        piece = scores[first : last + 1]
        if lasting >= enough and all(map(_usable, piece)):
            best = max(best, min(piece))
    return best


def _usable(score: float) -> bool:
    return decimals(score) >= 0
