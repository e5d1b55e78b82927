"""The page of ``framesift classifier test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.classifier_page import compared, findings
from framesift.reports.page import counted, shown
from framesift.reports.training_page import when

if TYPE_CHECKING:
    from framesift.heads.base import HeadCard
    from framesift.heads.classifiers.testing import ClassifierTest
    from framesift.reports.parts import PageFacts

__all__ = ["classifier_test_page"]

_NONE = "none"
_HELD_BACK = (
    "Each picture is predicted without itself and its near-duplicates. Right: the share of "
    "likeliest answers that is; off by: the mean distance of probabilities to what happens."
)
_CURVE = (
    "What happens if less probable answers are left open. Choose what you can live with, or let "
    "framesift classifier calibrate choose for a target."
)
_CONFUSION = "A row is what the pictures are, a column the likeliest answer."


def classifier_test_page(result: ClassifierTest, facts: PageFacts, card: HeadCard) -> str:
    """Write a test as one page that opens offline.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    body = [
        _opening(result),
        parts.section("brings", "What these pictures bring", _brought(result), _HELD_BACK),
        compared(result.comparison),
        parts.section("unsure", "Answering less", _curve(result), _CURVE),
        _confusion(result),
    ]
    if result.evaluation is not None:
        body += findings(result.evaluation, facts)
    else:
        body.append(parts.section("labels", "Label by label", _labels(result)))
    body += [parts.problems(facts), parts.about(facts, card)]
    kind = (
        f"Tested on {counted(result.measured.n, 'picture' if result.mode == 'one' else 'answer')}"
    )
    notices = [text for text in (facts.header.notice, *result.warnings) if text]
    return parts.render(result.classifier, " · ".join((kind, *when(facts))), body, notices)


def _opening(result: ClassifierTest) -> str:
    found, abstention = result.measured, result.abstention
    figures = [
        (_percent(found.accuracy.value), "right"),
        (_percent(result.chance), "by always giving the commonest answer"),
        (_percent(found.ece.value), "off in its probabilities"),
        (_percent(abstention.coverage.value), "get an answer"),
    ]
    evaluation = result.evaluation
    low, high = found.accuracy.low, found.accuracy.high
    interval = f" ({_percent(low)} to {_percent(high)})" if parts.known(low) else ""
    sentence = f"The likeliest answer is right in {_percent(found.accuracy.value)}{interval}."
    if abstention.below is not None:
        sentence += (
            f" Unsure below {abstention.below:g}: of the answers given "
            f"{_percent(abstention.accuracy.value)} are right."
        )
    if evaluation is not None:
        verdict = evaluation.verdict
        # A tile says how far probabilities are off, with the interval in the table below.
        told = [one for one in verdict.sentences if not one.startswith("Probabilities are off")]
        lead = parts.lead(verdict.strength, verdict.headline, [sentence, *told])
    else:
        lead = parts.lead("useful", "Each label is a yes or a no of its own.", [sentence])
    return f'<div class="opening">{lead}<div class="tiles">{parts.tiles(figures)}</div></div>'


def _brought(result: ClassifierTest) -> str:
    known = {
        "as it is": result.measured,
        "calibrated": result.calibrated,
        "learnt from pictures": result.learnt,
    }
    rows = [
        (name, parts.interval(one.accuracy), parts.interval(one.ece), parts.interval(one.log_loss))
        for name, one in known.items()
        if one is not None
    ]
    return parts.table(("", "Right", "Off by", "Log loss"), rows)


def _curve(result: ClassifierTest) -> str:
    rows = [
        (f"{one.threshold:.2f}", _percent(one.coverage), parts.interval(one.accuracy))
        for one in result.curve
    ]
    return parts.table(("Unsure below", "Answered", "Right of these"), rows)


def _confusion(result: ClassifierTest) -> str:
    if not result.confusion or len(result.names) > 20:
        return ""
    rows = [
        (_name(name), *(f"{count:,}" for count in row), f"{open_:,}")
        for name, row, open_ in zip(result.names, result.confusion, result.unsure, strict=True)
        if sum(row)
    ]
    titles = ("none of these" if name == _NONE else name for name in result.names)
    head = ("", *titles, "of these unsure")
    return parts.section("confused", "What is taken for what", parts.table(head, rows), _CONFUSION)


def _labels(result: ClassifierTest) -> str:
    rows = [
        (
            _name(one.name),
            f"{one.n:,}",
            parts.interval(one.recall),
            parts.interval(one.precision),
            parts.interval(one.auc),
        )
        for one in result.by_label
    ]
    return parts.table(("Label", "Pictures", "Recall", "Precision", "AUC"), rows)


def _name(name: str) -> str:
    return "none of these" if name == _NONE else shown(name)


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %" if parts.known(part) else "&ndash;"
