"""A verdict on a classifier in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.heads.training.results import Strength, Verdict
from framesift.heads.training.words import NO_CURVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.training.class_results import (
        ClassCurvePoint,
        ClassFigures,
        ClassMetrics,
    )

__all__ = ["classifier_verdict", "evaluated_classifier_verdict"]

_STRONG, _USEFUL = 0.7, 0.35
_RISE = 0.02


def classifier_verdict(
    metrics: ClassMetrics,
    by_class: Sequence[ClassFigures],
    curve: Sequence[ClassCurvePoint] | None,
) -> Verdict:
    """Say what a classifier is worth, by how far its mean recall lies above guessing.

    0 is guessing (one over the number of classes), 1 is always right; ``strong`` from 0.7 on,
    ``useful`` from 0.35 on, ``none`` where the 95 % interval reaches guessing. ``curve`` is
    ``None`` where nobody asked for it.
    """
    strength, words, sentences = _judged(metrics, by_class)
    headline = f"{words}, accuracy {metrics.accuracy.value:.0%} on pictures it never saw."
    more, about = _curve_words(metrics.n, curve)
    return Verdict(strength, headline, more, (about, *sentences))


def evaluated_classifier_verdict(
    metrics: ClassMetrics, by_class: Sequence[ClassFigures]
) -> Verdict:
    """Say how well a classifier knows some pictures; strengths as in `classifier_verdict`."""
    strength, words, sentences = _judged(metrics, by_class)
    headline = f"{words}, accuracy {metrics.accuracy.value:.0%} over {metrics.n} pictures."
    return Verdict(strength, headline, more_ratings=False, sentences=sentences)


def _judged(
    metrics: ClassMetrics, by_class: Sequence[ClassFigures]
) -> tuple[Strength, str, tuple[str, ...]]:
    guess = 1 / len(by_class)
    recall = metrics.balanced_accuracy
    skill = (recall.value - guess) / (1 - guess) if len(by_class) > 1 else recall.value
    lowest = recall.low if recall.low == recall.low else recall.value - 0.2
    strength: Strength = "weak"
    if lowest <= guess and len(by_class) > 1:
        strength = "none"
    elif skill >= _STRONG:
        strength = "strong"
    elif skill >= _USEFUL:
        strength = "useful"
    words = {
        "strong": "The classifier tells the classes apart well",
        "useful": "The classifier tells the classes apart usefully",
        "weak": "The classifier is better than guessing, but weak",
        "none": "The classes can hardly be told apart from this model's embeddings",
    }[strength]
    words = f"{words}: mean recall {recall.value:.0%} where guessing gives {guess:.0%}"
    sentences = []
    worst = min(by_class, key=lambda each: each.f1.value if each.f1.value == each.f1.value else 0)
    if len(by_class) > 2 or strength != "strong":
        sentences.append(
            f"Hardest is {worst.name!r}: recall {worst.recall.value:.0%} over {worst.n} pictures."
        )
    sentences.append(
        f"Probabilities are off by {metrics.ece.value:.0%} on average "
        f"({'trust them' if metrics.ece.value < 0.05 else 'take them as rough'})."
    )
    return strength, words, tuple(sentences)


def _curve_words(count: int, curve: Sequence[ClassCurvePoint] | None) -> tuple[bool, str]:
    if curve is None:
        return False, NO_CURVE
    if len(curve) < 2:
        return True, f"{count} pictures are too few for a learning curve: more would help."
    last = curve[-1]
    half = min(curve[:-1], key=lambda point: abs(point.n - last.n / 2))
    rise = last.test.value - half.test.value
    change = (
        f"mean recall {'rose' if rise >= 0 else 'fell'} by {abs(rise) * 100:.0f} points of a "
        f"hundred from {half.n} to {last.n} pictures"
    )
    helps = "more would help" if rise >= _RISE else "more would help little"
    return rise >= _RISE, f"{count} pictures: {helps} ({change})."
