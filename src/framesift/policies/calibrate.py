"""Thresholds from labelled examples, with an honest statement of what they achieve.

Half of the examples choose the threshold; the other half, which the choice has not seen, says what
it achieves. Near-duplicates never fall on both sides. Rates of one class are chosen as conformal
prediction does (Vovk, Gammerman and Shafer 2005; the order statistic ``k + 1`` of ``n + 1``), so
that on average over choices the true rate keeps the target, which a plain quantile does not.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, cast, get_args

import numpy as np

from framesift.errors import ConfigError, PolicyError
from framesift.policies.decide import SCORE_DECIMALS
from framesift.policies.rates import Rate, rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Chosen", "Metric", "Needs", "Target", "choose_threshold", "needed"]

Metric: TypeAlias = Literal["fpr", "precision", "recall", "review", "block"]
"""What a target is about; ``review`` and ``block``: the share of all examples that is flagged."""

_AT_MOST: tuple[Metric, ...] = ("fpr", "review", "block")
_FORM = re.compile(r"\s*([a-z]+)\s*(<=|>=)\s*([0-9]*\.?[0-9]+)\s*(%?)\s*")
_FORMS = "fpr<=1%, precision>=0.95, recall>=0.9, review<=5% or block<=1%"
_STEP = Fraction(1, 10**SCORE_DECIMALS)
LEAST = 20
"""Examples of a class below which nothing useful can be said of it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a threshold should achieve.

    Attributes:
        metric: Rate that is limited: ``fpr``, ``review`` and ``block`` from above, ``precision``
            and ``recall`` from below.
        value: In (0, 1).
    """

    metric: Metric
    value: float

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read a target such as ``fpr<=1%`` or ``precision>=0.95``.

        Raises:
            ConfigError: It is no target; the message shows what one looks like.
        """
        found = _FORM.fullmatch(text.lower())
        if found is None or found[1] not in get_args(Metric):
            message = f"{text!r} is no target; write {_FORMS}"
            raise ConfigError(message)
        metric = cast("Metric", found[1])
        sense = "<=" if metric in _AT_MOST else ">="
        if found[2] != sense:
            message = f"{text!r} points the wrong way; a target for {metric} is written {sense}"
            raise ConfigError(message)
        value = float(found[3]) / (100 if found[4] else 1)
        if not 0 < value < 1:
            message = f"{text!r}: the rate must lie between 0 and 1 (0 % and 100 %), ends excluded"
            raise ConfigError(message)
        return cls(metric, value)

    @property
    def at_most(self) -> bool:
        """Whether less is better."""
        return self.metric in _AT_MOST

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.metric}{'<=' if self.at_most else '>='}{100 * self.value:g}%"


@dataclass(frozen=True, slots=True)
class Needs:
    """How many independent examples a target takes; near-duplicates count as one.

    Attributes:
        positives: Of the category.
        negatives: Not of it.
        total: Together.
    """

    positives: int
    negatives: int
    total: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold and what it achieves on examples that did not choose it.

    Attributes:
        target: What was asked for.
        threshold: In (0, 1], four decimals.
        achieved: The target's rate on held-back examples.
        recall: Share of the category that reaches the threshold, on the same.
        precision: Share of what reaches it that is of the category, on the same; it depends on how
            frequent the category is among the examples.
        fpr: Share of the others that reaches it, on the same.
        chosen_on: Independent examples that chose: of the category, and others.
        held_back: Independent examples that were held back: of the category, and others.
    """

    target: Target
    threshold: float
    achieved: Rate
    recall: Rate
    precision: Rate
    fpr: Rate
    chosen_on: tuple[int, int]
    held_back: tuple[int, int]

    @property
    def met(self) -> bool:
        """Whether the held-back examples agree with the target: it lies within their interval."""
        if self.target.at_most:
            return self.achieved.low <= self.target.value
        return self.achieved.high >= self.target.value


class _Data(NamedTuple):
    """Rounded scores, labels, and the number of each example's group."""

    scores: NDArray[np.float64]
    labels: NDArray[np.bool_]
    groups: NDArray[np.int64]

    def part(self, which: NDArray[np.bool_]) -> _Data:
        """Return some of the examples."""
        return _Data(self.scores[which], self.labels[which], self.groups[which])


