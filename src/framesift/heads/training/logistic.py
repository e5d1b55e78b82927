"""Multinomial logistic regression along a path of penalties, and its calibration."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.numeric import logsumexp, softmax
from framesift.heads.training.axes import unit_axes
from framesift.heads.training.extra import require

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = ["COSTS", "Calibrator", "Logistic", "fit_calibrator", "fit_logistic", "principal_axes"]

COSTS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""Inverse penalties, on rows whose total variance is 1."""

_AXES = 384
_ENOUGH = 3000
_ITERATIONS = 300
_BIAS_PENALTY = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """Coefficients float64 (K, A) and intercepts (K,) of all K classes, seen or not.

    A class without training pictures has coefficients 0 and an intercept so low that all
    probabilities of it together weigh about as much as one picture.
    """

    coef: Float64Array
    intercept: Float64Array
    missing: np.ndarray

    def log_probabilities(self, rows: Float64Array) -> Float64Array:
        """Return log probabilities (N, K) of rows (N, A), before calibration."""
        seen = ~self.missing
        logits = rows @ self.coef.T + self.intercept
        found = np.empty_like(logits)
        found[:, seen] = logits[:, seen] - logsumexp(logits[:, seen])[:, None]
        found[:, self.missing] = self.intercept[self.missing]
        return found - logsumexp(found)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """``softmax(log_probabilities / temperature + bias)``."""

    temperature: float
    bias: Float64Array

    def __call__(self, log_probabilities: Float64Array) -> Float64Array:
        """Return calibrated probabilities (N, K)."""
        return softmax(log_probabilities / self.temperature + self.bias)


def principal_axes(rows: Float64Array) -> Float64Array:
    """Return up to 384 main axes (K, A) of standardised rows (N, K), or of 3,000 of them.

    A ridge-penalised linear model stays within the span of its rows, so nothing is lost where
    there are fewer pictures than that.
    """
    return unit_axes(rows, most=_AXES, enough=_ENOUGH)[0]


def fit_logistic(rows: Float64Array, labels: Int32Array, classes: int, cost: float) -> Logistic:
    """Fit to rows (N, A) with labels 0..K-1, each class weighing the same however many it has."""
    coef, intercept = np.zeros((classes, rows.shape[1])), np.zeros(classes)
    seen = np.unique(labels)
    missing = np.ones(classes, bool)
    missing[seen] = False
    if missing.any():
        intercept[missing] = np.log(1 / (len(labels) + 1) / missing.sum())
    if len(seen) == 1:
        return Logistic(coef, intercept, missing)
    model = require("sklearn.linear_model").LogisticRegression(
        C=cost, class_weight="balanced", max_iter=_ITERATIONS, tol=1e-5
    )
    with warnings.catch_warnings():
        # Weakly penalised fits that have not quite converged lose in the cross-validation.
        warnings.simplefilter("ignore")
        model.fit(rows, labels)
    if len(seen) == 2:
        coef[seen[1]], coef[seen[0]] = model.coef_[0] / 2, -model.coef_[0] / 2
        intercept[seen[1]], intercept[seen[0]] = model.intercept_[0] / 2, -model.intercept_[0] / 2
    else:
        coef[seen], intercept[seen] = model.coef_, model.intercept_
    return Logistic(coef, intercept, missing)


def fit_calibrator(log_probabilities: Float64Array, labels: Int32Array) -> Calibrator:
    """Fit a temperature and class biases to held-out log probabilities (N, K).

    Temperature scaling (Guo et al. 2017) with a bias for each class, which also brings the equal
    weights of training back to how often each class occurs. Biases are shrunk as if two pictures
    of each class had been predicted perfectly.
    """
    optimise = require("scipy.optimize")
    count, classes = log_probabilities.shape
    one_hot = np.eye(classes)[labels]

    def loss(parameters: Float64Array) -> tuple[float, Float64Array]:
        inverse, bias = float(np.exp(parameters[0])), parameters[1:]
        logits = log_probabilities * inverse + bias
        value = float(np.sum(logsumexp(logits) - np.sum(logits * one_hot, axis=1)))
        error = softmax(logits) - one_hot
        slope = np.append(np.sum(error * log_probabilities) * inverse, error.sum(axis=0))
        penalty = _BIAS_PENALTY * float(np.sum(bias**2)) / 2 + float(parameters[0]) ** 2 / 2
        slope += np.append(parameters[0], _BIAS_PENALTY * bias)
        return (value + penalty) / count, slope / count

    bounds = [(-3.0, 2.0), *[(-8.0, 8.0)] * classes]
    found = optimise.minimize(
        loss, np.zeros(classes + 1), jac=True, method="L-BFGS-B", bounds=bounds
    )
    bias = np.asarray(found.x[1:], np.float64)
    return Calibrator(float(np.exp(-found.x[0])), bias - bias.mean())
