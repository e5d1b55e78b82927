"""From some 5 to 50 pictures of each label to a linear head that starts from the words.

Multinomial logistic regression whose prior is not zero but a share of the zero-shot classifier: the
penalty is on how far the weights move from it (as in domain adaptation by Chelba and Acero, 2004;
for CLIP, the blend of text and few-shot classifier by Zhang and others, 2022, has the same form).
The share, the penalty and the temperature are chosen by cross-validation within the training
pictures; a model whose text tower knows little gets a small share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.base import HeadCard
from framesift.heads.classifiers.answering import CARD_KEY
from framesift.heads.classifiers.calibrating import names_of_truth
from framesift.heads.classifiers.definition import NONE
from framesift.heads.linear import LinearHead, Standardiser
from framesift.heads.numeric import logsumexp, unit_rows
from framesift.heads.training.blocks import Scaling
from framesift.heads.training.extra import require
from framesift.heads.training.fit import one_thread
from framesift.heads.training.folds import grouped_folds, numbered
from framesift.heads.training.logistic import Calibrator, fit_calibrator, principal_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.classifiers.head import ClassifierHead
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Examples, Int32Array

__all__ = ["FewShot", "Shots", "few_shot_head", "fit_few_shot", "held_out", "shots_of"]

SHARES = (0.0, 0.25, 0.5, 1.0)
"""Of the zero-shot weights that a head may start from."""

COSTS = (1.0, 10.0, 100.0)
"""Inverse penalties, on rows whose total variance is 1."""

FOLDS = 5
LEAST = 2
"""Pictures of a label (near-duplicates count as one) below which there is nothing to learn."""

_FEATURES = "features"
_BIAS = 0.01
_ITERATIONS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """Labelled pictures to learn from.

    Attributes:
        names: K labels, `NONE` among them where pictures show none of the others.
        input: What is learnt from: ``features`` where the model gives them, else ``vectors``.
        rows: float32 (N, D) of that input.
        vectors: float64 (N, E), the embeddings, of length 1.
        texts: float64 (K, E), zero-shot weights: the cosine times the logit scale is
            ``vectors @ texts.T``.
        labels: int32 (N,), columns.
        groups: int32 (N,); near-duplicates share a number.
    """

    names: tuple[str, ...]
    input: str
    rows: np.ndarray
    vectors: Float64Array
    texts: Float64Array
    labels: Int32Array
    groups: Int32Array

    @property
    def prior(self) -> Float64Array:
        """Zero-shot logits, (N, K)."""
        logits: Float64Array = self.vectors @ self.texts.T
        return logits

    def take(self, rows: np.ndarray) -> Shots:
        """Return some of the pictures."""
        return Shots(
            self.names,
            self.input,
            self.rows[rows],
            self.vectors[rows],
            self.texts,
            self.labels[rows],
            numbered(self.groups[rows]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class FewShot:
    """A fitted and calibrated classifier.

    Attributes:
        scaling: Of the rows.
        coef: float64 (D, K), of standardised rows.
        intercept: float64 (K,).
        share: Of the zero-shot logits that are added.
        cost: Inverse penalty.
        calibrator: Temperature and shifts.
    """

    scaling: Scaling
    coef: Float64Array
    intercept: Float64Array
    share: float
    cost: float
    calibrator: Calibrator

    def log_probabilities(self, shots: Shots) -> Float64Array:
        """Return log probabilities (N, K) before calibration."""
        rows = self.scaling({shots.input: shots.rows})
        return _normal(rows @ self.coef + self.intercept + self.share * shots.prior)

    def probabilities(self, shots: Shots) -> Float64Array:
        """Return calibrated probabilities (N, K)."""
        return self.calibrator(self.log_probabilities(shots))


def shots_of(
    head: ClassifierHead, examples: Examples, labels: Sequence[str], groups: Int32Array
) -> Shots:
    """Gather what a few-shot head learns from.

    Args:
        head: The classifier in words, mode ``one``.
        examples: N embedded pictures.
        labels: N names of labels, `NONE` for none of them.
        groups: int32 (N,); near-duplicates share a number.

    Raises:
        ConfigError: The classifier's labels are independent of each other, a label has no pictures
            or too few, or there is one label only.
    """
    if head.rule.mode != "one":
        message = (
            f"{head.card.name}: labels of mode many are not told apart from each other; a head "
            'learnt from pictures needs mode = "one"'
        )
        raise ConfigError(message)
    names = (*head.labels, *((NONE,) if NONE in labels else ()))
    truth = names_of_truth(labels, names)
    for column, name in enumerate(names):
        count = len(np.unique(groups[truth == column]))
        if count < LEAST:
            message = (
                f"label {name!r} has {count} pictures to learn from; give it 5 to 20, and at "
                f"least {LEAST} (near-duplicates count as one)"
            )
            raise ConfigError(message)
    if len(names) < 2:
        message = f"label {names[0]!r} alone cannot be told from anything; fill a folder none, too"
        raise ConfigError(message)
    extras = examples.embeddings.extras
    used = _FEATURES if _FEATURES in extras else "vectors"
    vectors = unit_rows(examples.embeddings.vectors)
    rows = extras[_FEATURES] if used == _FEATURES else vectors.astype(np.float32)
    return Shots(names, used, rows, vectors, _texts(head, names), truth, numbered(groups))


def fit_few_shot(shots: Shots, *, seed: int = 0) -> FewShot:
    """Choose share and penalty by cross-validation, fit on all pictures, and calibrate.

    Args:
        shots: N pictures of K labels.
        seed: Of the folds.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    with one_thread():
        return _fitted(shots, seed)


