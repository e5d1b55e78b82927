"""Quality without training: antonym prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.base import HeadCard, check_space
from framesift.heads.numeric import finite_array, sigmoid
from framesift.heads.prompts import embed_prompts, unit_vectors
from framesift.heads.quality import QualityCurve, quality_scores

if TYPE_CHECKING:
    from framesift.embeddings.base import Embedder
    from framesift.types import Embeddings, Float32Array, Scores

__all__ = ["PAIRS", "PromptQualityHead"]

PAIRS = (
    ("Good photo.", "Bad photo."),
    ("Sharp photo.", "Blurry photo."),
    ("Clean photo.", "Noisy photo."),
)
"""Antonyms of CLIP-IQA: overall impression, sharpness, noise."""

CURVE = QualityCurve(knots=((0.0, 0.0), (1.0, 10.0)), residual_90=3.0)


class PromptQualityHead:
    """Quality by antonym prompts, for models that no quality head was trained for.

    For each pair the softmax over (good, bad), cosine times logit scale, gives P(good); the score
    is 10 times the mean over the pairs. The method is CLIP-IQA (Wang, Chan, Loy: Exploring CLIP for
    assessing the look and feel of images, AAAI 2023), here on the model's ordinary square input.
    The paper reports SRCC 0.66 on KonIQ-10k and 0.34 on AVA for one pair: a rough order, no more.
    The interval of +-3 points says so; it was not fitted.

    Args:
        card: What the head is.
        good: Unit text vectors, float32 (P, D).
        bad: Their antonyms, float32 (P, D).
        logit_scale: The model's own.
        notice: What the user should be told, if this head stands in for another.

    Raises:
        HeadError: Shapes do not fit or an entry is not finite.
    """

    def __init__(
        self,
        card: HeadCard,
        good: Float32Array,
        bad: Float32Array,
        *,
        logit_scale: float,
        notice: str | None = None,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.good = finite_array(good, shape=(-1, -1), what=f"vectors of head {card.name!r}")
        self.bad = finite_array(bad, shape=self.good.shape, what=f"vectors of head {card.name!r}")
        self.logit_scale = float(logit_scale)
        self.notice = notice

    @classmethod
    def for_embedder(
        cls,
        embedder: Embedder,
        *,
        pairs: tuple[tuple[str, str], ...] = PAIRS,
        notice: str | None = None,
    ) -> PromptQualityHead:
        """Embed the pairs with the embedder's text tower."""
        card = HeadCard(
            name="antonym-prompts",
            task="quality",
            space=embedder.space,
            high=10.0,
            source="zero-shot",
            provenance="CLIP-IQA antonym prompts, not trained" + (f"; {notice}" if notice else ""),
        )
        vectors = embed_prompts(embedder, [text for pair in pairs for text in pair])
        good, bad = vectors[0::2].astype(np.float32), vectors[1::2].astype(np.float32)
        return cls(card, good, bad, logit_scale=embedder.logit_scale, notice=notice)

    @property
    def half_width(self) -> float:
        """Of the interval, in points, before it is clipped to the scale."""
        return CURVE.residual_90

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values, low and high, each (N, 1) in [0, 10].

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        check_space(self._card, embeddings)
        difference = self.good.astype(np.float64) - self.bad
        chance = sigmoid(self.logit_scale * (unit_vectors(embeddings) @ difference.T))
        return quality_scores(self._card.name, chance.mean(axis=1), CURVE)
