"""Ctrl-C between two results, never in the middle of writing one."""

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

    One that arrives inside is kept and raised at the end of the block. Outside the main thread,
    where Python delivers no signals, it does nothing.
    """

    def __init__(self) -> None:
        """Start unshielded."""
        self._shields = 0
        self._pending = False
        self._previous: object = None

    def __enter__(self) -> InterruptGuard:
        """Install the handler."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Put the previous handler back."""
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)  # type: ignore[arg-type]

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