def _fitted(shots: Shots, seed: int) -> FewShot:
    parts = _folds(shots, seed)
    found = {(share, cost): np.zeros_like(shots.prior) for share in SHARES for cost in COSTS}
    for fold in np.unique(parts):
        train, test = shots.take(parts != fold), shots.take(parts == fold)
        scaling, rows, axes = _prepared(train)
        new = scaling({test.input: test.rows}) @ axes
        for (share, cost), held in found.items():
            coef, intercept = _fit(rows, train, share, cost)
            held[parts == fold] = _normal(new @ coef + intercept + share * test.prior)
    weights = _weights(shots)
    place = np.arange(len(shots.labels))
    losses = {
        key: float(-(weights * held[place, shots.labels]).sum()) for key, held in found.items()
    }
    share, cost = min(losses, key=lambda key: losses[key])
    calibrator = fit_calibrator(found[share, cost], shots.labels)
    scaling, rows, axes = _prepared(shots)
    coef, intercept = _fit(rows, shots, share, cost)
    return FewShot(scaling, axes @ coef, intercept, share, cost, calibrator)


def held_out(shots: Shots, *, folds: int = FOLDS, seed: int = 0) -> tuple[Float64Array, Int32Array]:
    """Predict each picture from the others: probabilities (N, K), and the folds (N,).

    Share, penalty and calibration are chosen anew without each fold, so nothing of a picture or its
    near-duplicates is in what is said of it.
    """
    parts = _folds(shots, seed, folds)
    found = np.zeros_like(shots.prior)
    for fold in np.unique(parts):
        fitted = fit_few_shot(shots.take(parts != fold), seed=seed)
        found[parts == fold] = fitted.probabilities(shots.take(parts == fold))
    return found, parts


