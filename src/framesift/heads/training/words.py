"""Verdicts in plain words, from measured figures alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.heads.training.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.training.results import (
        Agreement,
        CurvePoint,
        Metrics,
        SplitFigures,
        Strength,
    )

__all__ = ["evaluation_verdict", "strength_of", "training_verdict"]

STRONG_R2 = 0.7
USEFUL_R2 = 0.3
RISE = 0.02
"""R2 gained by doubling the ratings from which more of them are worth asking for."""

KIND_GAP = 0.1
NO_CURVE = "The learning curve was left out: whether more would help was not asked."

_NO_CEILING = 0.995
"""From here on a ceiling would be shown as 1.00, which is none."""


def strength_of(metrics: Metrics) -> Strength:
    """Name the strength; ``none`` where the 95 % intervals of both R2 and SRCC reach 0."""
    r2, srcc = metrics.r2, metrics.srcc
    # Without intervals (fewer than four groups) the values themselves must do.
    proven = (r2.low > 0 or srcc.low > 0) if r2.low == r2.low else r2.value > USEFUL_R2
    if not proven:
        return "none"
    if r2.value >= STRONG_R2:
        return "strong"
    return "useful" if r2.value >= USEFUL_R2 else "weak"


def training_verdict(
    grouped: SplitFigures,
    random: SplitFigures | None,
    curve: Sequence[CurvePoint] | None,
    agreement: Agreement | None,
) -> Verdict:
    """Say what a trained head is worth and whether more ratings would help.

    Args:
        grouped: Figures under the grouped split.
        random: Those under a random one, where it differs.
        curve: The learning curve; empty where there were too few ratings, ``None`` where nobody
            asked for it.
        agreement: Of several raters.
    """
    metrics = grouped.test
    strength = strength_of(metrics)
    rising, about_curve = _curve_words(metrics.n, curve, strength)
    sentences = [about_curve]
    gap = grouped.train.r2 - metrics.r2.value
    if gap > 0.3 and strength != "none":
        sentences.append(
            f"R2 is {grouped.train.r2:.2f} on the pictures it was fitted to and "
            f"{metrics.r2.value:.2f} on others: trust the second figure."
        )
    if random is not None and random.test.r2.value - metrics.r2.value > KIND_GAP:
        sentences.append(
            f"A random split would have shown R2 {random.test.r2.value:.2f}: related pictures on "
            "both sides make it too kind."
        )
    sentences += _ceiling_words(metrics, agreement)
    return Verdict(strength, _headline(metrics, strength), rising, tuple(sentences))


def evaluation_verdict(
    metrics: Metrics, recalibrated: Metrics, bias: float, agreement: Agreement | None
) -> Verdict:
    """Say how far a head's scores follow some ratings."""
    strength = strength_of(recalibrated)
    sentences = []
    if recalibrated.r2.value - metrics.r2.value > KIND_GAP and strength != "none":
        sentences.append(
            f"Much of the error is a matter of scale: scores are {abs(bias):.1f} points "
            f"{'above' if bias > 0 else 'below'} the ratings on average, and a straight line "
            f"through them would raise R2 from {metrics.r2.value:.2f} to "
            f"{recalibrated.r2.value:.2f}."
        )
    sentences += _ceiling_words(metrics, agreement)
    order = metrics.srcc
    headline = {
        "strong": "The head follows these ratings closely",
        "useful": "The head follows these ratings in the main",
        "weak": "The head has something in common with these ratings, not much",
        "none": "The head's scores say nothing reliable about these ratings",
    }[strength]
    headline += f": rank correlation {_range(order.value, order.low, order.high)}"
    headline += f", mean error {metrics.mae.value:.2f} points over {metrics.n} pictures."
    return Verdict(strength, headline, more_ratings=False, sentences=tuple(sentences))


def _headline(metrics: Metrics, strength: Strength) -> str:
    r2 = _range(metrics.r2.value, metrics.r2.low, metrics.r2.high)
    if strength == "none":
        return (
            f"These ratings are hardly predictable from this model's embeddings: R2 {r2}, where 0 "
            "is no better than always saying the mean."
        )
    words = {
        "strong": "The head predicts these ratings well",
        "useful": "The head predicts these ratings usefully",
        "weak": "The head is better than guessing, but weak",
    }[strength]
    return f"{words}: R2 {r2}, mean error {metrics.mae.value:.2f} points on pictures it never saw."


def _curve_words(
    count: int, curve: Sequence[CurvePoint] | None, strength: Strength
) -> tuple[bool, str]:
    if curve is None:
        return False, NO_CURVE
    if len(curve) < 2:
        return True, f"{count} ratings are too few for a learning curve: more would help."
    last = curve[-1]
    half = min(curve[:-1], key=lambda point: abs(point.n - last.n / 2))
    rise = last.test_r2.value - half.test_r2.value
    change = f"R2 {'rose' if rise >= 0 else 'fell'} by {abs(rise):.2f} from {half.n} to {last.n}"
    if rise >= RISE:
        return True, f"{count} ratings: more would help ({change})."
    if strength == "none":
        return False, (
            f"{count} ratings, and the learning curve is flat ({change}): more of the same would "
            "change little; another model or other inputs might."
        )
    return False, f"{count} ratings: more would help little ({change})."


def _ceiling_words(metrics: Metrics, agreement: Agreement | None) -> list[str]:
    if agreement is None or not 0 < agreement.ceiling_r2 < _NO_CEILING:
        return []
    return [
        f"The raters agree only so far that a perfect head would show R2 "
        f"{agreement.ceiling_r2:.2f} on these means; this one shows {metrics.r2.value:.2f}."
    ]


def _range(value: float, low: float, high: float) -> str:
    return f"{value:.2f}" if low != low else f"{value:.2f} ({low:.2f} to {high:.2f})"
