"""What training and evaluation say on the screen: tables of figures and a verdict in words."""

from __future__ import annotations

import io
import math
import os
import shutil
import sys
from typing import TYPE_CHECKING

from framesift.reports.words import visible
from framesift.verdicts.audit_words import p_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.heads.training.class_results import (
        ClassComparison,
        ClassifierEvaluation,
        ClassifierResult,
    )
    from framesift.heads.training.results import (
        Comparison,
        Difference,
        Evaluation,
        Figure,
        Loss,
        Metrics,
        TrainingResult,
        Verdict,
    )

__all__ = [
    "classifier_comparison_text",
    "classifier_text",
    "comparison_text",
    "evaluation_text",
    "figure_text",
    "laid_out",
    "training_text",
]

_MEASURES = (
    ("r2", "R2"),
    ("mae", "MAE, points"),
    ("mse", "MSE"),
    ("srcc", "SRCC"),
    ("plcc", "PLCC"),
)
_CLASS_MEASURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "mean F1",
    "log_loss": "log loss",
    "brier": "Brier score",
}
_PIPE_WIDTH = 100
_LABELS = 40


def training_text(result: TrainingResult) -> str:
    """Return the summary of a training run of a quality head."""
    columns: list[tuple[str, Metrics | Loss]] = []
    if result.held_out is not None:
        columns.append(("held out", result.held_out))
    columns.append(("unseen groups", result.grouped.test))
    if result.random is not None:
        columns.append(("random split", result.random.test))
    columns.append(("trained on", result.grouped.train))
    rows = [
        [title, *(_cell(getattr(column, name, None)) for _, column in columns)]
        for name, title in _MEASURES
    ]
    rows.append(["pictures", *(f"{column.n:,}" for _, column in columns)])
    table = laid_out(["", *(name for name, _ in columns)], rows)
    chosen = next((one for one in result.candidates if one.chosen), None)
    facts = []
    if chosen is not None:
        facts.append(f"Chosen: {chosen.kind} on {' + '.join(chosen.inputs)}.")
    facts.append(f"Inside the 90 % interval: {figure_text(result.coverage, percent=True)}.")
    return _page(_verdict(result.card.name, result.verdict), table, " ".join(facts))


def evaluation_text(evaluation: Evaluation) -> str:
    """Return the summary of an evaluation."""
    rows = [
        [
            title,
            _cell(getattr(evaluation.metrics, name)),
            _cell(getattr(evaluation.recalibrated, name)),
        ]
        for name, title in _MEASURES
    ]
    rows.append(["pictures", f"{evaluation.metrics.n:,}", f"{evaluation.recalibrated.n:,}"])
    table = laid_out(["", "as it is", "if only the scale differed"], rows)
    facts = [f"Predicted minus actual: {figure_text(evaluation.bias)} points."]
    if math.isfinite(evaluation.coverage.value):
        inside = figure_text(evaluation.coverage, percent=True)
        facts.append(f"Inside the interval: {inside}.")
    return _page(_verdict(evaluation.head, evaluation.verdict), table, " ".join(facts))


def comparison_text(comparison: Comparison) -> str:
    """Return the summary of a comparison of two heads."""
    first, second = comparison.a.head, comparison.b.head
    table = _compared(comparison.differences, dict(_MEASURES), first, second)
    return _page([visible(comparison.verdict)], table, "")


def classifier_comparison_text(comparison: ClassComparison) -> str:
    """Return the summary of a comparison of two classifiers."""
    first, second = comparison.a.head, comparison.b.head
    table = _compared(comparison.differences, _CLASS_MEASURES, first, second)
    both, one, other, neither = comparison.agreement
    facts = (
        f"Right: both on {both:,} pictures, {first} alone on {one:,}, {second} alone on "
        f"{other:,}, neither on {neither:,}. McNemar's exact test: {p_words(comparison.mcnemar_p)}."
    )
    return _page([visible(comparison.verdict)], table, visible(facts))


def _compared(
    differences: Sequence[Difference],
    titles: Mapping[str, str],
    first: str,
    second: str,
) -> str:
    rows = [
        [
            titles.get(one.name, one.name),
            _number(one.a),
            _number(one.b),
            figure_text(one.difference),
            _number(one.p_value, 3),
            {"a": first, "b": second}.get(one.better, "undecided"),
        ]
        for one in differences
    ]
    return laid_out(["", first, second, "difference", "p", "better"], rows)


def classifier_text(result: ClassifierResult | ClassifierEvaluation) -> str:
    """Return the summary of a training run or an evaluation of a classifier."""
    rows = [
        [visible(one.name), f"{one.n:,}", *map(figure_text, (one.precision, one.recall, one.f1))]
        for one in result.by_class[:_LABELS]
    ]
    metrics = result.metrics
    rows.append(["all", f"{metrics.n:,}", "", "", figure_text(metrics.macro_f1)])
    table = laid_out(["label", "pictures", "precision", "recall", "F1"], rows)
    facts = (
        f"Right: {figure_text(metrics.accuracy, percent=True)}; always naming the commonest label "
        f"would be right in {metrics.chance:.0%}."
    )
    return _page(_verdict(result.card.name, result.verdict), table, facts)


def figure_text(figure: Figure, *, percent: bool = False) -> str:
    """Return a figure with its 95 % interval: ``0.61 (0.52 to 0.68)``."""
    numbers = [figure.value, figure.low, figure.high]
    shown = [_percent(n) if percent else _number(n) for n in numbers]
    if not (math.isfinite(figure.low) and math.isfinite(figure.high)):
        return shown[0]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def laid_out(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of text, the first column to the left and the others to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    columns = os.environ.get("COLUMNS", "")
    given = int(columns) if columns.isdecimal() and int(columns) > 0 else None
    terminal = sys.stdout.isatty()
    width = given or (shutil.get_terminal_size().columns if terminal else _PIPE_WIDTH)
    plain = not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    style = box.ASCII2 if plain else box.SIMPLE_HEAD
    table = Table(box=style, pad_edge=False, show_edge=False, highlight=False)
    for place, title in enumerate(head):
        table.add_column(visible(title), justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as rendered:
        console.print(table)
    return "\n".join(line.rstrip() for line in rendered.get().splitlines())


def _page(lines: Iterable[str], table: str, facts: str) -> str:
    return "\n".join([*lines, "", table, *(["", facts] if facts else [])])


def _verdict(name: str, verdict: Verdict) -> list[str]:
    lines = [f"{visible(name)}: {verdict.strength}. {verdict.headline}"]
    return lines + [f"- {text}" for text in verdict.sentences]


def _cell(value: Figure | float | None) -> str:
    if value is None:
        return "-"
    return _number(value) if isinstance(value, float) else figure_text(value)


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _percent(part: float) -> str:
    return f"{part:.0%}" if math.isfinite(part) else "-"
