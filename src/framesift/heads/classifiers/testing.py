"""Measure a classifier on labelled pictures, and what more labelled pictures would bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import ConfigError
from framesift.heads.classifiers.abstaining import coverage_curve
from framesift.heads.classifiers.calibrating import (
    Sample,
    calibrate,
    measured,
    measured_right,
    names_of_truth,
)
from framesift.heads.classifiers.definition import NONE
from framesift.heads.classifiers.fewshot import held_out, shots_of
from framesift.heads.classifiers.head import ClassifierHead
from framesift.heads.training.class_compare import compare_classifiers
from framesift.heads.training.class_evaluate import evaluate_classifier
from framesift.heads.training.class_metrics import class_figures
from framesift.heads.training.examples import FitOptions
from framesift.heads.training.groups import group_pictures
from framesift.heads.training.metrics import bootstrap, resamples
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from framesift.heads.base import Head, HeadCard
    from framesift.heads.classifiers.abstaining import CoveragePoint
    from framesift.heads.classifiers.answering import AnswerRule
    from framesift.heads.classifiers.calibrating import Measured
    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.class_results import (
        ClassComparison,
        ClassFigures,
        ClassifierEvaluation,
    )
    from framesift.heads.training.examples import Examples, Int32Array
    from framesift.heads.training.results import Figure
    from framesift.types import Embeddings

__all__ = ["Abstention", "ClassifierTest", "GivenScores", "examine", "groups_of", "sample_of"]

_LEAST = 3


@dataclass(frozen=True, slots=True)
class Abstention:
    """What the threshold in force comes to.

    Attributes:
        below: Answers less probable are "unsure"; ``None`` where it never abstains.
        coverage: Share of answers given, 0 to 1.
        accuracy: Share of them that is right.
    """

    below: float | None
    coverage: Figure
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class ClassifierTest:
    """A classifier on labelled pictures.

    Attributes:
        classifier: Its name.
        mode: ``one`` or ``many``.
        names: K labels, and `NONE` where that can win.
        measured: Its probabilities as they are.
        chance: Share that is right by always giving the commonest answer.
        by_label: Each label against the rest.
        confusion: Mode ``one``: how many pictures of each name were given each; an empty tuple
            in mode ``many``.
        unsure: Of the pictures of each name, how many get no answer.
        abstention: What the threshold in force comes to.
        curve: What other thresholds would.
        calibrated: Calibrated on these pictures, held back; ``None`` where there are too few.
        learnt: A head learnt from these pictures, held back; ``None`` likewise.
        evaluation: Mode ``one``: all of it for pages; else ``None``.
        comparison: Words and learnt head on the same pictures.
        warnings: Sentences that the user must see.
    """

    classifier: str
    mode: str
    names: tuple[str, ...]
    measured: Measured
    chance: float
    by_label: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    unsure: tuple[int, ...]
    abstention: Abstention
    curve: tuple[CoveragePoint, ...]
    calibrated: Measured | None
    learnt: Measured | None
    evaluation: ClassifierEvaluation | None
    comparison: ClassComparison | None
    warnings: tuple[str, ...] = ()


class GivenScores:
    """A head whose scores are known already, for instance from held-back folds.

    Args:
        card: Of the head that gave them.
        names: K columns.
        values: (N, K), of the very pictures that it will be asked about, in their order.
    """

    def __init__(self, card: HeadCard, names: tuple[str, ...], values: ArrayLike) -> None:
        """Keep the parts."""
        self._card = card
        self._scores = Scores(card.name, names, np.asarray(values, np.float32))

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Return the scores.

        Raises:
            ValueError: They are of another number of pictures.
        """
        if len(embeddings) != len(self._scores):
            message = f"{len(self._scores)} scores are known, of {len(embeddings)} pictures"
            raise ValueError(message)
        return self._scores


def groups_of(examples: Examples) -> Int32Array:
    """Number the groups of near-duplicates, bursts and copies, int32 (N,)."""
    return group_pictures(examples, [""] * len(examples), FitOptions()).groups


def sample_of(
    head: ClassifierHead, examples: Examples, truth: Sequence[frozenset[str]], groups: Int32Array
) -> Sample:
    """Bring labelled pictures into the form that calibration takes.

    Args:
        head: The classifier in words.
        examples: N embedded pictures.
        truth: Names of the labels of each; in mode ``one`` one each, `NONE` for none.
        groups: int32 (N,).
    """
    names, mode = head.rule.names, head.rule.mode
    return Sample(names, mode, head.logits(examples.embeddings), _truth(truth, names, mode), groups)


