"""The head that a classifier in words becomes with a model's text tower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, check_space
from framesift.heads.classifiers.answering import CARD_KEY, THRESHOLD, AnswerRule
from framesift.heads.classifiers.definition import NONE, SpaceCalibration
from framesift.heads.numeric import finite_array, logsumexp, sigmoid, softmax, unit_rows
from framesift.heads.prompts import embed_prompts, fill, unit_vectors
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.embeddings.base import Embedder
    from framesift.heads.classifiers.definition import ClassifierDefinition, Mode
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = ["ClassVectors", "ClassifierHead", "calibrated"]

_PROMPTS = "prompts embedded by the model's own text tower, templates averaged"


@dataclass(frozen=True, slots=True, eq=False)
class ClassVectors:
    """Unit text vectors of a classifier.

    Attributes:
        labels: float32 (K, D), the mean over prompts and templates of each label.
        background: float32 (B, D), a row for each prompt; B may be 0.
        contrast: float32 (C, D), a row for each look-alike; C may be 0.
        contrast_of: C numbers: the label that each look-alike belongs to.
    """

    labels: Float32Array
    background: Float32Array
    contrast: Float32Array
    contrast_of: tuple[int, ...] = ()

    @classmethod
    def of(cls, definition: ClassifierDefinition, embedder: Embedder) -> Self:
        """Embed every prompt of a definition in every template.

        Raises:
            HeadError: A prompt is empty, a template has no ``{}``, or the model gave no number.
        """
        templates = definition.templates
        shown = [fill(label.prompts, templates) for label in definition.labels]
        contrast = [(n, text) for n, one in enumerate(definition.labels) for text in one.contrast]
        others = [*definition.background, *(text for _, text in contrast)]
        filled = fill(others, templates) if others else []
        vectors = embed_prompts(embedder, [*(text for own in shown for text in own), *filled])
        ends = np.cumsum([len(own) for own in shown])
        groups = np.split(vectors, ends)
        labels = np.stack([group.mean(axis=0) for group in groups[:-1]])
        width = vectors.shape[1]
        rest = unit_rows(groups[-1].reshape(len(others), len(templates), width).mean(axis=1))
        count = len(definition.background)
        return cls(
            unit_rows(labels).astype(np.float32),
            rest[:count].astype(np.float32),
            rest[count:].astype(np.float32),
            tuple(number for number, _ in contrast),
        )


class ClassifierHead:
    """Labels in words: one of them or none (mode ``one``), or each by itself (``many``).

    A label's vector is the mean over its prompts in all templates, brought to length 1 (Radford et
    al. 2021, section 3.1.4: the ensemble is made of vectors, not of probabilities). Its logit is
    the cosine times the model's logit scale.

    The background's logit is the log of the mean of ``exp`` over its prompts: one class that is
    spread over many kinds of pictures, and that more prompts do not make stronger by themselves. A
    look-alike is a class of its own beside it, the nearest of them counting.

    Mode ``one``: softmax over the labels and `NONE`, the stronger of background and look-alikes,
    of ``logit / temperature + shift``. Mode ``many``: for each label the log-odds of its logit
    against background and its own look-alikes, through a sigmoid, after Platt's scale and shift
    where they were fitted.

    Args:
        card: What the head is.
        vectors: The texts.
        rule: How answers follow; its names are the columns of the scores.
        logit_scale: The model's own, above 0.
        calibration: Temperature, shifts and Platt's constants.

    Raises:
        HeadError: Shapes do not fit, or an entry is not finite.
    """

    kind: ClassVar[str] = "classifier"

    def __init__(
        self,
        card: HeadCard,
        vectors: ClassVectors,
        rule: AnswerRule,
        *,
        logit_scale: float,
        calibration: SpaceCalibration | None = None,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.rule = rule
        self.labels = rule.labels
        what = f"of classifier {card.name!r}"
        labels = finite_array(
            vectors.labels, shape=(len(self.labels), -1), what=f"label vectors {what}"
        )
        width = labels.shape[1]
        background = finite_array(
            vectors.background, shape=(-1, width), what=f"background vectors {what}"
        )
        contrast = finite_array(
            vectors.contrast, shape=(len(vectors.contrast_of), width), what=f"look-alikes {what}"
        )
        if not (np.isfinite(logit_scale) and logit_scale > 0):
            message = f"classifier {card.name!r} needs a logit scale above zero, not {logit_scale}"
            raise HeadError(message)
        self.vectors = ClassVectors(labels, background, contrast, tuple(vectors.contrast_of))
        self.logit_scale = float(logit_scale)
        self.calibration = calibration or SpaceCalibration(card.space)
        self.notice: str | None = None
        self._check()

    def _check(self) -> None:
        has_against = len(self.vectors.background) or len(self.vectors.contrast)
        of = self.vectors.contrast_of
        fits = set(of) <= set(range(len(self.labels)))
        if NONE in self.rule.names:
            fits = fits and bool(has_against) and self.rule.mode == "one"
        if self.rule.mode == "many" and not len(self.vectors.background):
            fits = fits and set(of) == set(range(len(self.labels)))
        if not fits or not self.labels:
            message = f"classifier {self._card.name!r} has nothing to hold its labels against"
            raise HeadError(message)

    @classmethod
    def from_definition(
        cls, embedder: Embedder, definition: ClassifierDefinition, *, calibrated: bool = True
    ) -> Self:
        """Make a head of a definition and a model.

        A calibration that was fitted for other words than the definition's own is left out, and
        ``notice`` says so.

        Args:
            embedder: Gives the text vectors and the logit scale.
            definition: Labels, prompts, calibrations.
            calibrated: Use the calibration of the model's space where there is one.

        Raises:
            HeadError: A prompt or a template cannot be used.
        """
        found = definition.calibrations.get(embedder.space) if calibrated else None
        stale = found is not None and found.wording not in ("", definition.wording)
        used = None if stale else found
        below = definition.abstain_below
        if used is not None and used.abstain_below is not None:
            below = used.abstain_below
        thresholds = tuple(
            THRESHOLD if label.threshold is None else label.threshold for label in definition.labels
        )
        rule = AnswerRule(
            definition.name,
            definition.outcomes,
            definition.mode,
            below,
            thresholds if definition.mode == "many" else (),
        )
        known = used or SpaceCalibration(embedder.space, temperature=definition.temperature)
        told = "calibrated on labelled pictures" if used else "not calibrated"
        card = HeadCard(
            name=definition.name,
            task="tags",
            space=embedder.space,
            source="zero-shot",
            provenance=f"{_PROMPTS}; {told}",
            model=embedder.name,
            details={CARD_KEY: rule.to_details(), "wording": definition.wording},
        )
        vectors = ClassVectors.of(definition, embedder)
        head = cls(card, vectors, rule, logit_scale=embedder.logit_scale, calibration=known)
        if stale:
            head.notice = (
                f"{definition.source or definition.name}: labels or prompts have changed since it "
                f"was calibrated for {embedder.space}: probabilities are not calibrated; run "
                "`framesift classifier calibrate` again"
            )
        return head

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def logits(self, embeddings: Embeddings) -> Float64Array:
        """Score before calibration, float64 (N, K).

        Mode ``one``: logits, of `NONE` too; mode ``many``: log-odds of each label.

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        check_space(self._card, embeddings)
        rows, known = unit_vectors(embeddings), self.vectors
        labels = self._cosines(rows, known.labels)
        if self.rule.mode == "many":
            return labels - self._against_each(rows)
        if NONE not in self.rule.names:
            return labels
        sides = []
        if len(known.background):
            sides.append(_log_mean(self._cosines(rows, known.background)))
        if len(known.contrast):
            sides.append(self._cosines(rows, known.contrast).max(axis=1))
        none = np.max(sides, axis=0)
        place = self.rule.names.index(NONE)
        return np.insert(labels, place, none, axis=1)

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, K) in [0, 1]; mode ``one``: each row adds up to 1.

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        logits = self.logits(embeddings)
        values = calibrated(logits, self.rule.names, self.rule.mode, self.calibration)
        return Scores(self._card.name, self.rule.names, values.astype(np.float32))

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        known, rule = self.calibration, self.rule
        settings = {
            "names": [*rule.names],
            "mode": rule.mode,
            "abstain_below": rule.abstain_below,
            "thresholds": [*rule.thresholds],
            "logit_scale": self.logit_scale,
            "temperature": known.temperature,
            "shifts": dict(known.shifts),
            "platt": {name: [*pair] for name, pair in known.platt.items()},
            "contrast_of": [*self.vectors.contrast_of],
        }
        arrays = {
            "labels": self.vectors.labels,
            "background": self.vectors.background,
            "contrast": self.vectors.contrast,
        }
        return arrays, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        vectors = ClassVectors(
            tensors["labels"],
            tensors["background"],
            tensors["contrast"],
            tuple(int(number) for number in settings["contrast_of"]),
        )
        rule = AnswerRule(
            card.name,
            tuple(settings["names"]),
            settings["mode"],
            settings["abstain_below"],
            tuple(float(value) for value in settings["thresholds"]),
        )
        calibration = SpaceCalibration(
            card.space,
            float(settings["temperature"]),
            dict(settings["shifts"]),
            {name: (float(a), float(b)) for name, (a, b) in settings["platt"].items()},
        )
        scale = float(settings["logit_scale"])
        return cls(card, vectors, rule, logit_scale=scale, calibration=calibration)

    def _cosines(self, rows: Float64Array, texts: Float32Array) -> Float64Array:
        scaled: Float64Array = self.logit_scale * (rows @ texts.astype(np.float64).T)
        return scaled

    def _against_each(self, rows: Float64Array) -> Float64Array:
        """Logits of what speaks against each label, (N, K)."""
        known = self.vectors
        columns = np.full((len(rows), len(self.labels)), -np.inf)
        if len(known.background):
            columns[:] = _log_mean(self._cosines(rows, known.background))[:, None]
        if len(known.contrast):
            logits = self._cosines(rows, known.contrast)
            for label in set(known.contrast_of):
                own = logits[:, [of == label for of in known.contrast_of]].max(axis=1)
                columns[:, label] = np.logaddexp(columns[:, label], own)
        return columns


def calibrated(
    logits: Float64Array, names: Sequence[str], mode: Mode, known: SpaceCalibration
) -> Float64Array:
    """Turn what `ClassifierHead.logits` gives into probabilities, (N, K)."""
    if mode == "one":
        shifts = np.array([known.shifts.get(name, 0.0) for name in names])
        return softmax(logits / known.temperature + shifts)
    plain = (1 / known.temperature, 0.0)
    scale, shift = np.array([known.platt.get(name, plain) for name in names]).T
    return sigmoid(logits * scale + shift)


def _log_mean(logits: Float64Array) -> Float64Array:
    """Log of the mean of ``exp`` over axis 1."""
    found: Float64Array = logsumexp(logits) - np.log(logits.shape[1])
    return found
