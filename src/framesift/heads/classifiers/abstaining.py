"""When to say "unsure": what answering less costs and brings, and a threshold for a target.

The trade is the risk-coverage curve of El-Yaniv and Wiener (2010); confidence is the probability of
the answer, as in Hendrycks and Gimpel (2017). A threshold for an accuracy is chosen with one wrong
answer more than was seen, as conformal risk control corrects a mean over few examples (Angelopoulos
and others, 2022), and what it achieves is measured on examples that did not choose it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.metrics import bootstrap, resamples

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array
    from framesift.heads.training.results import Figure

__all__ = ["AbstentionTarget", "Achieved", "CoveragePoint", "coverage_curve", "cross_fitted"]

_FORM = re.compile(r"\s*(accuracy|coverage)\s*>=\s*([0-9]*\.?[0-9]+)\s*(%?)\s*")
_COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3)
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class AbstentionTarget:
    """What answering only where it is sure enough should achieve.

    Attributes:
        metric: ``accuracy`` of the answers given, or ``coverage``: the share that gets an answer.
        value: In (0, 1).
    """

    metric: Literal["accuracy", "coverage"]
    value: float

    @classmethod
    def parse(cls, text: str) -> AbstentionTarget:
        """Read a target such as ``accuracy>=95%`` or ``coverage>=0.8``.

        Raises:
            ConfigError: It is no target; the message shows what one looks like.
        """
        found = _FORM.fullmatch(text.lower())
        if found is None:
            message = f"{text!r} is no target; write accuracy>=95% or coverage>=80%"
            raise ConfigError(message)
        value = float(found[2]) / (100 if found[3] else 1)
        if not 0 < value < 1:
            message = f"{text!r}: the share must lie between 0 and 1 (0 % and 100 %), ends excluded"
            raise ConfigError(message)
        return cls(cast('Literal["accuracy", "coverage"]', found[1]), value)

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.metric}>={100 * self.value:g}%"

    def threshold(self, confidence: Float64Array, right: np.ndarray) -> float | None:
        """Choose the lowest threshold that achieves it on these examples, ``None`` for none.

        Args:
            confidence: Probability of each answer, (N,).
            right: Whether each is right, (N,).
        """
        order = np.argsort(-confidence, kind="stable")
        given = confidence[order]
        if self.metric == "coverage":
            return _rounded_down(given[min(math.ceil(self.value * len(given)), len(given)) - 1])
        wrong = np.cumsum(~right[order])
        count = np.arange(1, len(given) + 1)
        fine = (wrong + 1) / (count + 1) <= 1 - self.value + 1e-12
        # Equal confidences stand or fall together.
        fine &= np.append(np.diff(given) < 0, [True])
        last = np.flatnonzero(fine)
        return _rounded_down(float(given[last[-1]])) if len(last) else None


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """What one threshold comes to.

    Attributes:
        threshold: Answers less probable are "unsure".
        coverage: Share that is answered, in [0, 1].
        accuracy: Share of these answers that is right; with a 95 % interval.
    """

    threshold: float
    coverage: float
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class Achieved:
    """What a target comes to on examples that did not choose the threshold.

    Attributes:
        target: What was asked for.
        threshold: Chosen on all examples.
        coverage: Share of held-back examples that was answered.
        accuracy: Share of these answers that was right.
        met: Whether the target lies within or below the interval of what was achieved.
    """

    target: AbstentionTarget
    threshold: float
    coverage: Figure
    accuracy: Figure
    met: bool


def coverage_curve(
    confidence: Float64Array, right: np.ndarray, groups: Int32Array, *, seed: int, repeats: int
) -> tuple[CoveragePoint, ...]:
    """Measure the accuracy of the surest 100, 95, 90, ... 30 percent of all answers."""
    draws = resamples(groups, seed=seed, repeats=repeats)
    points: list[CoveragePoint] = []
    given = np.sort(confidence)[::-1]
    for share in _COVERAGES:
        threshold = float(given[max(1, math.ceil(share * len(given))) - 1])
        if points and threshold <= points[-1].threshold:
            continue
        answered = confidence >= threshold
        accuracy = bootstrap(lambda rows, on=answered: _mean(right[rows][on[rows]]), draws, groups)  # type: ignore[misc]
        points.append(CoveragePoint(threshold, float(answered.mean()), accuracy))
    return tuple(points)


def cross_fitted(
    target: AbstentionTarget,
    answers: tuple[Float64Array, np.ndarray],
    parts: tuple[Int32Array, Int32Array],
    *,
    seed: int,
    repeats: int,
) -> Achieved:
    """Choose a threshold, and say what choosing so achieves on examples held back.

    Each fold is answered with the threshold that the other folds choose.

    Args:
        target: What to achieve.
        answers: Confidence (N,), held out, and whether each answer is right (N,).
        parts: Fold and group of each example, (N,); no group is in two folds.
        seed: Of the bootstrap.
        repeats: Of the bootstrap.

    Raises:
        ConfigError: No threshold achieves it on all examples.
    """
    confidence, right = answers
    folds, groups = parts
    chosen = target.threshold(confidence, right)
    if chosen is None:
        message = (
            f"no threshold achieves {target} on these {len(right)} pictures: answering all of them "
            f"is right in {right.mean():.0%}, and the surest answers are wrong too often or too "
            "few to tell; lower the target, label more, or improve the prompts"
        )
        raise ConfigError(message)
    answered = np.zeros(len(right), bool)
    for fold in np.unique(folds):
        others = folds != fold
        threshold = target.threshold(confidence[others], right[others])
        if threshold is not None:
            answered[~others] = confidence[~others] >= threshold
    draws = resamples(groups, seed=seed, repeats=repeats)
    coverage = bootstrap(lambda rows: float(answered[rows].mean()), draws, groups)
    accuracy = bootstrap(lambda rows: _mean(right[rows][answered[rows]]), draws, groups)
    found = accuracy if target.metric == "accuracy" else coverage
    highest = found.value if math.isnan(found.high) else max(found.high, found.value)
    return Achieved(target, chosen, coverage, accuracy, bool(highest >= target.value))


def _mean(right: np.ndarray) -> float:
    return float(right.mean()) if len(right) else float("nan")


def _rounded_down(value: float) -> float:
    scale = 10.0**_DECIMALS
    return math.floor(value * scale) / scale
