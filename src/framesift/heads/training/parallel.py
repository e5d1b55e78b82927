"""Independent pieces of work on a few threads, with results in the order of the pieces."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["in_threads", "processors"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 4


def processors() -> int:
    """Return how many threads are worth having: the processors this process may use, up to 4."""
    counted = getattr(os, "sched_getaffinity", None)
    found = len(counted(0)) if counted is not None else os.cpu_count() or 1
    return min(found, _MOST)


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], *, threads: int | None = None
) -> list[Result]:
    """Do ``work`` on each item; linear algebra lets other threads run meanwhile.

    What comes out does not depend on the number of threads, as long as the pieces share nothing.
    An interrupt is raised at once: threads end with the piece they are at, or with the program.

    Args:
        work: Called once for each item.
        items: The pieces.
        threads: How many at a time; ``None`` asks `processors`.

    Raises:
        Exception: The first, by the order of the items, that ``work`` raised.
    """
    threads = min(processors() if threads is None else threads, len(items))
    if threads <= 1:
        return [work(item) for item in items]
    left = iter(range(len(items)))
    take = threading.Lock()
    over = threading.Event()
    done: queue.SimpleQueue[tuple[int, Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        while not over.is_set():
            with take:
                place = next(left, None)
            if place is None:
                return
            try:
                done.put((place, work(items[place]), None))
            except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
                done.put((place, None, error))

    for _ in range(threads):
        # Daemons, so that the program can end while one is in the middle of a long piece.
        threading.Thread(target=run, daemon=True).start()
    try:
        found = [done.get() for _ in items]
    finally:
        over.set()
    found.sort(key=lambda each: each[0])
    for _, _, error in found:
        if error is not None:
            raise error
    return [result for _, result, _ in found]  # type: ignore[misc]
