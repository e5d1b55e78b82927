"""``framesift moderate``: a verdict with its reasons, for pictures, texts, and the two together."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framesift.cli.exits import CROSSED, DONE, Stop
from framesift.cli.options import Request, analysis_options
from framesift.cli.scan import CLEAR, FAIL_ON, OUT, plan_reports, run_reports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.policies import Policy
    from framesift.reports import ReportHeader
    from framesift.settings import Settings

__all__ = ["moderate", "without_text"]

_FORMATS = ("reasons", "table", "jsonl", "csv", "parquet", "html")
_TEXT_BYTES = 64 * 2**20
_HIDDEN = "..."


@click.command(short_help="Judge pictures and texts by a policy, with reasons.")
@click.option(
    "--text",
    metavar="TEXT",
    help="A text to judge: alone, or with one picture as its caption. `-` reads it from standard "
    "input.",
)
@OUT
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    help="Of what goes to standard output.  [default: reasons, or nothing with --out]",
)
@CLEAR
@analysis_options(FAIL_ON, required=False)
def moderate(
    request: Request,
    text: str | None,
    outs: tuple[str, ...],
    format_: str | None,
    *,
    clear: bool,
) -> int:
    """Judge pictures, videos and texts by a policy, and say why.

    PATHS are files, folders, globs, or `-` for standard input; captions are read from files beside
    them or from a table. With --text alone no model is loaded. Without --policy the built-in
    moderation policy holds, which looks closer than a scan does: at parts of the picture and at
    the words in it (`framesift policy check` shows it). Quality is scored only where --quality asks
    for it.

    Exit codes: 0 done, 1 something crossed --fail-on, 2 wrong usage, 3 some files failed, 130
    interrupted. If both 1 and 3 hold, it is 1.
    """
    _refuse(request.paths, text)
    plan = plan_reports(outs, format_, default="reasons")
    _keep_text_out_of_reports()
    given = _read_text(text)
    if not request.paths:
        return _text_alone(request, "-" if text == "-" else "text", given or "", plan)
    from framesift.cli.session import open_session
    from framesift.heads.choose import NO_QUALITY
    from framesift.policies import Policy

    with open_session(
        request,
        thumbnails="html" in plan.values(),
        default=Policy.moderation(),
        quality=NO_QUALITY,
    ) as session:
        return run_reports(replace(session, caption=given), plan, clear=clear)


def _refuse(paths: tuple[str, ...], text: str | None) -> None:
    """Refuse what cannot be meant.

    Raises:
        click.UsageError: There is nothing to judge, or it is unclear whose the text is.
    """
    if not paths and text is None:
        message = "there is nothing to judge: name a picture, give --text, or both"
        raise click.UsageError(message)
    if text is None or not paths:
        return
    if len(paths) > 1 or Path(paths[0]).is_dir() or _is_pattern(paths[0]):
        message = (
            "--text belongs to one picture; for several, put a .txt beside each or use --captions"
        )
        raise click.UsageError(message)
    if text == "-" and "-" in paths:
        message = "picture and text cannot both come from standard input; name a file for one"
        raise click.UsageError(message)


def _keep_text_out_of_reports() -> None:
    """Take the text out of the command line that a report shows; it may be anybody's letter."""
    known = click.get_current_context().find_root().obj
    if known and "arguments" in known:
        known["arguments"] = without_text(known["arguments"])


def without_text(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return a command line with `...` in place of the value of ``--text``.

    Args:
        arguments: With the program first; `-`, which stands for standard input, stays.
    """
    shown: list[str] = []
    for number, argument in enumerate(arguments):
        if shown and shown[-1] == "--text" and argument != "-" and "--" not in shown:
            shown.append(_HIDDEN)
        elif argument.startswith("--text=") and "--" not in arguments[:number]:
            shown.append(f"--text={_HIDDEN}")
        else:
            shown.append(argument)
    return tuple(shown)


def _is_pattern(path: str) -> bool:
    """Whether a path stands for any number of files; a file may be called ``[1].jpg``."""
    return any(sign in path for sign in "*?[") and not Path(path).exists()


def _read_text(text: str | None) -> str | None:
    """Return the text, from standard input where that was asked for.

    Raises:
        Stop: Standard input is closed, too large, or in no known encoding.
    """
    if text != "-":
        return text
    from framesift.media.decoding import decode_text

    if sys.stdin is None:
        message = "standard input is closed; give the text itself after --text"
        raise Stop(message)
    data = sys.stdin.buffer.read(_TEXT_BYTES + 1)
    decoded = decode_text(data)
    if decoded.problem or len(data) > _TEXT_BYTES:
        raise Stop(f"standard input: {decoded.problem or 'the text is larger than 64 MiB'}")
    return decoded.text


def _text_alone(request: Request, name: str, text: str, plan: dict[Path | None, str]) -> int:
    """Judge a text without a picture: no model is loaded, so it is quick."""
    from framesift.cli.console import Console
    from framesift.cli.effective import effective_settings
    from framesift.pipeline.moderation import moderate_text
    from framesift.policies import Policy
    from framesift.reports import open_writer
    from framesift.types import TextAnalysis

    console = Console(quiet=request.quiet)
    settings = effective_settings(request, console)
    policy = Policy.load(settings.policy) if settings.policy else Policy.moderation()
    content = text.encode("utf-8", "surrogatepass")
    verdict = moderate_text(text, policy)
    result = TextAnalysis(name, hashlib.sha256(content).hexdigest(), verdict)
    for out, kind in plan.items():
        with open_writer(out, format=kind, header=_header(policy)) as writer:
            writer.write(result)
        if out is not None:
            console.say(f"framesift: wrote {out}")
    return _code(settings, verdict.action)


def _code(settings: Settings, action: str) -> int:
    crossing = {None: (), "review": ("review", "block"), "block": ("block",)}[settings.fail_on]
    return CROSSED if action in crossing else DONE


def _header(policy: Policy) -> ReportHeader:
    from framesift import __version__
    from framesift.reports import ReportHeader

    known = click.get_current_context().find_root().obj or {}
    return ReportHeader(
        version=__version__,
        policy=policy.label,
        started=datetime.now().astimezone(),
        arguments=tuple(known.get("arguments", ("framesift", "moderate"))),
    )
