"""The pages of a classifier: of its training, and of an evaluation on labelled pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.evaluation_page import comparison_words
from framesift.reports.figures import classifier_plots
from framesift.reports.page import counted, shown
from framesift.reports.training_page import when
from framesift.verdicts.audit_words import p_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.heads.training.class_results import (
        ClassComparison,
        ClassFigures,
        ClassifierEvaluation,
        ClassifierResult,
        ClassMetrics,
        ClassPrediction,
    )
    from framesift.heads.training.results import Candidate
    from framesift.reports.parts import PageFacts, Picture

__all__ = ["classified_pictures", "classifier_page", "compared", "findings", "labels_page"]

_SHEET, _WORST = 24, 24
_LABELS = 200


def classifier_page(result: ClassifierResult, facts: PageFacts) -> str:
    """Write a training run of a classifier as one page that opens offline.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    learnt = ("Accuracy on the pictures it learnt from", parts.number(result.train_accuracy))
    measures = parts.table(("Measure", "Unseen pictures"), _measures(result.metrics, [learnt]))
    body = [
        _opening(result, "Of pictures it had not seen it gets"),
        parts.section("measured", "How well it does", measures, _WORDS),
        *findings(result, facts),
        parts.section("tried", "What was tried", _candidates(result.candidates)),
        parts.problems(facts),
        parts.about(facts, result.card, _more(result)),
    ]
    count = counted(len(result.predictions), "picture")
    kind = f"Classifier of {len(result.classes)} labels from {count}"
    notices = [text for text in (facts.header.notice, *result.warnings) if text]
    subtitle = " · ".join((kind, *when(facts)))
    return parts.render(result.card.name, subtitle, body, notices)


