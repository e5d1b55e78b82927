"""``framesift train``: heads of one's own, from a table of ratings or from folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import DONE, FAILED_ITEMS
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.cli.console import Console
    from framesift.cli.rated import Rated, Ratings
    from framesift.cli.workbench import Workbench
    from framesift.heads.training.class_results import ClassifierResult
    from framesift.heads.training.examples import FitOptions
    from framesift.heads.training.results import TrainingResult

__all__ = ["train"]

_OUT = click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The head to write, such as my-taste.head.",
)
_NAME = click.option(
    "--name", metavar="NAME", help="What records call the head.  [default: the file's name]"
)
_SEED = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of every random choice.",
)
_FOLDS = click.option(
    "--folds",
    type=click.IntRange(2, 50),
    default=5,
    show_default=True,
    help="Parts of the cross-validation.",
)
_KINDS = click.option(
    "--kinds",
    callback=learning.checked(learning.parse_list),
    metavar="KIND,...",
    help="Models to try, of ridge, kernel, svr, mlp and blend.  [default: all]",
)
_INPUTS = click.option(
    "--inputs",
    callback=learning.checked(learning.parse_inputs),
    metavar="auto|SET,...",
    help="What to learn from: auto tries what there is, vectors,vectors+technical only these "
    "two.  [default: auto]",
)
_QUICK = click.option(
    "--quick", is_flag=True, help="Ridge alone, no learning curve, fewer resamples: a first look."
)

_QUICK_REPEATS = 200
_EXPERTS = ("technical",)


@click.group(short_help="Train a head on your own ratings or labels.")
def train() -> None:
    """Train a head on your own ratings or labels.

    Nothing is sent anywhere. Needs `pip install 'framesift[train]'`.
    """


@train.command("quality", short_help="Learn a taste from a table of ratings.")
@click.argument("ratings", type=click.Path(path_type=Path))
@learning.IMAGES
@_OUT
@learning.FORCE
@_NAME
@learning.COLUMNS
@learning.SCALE
@learning.REPORT
@learning.PLOTS
@learning.FORMAT
@_SEED
@_KINDS
@_INPUTS
@_FOLDS
@_QUICK
@embedding_options
def quality(request: Request, ratings: Path, **choices: Any) -> int:
    """Learn a quality score from RATINGS, a CSV table with a picture and a rating in each row.

    Any scale will do; several raters, groups (a scene, a shoot) and a train/test split may have
    columns of their own. The figures shown are for pictures that were not learnt from. Exit codes:
    0 done, 2 wrong usage, 3 done but some pictures or rows could not be used, 130 interrupted.
    """
    learning.refuse_existing(choices["out"], force=choices["force"])
    learning.require_extra(plots=bool(choices["report"] or choices["plots"]))
    from framesift.cli.rated import embed_ratings, facts_for_card, read_table, tell_left_out
    from framesift.cli.workbench import open_workbench, workplace

    _options(choices, {})  # What is wrong with them is said before any work.
    with workplace(request) as (settings, console):
        table = read_table(ratings, console, choices)
        wanted = _wanted(choices)
        with open_workbench(
            settings, console, inputs=lambda _embedder: wanted, progress=request.progress
        ) as bench:
            bench.refuse_unknown(wanted)
            rated = embed_ratings(table, bench)
            values = rated.targets.values.tolist()
            options = _options(choices, facts_for_card(ratings, rated.examples, values, bench))
            result = _fit(rated, options, console)
            written = _save(result, choices["out"], console)
            _draw(result, (table, rated), bench, {**choices, "out": written})
            left_out = tell_left_out(console, table, rated.failures)
    _print(result, choices)
    return FAILED_ITEMS if left_out else DONE


@train.command("classifier", short_help="Learn labels from folders of pictures.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_OUT
@learning.FORCE
@_NAME
@learning.REPORT
@learning.PLOTS
@learning.FORMAT
@_SEED
@_INPUTS
@_FOLDS
@_QUICK
@embedding_options
def classifier(request: Request, folder: Path, **choices: Any) -> int:
    """Learn labels from FOLDER: each sub-folder is a label, and the pictures in it carry it.

    Exit codes are those of `train quality`.
    """
    learning.refuse_existing(choices["out"], force=choices["force"])
    learning.require_extra(plots=bool(choices["report"] or choices["plots"]))
    from framesift.cli.guarding import guard_texts
    from framesift.cli.labelled import draw_classifier, embed_folders, read_folders
    from framesift.cli.rated import facts_for_card, tell_left_out
    from framesift.cli.workbench import open_workbench, workplace
    from framesift.heads.training import fit_classifier

    with workplace(request) as (settings, console):
        table = read_folders(folder, settings)
        guard_texts(
            sorted(set(table.labels)),
            settings,
            command="framesift train classifier",
            console=console,
        )
        wanted = _wanted(choices)
        with open_workbench(
            settings, console, inputs=lambda _embedder: wanted, progress=request.progress
        ) as bench:
            bench.refuse_unknown(wanted)
            labelled = embed_folders(table, bench)
            facts = facts_for_card(folder, labelled.examples, labelled.labels, bench)
            options = _options(choices, facts)
            console.say(f"framesift: training {options.name}")
            result = fit_classifier(labelled.examples, labelled.labels, options=options)
            written = _save(result, choices["out"], console)
            draw_classifier(result, (table, labelled), bench, {**choices, "out": written})
            left_out = tell_left_out(console, table, labelled.failures)
    _print(result, choices)
    return FAILED_ITEMS if left_out else DONE


@train.command("known", short_help="Learn what ordinary pictures look like.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_OUT
@learning.FORCE
@_NAME
@click.option(
    "--share",
    type=click.FloatRange(0.1, 50),
    default=0.5,
    show_default=True,
    metavar="PERCENT",
    help="Of pictures like these that may be called unknown.",
)
@learning.FORMAT
@_SEED
@embedding_options
def known(request: Request, folder: Path, **choices: Any) -> int:
    """Learn from FOLDER what ordinary pictures look like to a model.

    `framesift scan --known FILE` then marks pictures that lie far from all of them: what the model
    says of these is a guess. Give a thousand pictures or more, of all the kinds that you expect; 50
    are the least. Exit codes are those of `train quality`.
    """
    learning.refuse_existing(choices["out"], force=choices["force"])
    from framesift.cli.ordinary import fit_known, known_summary, ordinary_files
    from framesift.cli.workbench import open_workbench, workplace
    from framesift.heads import save_head

    with workplace(request) as (settings, console):
        files, failures = ordinary_files(folder, settings)
        with open_workbench(
            settings, console, inputs=lambda _embedder: (), progress=request.progress
        ) as bench:
            names = [file.relative_to(folder).as_posix() for file in files]
            examples, _, unread = bench.examples(folder, files, names)
            head = fit_known(folder, examples, bench, choices)
        written = save_head(head, choices["out"])
        console.say(f"framesift: wrote {written}")
        for failure in (*failures, *unread):
            console.say(f"framesift: failed: {failure.error.message}")
    click.echo(known_summary(head, len(examples), as_json=choices["format_"] == "json"))
    return FAILED_ITEMS if failures or unread else DONE


def _options(choices: Mapping[str, Any], facts: Mapping[str, str]) -> FitOptions:
    """Turn what the user asked into options of the training; the card will have all of it."""
    from framesift.heads.training.examples import FitOptions

    given: dict[str, Any] = {"kinds": choices.get("kinds"), "inputs": choices["inputs"]}
    given = {name: value for name, value in given.items() if value}
    if choices["quick"]:
        given = {"kinds": ("ridge",), "curve": False, "repeats": _QUICK_REPEATS, **given}
    asked = {
        "kinds": ", ".join(choices.get("kinds") or ()) or ("ridge" if choices["quick"] else "all"),
        "inputs": ", ".join("+".join(names) for names in choices["inputs"] or ()) or "auto",
        "folds": str(choices["folds"]),
        "quick": "yes" if choices["quick"] else "no",
    }
    return FitOptions(
        name=choices["name"] or choices["out"].name.removesuffix(".head"),
        seed=choices["seed"],
        folds=choices["folds"],
        extra={**facts, **asked},
        **given,
    )


def _wanted(choices: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of inputs for which experts have to be loaded."""
    named = tuple(name for names in choices["inputs"] or () for name in names)
    return named or _EXPERTS


