"""From probabilities to an answer: a label, several, none of these, or unsure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.classifiers.definition import NONE, Mode
from framesift.types import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from framesift.heads.base import HeadCard
    from framesift.heads.numeric import Float64Array

__all__ = ["CARD_KEY", "THRESHOLD", "AnswerRule"]

THRESHOLD = 0.5
"""From this probability on a label is given in mode ``many``, unless it says otherwise."""

CARD_KEY = "classifier"
"""Where the details of a head's card keep its rule."""

_PEAK_SHARE = 0.1
_EDGE = 1e-9
"""Probabilities are float32: one that was a threshold must still reach it."""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """How an answer follows from probabilities, whatever gave them.

    Attributes:
        classifier: Its name.
        names: Of the K columns; `NONE` among them stands for "none of these".
        mode: ``one`` or ``many``.
        abstain_below: In [0, 1]: an answer less probable than that is "unsure". In mode ``many`` it
            holds for each label by itself, whose answer is yes or no. ``None`` never abstains.
        thresholds: Of each column in mode ``many``; empty takes `THRESHOLD` for all.
    """

    classifier: str
    names: tuple[str, ...]
    mode: Mode = "one"
    abstain_below: float | None = None
    thresholds: tuple[float, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The names without `NONE`."""
        return tuple(name for name in self.names if name != NONE)

    def with_abstention(self, below: float | None) -> Self:
        """Return it with another `abstain_below`; ``None`` keeps its own."""
        return self if below is None else replace(self, abstain_below=below)

    def answer(self, probabilities: ArrayLike) -> Answer:
        """Answer for one picture.

        Args:
            probabilities: (K,), in [0, 1].

        Raises:
            HeadError: One is not a number: there is no answer then, and none is made up.
        """
        values = np.asarray(probabilities, np.float64)
        if values.shape != (len(self.names),) or not np.isfinite(values).all():
            message = f"classifier {self.classifier!r} gave no probability for every label"
            raise HeadError(message)
        return self._one(values) if self.mode == "one" else self._many(values)

    def pool(self, values: ArrayLike, weights: ArrayLike | None = None) -> Float64Array:
        """Pool the moments of a video, (T, K) to (K,).

        Mode ``one``: the mean over the time, which still adds up to 1. Mode ``many``, which asks
        whether something is in the video at all: for each label the mean over the tenth of the time
        in which it scores highest, so that a single frame cannot decide.

        Args:
            values: Probabilities of T moments.
            weights: How long each stands for, (T,); ``None`` for equally long.
        """
        rows = np.asarray(values, np.float64)
        share = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
        if self.mode == "one":
            mean: Float64Array = np.average(rows, axis=0, weights=share)
            return mean
        return np.array([_peak(column, share) for column in rows.T])

    def to_details(self) -> dict[str, Any]:
        """Give it as plain JSON data, for the card of a head."""
        return {"mode": self.mode, "abstain_below": self.abstain_below}

    @classmethod
    def of_card(cls, card: HeadCard, names: Sequence[str], *, mode: Mode = "one") -> Self:
        """Read the rule of a trained head; one that has none never abstains.

        Raises:
            HeadError: The head is for something else than tags.
        """
        if card.task != "tags":
            message = (
                f"head {card.name!r} is for {card.task}, not for labels; it classifies nothing"
            )
            raise HeadError(message)
        known: Mapping[str, Any] = card.details.get(CARD_KEY, {})
        below = known.get("abstain_below")
        return cls(card.name, tuple(names), mode, None if below is None else float(below))

    def _one(self, values: Float64Array) -> Answer:
        best = int(np.argmax(values))
        probability, name = float(values[best]), self.names[best]
        if self.abstain_below is not None and probability < self.abstain_below - _EDGE:
            return Answer(self.classifier, "unsure", (), probability, (name,))
        if name == NONE:
            return Answer(self.classifier, "none", (), probability)
        return Answer(self.classifier, "label", (name,), probability)

    def _many(self, values: Float64Array) -> Answer:
        wanted = self.thresholds or (THRESHOLD,) * len(self.names)
        given, doubtful = [], []
        for column in np.argsort(-values, kind="stable"):
            value, name = float(values[column]), self.names[column]
            certain = max(value, 1 - value)
            if self.abstain_below is not None and certain < self.abstain_below - _EDGE:
                doubtful.append(name)
            elif value >= wanted[column] - _EDGE:
                given.append(name)
        status = "label" if given else "unsure" if doubtful else "none"
        return Answer(
            self.classifier,
            status,  # type: ignore[arg-type]
            tuple(given),
            float(values.max()),
            tuple(doubtful),
        )


def _peak(column: Float64Array, weights: Float64Array) -> float:
    order = np.argsort(-column, kind="stable")
    left = max(_PEAK_SHARE * float(weights.sum()), float(weights[order[0]]))
    total = left
    found = 0.0
    for row in order:
        part = min(left, float(weights[row]))
        found += part * float(column[row])
        left -= part
        if left <= 0:
            break
    return found / total
