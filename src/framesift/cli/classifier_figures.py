"""What tests and calibrations of classifiers say on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.cli.figures import classifier_comparison_text, figure_text, laid_out
from framesift.reports.words import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.classifiers.abstaining import CoveragePoint
    from framesift.heads.classifiers.calibrating import CalibrationResult, Measured
    from framesift.heads.classifiers.testing import ClassifierTest

__all__ = ["calibration_text", "coverage_rows", "measured_rows", "test_text"]

_WIDEST = 10
_LABELS = 60


def test_text(result: ClassifierTest) -> str:
    """Return the summary of a test."""
    unit = "pictures" if result.mode == "one" else "answers (pictures times labels)"
    accuracy = figure_text(result.measured.accuracy, percent=True)
    lines = [
        f"{visible(result.classifier)}: right in {accuracy} of {result.measured.n:,} {unit}; "
        f"always giving the commonest answer would be right in {result.chance:.0%}.",
        f"Probabilities are off by {figure_text(result.measured.ece, percent=True)} on average "
        "(expected calibration error).",
        _abstention(result),
    ]
    parts = ["\n".join(lines), _labels(result)]
    if result.confusion and len(result.names) <= _WIDEST:
        parts.append(_confusion(result))
    parts.append("If it answered the surest only:\n" + coverage_table(result.curve))
    rows = measured_rows(result)
    if len(rows) > 1:
        told = "What these pictures bring, each predicted without itself and its near-duplicates:"
        parts.append(told + "\n" + laid_out(["", "right", "off by", "log loss"], rows))
    if result.comparison is not None:
        parts.append(classifier_comparison_text(result.comparison))
    return "\n\n".join(parts)


def calibration_text(result: CalibrationResult) -> str:
    """Return the summary of a calibration."""
    rows = [_row("before", result.before), _row("after, held back", result.after)]
    parts = [
        f"Calibrated for {result.calibration.space} on {result.pictures:,} pictures "
        f"({result.groups:,} without near-duplicates).",
        laid_out(["", "right", "off by", "log loss"], rows),
        "If it answered the surest only (held back):\n" + coverage_table(result.curve),
    ]
    if result.achieved is not None:
        found = result.achieved
        missed = "" if found.met else " The target was MISSED there."
        parts.append(
            f"{found.target}: unsure below {found.threshold:g}. On pictures that did not choose "
            f"it, {figure_text(found.coverage, percent=True)} get an answer, of which "
            f"{figure_text(found.accuracy, percent=True)} are right.{missed}"
        )
    return "\n\n".join(parts)


def coverage_table(curve: Sequence[CoveragePoint]) -> str:
    """Return the risk-coverage curve as a table."""
    return laid_out(["unsure below", "answered", "right of these"], coverage_rows(curve))


def coverage_rows(curve: Sequence[CoveragePoint]) -> list[list[str]]:
    """Return its rows."""
    return [
        [f"{one.threshold:.2f}", f"{one.coverage:.0%}", figure_text(one.accuracy, percent=True)]
        for one in curve
    ]


def measured_rows(result: ClassifierTest) -> list[list[str]]:
    """Return what was measured: as it is, and where known calibrated and learnt, held back."""
    known = {
        "as it is": result.measured,
        "calibrated": result.calibrated,
        "learnt from pictures": result.learnt,
    }
    return [_row(name, one) for name, one in known.items() if one is not None]


def _row(name: str, one: Measured) -> list[str]:
    return [
        name,
        figure_text(one.accuracy, percent=True),
        figure_text(one.ece, percent=True),
        figure_text(one.log_loss),
    ]


def _abstention(result: ClassifierTest) -> str:
    found = result.abstention
    if found.below is None:
        return "It never abstains; the table below says what answering less would bring."
    return (
        f"Unsure below {found.below:g}: {figure_text(found.coverage, percent=True)} get an answer, "
        f"of which {figure_text(found.accuracy, percent=True)} are right."
    )


def _labels(result: ClassifierTest) -> str:
    unsure = dict(zip(result.names, result.unsure, strict=True))
    rows = [
        [
            _shown(one.name),
            f"{one.n:,}",
            *map(figure_text, (one.recall, one.precision)),
            f"{unsure.get(one.name, 0):,}",
        ]
        for one in result.by_label[:_LABELS]
    ]
    return laid_out(["label", "pictures", "recall", "precision", "unsure"], rows)


def _confusion(result: ClassifierTest) -> str:
    rows = [
        [_shown(name), *(f"{count:,}" if count else "·" for count in row)]
        for name, row in zip(result.names, result.confusion, strict=True)
        if sum(row)
    ]
    head = ["is \\ likeliest", *map(_shown, result.names)]
    return laid_out(head, rows)


def _shown(name: str) -> str:
    return "none of these" if name == "none" else visible(name)
