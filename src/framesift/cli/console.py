"""What a person sees beside the results: notices, progress, summaries. All on standard error."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING

import click

from framesift.reports import to_record
from framesift.reports.summary import Summary
from framesift.reports.words import size_in_words as human_size
from framesift.reports.words import visible
from framesift.types import Analysis, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from framesift.types import Action, Result

__all__ = ["Console", "Counts", "Meter", "action_of", "human_size", "plural"]

_LISTED_FAILURES = 10


class Console:
    """Standard error, for people."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Keep how loud to be."""
        self.quiet = quiet

    def say(self, text: str) -> None:
        """Write a line, unless quiet."""
        if not self.quiet:
            click.echo(text, err=True)

    def notice(self, text: str) -> None:
        """Write something the user should know, unless quiet."""
        self.say(f"framesift: note: {text}")

    def warn(self, text: str) -> None:
        """Write something the user must know, quiet or not."""
        click.secho(f"framesift: WARNING: {text}", err=True, fg="yellow", bold=True)


class Counts:
    """What came out of a run so far."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.summary = Summary()
        self.failures: list[Failure] = []
        self._actions: set[Action] = set()
        self._started = time.monotonic()

    def add(self, result: Result) -> None:
        """Count one result; the first few failures are kept to be named."""
        self.summary.add(to_record(result))
        self._actions.add(action_of(result))
        if isinstance(result, Failure) and len(self.failures) < _LISTED_FAILURES:
            self.failures.append(result)

    def crossed(self, fail_on: str | None) -> bool:
        """Whether anything reached the action that the user wants to fail on."""
        if fail_on is None:
            return False
        return bool(self._actions & ({"block"} if fail_on == "block" else {"review", "block"}))

    def line(self) -> str:
        """Return how many, what the policy said, and how fast."""
        return f"{self.summary.line()}; {self.speed()}"

    def speed(self) -> str:
        """Return how long it took so far, and how many files a second."""
        elapsed_s = max(time.monotonic() - self._started, 1e-3)
        return f"{elapsed_s:.1f} s, {self.summary.items / elapsed_s:.1f} files/s"

    def failure_lines(self) -> list[str]:
        """Return a line per failure kept, and how many more there are."""
        lines = [
            f"framesift: failed: {visible(failure.error.message)}" for failure in self.failures
        ]
        more = self.summary.failures - len(self.failures)
        return [*lines, f"framesift: failed: and {more} more"] if more else lines


class Meter:
    """A progress bar on a terminal; nothing anywhere else.

    Args:
        enabled: Whether a bar is wanted at all.
        count: Counts the items, in a thread of its own, so that the work need not wait for it.
        title: What is being done.
    """

    def __init__(
        self, *, enabled: bool, count: Callable[[], int] | None = None, title: str = "Scanning"
    ) -> None:
        """Decide whether there is a terminal to draw on."""
        self._title = title
        self._enabled = enabled and sys.stderr.isatty()
        self._count = count
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Meter:
        """Start drawing."""
        if not self._enabled:
            return self
        from rich.console import Console as RichConsole
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            SpinnerColumn,
            Task,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Speed(ProgressColumn):
            """Items per second."""

            def render(self, task: Task) -> Text:
                return Text("" if task.speed is None else f"{task.speed:.1f} images/s")

        self._bar = Progress(
            # One long video is one step of the bar: something must move meanwhile.
            SpinnerColumn(),
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            Speed(),
            TimeRemainingColumn(compact=True),
            console=RichConsole(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._bar.add_task(self._title, total=None)
        self._bar.start()
        if self._count is not None:
            threading.Thread(target=self._learn_total, daemon=True).start()
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

    def advance(self) -> None:
        """One item is done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)

    @contextlib.contextmanager
    def aside(self, *, enabled: bool = True) -> Iterator[None]:
        """Take the bar off the screen while something else is written there.

        Args:
            enabled: Whether anything goes to standard output at all.
        """
        bar = self._bar if enabled and sys.stdout.isatty() else None
        if bar is not None:
            bar.stop()
        yield
        if bar is not None:
            bar.start()

    def _learn_total(self) -> None:
        with contextlib.suppress(OSError):
            total = self._count() if self._count else None
            self._set_total(total)

    def _set_total(self, total: int | None) -> None:
        bar = self._bar
        if bar is not None and self._task is not None:
            bar.update(self._task, total=total)


def action_of(result: Result) -> Action:
    """Return the verdict's action; a picture without one goes to review, a failure at least."""
    if isinstance(result, Analysis) and result.moderation is not None:
        return result.moderation.action
    return result.action if isinstance(result, Failure) else "review"


def plural(count: int, noun: str) -> str:
    """Return ``1 file`` or ``2 files``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
