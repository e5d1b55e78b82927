"""Putting classified files into a sub-folder for each label."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import click

from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.engine.transfer import Mode, TransferResult
    from framesift.types import Analysis, Answer

__all__ = ["folder_of", "sort_by_label"]

_ODD = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_LONGEST = 80


def folder_of(answer: Answer) -> tuple[str, ...]:
    """Return the sub-folders of an answer: its labels, ``none`` or ``unsure``."""
    if answer.status != "label":
        return (answer.status,)
    return tuple(dict.fromkeys(_safe(label) for label in answer.labels))


def sort_by_label(
    items: Iterable[Analysis],
    mode: Mode,
    folder: Path,
    console: Console,
    dry: bool,  # noqa: FBT001
) -> int:
    """Copy, move or link files into a sub-folder for their label, saying each on standard output.

    A file with several labels is copied or linked for each of them, and moved for the likeliest.

    Returns:
        The exit code as far as this decides it.
    """
    from framesift.engine.transfer import transfer

    by_folder: dict[str, list[Analysis]] = {}
    for item in items:
        if item.answer is not None:
            names = folder_of(item.answer)
            for name in names[:1] if mode == "move" else names:
                by_folder.setdefault(name, []).append(item)
    done: Counter[str] = Counter()
    code = DONE
    try:
        for name in sorted(by_folder):
            for placed in transfer(by_folder[name], folder / name, mode=mode, dry_run=dry):
                done[placed.status] += 1
                _say(placed)
    except KeyboardInterrupt:
        console.say("framesift: interrupted; run it again to do the rest")
        code = INTERRUPTED
    counted = ", ".join(f"{count} {status}" for status, count in sorted(done.items()))
    would = " (dry run: nothing was touched)" if dry else ""
    console.say(f"framesift: {counted or 'nothing to sort'}{would}")
    return code or (FAILED_ITEMS if done["failed"] else DONE)


def _say(item: TransferResult) -> None:
    source, target = printable(item.source), printable(str(item.target))
    if item.status == "failed":
        click.echo(f"framesift: failed: {source}: {item.message}", err=True)
        return
    would = "would be " if item.dry_run and item.status != "already there" else ""
    click.echo(f"{would}{item.status}: {source} -> {target}")


def _safe(label: str) -> str:
    """Turn a label into the name of a folder on any system, and never into a path elsewhere."""
    name = _ODD.sub("_", label).strip(" .")[:_LONGEST].strip(" .")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name
