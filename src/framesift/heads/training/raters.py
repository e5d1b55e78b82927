"""Bring ratings to one scale of 0-10, and several raters to one opinion.

Each rating is modelled as ``picture + bias_r + spread_r (picture - mean) + noise_r``: every rater
has an offset, a use of the scale and an inconsistency. Pictures and raters are estimated in turn,
each weighted by how consistent the raters are, as in the maximum likelihood model of Li and
Bampis (2017), which ITU-T P.913 and P.910 recommend; offsets and spreads are shrunk towards none,
the more so the fewer ratings someone gave (empirical Bayes), so that a rater with three ratings
cannot bend the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.examples import Targets
from framesift.heads.training.metrics import srcc_of
from framesift.heads.training.results import Agreement, RaterFigures, Scale
from framesift.heads.training.scales import infer_scale

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array, RatingTable

__all__ = ["align_ratings"]

_ROUNDS = 50
_CONVERGED = 1e-6
_PRIOR_BIAS = 5.0
_PRIOR_SPREAD = 10.0
_PRIOR_NOISE = 5.0
_HALVES = 20
_FLAT = 1e-10


@dataclass(slots=True, eq=False)
class _Ratings:
    """M ratings of P pictures by R raters on the 0-10 scale."""

    picture: Int32Array
    rater: Int32Array
    value: Float64Array
    pictures: int
    raters: int

    def per_picture(self, values: Float64Array) -> Float64Array:
        return np.bincount(self.picture, values, minlength=self.pictures).astype(np.float64)

    def per_rater(self, values: Float64Array) -> Float64Array:
        return np.bincount(self.rater, values, minlength=self.raters).astype(np.float64)


def align_ratings(
    table: RatingTable, *, scale: tuple[float, float] | None = None, align: str = "auto"
) -> Targets:
    """Turn a table into one rating of 0-10 for each picture.

    Args:
        table: From `read_ratings`.
        scale: Raw ratings that become 0 and 10; ``None`` infers them (see `infer_scale`). Where the
            first is larger, less is better, as in ranks.
        align: ``auto`` aligns the raters where there are two or more; ``none`` takes plain means.

    Raises:
        ConfigError: A rating lies outside the given scale, or ``scale`` or ``align`` is not valid.
    """
    if align not in ("auto", "none"):
        message = f"align {align!r}: use auto or none"
        raise ConfigError(message)
    mapped = infer_scale(table.rating) if scale is None else _given(scale, table)
    ratings = _Ratings(
        table.picture,
        table.rater,
        10 * (table.rating - mapped.low) / (mapped.high - mapped.low),
        len(table),
        len(table.raters),
    )
    several = len(table.raters) > 1
    noise = np.ones(ratings.raters)
    values = ratings.per_picture(ratings.value) / np.maximum(
        ratings.per_picture(noise[table.rater]), 1
    )
    agreement = None
    if several:
        model = _fit(ratings)
        agreement = _agreement(ratings, model, table.raters)
        values = model.picture if align == "auto" else values
    values = np.clip(values, 0.0, 10.0)
    counts = np.bincount(table.picture, minlength=len(table)).astype(np.int32)
    warnings = _warnings(table, mapped, agreement)
    return Targets(
        table.paths, values, counts, table.groups, table.splits, mapped, agreement, warnings
    )


def _given(scale: tuple[float, float], table: RatingTable) -> Scale:
    low, high = float(scale[0]), float(scale[1])
    if not (np.isfinite([low, high]).all() and low != high):
        message = f"scale {low:g} to {high:g}: give two different numbers, worst first"
        raise ConfigError(message)
    outside = np.flatnonzero(
        (table.rating < min(low, high) - 1e-9) | (table.rating > max(low, high) + 1e-9)
    )
    if len(outside):
        first = int(outside[0])
        message = (
            f"{len(outside)} ratings lie outside the scale {low:g} to {high:g}, the first being "
            f"{table.rating[first]:g} of {table.paths[table.picture[first]]!r}; correct them or "
            "give the scale that was used"
        )
        raise ConfigError(message, source=table.source)
    return Scale(low, high, inferred=False, words=f"{low:g} to {high:g}, as given")


@dataclass(slots=True, eq=False)
class _Model:
    """Estimates: of each picture, bias, spread and noise of each rater, and variances."""

    picture: Float64Array
    bias: Float64Array
    spread: Float64Array
    noise: Float64Array
    variance: Float64Array


def _fit(ratings: _Ratings) -> _Model:
    count = np.maximum(ratings.per_rater(np.ones(len(ratings.value))), 1)
    seen = np.maximum(ratings.per_picture(np.ones(len(ratings.value))), 1)
    model = _Model(
        ratings.per_picture(ratings.value) / seen,
        np.zeros(ratings.raters),
        np.zeros(ratings.raters),
        np.ones(ratings.raters),
        np.zeros(ratings.pictures),
    )
    weight = np.ones(len(ratings.value))
    for _ in range(_ROUNDS):
        before = model.picture
        centre = float(before.mean())
        around = before[ratings.picture] - centre
        variance = max(float(before.var()), 1e-6)
        left = ratings.value - before[ratings.picture]
        model.bias = ratings.per_rater(left - model.spread[ratings.rater] * around) / (
            count + _PRIOR_BIAS
        )
        model.bias -= float(np.average(model.bias, weights=count))
        unbiased = left - model.bias[ratings.rater]
        model.spread = ratings.per_rater(unbiased * around) / (
            ratings.per_rater(around**2) + _PRIOR_SPREAD * variance
        )
        model.spread = np.clip(model.spread, -0.7, 2.0)
        model.spread -= float(np.average(model.spread, weights=count))
        rest = unbiased - model.spread[ratings.rater] * around
        # A picture's estimate follows its own ratings: what is left is too small by its share.
        free = 1 - weight / ratings.per_picture(weight)[ratings.picture]
        typical = max(float(np.sum(rest**2)) / max(float(free.sum()), 1.0), 1e-4)
        model.noise = np.sqrt(
            (ratings.per_rater(rest**2) + _PRIOR_NOISE * typical)
            / (ratings.per_rater(free) + _PRIOR_NOISE)
        )
        slope = 1 + model.spread[ratings.rater]
        # Each rating, as seen through its rater's offset and use of the scale.
        seen_as = (ratings.value - model.bias[ratings.rater] + (slope - 1) * centre) / slope
        weight = (slope / model.noise[ratings.rater]) ** 2
        model.picture = ratings.per_picture(weight * seen_as) / np.maximum(
            ratings.per_picture(weight), 1e-12
        )
        if float(np.abs(model.picture - before).max()) < _CONVERGED:
            break
    model.variance = 1 / np.maximum(ratings.per_picture(weight), 1e-12)
    return model


def _agreement(ratings: _Ratings, model: _Model, names: tuple[str, ...]) -> Agreement:
    per_picture = ratings.per_picture(np.ones(len(ratings.value)))
    shared = int((per_picture >= 2).sum())
    adjusted = (
        ratings.value
        - model.bias[ratings.rater]
        + model.spread[ratings.rater] * float(model.picture.mean())
    ) / (1 + model.spread[ratings.rater])
    icc, reliability = _intraclass(ratings, adjusted, per_picture)
    raters = _figures_of_raters(ratings, model, names, per_picture)
    halves = _split_halves(ratings, adjusted)
    ceiling = float("nan")
    if shared >= 3:
        # What is left of the variance of the estimates once their own errors are taken off.
        error = float(model.variance.mean()) / max(float(model.picture.var()), 1e-12)
        ceiling = float(np.clip(1 - error, 0.0, 1.0))
    return Agreement(raters, icc, reliability, halves, ceiling, shared)


def _intraclass(
    ratings: _Ratings, values: Float64Array, per_picture: Float64Array
) -> tuple[float, float]:
    """ICC(1) by one-way analysis of variance with unequal counts (Shrout and Fleiss 1979)."""
    some = per_picture >= 2
    rows = some[ratings.picture]
    if some.sum() < 3:
        return float("nan"), float("nan")
    counts = per_picture[some]
    means = ratings.per_picture(values)[some] / counts
    total = float(counts.sum())
    pictures = len(counts)
    grand = float(values[rows].mean())
    between = float(np.sum(counts * (means - grand) ** 2)) / (pictures - 1)
    all_means = ratings.per_picture(values) / np.maximum(per_picture, 1)
    within = float(np.sum((values - all_means[ratings.picture])[rows] ** 2)) / (total - pictures)
    typical = (total - float(np.sum(counts**2)) / total) / (pictures - 1)
    icc = (between - within) / max(between + (typical - 1) * within, 1e-12)
    icc = float(np.clip(icc, 0.0, 1.0))
    mean_count = len(ratings.value) / max(int((per_picture >= 1).sum()), 1)
    return icc, mean_count * icc / (1 + (mean_count - 1) * icc) if icc > 0 else 0.0


def _figures_of_raters(
    ratings: _Ratings, model: _Model, names: tuple[str, ...], per_picture: Float64Array
) -> tuple[RaterFigures, ...]:
    """Describe every rater, most ratings first; in a few passes, however many raters there are."""
    counts = ratings.per_rater(np.ones(len(ratings.value)))
    agreement = _with_others(ratings, per_picture)
    return tuple(
        RaterFigures(
            names[i],
            int(counts[i]),
            float(model.bias[i]),
            1 + float(model.spread[i]),
            float(model.noise[i]),
            float(agreement[i]),
        )
        for i in sorted(range(ratings.raters), key=lambda i: (-counts[i], names[i]))
    )


def _with_others(ratings: _Ratings, per_picture: Float64Array) -> Float64Array:
    """Pearson's correlation of each rater with the means of the others, float64 (R,).

    Over pictures that somebody else rated too; NaN under three of them, and where either side does
    not vary.
    """
    shared = per_picture[ratings.picture] >= 2
    picture, rater = ratings.picture[shared], ratings.rater[shared]
    own = ratings.value[shared]
    others = (ratings.per_picture(ratings.value)[picture] - own) / (per_picture[picture] - 1)

    def per_rater(values: Float64Array) -> Float64Array:
        return np.bincount(rater, values, minlength=ratings.raters).astype(np.float64)

    count = per_rater(np.ones(len(own)))
    sides = []
    for values in (own, others):
        mean = per_rater(values) / np.maximum(count, 1)
        sides.append(values - mean[rater])
    spread = np.sqrt(per_rater(sides[0] ** 2) * per_rater(sides[1] ** 2))
    known = (count >= 3) & (spread > _FLAT * np.maximum(count, 1))
    together = per_rater(sides[0] * sides[1])
    found: Float64Array = np.where(known, together / np.where(known, spread, 1.0), np.nan)
    return np.clip(found, -1.0, 1.0)


def _split_halves(ratings: _Ratings, values: Float64Array) -> float:
    """Mean SRCC of two random halves of each picture's ratings, stepped up by Spearman-Brown."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(_HALVES):
        order = rng.permutation(len(values))
        order = order[np.argsort(ratings.picture[order], kind="stable")]
        starts = np.searchsorted(ratings.picture[order], np.arange(ratings.pictures))
        place = np.arange(len(order)) - starts[ratings.picture[order]]
        halves = []
        for side in (0, 1):
            rows = order[place % 2 == side]
            count = np.bincount(ratings.picture[rows], minlength=ratings.pictures)
            total = np.bincount(ratings.picture[rows], values[rows], minlength=ratings.pictures)
            halves.append((count, total / np.maximum(count, 1)))
        both = (halves[0][0] > 0) & (halves[1][0] > 0)
        if both.sum() >= 5:
            found.append(srcc_of(halves[0][1][both], halves[1][1][both]))
    usable = [each for each in found if np.isfinite(each)]
    if not usable:
        return float("nan")
    half = float(np.mean(usable))
    return 2 * half / (1 + half) if half > 0 else half


def _warnings(table: RatingTable, scale: Scale, agreement: Agreement | None) -> tuple[str, ...]:
    said = []
    if scale.inferred:
        said.append(f"the scale of the ratings was taken to be {scale.words}; say so if it is not")
    if table.problem_count:
        said.append(f"{table.problem_count} rows or pictures were left out; see the problems")
    if table.repeats:
        said.append(f"{table.repeats} ratings repeat a picture and rater; means were used")
    if agreement is not None and agreement.pictures < 3:
        said.append("raters share too few pictures to be aligned with certainty")
    if agreement is not None and agreement.reliability < 0.5:
        said.append(
            f"the raters hardly agree (reliability {agreement.reliability:.2f}): no head can be "
            "better than the ratings"
        )
    return tuple(said)
