"""The trained quality head: a ridge, a calibration curve and an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, head_input
from framesift.heads.linear import Standardiser
from framesift.heads.novelty import Novelty
from framesift.heads.numeric import Float64Array, check_knots, finite_array, piecewise_linear
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.types import Embeddings, Float32Array

__all__ = [
    "HIGH",
    "LOW",
    "QUALITY",
    "QualityCurve",
    "QualityHead",
    "QualityScorer",
    "quality_scores",
]

LOW, HIGH = 0.0, 10.0
QUALITY = ("quality",)


class QualityScorer(Protocol):
    """A quality head, however it works: a first column ``quality`` in [0, 10], with an interval.

    Further columns are parts of it, in [0, 10] too, up being better. ``notice`` is a sentence to
    show to the user once, where this head stands in for a better one that could not be had;
    ``None`` otherwise. A head with parts may have a method ``describe(parts) -> str`` that says in
    words what is wrong with a picture.
    """

    @property
    def card(self) -> HeadCard:
        """What the head is."""

    @property
    def notice(self) -> str | None:
        """What the user should be told, if anything."""

    @property
    def half_width(self) -> float:
        """Of the 90 % interval, in points, before it is clipped to the scale; above zero."""

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings."""


@dataclass(frozen=True, slots=True)
class QualityCurve:
    """How a raw prediction becomes a score with an interval.

    Attributes:
        knots: Pairs (raw, score) joined by straight lines; ``None`` takes raw as it is. Beyond
            the first and last knot the score stays flat.
        residual_90: Half-width of the interval, in points of the 0-10 scale: about 90 % of human
            ratings lie within it.
        percentiles: Pairs (score, percentile among the head's reference pictures) joined by
            straight lines; ``None`` where the head has no reference.
    """

    knots: tuple[tuple[float, float], ...] | None = None
    residual_90: float = 0.0
    percentiles: tuple[tuple[float, float], ...] | None = None

    def check(self, name: str) -> None:
        """Require growing knots and a half-width of zero or more.

        Raises:
            HeadError: Otherwise, naming the head.
        """
        if self.knots is not None:
            check_knots(self.knots, what=f"calibration of head {name!r}")
        if self.percentiles is not None:
            check_knots(self.percentiles, what=f"percentiles of head {name!r}")
        if not (np.isfinite(self.residual_90) and self.residual_90 >= 0):
            message = f"residual_90 of head {name!r} is {self.residual_90}; it must be 0 or more"
            raise HeadError(message)

    def to_settings(self) -> dict[str, Any]:
        """Give it as plain JSON data, under the names that head files use."""
        return {
            "residual_90": self.residual_90,
            "calibration": None if self.knots is None else [list(knot) for knot in self.knots],
            "percentiles": (
                None if self.percentiles is None else [list(knot) for knot in self.percentiles]
            ),
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make it from what `to_settings` gave."""
        return cls(
            _pairs(settings.get("calibration")),
            float(settings["residual_90"]),
            _pairs(settings.get("percentiles")),
        )


def _pairs(knots: Any) -> tuple[tuple[float, float], ...] | None:
    return None if knots is None else tuple((float(x), float(y)) for x, y in knots)


def quality_scores(
    name: str,
    raw: Float64Array,
    curve: QualityCurve,
    *,
    distance: Float32Array | None = None,
) -> Scores:
    """Turn raw predictions (N,) into scores (N, 1) with low and high, all within [0, 10].

    A linear model can leave the scale on pictures far from its training data: score, low and high
    are clipped to it, so that 0 <= low <= score <= high <= 10 always holds.
    """
    value = raw if curve.knots is None else piecewise_linear(raw, curve.knots)
    value = np.clip(value, LOW, HIGH)[:, None]
    low = np.clip(value - curve.residual_90, LOW, HIGH)
    high = np.clip(value + curve.residual_90, LOW, HIGH)
    percentile = None
    if curve.percentiles is not None:
        percentile = piecewise_linear(value[:, 0], curve.percentiles).astype(np.float32)
    return Scores(
        name,
        QUALITY,
        value.astype(np.float32),
        low.astype(np.float32),
        high.astype(np.float32),
        percentile,
        distance,
    )


class QualityHead:
    """Quality from 0 (unusable) to 10 (excellent) by a ridge, or any other linear model.

    Args:
        card: What the head is; ``card.inputs`` says what it reads.
        coef: float32 (K,), K being the width of what it reads.
        intercept: float32 (1,).
        standardiser: Applied first; ``None`` for none.
        curve: Calibration, interval and percentiles.
        novelty: Of what it reads, before it is standardised; ``None`` where it is not known.

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or the curve falls.
    """

    kind: ClassVar[str] = "quality"
    notice: str | None = None

    def __init__(
        self,
        card: HeadCard,
        coef: Float32Array,
        intercept: Float32Array,
        *,
        standardiser: Standardiser | None = None,
        curve: QualityCurve | None = None,
        novelty: Novelty | None = None,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.coef = finite_array(coef, shape=(-1,), what=f"coef of head {card.name!r}")
        self.intercept = finite_array(
            intercept, shape=(1,), what=f"intercept of head {card.name!r}"
        )
        given = (None, None) if standardiser is None else (standardiser.mean, standardiser.scale)
        self.standardiser = Standardiser.checked(*given, width=len(self.coef), name=card.name)
        self.curve = QualityCurve() if curve is None else curve
        self.curve.check(card.name)
        self.novelty = novelty
        if novelty is not None and len(novelty.mean) != len(self.coef):
            message = f"novelty of head {card.name!r} is for {len(novelty.mean)} numbers"
            raise HeadError(message)

    @property
    def half_width(self) -> float:
        """Of the 90 % interval, in points, before it is clipped to the scale."""
        return self.curve.residual_90

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        tensors = {
            "coef": self.coef,
            "intercept": self.intercept,
            **self.standardiser.to_tensors(),
            **({} if self.novelty is None else self.novelty.to_tensors()),
        }
        return tensors, self.curve.to_settings()

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        return cls(
            card,
            tensors["coef"],
            tensors["intercept"],
            standardiser=Standardiser(tensors["mean"], tensors["scale"]),
            curve=QualityCurve.from_settings(settings),
            novelty=Novelty.from_tensors(tensors),
        )

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values, low and high, each (N, 1) in [0, 10].

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: An input that the card names is missing.
        """
        given = head_input(self._card, embeddings)
        rows = self.standardiser(given, self._card)
        raw = rows @ self.coef.astype(np.float64) + float(self.intercept[0])
        distance = None if self.novelty is None else self.novelty.distance(given)
        return quality_scores(self._card.name, raw, self.curve, distance=distance)
