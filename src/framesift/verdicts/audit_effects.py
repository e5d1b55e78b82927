"""What changes with one more label, or with other words, group by group.

The same pictures are answered twice, so changes are paired: Newcombe's paired interval, the exact
test of McNemar (1947), Holm's correction over all groups and outcomes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.training.class_compare import mcnemar_p
from framesift.verdicts.audit import Table
from framesift.verdicts.audit_results import (
    AuditOptions,
    LabelEffect,
    PairedChange,
    SpreadChange,
    WordingEffect,
    WordingShare,
)
from framesift.verdicts.permutation import holm
from framesift.verdicts.proportions import difference, paired_difference, share
from framesift.verdicts.resampling import paired_span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from framesift.verdicts.audit_results import Answers

__all__ = ["label_effect", "wording_effect"]


def label_effect(
    before: Answers,
    after: Answers,
    columns: Mapping[str, Sequence[str]],
    *,
    options: AuditOptions | None = None,
) -> LabelEffect:
    """Compare the answers of the same pictures before and after labels were added.

    Outcomes are the named sets, or where there are none the labels of before.

    Args:
        before: Of N pictures.
        after: Of the same pictures; its further labels are the added ones.
        columns: As for `audit_bias`.
        options: As for `audit_bias`.

    Raises:
        ValueError: The pictures or the outcomes do not fit each other.
    """
    options = options or AuditOptions()
    outcomes = _outcomes(before)
    if len(before) != len(after) or not set(outcomes) <= set(after.names):
        message = "before and after must be of the same pictures and outcomes"
        raise ValueError(message)
    table = Table(columns, intersections=options.intersections)
    added = tuple(
        name for name in after.names[: after.answers] if name not in before.names[: before.answers]
    )
    taken: NDArray[np.bool_] = np.any(_hits(after, added), axis=1)
    changes, spreads = [], []
    for name in outcomes:
        one, two = _hits(before, (name,))[:, 0], _hits(after, (name,))[:, 0]
        scores = _scores(before, name), _scores(after, name)
        changes += [
            _change(table, group, name, (one, two), scores) for group in range(len(table.names))
        ]
        spreads += [
            _spread(table, column, name, (one, two), options)
            for column in range(len(table.columns))
        ]
    corrected = holm([change.p for change in changes])
    changes = [replace(change, adjusted=p) for change, p in zip(changes, corrected, strict=True)]
    return LabelEffect(
        added,
        share(int(taken.sum()), len(taken)),
        tuple(changes),
        tuple(one for one in spreads if one is not None),
    )


def wording_effect(
    wordings: Mapping[str, Answers],
    columns: Mapping[str, Sequence[str]],
    *,
    options: AuditOptions | None = None,
) -> WordingEffect:
    """Compare what groups get under several wordings of the same labels.

    Args:
        wordings: Wording to the answers of the same N pictures, the one in use first.
        columns: As for `audit_bias`.
        options: As for `audit_bias`.
    """
    options = options or AuditOptions()
    table = Table(columns, intersections=options.intersections)
    answers = list(wordings.values())
    first = answers[0]
    outcomes = _outcomes(first)
    labels = first.names[: first.answers]
    changed = tuple(
        float((_hits(one, labels) != _hits(first, labels)).any(axis=1).mean()) for one in answers
    )
    shares: dict[str, tuple[float, ...]] = {}
    groups = []
    for name in outcomes:
        hits = [_hits(one, (name,))[:, 0] for one in answers]
        shares[name] = tuple(float(one.mean()) for one in hits)
        groups += [_worded(table, group, name, hits) for group in range(len(table.names))]
    return WordingEffect(tuple(wordings), changed, shares, tuple(groups))


def _outcomes(answers: Answers) -> tuple[str, ...]:
    """Return the named sets, or the labels where there are none."""
    return answers.names[answers.answers :] or answers.names


def _hits(answers: Answers, names: Sequence[str]) -> NDArray[np.bool_]:
    return answers.hits[:, [answers.names.index(name) for name in names]]


def _scores(answers: Answers, name: str) -> NDArray[np.float64]:
    if answers.scores is None:
        return np.full(len(answers), np.nan)
    found: NDArray[np.float64] = answers.scores[:, answers.names.index(name)]
    return found


def _change(
    table: Table,
    group: int,
    outcome: str,
    hits: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    scores: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> PairedChange:
    inside = table.members[:, group]
    one, two = hits[0][inside], hits[1][inside]
    both, lost = int((one & two).sum()), int((one & ~two).sum())
    gained, neither = int((~one & two).sum()), int((~one & ~two).sum())
    p = mcnemar_p(lost, gained)
    return PairedChange(
        table.columns[table.column[group]],
        table.names[group],
        outcome,
        share(both + lost, len(one)),
        share(both + gained, len(one)),
        float(scores[0][inside].mean()),
        float(scores[1][inside].mean()),
        paired_difference(both, lost, gained, neither),
        p,
        p,
    )


def _spread(
    table: Table,
    column: int,
    outcome: str,
    hits: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    options: AuditOptions,
) -> SpreadChange | None:
    """Compare how far groups lie apart; ``None`` where fewer than two are large enough."""
    own = table.column == column
    large = table.members.sum(axis=0) >= options.few
    members = table.members[:, own & large].astype(np.float64)
    if members.shape[1] < 2:
        return None
    pair = np.stack(hits, axis=1).astype(np.float64)

    def apart(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        chosen = members[rows]
        sizes = chosen.sum(axis=0)
        rates = chosen.T @ pair[rows] / np.where(sizes > 0, sizes, np.nan)[:, None]
        found: NDArray[np.float64] = np.nanmax(rates, axis=0) - np.nanmin(rates, axis=0)
        return found

    def narrowed(rows: NDArray[np.int64]) -> float:
        found = apart(rows)
        return float(found[1] - found[0])

    whole = apart(np.arange(len(pair)))
    change = paired_span(narrowed, len(pair), min(options.resamples, 999), options.seed)
    return SpreadChange(table.columns[column], outcome, float(whole[0]), float(whole[1]), change)


def _worded(
    table: Table, group: int, outcome: str, hits: Sequence[NDArray[np.bool_]]
) -> WordingShare:
    inside = table.members[:, group]
    apart = tuple(
        difference(
            share(int(one[inside].sum()), int(inside.sum())),
            share(int(one[~inside].sum()), int((~inside).sum())),
        )
        for one in hits
    )
    flips = sum(1 for one in apart if one.value * apart[0].value < 0)
    turned = any(one.low > 0 for one in apart) and any(one.high < 0 for one in apart)
    return WordingShare(
        table.columns[table.column[group]], table.names[group], outcome, apart, flips, turned
    )
