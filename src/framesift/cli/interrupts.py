"""Ctrl-C, or a polite request to end, between two results, never in the middle of writing one."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["InterruptGuard"]


class InterruptGuard:
    """While entered, an interrupt raises `KeyboardInterrupt` only outside ``shielded`` blocks.

    SIGTERM, by which service managers and clusters end a program, counts as an interrupt. One that
    arrives inside is kept and raised at the end of the block. Outside the main thread, where Python
    delivers no signals, it does nothing.
    """

    def __init__(self) -> None:
        """Start unshielded."""
        self._shields = 0
        self._pending = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> InterruptGuard:
        """Install the handler."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Put the previous handler back."""
        for number, previous in self._previous.items():
            if previous is not None:  # one that was not installed from Python
                signal.signal(number, previous)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def shielded(self) -> Iterator[None]:
        """Hold interrupts back until the block is done."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        if self._pending and not self._shields:
            self._pending = False
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._shields:
            self._pending = True
        else:
            raise KeyboardInterrupt
