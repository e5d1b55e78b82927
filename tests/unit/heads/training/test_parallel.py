from __future__ import annotations

import threading
import time

import pytest

from framesift.heads.training.parallel import in_threads, processors


@pytest.mark.parametrize("threads", [1, 2, 3, None])
def test_results_come_in_the_order_of_the_items(threads):
    def work(item: int) -> int:
        time.sleep(0.002 * (5 - item % 5))
        return item**2

    assert in_threads(work, range(20), threads=threads) == [item**2 for item in range(20)]


def test_pieces_run_side_by_side():
    met = threading.Barrier(2, timeout=10)
    in_threads(lambda _: met.wait(), [0, 1], threads=2)


def test_the_first_error_is_raised():
    def work(item: int) -> int:
        if item >= 3:
            message = f"item {item}"
            raise ValueError(message)
        return item

    with pytest.raises(ValueError, match="item 3"):
        in_threads(work, range(8), threads=2)


def test_an_interrupt_does_not_wait_for_the_pieces_and_starts_no_more(monkeypatch):
    started, go_on = [], threading.Event()

    class Interrupted:
        def put(self, _entry: object) -> None:
            """Keep nothing: whoever waits is interrupted."""

        def get(self) -> object:
            raise KeyboardInterrupt

    monkeypatch.setattr("framesift.heads.training.parallel.queue.SimpleQueue", Interrupted)

    def work(item: int) -> None:
        started.append(item)
        go_on.wait(10)

    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        in_threads(work, range(50), threads=2)
    assert time.monotonic() - before < 5
    go_on.set()
    time.sleep(0.05)
    assert len(started) <= 2


def test_there_is_always_a_processor():
    assert 1 <= processors() <= 4


def test_nothing_gives_nothing():
    assert in_threads(lambda item: item, []) == []
