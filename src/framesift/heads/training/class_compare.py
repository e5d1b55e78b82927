"""Which of two classifiers is better on the same pictures, and whether that may be chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.class_metrics import balanced_accuracy, macro_f1
from framesift.heads.training.class_results import ClassComparison
from framesift.heads.training.evaluation_results import Difference
from framesift.heads.training.metrics import bootstrap, resamples

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.class_results import ClassifierEvaluation, ClassPrediction
    from framesift.heads.training.examples import Int32Array
    from framesift.heads.training.results import Figure

__all__ = ["compare_classifiers", "mcnemar_p"]

_LEAST = 3
_FEW_GROUPS = 20
_EXACT_UP_TO = 10
_SWAPS = 2000
_ALPHA = 0.05
_TINY = 1e-12
_HIGHER_IS_BETTER = {
    "accuracy": True,
    "balanced_accuracy": True,
    "macro_f1": True,
    "log_loss": False,
    "brier": False,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """What one classifier said of N pictures: label numbers, log losses and Brier scores."""

    given: Int32Array
    log_loss: Float64Array
    brier: Float64Array

    def mixed(self, other: _Side, swap: np.ndarray) -> _Side:
        """Take the other's answers where ``swap`` (N,) says so."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        return _Side(*(np.where(swap, theirs, own) for own, theirs in pairs))


def compare_classifiers(
    a: ClassifierEvaluation, b: ClassifierEvaluation, *, seed: int = 0, repeats: int = 1000
) -> ClassComparison:
    """Compare two evaluations of classifiers, picture by picture.

    Pictures are matched by name, or by index where there are no names; those that only one of
    the two judged are left out and counted in a warning. Groups are those of the first evaluation.

    - every figure: paired cluster bootstrap of the difference, and a permutation test that swaps
      the two classifiers' answers at random, a whole group at a time (all patterns up to 10
      groups, else 2,000 random ones). For the accuracy of unrelated pictures that is McNemar's
      test, and for other figures what it cannot be used for;
    - McNemar's exact test (1947; exact as in Fagerland et al. 2013) of the pictures that one of
      them alone got right, whatever their groups.

    Raises:
        ConfigError: They have under 3 pictures in common, or other labels for one.
    """
    pairs, warnings = _matched(a, b)
    names = sorted({one.actual for one, _ in pairs} | set(a.classes) | set(b.classes))
    place = {name: i for i, name in enumerate(names)}
    actual = np.array([place[one.actual] for one, _ in pairs], np.int32)
    sides = (
        _side([one for one, _ in pairs], a.classes, place),
        _side([two for _, two in pairs], b.classes, place),
    )
    labels = np.array([one.group for one, _ in pairs])
    groups = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int32)
    count = int(groups.max()) + 1
    if count < _FEW_GROUPS:
        warnings.append(
            f"{len(pairs)} pictures in {count} groups are few: only a large difference can be told "
            "from chance"
        )
    measures = _measures(actual, len(names))
    draws = resamples(groups, seed=seed, repeats=repeats)
    swapped = _swapped(measures, sides, groups, seed)
    differences = tuple(
        _difference(name, measure, sides, (draws, groups), swapped[name])
        for name, measure in measures.items()
    )
    right = sides[0].given == actual, sides[1].given == actual
    agreement = tuple(
        int(np.sum((right[0] == one) & (right[1] == two)))
        for one, two in ((True, True), (True, False), (False, True), (False, False))
    )
    both, first, second, neither = agreement
    return ClassComparison(
        a=a,
        b=b,
        n=len(pairs),
        differences=differences,
        agreement=(both, first, second, neither),
        mcnemar_p=mcnemar_p(first, second),
        verdict=_verdict(a.head, b.head, differences, (first, second)),
        warnings=tuple(warnings),
    )


def mcnemar_p(first: int, second: int) -> float:
    """Two-sided exact p that pictures which one alone got right are split evenly.

    Args:
        first: Pictures that A alone got right.
        second: Pictures that B alone got right.
    """
    count, fewer = first + second, min(first, second)
    # In logarithms: half to the power of many pictures is no number.
    terms = [
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        for k in range(fewer + 1)
    ]
    total = math.fsum(math.exp(term - count * math.log(2)) for term in terms)
    return min(1.0, 2 * total)


