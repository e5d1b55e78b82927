"""Overall quality: the technical and the aesthetic score, each as far as it can be trusted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.base import HeadCard
from framesift.heads.quality import HIGH, LOW
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.heads.numeric import Float64Array
    from framesift.heads.quality import QualityScorer
    from framesift.types import Embeddings

__all__ = ["OverallHead"]

RUINED = 3.0
"""A picture never scores more than this above its technical score: a ruined one cannot be great."""


class OverallHead:
    """The technical and the aesthetic score in one.

    With t and a the scores and h their half-widths (of the 90 % intervals before they are clipped
    to the scale), the weights are w = (1 / h^2) normalised to 1, which is the inverse-variance
    weighting of meta-analysis (Cochran, 1954), so that the score that is less sure counts less:

        overall = min(w_t t + w_a a, t + 3)

    The half-width of the result is sqrt((w_t h_t)^2 + (w_a h_a)^2), as for independent errors. The
    parts are ``technical``, ``aesthetic`` and the parts of the technical head. There is no
    percentile: the two scores have different reference pictures.

    Args:
        technical: A quality head whose score is about defects.
        aesthetic: A quality head whose score is about liking, for the same space.
        half_widths: Of their intervals, technical first; each above zero.
    """

    def __init__(
        self,
        technical: QualityScorer,
        aesthetic: QualityScorer,
        *,
        half_widths: tuple[float, float],
    ) -> None:
        """Keep both heads."""
        self.technical, self.aesthetic = technical, aesthetic
        weights = 1 / np.square(np.asarray(half_widths, dtype=np.float64))
        self.weights: Float64Array = weights / weights.sum()
        self._half_widths = half_widths
        inputs = dict.fromkeys((*technical.card.inputs, *aesthetic.card.inputs))
        self.notice = technical.notice or aesthetic.notice
        self._card = HeadCard(
            name="overall",
            task="quality",
            space=aesthetic.card.space,
            inputs=tuple(inputs),
            high=HIGH,
            source="combined",
            provenance=(
                f"{self.weights[0]:.2f} x {technical.card.name} + {self.weights[1]:.2f} x "
                f"{aesthetic.card.name}, at most {RUINED:g} above the former"
            ),
            licence="; ".join(
                dict.fromkeys(filter(None, (technical.card.licence, aesthetic.card.licence)))
            ),
        )

    @property
    def half_width(self) -> float:
        """Of the 90 % interval, in points, before it is clipped to the scale."""
        return float(np.linalg.norm(self.weights * self._half_widths))

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def describe(self, parts: Mapping[str, float]) -> str:
        """Say what is wrong with a picture, from its parts, in the technical head's words."""
        describe = getattr(self.technical, "describe", None)
        return "" if describe is None else str(describe(parts))

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: ``quality``, ``technical``, ``aesthetic`` and the technical parts.

        Raises:
            SpaceMismatchError: The embeddings are of another space than one of the heads.
            HeadError: An input of one of the heads is missing.
        """
        given = self.technical.score(embeddings), self.aesthetic.score(embeddings)
        both = np.stack([scores.values[:, 0] for scores in given], axis=1).astype(np.float64)
        value = np.minimum(both @ self.weights, both[:, 0] + RUINED)
        values = np.column_stack([value, both, given[0].values[:, 1:]])
        low, high = values.copy(), values.copy()
        low[:, 0] -= self.half_width
        high[:, 0] += self.half_width
        for column, scores in enumerate(given, start=1):
            low[:, column] = values[:, column] if scores.low is None else scores.low[:, 0]
            high[:, column] = values[:, column] if scores.high is None else scores.high[:, 0]
        distances = [scores.distance for scores in given if scores.distance is not None]
        arrays = (np.clip(array, LOW, HIGH).astype(np.float32) for array in (values, low, high))
        scores = Scores(
            self._card.name, ("quality", "technical", "aesthetic", *given[0].names[1:]), *arrays
        )
        distance = np.max(distances, axis=0) if distances else None
        return dataclasses.replace(scores, distance=distance)
