"""``framesift classifier lint``: what will not work, before any picture is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import CROSSED, DONE
from framesift.cli.options import Request, text_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.cli.console import Console
    from framesift.heads.classifiers import ClassifierDefinition
    from framesift.heads.lint import Finding
    from framesift.settings import Settings

__all__ = ["lint", "read_words"]

_WIDTH = 96
_RANKS = ("note", "warning", "error")


@click.command(short_help="Find wordings that will not work, and say what to write instead.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--labels", metavar="LABEL,...", help="Labels instead of a file: `dog, cat, neither`."
)
@click.option(
    "--words-only",
    is_flag=True,
    help="Load no model: labels too alike are then found by their words alone.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note"]),
    help="Exit with 1 if there is anything of that kind or worse.",
)
@learning.FORMAT
@text_options
def lint(request: Request, file: Path | None, **choices: Any) -> int:
    """Check the words of classifier FILE (.toml), or of --labels, against what CLIP cannot do.

    Counting, places, negation, digits and text, kinds that only experts tell apart, named people,
    protected and demeaning labels, labels too alike for the model, and wordings that say nothing.
    Each finding has its reason and a better wording. Exit codes: 0 done, 1 --fail-on was reached,
    2 wrong usage.
    """
    from framesift.cli.workbench import workplace
    from framesift.heads.lint import lint_classifier

    with workplace(request) as (settings, console):
        definition = read_words(file, choices["labels"])
        embedder = None if choices["words_only"] else _model(settings, console)
        findings = lint_classifier(definition, embedder)
    if choices["format_"] == "json":
        click.echo(_json(definition, findings, None if embedder is None else embedder.name))
    else:
        _print(_told(definition, findings))
    return CROSSED if _reached(findings, choices["fail_on"]) else DONE


def read_words(file: Path | None, labels: str | None) -> ClassifierDefinition:
    """Read a classifier from a file or from labels between commas; one of the two.

    Raises:
        HeadError: Naming what is wrong with it.
        click.UsageError: Neither was given, or both, or the file is no classifier in words.
    """
    from framesift.heads.classifiers import from_labels, read_classifier
    from framesift.heads.classifiers.choosing import is_trained

    if (file is None) == (labels is None):
        message = "name a classifier file such as pets.toml, or give --labels 'dog, cat'"
        raise click.UsageError(message if file is None else f"{message}, not both")
    if labels is not None:
        return from_labels(labels)
    assert file is not None
    if is_trained(file):
        message = f"{file} was learnt from pictures and has no words to check; name a .toml file"
        raise click.UsageError(message)
    return read_classifier(file)


def _model(settings: Settings, console: Console) -> Any:
    from framesift.cli.session import open_embedder

    return open_embedder(settings, console)[0]


def _reached(findings: Sequence[Finding], fail_on: str | None) -> bool:
    if fail_on is None:
        return False
    bound = _RANKS.index(fail_on)
    return any(_RANKS.index(one.severity) >= bound for one in findings)


def _json(definition: ClassifierDefinition, findings: Sequence[Finding], model: str | None) -> str:
    import dataclasses
    import json

    counts = {rank: sum(one.severity == rank for one in findings) for rank in reversed(_RANKS)}
    listed = [dataclasses.asdict(one) for one in findings]
    head = {"classifier": definition.name, "source": definition.source, "model": model}
    return json.dumps({**head, "counts": counts, "findings": listed}, ensure_ascii=False)


def _print(lines: Iterator[str]) -> None:
    import sys

    from framesift.reports.words import visible

    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        click.echo(visible(line).encode(encoding, "backslashreplace").decode(encoding))


def _told(definition: ClassifierDefinition, findings: Sequence[Finding]) -> Iterator[str]:
    from framesift.cli.console import plural

    where = definition.source or definition.name
    if not findings:
        yield f"{where}: nothing to say against {plural(len(definition.labels), 'label')}"
        return
    counts = [
        plural(sum(one.severity == rank for one in findings), rank)
        for rank in reversed(_RANKS)
        if any(one.severity == rank for one in findings)
    ]
    yield f"{where}: {', '.join(counts)}"
    explained: set[str] = set()
    for one in findings:
        yield ""
        yield from _finding(one, again=one.code in explained)
        explained.add(one.code)


def _finding(one: Finding, *, again: bool) -> Iterator[str]:
    place = "" if one.place in ("prompt", "labels", "name") else f" ({one.place})"
    label = f"{one.label}{place}" if one.label else (place.strip(" ()") or "the whole")
    said = f': "{one.prompt}"' if one.prompt and one.prompt != one.label else ""
    yield from _wrapped(f"{one.severity} {one.code}  {label}{said}", rest=" " * 8)
    if one.words and one.words.lower() != one.prompt.lower():
        yield from _wrapped(f"words   {one.words}", first="  ", rest=" " * 10)
    if not again:
        yield from _wrapped(f"why     {one.reason}", first="  ", rest=" " * 10)
    if one.better:
        yield from _wrapped(f"better  {one.better}", first="  ", rest=" " * 10)


def _wrapped(text: str, *, first: str = "", rest: str = "") -> Iterator[str]:
    import textwrap

    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