def labels_page(
    evaluation: ClassifierEvaluation, facts: PageFacts, comparison: ClassComparison | None = None
) -> str:
    """Write an evaluation of a classifier as one page that opens offline.

    Args:
        evaluation: A classifier on labelled pictures.
        facts: What else is known of the run.
        comparison: The same classifier as ``a`` beside another one; ``None`` for none.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    measures = parts.table(("Measure", "These pictures"), _measures(evaluation.metrics))
    body = [
        _opening(evaluation, "It gets"),
        compared(comparison),
        parts.section("measured", "How well it does", measures, _INTERVALS),
        *findings(evaluation, facts),
        parts.problems(facts),
        parts.about(facts, evaluation.card),
    ]
    kind = f"Evaluated on {counted(len(evaluation.predictions), 'picture')}"
    notices = [facts.header.notice, *evaluation.warnings]
    if comparison is not None:
        notices += [text for text in comparison.warnings if text not in notices]
    subtitle = " · ".join((kind, *when(facts)))
    return parts.render(evaluation.head, subtitle, body, [text for text in notices if text])


def classified_pictures(
    predictions: Sequence[ClassPrediction], thumbnails: Mapping[str, bytes]
) -> tuple[list[Picture], list[Picture]]:
    """Choose pictures: right ones of every label, and the surest wrong ones."""
    by_label: dict[str, list[ClassPrediction]] = {}
    for one in predictions:
        if one.right:
            by_label.setdefault(one.actual, []).append(one)
    each = max(1, _SHEET // max(1, len(by_label)))
    right: list[ClassPrediction] = []
    for label in sorted(by_label):
        ordered = sorted(by_label[label], key=lambda one: one.confidence)
        step = max(1, len(ordered) // each)
        right += ordered[::step][:each]
    wrong = sorted((p for p in predictions if not p.right), key=lambda one: -one.confidence)
    return (
        [_picture(one, thumbnails) for one in right[:_SHEET]],
        [_picture(one, thumbnails) for one in wrong[:_WORST]],
    )


_INTERVALS = "The small figures are 95 % bootstrap intervals."
_WORDS = (
    "On pictures that it had not seen: duplicates and bursts are kept on one side of the split. "
    f"{_INTERVALS}"
)
_COMPARED = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Mean F1",
    "log_loss": "Log loss",
    "brier": "Brier score",
}


def findings(result: ClassifierResult | ClassifierEvaluation, facts: PageFacts) -> list[str]:
    """Return what both pages show alike: labels, plots, and pictures."""
    right, wrong = classified_pictures(result.predictions, facts.thumbnails)
    return [
        parts.section("labels", "Label by label", _by_class(result.by_class)),
        parts.section("plots", "Plots", parts.figures(classifier_plots(result))),
        parts.section(
            "wrong",
            "Surest and wrong",
            parts.sheet(wrong, labels=True),
            "A wrong folder, a picture with two subjects, or a difference that the model cannot "
            "see.",
        ),
        parts.section(
            "right",
            "Right",
            parts.sheet(right, labels=True),
            "Of every label, the least sure to the surest.",
        ),
    ]


def compared(comparison: ClassComparison | None) -> str:
    """Return the part of a page that compares two classifiers; nothing where there is none."""
    if comparison is None:
        return ""
    first, second = comparison.a.head, comparison.b.head
    rows = [
        (
            shown(_COMPARED.get(one.name, one.name)),
            parts.number(one.a, 3),
            parts.number(one.b, 3),
            parts.interval(one.difference, 3),
            f"{one.p_value:.3f}",
            shown(comparison_words(one, first, second)),
        )
        for one in comparison.differences
    ]
    head = ("Measure", first, second, "Difference", "p", "Verdict")
    both, alone, other, neither = comparison.agreement
    more = (
        f"Right: both on {counted(both, 'picture')}, {first} alone on {alone:,}, {second} alone "
        f"on {other:,}, neither on {neither:,}. McNemar's exact test, which takes pictures for "
        f"unrelated: {p_words(comparison.mcnemar_p)}."
    )
    body = parts.table(head, rows) + f'<p class="why">{shown(more)}</p>'
    return parts.section("compared", f"{first} against {second}", body, comparison.verdict)


def _opening(result: ClassifierResult | ClassifierEvaluation, start: str) -> str:
    metrics = result.metrics
    figures = [
        (f"{metrics.accuracy.value * 100:.0f} %", "right"),
        (f"{metrics.chance * 100:.0f} %", "by always naming the commonest"),
        (parts.number(metrics.macro_f1.value), "mean F1 over labels"),
        (f"{metrics.ece.value * 100:.0f} %", "off in its probabilities"),
    ]
    verdict = result.verdict
    low, high = metrics.accuracy.low * 100, metrics.accuracy.high * 100
    sentence = (
        f"{start} {metrics.accuracy.value * 100:.0f} % right"
        f"{f' ({low:.0f} to {high:.0f} %)' if parts.known(low) else ''}."
    )
    lead = parts.lead(verdict.strength, verdict.headline, [sentence, *verdict.sentences])
    return f'<div class="opening">{lead}<div class="tiles">{parts.tiles(figures)}</div></div>'


def _measures(metrics: ClassMetrics, more: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    return [
        ("Accuracy<small>the part that is right</small>", parts.interval(metrics.accuracy)),
        (
            "Balanced accuracy<small>the mean over labels: a large one cannot hide the "
            "others</small>",
            parts.interval(metrics.balanced_accuracy),
        ),
        ("Mean F1<small>precision and recall together</small>", parts.interval(metrics.macro_f1)),
        ("Log loss<small>0 is sure and right</small>", parts.interval(metrics.log_loss)),
        (
            "Brier score<small>0 is sure and right, 2 sure and wrong</small>",
            parts.interval(metrics.brier),
        ),
        (
            "Calibration error<small>how far probabilities are from what came true</small>",
            parts.interval(metrics.ece, 3),
        ),
        *more,
        ("Pictures", f"{metrics.n:,}"),
    ]


def _by_class(classes: Sequence[ClassFigures]) -> str:
    rows = [
        (
            shown(one.name),
            f"{one.n:,}",
            parts.interval(one.precision),
            parts.interval(one.recall),
            parts.interval(one.f1),
            parts.number(one.auc.value, 3),
            parts.number(one.average_precision.value, 3),
        )
        for one in classes[:_LABELS]
    ]
    head = ("Label", "Pictures", "Precision", "Recall", "F1", "ROC area", "PR area")
    return parts.table(head, rows) if rows else ""


def _candidates(candidates: Sequence[Candidate]) -> str:
    rows = []
    for one in candidates:
        mark = '<span class="mark-chosen">chosen</span>' if one.chosen else ""
        options = ", ".join(f"{key} {value:g}" for key, value in one.parameters.items())
        loss = f"{parts.number(one.mse, 3)} ± {parts.number(one.standard_error, 3)}"
        inputs = shown(" + ".join(one.inputs))
        rows.append((shown(one.kind) + mark, inputs, shown(options) or "&ndash;", loss))
    head = ("Model", "Reads", "Settings", "Log loss")
    return parts.table(head, rows, numbers_from=3) if rows else ""


def _more(result: ClassifierResult) -> Iterable[tuple[str, str]]:
    yield "Time", ", ".join(f"{name} {value:.1f} s" for name, value in result.seconds.items())


def _picture(one: ClassPrediction, thumbnails: Mapping[str, bytes]) -> Picture:
    return parts.Picture(
        one.name,
        one.actual,
        one.predicted,
        far=not one.right,
        note=f"{one.confidence * 100:.0f} % sure",
        thumbnail=thumbnails.get(one.name),
    )
