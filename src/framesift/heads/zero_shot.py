"""Zero-shot classification: one of K labels, by their prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, check_space
from framesift.heads.numeric import finite_array, softmax
from framesift.heads.prompts import TEMPLATES, label_vectors, unit_vectors
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.embeddings.base import Embedder
    from framesift.types import Embeddings, Float32Array

__all__ = ["ZeroShotHead"]


class ZeroShotHead:
    """Which of K labels fits a picture best: softmax of cosine times logit scale.

    The scores of a picture add up to 1: a label's score depends on the other labels, so give a
    label for "something else" where that can be. For independent questions use `ScreeningHead`.

    Args:
        card: What the head is.
        labels: K names.
        vectors: Unit text vectors, float32 (K, D).
        logit_scale: Multiplies the cosine; the model's own (100 for OpenAI weights).

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or the scale is not above zero.
    """

    kind: ClassVar[str] = "zero_shot"

    def __init__(
        self,
        card: HeadCard,
        labels: tuple[str, ...],
        vectors: Float32Array,
        *,
        logit_scale: float,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.labels = tuple(labels)
        self.vectors = finite_array(
            vectors, shape=(len(self.labels), -1), what=f"vectors of head {card.name!r}"
        )
        if not (np.isfinite(logit_scale) and logit_scale > 0 and self.labels):
            message = f"head {card.name!r} needs labels and a logit scale above zero"
            raise HeadError(message)
        self.logit_scale = float(logit_scale)

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        settings = {"labels": list(self.labels), "logit_scale": self.logit_scale}
        return {"vectors": self.vectors}, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        scale = float(settings["logit_scale"])
        return cls(card, tuple(settings["labels"]), tensors["vectors"], logit_scale=scale)

    @classmethod
    def from_prompts(
        cls,
        embedder: Embedder,
        labels: Mapping[str, Sequence[str]],
        *,
        templates: Sequence[str] = TEMPLATES,
        name: str = "zero-shot",
    ) -> ZeroShotHead:
        """Make a head from plain words.

        Args:
            embedder: Gives the text vectors and the logit scale.
            labels: Label to prompts: ``{"dog": ["a dog", "a puppy"]}``.
            templates: Each with ``{}``; a label's vector is the mean over its prompts in all of
                them. Use ``("{}",)`` for prompts that are whole sentences.
            name: As it appears in records.

        Raises:
            HeadError: A label has no prompt or a template no ``{}``.
        """
        card = HeadCard(
            name=name,
            task="tags",
            space=embedder.space,
            source="zero-shot",
            provenance="prompts embedded by the model's own text tower, templates averaged",
        )
        vectors = label_vectors(embedder, labels, templates).astype(np.float32)
        return cls(card, tuple(labels), vectors, logit_scale=embedder.logit_scale)

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, K) in [0, 1], each row adding up to 1.

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        check_space(self._card, embeddings)
        cosine = unit_vectors(embeddings) @ self.vectors.astype(np.float64).T
        values = softmax(self.logit_scale * cosine)
        return Scores(self._card.name, self.labels, values.astype(np.float32))
