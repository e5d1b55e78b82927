"""``framesift audit prompts``: how much the answer moves with the wording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import DONE, FAILED_ITEMS, Stop
from framesift.cli.options import Request, gathering_options, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.cli.console import Console
    from framesift.cli.workbench import Workbench
    from framesift.heads.classifiers import ClassifierDefinition
    from framesift.heads.prompt_audit import PromptAudit
    from framesift.settings import Settings

__all__ = ["prompts"]

_PICTURES = 5
_SHEET = 36


@click.command(short_help="Measure how much the answers move with the wording.")
@click.option(
    "--labels", metavar="LABEL,...", help="Labels instead of a file: `dog, cat, neither`."
)
@learning.REPORT
@learning.FORMAT
@gathering_options
def prompts(request: Request, **choices: Any) -> int:
    """Say a classifier in other words, and count the answers that change.

    PATHS are the classifier file (.toml) and then your pictures; with --labels, pictures only.
    Templates are paraphrased, and the articles and the number of prompts changed. The answers
    compared are those before calibration and abstention. Exit codes: 0 done, 2 wrong usage, 3 done
    but some pictures could not be read, 130 interrupted.
    """
    from framesift.cli.classifier_lint import read_words
    from framesift.cli.guarding import guard_texts, words_of
    from framesift.cli.workbench import open_workbench, workplace
    from framesift.heads.prompt_audit import audit_prompts

    file, paths = _split(request.paths, choices["labels"])
    with workplace(request) as (settings, console):
        definition = read_words(file, choices["labels"])
        study = guard_texts(
            words_of(definition), settings, command="framesift audit prompts", console=console
        )
        files, missing = _pictures(paths, settings, console)
        with open_workbench(
            settings, console, inputs=lambda _embedder: (), progress=request.progress
        ) as bench:
            names = [str(path) for path in files]
            examples, rows, failures = bench.examples(Path(paths[0]), files, names)
            for failure in failures:
                console.say(f"framesift: left out: {printable(failure.error.message)}")
            shown = [names[row] for row in rows]
            embedder = bench.gatherer.embedder
            result = audit_prompts(embedder, definition, examples.embeddings, shown)
            if choices["report"]:
                _write(result, definition, bench, choices["report"], study)
    _print(result, choices["format_"], study)
    return FAILED_ITEMS if failures or missing else DONE


def _split(paths: tuple[str, ...], labels: str | None) -> tuple[Path | None, tuple[str, ...]]:
    """Tell the classifier from the pictures."""
    if labels is not None:
        return None, paths
    first, rest = Path(paths[0]), paths[1:]
    if first.is_dir() or first.suffix.lower() not in (".toml", ".head"):
        message = f"{first} is no classifier file; write pets.toml {first}, or give --labels"
        raise click.UsageError(message)
    if not rest:
        message = f"name the pictures after the classifier: {first} photos/"
        raise click.UsageError(message)
    return first, rest


def _pictures(paths: Sequence[str], settings: Settings, console: Console) -> tuple[list[Path], int]:
    """Find pictures, and say what is none; returns them and how many were not found."""
    from framesift.media import ExpandOptions, Source, expand_sources

    options = ExpandOptions(hidden=settings.hidden, all_files=settings.all_files)
    files: list[Path] = []
    missing = 0
    for found in expand_sources(paths, options=options):
        if isinstance(found, Source):
            if found.path is not None:
                files.append(found.path)
        else:
            missing += 1
            console.say(f"framesift: left out: {printable(found.error.message)}")
    if not files:
        message = f"{paths[0]}: there is no picture to try the words on"
        raise Stop(message)
    return list(dict.fromkeys(files)), missing


def _write(
    result: PromptAudit,
    definition: ClassifierDefinition,
    bench: Workbench,
    out: Path,
    study: str | None,
) -> None:
    from framesift.cli.drawings import write_page
    from framesift.reports.prompt_page import prompt_page

    files = {one.name: Path(one.name) for one in result.shaky[:_SHEET]}
    thumbnails = bench.thumbnails(files)
    notices = [text for text in (study, bench.notice) if text]
    page = prompt_page(result, definition, bench.header(), thumbnails, notices)
    write_page(page, out, bench.console)


def _print(result: PromptAudit, format_: str, study: str | None) -> None:
    import json

    from framesift.heads.training.results import as_json
    from framesift.reports.words import visible

    if format_ == "json":
        click.echo(json.dumps({**as_json(result), "notice": study}, allow_nan=False))
        return
    for line in _told(result):
        click.echo(visible(line))


def _told(result: PromptAudit) -> Iterator[str]:
    from framesift.cli.console import plural

    yield (
        f"{result.classifier} with {result.model} on {plural(result.pictures, 'picture')}, said in "
        f"{len(result.wordings)} other ways"
    )
    yield f"  answers that change       {result.flip_rate:6.1%}  mean over wordings"
    yield f"  pictures touched          {result.touched:6.1%}  by at least one wording"
    yield f"  lead over the next answer {result.margin_spread:6.3f}  its standard deviation"
    yield ""
    width = max(5, *(len(one.name) for one in result.labels))
    yield f"  {'label':<{width}}  pictures  change  lead   spread  lost to"
    for one in result.labels:
        rate, lead, spread = (_number(v) for v in (one.flip_rate, one.margin, one.margin_spread))
        share = f"{one.flip_rate:6.1%}" if one.pictures else rate
        yield (
            f"  {one.name:<{width}}  {one.pictures:>8,}  {share}  {lead}  {spread}  {one.lost_to}"
        ).rstrip()
    yield ""
    named = max(7, *(len(one.name) for one in result.wordings))
    yield f"  {'wording':<{named}}  change"
    for figures in result.wordings:
        yield f"  {figures.name:<{named}}  {figures.flips:6.1%}"
    if result.shaky:
        yield ""
    for picture in result.shaky[:_PICTURES]:
        others = ", ".join(f"{name} {count}x" for name, count in picture.others)
        yield f"  {picture.name}: {picture.answer}, but also {others}"
    yield ""
    yield from _advice(result)


def _number(value: float) -> str:
    return f"{value:6.3f}" if value == value else "     -"


def _advice(result: PromptAudit) -> Iterator[str]:
    own = next(one for one in result.ensembles if one.name == "own")
    best = result.steadiest
    if best.name == "own":
        yield "Your templates are the steadiest of those tried: where one is exchanged, or"
        yield f"articles change, {own.flip_rate:.1%} of the answers do."
        return
    listed = ", ".join(f'"{one}"' for one in best.templates)
    yield "Steadiest of the templates tried, for the classifier file:"
    yield f"  templates = [{listed}]"
    yield f"Where one is exchanged, or articles change, {best.flip_rate:.1%} of the answers do,"
    yield f"against {own.flip_rate:.1%} with yours."
