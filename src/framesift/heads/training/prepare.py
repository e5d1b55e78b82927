"""Check what the user passed and bring it into an order that the caller cannot influence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.training.crossval import FEW, Pictures
from framesift.heads.training.examples import Examples, FitOptions, Int32Array, Targets
from framesift.heads.training.folds import canonical_order, numbered
from framesift.heads.training.groups import Grouping, group_pictures
from framesift.heads.training.search import input_sets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from framesift.heads.numeric import Float64Array
    from framesift.types import Float32Array

__all__ = [
    "LEAST",
    "MOST",
    "Prepared",
    "as_targets",
    "checked_sets",
    "inputs_of",
    "prepare",
]

LEAST = 8
"""Pictures below which there is nothing to train or test on."""

MOST = 10_000
"""Pictures trained on at most; beyond, a random part of the groups is drawn."""

_LEAKY_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Pictures in canonical order.

    Attributes:
        index: int32 (T,), rows of the caller that are trained on, in canonical order.
        pictures: Those pictures.
        group_names: N names, empty where none was given.
        test: int32, rows of the caller marked ``test``; empty without that column.
        arrays: All of the caller's inputs by name.
        y: All of the caller's ratings, 0-10.
        names: N paths, or N empty strings.
        grouping: Of all rows, in the caller's order.
        sets: Input sets to try, the widest first.
        warnings: Sentences that the user must see.
    """

    index: Int32Array
    pictures: Pictures
    group_names: tuple[str, ...]
    test: Int32Array
    arrays: dict[str, Float32Array]
    y: Float64Array
    names: tuple[str, ...]
    grouping: Grouping
    sets: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...]


def as_targets(given: Targets | ArrayLike, count: int) -> Targets | Float64Array:
    """Accept targets, or ratings of 0-10 as any array of N numbers.

    Raises:
        ConfigError: They are of another length, not finite or outside 0-10.
    """
    values = given.values if isinstance(given, Targets) else np.asarray(given, np.float64)
    if values.shape != (count,):
        message = f"{values.shape} ratings for {count} embeddings; pass one rating for each"
        raise ConfigError(message)
    bad = np.flatnonzero(~np.isfinite(values) | (values < -1e-9) | (values > 10 + 1e-9))
    if len(bad):
        message = (
            f"rating {values[bad[0]]:g} (row {bad[0]}) is not between 0 and 10; map the ratings "
            "with align_ratings first"
        )
        raise ConfigError(message)
    return given if isinstance(given, Targets) else np.clip(values, 0.0, 10.0)


def inputs_of(examples: Examples) -> dict[str, Float32Array]:
    """Return ``vectors`` and the extras by name.

    Raises:
        ConfigError: An entry is NaN or infinite.
    """
    arrays = {"vectors": examples.embeddings.vectors, **examples.embeddings.extras}
    for name, rows in arrays.items():
        wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(wrong):
            picture = examples.names[wrong[0]] if examples.names else f"row {wrong[0]}"
            message = f"{name} of {picture} is not finite; leave this picture out"
            raise ConfigError(message)
    return {name: np.asarray(rows, np.float32) for name, rows in arrays.items()}


def prepare(
    examples: Examples,
    targets: Targets | ArrayLike,
    options: FitOptions,
    named: Sequence[str],
) -> Prepared:
    """Check everything, find groups, and put training pictures in canonical order.

    Raises:
        ConfigError: There is too little or nothing to learn.
    """
    checked = as_targets(targets, len(examples))
    y = checked.values if isinstance(checked, Targets) else checked
    groups_given = checked.groups if isinstance(checked, Targets) else tuple(named)
    splits = checked.splits if isinstance(checked, Targets) else ()
    group_names = tuple(groups_given) or ("",) * len(examples)
    arrays = inputs_of(examples)
    sets = checked_sets(options, arrays)
    order = _order(arrays, y, group_names, examples)
    grouping = _grouping(examples, group_names, options, order)
    warnings = list(grouping.warnings)
    train, test, split_warnings = _split(order, splits, grouping.groups)
    warnings += split_warnings
    _refuse(y[train], "train on" if len(test) else "learn from")
    train, cap_warnings = _cap(train, grouping.groups, options)
    warnings += cap_warnings + _few(len(train))
    kept = {name: rows[train] for name, rows in arrays.items()}
    pictures = Pictures(kept, y[train], numbered(grouping.groups[train]))
    if int(pictures.groups.max()) < 1:
        message = (
            "all pictures belong to one group, so none can be held out; rate pictures of other "
            "scenes too, or leave the group column out"
        )
        raise ConfigError(message)
    return Prepared(
        train,
        pictures,
        group_names,
        test,
        arrays,
        y,
        examples.names or ("",) * len(examples),
        grouping,
        sets,
        tuple(warnings),
    )


