"""``framesift scan``: analyse pictures and videos and report on them."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import Request, add_options, analysis_options
from framesift.cli.parts import PARTS_OPTIONS, plan_parts, run_parts

if TYPE_CHECKING:
    from framesift.cli.console import Counts
    from framesift.cli.session import Session
    from framesift.reports import ReportHeader, Writer

__all__ = ["CLEAR", "FAIL_ON", "FORMAT", "OUT", "header_of", "plan_reports", "run_reports", "scan"]

_FOR_PEOPLE = ("table", "answers", "reasons")
_FORMATS = ("table", "jsonl", "csv", "parquet", "html")

FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["review", "block"]),
    help="Exit with 1 if anything was sent to review (or worse), or blocked. Files that fail "
    "count as review.",
)
OUT = click.option(
    "-o",
    "--out",
    "outs",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write a report; its extension gives the format (.html .jsonl .csv .parquet .txt). "
    "May be given more than once.",
)
FORMAT = click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    help="Of what goes to standard output.  [default: table, or nothing with --out]",
)
CLEAR = click.option(
    "--clear-thumbnails",
    "clear",
    is_flag=True,
    help="Put clear thumbnails of what is to review or blocked into an HTML report too, shown on a "
    "click. Without it the report holds blurred ones only.",
)


@click.command(short_help="Score and screen pictures and videos.")
@OUT
@FORMAT
@CLEAR
@add_options(PARTS_OPTIONS)
@analysis_options(FAIL_ON)
def scan(
    request: Request,
    outs: tuple[str, ...],
    format_: str | None,
    *,
    clear: bool,
    **choices: Any,
) -> int:
    """Score and screen pictures and videos.

    PATHS are files, folders (with all that is in them), globs, or `-` for standard input. A file
    that cannot be read is reported as failed and the scan goes on.

    Exit codes: 0 done, 1 something crossed --fail-on, 2 wrong usage, 3 some files failed, 130
    interrupted. If both 1 and 3 hold, it is 1.
    """
    from framesift.cli.session import open_session

    in_parts = plan_parts(request, choices, reports=bool(outs or format_ or clear))
    if in_parts is not None:
        with open_session(request) as session:
            return run_parts(session, in_parts)
    plan = plan_reports(outs, format_)
    with open_session(request, thumbnails="html" in plan.values()) as session:
        return run_reports(session, plan, clear=clear)


def plan_reports(
    outs: tuple[str, ...], format_: str | None, *, default: str = "table"
) -> dict[Path | None, str]:
    """Map each destination to its format; ``None`` is standard output.

    Args:
        outs: Files to write.
        format_: Of standard output, where it was asked for.
        default: Of standard output, where nothing was asked for.

    Raises:
        ConfigError: An extension stands for no format.
        click.UsageError: A binary format would go to a terminal.
    """
    from framesift.reports import format_for

    plan: dict[Path | None, str] = {Path(out): format_for(Path(out)) for out in outs if out != "-"}
    if format_ or "-" in outs or not outs:
        plan[None] = format_ or default
    if plan.get(None) == "parquet" and sys.stdout.isatty():
        message = "parquet is not text: name a file (--out FILE.parquet) or redirect the output"
        raise click.UsageError(message)
    return plan


def run_reports(session: Session, plan: dict[Path | None, str], *, clear: bool = False) -> int:
    """Analyse everything that was named, write the reports and sum up.

    Args:
        session: What to analyse and with what.
        plan: What `plan_reports` returned.
        clear: Whether an HTML report gets clear thumbnails of harmful pictures too.

    Returns:
        The exit code.
    """
    from framesift.cli.console import Counts

    counts = Counts()
    interrupted = False
    try:
        _write_all(session, plan, counts, replace(header_of(session), clear=clear))
    except KeyboardInterrupt:
        # The writers have finished their reports with what was done so far.
        interrupted = True
    _tell(session, plan, counts, interrupted=interrupted)
    if interrupted:
        return INTERRUPTED
    if counts.crossed(session.settings.fail_on):
        return CROSSED
    return FAILED_ITEMS if counts.summary.failures else DONE


def _write_all(
    session: Session, plan: dict[Path | None, str], counts: Counts, header: ReportHeader
) -> None:
    from framesift.cli.interrupts import InterruptGuard

    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(_writer(out, kind, header)) for out, kind in plan.items()]
        guard = stack.enter_context(InterruptGuard())
        meter = stack.enter_context(session.meter())
        for result in session.results():
            with guard.shielded(), meter.aside(enabled=None in plan):
                for writer in writers:
                    writer.write(result)
                counts.add(result)
            meter.advance()


def _tell(
    session: Session, plan: dict[Path | None, str], counts: Counts, *, interrupted: bool
) -> None:
    """Write the summary to standard error, after the reports are finished."""
    console = session.console
    if plan.get(None) not in _FOR_PEOPLE:
        for line in counts.failure_lines():
            console.say(line)
    if not counts.summary.items and not interrupted:
        console.notice("nothing to scan: no pictures or videos were found under the given paths")
    state = "interrupted after " if interrupted else ""
    # A table ends with the counts: only the time is left to say.
    counted = counts.speed() if plan.get(None) in _FOR_PEOPLE else counts.line()
    console.say(f"framesift: {state}{counted}")
    for out in plan:
        if out is not None:
            console.say(f"framesift: wrote {out}")


def header_of(session: Session) -> ReportHeader:
    """Return what a report says of a run."""
    from framesift import __version__
    from framesift.reports import ReportHeader

    analyzer = session.analyzer
    known = click.get_current_context().find_root().obj or {}
    return ReportHeader(
        version=__version__,
        model=analyzer.model,
        policy=analyzer.policy_label,
        started=datetime.now().astimezone(),
        arguments=tuple(known.get("arguments", ("framesift", "scan"))),
        notice=session.notice,
    )


def _writer(out: Path | None, kind: str, header: ReportHeader) -> Writer:
    from framesift.reports import open_writer

    if out is None and kind in _FOR_PEOPLE:
        # The notice stands on standard error already, next to this table.
        header = replace(header, notice=None)
    return open_writer(out, format=kind, header=header)
