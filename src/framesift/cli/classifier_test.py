"""``framesift classifier test``: how good a classifier is on labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import DONE, FAILED_ITEMS
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from framesift.cli.classifier_examples import Exam
    from framesift.heads.classifiers.testing import ClassifierTest

__all__ = ["test"]


@click.command(short_help="Measure a classifier on labelled pictures.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("labelled", type=click.Path(exists=True, file_okay=False, path_type=Path))
@learning.REPORT
@learning.FORMAT
@click.option(
    "--few-shot/--no-few-shot",
    default=True,
    show_default=True,
    help="Measure, too, what calibrating and learning on these pictures would bring.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of folds and intervals.",
)
@embedding_options
def test(request: Request, file: Path, labelled: Path, **choices: Any) -> int:
    """Measure classifier FILE (.toml or .head) on LABELLED: folders called after its labels.

    A folder `none` (or `_none`, `other`) holds pictures of none of them. Copies and bursts count
    together in the intervals, and never stand on both sides of a split. Exit codes: 0 done, 2 wrong
    usage, 3 done but some pictures could not be used, 130 interrupted.
    """
    learning.require_extra(plots=bool(choices["report"]))
    from framesift.cli.classifier_examples import open_exam
    from framesift.cli.classifier_figures import test_text
    from framesift.heads.classifiers.testing import examine
    from framesift.heads.training.examples import FitOptions

    with open_exam(request, file, labelled) as exam:
        options = FitOptions(seed=choices["seed"])
        result = examine(
            exam.head,
            exam.rule,
            exam.examples,
            exam.truth,
            few_shot=choices["few_shot"],
            options=options,
        )
        for warning in result.warnings:
            exam.bench.console.notice(warning)
        if choices["report"]:
            _write_page(result, exam, choices["report"])
        left_out = exam.left_out
    if choices["format_"] == "json":
        click.echo(_json(result))
    else:
        click.echo(test_text(result))
    return FAILED_ITEMS if left_out else DONE


def _json(result: ClassifierTest) -> str:
    import dataclasses
    import json

    from framesift.heads.training.results import as_json

    # Every single prediction and curve is for the page.
    comparison = result.comparison and result.comparison.differences
    plain = as_json(dataclasses.replace(result, evaluation=None, comparison=None))
    for one in plain["by_label"]:
        one.pop("roc", None)
        one.pop("pr", None)
    plain.pop("evaluation")
    plain["comparison"] = as_json(comparison) if comparison else None
    return json.dumps(plain, allow_nan=False)


def _write_page(result: ClassifierTest, exam: Exam, page: Path) -> None:
    from framesift.cli.rated import page_facts
    from framesift.reports.classifier_page import classified_pictures
    from framesift.reports.classifier_test_page import classifier_test_page

    predictions = () if result.evaluation is None else result.evaluation.predictions
    names = [one.name for sheet in classified_pictures(predictions, {}) for one in sheet]
    facts = page_facts(exam.table, exam.labelled, exam.bench, names=names, head=None)
    text = classifier_test_page(result, facts, exam.head.card)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")
    exam.bench.console.say(f"framesift: wrote {page}")
