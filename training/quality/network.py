"""A small network with a linear path, trained on whole originals at a time, with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Options:
    """How a network is trained.

    Attributes:
        hidden: Units of the hidden layer.
        epochs: Passes over the data.
        rate: Of learning, at the start; it falls to nothing along a cosine.
        decay: Of the weights, per step, as a multiple of the rate.
        dropout: Share of the inputs that are left out.
        within: Weight of the errors among the pictures of one original, beyond that of all errors.
            What an original looked like before is not known; what was done to it is.
        originals: Per step.
    """

    hidden: int = 160
    epochs: int = 60
    rate: float = 2e-3
    decay: float = 0.6
    dropout: float = 0.2
    within: float = 4.0
    originals: int = 24


class Network:
    """``x @ skip + tanh(x @ hidden + hidden_bias) @ out + out_bias``; trained by AdamW.

    Args:
        width: Of the input.
        outputs: How many.
        options: See there.
        seed: Of everything random.
    """

    def __init__(self, width: int, outputs: int, options: Options, seed: int) -> None:
        """Start from small random weights."""
        rng = np.random.default_rng(seed)
        self.rng, self.options, self.steps = rng, options, 0
        start = {
            "skip": np.zeros((width, outputs)),
            "hidden": rng.normal(0, width**-0.5, (width, options.hidden)),
            "hidden_bias": np.zeros(options.hidden),
            "out": rng.normal(0, 0.01, (options.hidden, outputs)),
            "out_bias": np.zeros(outputs),
        }
        self.weights = {name: array.astype(np.float32) for name, array in start.items()}
        self.first = {name: np.zeros_like(array) for name, array in self.weights.items()}
        self.second = {name: np.zeros_like(array) for name, array in self.weights.items()}

    def __call__(self, rows: Floats) -> Floats:
        """Predict, (N, width) to (N, outputs)."""
        return self._forward(rows)[1]

    def fit(self, rows: Floats, wanted: Floats, original: NDArray[np.int64]) -> Network:
        """Learn from rows (N, width), targets (N, outputs) and the original of each row, (N,)."""
        order = np.argsort(original, kind="stable")
        starts = np.unique(original[order], return_index=True)[1]
        members = np.split(order, starts[1:])
        options = self.options
        total = options.epochs * -(-len(members) // options.originals)
        for _ in range(options.epochs):
            shuffled = self.rng.permutation(len(members))
            for start in range(0, len(members), options.originals):
                chosen = shuffled[start : start + options.originals]
                some = np.concatenate([members[i] for i in chosen])
                kept = self.rng.random((len(some), rows.shape[1]), np.float32) >= options.dropout
                seen = rows[some] * kept / np.float32(1 - options.dropout)
                rate = options.rate * (1 + np.cos(np.pi * self.steps / total)) / 2 + 1e-5
                self._step(seen, wanted[some], original[some], rate)
        return self

    def _forward(self, rows: Floats) -> tuple[Floats, Floats]:
        w = self.weights
        units = np.tanh(rows @ w["hidden"] + w["hidden_bias"])
        return units, rows @ w["skip"] + units @ w["out"] + w["out_bias"]

    def _step(self, rows: Floats, wanted: Floats, original: NDArray[np.int64], rate: float) -> None:
        units, given = self._forward(rows)
        error = given - wanted
        _, place, count = np.unique(original, return_inverse=True, return_counts=True)
        mean = np.zeros((len(count), error.shape[1]), np.float32)
        np.add.at(mean, place, error)
        among = error - (mean / count[:, None].astype(np.float32))[place]
        slope = (error + self.options.within * among) * np.float32(2 / len(rows))
        back = (slope @ self.weights["out"].T) * (1 - units**2)
        gradients = {
            "skip": rows.T @ slope,
            "hidden": rows.T @ back,
            "hidden_bias": back.sum(axis=0),
            "out": units.T @ slope,
            "out_bias": slope.sum(axis=0),
        }
        self.steps += 1
        for name, gradient in gradients.items():
            self._update(name, gradient, rate)

    def _update(self, name: str, gradient: Floats, rate: float) -> None:
        weights, first, second = self.weights[name], self.first[name], self.second[name]
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        size = np.sqrt(second / (1 - 0.999**self.steps)) + 1e-8
        if not name.endswith("_bias"):
            weights *= 1 - rate * self.options.decay
        weights -= np.float32(rate) * (first / (1 - 0.9**self.steps)) / size
