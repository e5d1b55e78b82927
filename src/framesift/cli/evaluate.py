"""``framesift evaluate``: any quality head on any ratings, and two heads side by side."""

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
    from framesift.cli.rated import Rated, Ratings
    from framesift.cli.workbench import Workbench
    from framesift.embeddings.base import Embedder
    from framesift.heads.quality import QualityScorer
    from framesift.heads.training.results import Comparison, Evaluation
    from framesift.settings import Settings

__all__ = ["evaluate"]


@click.command(short_help="Measure a quality head on a table of ratings.")
@click.argument("head", metavar="HEAD")
@click.argument("ratings", type=click.Path(path_type=Path))
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
def evaluate(request: Request, head: str, ratings: Path, **choices: Any) -> int:
    """Measure HEAD on RATINGS, a CSV table with a picture and a rating in each row.

    HEAD is a head file made by `framesift train`, or a name that `scan --quality` takes. Without
    `--model` a head file is read with the model it was trained with. Do not use the ratings that
    the head learnt from: it would look better than it is. Exit codes: 0 done, 2 wrong usage, 3
    done but some pictures or rows could not be used, 130 interrupted.
    """
    learning.require_extra(plots=bool(choices["report"] or choices["plots"]))
    from framesift.cli.rated import embed_ratings, read_table, tell_left_out
    from framesift.cli.workbench import workplace
    from framesift.heads.training import compare_heads, evaluate_head

    with workplace(request) as (settings, console):
        table = read_table(ratings, console, choices)
        run = _Run(request, settings, console, table)
        names, other = [head], None
        model, second = _models(head, choices["against"], settings)
        if choices["against"] and second == model:
            names.append(choices["against"])
        elif choices["against"]:
            # The other model first: the page needs the pictures of the head in question.
            other = run.alone(choices["against"], second)
        with run.opened(names, model) as (bench, heads):
            rated = embed_ratings(table, bench)
            _warn_of_own_ratings(heads, ratings, console)
            evaluations = [evaluate_head(one, rated.examples, rated.targets) for one in heads]
            other = evaluations[1] if len(evaluations) > 1 else other
            comparison = compare_heads(evaluations[0], other) if other else None
            _draw(evaluations[0], comparison, (table, rated, bench), choices)
        left_out = tell_left_out(console, table, rated.failures)
    _print(evaluations[0], comparison, choices)
    return FAILED_ITEMS if left_out else DONE


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What every head of one evaluation shares."""

    request: Request
    settings: Settings
    console: Console
    table: Ratings

    @contextlib.contextmanager
    def opened(
        self, names: Sequence[str], model: str | None
    ) -> Iterator[tuple[Workbench, list[QualityScorer]]]:
        """Load a model, the heads named for it, and the experts these read."""
        from framesift.cli.workbench import open_workbench
        from framesift.heads import quality_head_for

        heads: list[QualityScorer] = []

        def inputs(embedder: Embedder) -> list[str]:
            for name in names:
                head = quality_head_for(embedder, name, offline=self.settings.offline)
                if head.notice:
                    self.console.notice(head.notice)
                heads.append(head)
            return [each for head in heads for each in head.card.inputs]

        progress = self.request.progress
        with open_workbench(
            self.settings, self.console, inputs=inputs, progress=progress, model=model
        ) as bench:
            yield bench, heads

    def alone(self, name: str, model: str | None) -> Evaluation:
        """Evaluate one head with a model of its own."""
        from framesift.cli.rated import embed_ratings
        from framesift.heads.training import evaluate_head

        with self.opened([name], model) as (bench, heads):
            rated = embed_ratings(self.table, bench)
            return evaluate_head(heads[0], rated.examples, rated.targets)


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


def _warn_of_own_ratings(heads: Sequence[QualityScorer], ratings: Path, console: Console) -> None:
    """Point out a head that was trained on the very table it is measured on."""
    from framesift.cli.rated import sha256_of

    digest = sha256_of(ratings)
    for head in heads:
        if head.card.details.get("source_sha256") == digest:
            console.warn(
                f"{head.card.name} was trained on these very ratings: the figures flatter it; "
                "measure it on others, or see what `framesift heads info` says of unseen pictures"
            )


def _draw(
    evaluation: Evaluation,
    comparison: Comparison | None,
    data: tuple[Ratings, Rated, Workbench],
    choices: Mapping[str, Any],
) -> None:
    """Write the page and the plots that were asked for."""
    if not (choices["report"] or choices["plots"]):
        return
    from framesift.cli.drawings import rated_sheets, write_page, write_plots
    from framesift.cli.rated import page_facts
    from framesift.reports.evaluation_page import evaluation_page
    from framesift.reports.figures import evaluation_plots
    from framesift.reports.training_page import rated_pictures

    table, rated, bench = data
    bench.console.say("framesift: drawing")
    names = [one.name for sheet in rated_pictures(evaluation.predictions, {}) for one in sheet]
    facts = page_facts(table, rated, bench, names=names, head=None)
    if choices["report"]:
        write_page(evaluation_page(evaluation, facts, comparison), choices["report"], bench.console)
    if choices["plots"]:
        whole, worst = rated_pictures(evaluation.predictions, facts.thumbnails)
        sheets = rated_sheets(whole, worst)
        write_plots([*evaluation_plots(evaluation), *sheets], choices["plots"], bench.console)


def _print(
    evaluation: Evaluation, comparison: Comparison | None, choices: Mapping[str, Any]
) -> None:
    """Write the summary to standard output."""
    from framesift.cli.figures import comparison_text, evaluation_text
    from framesift.heads.training.results import as_json

    if choices["format_"] == "json":
        click.echo(json.dumps(as_json(comparison or evaluation), allow_nan=False))
        return
    for warning in (comparison or evaluation).warnings:
        click.echo(f"framesift: note: {warning}", err=True)
    click.echo(evaluation_text(evaluation))
    if comparison is not None:
        click.echo()
        click.echo(comparison_text(comparison))
