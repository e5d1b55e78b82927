"""A trained quality head of several regressors, or of one that is not linear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, head_input
from framesift.heads.linear import Standardiser
from framesift.heads.novelty import Novelty
from framesift.heads.numeric import finite_array
from framesift.heads.parts import Part, part_class, raw_of
from framesift.heads.quality import QualityCurve, quality_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.types import Embeddings, Float32Array, Scores

__all__ = ["FittedHead"]


class FittedHead:
    """Quality from 0 to 10 as a weighted sum of parts: linear, kernel, network.

    Args:
        card: What the head is; ``card.inputs`` names all that its parts read.
        parts: At least one.
        weights: One for each part, above 0, summing to 1; ``None`` weighs them equally.
        curve: Calibration, interval and percentiles.
        novelty: Of the inputs of the card, joined; ``None`` where it is not known.

    Raises:
        HeadError: There is no part, or weights do not fit.
    """

    kind: ClassVar[str] = "fitted"
    notice: str | None = None

    def __init__(
        self,
        card: HeadCard,
        parts: Sequence[Part],
        *,
        weights: Float32Array | None = None,
        curve: QualityCurve | None = None,
        novelty: Novelty | None = None,
    ) -> None:
        """Check and keep the parts."""
        self._card = card
        self.parts = tuple(parts)
        if not self.parts:
            message = f"head {card.name!r} has no parts; train it again"
            raise HeadError(message)
        given = np.full(len(self.parts), 1 / len(self.parts)) if weights is None else weights
        what = f"weights of head {card.name!r}"
        self.weights = finite_array(given, shape=(len(self.parts),), what=what)
        if (self.weights <= 0).any() or abs(float(self.weights.sum()) - 1) > 1e-4:
            message = f"{what} must be above 0 and sum to 1"
            raise HeadError(message)
        self.curve = QualityCurve() if curve is None else curve
        self.curve.check(card.name)
        self.novelty = novelty

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
        rows = head_input(self._card, embeddings)
        raw = np.zeros(len(rows), np.float64)
        for part, weight in zip(self.parts, self.weights, strict=True):
            raw += float(weight) * raw_of(part, self._card, embeddings)
        distance = None if self.novelty is None else self.novelty.distance(rows)
        return quality_scores(self._card.name, raw, self.curve, distance=distance)

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        tensors = {"weights": self.weights}
        listed = []
        for i, part in enumerate(self.parts):
            arrays = {**part.tensors(), **part.standardiser.to_tensors()}
            tensors |= {f"{i}.{name}": array for name, array in arrays.items()}
            listed.append({"kind": part.kind, "inputs": list(part.inputs)})
        if self.novelty is not None:
            tensors |= self.novelty.to_tensors()
        return tensors, {**self.curve.to_settings(), "parts": listed}

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        parts = []
        for i, described in enumerate(settings["parts"]):
            prefix = f"{i}."
            own = {
                name.removeprefix(prefix): array
                for name, array in tensors.items()
                if name.startswith(prefix)
            }
            mean = own["mean"]
            standardiser = Standardiser.checked(mean, own["scale"], width=len(mean), name=card.name)
            inputs = tuple(str(name) for name in described["inputs"])
            parts.append(part_class(described["kind"]).make(inputs, standardiser, own))
        return cls(
            card,
            parts,
            weights=tensors["weights"],
            curve=QualityCurve.from_settings(settings),
            novelty=Novelty.from_tensors(tensors),
        )
