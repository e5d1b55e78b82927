"""``framesift dedupe``: find copies and bursts, say which one stays, and carry the others off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.carrying import UNDO_FILE, check_undo_file
from framesift.cli.options import Request, analysis_options, printable

if TYPE_CHECKING:
    from framesift.engine.transfer import Mode

__all__ = ["dedupe"]

_FOLDER = click.Path(file_okay=False, path_type=Path)
_ACTIONS: dict[str, Mode] = {
    "move_duplicates_to": "move",
    "copy_keepers_to": "copy",
    "link_keepers_to": "link",
}
_KEEP = ("best", "first", "largest", "oldest", "newest", "shortest-path")


@click.command(short_help="Find copies and bursts; keep one of each.")
@click.option(
    "--keep",
    type=click.Choice(_KEEP),
    default="best",
    show_default=True,
    help="Which one of a group stays: the highest quality, the first found, most pixels, the "
    "oldest or newest (by when it was taken), the fewest folders.",
)
@click.option("--exact-only", is_flag=True, help="Only files of the same content.")
@click.option(
    "--near/--no-near", default=True, help="Pictures that look like copies.  [default: near]"
)
@click.option(
    "--bursts/--no-bursts",
    default=True,
    help="Pictures that one camera took within seconds and that look alike.  [default: bursts]",
)
@click.option("--mirrored", is_flag=True, help="A picture mirrored left to right is a copy too.")
@click.option(
    "--cut-outs",
    is_flag=True,
    help="Cropped, framed and slightly turned copies too. It goes by embedding, which takes pages "
    "of text for one another: look at the plan first.",
)
@click.option(
    "--near-bits",
    type=click.IntRange(0, 128),
    metavar="N",
    help="Copies differ in at most N of the 256 bits of a perceptual hash.  [default: 31]",
)
@click.option(
    "--near-cosine",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Cut-outs have embeddings of at least this cosine.  [default: 0.9]",
)
@click.option(
    "--cut-bits",
    type=click.IntRange(0, 128),
    metavar="N",
    help="And hashes that differ in at most N bits.  [default: 96]",
)
@click.option(
    "--burst-seconds",
    "burst_s",
    type=click.FloatRange(0, 86400),
    metavar="S",
    help="Pictures of a burst were taken within so many seconds of its middle.  [default: 2]",
)
@click.option(
    "--burst-cosine",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="And have embeddings of at least this cosine.  [default: 0.85]",
)
@click.option(
    "--move-duplicates-to", type=_FOLDER, metavar="FOLDER", help="Move what need not stay there."
)
@click.option(
    "--copy-keepers-to",
    type=_FOLDER,
    metavar="FOLDER",
    help="Copy what stays there, and what has no duplicates.",
)
@click.option(
    "--link-keepers-to", "--link-to", type=_FOLDER, metavar="FOLDER", help="Link to these there."
)
@click.option("--list", "list_", is_flag=True, help="Print the paths of what need not stay.")
@click.option(
    "--print0", is_flag=True, help="As --list, each path ended by a zero byte (xargs -0)."
)
@click.option(
    "--keep-folders", is_flag=True, help="Keep the sub-folders of the one folder that is searched."
)
@click.option("--sidecars", is_flag=True, help="Bring RAW and XMP files of the same name along.")
@UNDO_FILE
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write an HTML page that shows each group side by side.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "jsonl", "csv"]),
    help="Of the plan on standard output.  [default: table, or nothing where something is done]",
)
@analysis_options()
def dedupe(request: Request, **choices: Any) -> int:
    """Find copies and bursts among pictures, and keep one of each.

    Without a folder to move, copy or link to, it only says what it found. Nothing is ever deleted
    or overwritten, and what is copied, moved or linked is written down in an undo file first, which
    `framesift undo` takes. Files that could not be analysed are never touched; of videos and
    animations only exact copies are found. Exit codes are those of `scan`.
    """
    action = _action(request, choices)
    from framesift.cli.session import open_session
    from framesift.embeddings import load_expert
    from framesift.errors import ConfigError
    from framesift.heads.choose import NO_QUALITY

    with open_session(request) as session:
        if session.settings.quality == NO_QUALITY and choices["keep"] == "best":
            message = "--keep best goes by quality, and --quality none scores none"
            raise ConfigError(message)
        analyzer = session.analyzer
        experts = analyzer.experts
        if all(expert.name != "pdq" for expert in experts):
            experts = (*experts, load_expert("pdq", device=session.settings.device))
        analyzer = replace(analyzer, experts=experts, keep_embeddings=True)
        from framesift.cli.deduping import Deduping

        run = Deduping(replace(session, analyzer=analyzer), choices, action)
        return run.run()


def _action(request: Request, choices: dict[str, Any]) -> tuple[Mode, Path] | None:
    """Return what to do and where, or ``None`` for a plan alone.

    Raises:
        click.UsageError: The options contradict each other.
    """
    wanted = [(mode, choices[name]) for name, mode in _ACTIONS.items() if choices[name] is not None]
    listed = bool(choices["list_"] or choices["print0"])
    if len(wanted) + listed > 1:
        message = (
            "give one of --move-duplicates-to, --copy-keepers-to, --link-keepers-to and --list"
        )
        raise click.UsageError(message)
    if choices["format_"] and (wanted or listed):
        message = "--format is for a plan alone; --report shows what is done as well"
        raise click.UsageError(message)
    if "-" in request.paths:
        message = "standard input has no file to compare; name files or folders"
        raise click.UsageError(message)
    _check_places(request.paths)
    if choices["keep_folders"] and not (
        len(request.paths) == 1 and Path(request.paths[0]).is_dir()
    ):
        message = "--keep-folders needs one folder as PATHS"
        raise click.UsageError(message)
    if choices["keep_folders"] and not wanted:
        message = "--keep-folders needs a folder to move, copy or link to"
        raise click.UsageError(message)
    check_undo_file(choices["undo_file"], transfers=bool(wanted))
    return wanted[0] if wanted else None


def _check_places(paths: tuple[str, ...]) -> None:
    """Refuse before any work what lies in no file of this machine.

    Raises:
        click.UsageError: A remote name or a tar file.
    """
    from framesift.media.remote import is_remote
    from framesift.media.tars import is_tar_name

    for path in paths:
        if is_remote(path) and not Path(path).exists():
            message = f"{printable(path)} does not lie on this machine; fetch it first"
            raise click.UsageError(message)
        if is_tar_name(path) and Path(path).is_file():
            message = f"{printable(path)}: pictures in a tar file are not compared; unpack it first"
            raise click.UsageError(message)
