"""Teaching a classifier from pictures, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.cli.classifier_figures import coverage_table
from framesift.cli.figures import classifier_comparison_text, figure_text
from framesift.cli.rated import facts_for_card
from framesift.errors import ConfigError
from framesift.heads.classifiers import NONE, ClassifierHead
from framesift.heads.classifiers.abstaining import coverage_curve, cross_fitted
from framesift.heads.classifiers.calibrating import Sample, measured, measured_right
from framesift.heads.classifiers.fewshot import few_shot_head, fit_few_shot, held_out, shots_of
from framesift.heads.classifiers.testing import GivenScores, groups_of
from framesift.heads.training.class_compare import compare_classifiers
from framesift.heads.training.class_evaluate import evaluate_classifier
from framesift.heads.training.results import as_json as plain
from framesift.reports.words import visible

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.cli.classifier_examples import Exam
    from framesift.heads.classifiers.abstaining import AbstentionTarget, Achieved, CoveragePoint
    from framesift.heads.classifiers.calibrating import Measured
    from framesift.heads.linear import LinearHead
    from framesift.heads.training.class_results import ClassComparison

__all__ = ["Taught", "as_text", "teach"]

_REPEATS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A head that was learnt from pictures.

    Attributes:
        head: To be saved.
        measured: Held back: of folds that did not teach it.
        curve: What abstention comes to, held back.
        achieved: What the target comes to; ``None`` where none was asked for.
        comparison: With the words alone, on the same pictures.
        warnings: Sentences that the user must see.
    """

    head: LinearHead
    measured: Measured
    curve: tuple[CoveragePoint, ...]
    achieved: Achieved | None
    comparison: ClassComparison
    warnings: tuple[str, ...]


def teach(exam: Exam, labelled: Path, *, target: AbstentionTarget | None, seed: int) -> Taught:
    """Learn from all pictures, and measure what was learnt on folds held back.

    Raises:
        ConfigError: There are too few pictures, or nothing achieves the target.
    """
    head, examples = exam.head, exam.examples
    if not isinstance(head, ClassifierHead) or exam.rule.mode != "one":
        message = 'a head is learnt for labels that exclude each other: mode = "one"'
        raise ConfigError(message)
    labels = [next(iter(one)) for one in exam.truth]
    groups = groups_of(examples)
    shots = shots_of(head, examples, labels, groups)
    exam.bench.console.say(f"framesift: learning {head.card.name} from {len(labels)} pictures")
    found, parts = held_out(shots, seed=seed)
    again = {"seed": seed, "repeats": _REPEATS}
    sample = Sample(shots.names, "one", np.log(np.maximum(found, 1e-30)), shots.labels, groups)
    confidence, right = measured_right(found, sample)
    achieved = None
    if target is not None:
        achieved = cross_fitted(target, (confidence, right), (parts, shots.groups), **again)
    figures = measured(found, sample, **again)
    details = {
        "abstain_below": exam.rule.abstain_below if achieved is None else achieved.threshold,
        "metrics": {name: getattr(figures, name).value for name in ("accuracy", "ece", "log_loss")},
        "seed": seed,
        **facts_for_card(labelled, examples, labels, exam.bench),
    }
    words = head.score(examples.embeddings)
    alone = GivenScores(replace(head.card, name="words"), words.names, words.values)
    first = evaluate_classifier(alone, examples, labels)
    made = few_shot_head(fit_few_shot(shots, seed=seed), shots, head, details)
    other = GivenScores(replace(made.card, name="learnt"), shots.names, found)
    second = evaluate_classifier(other, examples, labels)
    return Taught(
        head=made,
        measured=figures,
        curve=coverage_curve(confidence, right, shots.groups, **again),
        achieved=achieved,
        comparison=compare_classifiers(first, second, **again),
        warnings=_warnings(shots.names, second.warnings),
    )


def as_text(taught: Taught, *, as_json: bool) -> str:
    """Return the summary of what was learnt."""
    card = taught.head.card
    if as_json:
        known = {
            "classifier": card.name,
            "measured": plain(taught.measured),
            "curve": plain(taught.curve),
            "achieved": plain(taught.achieved) if taught.achieved else None,
            "comparison": plain(taught.comparison.differences),
            "zero_shot_share": card.details["zero_shot_share"],
            "pictures": card.details["pictures"],
        }
        return json.dumps(known, allow_nan=False)
    count = sum(card.details["pictures"].values())
    parts = [
        f"{visible(card.name)}: learnt from {count} pictures, starting from "
        f"{card.details['zero_shot_share']:.0%} of the words. Held back, it is right in "
        f"{figure_text(taught.measured.accuracy, percent=True)}; its probabilities are off by "
        f"{figure_text(taught.measured.ece, percent=True)}.",
        classifier_comparison_text(taught.comparison),
        "If it answered the surest only (held back):\n" + coverage_table(taught.curve),
    ]
    if taught.achieved is not None:
        found = taught.achieved
        parts.append(
            f"{found.target}: unsure below {found.threshold:g}; held back, "
            f"{figure_text(found.coverage, percent=True)} get an answer, of which "
            f"{figure_text(found.accuracy, percent=True)} are right."
            + ("" if found.met else " The target was MISSED there.")
        )
    return "\n\n".join(parts)


def _warnings(names: tuple[str, ...], said: tuple[str, ...]) -> tuple[str, ...]:
    if NONE in names:
        return said
    missing = (
        "no folder none: this head gives every picture one of its labels, or is unsure; it cannot "
        "answer none of these"
    )
    return (missing, *said)