def checked_sets(
    options: FitOptions,
    arrays: dict[str, Float32Array],
    task: Literal["quality", "tags"] = "quality",
) -> tuple[tuple[str, ...], ...]:
    """Return the input sets to try.

    Raises:
        ConfigError: The options name an input that is not there.
    """
    widths = {name: rows.shape[1] for name, rows in arrays.items()}
    sets = input_sets(options, widths, task=task)
    for name in {each for some in sets for each in some}:
        if name not in arrays:
            message = f"there is no input {name!r}; use some of {', '.join(arrays)}"
            raise ConfigError(message)
    return sets


def _order(
    arrays: dict[str, Float32Array],
    y: Float64Array,
    group_names: tuple[str, ...],
    examples: Examples,
) -> Int32Array:
    names = examples.names or ("",) * len(y)
    keys = [
        b"\0".join(
            [name.encode(), group.encode(), rating.tobytes()]
            + [rows[i].tobytes() for rows in arrays.values()]
        )
        for i, (name, group, rating) in enumerate(zip(names, group_names, y, strict=True))
    ]
    return canonical_order(keys)


def _grouping(
    examples: Examples, group_names: tuple[str, ...], options: FitOptions, order: Int32Array
) -> Grouping:
    """Group in canonical order, then number in the caller's."""
    found = group_pictures(
        examples.take([int(i) for i in order]), [group_names[i] for i in order], options
    )
    groups = np.empty(len(order), np.int32)
    groups[order] = found.groups
    return replace(found, groups=groups)


def _split(
    order: Int32Array, splits: Sequence[str], groups: Int32Array
) -> tuple[Int32Array, Int32Array, list[str]]:
    if "test" not in splits:
        return order, np.empty(0, np.int32), []
    is_test = np.array([splits[i] == "test" for i in order])
    train, test = order[~is_test], order[is_test]
    leaky = np.isin(groups[train], groups[test])
    if not leaky.any():
        return train, test, []
    if leaky.mean() > _LEAKY_SHARE:
        message = (
            f"{int(leaky.sum())} of {len(train)} training pictures are related to test pictures "
            "(same group, file, scene or burst): figures on the test split are too kind; trust the "
            "grouped cross-validation"
        )
        return train, test, [message]
    message = (
        f"{int(leaky.sum())} training pictures are related to test pictures (same group, file, "
        "scene or burst) and were left out of training"
    )
    return train[~leaky], test, [message]


def _refuse(y: Float64Array, what: str) -> None:
    if len(y) < LEAST:
        message = f"{len(y)} rated pictures are too few to {what}; rate at least {LEAST}"
        raise ConfigError(message)
    if float(np.ptp(y)) < 1e-9:
        message = (
            f"all {len(y)} ratings are the same, so there is nothing to learn; rate good and bad "
            "pictures"
        )
        raise ConfigError(message)


def _cap(
    train: Int32Array, groups: Int32Array, options: FitOptions
) -> tuple[Int32Array, list[str]]:
    if len(train) <= MOST:
        return train, []
    rng = np.random.default_rng(options.seed + 3)
    present, sizes = np.unique(groups[train], return_counts=True)
    shuffled = rng.permutation(len(present))
    chosen = present[shuffled[np.cumsum(sizes[shuffled]) <= MOST]]
    kept = train[np.isin(groups[train], chosen)]
    message = (
        f"{len(train)} rated pictures: a random {len(kept)} of them were used, in whole groups; "
        "beyond that the learning curve is flat"
    )
    return kept, [message]


def _few(count: int) -> list[str]:
    if count >= FEW:
        return []
    message = (
        f"only {count} rated pictures: the head was held back strongly towards the mean rating and "
        "tested by leaving out one group at a time; rate 100 or more before relying on it"
    )
    return [message]
