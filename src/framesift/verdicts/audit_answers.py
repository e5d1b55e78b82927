"""From what systems say to `Answers`: classifiers in words, policies, and answers of anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.classifiers.definition import NONE
from framesift.verdicts.audit_results import Answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from framesift.heads.classifiers.answering import AnswerRule
    from framesift.types import Verdict

__all__ = [
    "FLAGGED",
    "UNSURE",
    "focused",
    "from_labels",
    "from_probabilities",
    "from_verdicts",
]

UNSURE = "unsure"
"""The outcome of pictures that a classifier would rather not answer for."""

FLAGGED = "flagged"
"""The set of what a policy reviews or blocks."""


def from_probabilities(
    rule: AnswerRule, values: NDArray[np.float64], sets: Mapping[str, Sequence[str]]
) -> Answers:
    """Answer by a classifier's own rule.

    Args:
        rule: How answers follow from probabilities.
        values: Probabilities in [0, 1], float (N, K), columns as ``rule.names``.
        sets: Name to labels that it stands for; its score is their sum, or where labels are
            independent of each other the highest of them.
    """
    names = [*rule.names]
    if NONE not in names and rule.mode == "many":
        names.append(NONE)
    if rule.abstain_below is not None:
        names.append(UNSURE)
    place = {name: number for number, name in enumerate(names)}
    hits = np.zeros((len(values), len(names)), bool)
    for row, probabilities in enumerate(values):
        answer = rule.answer(probabilities)
        given = answer.labels
        if answer.status != "label":
            given = (NONE if answer.status == "none" else UNSURE,)
        hits[row, [place[name] for name in given]] = True
    scores = np.full(hits.shape, np.nan)
    scores[:, : values.shape[1]] = values
    return _with_sets(names, hits, scores, sets, together=rule.mode == "one")


def from_verdicts(verdicts: Sequence[Verdict]) -> Answers:
    """Take a policy's verdicts: actions, what is flagged at all, and what for.

    A category's score counts where every picture has a finite one.
    """
    actions = ("allow", "review", "block")
    hits = [[verdict.action == action for action in actions] for verdict in verdicts]
    categories = dict.fromkeys(label.name for verdict in verdicts for label in verdict.labels)
    names = [*actions, FLAGGED, *(f"{FLAGGED} for {name}" for name in categories)]
    by_name = [{label.name: label for label in verdict.labels} for verdict in verdicts]
    columns = [np.array(hits, bool).reshape(-1, 3)]
    columns.append(~columns[0][:, :1])
    scores = np.full((len(verdicts), len(names)), np.nan)
    for place, name in enumerate(categories, start=len(actions) + 1):
        labels = [found.get(name) for found in by_name]
        columns.append(np.array([[bool(one and one.flagged)] for one in labels]))
        own = np.array([np.nan if one is None else one.score for one in labels])
        if np.isfinite(own).all():
            scores[:, place] = own
    return Answers(
        tuple(names),
        np.concatenate(columns, axis=1),
        scores,
        len(actions),
        {FLAGGED: ("review", "block")},
    )


def from_labels(
    given: Sequence[Sequence[str]],
    scores: Sequence[Mapping[str, float]],
    sets: Mapping[str, Sequence[str]],
) -> Answers:
    """Take answers of any system.

    Args:
        given: The labels of each of N pictures; none is an answer too.
        scores: Label to score, N times; a label counts where every picture has a finite one.
        sets: Name to labels that it stands for.
    """
    names = list(dict.fromkeys(sorted({name for labels in given for name in labels})))
    if any(not labels for labels in given) and NONE not in names:
        names.append(NONE)
    names += [name for labels in sets.values() for name in labels if name not in names]
    names = list(dict.fromkeys(names))
    place = {name: number for number, name in enumerate(names)}
    hits = np.zeros((len(given), len(names)), bool)
    for row, labels in enumerate(given):
        hits[row, [place[name] for name in labels or (NONE,)]] = True
    values = np.full(hits.shape, np.nan)
    for name, number in place.items():
        own = np.array([known.get(name, np.nan) for known in scores], np.float64)
        if len(own) == len(given) and np.isfinite(own).all():
            values[:, number] = own
    together = bool((hits.sum(axis=1) == 1).all())
    return _with_sets(names, hits, values, sets, together=together)


def focused(answers: Answers) -> Answers:
    """Leave the named sets and the labels in them: what nobody should land in.

    That other labels fall differently on groups may be what they are for (``woman``), and every
    further test takes power from the others.
    """
    meant = {name for labels in answers.sets.values() for name in labels}
    labels = [name for name in answers.names[: answers.answers] if name in meant]
    names = [*labels, *answers.sets]
    places = [answers.names.index(name) for name in names]
    return Answers(
        tuple(names),
        answers.hits[:, places],
        None if answers.scores is None else answers.scores[:, places],
        len(labels),
        answers.sets,
    )


def _with_sets(
    names: Sequence[str],
    hits: NDArray[np.bool_],
    scores: NDArray[np.float64],
    sets: Mapping[str, Sequence[str]],
    *,
    together: bool,
) -> Answers:
    """Add an outcome per named set."""
    known = list(names)
    more: list[NDArray[np.bool_]] = [hits]
    values = [scores]
    for labels in sets.values():
        places = [known.index(label) for label in labels]
        inside: NDArray[np.bool_] = np.any(hits[:, places], axis=1, keepdims=True)
        more.append(inside)
        parts = scores[:, places]
        whole = parts.sum(axis=1) if together else parts.max(axis=1)
        values.append(whole[:, None])
    return Answers(
        (*names, *sets),
        np.concatenate(more, axis=1),
        np.concatenate(values, axis=1),
        len(names),
        {name: tuple(labels) for name, labels in sets.items()},
    )