def _fit(rated: Rated, options: FitOptions, console: Console) -> TrainingResult:
    from framesift.heads.training import fit_head

    console.say(f"framesift: training {options.name} in {options.folds} folds, seed {options.seed}")
    return fit_head(rated.examples, rated.targets, options=options)


def _save(result: TrainingResult | ClassifierResult, out: Path, console: Console) -> Path:
    from framesift.heads import save_head

    written = save_head(result.head, out)
    console.say(f"framesift: wrote {written}")
    return written


def _draw(
    result: TrainingResult,
    data: tuple[Ratings, Rated],
    bench: Workbench,
    choices: Mapping[str, Any],
) -> None:
    """Write the page and the plots that were asked for."""
    from framesift.cli.drawings import Drawn, draw

    def make() -> Drawn:
        from framesift.cli.drawings import rated_sheets
        from framesift.cli.rated import page_facts
        from framesift.reports.figures import quality_plots
        from framesift.reports.training_page import rated_pictures, training_page

        fitted = result.head.score(data[1].examples.embeddings).values[:, 0]
        scores = fitted[[one.index for one in result.predictions]].astype(float)
        unseen = result.held_out_predictions or result.predictions
        names = [one.name for sheet in rated_pictures(unseen, {}) for one in sheet]
        facts = page_facts(*data, bench, names=names, head=choices["out"])
        sheets = rated_pictures(unseen, facts.thumbnails)
        return (
            lambda: training_page(result, facts, scores),
            lambda: [*quality_plots(result, scores), *rated_sheets(*sheets)],
        )

    draw(choices, bench.console, make)


def _print(result: TrainingResult | ClassifierResult, choices: Mapping[str, Any]) -> None:
    """Write the summary to standard output."""
    import json

    from framesift.cli.figures import classifier_text, training_text
    from framesift.heads.training.class_results import ClassifierResult
    from framesift.heads.training.results import as_json

    if choices["format_"] == "json":
        click.echo(json.dumps(as_json(result), allow_nan=False))
        return
    for warning in result.warnings:
        click.echo(f"framesift: note: {warning}", err=True)
    text = (
        classifier_text(result) if isinstance(result, ClassifierResult) else training_text(result)
    )
    click.echo(text)