def examine(
    head: Head,
    rule: AnswerRule,
    examples: Examples,
    truth: Sequence[frozenset[str]],
    *,
    few_shot: bool = True,
    options: FitOptions | None = None,
) -> ClassifierTest:
    """Measure a classifier.

    Args:
        head: Gives the probabilities.
        rule: Gives the answers.
        examples: N embedded pictures.
        truth: Names of the labels of each; in mode ``one`` one each, `NONE` for none.
        few_shot: Measure what calibrating and learning on these pictures would bring, where they
            are enough.
        options: ``seed`` and ``repeats`` are used.

    Raises:
        ConfigError: There are next to no pictures.
    """
    options = FitOptions() if options is None else options
    if len(examples) < _LEAST:
        message = (
            f"{len(examples)} labelled pictures are too few to test on; label at least {_LEAST}"
        )
        raise ConfigError(message)
    again = {"seed": options.seed, "repeats": options.repeats}
    groups = groups_of(examples)
    found = head.score(examples.embeddings).values.astype(np.float64)
    sample = Sample(rule.names, rule.mode, found, _truth(truth, rule.names, rule.mode), groups)
    confidence, right = measured_right(found, sample)
    spread = 1 if rule.mode == "one" else len(rule.names)
    each = np.repeat(groups, spread)
    evaluation = None
    if rule.mode == "one":
        evaluation = evaluate_classifier(
            GivenScores(_named(head.card, "as it is"), rule.names, found),
            examples,
            [next(iter(one)) for one in truth],
            options=options,
        )
    calibrated, learnt, comparison, said = _more(
        head, examples, truth, (sample, evaluation), options, few_shot=few_shot
    )
    answered = np.ones(len(right), bool)
    if rule.abstain_below is not None:
        answered = confidence >= rule.abstain_below - 1e-9
    return ClassifierTest(
        classifier=rule.classifier,
        mode=rule.mode,
        names=rule.names,
        measured=measured(found, sample, **again),
        chance=_chance(sample),
        by_label=evaluation.by_class if evaluation else _by_label(found, sample, options),
        confusion=evaluation.confusion if evaluation else (),
        unsure=_unsure(answered, sample),
        abstention=_abstention(rule, right, answered, each, options),
        curve=coverage_curve(confidence, right, each, **again),
        calibrated=calibrated,
        learnt=learnt,
        evaluation=evaluation,
        comparison=comparison,
        warnings=(*_told(evaluation), *said),
    )


def _more(
    head: Head,
    examples: Examples,
    truth: Sequence[frozenset[str]],
    known: tuple[Sample, ClassifierEvaluation | None],
    options: FitOptions,
    *,
    few_shot: bool,
) -> tuple[Measured | None, Measured | None, ClassComparison | None, list[str]]:
    """Measure, on held-back pictures, what calibrating and learning would bring."""
    if not few_shot or not isinstance(head, ClassifierHead):
        return None, None, None, []
    again = {"seed": options.seed, "repeats": options.repeats}
    said: list[str] = []
    calibrated = learnt = comparison = None
    scores, evaluation = known
    sample = sample_of(head, examples, truth, scores.groups)
    try:
        found = calibrate(sample, head.calibration, seed=options.seed, repeats=options.repeats)
        calibrated = found.after
    except ConfigError as error:
        said.append(f"what calibration would bring is not known: {error.message}")
    if evaluation is None:
        return calibrated, None, None, said
    labels = [next(iter(one)) for one in truth]
    try:
        shots = shots_of(head, examples, labels, scores.groups)
    except ConfigError as error:
        said.append(f"what learning from pictures would bring is not known: {error.message}")
        return calibrated, None, None, said
    held, _ = held_out(shots, seed=options.seed)
    own = Sample(shots.names, "one", np.log(np.maximum(held, 1e-30)), shots.labels, scores.groups)
    learnt = measured(held, own, **again)
    other = evaluate_classifier(
        GivenScores(_named(head.card, "learnt"), shots.names, held),
        examples,
        labels,
        options=options,
    )
    comparison = compare_classifiers(evaluation, other, **again)
    return calibrated, learnt, comparison, said


def _told(evaluation: ClassifierEvaluation | None) -> list[str]:
    """Return the warnings of an evaluation, in the words that users of classifiers know."""
    said = [] if evaluation is None else list(evaluation.warnings)
    odd = f"no picture carries {NONE}: nothing is said of these labels"
    plain = "no folder none: how well it tells other pictures from its labels was not tested"
    return [plain if text == odd else text for text in said]


def _named(card: HeadCard, name: str) -> HeadCard:
    from dataclasses import replace

    return replace(card, name=name, task="tags")


def _truth(truth: Sequence[frozenset[str]], names: Sequence[str], mode: str) -> np.ndarray:
    if mode == "one":
        return names_of_truth([next(iter(one)) for one in truth], names)
    return np.array([[name in one for name in names] for one in truth], bool)


def _chance(sample: Sample) -> float:
    if sample.mode == "one":
        return float(np.bincount(sample.truth).max() / len(sample.truth))
    share = sample.truth.mean(axis=0)
    return float(np.maximum(share, 1 - share).mean())


def _unsure(answered: np.ndarray, sample: Sample) -> tuple[int, ...]:
    if sample.mode == "one":
        open_ = np.bincount(sample.truth[~answered], minlength=len(sample.names))
    else:
        open_ = (~answered.reshape(sample.truth.shape)).sum(axis=0)
    return tuple(int(count) for count in open_)


def _abstention(
    rule: AnswerRule,
    right: np.ndarray,
    answered: np.ndarray,
    groups: Int32Array,
    options: FitOptions,
) -> Abstention:
    draws = resamples(groups, seed=options.seed, repeats=options.repeats)

    def accuracy(rows: np.ndarray) -> float:
        given = right[rows][answered[rows]]
        return float(given.mean()) if len(given) else float("nan")

    return Abstention(
        rule.abstain_below,
        bootstrap(lambda rows: float(answered[rows].mean()), draws, groups),
        bootstrap(accuracy, draws, groups),
    )


def _by_label(found: Float64Array, sample: Sample, options: FitOptions) -> tuple[ClassFigures, ...]:
    """Measure each label of mode ``many`` by itself, as a class against the rest."""
    figures = []
    for column, name in enumerate(sample.names):
        pair = np.stack([1 - found[:, column], found[:, column]], axis=1)
        truth = sample.truth[:, column].astype(np.int32)
        again = {"seed": options.seed, "repeats": options.repeats}
        figures.append(class_figures(truth, pair, ("", name), sample.groups, **again)[1])
    return tuple(figures)