class _Examples(NamedTuple):
    """Scores of one side of the split, each example weighing its share of its group."""

    scores: NDArray[np.float64]
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]


def needed(target: Target) -> Needs:
    """Return how many examples a target takes.

    A rate of 1 % cannot be told from 0 with fewer than a hundred examples that could break it, and
    both halves of the split need that many.
    """
    exact = Fraction(target.value).limit_denominator(10**9)
    miss = exact if target.at_most else 1 - exact
    if target.metric == "precision":
        least = 2 * math.ceil(exact / (1 - exact))
    else:
        least = 2 * (math.ceil(1 / miss) - 1)
    positives = negatives = LEAST
    if target.metric in ("precision", "recall"):
        positives = max(LEAST, least)
    elif target.metric == "fpr":
        negatives = max(LEAST, least)
    else:
        return Needs(0, 0, max(2 * LEAST, least))
    return Needs(positives, negatives, positives + negatives)


def choose_threshold(
    scores: ArrayLike,
    labels: ArrayLike,
    target: Target,
    *,
    groups: Sequence[object] | None = None,
    seed: int = 0,
) -> Chosen:
    """Choose the threshold that reaches a target with as little loss as it can.

    For ``fpr``, ``review``, ``block`` and ``precision`` that is the lowest threshold that keeps the
    target, for ``recall`` the highest.

    Args:
        scores: In [0, 1], (N,).
        labels: Whether each example is of the category, (N,).
        target: What to reach.
        groups: For each example something hashable that near-duplicates share, (N,); ``None``
            where no two are alike.
        seed: Of the split; the same examples in any order and the same seed split alike as long as
            their groups are told apart by it.

    Raises:
        PolicyError: There are too few examples, saying how many it takes; or no threshold can
            reach the target because too many scores are alike.
        ValueError: The arrays do not fit together, or a score lies outside [0, 1].
    """
    data = _checked(scores, labels, groups)
    _refuse_too_few(data, target)
    held = _held_back(data, seed)
    choosing = data.part(~held)
    weights = _weights(choosing, target)
    threshold = _PICK[target.metric](
        _Examples(choosing.scores, choosing.labels, weights), target.value
    )
    if threshold is None or threshold > 1:
        message = (
            f"no threshold reaches {target}: too many scores are alike, or the scores do not tell "
            "the category from the rest"
        )
        raise PolicyError(message)
    return _measured(target, float(threshold), choosing, data.part(held))


def _checked(scores: ArrayLike, labels: ArrayLike, groups: Sequence[object] | None) -> _Data:
    values: NDArray[np.float64] = np.asarray(scores, dtype=np.float64).round(SCORE_DECIMALS)
    truth: NDArray[np.bool_] = np.asarray(labels, dtype=np.bool_)
    if values.ndim != 1 or values.shape != truth.shape:
        message = f"scores have shape {values.shape}, labels {truth.shape}; expected both (N,)"
        raise ValueError(message)
    if not np.all((values >= 0) & (values <= 1)):
        message = "scores must be numbers in [0, 1]"
        raise ValueError(message)
    if groups is None:
        return _Data(values, truth, np.arange(len(values), dtype=np.int64))
    if len(groups) != len(values):
        message = f"{len(groups)} groups for {len(values)} scores"
        raise ValueError(message)
    names: dict[object, int] = {}
    order = [names.setdefault(name, len(names)) for name in groups]
    return _Data(values, truth, np.asarray(order, dtype=np.int64))


def _refuse_too_few(data: _Data, target: Target) -> None:
    wants = needed(target)
    positives, negatives = _units(data)
    total = len(np.unique(data.groups))
    if positives >= wants.positives and negatives >= wants.negatives and total >= wants.total:
        return
    if wants.positives:
        wanted = f"{wants.positives} examples of the category and {wants.negatives} others"
        found = f"{positives} and {negatives}"
    else:
        wanted, found = f"{wants.total} examples", f"{total}"
    message = (
        f"{target} takes at least {wanted}, and there are {found} (near-duplicates count as one); "
        "label more, or choose a looser target"
    )
    raise PolicyError(message)


