"""The local engine with a made-up analyzer: order, bounds, failures, stopping."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from framesift.engine.local import run_many
from framesift.errors import ConfigError, CorruptMediaError
from framesift.types import Failure, Problem


class FakeAnalyzer:
    """Yields one row per frame; sources say how many frames they have and what goes wrong."""

    def __init__(self, *, poison: str | None = None) -> None:
        self.poison = poison
        self.batches: list[int] = []
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()

    def start(self, source):
        if source.error == "start":
            raise CorruptMediaError("cannot be read", source=source.name)
        with self.lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        return SimpleNamespace(name=source.name, source=source, sha256="ab" * 32, rows=[])

    def frames(self, item):
        for index in range(item.source.frames):
            if item.source.error == "frames" and index == 3:
                raise OSError("the disk went away")
            time.sleep(item.source.delay)
            yield SimpleNamespace(time=Fraction(index), name=item.name, index=index)

    def encode(self, batch):
        self.batches.append(len(batch))
        if any(frame.name == self.poison for frame in batch):
            raise RuntimeError("the model choked")
        return [(np.array([frame.index], dtype=np.float32),) for frame in batch]

    def add(self, item, rows):
        item.rows.append(int(rows[0][0]))

    def finish(self, item):
        with self.lock:
            self.under_way -= 1
        if item.source.error == "finish":
            raise ValueError("no score")
        return (item.name, item.rows)

    def failure(self, name, error, *, sha256=None, caption=None):
        return Failure(name, Problem(type(error).__name__, str(error)), sha256, "policy")

    def adopt(self, failure):
        return Failure(failure.path, failure.error, None, "adopted")


def source(name, frames=1, *, delay=0.0, error=None):
    return SimpleNamespace(name=name, caption=None, frames=frames, delay=delay, error=error)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 3, 8, 64])
def test_results_come_in_source_order_with_every_frame(workers, batch_size):
    counts = [1, 0, 40, 1, 7, 8, 9, 1, 1, 17] * 4
    sources = [
        source(f"s{i}", frames, delay=0.002 if i % 3 == 0 and frames < 10 else 0)
        for i, frames in enumerate(counts)
    ]
    results = list(run_many(FakeAnalyzer(), sources, workers=workers, batch_size=batch_size))
    assert results == [(f"s{i}", list(range(frames))) for i, frames in enumerate(counts)]


def test_batches_are_filled_from_several_sources():
    analyzer = FakeAnalyzer()
    list(run_many(analyzer, [source(f"s{i}") for i in range(32)], workers=2, batch_size=8))
    assert analyzer.batches == [8, 8, 8, 8]


def test_a_bad_item_is_a_failure_and_the_run_goes_on():
    sources = [
        source("a"),
        source("bad-start", error="start"),
        Failure("missing", Problem("SourceError", "not there")),
        source("bad-frames", frames=30, error="frames"),
        source("bad-finish", error="finish"),
        source("b", frames=3),
    ]
    results = list(run_many(FakeAnalyzer(), sources, workers=2, batch_size=4))
    assert results[0] == ("a", [0])
    assert results[5] == ("b", [0, 1, 2])
    types = [(result.error.type, result.policy) for result in results[1:5]]
    assert types == [
        ("CorruptMediaError", "policy"),
        ("SourceError", "adopted"),
        ("OSError", "policy"),
        ("ValueError", "policy"),
    ]
    assert results[3].sha256 == "ab" * 32


def test_one_picture_that_breaks_the_model_does_not_take_its_batch_with_it():
    analyzer = FakeAnalyzer(poison="s3")
    sources = [source(f"s{i}", frames=20 if i == 3 else 2) for i in range(8)]
    results = list(run_many(analyzer, sources, workers=2, batch_size=8))
    assert [r for i, r in enumerate(results) if i != 3] == [
        (f"s{i}", [0, 1]) for i in range(8) if i != 3
    ]
    assert results[3].error == Problem("RuntimeError", "the model choked")


def test_the_number_of_items_under_way_is_bounded_and_sources_are_lazy():
    analyzer = FakeAnalyzer()
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield source(f"s{taken}")

    run = run_many(analyzer, endless(), workers=2, batch_size=4)
    for _ in range(50):
        next(run)
    run.close()
    assert taken <= 50 + 2 * 4 + 2 * 2
    assert analyzer.most_under_way <= 2 * 4 + 2 * 2


def test_closing_early_stops_decoders_that_wait_for_room():
    before = threading.active_count()
    endless = [source("a"), *(source(f"s{i}", frames=100_000) for i in range(4))]
    run = run_many(FakeAnalyzer(), endless, workers=3, batch_size=2)
    assert next(run) == ("a", [0])
    run.close()
    assert threading.active_count() == before


@pytest.mark.parametrize(("name", "value"), [("workers", 0), ("batch_size", -1)])
def test_nonsense_numbers_are_refused(name, value):
    with pytest.raises(ConfigError, match=f"{name} is {value}"):
        next(run_many(FakeAnalyzer(), [], **{name: value}))


def test_no_sources_no_results():
    assert list(run_many(FakeAnalyzer(), [])) == []