def few_shot_head(
    fitted: FewShot, shots: Shots, head: ClassifierHead, details: dict[str, Any]
) -> LinearHead:
    """Make a head of it that can be saved.

    Args:
        fitted: On ``shots``.
        shots: What it was fitted on.
        head: The classifier in words.
        details: For the card, figures among them.
    """
    blocks = [(shots.input, fitted.coef, fitted.scaling.standardiser())]
    coef, intercept = fitted.coef, fitted.intercept
    standard = fitted.scaling.standardiser()
    inputs: tuple[str, ...] = (shots.input,)
    prior = fitted.share * shots.texts.T
    if fitted.share > 0 and shots.input == "vectors":
        mean, scale = (part.astype(np.float64) for part in (standard.mean, standard.scale))
        coef, intercept = coef + scale[:, None] * prior, intercept + mean @ prior
    elif fitted.share > 0:
        width = shots.texts.shape[1]
        inputs = ("vectors", shots.input)
        coef = np.concatenate([prior, coef])
        standard = Standardiser(
            np.concatenate([np.zeros(width, np.float32), blocks[0][2].mean]),
            np.concatenate([np.ones(width, np.float32), blocks[0][2].scale]),
        )
    inverse = 1 / fitted.calibrator.temperature
    card = HeadCard(
        name=head.card.name,
        task="tags",
        space=head.card.space,
        inputs=inputs,
        source="few-shot",
        provenance=f"logistic regression from words and {len(shots.labels)} pictures of one's own",
        model=head.card.model,
        metrics=details.pop("metrics", {}),
        details={
            CARD_KEY: {"mode": "one", "abstain_below": details.pop("abstain_below", None)},
            "zero_shot_share": fitted.share,
            "cost": fitted.cost,
            "pictures": {
                name: int((shots.labels == column).sum()) for column, name in enumerate(shots.names)
            },
            **details,
        },
    )
    return LinearHead(
        card,
        shots.names,
        (coef * inverse).astype(np.float32),
        (intercept * inverse + fitted.calibrator.bias).astype(np.float32),
        standardiser=standard,
        link="softmax",
    )


def _texts(head: ClassifierHead, names: Sequence[str]) -> Float64Array:
    """Zero-shot weights of each label; of `NONE` the mean over the background's prompts."""
    known = head.vectors
    rows = list(known.labels.astype(np.float64))
    if NONE in names:
        against = np.concatenate([known.background, known.contrast]).astype(np.float64)
        rows.append(against.mean(axis=0) if len(against) else np.mean(rows, axis=0))
    return head.logit_scale * np.stack(rows)


def _folds(shots: Shots, seed: int, folds: int = FOLDS) -> Int32Array:
    return grouped_folds(shots.labels, shots.groups, folds, seed=seed)


def _prepared(shots: Shots) -> tuple[Scaling, Float64Array, Float64Array]:
    """Standardise, and turn to the main axes: scaling, rows (N, A) and axes (D, A)."""
    scaling = Scaling.fit({shots.input: shots.rows}, (shots.input,))
    rows = scaling({shots.input: shots.rows})
    axes = principal_axes(rows)
    turned = rows @ axes
    axes = axes / max(float(np.sqrt(turned.var(axis=0).sum())), 1e-12)
    return scaling, rows @ axes, axes


def _weights(shots: Shots) -> Float64Array:
    """Let each label weigh the same however many pictures it has; the mean is 1."""
    counts = np.bincount(shots.labels, minlength=len(shots.names))
    weights: Float64Array = (len(shots.labels) / np.maximum(counts, 1) / (counts > 0).sum())[
        shots.labels
    ]
    return weights


def _fit(
    rows: Float64Array, shots: Shots, share: float, cost: float
) -> tuple[Float64Array, Float64Array]:
    """Fit weights (A, K) and intercepts (K,) on top of a share of the zero-shot logits."""
    optimise = require("scipy.optimize")
    width, count = rows.shape[1], len(shots.names)
    goal, offset = np.eye(count)[shots.labels], share * shots.prior
    weights = cost * _weights(shots)[:, None]

    def loss(flat: Float64Array) -> tuple[float, Float64Array]:
        coef, intercept = flat[:-count].reshape(width, count), flat[-count:]
        logits = rows @ coef + intercept + offset
        total = logsumexp(logits)[:, None]
        error = weights * (np.exp(logits - total) - goal)
        value = float((weights[:, 0] * (total[:, 0] - (logits * goal).sum(axis=1))).sum())
        value += float((coef**2).sum() + _BIAS * (intercept**2).sum()) / 2
        slope = np.append(rows.T @ error + coef, error.sum(axis=0) + _BIAS * intercept)
        return value, slope

    found = optimise.minimize(
        loss,
        np.zeros((width + 1) * count),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS},
    ).x
    return found[:-count].reshape(width, count), found[-count:]


def _normal(logits: Float64Array) -> Float64Array:
    return logits - logsumexp(logits)[:, None]