def _units(data: _Data) -> tuple[int, int]:
    return len(np.unique(data.groups[data.labels])), len(np.unique(data.groups[~data.labels]))


def _held_back(data: _Data, seed: int) -> NDArray[np.bool_]:
    """Hold back every second group of each class, in random order: both halves are alike."""
    rng = np.random.default_rng(seed)
    held = np.zeros(int(data.groups.max()) + 1, dtype=np.bool_)
    with_positives = np.unique(data.groups[data.labels])
    others = np.setdiff1d(np.unique(data.groups), with_positives)
    for members in (with_positives, others):
        held[rng.permutation(members)[1::2]] = True
    return np.asarray(held[data.groups])


def _weights(data: _Data, target: Target) -> NDArray[np.float64]:
    """Weigh each example by one over the size of its group (in its class, where classes count)."""
    by_class = target.metric not in ("review", "block")
    key = 2 * data.groups + data.labels if by_class else data.groups
    _, place, sizes = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / sizes[place.reshape(-1)])


def _below(weights: NDArray[np.float64], scores: NDArray[np.float64], rate_: float) -> float | None:
    """Return the lowest threshold that at most a share of these examples reaches, or ``None``."""
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weights[order])
    room = rate_ * (reached[-1] + 1) - 1
    broken = np.flatnonzero(reached > room + 1e-9)
    if room < -1e-9:
        return None
    if not len(broken):
        return float(_STEP)
    # The first example that would be one too many, and all that score the same, must stay below.
    return round(float(scores[order][broken[0]]) + float(_STEP), SCORE_DECIMALS)


def _for_fpr(examples: _Examples, value: float) -> float | None:
    others = ~examples.labels
    return _below(examples.weights[others], examples.scores[others], value)


def _for_share(examples: _Examples, value: float) -> float | None:
    return _below(examples.weights, examples.scores, value)


def _for_recall(examples: _Examples, value: float) -> float | None:
    scores, weights = examples.scores[examples.labels], examples.weights[examples.labels]
    order = np.argsort(scores, kind="stable")
    missed = np.cumsum(weights[order]) - weights[order]
    room = (1 - value) * (weights.sum() + 1) - 1
    kept = np.flatnonzero(missed <= room + 1e-9)
    if not len(kept):
        return None
    found = float(scores[order][kept[-1]])
    return found if found > 0 else None


def _for_precision(examples: _Examples, value: float) -> float | None:
    order = np.argsort(-examples.scores, kind="stable")
    scores, weights = examples.scores[order], examples.weights[order]
    right = np.cumsum(weights * examples.labels[order])
    # One wrong example more than was seen, so that three right ones are not taken for all.
    precision = right / (np.cumsum(weights) + 1)
    last_of_score = np.append(scores[1:] != scores[:-1], [True])
    kept = np.flatnonzero(last_of_score & (precision >= value - 1e-9) & (scores > 0))
    return float(scores[kept[-1]]) if len(kept) else None


_PICK = {
    "fpr": _for_fpr,
    "review": _for_share,
    "block": _for_share,
    "recall": _for_recall,
    "precision": _for_precision,
}


def _measured(target: Target, threshold: float, choosing: _Data, held: _Data) -> Chosen:
    reached, truth = held.scores >= threshold, held.labels
    recall = rate(reached[truth], held.groups[truth])
    precision = rate(truth[reached], held.groups[reached])
    fpr = rate(reached[~truth], held.groups[~truth])
    achieved = {"recall": recall, "precision": precision, "fpr": fpr}.get(target.metric)
    return Chosen(
        target,
        threshold,
        achieved or rate(reached, held.groups),
        recall,
        precision,
        fpr,
        chosen_on=_units(choosing),
        held_back=_units(held),
    )
