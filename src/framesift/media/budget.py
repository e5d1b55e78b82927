"""One memory budget for all decoder threads of the process.

A twelve-megapixel photograph takes some 50 MB while it is decoded and a 150-megapixel one half a
gigabyte. Several threads that meet several huge pictures would add that up; here they take turns.
"""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["DECODE_BYTES", "MemoryBudget", "decode_budget"]

DECODE_BYTES = 896 * 2**20
"""What all decoders together may hold (896 MiB); it leaves 640 MiB of 1.5 GiB for the rest."""

_SMALL_BYTES = 4 * 2**20
_TRIM_BYTES = 128 * 2**20
_PATIENCE_S = 60.0


class MemoryBudget:
    """Bytes that threads borrow before they allocate and give back after.

    Thread-safe. A request waits until it fits; one larger than the whole budget waits to be alone.
    Requests under 4 MiB never wait. After a minute a request goes ahead regardless: a consumer
    that holds one reader open while it waits for another must not stop for ever.
    """

    def __init__(self, capacity: int) -> None:
        """Start with ``capacity`` bytes."""
        self.capacity = capacity
        self._used = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def used(self) -> int:
        """Bytes lent out now."""
        return self._used

    def acquire(self, nbytes: int, *, patience_s: float = _PATIENCE_S) -> int:
        """Borrow ``nbytes``, waiting for others to finish; returns what to `release`."""
        wanted = min(nbytes, self.capacity)
        if wanted < _SMALL_BYTES:
            return 0
        ticket = object()
        with self._changed:
            # First come, first served: else a stream of small pictures would starve a huge one.
            self._waiting.append(ticket)
            self._changed.wait_for(
                lambda: self._waiting[0] is ticket and self._used + wanted <= self.capacity,
                timeout=patience_s,
            )
            self._waiting.remove(ticket)
            self._used += wanted
            self._changed.notify_all()
        return wanted

    def release(self, nbytes: int) -> None:
        """Give back what `acquire` returned; call it when the memory itself is free again."""
        if nbytes >= _TRIM_BYTES:
            _trim_heap()
        if nbytes:
            with self._changed:
                self._used -= nbytes
                self._changed.notify_all()

    @contextmanager
    def borrow(self, nbytes: int) -> Iterator[None]:
        """Borrow for the length of a ``with`` block."""
        lent = self.acquire(nbytes)
        try:
            yield
        finally:
            self.release(lent)


def _trim_heap() -> None:
    """Give freed memory back to the system, where the C library keeps it (glibc).

    Each thread has a heap of its own there; after a huge picture in each of them, hundreds of
    unused megabytes would stay with the process.
    """
    if _malloc_trim is not None:
        _malloc_trim(0)


def _find_malloc_trim() -> Callable[[int], object] | None:
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return trim


_malloc_trim = _find_malloc_trim()

decode_budget = MemoryBudget(DECODE_BYTES)
