"""``framesift evaluate``: any head on any ratings or labels, and two heads side by side."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import DONE, FAILED_ITEMS
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from framesift.cli.console import Console
    from framesift.cli.measures import Measure
    from framesift.cli.workbench import Workbench
    from framesift.embeddings.base import Embedder
    from framesift.heads.base import Head
    from framesift.settings import Settings

__all__ = ["evaluate"]

_OF_TABLES = ("images", "columns", "scale")


@click.command(short_help="Measure a head on a table of ratings or on labelled folders.")
@click.argument("head", metavar="HEAD")
@click.argument("source", type=click.Path(path_type=Path), metavar="RATINGS|FOLDER")
@learning.IMAGES
@learning.COLUMNS
@learning.SCALE
@click.option(
    "--against",
    metavar="HEAD",
    help="Measure a second head on the same pictures and test which is better.",
)
@learning.REPORT
@learning.PLOTS
@learning.FORMAT
@embedding_options
def evaluate(request: Request, head: str, source: Path, **choices: Any) -> int:
    """Measure HEAD on RATINGS, a CSV table with a picture and a rating in each row.

    HEAD is a head file made by `framesift train`, or a name that `scan --quality` takes. A
    classifier is measured on FOLDER, in which each sub-folder is a label that it knows. Without
    `--model` a head file is read with the model it was trained with. Do not use the pictures that
    the head learnt from: it would look better than it is.

    A policy, POLICY.toml in place of HEAD, is measured on folders named after its categories and
    `benign`, or on a table, as `framesift policy calibrate` takes them.

    Exit codes: 0 done, 2 wrong usage, 3 done but some pictures or rows could not be used, 130
    interrupted.
    """
    if head.lower().endswith(".toml"):
        from framesift.cli.evaluate_policy import evaluate_policy

        return evaluate_policy(request, Path(head), source, choices)
    learning.require_extra(plots=bool(choices["report"] or choices["plots"]))
    from framesift.cli.rated import tell_left_out
    from framesift.cli.workbench import workplace

    with workplace(request) as (settings, console):
        measure = _measure(source, settings, console, choices)
        run = _Run(request, settings, console, measure)
        names, other = [head], None
        model, second = _models(head, choices["against"], settings)
        if choices["against"] and second == model:
            names.append(choices["against"])
        elif choices["against"]:
            # The other model first: the page needs the pictures of the head in question.
            other = run.alone(choices["against"], second)
        with run.opened(names, model) as (bench, heads):
            data = measure.embed(bench)
            _warn_of_own(heads, measure, data, bench)
            evaluations = [measure.evaluate(one, data) for one in heads]
            other = evaluations[1] if len(evaluations) > 1 else other
            comparison = measure.compare(evaluations[0], other) if other else None
            measure.draw((evaluations[0], comparison), data, bench, choices)
        left_out = tell_left_out(console, measure.table, data.failures)
    _print(measure, evaluations[0], comparison, choices)
    return FAILED_ITEMS if left_out else DONE


def _measure(
    source: Path, settings: Settings, console: Console, choices: Mapping[str, Any]
) -> Measure:
    """Read what to measure on: a folder of labels, or a table."""
    from framesift.cli.labelled import read_folders
    from framesift.cli.measures import LabelMeasure, RatingMeasure
    from framesift.cli.rated import read_table

    if not source.is_dir():
        return RatingMeasure(read_table(source, console, choices), settings.offline)
    for name in _OF_TABLES:
        if choices[name] is not None:
            message = f"--{name} goes with a table of ratings, and {source} is a folder of labels"
            raise click.UsageError(message)
    return LabelMeasure(read_folders(source, settings))


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What every head of one evaluation shares."""

    request: Request
    settings: Settings
    console: Console
    measure: Measure

    @contextlib.contextmanager
    def opened(
        self, names: Sequence[str], model: str | None
    ) -> Iterator[tuple[Workbench, list[Head]]]:
        """Load a model, the heads named for it, and the experts these read."""
        from framesift.cli.workbench import open_workbench
        from framesift.heads.base import check_experts

        heads: list[Head] = []

        def inputs(embedder: Embedder) -> list[str]:
            for name in names:
                head = self.measure.load(embedder, name)
                if notice := getattr(head, "notice", None):
                    self.console.notice(notice)
                heads.append(head)
            return [each for head in heads for each in head.card.inputs]

        progress = self.request.progress
        with open_workbench(
            self.settings, self.console, inputs=inputs, progress=progress, model=model
        ) as bench:
            known = {expert.name: expert.fingerprint for expert in bench.gatherer.experts}
            for head in heads:
                check_experts(head.card, known)
            yield bench, heads

    def alone(self, name: str, model: str | None) -> Any:
        """Evaluate one head with a model of its own."""
        with self.opened([name], model) as (bench, heads):
            return self.measure.evaluate(heads[0], self.measure.embed(bench))


def _models(head: str, against: str | None, settings: Settings) -> tuple[str | None, str | None]:
    """Return the models to read two heads with; ``None`` is the settings' one.

    Where the user asked for none, a head file brings the model it was trained with, and a head
    that is only a name goes with the other one's.
    """
    from framesift.heads.choose import is_head_file
    from framesift.heads.store import read_card

    if settings.model != "auto":
        return None, None
    first, second = (
        read_card(Path(name).expanduser()).model or None if name and is_head_file(name) else None
        for name in (head, against)
    )
    return first or second, second or first


def _warn_of_own(heads: Sequence[Head], measure: Measure, data: Any, bench: Workbench) -> None:
    """Point out a head that was trained on the very pictures it is measured on."""
    for head in heads:
        if measure.is_own(head, data, bench):
            bench.console.warn(
                f"{head.card.name} was trained on these very {measure.what}: the figures flatter "
                "it; measure it on others, or see what `framesift heads info` says of unseen "
                "pictures"
            )


def _print(measure: Measure, evaluation: Any, comparison: Any, choices: Mapping[str, Any]) -> None:
    """Write the summary to standard output."""
    from framesift.heads.training.results import as_json

    if choices["format_"] == "json":
        click.echo(json.dumps(as_json(comparison or evaluation), allow_nan=False))
        return
    for warning in (comparison or evaluation).warnings:
        click.echo(f"framesift: note: {warning}", err=True)
    click.echo("\n\n".join(measure.texts(evaluation, comparison)))