def _matched(
    a: ClassifierEvaluation, b: ClassifierEvaluation
) -> tuple[list[tuple[ClassPrediction, ClassPrediction]], list[str]]:
    named = all(each.name for side in (a, b) for each in side.predictions)

    def key(one: ClassPrediction) -> str | int:
        return one.name if named else one.index

    there = {key(each): each for each in b.predictions}
    pairs = [(each, there[key(each)]) for each in a.predictions if key(each) in there]
    if len(pairs) < _LEAST:
        message = f"the two evaluations have {len(pairs)} pictures in common; {_LEAST} are needed"
        raise ConfigError(message)
    if any(one.actual != two.actual for one, two in pairs):
        message = "the two evaluations hold different labels for a picture; use one folder for both"
        raise ConfigError(message)
    left = len(a.predictions) + len(b.predictions) - 2 * len(pairs)
    return pairs, [f"{left} pictures were judged by one head alone and left out"] if left else []


def _side(said: list[ClassPrediction], classes: tuple[str, ...], place: dict[str, int]) -> _Side:
    rows = np.array([each.probabilities for each in said])
    own = {name: i for i, name in enumerate(classes)}
    column = np.array([own.get(each.actual, -1) for each in said])
    of_actual = np.where(column >= 0, rows[np.arange(len(rows)), column], 0.0)
    # Sum of squared distances to the one-hot label, which may not be among the classes.
    brier = np.sum(rows**2, axis=1) - 2 * of_actual + 1
    given = np.array([place[each.predicted] for each in said], np.int32)
    return _Side(given, -np.log(np.maximum(of_actual, _TINY)), brier)


def _measures(actual: Int32Array, classes: int) -> dict[str, Callable[[_Side, np.ndarray], float]]:
    return {
        "accuracy": lambda side, rows: float(np.mean(side.given[rows] == actual[rows])),
        "balanced_accuracy": lambda side, rows: balanced_accuracy(
            actual[rows], side.given[rows], classes
        ),
        "macro_f1": lambda side, rows: macro_f1(actual[rows], side.given[rows], classes),
        "log_loss": lambda side, rows: float(side.log_loss[rows].mean()),
        "brier": lambda side, rows: float(side.brier[rows].mean()),
    }


def _swapped(
    measures: dict[str, Callable[[_Side, np.ndarray], float]],
    sides: tuple[_Side, _Side],
    groups: Int32Array,
    seed: int,
) -> dict[str, Float64Array]:
    """Differences of every figure when answers are swapped by whole groups."""
    count = int(groups.max()) + 1
    if count <= _EXACT_UP_TO:
        patterns = np.arange(2**count)[:, None] >> np.arange(count) & 1
    else:
        patterns = np.random.default_rng(seed).integers(0, 2, (_SWAPS, count))
        # The answers as they were are one of the patterns.
        patterns[0] = 0
    rows = np.arange(len(groups))
    found: dict[str, list[float]] = {name: [] for name in measures}
    for pattern in patterns.astype(bool)[:, groups]:
        one, two = sides[0].mixed(sides[1], pattern), sides[1].mixed(sides[0], pattern)
        for name, measure in measures.items():
            found[name].append(measure(two, rows) - measure(one, rows))
    return {name: np.array(values) for name, values in found.items()}


def _difference(
    name: str,
    measure: Callable[[_Side, np.ndarray], float],
    sides: tuple[_Side, _Side],
    draws: tuple[list[np.ndarray], Int32Array],
    swapped: Float64Array,
) -> Difference:
    one, two = sides
    apart = bootstrap(lambda rows: measure(two, rows) - measure(one, rows), *draws)
    p_value = float(np.mean(np.abs(swapped) >= abs(apart.value) - 1e-12))
    everything = np.arange(len(draws[1]))
    return Difference(
        name,
        measure(one, everything),
        measure(two, everything),
        apart,
        p_value,
        _better(name, apart, p_value),
    )


def _better(name: str, apart: Figure, p_value: float) -> Literal["a", "b", "undecided"]:
    if not (apart.low > 0 or apart.high < 0) or not p_value < _ALPHA:
        return "undecided"
    return "b" if (apart.value > 0) == _HIGHER_IS_BETTER[name] else "a"


def _verdict(
    first: str, second: str, differences: tuple[Difference, ...], alone: tuple[int, int]
) -> str:
    words = {"macro_f1": "mean F1", "brier": "Brier score"}
    told = {
        side: [
            f"{words.get(each.name, each.name.replace('_', ' '))} {each.a:.3f} and {each.b:.3f} "
            f"(p = {each.p_value:.3f})"
            for each in differences
            if each.better == side
        ]
        for side in ("a", "b")
    }
    said = [
        f"{name} is better: {'; '.join(told[side])}"
        for side, name in (("a", first), ("b", second))
        if told[side]
    ]
    counted = f"{first} alone is right on {alone[0]} pictures, {second} alone on {alone[1]}"
    if not said:
        return f"The difference between {first} and {second} may be chance: {counted}."
    return f"{'. '.join(said)}. {counted}."
