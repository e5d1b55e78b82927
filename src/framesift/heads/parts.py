"""The regressors that a fitted head is made of: small functions from rows to a raw prediction."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, head_input
from framesift.heads.numeric import Float64Array, finite_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.heads.linear import Standardiser
    from framesift.types import Embeddings, Float32Array

__all__ = ["KernelPart", "LinearPart", "NetworkPart", "Part", "part_class", "raw_of"]

_CHUNK = 1024
"""Rows compared with the support at a time, so that memory does not grow with the batch."""


class Part(Protocol):
    """One regressor: reads its own inputs and gives a raw prediction."""

    kind: ClassVar[str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """What it reads, as in `HeadCard.inputs`."""

    @property
    def standardiser(self) -> Standardiser:
        """Applied to what it reads first."""

    def predict(self, rows: Float64Array) -> Float64Array:
        """Turn standardised rows (N, K) into raw predictions (N,)."""

    def tensors(self) -> dict[str, Float32Array]:
        """Give its own arrays, without the standardiser."""

    @classmethod
    def make(
        cls,
        inputs: tuple[str, ...],
        standardiser: Standardiser,
        tensors: Mapping[str, Float32Array],
    ) -> Self:
        """Make it again from its arrays.

        Raises:
            HeadError: Shapes do not fit or an entry is not finite.
            KeyError: An array is missing.
        """


def raw_of(part: Part, card: HeadCard, embeddings: Embeddings) -> Float64Array:
    """Let a part of the head with this card predict embeddings: raw, float64 (N,).

    Raises:
        SpaceMismatchError: The embeddings are of another space or width.
        HeadError: An input that the part reads is missing.
    """
    rows = head_input(dataclasses.replace(card, inputs=part.inputs), embeddings)
    return part.predict(part.standardiser(rows, card))


def part_class(kind: object) -> type[Part]:
    """Find the class of a part by its kind.

    Raises:
        HeadError: This version knows no such part.
    """
    classes: tuple[type[Part], ...] = (LinearPart, KernelPart, NetworkPart)
    for each in classes:
        if each.kind == kind:
            return each
    message = f"parts of kind {kind!r} are not known here: upgrade Framesift"
    raise HeadError(message)


@dataclass(frozen=True, slots=True, eq=False)
class LinearPart:
    """``x @ coef + intercept``.

    Attributes:
        inputs: What it reads.
        standardiser: Applied first.
        coef: float32 (K,).
        intercept: float32 (1,).
    """

    kind: ClassVar[str] = "linear"
    inputs: tuple[str, ...]
    standardiser: Standardiser
    coef: Float32Array
    intercept: Float32Array

    def predict(self, rows: Float64Array) -> Float64Array:
        """Turn standardised rows (N, K) into raw predictions (N,)."""
        raw: Float64Array = rows @ self.coef.astype(np.float64) + float(self.intercept[0])
        return raw

    def tensors(self) -> dict[str, Float32Array]:
        """Give its own arrays, without the standardiser."""
        return {"coef": self.coef, "intercept": self.intercept}

    @classmethod
    def make(
        cls,
        inputs: tuple[str, ...],
        standardiser: Standardiser,
        tensors: Mapping[str, Float32Array],
    ) -> Self:
        """Make it again from its arrays."""
        width = len(standardiser.mean)
        coef = finite_array(tensors["coef"], shape=(width,), what="coef of a linear part")
        intercept = finite_array(tensors["intercept"], shape=(1,), what="intercept of a part")
        return cls(inputs, standardiser, coef, intercept)


@dataclass(frozen=True, slots=True, eq=False)
class KernelPart:
    """``sum_i dual_i exp(-gamma |x - support_i|^2) + intercept``.

    Attributes:
        inputs: What it reads.
        standardiser: Applied first.
        support: Standardised rows that it compares with, float32 (M, K).
        dual: Their weights, float32 (M,).
        gamma: Of the kernel, float32 (1,), above 0.
        intercept: float32 (1,).
    """

    kind: ClassVar[str] = "kernel"
    inputs: tuple[str, ...]
    standardiser: Standardiser
    support: Float32Array
    dual: Float32Array
    gamma: Float32Array
    intercept: Float32Array

    def predict(self, rows: Float64Array) -> Float64Array:
        """Turn standardised rows (N, K) into raw predictions (N,)."""
        support = self.support.astype(np.float64)
        dual, gamma = self.dual.astype(np.float64), float(self.gamma[0])
        lengths = np.sum(support**2, axis=1)
        raw = np.empty(len(rows), np.float64)
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            squares = np.sum(some**2, axis=1)[:, None] + lengths - 2 * (some @ support.T)
            raw[start : start + _CHUNK] = np.exp(-gamma * np.maximum(squares, 0)) @ dual
        return raw + float(self.intercept[0])

    def tensors(self) -> dict[str, Float32Array]:
        """Give its own arrays, without the standardiser."""
        return {
            "support": self.support,
            "dual": self.dual,
            "gamma": self.gamma,
            "intercept": self.intercept,
        }

    @classmethod
    def make(
        cls,
        inputs: tuple[str, ...],
        standardiser: Standardiser,
        tensors: Mapping[str, Float32Array],
    ) -> Self:
        """Make it again from its arrays."""
        width = len(standardiser.mean)
        support = finite_array(tensors["support"], shape=(-1, width), what="support of a part")
        dual = finite_array(tensors["dual"], shape=(len(support),), what="dual of a part")
        gamma = finite_array(tensors["gamma"], shape=(1,), what="gamma of a part")
        intercept = finite_array(tensors["intercept"], shape=(1,), what="intercept of a part")
        if gamma[0] <= 0:
            message = f"gamma of a kernel part is {gamma[0]}; it must be above 0"
            raise HeadError(message)
        return cls(inputs, standardiser, support, dual, gamma, intercept)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPart:
    """The mean of E networks with one hidden layer of H tanh units.

    Attributes:
        inputs: What it reads.
        standardiser: Applied first.
        hidden: First weights, float32 (E, K, H).
        hidden_bias: float32 (E, H).
        out: Second weights, float32 (E, H).
        out_bias: float32 (E,).
    """

    kind: ClassVar[str] = "network"
    inputs: tuple[str, ...]
    standardiser: Standardiser
    hidden: Float32Array
    hidden_bias: Float32Array
    out: Float32Array
    out_bias: Float32Array

    def predict(self, rows: Float64Array) -> Float64Array:
        """Turn standardised rows (N, K) into raw predictions (N,)."""
        raw = np.zeros(len(rows), np.float64)
        for hidden, bias, out, last in zip(
            self.hidden, self.hidden_bias, self.out, self.out_bias, strict=True
        ):
            units = np.tanh(rows @ hidden.astype(np.float64) + bias.astype(np.float64))
            raw += units @ out.astype(np.float64) + float(last)
        return raw / len(self.hidden)

    def tensors(self) -> dict[str, Float32Array]:
        """Give its own arrays, without the standardiser."""
        return {
            "hidden": self.hidden,
            "hidden_bias": self.hidden_bias,
            "out": self.out,
            "out_bias": self.out_bias,
        }

    @classmethod
    def make(
        cls,
        inputs: tuple[str, ...],
        standardiser: Standardiser,
        tensors: Mapping[str, Float32Array],
    ) -> Self:
        """Make it again from its arrays."""
        width = len(standardiser.mean)
        hidden = finite_array(tensors["hidden"], shape=(-1, width, -1), what="hidden of a part")
        count, _, units = hidden.shape
        if count == 0:
            message = "a network part has no network in it; train the head again"
            raise HeadError(message)
        return cls(
            inputs,
            standardiser,
            hidden,
            finite_array(tensors["hidden_bias"], shape=(count, units), what="hidden_bias"),
            finite_array(tensors["out"], shape=(count, units), what="out of a part"),
            finite_array(tensors["out_bias"], shape=(count,), what="out_bias of a part"),
        )
