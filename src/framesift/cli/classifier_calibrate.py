"""``framesift classifier calibrate``: probabilities that mean what they say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS, Stop
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from framesift.cli.classifier_examples import Exam
    from framesift.heads.classifiers import ClassifierHead
    from framesift.heads.classifiers.calibrating import CalibrationResult

__all__ = ["calibrate"]


@click.command(short_help="Fit probabilities and abstention to labelled pictures.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("labelled", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--target",
    metavar="TARGET",
    help="What abstention should achieve: `accuracy>=95%` of the answers given, or "
    "`coverage>=80%` of the pictures answered.  [default: abstention stays as it is]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the new classifier goes.  [default: beside FILE, with -calibrated in its name]",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@learning.FORMAT
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the folds."
)
@embedding_options
def calibrate(request: Request, file: Path, labelled: Path, **choices: Any) -> int:
    """Fit classifier FILE to LABELLED: folders called after its labels, and one called none.

    Some 20 pictures of each label are enough. What is fitted holds for the model in use and stands
    in the new file under its embedding space. Every figure is of pictures that it was not fitted
    on; near-duplicates stay on one side. Exit codes: 0 done, 1 done but held-back pictures
    contradict the target, 2 too few pictures, no such target or wrong usage, 3 done but some
    pictures could not be used, 130 interrupted.
    """
    learning.require_extra(plots=False)
    out = choices["out"] or file.with_name(f"{file.stem}-calibrated{file.suffix}")
    if out.exists() and not choices["force"]:
        message = f"{out} is there already; name another file with --out, or replace it: --force"
        raise click.UsageError(message)
    from framesift.cli.classifier_examples import open_exam
    from framesift.cli.classifier_figures import calibration_text
    from framesift.cli.classifier_text import with_calibration, write_checked
    from framesift.heads.classifiers import ClassifierHead, read_classifier
    from framesift.heads.classifiers.abstaining import AbstentionTarget
    from framesift.heads.classifiers.choosing import is_trained
    from framesift.heads.training.results import as_json

    target = AbstentionTarget.parse(choices["target"]) if choices["target"] else None
    if is_trained(file):
        message = f"{file} was learnt from pictures and is calibrated; give a classifier in words"
        raise Stop(message)
    definition = read_classifier(file)
    with open_exam(request, file, labelled) as exam:
        embedder = exam.bench.gatherer.embedder
        plain = ClassifierHead.from_definition(embedder, definition, calibrated=False)
        result = _fit(exam, plain, (target, choices["seed"]))
        told = dataclasses.replace(
            result.calibration, wording=definition.wording, note=_note(result, labelled)
        )
        write_checked(with_calibration(file.read_text(encoding="utf-8-sig"), told), out)
        console = exam.bench.console
        for warning in result.warnings:
            console.notice(warning)
        console.say(f"framesift: wrote {out}")
        left_out = exam.left_out
    as_text = choices["format_"] != "json"
    click.echo(calibration_text(result) if as_text else json.dumps(as_json(result)))
    if result.achieved is not None and not result.achieved.met:
        return CROSSED
    return FAILED_ITEMS if left_out else DONE


def _fit(exam: Exam, head: ClassifierHead, how: tuple[Any, int]) -> CalibrationResult:
    from framesift.heads.classifiers.calibrating import calibrate as fit
    from framesift.heads.classifiers.testing import groups_of, sample_of

    target, seed = how
    sample = sample_of(head, exam.examples, exam.truth, groups_of(exam.examples))
    return fit(sample, head.calibration, target=target, seed=seed)


def _note(result: CalibrationResult, labelled: Path) -> str:
    """Say in the file what the constants rest on."""
    from framesift.cli.figures import figure_text

    said = (
        f"fitted on {result.pictures} pictures of {labelled.resolve().name}; held back: right in "
        f"{figure_text(result.after.accuracy, percent=True)}, probabilities off by "
        f"{result.after.ece.value:.1%}, before {result.before.ece.value:.1%}"
    )
    if result.achieved is not None:
        found = result.achieved
        said += (
            f"; {found.target}: {figure_text(found.coverage, percent=True)} answered, of which "
            f"{figure_text(found.accuracy, percent=True)} right"
        )
        said += "" if found.met else "; target missed"
    return said
