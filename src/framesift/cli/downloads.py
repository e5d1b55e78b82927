"""Downloads as the user sees them: a bar on a terminal, one line per file anywhere else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from framesift.cli.console import human_size

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from framesift.cli.console import Console

__all__ = ["Downloads"]


class Downloads:
    """A callback for `framesift.embeddings.load_embedder`; use it in a ``with`` block."""

    def __init__(self, console: Console) -> None:
        """Draw nothing before the first byte."""
        self._console = console
        self._tasks: dict[str, TaskID | None] = {}
        self._bar: Progress | None = None

    def __enter__(self) -> Downloads:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Show that ``done`` of ``total`` bytes of a file are here."""
        if self._console.quiet:
            return
        if not sys.stderr.isatty():
            if name not in self._tasks:
                self._tasks[name] = None
                size = "" if total is None else f" ({human_size(total)})"
                self._console.say(f"framesift: fetching {name}{size}")
            return
        bar = self._bar or self._start()
        if name not in self._tasks:
            self._tasks[name] = bar.add_task(name, total=total)
        task = self._tasks[name]
        if task is not None:
            bar.update(task, completed=done, total=total)

    def _start(self) -> Progress:
        from rich.console import Console as RichConsole
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._bar = Progress(
            "Fetching {task.description}",
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=RichConsole(stderr=True),
        )
        self._bar.start()
        return self._bar
