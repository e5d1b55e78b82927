"""Run an analyzer over many sources on this machine: threads decode while the model computes.

Memory is bounded whatever the number of sources: at most ``look-ahead`` items are under way, each
holding at most two chunks of prepared frames. Results come in the order of the sources. A bad item
becomes a `Failure` and the run goes on.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from framesift.errors import ConfigError, ModelError
from framesift.types import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framesift.media import Source
    from framesift.pipeline import Analyzer, Embedded, Gatherer, Item, Prepared
    from framesift.types import Float32Array, Result

__all__ = ["run_many"]

_CHUNK = 8
_CHUNKS_AHEAD = 2
_POLL_S = 0.1


@dataclass(slots=True, eq=False)
class _End:
    """The last thing on a job's channel: the finished item, or why there is none."""

    item: Item | None
    error: Exception | None = None
    sha256: str | None = None


@dataclass(slots=True, eq=False)
class _Job:
    """One source under way: a decoder thread fills the channel, the consumer empties it."""

    name: str
    caption: str | None = None
    channel: queue.Queue[list[Prepared] | _End] = field(
        default_factory=lambda: queue.Queue(maxsize=_CHUNKS_AHEAD)
    )
    stop: threading.Event = field(default_factory=threading.Event)
    item: Item | None = None
    rows: list[tuple[Float32Array | None, ...]] = field(default_factory=list)
    waiting: int = 0
    drained: bool = False
    result: Result | Embedded | None = None

    def put(self, value: list[Prepared] | _End) -> bool:
        """Hand a value to the consumer; false once nobody wants it any more."""
        while not self.stop.is_set():
            try:
                self.channel.put(value, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False


@overload
def run_many(
    analyzer: Analyzer,
    sources: Iterable[Source | Failure],
    *,
    workers: int | None = ...,
    batch_size: int | None = ...,
) -> Iterator[Result]: ...
@overload
def run_many(
    analyzer: Gatherer,
    sources: Iterable[Source | Failure],
    *,
    workers: int | None = ...,
    batch_size: int | None = ...,
) -> Iterator[Embedded | Failure]: ...
def run_many(
    analyzer: Analyzer | Gatherer,
    sources: Iterable[Source | Failure],
    *,
    workers: int | None = None,
    batch_size: int | None = None,
) -> Iterator[Result | Embedded]:
    """Analyse sources in parallel and yield one result each, in their order.

    Args:
        analyzer: What to do with each.
        sources: Consumed lazily, a bounded number ahead; failures pass through to the output.
        workers: Decoder threads; by default one more than the processors this process may use, so
            that one is ready whenever another waits for a file or hands its frames on.
        batch_size: Frames per model run; by default 8.

    Yields:
        An `Analysis` (from a `Gatherer` an `Embedded`), or a `Failure` where the source could not
        be read or scored.

    Raises:
        ConfigError: ``workers`` or ``batch_size`` is less than 1.
    """
    for name, value in (("workers", workers), ("batch_size", batch_size)):
        if value is not None and value < 1:
            message = f"{name} is {value}; it must be at least 1"
            raise ConfigError(message)
    run = _Run(analyzer, iter(sources), workers or _cpu_count() + 1, batch_size or 8)
    try:
        yield from run.results()
    finally:
        run.close()


def _cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Run:
    """The state of one run: a window of jobs in source order, and the batch being filled."""

    def __init__(
        self,
        analyzer: Analyzer | Gatherer,
        sources: Iterator[Source | Failure],
        workers: int,
        batch_size: int,
    ) -> None:
        self._analyzer = analyzer
        self._sources = sources
        self._batch_size = batch_size
        self._look_ahead = 2 * batch_size + 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="framesift-decode")
        self._window: deque[_Job] = deque()
        self._batch: list[tuple[_Job, Prepared]] = []
        self._more = True

    def results(self) -> Iterator[Result | Embedded]:
        while True:
            self._fill_window()
            if not self._window:
                return
            self._gather()
            self._encode()
            while self._window and self._window[0].result is not None:
                result = self._window.popleft().result
                if result is not None:
                    yield result

    def close(self) -> None:
        for job in self._window:
            job.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fill_window(self) -> None:
        while self._more and len(self._window) < self._look_ahead:
            source = next(self._sources, None)
            if source is None:
                self._more = False
            elif isinstance(source, Failure):
                failure = self._analyzer.adopt(source)
                self._window.append(_Job(source.path, drained=True, result=failure))
            else:
                job = _Job(source.name, source.caption)
                self._window.append(job)
                self._pool.submit(_decode, self._analyzer, source, job)

    def _gather(self) -> None:
        """Fill the batch from the jobs in order, waiting for decoders where need be."""
        for job in self._window:
            while not job.drained and len(self._batch) < self._batch_size:
                self._take(job)
            if len(self._batch) >= self._batch_size:
                return
            if not self._batch and self._window[0].result is not None:
                return

    def _take(self, job: _Job) -> None:
        value = job.channel.get()
        if isinstance(value, list):
            if job.result is None:
                job.waiting += len(value)
                self._batch += [(job, frame) for frame in value]
            return
        job.drained = True
        job.item = value.item
        if job.result is not None:
            return
        if value.item is None:
            error = value.error or ModelError("it ended without a result", source=job.name)
            job.result = self._failure(job, error, value.sha256)
        else:
            self._finish_if_ready(job)

    def _encode(self) -> None:
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        for start in range(0, len(batch), self._batch_size):
            self._encode_some(batch[start : start + self._batch_size])

    def _encode_some(self, batch: list[tuple[_Job, Prepared]]) -> None:
        try:
            encoded = self._analyzer.encode([frame for _, frame in batch])
        except Exception as error:  # noqa: BLE001 - whatever a model raises must not end the run
            if len(batch) > 1:
                # One picture may be the cause: the others are still to be scored.
                for one in batch:
                    self._encode_some([one])
            else:
                self._fail(batch[0][0], error)
            return
        for (job, _), rows in zip(batch, encoded, strict=True):
            job.waiting -= 1
            if job.result is None:
                job.rows.append(rows)
                self._finish_if_ready(job)

    def _fail(self, job: _Job, error: Exception) -> None:
        sha256 = job.item.sha256 if job.item is not None else None
        job.result = job.result or self._failure(job, error, sha256)
        job.stop.set()
        job.drained = True

    def _failure(self, job: _Job, error: Exception, sha256: str | None) -> Failure:
        return self._analyzer.failure(job.name, error, sha256=sha256, caption=job.caption)

    def _finish_if_ready(self, job: _Job) -> None:
        if not job.drained or job.waiting or job.item is None:
            return
        try:
            for rows in job.rows:
                self._analyzer.add(job.item, rows)
            job.result = self._analyzer.finish(job.item)
        except Exception as error:  # noqa: BLE001 - a head's failure concerns this item alone
            job.result = self._failure(job, error, job.item.sha256)
        job.item = None
        job.rows = []


def _decode(analyzer: Analyzer | Gatherer, source: Source, job: _Job) -> None:
    """Fill a job's channel with prepared frames; runs in a decoder thread."""
    item: Item | None = None
    try:
        item = analyzer.start(source)
        chunk: list[Prepared] = []
        for frame in analyzer.frames(item):
            chunk.append(frame)
            if len(chunk) == _CHUNK:
                if not job.put(chunk):
                    return
                chunk = []
        if chunk and not job.put(chunk):
            return
        job.put(_End(item))
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises is this item's failure
        job.put(_End(None, error, item.sha256 if item is not None else None))
