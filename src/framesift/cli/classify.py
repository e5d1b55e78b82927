"""``framesift classify``: what pictures show, in labels of one's own words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.carrying import UNDO_FILE, check_undo_file
from framesift.cli.exits import DONE, FAILED_ITEMS
from framesift.cli.options import Request, gathering_options
from framesift.cli.scan import OUT, plan_reports, run_reports

if TYPE_CHECKING:
    from framesift.engine.transfer import Mode

__all__ = ["classify"]

_FOLDER = click.Path(file_okay=False, path_type=Path)
_MODES: tuple[Mode, ...] = ("copy", "move", "link")


@click.command(short_help="Say what pictures show, in labels of your own words.")
@click.option(
    "--labels",
    metavar="LABEL,...",
    help="What the pictures may show: `dog, cat, neither`. With neither (or none, other) none of "
    "these can win.",
)
@click.option(
    "--classifier",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A classifier file (.toml) or a head that was learnt from pictures (.head).",
)
@OUT
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "jsonl", "csv", "parquet", "html"]),
    help="Of what goes to standard output.  [default: table, or nothing with --out]",
)
@click.option(
    "--abstain-below",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Answer unsure where the probability is lower.  [default: what the classifier says]",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="List the N likeliest labels of each picture only.  [default: all]",
)
@click.option(
    "--copy-to", type=_FOLDER, metavar="FOLDER", help="Copy each into a sub-folder for its label."
)
@click.option("--move-to", type=_FOLDER, metavar="FOLDER", help="Move them likewise.")
@click.option("--link-to", type=_FOLDER, metavar="FOLDER", help="Link to them likewise.")
@click.option("--dry-run", is_flag=True, help="Say what would be copied, moved or linked only.")
@UNDO_FILE
@gathering_options
def classify(request: Request, outs: tuple[str, ...], **choices: Any) -> int:
    """Say what pictures and videos show, in labels of your own words.

    PATHS are files, folders, globs, or `-`. A picture gets a label with its probability, none of
    these, or unsure. Probabilities mean what they say after `framesift classifier calibrate`. Of a
    video the moments are pooled. Exit codes: 0 done, 2 wrong usage, 3 some files failed, 130
    interrupted.
    """
    if (choices["labels"] is None) == (choices["file"] is None):
        message = "say what to look for: give --labels 'dog, cat, neither' or --classifier FILE"
        both = choices["file"] is not None
        raise click.UsageError(f"{message}, not both" if both else message)
    transfer = _transfer(request, choices)
    check_undo_file(choices["undo_file"], transfers=transfer is not None)
    plan = {
        out: "answers" if kind == "table" else kind
        for out, kind in plan_reports(outs, choices["format_"]).items()
    }
    from framesift.cli.classifying import open_classifying

    with open_classifying(request, choices, thumbnails="html" in plan.values()) as session:
        code = run_reports(session, plan)
        if transfer is not None and code in (DONE, FAILED_ITEMS):
            from framesift.cli.sorting import sort_by_label

            return sort_by_label(session.kept, transfer, session.console, choices) or code
        return code


def _transfer(request: Request, choices: dict[str, Any]) -> tuple[Mode, Path] | None:
    """Return what to do with the files and where, or ``None``.

    Raises:
        click.UsageError: Two things at once, or nothing to be dry about.
    """
    wanted = [(mode, choices[f"{mode}_to"]) for mode in _MODES if choices[f"{mode}_to"] is not None]
    if len(wanted) > 1:
        message = "give one of --copy-to, --move-to and --link-to"
        raise click.UsageError(message)
    if choices["dry_run"] and not wanted:
        message = "--dry-run needs --copy-to, --move-to or --link-to"
        raise click.UsageError(message)
    if wanted and "-" in request.paths:
        message = f"standard input has no file to {wanted[0][0]}; name files"
        raise click.UsageError(message)
    return wanted[0] if wanted else None
