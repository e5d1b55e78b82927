"""``framesift filter``: choose pictures by score and verdict; list, copy, move or link them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.carrying import UNDO_FILE, carry_out, check_undo_file, print_paths
from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import Request, analysis_options
from framesift.cli.starring import Starring, rate_originals, rate_placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.cli.console import Counts
    from framesift.cli.session import Session
    from framesift.engine.transfer import Mode
    from framesift.types import Analysis, Result
    from framesift.verdicts import Choice, Reason, Selection

__all__ = ["filter_"]

_SCORE = click.FloatRange(0, 10)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("filter", short_help="List, copy, move or link the pictures that pass.")
@click.option("--min-score", type=_SCORE, metavar="X", help="Lowest quality to keep, 0 to 10.")
@click.option("--max-score", type=_SCORE, metavar="X", help="Highest quality to keep, 0 to 10.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Keep the N best that pass.")
@click.option(
    "--percentile",
    type=click.FloatRange(0, 100),
    metavar="P",
    help="Keep those at or above this percentile of the analysed pictures' quality: 80 keeps the "
    "best fifth, and what scores the same as the last of them.",
)
@click.option("--per-folder", is_flag=True, help="Apply --top and --percentile within each folder.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    type=click.Choice(["allow", "review", "block"]),
    help="Keep only pictures with this verdict; may be given more than once.  "
    "[default: allow and review]",
)
@click.option("--copy-to", type=_FOLDER, metavar="FOLDER", help="Copy them there.")
@click.option("--move-to", type=_FOLDER, metavar="FOLDER", help="Move them there.")
@click.option("--link-to", type=_FOLDER, metavar="FOLDER", help="Link to them there.")
@click.option("--list", "list_", is_flag=True, help="Print their paths, best first (the default).")
@click.option(
    "--print0", is_flag=True, help="As --list, each path ended by a zero byte (xargs -0)."
)
@click.option(
    "--keep-folders", is_flag=True, help="Keep the sub-folders of the one folder that is searched."
)
@click.option("--sidecars", is_flag=True, help="Bring RAW and XMP files of the same name along.")
@click.option(
    "--xmp",
    is_flag=True,
    help="Write 1 to 5 stars into XMP sidecars: beside the pictures, or beside what was copied, "
    "moved or linked. A star is two points.",
)
@click.option(
    "--xmp-style",
    type=click.Choice(["lightroom", "darktable"]),
    help="Names of the sidecars of a.nef: a.xmp (lightroom) or a.nef.xmp (darktable).  "
    "[default: lightroom]",
)
@UNDO_FILE
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@analysis_options()
def filter_(request: Request, **choices: Any) -> int:
    """Choose pictures by score and verdict, best first.

    Nothing is ever overwritten: a name that is taken gets a number, and in an XMP sidecar that is
    there only the rating changes. What was copied, moved or linked is written down in an undo file
    first, and `framesift undo` brings it back. Files that could not be analysed are never chosen,
    and blocked ones only with `--action block`. Exit codes are those of `scan`.
    """
    transfer = _transfer(request, choices)
    from framesift.cli.session import open_session
    from framesift.errors import ConfigError
    from framesift.heads.choose import NO_QUALITY
    from framesift.verdicts import Selection

    actions = choices["actions"]
    selection = Selection(
        min_score=choices["min_score"],
        max_score=choices["max_score"],
        top=choices["top"],
        percentile=choices["percentile"],
        per_folder=choices["per_folder"],
        **({"actions": frozenset(actions)} if actions else {}),
    )
    with open_session(request) as session:
        if session.settings.quality == NO_QUALITY:
            message = "pictures are chosen by quality, and --quality none scores none"
            raise ConfigError(message)
        return _run(session, selection, transfer, choices)


def _transfer(request: Request, choices: dict[str, Any]) -> tuple[Mode, Path] | None:
    """Return what to do and where, or ``None`` for a list.

    Raises:
        click.UsageError: The options contradict each other, or choose nothing.
    """
    modes: tuple[Mode, ...] = ("copy", "move", "link")
    wanted = [(mode, choices[f"{mode}_to"]) for mode in modes if choices[f"{mode}_to"] is not None]
    if len(wanted) + bool(choices["list_"] or choices["print0"]) > 1:
        message = "give one of --copy-to, --move-to, --link-to and --list"
        raise click.UsageError(message)
    check_undo_file(choices["undo_file"], transfers=bool(wanted))
    _check_limits(choices, nothing_needed=choices["xmp"] and not wanted)
    if (wanted or choices["xmp"]) and "-" in request.paths:
        what = wanted[0][0] if wanted else "rate"
        message = f"standard input has no file to {what}; name files, or use --list"
        raise click.UsageError(message)
    if choices["keep_folders"] and not (
        len(request.paths) == 1 and Path(request.paths[0]).is_dir()
    ):
        message = "--keep-folders needs one folder as PATHS"
        raise click.UsageError(message)
    return wanted[0] if wanted else None


def _check_limits(choices: dict[str, Any], *, nothing_needed: bool) -> None:
    limits = ("min_score", "max_score", "top", "percentile")
    none = all(choices[name] is None for name in limits) and not choices["actions"]
    if none and not nothing_needed:
        message = "say what to keep: --min-score, --max-score, --top, --percentile or --action"
        raise click.UsageError(message)
    if choices["per_folder"] and choices["top"] is None and choices["percentile"] is None:
        message = "--per-folder needs --top or --percentile"
        raise click.UsageError(message)
    if choices["xmp_style"] and not choices["xmp"]:
        message = "--xmp-style needs --xmp"
        raise click.UsageError(message)


def _run(
    session: Session,
    selection: Selection,
    transfer: tuple[Mode, Path] | None,
    choices: dict[str, Any],
) -> int:
    from framesift.cli.console import Counts
    from framesift.verdicts import choose

    counts = Counts()
    console = session.console
    try:
        choice = choose(_counted(session, counts), selection)
    except KeyboardInterrupt:
        console.say(f"framesift: interrupted after {counts.line()}")
        console.say("framesift: nothing was chosen; run it again to go on from the cache")
        return INTERRUPTED
    for line in counts.failure_lines():
        console.say(line)
    console.say(f"framesift: {counts.line()}")
    console.say(f"framesift: {_choice_line(choice, selection, counts.summary.items)}")
    items = [session.with_real_path(result) for result in choice.chosen]
    listed = bool(choices["list_"] or choices["print0"])
    code = DONE
    if transfer is not None:
        code = _carry_out(session, items, transfer, choices)
    else:
        if listed or not choices["xmp"]:
            print_paths((item.path for item in items), end="\0" if choices["print0"] else "\n")
        if choices["xmp"]:
            code = rate_originals(items, console, _starring(choices, silent=listed))
    return code or (FAILED_ITEMS if counts.summary.failures else DONE)


def _counted(session: Session, counts: Counts) -> Iterator[Result]:
    """Yield the results, counted, while a progress bar runs."""
    with session.meter() as meter:
        for result in session.results():
            counts.add(result)
            meter.advance()
            yield result


def _starring(choices: dict[str, Any], *, silent: bool = False, links: bool = False) -> Starring:
    return Starring(choices["xmp_style"] or "lightroom", choices["dry_run"], silent, links)


def _carry_out(
    session: Session,
    items: list[Analysis],
    transfer: tuple[Mode, Path],
    choices: dict[str, Any],
) -> int:
    """Copy, move or link, and rate; return the exit code as far as this decides it."""
    from framesift.engine.transfer import Transfer

    mode, folder = transfer
    plan = Transfer(
        folder,
        mode,
        root=_root(session.paths) if choices["keep_folders"] else None,
        dry_run=choices["dry_run"],
        sidecars=choices["sidecars"],
    )
    carried = carry_out(
        plan, items, session.console, command="filter", undo_file=choices["undo_file"]
    )
    if choices["xmp"] and carried.code != INTERRUPTED:
        starring = _starring(choices, links=mode == "link")
        return rate_placed(items, carried.placed, session.console, starring) or carried.code
    return carried.code


def _choice_line(choice: Choice, selection: Selection, total: int) -> str:
    """Return how many were chosen, and why the others were not."""
    blocked = selection.actions == {"allow", "review"}
    # What was asked for comes first, what went wrong last.
    told: dict[Reason, str] = {
        "score too low": "below the score",
        "score too high": "above the score",
        "below the percentile": "below the percentile",
        "not among the best": "not among the best",
        "action": "blocked" if blocked else "left out by their verdict",
        "no score": "without a score",
        "failed": "failed",
    }
    counts = choice.left_out
    reasons = ", ".join(f"{counts[key]:,} {text}" for key, text in told.items() if counts[key])
    line = f"{len(choice.chosen):,} of {total:,} chosen"
    return f"{line}; {reasons}" if reasons else line


def _root(paths: tuple[str, ...]) -> Path | None:
    return Path(paths[0]) if len(paths) == 1 else None
