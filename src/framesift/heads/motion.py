"""A head that tells how a scene moves, by how far its frames lie apart in a model's features.

Two frames of a video are the further apart the more time lies between them. How far they are after
a quarter of a second (the *level*) and how much is added whenever that time doubles (the *growth*)
say how things move: a fight changes much within a fraction of a second and then little more, as
arms and bodies go to and fro; somebody who walks by, or a camera that turns, changes little at
once and more with every second. Pairs of frames at whatever times they were looked at will do, so
that the head works with every way of sampling, the better the denser.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.base import head_input
from framesift.heads.calibrating import Platt
from framesift.heads.numeric import finite_array, sigmoid, unit_rows
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from framesift.heads.base import HeadCard
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = ["GAPS", "WINDOW", "MotionHead", "Rule", "changes", "scene_rows"]

WINDOW = 2.0
"""Seconds around a moment whose frames are compared; at either end of a shot the next to it."""

GAPS = (0.08, 0.15, 0.3, 0.6, 1.26)
"""Edges, in seconds, of the groups that pairs of frames are sorted into by the time between."""

_REFERENCE = 0.25
"""Seconds between two frames at which the level is given."""

_GROWTH = 0.45
"""Growth that is expected where pairs of one group alone are there, in powers of two."""

_HOLD = 1.0
"""How firmly, in groups of very many pairs."""

_FEW = 10
"""Pairs of a group at which it counts half: the mean of a few is hardly known, least of all where
frames were looked at because they had changed."""

_LEAST = 1e-3
"""Added to every distance: below it there is nothing but noise of the codec."""

_DIGITS = 6
_ROUNDING = 10.0**-_DIGITS
"""Times are compared to the microsecond, so that it never matters when a video begins."""


@dataclass(frozen=True, slots=True)
class Rule:
    """From level and growth to a probability.

    Attributes:
        mean: Of level and growth.
        scale: Likewise, above zero.
        weights: Of the standardised two.
        intercept: Added to their sum.
    """

    mean: tuple[float, float]
    scale: tuple[float, float]
    weights: tuple[float, float]
    intercept: float

    def __post_init__(self) -> None:
        """Check that both scales are above zero and everything is finite."""
        numbers = (*self.mean, *self.scale, *self.weights, self.intercept)
        if not np.isfinite(numbers).all() or min(self.scale) <= 0:
            message = "a rule of motion has a scale that is not above zero, or no number"
            raise HeadError(message)

    def __call__(self, motion: Float64Array) -> Float64Array:
        """Return the log-odds for rows of level and growth, (T, 2) -> (T,)."""
        standard = (motion - np.asarray(self.mean)) / np.asarray(self.scale)
        odds: Float64Array = standard @ np.asarray(self.weights) + self.intercept
        return odds


class MotionHead:
    """Scores one label by how a scene moves and what kind of scene it is.

    The score is ``motion * (doubt + (1 - doubt) * scene)``: the probability by `Rule`, and where
    the scene is not of the kind that was learnt from only the share ``doubt`` of it.

    Args:
        card: What the head is; ``card.inputs`` are features with no value below zero.
        label: The category.
        rule: From motion to log-odds.
        scene: coef float32 (width,) and intercept of a plane on `scene_rows`, and the calibration
            of the distance from it, averaged over the frames around a moment.
        doubt: In [0, 1].

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or ``doubt`` is out of range.
    """

    kind: ClassVar[str] = "motion"

    def __init__(
        self,
        card: HeadCard,
        label: str,
        rule: Rule,
        scene: tuple[Float32Array, Float32Array, Platt],
        *,
        doubt: float,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.label = label
        self.rule = rule
        coef, intercept, self.calibration = scene
        self.coef = finite_array(coef, shape=(-1,), what=f"coef of head {card.name!r}")
        self.intercept = finite_array(intercept, shape=(1,), what=f"intercept of {card.name!r}")
        if not 0 <= doubt <= 1 or not self.calibration.scale > 0:
            message = f"head {card.name!r} has a doubt of {doubt} or scenes that are not calibrated"
            raise HeadError(message)
        self.doubt = doubt

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        platt = self.calibration
        settings = {
            "label": self.label,
            "mean": list(self.rule.mean),
            "scale": list(self.rule.scale),
            "weights": list(self.rule.weights),
            "offset": self.rule.intercept,
            "scene": [platt.scale, platt.shift, platt.positives, platt.negatives],
            "doubt": self.doubt,
        }
        return {"coef": self.coef, "intercept": self.intercept}, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: Mapping[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        scale, shift, positives, negatives = settings["scene"]
        platt = Platt(float(scale), float(shift), int(positives), int(negatives))
        mean, width, weights = (_pair(settings[name]) for name in ("mean", "scale", "weights"))
        rule = Rule(mean, width, weights, float(settings["offset"]))
        scene = (tensors["coef"], tensors["intercept"], platt)
        return cls(card, str(settings["label"]), rule, scene, doubt=float(settings["doubt"]))

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    @property
    def names(self) -> tuple[str, ...]:
        """Its one label."""
        return (self.label,)

    def score(
        self,
        embeddings: Embeddings,
        times: Sequence[Fraction],
        *,
        cuts: Sequence[Fraction] = (),
    ) -> Scores:
        """Score T moments by the frames around them: values (T, 1) in [0, 1].

        A moment with no other frame of its shot near enough has nothing to be judged by and
        scores 0; one whose own row is not finite scores NaN.

        Args:
            embeddings: Of whole frames, one row per moment.
            times: When each frame is shown, in seconds, ascending.
            cuts: When a new shot begins; frames of different shots are not compared.

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: There is not one ascending time for every row, or an input is missing.
        """
        motion, scene = self.look(embeddings, times, cuts=cuts)
        kind = self.calibration(scene)
        values = sigmoid(self.rule(motion)) * (self.doubt + (1 - self.doubt) * kind)
        lone = np.isnan(motion).any(axis=1)
        known = np.isfinite(head_input(self._card, embeddings)).all(axis=1)
        values = np.where(known, np.where(lone, 0.0, values), np.nan)
        return Scores(self._card.name, self.names, values.astype(np.float32)[:, None])

    def look(
        self,
        embeddings: Embeddings,
        times: Sequence[Fraction],
        *,
        cuts: Sequence[Fraction] = (),
    ) -> tuple[Float64Array, Float64Array]:
        """Return what the score is made of: level and growth (T, 2), and the scene (T,).

        Moments without another frame near them have NaN for level and growth.

        Raises:
            SpaceMismatchError: As `score`.
            HeadError: As `score`.
        """
        rows = scene_rows(head_input(self._card, embeddings))
        if rows.shape[1] != len(self.coef):
            message = (
                f"head {self._card.name!r} reads rows of {len(self.coef)} numbers, not of "
                f"{rows.shape[1]}; use the model it was trained with or train it again"
            )
            raise SpaceMismatchError(message)
        motion, members = changes(rows, times, cuts=cuts)
        scene = rows @ self.coef.astype(np.float64) + float(self.intercept[0])
        around = [_mean(scene[first:last]) for first, last in members]
        return motion, np.array(around, np.float64)


def scene_rows(features: Float32Array) -> Float64Array:
    """Square roots of features (T, width) at unit length, which evens out what is counted."""
    return unit_rows(np.sqrt(np.maximum(features.astype(np.float64), 0)))


def changes(
    rows: Float64Array, times: Sequence[Fraction], *, cuts: Sequence[Fraction] = ()
) -> tuple[Float64Array, list[tuple[int, int]]]:
    """Return level and growth around each moment, and which frames were looked at for it.

    The distance of two frames is 1 minus the cosine of their rows. Pairs of a window are sorted
    into groups by the time between them (`GAPS`); a straight line through the groups' mean
    distances, both in powers of two, gives level and growth. Groups of few pairs count for less,
    and where there are few pairs in all, or one group alone, the growth stays near what is
    expected of it.

    Args:
        rows: Unit vectors, (T, width); one that is not finite is left out of every pair.
        times: In seconds, ascending.
        cuts: When a new shot begins.

    Returns:
        Level and growth, float64 (T, 2), NaN where there is no pair; and for each moment the first
        frame of its window and the one after its last.

    Raises:
        HeadError: There is not one ascending time for every row.
    """
    seconds = np.array([float(time - times[0]) for time in times], np.float64)
    if len(seconds) != len(rows) or (np.diff(seconds) < 0).any():
        message = f"{len(rows)} frames need as many times, ascending; got {len(seconds)}"
        raise HeadError(message)
    shots = _shots(times, cuts)
    members = [_window(seconds, shot, seconds[moment]) for moment, shot in enumerate(shots)]
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for window in members:
        if window not in found:
            first, last = window
            found[window] = _line(rows[first:last], seconds[first:last])
    return np.array([found[window] for window in members]).reshape(-1, 2), members


def _shots(times: Sequence[Fraction], cuts: Sequence[Fraction]) -> list[tuple[int, int]]:
    """Which frames are of the same shot as each one: the first, and the one after the last."""
    begins = sorted(cuts)
    number = [bisect_right(begins, time) for time in times]
    return [(number.index(one), bisect_right(number, one)) for one in number]


def _window(seconds: Float64Array, shot: tuple[int, int], moment: float) -> tuple[int, int]:
    """Frames of the shot within a window around a moment, which is moved inside the shot."""
    first, last = shot
    begin, end = seconds[first], seconds[last - 1]
    centre = min(max(moment, begin + WINDOW / 2), max(end - WINDOW / 2, begin + WINDOW / 2))
    reach = WINDOW / 2 + _ROUNDING
    near = np.searchsorted(seconds[first:last], (centre - reach, centre + reach))
    return first + int(near[0]), first + int(near[1])


def _line(rows: Float64Array, seconds: Float64Array) -> tuple[float, float]:
    """Level and growth of one window; NaN for both where it holds no pair."""
    kept = np.isfinite(rows).all(axis=1)
    rows, seconds = rows[kept], seconds[kept]
    one, other = np.triu_indices(len(rows), 1)
    gap = np.round(seconds[other] - seconds[one], _DIGITS)
    apart = np.maximum(1 - (rows @ rows.T)[one, other], 0)
    group = np.digitize(gap, GAPS)
    points = [
        (gap[inside].mean(), apart[inside].mean() + _LEAST, inside.sum())
        for inside in (group == number for number in range(1, len(GAPS)))
        if inside.any()
    ]
    if not points:
        return np.nan, np.nan
    gaps, distances, pairs = np.array(points, np.float64).T
    x, y, weight = np.log2(gaps / _REFERENCE), np.log2(distances), pairs / (pairs + _FEW)
    cross = float((weight * x).sum())
    square = np.array([[weight.sum(), cross], [cross, (weight * x * x).sum() + _HOLD]])
    right = [(weight * y).sum(), (weight * x * y).sum() + _HOLD * _GROWTH]
    level, growth = np.linalg.solve(square, right)
    return float(level), float(growth)


def _mean(values: Float64Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else np.nan


def _pair(values: Sequence[float]) -> tuple[float, float]:
    first, second = values
    return float(first), float(second)
