"""Copying, moving and linking for every command that does it: all of it said, and undoable."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from framesift.cli.console import Console
    from framesift.engine.transfer import Selected, Transfer, TransferResult

__all__ = ["UNDO_FILE", "Carried", "carry_all", "carry_out", "check_undo_file", "print_paths"]

UNDO_FILE = click.option(
    "--undo-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write down what is copied, moved or linked, for `framesift undo`.  "
    "[default: a new file in the user's state folder]",
)


@dataclass(slots=True)
class Carried:
    """What a transfer came to.

    Attributes:
        code: The exit code as far as it decides it.
        placed: Original path and new place of each picture.
    """

    code: int = DONE
    placed: list[tuple[str, Path]] = field(default_factory=list)


def check_undo_file(file: Path | None, *, transfers: bool) -> None:
    """Refuse an undo file that is there or has no use, before any work.

    Raises:
        click.UsageError: It does, or has none.
    """
    if file is None:
        return
    if not transfers:
        message = "--undo-file needs something to undo: copy, move or link"
        raise click.UsageError(message)
    if file.exists():
        message = f"--undo-file: {printable(str(file))} is there already; name a new file"
        raise click.UsageError(message)


def carry_out(
    transfer: Transfer,
    items: Sequence[Selected],
    console: Console,
    *,
    command: str,
    undo_file: Path | None = None,
    note: Callable[[str], str] | None = None,
) -> Carried:
    """Copy, move or link, saying each thing done on standard output and how to undo it at the end.

    Args:
        transfer: What to do and where to; it is given a journal.
        items: The pictures.
        console: For the summary.
        command: That runs it, for the name of the undo file.
        undo_file: Instead of one in the user's state folder.
        note: What more to say of a picture, by its original path.
    """
    plans = [(transfer, items)]
    return carry_all(plans, console, command=command, undo_file=undo_file, note=note)


def carry_all(
    plans: Sequence[tuple[Transfer, Sequence[Selected]]],
    console: Console,
    *,
    command: str,
    undo_file: Path | None = None,
    note: Callable[[str], str] | None = None,
) -> Carried:
    """Do the same into several folders, with one undo file for all of it.

    Args:
        plans: What to do, where to, and the pictures; all dry runs or none.
        console: As for `carry_out`, like all that follow.
        command: Likewise.
        undo_file: Likewise.
        note: Likewise.
    """
    from framesift.engine.journal import Journal, new_path

    dry_run = any(transfer.dry_run for transfer, _ in plans)
    known: dict[str, Any] = click.get_current_context().find_root().obj or {}
    file = (undo_file or new_path(command)).absolute()
    journal = Journal(file, arguments=known.get("arguments", ("framesift", command)))
    for transfer, _ in plans:
        transfer.journal = None if dry_run else journal
    done: Counter[str] = Counter()
    carried = Carried()
    try:
        for item in chain.from_iterable(transfer.run(items) for transfer, items in plans):
            done[item.status] += 1
            if item.target is not None and not item.sidecar:
                carried.placed.append((item.source, item.target))
            _say(item, "" if note is None or item.sidecar else note(item.source))
    except KeyboardInterrupt:
        console.say("framesift: interrupted; run it again to do the rest")
        carried.code = INTERRUPTED
    finally:
        journal.close()
    counted = ", ".join(f"{count} {status}" for status, count in sorted(done.items()))
    would = " (dry run: nothing was touched)" if dry_run else ""
    console.say(f"framesift: {counted or 'nothing chosen'}{would}")
    if journal.steps:
        console.say(f"framesift: to bring it back: framesift undo {_quoted(file)}")
    carried.code = carried.code or (FAILED_ITEMS if done["failed"] else DONE)
    return carried


def print_paths(paths: Iterable[str], *, end: str) -> None:
    """Write paths to standard output as bytes: one need not be valid in the terminal's encoding."""
    stdout = sys.stdout.buffer
    for path in paths:
        stdout.write(os.fsencode(path + end))
    stdout.flush()


def _say(item: TransferResult, note: str) -> None:
    source, target = printable(item.source), printable(str(item.target))
    if item.status == "failed":
        click.echo(f"framesift: failed: {source}: {item.message}", err=True)
        return
    would = "would be " if item.dry_run and item.status != "already there" else ""
    notes = "; ".join(filter(None, (note, item.message)))
    more = f" ({printable(notes)})" if notes else ""
    click.echo(f"{would}{item.status}: {source} -> {target}{more}")


def _quoted(file: Path) -> str:
    import shlex

    return shlex.quote(printable(str(file)))
