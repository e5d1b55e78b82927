"""``framesift audit limits``: what a model can be asked, measured on drawn and given pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED, Stop
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from framesift.cli.labelled import Labelled, Labels
    from framesift.cli.workbench import Workbench
    from framesift.pipeline.limits import Given
    from framesift.settings import Settings
    from framesift.verdicts.limits import LimitResult, LimitsReport

__all__ = ["limits"]

_SHOWN = 8


def _parse_names(text: str) -> tuple[str, ...]:
    """Read names of tests and of groups of tests.

    Raises:
        ValueError: There is no such test.
    """
    from framesift.pipeline.limits import GROUPS, NAMES

    found: list[str] = []
    for name in learning.parse_list(text):
        if name not in (*NAMES, *GROUPS):
            message = f"no test is called {name!r}; there is {', '.join((*NAMES, *GROUPS))}"
            raise ValueError(message)
        found += GROUPS.get(name, (name,))
    if not found:
        message = "names no test"
        raise ValueError(message)
    return tuple(found)


@click.command("limits", short_help="Measure what a model can be asked.")
@click.option(
    "--given",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Pictures of your own, each sub-folder a label: asked for too, in several wordings.",
)
@click.option(
    "--only",
    callback=learning.checked(_parse_names),
    metavar="TEST,...",
    help="Of colours, shapes, things, counting, relations, distance, attributes, negation, digits, "
    "polygons, shades, fine-grained (the last two), wording, unknown, given.  [default: all]",
)
@click.option(
    "--count",
    type=click.IntRange(1, 5000),
    default=60,
    show_default=True,
    help="Pictures drawn for each test; more make the intervals narrower.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the drawings."
)
@click.option(
    "--known",
    metavar="FILE|auto|none",
    help="What tells unknown pictures, as in `framesift scan`.  [default: auto]",
)
@learning.REPORT
@learning.FORMAT
@embedding_options
def limits(request: Request, **choices: Any) -> int:
    """Measure what a model can be asked: counting, sides, distance, "no", digits, fine classes ...

    Pictures are drawn, questions asked in words, and right answers compared with guessing; the
    verdict goes by the 95 % interval. Exit codes: 0 done, 2 wrong usage, 3 done but some given
    pictures could not be read, 130 interrupted.
    """
    from framesift.cli.workbench import open_workbench, workplace

    with workplace(request) as (settings, console):
        labels = _labels(choices, settings)
        with open_workbench(
            settings, console, inputs=lambda _embedder: (), progress=request.progress
        ) as bench:
            labelled = None if labels is None else _embed(labels, bench)
            report = _measure(bench, labelled, choices)
            if choices["report"]:
                _draw(report, labels, labelled, bench, choices["report"])
        failures = () if labelled is None else labelled.failures
        for failure in failures:
            console.say(f"framesift: failed: {failure.error.message}")
    if choices["format_"] == "json":
        click.echo(json.dumps(report.to_json(), allow_nan=False))
    else:
        click.echo(_text(report))
    return FAILED_ITEMS if failures else DONE


def _labels(choices: dict[str, Any], settings: Settings) -> Labels | None:
    from framesift.cli.labelled import read_folders

    only = choices["only"] or ()
    if choices["given"] is None:
        if "given" in only:
            message = "--only given needs --given FOLDER with labelled pictures"
            raise click.UsageError(message)
        return None
    return read_folders(choices["given"], settings)


def _embed(labels: Labels, bench: Workbench) -> Labelled:
    from framesift.cli.labelled import embed_folders

    return embed_folders(labels, bench)


def _measure(bench: Workbench, labelled: Labelled | None, choices: dict[str, Any]) -> LimitsReport:
    from framesift.cli.console import Meter
    from framesift.heads.known import known_head_for
    from framesift.pipeline.limits import NAMES, Run, measure_limits

    embedder = bench.gatherer.embedder
    names = choices["only"] or NAMES
    run = Run(
        embedder,
        choices["count"],
        choices["seed"],
        detector=known_head_for(embedder, choices["known"] or bench.settings.known),
        given=None if labelled is None else _given(labelled, bench),
    )
    bench.console.say(f"framesift: asking {embedder.name} about {choices['count']:,} drawings each")
    meter = Meter(
        enabled=bench.progress and not bench.console.quiet,
        count=lambda: len(names),
        title="Asking",
    )
    try:
        with meter:
            return measure_limits(run, names, advance=meter.advance)
    except KeyboardInterrupt:
        message = "interrupted; nothing was written"
        raise Stop(message, INTERRUPTED) from None


def _given(labelled: Labelled, bench: Workbench) -> Given:
    """Name labels as words, and make a few thumbnails, spread over the labels."""
    from framesift.pipeline.limits import Given

    names = labelled.examples.names
    chosen = [round(k * (len(names) - 1) / max(_SHOWN - 1, 1)) for k in range(_SHOWN)]
    files = {names[k]: labelled.files[names[k]] for k in dict.fromkeys(chosen)}
    made = bench.thumbnails(files)
    thumbnails = {names.index(name): data for name, data in made.items()}
    words = tuple(label.replace("_", " ").replace("-", " ") for label in labelled.labels)
    return Given(labelled.examples.embeddings, words, thumbnails)


def _draw(
    report: LimitsReport,
    labels: Labels | None,
    labelled: Labelled | None,
    bench: Workbench,
    out: Path,
) -> None:
    from framesift.cli.drawings import write_page
    from framesift.reports.limits_page import limits_page
    from framesift.reports.parts import PageFacts

    facts = PageFacts(
        header=bench.header(),
        images="" if labels is None else str(labels.source),
        failures=() if labelled is None else labelled.failures,
        problems=() if labels is None else labels.problems,
        problem_count=0 if labels is None else labels.problem_count,
    )
    write_page(limits_page(report, facts), out, bench.console)


def _text(report: LimitsReport) -> str:
    """Write a line of figures and a sentence for each test."""
    lines = [f"{report.model}: what it can be asked, on {report.count:,} drawings each"]
    for one in report.results:
        lines.append(f"  {one.title:<26}{_figures(one)}")
        lines.append(f"    {one.sentence}")
    return "\n".join(lines)


def _figures(one: LimitResult) -> str:
    if one.share is None:
        return "not measured"
    ends = f"{one.share.low:.0%} to {one.share.high:.0%}"
    text = f"{one.share.value:5.0%}  ({ends}) of {one.share.total:,}"
    if one.name == "wording":
        return f"{text} change"
    if one.name == "unknown":
        return f"{text} noticed; of ordinary ones {one.chance:.1%}"
    easier = "" if one.control is None else f"; easier question {one.control.value:.0%}"
    return f"{text}; guessing {one.chance:.0%}{easier}"
