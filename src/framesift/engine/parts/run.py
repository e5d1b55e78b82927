"""Run an analyzer over any number of files, run after run, until each has its result once."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from framesift.engine.local import run_many
from framesift.engine.parts.folder import Manifest, PartFolder, PartInfo, action_of
from framesift.engine.parts.ledger import Entry, Ledger
from framesift.media import Source
from framesift.reports import to_json, to_record
from framesift.types import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from framesift.pipeline import Analyzer
    from framesift.types import Result

__all__ = ["PartRun", "RunOptions", "follow"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How often a run writes.

    Attributes:
        rows: Results in a part, at most.
        most_bytes: A part is written before so many bytes of records wait, as those of long videos
            are long; memory depends on it.
        batch: Results that a kill can lose at most: so many are noted in the ledger at once.
        batch_s: Or all that came in so many seconds.
        settle_s: Above 0 where passes follow each other: files that changed so short ago are left
            for the next one, and what failed is tried again only after a change.
        workers: As for `run_many`.
        batch_size: As for `run_many`.
    """

    rows: int = 10_000
    most_bytes: int = 64 << 20
    batch: int = 64
    batch_s: float = 2.0
    settle_s: float = 0.0
    workers: int | None = None
    batch_size: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """One file under way: its key, and what it looks like from outside."""

    key: bytes
    stamp: str


class PartRun:
    """A scan into a folder of parts. Use it in a ``with`` block; leaving it notes what is done.

    Every file gets its result exactly once, whatever happens to the process: what the ledger has is
    passed over, and what it lacks is looked at again. A file that failed is tried once more by
    every run, and in a run that makes several passes once more whenever it has changed.

    Attributes:
        unsettled: Whether the last pass left files for the next one, as they had just changed.

    Args:
        folder: Where parts go.
        identity: What makes the results of two runs comparable.
        options: How often to write.

    Raises:
        ConfigError: The folder holds another scan, or cannot be written.
    """

    def __init__(
        self,
        folder: PartFolder,
        identity: Mapping[str, str],
        options: RunOptions | None = None,
    ) -> None:
        """Open the ledger; a manifest that said "complete" no longer does."""
        self.folder = folder
        self.options = options or RunOptions()
        self._identity = dict(identity)
        self._entries: list[Entry] = []
        self._since = 0.0
        self._tried: set[bytes] = set()
        self.unsettled = False
        self.ledger = Ledger(folder.ledger, identity)
        self._write_manifest(None, complete=False)
        folder.remove_failed()

    def __enter__(self) -> PartRun:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Note what is done and close the ledger."""
        try:
            self.commit()
        finally:
            self.ledger.close()

    def results(self, analyzer: Analyzer, sources: Iterable[Source | Failure]) -> Iterator[Result]:
        """Analyse what has no result yet and yield each as it is noted.

        Args:
            analyzer: What to do with each source.
            sources: Everything, also what earlier runs have done; read lazily.
        """
        under_way: deque[_Place] = deque()
        self.unsettled = False
        results = run_many(
            analyzer,
            self._missing(sources, under_way),
            workers=self.options.workers,
            batch_size=self.options.batch_size,
        )
        for result in results:
            self._note(under_way.popleft(), result)
            yield result

    def commit(self) -> None:
        """Note what is done in the ledger, and write the parts that are full."""
        if self._entries:
            self.ledger.add(self._entries)
            self._entries = []
        while (
            self.ledger.waiting >= self.options.rows
            or self.ledger.waiting_bytes >= self.options.most_bytes
        ):
            self._write_part()

    def seal(self) -> None:
        """Write what waits as a part, full or not, so that readers see it."""
        self.commit()
        while self.ledger.waiting:
            self._write_part()

    def finish(self) -> Manifest:
        """Write everything that waits, then the failures, then a manifest that says "complete"."""
        self.seal()
        failed = None
        if self.ledger.failures:
            failed = self.folder.write(self.folder.failed_name, self.ledger.failed_records())
        return self._write_manifest(failed, complete=True)

    def _missing(
        self, sources: Iterable[Source | Failure], under_way: deque[_Place]
    ) -> Iterator[Source | Failure]:
        """Pass on what has no result yet and is not being looked at."""
        for source in sources:
            name = source.path if isinstance(source, Failure) else source.name
            if not self.folder.shard.has(name):
                continue
            place = _place(source)
            if self._is_known(source, place) or any(one.key == place.key for one in under_way):
                continue
            under_way.append(place)
            yield source

    def _is_known(self, source: Source | Failure, place: _Place) -> bool:
        if self.ledger.is_done(place.key) or any(one.key == place.key for one in self._entries):
            return True
        if self.options.settle_s and isinstance(source, Source) and self._is_fresh(source):
            self.unsettled = True
            return True
        # Within a run a failure is tried again only once the file has changed.
        return place.key in self._tried and self.ledger.stamp_of_failure(place.key) == place.stamp

    def _is_fresh(self, source: Source) -> bool:
        try:
            changed = 0.0 if source.path is None else source.path.stat().st_mtime
        except OSError:
            return False
        return 0 <= time.time() - changed < self.options.settle_s

    def _note(self, place: _Place, result: Result) -> None:
        record = to_record(result)
        failed = isinstance(result, Failure)
        if failed and self.options.settle_s:
            self._tried.add(place.key)
        if not self._entries:
            self._since = time.monotonic()
        text = to_json(record, ascii_only=True)
        self._entries.append(Entry(place.key, text, action_of(record), failed, place.stamp))
        late = time.monotonic() - self._since >= self.options.batch_s
        if late or len(self._entries) >= self.options.batch:
            self.commit()

    def _write_part(self) -> None:
        rows = self.ledger.oldest(self.options.rows, self.options.most_bytes)
        number = len(self.ledger.parts())
        info = self.folder.write(self.folder.part_name(number), (record for _, record in rows))
        self.ledger.seal(number, asdict(info), rows)
        self._write_manifest(None, complete=False)

    def _write_manifest(self, failed: PartInfo | None, *, complete: bool) -> Manifest:
        parts = tuple(PartInfo(**info) for info in self.ledger.parts())
        shard = str(self.folder.shard)
        manifest = Manifest(shard, complete, self._identity, parts, failed)
        self.folder.write_manifest(manifest)
        return manifest


def follow(
    once: Callable[[], Iterator[Result]],
    *,
    poll_s: float,
    idle_s: float | None = None,
    unsettled: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Result | None]:
    """Look again and again for files that came since, until nothing came for ``idle_s``.

    Args:
        once: One pass over everything that was named.
        poll_s: Between two passes; longer where listing the files takes longer.
        idle_s: Give up after so many seconds without a new file; ``None`` never does.
        unsettled: Whether the last pass left files that are still being written.
        sleep: Waits.

    Yields:
        Results, and ``None`` at the end of every pass.
    """
    last_news = time.monotonic()
    while True:
        began = time.monotonic()
        found = False
        for result in once():
            found = True
            yield result
        yield None
        now = time.monotonic()
        if found or unsettled():
            last_news = now
        elif idle_s is not None and now - last_news >= idle_s:
            return
        sleep(poll_s if found else max(poll_s, now - began))


def _place(source: Source | Failure) -> _Place:
    if isinstance(source, Failure) or source.path is None:
        name = source.path if isinstance(source, Failure) else source.name
        return _Place(Ledger.key(name.encode("utf-8", "surrogatepass")), "")
    try:
        status = source.path.stat()
        stamp = f"{status.st_size}/{status.st_mtime_ns}"
    except (OSError, ValueError):
        stamp = ""
    return _Place(Ledger.key(os.fsencode(source.path)), stamp)
