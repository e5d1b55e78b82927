"""``framesift search``: find pictures and moments of videos by a text or a picture."""

from __future__ import annotations

import glob
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import DONE, FAILED_ITEMS
from framesift.cli.options import Request, analysis_options

if TYPE_CHECKING:
    from datetime import datetime

    from framesift.cli.searching import Wanted

__all__ = ["search"]

_FORMATS = ("table", "paths", "jsonl", "csv", "html")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("search", short_help="Find pictures by a text or by another picture.")
@click.option(
    "--text",
    "texts",
    multiple=True,
    metavar="WORDS",
    help="What to look for, instead of the last argument; may be given more than once.",
)
@click.option(
    "--like",
    "likes",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="Look for pictures like this one, alone or together with a text; may be given more than "
    "once. The picture itself is not listed.",
)
@click.option(
    "--not",
    "nots",
    multiple=True,
    metavar="WORDS",
    help="What pictures should not show; may be given more than once. They come later, not never.",
)
@click.option("--top", type=click.IntRange(min=1), default=20, metavar="N", show_default=True,
              help="The most to list.")  # fmt: skip
@click.option(
    "--min-score",
    type=click.FloatRange(-1, 1),
    metavar="X",
    help="Lowest score to list, -1 to 1, instead of a limit that adapts to the search; -1 lists "
    "the nearest, matches or not.",
)
@click.option(
    "--quality-min",
    type=click.FloatRange(0, 10),
    metavar="X",
    help="Lowest quality to list, 0 to 10.",
)
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    type=click.Choice(["allow", "review", "block"]),
    help="List only what has this verdict; may be given more than once.",
)
@click.option("--after", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="Taken (else changed) on this day or later: 2024-12-31.")  # fmt: skip
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="Taken (else changed) before this day.")  # fmt: skip
@click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="GLOB",
    help="Lies in a folder of such a name, or below one; may be given more than once.",
)
@click.option(
    "-o",
    "--out",
    "outs",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the result; the extension gives the format (.html .jsonl .csv .txt). May be given "
    "more than once.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    help="Of what goes to standard output.  [default: table, or nothing with --out]",
)
@click.option("--print0", is_flag=True, help="Paths, each ended by a zero byte (xargs -0).")
@click.option(
    "--contact-sheet", "sheet", type=_FILE, metavar="FILE", help="Draw what was found on one PNG."
)
@analysis_options()
def search(request: Request, **choices: Any) -> int:
    """Find pictures and moments of videos by a text or by another picture, best first.

    PATHS are files and folders, and the last argument is what to look for: `framesift search
    photos/ "children in the snow"`. What is not embedded yet is embedded first and remembered.
    Where nothing is a good match, nothing is listed, and it is said.

    A search that asks who somebody is, or what people believe or suffer from, is refused. Exit
    codes are those of `scan`.
    """
    paths, words = _split(request.paths, choices)
    wanted = _wanted(words, choices)
    from framesift.cli.searching import run_search

    failed = run_search(replace(request, paths=paths), wanted)
    return FAILED_ITEMS if failed else DONE


def _split(given: tuple[str, ...], choices: dict[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """Tell the paths from the text.

    Raises:
        click.UsageError: There is no text, or nothing to search.
    """
    texts = list(choices["texts"])
    ends_in_text = not texts and not (choices["likes"] and (len(given) == 1 or _is_path(given[-1])))
    paths = given[:-1] if ends_in_text else given
    if ends_in_text:
        texts = [given[-1]]
    if not paths:
        alone = "say what to look for after the paths, or with --text or --like"
        message = alone if _is_path(given[-1]) else f"say where to look for {given[-1]!r}"
        raise click.UsageError(message)
    for text in (*texts, *choices["nots"]):
        if not text.strip():
            message = "a text to look for is empty"
            raise click.UsageError(message)
    return paths, texts


def _is_path(text: str) -> bool:
    return text == "-" or os.path.lexists(text) or (glob.has_magic(text) and " " not in text)


def _wanted(words: list[str], choices: dict[str, Any]) -> Wanted:
    """Put the options together.

    Raises:
        click.UsageError: They contradict each other.
        ConfigError: An extension stands for no format.
    """
    from framesift.cli.searching import Wanted, format_of
    from framesift.search import Filters

    if choices["print0"] and choices["format_"] not in (None, "paths"):
        message = "--print0 prints paths; it goes with no other --format"
        raise click.UsageError(message)
    after, before = (_day(choices[name]) for name in ("after", "before"))
    if after is not None and before is not None and after >= before:
        message = f"no day is on or after {after} and before {before}"
        raise click.UsageError(message)
    plan = {Path(out): format_of(Path(out)) for out in choices["outs"] if out != "-"}
    screen = choices["format_"] or ("paths" if choices["print0"] else None)
    if screen is None and not plan and choices["sheet"] is None:
        screen = "table"
    return Wanted(
        texts=tuple(words),
        likes=choices["likes"],
        nots=choices["nots"],
        top=choices["top"],
        min_score=choices["min_score"],
        quality_min=choices["quality_min"],
        verdicts=frozenset(choices["verdicts"]),
        filters=Filters(after, before, choices["folders"]),
        plan=plan,
        screen=screen,
        ending="\0" if choices["print0"] else "\n",
        sheet=choices["sheet"],
    )


def _day(moment: datetime | None) -> Any:
    return None if moment is None else moment.date()
