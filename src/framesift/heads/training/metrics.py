"""How near predictions come to ratings, with bootstrap intervals that resample whole groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.extra import require
from framesift.heads.training.results import Decile, Figure, GroupFigures, Loss, Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array

__all__ = [
    "bootstrap",
    "by_group",
    "coverage_of",
    "deciles_of",
    "error_of",
    "interval_of",
    "kendall_of",
    "loss_of",
    "metrics_of",
    "plcc_of",
    "r2_of",
    "resamples",
    "srcc_of",
]

_MANY = 5000
_MIN_GROUPS = 4
_INTERVAL = (2.5, 97.5)


def r2_of(actual: Float64Array, predicted: Float64Array) -> float:
    """1 - MSE / variance of the ratings; NaN where they are constant."""
    spread = float(np.sum((actual - actual.mean()) ** 2))
    return 1 - float(np.sum((predicted - actual) ** 2)) / spread if spread > 0 else float("nan")


def plcc_of(actual: Float64Array, predicted: Float64Array) -> float:
    """Pearson's correlation; NaN where either side is constant."""
    a, b = actual - actual.mean(), predicted - predicted.mean()
    length = float(np.sqrt(np.sum(a**2) * np.sum(b**2)))
    # A constant leaves rounding behind, never more than this.
    tiny = 1e-12 * max(1.0, float(np.abs(actual).max()) * float(np.abs(predicted).max()))
    return float(np.sum(a * b)) / length if length > tiny * len(a) else float("nan")


def srcc_of(actual: Float64Array, predicted: Float64Array) -> float:
    """Spearman's rank correlation, ties averaged; NaN where either side is constant."""
    return plcc_of(_ranks(actual), _ranks(predicted))


def kendall_of(actual: Float64Array, predicted: Float64Array) -> float:
    """Kendall's tau-b; NaN where either side is constant."""
    if np.ptp(actual) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    return float(require("scipy.stats").kendalltau(actual, predicted).statistic)


def error_of(actual: Float64Array, predicted: Float64Array) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(predicted - actual)))


def loss_of(actual: Float64Array, predicted: Float64Array) -> Loss:
    """Errors without intervals."""
    squared = float(np.mean((predicted - actual) ** 2))
    return Loss(
        len(actual),
        r2_of(actual, predicted),
        squared,
        error_of(actual, predicted),
        srcc_of(actual, predicted),
    )


def metrics_of(
    actual: Float64Array,
    predicted: Float64Array,
    groups: Int32Array,
    *,
    seed: int = 0,
    repeats: int = 1000,
) -> Metrics:
    """Measure predictions (N,) against ratings (N,), intervals by the cluster bootstrap.

    Whole groups are drawn with replacement (Field and Welsh 2007), since pictures of one scene
    are no independent evidence. Beyond 5,000 pictures a fifth of the resamples is drawn; Kendall's
    tau, which is slow, takes a third of them.
    """
    draws = resamples(groups, seed=seed, repeats=repeats)

    def figure(measure: Callable[[Float64Array, Float64Array], float], share: int = 1) -> Figure:
        return bootstrap(
            lambda rows: measure(actual[rows], predicted[rows]), draws[::share], groups
        )

    return Metrics(
        n=len(actual),
        groups=len(np.unique(groups)),
        r2=figure(r2_of),
        mse=figure(lambda a, p: float(np.mean((p - a) ** 2))),
        mae=figure(error_of),
        srcc=figure(srcc_of),
        plcc=figure(plcc_of),
        kendall=figure(kendall_of, 3),
    )


def resamples(groups: Int32Array, *, seed: int, repeats: int) -> list[np.ndarray]:
    """Draw groups with replacement: row indices of each resample; none below four groups."""
    _, numbered = np.unique(groups, return_inverse=True)
    numbered = numbered.reshape(-1)
    count = int(numbered.max()) + 1 if len(numbered) else 0
    if count < _MIN_GROUPS:
        return []
    order = np.argsort(numbered, kind="stable")
    ends = np.cumsum(np.bincount(numbered, minlength=count))
    members = np.split(order, ends[:-1])
    rng = np.random.default_rng(seed)
    repeats = repeats if len(groups) <= _MANY else max(repeats // 5, 50)
    if count == len(groups):
        return [order[rng.integers(0, count, count)] for _ in range(repeats)]
    return [
        np.concatenate([members[i] for i in rng.integers(0, count, count)]) for _ in range(repeats)
    ]


def bootstrap(
    measure: Callable[[np.ndarray], float], draws: Sequence[np.ndarray], groups: Int32Array
) -> Figure:
    """Measure all rows and every resample; the interval holds the middle 95 % of the latter."""
    value = measure(np.arange(len(groups)))
    if not draws:
        return Figure(value)
    return Figure(value, *interval_of(np.array([measure(rows) for rows in draws])))


def interval_of(values: Float64Array) -> tuple[float, float]:
    """The middle 95 % of resampled values; NaN where over half have no meaning."""
    usable = values[np.isfinite(values)]
    if len(usable) * 2 < len(values) or len(usable) == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(usable, _INTERVAL)
    return float(low), float(high)


def coverage_of(
    actual: Float64Array,
    interval: tuple[Float64Array, Float64Array],
    groups: Int32Array,
    *,
    seed: int = 0,
    repeats: int = 1000,
) -> Figure:
    """Share of ratings within ``interval`` (low and high, both (N,)), ends included."""
    inside = ((actual >= interval[0]) & (actual <= interval[1])).astype(np.float64)
    draws = resamples(groups, seed=seed, repeats=repeats)
    return bootstrap(lambda rows: float(inside[rows].mean()), draws, groups)


def by_group(
    actual: Float64Array,
    predicted: Float64Array,
    names: Sequence[str],
    *,
    seed: int = 0,
    repeats: int = 1000,
) -> tuple[GroupFigures, ...]:
    """Errors within each named group, the largest bias first; empty names are left out."""
    rows_of: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if name:
            rows_of.setdefault(name, []).append(i)
    found = []
    for place, (name, listed) in enumerate(sorted(rows_of.items())):
        rows = np.array(listed)
        miss = predicted[rows] - actual[rows]
        alone = np.arange(len(rows), dtype=np.int32)
        draws = resamples(alone, seed=seed + place, repeats=min(repeats, 500))
        found.append(
            GroupFigures(
                name,
                len(rows),
                float(actual[rows].mean()),
                float(predicted[rows].mean()),
                bootstrap(lambda some, miss=miss: float(miss[some].mean()), draws, alone),  # type: ignore[misc]
                float(np.abs(miss).mean()),
            )
        )
    return tuple(sorted(found, key=lambda each: (-abs(each.bias.value), each.name)))


def deciles_of(actual: Float64Array, predicted: Float64Array) -> tuple[Decile, ...]:
    """Tenths of the pictures by predicted score, lowest first; fewer where there are few."""
    order = np.argsort(predicted, kind="stable")
    return tuple(
        Decile(
            float(predicted[rows].min()),
            float(predicted[rows].max()),
            len(rows),
            float(predicted[rows].mean()),
            float(actual[rows].mean()),
            error_of(actual[rows], predicted[rows]),
        )
        for rows in np.array_split(order, min(10, max(1, len(order) // 5)))
        if len(rows)
    )


def _ranks(values: Float64Array) -> Float64Array:
    """Ranks from 1, ties averaged."""
    ordered = np.sort(values)
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    return np.asarray((left + right + 1) / 2, dtype=np.float64)
