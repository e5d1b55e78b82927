"""``framesift video``: videos along their time, as lines, as segments for editors, as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.options import Request, analysis_options
from framesift.cli.scan import CLEAR, FAIL_ON

if TYPE_CHECKING:
    from framesift.cli.clips import Wanted

__all__ = ["plan_clips", "video"]

_SEGMENTS = ("json", "srt", "vtt", "edl")


@click.command(short_help="Follow videos along their time; export segments and best frames.")
@click.option(
    "--segments",
    type=click.Choice(_SEGMENTS),
    help="Write what happens when, for programs (json), players (srt, vtt) or editors (edl): to "
    "standard output, or where --out says.",
)
@click.option(
    "--stop-on",
    type=click.Choice(["review", "block"]),
    help="Give up reading a video as soon as what was seen of it leads to this, or worse.",
)
@click.option(
    "--best-frames",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Save the N best frames at full size into the folder --out, spread over the shots. "
    "Nothing is overwritten.",
)
@click.option(
    "--frame-format",
    type=click.Choice(["jpg", "png"]),
    help="Of the best frames.  [default: jpg]",
)
@click.option(
    "--include-flagged",
    is_flag=True,
    help="Save best frames that are to review or blocked too.",
)
@click.option(
    "--sheet",
    metavar="FILE.png",
    help="Draw a contact sheet, a picture per shot with its time; a folder for several videos.",
)
@click.option(
    "-o",
    "--out",
    metavar="FILE|FOLDER",
    help="Where --segments and --best-frames go; without these a report whose extension gives the "
    "format (.html .jsonl .csv .parquet .txt).",
)
@CLEAR
@analysis_options(FAIL_ON)
def video(request: Request, **choices: Any) -> int:
    """Follow videos and animations along their time.

    PATHS are files, folders, globs, or `-` for standard input; pictures among them are passed over.
    Says of each video how good it is, what the policy makes of it, when what happens, and the
    longest stretch that no model looked at.

    Exit codes: 0 done, 1 something crossed --fail-on, 2 wrong usage, 3 some files failed, 130
    interrupted. If both 1 and 3 hold, it is 1.
    """
    wanted = plan_clips(request.paths, choices)
    from framesift.cli.clips import run_clips
    from framesift.cli.session import open_session
    from framesift.errors import ConfigError
    from framesift.heads.choose import NO_QUALITY

    with open_session(request, thumbnails=wanted.pictures) as session:
        if wanted.best_frames and session.settings.quality == NO_QUALITY:
            message = "the best frames are chosen by quality, and --quality none scores none"
            raise ConfigError(message)
        return run_clips(session, wanted)


def plan_clips(paths: tuple[str, ...], choices: dict[str, Any]) -> Wanted:
    """Settle what goes where, before anything is read.

    Args:
        paths: What the user named.
        choices: The options of `video`.

    Raises:
        click.UsageError: Options contradict each other, or it is unclear where something goes.
        ConfigError: The extension of a report stands for no format.
    """
    from framesift.cli.clips import Wanted
    from framesift.reports import format_for

    several = len(paths) > 1 or any(_means_several(path) for path in paths)
    _refuse(choices)
    out = choices["out"]
    segments, best = choices["segments"], choices["best_frames"]
    given: dict[str, Any] = _sheet(choices["sheet"], several=several)
    if out is not None and (best or (segments and (several or _is_folder(out)))):
        given["folder"] = _folder(out, "--out")
    elif out is not None and segments:
        given["file"] = Path(out)
    elif out is not None:
        if _is_folder(out):
            message = f"--out {out} is a folder: say what to write there, --segments or"
            raise click.UsageError(f"{message} --best-frames")
        given |= {"file": Path(out), "report": format_for(Path(out))}
    elif segments and several:
        message = "segments of several videos do not go to one stream: give --out FOLDER"
        raise click.UsageError(message)
    return Wanted(
        segments=segments,
        stop_on=choices["stop_on"],
        best_frames=best or 0,
        frame_format=choices["frame_format"] or "jpg",
        flagged=choices["include_flagged"],
        clear=choices["clear"],
        **given,
    )


def _refuse(choices: dict[str, Any]) -> None:
    if not choices["best_frames"]:
        for name in ("frame_format", "include_flagged"):
            if choices[name]:
                message = f"--{name.replace('_', '-')} needs --best-frames"
                raise click.UsageError(message)
    elif choices["out"] is None:
        message = "--best-frames needs a folder to save them in: --out FOLDER"
        raise click.UsageError(message)
    if choices["out"] == "-" and not choices["segments"]:
        message = "--out - is for --segments alone; the summary goes to standard output anyway"
        raise click.UsageError(message)
    if choices["out"] == "-":
        choices["out"] = None


def _sheet(sheet: str | None, *, several: bool) -> dict[str, Any]:
    if sheet is None:
        return {}
    if _is_folder(sheet):
        return {"sheet_folder": _folder(sheet, "--sheet")}
    if several:
        message = f"--sheet {sheet} is one file and there may be several videos: name a folder"
        raise click.UsageError(f"{message} ({sheet}/)")
    if Path(sheet).suffix.lower() != ".png":
        message = f"--sheet {sheet}: a contact sheet is a PNG; call it {Path(sheet).stem}.png"
        raise click.UsageError(message)
    return {"sheet": Path(sheet)}


def _folder(name: str, option: str) -> Path:
    folder = Path(name)
    if folder.exists() and not folder.is_dir():
        message = f"{option} {name} is a file; a folder is needed here"
        raise click.UsageError(message)
    return folder


def _is_folder(name: str) -> bool:
    return name.endswith(("/", "\\")) or Path(name).is_dir()


def _means_several(path: str) -> bool:
    named = Path(path)
    return named.is_dir() or (any(sign in path for sign in "*?[") and not named.exists())
