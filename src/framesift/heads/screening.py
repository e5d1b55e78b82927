"""Zero-shot screening: one independent score per harm category."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, HeadTask, check_space
from framesift.heads.numeric import finite_array, logsumexp, sigmoid
from framesift.heads.prompts import PLAIN, embed_prompts, fill, unit_vectors
from framesift.heads.resources import screening_background, screening_calibration
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.embeddings.base import Embedder
    from framesift.types import Embeddings, Float32Array

__all__ = ["Calibration", "CategoryPrompts", "PromptVectors", "ScreeningHead", "calibration_for"]

DEFAULT_PROVENANCE = (
    "uncalibrated: the two-group softmax itself, which no labelled pictures of this model were "
    "held against"
)


@dataclass(frozen=True)
class CategoryPrompts:
    """A category in words.

    Attributes:
        name: Column name.
        prompts: What pictures of the category show.
        contrast: Look-alikes: what is easily taken for it and is not.
    """

    name: str
    prompts: tuple[str, ...]
    contrast: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """How log-odds z of the two-group softmax become a score: ``sigmoid(scale * z + shift)``.

    Attributes:
        scale: Above zero, so that a picture nearer to the prompts never scores lower.
        shift: Added after scaling.
        categories: Category to its own (scale, shift), where pictures to fit them were at hand.
        provenance: What the constants were fitted on.
    """

    scale: float = 1.0
    shift: float = 0.0
    categories: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    provenance: str = DEFAULT_PROVENANCE

    def constants(self, name: str) -> tuple[float, float]:
        """Return (scale, shift) of one category."""
        return self.categories.get(name, (self.scale, self.shift))

    def check(self) -> None:
        """Require finite constants and scales above zero.

        Raises:
            HeadError: Otherwise.
        """
        for scale, shift in ((self.scale, self.shift), *self.categories.values()):
            if not (np.isfinite(scale) and np.isfinite(shift) and scale > 0):
                message = f"screening calibration ({scale}, {shift}) needs a finite scale above 0"
                raise HeadError(message)


def calibration_for(space: str) -> Calibration:
    """Return the shipped constants for an embedding space, or the documented default."""
    known = screening_calibration(space)
    if known is None:
        return Calibration()
    return Calibration(
        scale=float(known["scale"]),
        shift=float(known["shift"]),
        categories={name: (float(a), float(b)) for name, (a, b) in known["categories"].items()},
        provenance=str(known["provenance"]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PromptVectors:
    """Unit text vectors of a screening head, and who uses which.

    Attributes:
        vectors: float32 (P, D), every different prompt once.
        positive: Per category, the rows of its prompts.
        negative: Per category, the rows of its look-alikes and of the ordinary pictures.
    """

    vectors: Float32Array
    positive: tuple[tuple[int, ...], ...]
    negative: tuple[tuple[int, ...], ...]


class ScreeningHead:
    """An independent score in [0, 1] per category; categories never compete with one another.

    Each category has two groups of prompts: what it shows, and what it does not (its look-alikes
    and a background of ordinary pictures). Over the prompts of both groups the cosines times the
    model's logit scale go through a softmax; the share that falls on the first group, in log-odds,
    is calibrated by two constants per embedding space. A picture can score high in several
    categories or in none. Negation ("no gun") means nothing to CLIP: look-alikes say it instead.

    Args:
        card: What the head is.
        names: K categories.
        prompts: Their vectors.
        logit_scale: The model's own.
        calibration: Constants of the embedding space.

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or a group is empty.
    """

    def __init__(
        self,
        card: HeadCard,
        names: tuple[str, ...],
        prompts: PromptVectors,
        *,
        logit_scale: float,
        calibration: Calibration,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.names = tuple(names)
        vectors = finite_array(
            prompts.vectors, shape=(-1, -1), what=f"vectors of head {card.name!r}"
        )
        for groups in (prompts.positive, prompts.negative):
            inside = all(group and 0 <= min(group) <= max(group) < len(vectors) for group in groups)
            if len(groups) != len(self.names) or not inside or not self.names:
                message = f"head {card.name!r} needs prompts for and against each of its categories"
                raise HeadError(message)
        if not (np.isfinite(logit_scale) and logit_scale > 0):
            message = f"head {card.name!r} needs a logit scale above zero, not {logit_scale}"
            raise HeadError(message)
        calibration.check()
        self.prompts = PromptVectors(vectors, prompts.positive, prompts.negative)
        self.logit_scale = float(logit_scale)
        self.calibration = calibration

    @classmethod
    def from_prompts(
        cls,
        embedder: Embedder,
        categories: Sequence[CategoryPrompts],
        *,
        calibration: Calibration | None = None,
        name: str = "zero-shot-screening",
        task: HeadTask = "moderation",
    ) -> ScreeningHead:
        """Embed the prompts of the categories and of the background.

        Args:
            embedder: Gives the text vectors and the logit scale.
            categories: At least one, with different names; ``framesift.policies.TAXONOMY`` fits.
            calibration: ``None`` takes what is shipped for the embedder's space; for a space
                without any, the plain two-group softmax (scale 1, shift 0).
            name: As it appears in records.
            task: ``moderation``, or ``tags`` for context.

        Raises:
            HeadError: Two categories share a name, or one has no prompt.
        """
        names = tuple(category.name for category in categories)
        if len(set(names)) != len(names):
            message = f"two screening categories share a name: {', '.join(names)}"
            raise HeadError(message)
        calibration = calibration_for(embedder.space) if calibration is None else calibration
        card = HeadCard(
            name=name,
            task=task,
            space=embedder.space,
            source="zero-shot",
            provenance=f"prompts with look-alikes and a background; {calibration.provenance}",
        )
        return cls(
            card,
            names,
            _embed(embedder, categories),
            logit_scale=embedder.logit_scale,
            calibration=calibration,
        )

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def log_odds(self, embeddings: Embeddings) -> Float32Array:
        """Log-odds of the two-group softmax before calibration, float32 (N, K).

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        check_space(self._card, embeddings)
        vectors = self.prompts.vectors.astype(np.float64)
        logits = self.logit_scale * (unit_vectors(embeddings) @ vectors.T)
        columns = [
            logsumexp(logits[:, list(positive)]) - logsumexp(logits[:, list(negative)])
            for positive, negative in zip(self.prompts.positive, self.prompts.negative, strict=True)
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, K) in [0, 1], each column independent of the others.

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        odds = self.log_odds(embeddings).astype(np.float64)
        scale, shift = np.array([self.calibration.constants(name) for name in self.names]).T
        values = sigmoid(odds * scale + shift)
        return Scores(self._card.name, self.names, values.astype(np.float32))


def _embed(embedder: Embedder, categories: Sequence[CategoryPrompts]) -> PromptVectors:
    """Embed every different prompt once and note which category uses which."""
    background = screening_background()
    positive = [fill(category.prompts, PLAIN) for category in categories]
    negative = [[*category.contrast, *background] for category in categories]
    texts = list(dict.fromkeys(text for group in (*positive, *negative) for text in group))
    row = {text: index for index, text in enumerate(texts)}
    return PromptVectors(
        vectors=embed_prompts(embedder, texts).astype(np.float32),
        positive=tuple(tuple(row[text] for text in group) for group in positive),
        negative=tuple(tuple(row[text] for text in group) for group in negative),
    )
