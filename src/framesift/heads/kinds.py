"""A head that knows many kinds of things and scores groups of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import head_input
from framesift.heads.calibrating import Platt
from framesift.heads.linear import Standardiser
from framesift.heads.numeric import finite_array, logsumexp
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.heads.base import HeadCard, HeadTask
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = ["Group", "KindsHead"]


class Group:
    """Some of the kinds, and the calibration of what falls on them.

    Args:
        kinds: Their names.
        calibration: Of the log-odds of these kinds against all others.
    """

    def __init__(self, kinds: Sequence[str], calibration: Platt) -> None:
        """Keep the parts."""
        self.kinds = tuple(kinds)
        self.calibration = calibration

    def to_settings(self) -> dict[str, Any]:
        """Give it as plain JSON data."""
        platt = self.calibration
        fitted = [platt.scale, platt.shift, platt.positives, platt.negatives]
        return {"kinds": list(self.kinds), "calibration": fitted}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make it again."""
        scale, shift, positives, negatives = settings["calibration"]
        platt = Platt(float(scale), float(shift), int(positives), int(negatives))
        return cls(settings["kinds"], platt)


class KindsHead:
    """A softmax over kinds of things, summed over the kinds that make up each label.

    To tell weapons from everything else by one plane is hard: a sword and a grenade have nothing
    in common. So the head is taught what every picture shows; the log-odds of all kinds of a label
    against all other kinds are then calibrated. Inputs go through a square root first, which evens
    out features that count how often something was seen.

    Args:
        card: What the head is; ``card.inputs`` says what it reads, no value of it below zero.
        kinds: Names of the softmax's columns.
        coef: float32 (width, kinds).
        intercept: float32 (kinds,).
        standardiser: Applied after the square root.
        groups: Label to kinds; the labels are the columns of the scores.
        asides: Further groups that `aside` makes heads of.

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or a group is not part of the kinds.
    """

    kind: ClassVar[str] = "kinds"

    def __init__(
        self,
        card: HeadCard,
        kinds: Sequence[str],
        layer: tuple[Float32Array, Float32Array, Standardiser],
        *,
        groups: Mapping[str, Group],
        asides: Mapping[str, Group] | None = None,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.kinds = tuple(kinds)
        what = f"of head {card.name!r}"
        coef, intercept, standardiser = layer
        self.coef = finite_array(coef, shape=(-1, len(self.kinds)), what=f"coef {what}")
        self.intercept = finite_array(intercept, shape=(len(self.kinds),), what=f"intercept {what}")
        self.standardiser = Standardiser.checked(
            standardiser.mean, standardiser.scale, width=len(self.coef), name=card.name
        )
        self.groups = dict(groups)
        self.asides = dict(asides or {})
        for label, group in (*self.groups.items(), *self.asides.items()):
            inside = set(group.kinds)
            if not inside or not inside < set(self.kinds) or not group.calibration.scale > 0:
                message = f"label {label!r} {what} is not some of its kinds, calibrated"
                raise HeadError(message)

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        settings = {
            "kinds": list(self.kinds),
            "groups": {label: group.to_settings() for label, group in self.groups.items()},
            "asides": {label: group.to_settings() for label, group in self.asides.items()},
        }
        arrays = {"coef": self.coef, "intercept": self.intercept, **self.standardiser.to_tensors()}
        return arrays, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        made = {
            part: {label: Group.from_settings(entry) for label, entry in settings[part].items()}
            for part in ("groups", "asides")
        }
        standardiser = Standardiser(tensors["mean"], tensors["scale"])
        layer = (tensors["coef"], tensors["intercept"], standardiser)
        return cls(card, settings["kinds"], layer, groups=made["groups"], asides=made["asides"])

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, in column order."""
        return tuple(self.groups)

    def aside(self, label: str, *, task: HeadTask) -> KindsHead:
        """Make a head for another task of one of the groups beside the labels.

        Raises:
            KeyError: There is no such group.
        """
        card = replace(self._card, name=f"{self._card.name}-{label}", task=task)
        layer = (self.coef, self.intercept, self.standardiser)
        return KindsHead(card, self.kinds, layer, groups={label: self.asides[label]})

    def logits(self, embeddings: Embeddings) -> Float64Array:
        """Score every kind, before the softmax: float64 (N, kinds).

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: An input that the card names is missing.
        """
        rows = np.sqrt(np.maximum(head_input(self._card, embeddings), 0)).astype(np.float32)
        standard = self.standardiser(rows, self._card)
        return standard @ self.coef.astype(np.float64) + self.intercept

    def log_odds(self, embeddings: Embeddings) -> Float64Array:
        """Log-odds of each label before calibration, float64 (N, K)."""
        logits = self.logits(embeddings)
        columns = []
        for group in self.groups.values():
            inside = np.isin(self.kinds, group.kinds)
            columns.append(logsumexp(logits[:, inside]) - logsumexp(logits[:, ~inside]))
        return np.stack(columns, axis=1)

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, K) in [0, 1], each label by itself.

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: An input that the card names is missing.
        """
        odds = self.log_odds(embeddings)
        columns = [
            group.calibration(odds[:, number]) for number, group in enumerate(self.groups.values())
        ]
        return Scores(self._card.name, self.names, np.stack(columns, axis=1).astype(np.float32))

    def closest(self, embeddings: Embeddings) -> tuple[tuple[str, ...], ...]:
        """Name the kind of each label that speaks loudest, N x K: ``Hand Grenades``."""
        logits = self.logits(embeddings)
        columns = []
        for group in self.groups.values():
            where = np.flatnonzero(np.isin(self.kinds, group.kinds))
            best = where[logits[:, where].argmax(axis=1)]
            columns.append([self.kinds[number].replace("_", " ").lower() for number in best])
        return tuple(zip(*columns, strict=True))
