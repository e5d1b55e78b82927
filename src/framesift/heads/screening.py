"""Zero-shot screening: one independent score per harm category."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, HeadTask, check_space
from framesift.heads.calibrating import fit_platt
from framesift.heads.numeric import finite_array, logsumexp, sigmoid, unit_rows
from framesift.heads.prompts import TEMPLATES, embed_prompts, fill, unit_vectors
from framesift.heads.resources import screening_background, screening_calibration
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from framesift.embeddings.base import Embedder
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = ["Calibration", "CategoryPrompts", "PromptVectors", "ScreeningHead", "calibration_for"]

DEFAULT_PROVENANCE = (
    "uncalibrated: the softmax itself, which no labelled pictures of this model were held against"
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
    """How log-odds z of a screening head become a score: ``sigmoid(scale * z + shift)``.

    What ships is for one embedding space; `fit` makes one of labelled pictures of one's own.

    Attributes:
        scale: Above zero, so that a picture nearer to the prompts never scores lower.
        shift: Added after scaling.
        categories: Category to its own (scale, shift), where pictures to fit them were at hand.
        provenance: What the constants were fitted on.
        examples: Category to how many positive and negative pictures its constants were fitted
            on by Platt's method, where they were.
    """

    scale: float = 1.0
    shift: float = 0.0
    categories: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    provenance: str = DEFAULT_PROVENANCE
    examples: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        log_odds: Mapping[str, ArrayLike],
        targets: Mapping[str, ArrayLike],
        *,
        provenance: str,
        base: Calibration | None = None,
    ) -> Calibration:
        """Fit constants on labelled pictures, by Platt's method.

        Args:
            log_odds: Category to what `ScreeningHead.log_odds` gives for its pictures, (N,).
            targets: Category to whether each of them shows it, (N,).
            provenance: What the pictures are, for cards.
            base: Where the constants of all other categories come from; ``None`` for the default.

        Raises:
            HeadError: A category has fewer than 20 pictures that show it or 20 that do not, or
                its scores do not rise with its targets.
        """
        base = cls() if base is None else base
        constants, examples = dict(base.categories), dict(base.examples)
        for name, odds in log_odds.items():
            try:
                platt = fit_platt(odds, targets[name])
            except HeadError as error:
                message = f"{name}: {error.message}"
                raise HeadError(message) from error
            constants[name] = (platt.scale, platt.shift)
            examples[name] = (platt.positives, platt.negatives)
        return cls(base.scale, base.shift, constants, provenance, examples)

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
        vectors: float32 (P, D).
        positive: Per category, the rows of its prompts; each is the mean over templates.
        negative: Per category, the rows of the ordinary pictures.
        contrast: Per category, the rows of its look-alikes; empty where no category has any.
        texts: The prompt of each row, for people; may be empty.
    """

    vectors: Float32Array
    positive: tuple[tuple[int, ...], ...]
    negative: tuple[tuple[int, ...], ...]
    contrast: tuple[tuple[int, ...], ...] = ()
    texts: tuple[str, ...] = ()


class ScreeningHead:
    """An independent score in [0, 1] per category; categories never compete with one another.

    Each category has prompts for it, each put in several templates and averaged as CLIP's authors
    do, and two groups against it: its look-alikes and a background of ordinary pictures. Cosines
    times the model's logit scale go through a softmax over the prompts, the look-alike that fits
    best (one look-alike is enough; more of them do not make a picture more harmless) and the
    background; the share that falls on the prompts, in log-odds, is calibrated by two constants
    per embedding space and category. A picture can score high in several
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
        contrast = prompts.contrast or ((0,),) * len(self.names)
        for groups, least in ((prompts.positive, 1), (prompts.negative, 1), (contrast, 0)):
            inside = all(
                len(group) >= least and set(group) <= set(range(len(vectors))) for group in groups
            )
            if len(groups) != len(self.names) or not inside or not self.names:
                message = f"head {card.name!r} needs prompts for and against each of its categories"
                raise HeadError(message)
        if not (np.isfinite(logit_scale) and logit_scale > 0):
            message = f"head {card.name!r} needs a logit scale above zero, not {logit_scale}"
            raise HeadError(message)
        calibration.check()
        self.prompts = replace(prompts, vectors=vectors)
        self._vectors = self.prompts.vectors.astype(np.float64)
        self.logit_scale = float(logit_scale)
        self.calibration = calibration
        self.notice: str | None = None

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
                without any, the plain softmax (scale 1, shift 0).
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
        """Log-odds of the softmax before calibration, float32 (N, K).

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        logits, prompts = self._logits(embeddings), self.prompts
        # Categories share their background, so its sum is made once.
        sums = {group: logsumexp(logits[:, list(group)]) for group in set(prompts.negative)}
        columns = []
        for number, positive in enumerate(prompts.positive):
            against = sums[prompts.negative[number]]
            if prompts.contrast and prompts.contrast[number]:
                nearest = logits[:, list(prompts.contrast[number])].max(axis=1)
                against = logsumexp(np.stack([against, nearest], axis=1))
            columns.append(logsumexp(logits[:, list(positive)]) - against)
        return np.stack(columns, axis=1).astype(np.float32)

    def closest(self, embeddings: Embeddings) -> tuple[tuple[str, ...], ...]:
        """Name the prompt of each category that fits each picture best, N x K.

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        logits, prompts = self._logits(embeddings), self.prompts
        columns = []
        for positive in prompts.positive:
            best = np.array(positive)[logits[:, list(positive)].argmax(axis=1)]
            columns.append([prompts.texts[row] if prompts.texts else "" for row in best])
        return tuple(zip(*columns, strict=True))

    def _logits(self, embeddings: Embeddings) -> Float64Array:
        """Cosines times the logit scale, (N, P)."""
        check_space(self._card, embeddings)
        logits: Float64Array = self.logit_scale * (unit_vectors(embeddings) @ self._vectors.T)
        return logits

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
    """Embed every different text once, average templates, and note which category uses which."""
    background = screening_background()
    shown = list(dict.fromkeys(text for category in categories for text in category.prompts))
    others = [*(text for category in categories for text in category.contrast), *background]
    others = list(dict.fromkeys(others))
    for category in categories:
        fill(category.prompts, TEMPLATES)  # refuses what is empty
    filled = fill(shown, TEMPLATES)
    vectors = embed_prompts(embedder, [*filled, *others])
    means = vectors[: len(filled)].reshape(len(shown), len(TEMPLATES), -1).mean(axis=1)
    row = {text: index for index, text in enumerate(shown)}
    other = {text: len(shown) + index for index, text in enumerate(others)}
    return PromptVectors(
        vectors=np.concatenate([unit_rows(means), vectors[len(filled) :]]).astype(np.float32),
        positive=tuple(tuple(row[text] for text in one.prompts) for one in categories),
        negative=tuple(tuple(other[text] for text in background) for _ in categories),
        contrast=tuple(tuple(other[text] for text in one.contrast) for one in categories),
        texts=(*shown, *others),
    )
