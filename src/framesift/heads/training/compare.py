"""Which of two heads is better on the same pictures, and whether that may be chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.extra import require
from framesift.heads.training.metrics import (
    bootstrap,
    error_of,
    plcc_of,
    r2_of,
    resamples,
    srcc_of,
)
from framesift.heads.training.results import Comparison, Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.examples import Int32Array
    from framesift.heads.training.results import Evaluation, Figure

__all__ = ["compare_heads", "swap_test", "williams_p"]

_LEAST = 3
_FEW_GROUPS = 20
_TOO_FEW_GROUPS = 6
_WILCOXON_LEAST = 6
_SWAPS = 5000
_ALPHA = 0.05
_HINTS = ("srcc", "mae")
_HIGHER_IS_BETTER = {"r2": True, "mse": False, "mae": False, "srcc": True, "plcc": True}


def compare_heads(
    a: Evaluation, b: Evaluation, *, seed: int = 0, repeats: int = 1000
) -> Comparison:
    """Compare two evaluations, picture by picture.

    Pictures are matched by name, or by index where there are no names; those that only one of the
    heads scored are left out and counted in a warning. Groups are those of the first evaluation.

    - every figure: paired cluster bootstrap of the difference;
    - MSE and MAE: a permutation test that swaps the two heads' errors at random, a whole group at
      a time (exact up to 12 groups);
    - SRCC and PLCC: Williams' t for two dependent correlations that share one variable, as
      Steiger (1980) recommends, with the number of groups as the sample size, so that related
      pictures do not count as independent evidence.

    Under 6 groups nothing can be decided so, and a warning says what the same tests would have
    said of single pictures.

    Raises:
        ConfigError: They have under 3 pictures in common, or other ratings for one.
        MissingExtraError: scipy is not installed.
    """
    pairs, warnings = _matched(a, b)
    y = np.array([a.predictions[i].actual for i, _ in pairs])
    one = np.array([a.predictions[i].predicted for i, _ in pairs])
    other = np.array([b.predictions[j].predicted for _, j in pairs])
    if np.abs(y - np.array([b.predictions[j].actual for _, j in pairs])).max() > 1e-6:
        message = "the two evaluations hold different ratings for a picture; use one table for both"
        raise ConfigError(message)
    labels = np.array([a.predictions[i].group for i, _ in pairs])
    groups = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int32)
    count = int(groups.max()) + 1
    if count < _FEW_GROUPS:
        warnings.append(
            f"{len(y)} pictures in {count} groups are few: only a large difference can be told "
            "from chance"
        )
    again = {"seed": seed, "repeats": repeats}
    differences = tuple(
        _difference(name, y, (one, other), groups, **again) for name in _HIGHER_IS_BETTER
    )
    if count < min(_TOO_FEW_GROUPS, len(y)):
        singly = np.arange(len(y), dtype=np.int32)
        hints = [_difference(name, y, (one, other), singly, **again) for name in _HINTS]
        warnings.append(_too_few(count, hints, (a.head, b.head)))
    errors = np.abs(one - y), np.abs(other - y)
    ties = np.isclose(*errors, atol=1e-9)
    wins = (
        int(((errors[0] < errors[1]) & ~ties).sum()),
        int(((errors[1] < errors[0]) & ~ties).sum()),
        int(ties.sum()),
    )
    return Comparison(
        a=a,
        b=b,
        n=len(y),
        differences=differences,
        wins=wins,
        wilcoxon_p=_wilcoxon(errors[1] - errors[0]),
        verdict=_verdict(a.head, b.head, differences, len(y)),
        warnings=tuple(warnings),
    )


def swap_test(differences: Float64Array, groups: Int32Array, *, seed: int = 0) -> float:
    """Two-sided p that a mean difference (N,) is 0, by flipping the sign of whole groups.

    All 2^G patterns up to 12 groups, else 5,000 random ones.
    """
    sums = np.bincount(groups, differences)
    observed = abs(float(sums.sum()))
    if len(sums) <= 12:
        bits = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1
        flipped = np.abs((2 * bits - 1) @ sums)
        return float(np.mean(flipped >= observed - 1e-12))
    signs = np.random.default_rng(seed).integers(0, 2, (_SWAPS, len(sums))) * 2 - 1
    reached = int((np.abs(signs @ sums) >= observed - 1e-12).sum())
    return (reached + 1) / (_SWAPS + 1)


def williams_p(first: float, second: float, between: float, count: int) -> float:
    """Two-sided p that two correlations with the same variable are equal (Williams 1959).

    Args:
        first: Correlation of the ratings with head A.
        second: With head B.
        between: Of the two heads.
        count: Independent observations, 4 or more.
    """
    if count < 4 or not np.isfinite([first, second, between]).all():
        return float("nan")
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    scale = 2 * determinant * (count - 1) / (count - 3) + mean**2 * (1 - between) ** 3
    if scale <= 1e-12 or between >= 1:
        return 1.0 if abs(first - second) < 1e-9 else float("nan")
    t = (first - second) * np.sqrt((count - 1) * (1 + between) / scale)
    return float(2 * require("scipy.stats").t.sf(abs(t), count - 3))


def _matched(a: Evaluation, b: Evaluation) -> tuple[list[tuple[int, int]], list[str]]:
    named = all(each.name for side in (a, b) for each in side.predictions)

    def keys(side: Evaluation) -> list[str | int]:
        return [each.name if named else each.index for each in side.predictions]

    there = {key: j for j, key in enumerate(keys(b))}
    pairs = [(i, there[key]) for i, key in enumerate(keys(a)) if key in there]
    if len(pairs) < _LEAST:
        message = f"the two evaluations have {len(pairs)} pictures in common; {_LEAST} are needed"
        raise ConfigError(message)
    left = len(a.predictions) + len(b.predictions) - 2 * len(pairs)
    return pairs, [f"{left} pictures were scored by one head alone and left out"] if left else []


def _difference(
    name: str,
    y: Float64Array,
    scores: tuple[Float64Array, Float64Array],
    groups: Int32Array,
    *,
    seed: int,
    repeats: int,
) -> Difference:
    measure = _measure(name)
    one, other = scores
    draws = resamples(groups, seed=seed, repeats=repeats)
    apart = bootstrap(
        lambda rows: measure(y[rows], other[rows]) - measure(y[rows], one[rows]), draws, groups
    )
    p_value = _p_value(name, y, scores, groups, seed)
    return Difference(
        name,
        measure(y, one),
        measure(y, other),
        apart,
        p_value,
        _better(name, apart, p_value),
    )


def _measure(name: str) -> Callable[[Float64Array, Float64Array], float]:
    return {
        "r2": r2_of,
        "mse": lambda y, p: float(np.mean((p - y) ** 2)),
        "mae": error_of,
        "srcc": srcc_of,
        "plcc": plcc_of,
    }[name]


def _p_value(
    name: str,
    y: Float64Array,
    scores: tuple[Float64Array, Float64Array],
    groups: Int32Array,
    seed: int,
) -> float:
    one, other = scores
    if name == "mae":
        return swap_test(np.abs(other - y) - np.abs(one - y), groups, seed=seed)
    if name in ("mse", "r2"):
        # On the same pictures R2 is a linear function of the MSE, so the test is the same.
        return swap_test((other - y) ** 2 - (one - y) ** 2, groups, seed=seed)
    correlation = srcc_of if name == "srcc" else plcc_of
    return williams_p(
        correlation(y, one), correlation(y, other), correlation(one, other), int(groups.max()) + 1
    )


def _better(name: str, apart: Figure, p_value: float) -> Literal["a", "b", "undecided"]:
    sure = apart.low > 0 or apart.high < 0
    if not sure or not p_value < _ALPHA:
        return "undecided"
    return "b" if (apart.value > 0) == _HIGHER_IS_BETTER[name] else "a"


def _wilcoxon(differences: Float64Array) -> float:
    moved = differences[np.abs(differences) > 1e-9]
    if len(moved) < _WILCOXON_LEAST:
        return float("nan")
    return float(require("scipy.stats").wilcoxon(moved).pvalue)


def _verdict(first: str, second: str, differences: tuple[Difference, ...], count: int) -> str:
    by_name = {each.name: each for each in differences}
    decided = [each for each in differences if each.better != "undecided"]
    if not decided:
        mae = by_name["mae"]
        return (
            f"Over {count} pictures the difference between {first} and {second} may be chance: "
            f"mean error {mae.a:.2f} and {mae.b:.2f} points."
        )
    sides = {each.better for each in decided}
    if len(sides) == 2:
        return (
            f"{first} and {second} are better at different things: "
            + "; ".join(_words(each, first, second) for each in decided)
            + "."
        )
    winner = first if sides == {"a"} else second
    return (
        f"{winner} is better: "
        + "; ".join(_words(each, first, second) for each in decided)
        + f" over {count} pictures."
    )


def _too_few(count: int, hints: Sequence[Difference], heads: tuple[str, str]) -> str:
    """Say why so few groups decide nothing, and what single pictures would have said."""
    least = 2.0 ** (1 - count)
    said = "; ".join(
        f"{_name(each)} {each.a:.2f} and {each.b:.2f}, difference {each.difference.value:+.2f} "
        f"({each.difference.low:+.2f} to {each.difference.high:+.2f}), "
        f"{'undecided' if each.better == 'undecided' else heads[each.better == 'b'] + ' better'}"
        for each in hints
    )
    return (
        f"with {count} groups hardly any difference can be proven: the smallest p that swapping "
        f"{count} groups can give is {least:.2g}. Taking pictures of one group for unrelated, "
        f"which overstates the evidence, it would be: {said}. Rate pictures of more scenes to know"
    )


def _words(each: Difference, first: str, second: str) -> str:
    return (
        f"{_name(each)} {each.a:.2f} ({first}) and {each.b:.2f} ({second}), p = {each.p_value:.3f}"
    )


def _name(each: Difference) -> str:
    return {"mae": "mean error", "mse": "squared error"}.get(each.name, each.name.upper())
