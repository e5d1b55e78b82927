"""The memory budget: never over its capacity, first come first served, never stuck."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from framesift.media.budget import MemoryBudget

MB = 2**20


def test_what_is_lent_never_exceeds_the_capacity() -> None:
    budget = MemoryBudget(100 * MB)
    peaks = []

    def work(size: int) -> None:
        with budget.borrow(size * MB):
            peaks.append(budget.used)
            time.sleep(0.001)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [10, 40, 90, 5, 60, 100, 30, 500] * 8))
    assert max(peaks) <= 100 * MB
    assert budget.used == 0


def test_the_largest_is_not_starved() -> None:
    budget = MemoryBudget(100 * MB)
    order: list[str] = []
    held = budget.acquire(50 * MB)

    def wait_for(name: str, size: int) -> None:
        with budget.borrow(size * MB):
            order.append(name)

    large = threading.Thread(target=wait_for, args=("large", 100))
    small = threading.Thread(target=wait_for, args=("small", 20))
    large.start()
    time.sleep(0.05)
    small.start()  # it would fit now, but came later
    time.sleep(0.05)
    assert order == []
    budget.release(held)
    large.join(5)
    small.join(5)
    assert order == ["large", "small"]


def test_small_requests_never_wait() -> None:
    budget = MemoryBudget(10 * MB)
    held = budget.acquire(10 * MB)
    assert budget.acquire(MB) == 0
    budget.release(held)


def test_patience_ends() -> None:
    budget = MemoryBudget(10 * MB)
    held = budget.acquire(10 * MB)
    start = time.monotonic()
    again = budget.acquire(8 * MB, patience_s=0.05)
    assert time.monotonic() - start < 5
    budget.release(again)
    budget.release(held)
    assert budget.used == 0


def test_an_error_inside_gives_the_memory_back() -> None:
    budget = MemoryBudget(300 * MB)
    try:
        with budget.borrow(200 * MB):
            raise KeyError
    except KeyError:
        pass
    assert budget.used == 0
