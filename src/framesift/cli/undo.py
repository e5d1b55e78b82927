"""``framesift undo``: bring back what a transfer did."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import Request, common_options, printable

__all__ = ["undo"]


@click.command(short_help="Bring back what was copied, moved or linked.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@common_options
def undo(request: Request, file: Path, *, dry_run: bool) -> int:
    """Bring back what a command copied, moved or linked.

    FILE is the undo file that the command named at its end. Moved files go back if their content is
    the same and their old place is free. Copies and links that the command made are removed if they
    are unchanged and the original is there. Everything else is said and left. It can be run again.

    Exit codes: 0 all is as it was, 2 wrong usage, 3 something was left, 130 interrupted.
    """
    from framesift.cli.console import Console
    from framesift.engine.journal import read_steps
    from framesift.engine.undo import undo as bring_back

    console = Console(quiet=request.quiet)
    steps = read_steps(file)
    done: Counter[str] = Counter()
    code = DONE
    try:
        for item in bring_back(steps, dry_run=dry_run):
            path = printable(str(item.path))
            if item.status == "left":
                code = FAILED_ITEMS
                click.echo(f"framesift: left: {path}: {printable(item.message)}", err=True)
            elif item.status != "nothing to do":
                would = "would be " if dry_run else ""
                note = f" {printable(item.message)}" if item.message else ""
                click.echo(f"{would}{item.status}: {path}{note}")
            if not item.folder:
                done[item.status] += 1
    except KeyboardInterrupt:
        console.say("framesift: interrupted; run it again to do the rest")
        code = INTERRUPTED
    counted = ", ".join(f"{count:,} {status}" for status, count in sorted(done.items()))
    would = " (dry run: nothing was touched)" if dry_run else ""
    console.say(f"framesift: {counted or 'nothing to undo'}{would}")
    return code
