"""A linear head: standardise, multiply, add, and squash or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

import numpy as np

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.base import HeadCard, head_input
from framesift.heads.numeric import Float64Array, finite_array, sigmoid, softmax
from framesift.types import Scores

if TYPE_CHECKING:
    from framesift.types import Embeddings, Float32Array

__all__ = ["LinearHead", "Link", "Standardiser"]

Link: TypeAlias = Literal["identity", "sigmoid", "softmax"]


@dataclass(frozen=True, slots=True, eq=False)
class Standardiser:
    """Subtracts a mean and divides by a scale, both float32 (K,)."""

    mean: Float32Array
    scale: Float32Array

    def __call__(self, rows: Float32Array, card: HeadCard) -> Float64Array:
        """Standardise rows (N, K).

        Raises:
            SpaceMismatchError: The rows are of another width than the head was trained on.
        """
        if rows.shape[1] != len(self.mean):
            message = (
                f"head {card.name!r} reads rows of {len(self.mean)} numbers, not of "
                f"{rows.shape[1]}; use the model it was trained with or train it again"
            )
            raise SpaceMismatchError(message)
        return (rows.astype(np.float64) - self.mean) / self.scale

    def to_tensors(self) -> dict[str, Float32Array]:
        """Give both arrays under the names that head files use."""
        return {"mean": self.mean, "scale": self.scale}

    @classmethod
    def checked(
        cls, mean: Float32Array | None, scale: Float32Array | None, *, width: int, name: str
    ) -> Standardiser:
        """Check both arrays; ``None`` leaves the rows as they are.

        Raises:
            HeadError: A shape is wrong, or a scale is not above zero.
        """
        mean = np.zeros(width, np.float32) if mean is None else mean
        scale = np.ones(width, np.float32) if scale is None else scale
        checked = cls(
            finite_array(mean, shape=(width,), what=f"mean of head {name!r}"),
            finite_array(scale, shape=(width,), what=f"scale of head {name!r}"),
        )
        if (checked.scale <= 0).any():
            message = f"scale of head {name!r} has entries that are not above zero"
            raise HeadError(message)
        return checked


class LinearHead:
    """Scores under K labels as ``link(((x - mean) / scale) @ coef + intercept)``.

    Args:
        card: What the head is; ``card.inputs`` says what x is.
        labels: K names, in column order.
        coef: float32 (width of x, K).
        intercept: float32 (K,).
        standardiser: Applied to x first; ``None`` for none.
        link: ``sigmoid`` (independent labels), ``softmax`` (one of K), or ``identity``, whose
            values are clipped into ``[card.low, card.high]``.

    Raises:
        HeadError: Shapes do not fit or an entry is not finite.
    """

    kind: ClassVar[str] = "linear"

    def __init__(
        self,
        card: HeadCard,
        labels: tuple[str, ...],
        coef: Float32Array,
        intercept: Float32Array,
        *,
        standardiser: Standardiser | None = None,
        link: Link = "sigmoid",
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.labels = tuple(labels)
        self.coef = finite_array(
            coef, shape=(-1, len(self.labels)), what=f"coef of head {card.name!r}"
        )
        self.intercept = finite_array(
            intercept, shape=(len(self.labels),), what=f"intercept of head {card.name!r}"
        )
        given = (None, None) if standardiser is None else (standardiser.mean, standardiser.scale)
        self.standardiser = Standardiser.checked(*given, width=len(self.coef), name=card.name)
        if link not in ("identity", "sigmoid", "softmax"):
            message = f"head {card.name!r} has link {link!r}; use identity, sigmoid or softmax"
            raise HeadError(message)
        self.link = link

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        settings = {"labels": list(self.labels), "link": self.link}
        return {
            "coef": self.coef,
            "intercept": self.intercept,
            **self.standardiser.to_tensors(),
        }, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        return cls(
            card,
            tuple(settings["labels"]),
            tensors["coef"],
            tensors["intercept"],
            standardiser=Standardiser(tensors["mean"], tensors["scale"]),
            link=settings["link"],
        )

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, K) in ``[card.low, card.high]``.

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: An input that the card names is missing.
        """
        rows = self.standardiser(head_input(self._card, embeddings), self._card)
        values = rows @ self.coef.astype(np.float64) + self.intercept
        if self.link == "sigmoid":
            values = sigmoid(values)
        elif self.link == "softmax":
            values = softmax(values)
        else:
            values = np.clip(values, self._card.low, self._card.high)
        return Scores(self._card.name, self.labels, values.astype(np.float32))
