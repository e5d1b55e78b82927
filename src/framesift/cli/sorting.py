"""Putting classified files into a sub-folder for each label."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.engine.transfer import Mode
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
    transfer: tuple[Mode, Path],
    console: Console,
    choices: Mapping[str, Any],
) -> int:
    """Copy, move or link files into a sub-folder for their label, saying each on standard output.

    A file with several labels is copied or linked for each of them, and moved for the likeliest.

    Args:
        items: What was classified.
        transfer: What to do, and the folder of the sub-folders.
        console: For the summary.
        choices: ``dry_run`` and ``undo_file``.

    Returns:
        The exit code as far as this decides it.
    """
    from framesift.cli.carrying import carry_all
    from framesift.engine.transfer import Transfer

    mode, folder = transfer
    by_folder: dict[str, list[Analysis]] = {}
    for item in items:
        if item.answer is not None:
            names = folder_of(item.answer)
            for name in names[:1] if mode == "move" else names:
                by_folder.setdefault(name, []).append(item)
    plans = [
        (Transfer(folder / name, mode, dry_run=choices["dry_run"]), by_folder[name])
        for name in sorted(by_folder)
    ]
    return carry_all(plans, console, command="classify", undo_file=choices["undo_file"]).code


def _safe(label: str) -> str:
    """Turn a label into the name of a folder on any system, and never into a path elsewhere."""
    name = _ODD.sub("_", label).strip(" .")[:_LONGEST].strip(" .")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name
