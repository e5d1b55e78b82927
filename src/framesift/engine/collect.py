"""From files to an index that holds all of them: what is known already is not even read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from framesift.embeddings.index import IndexBuilder, VectorIndex
from framesift.embeddings.index.catalogue import Known
from framesift.engine.local import run_many
from framesift.media import Source
from framesift.media.taken import taken_s
from framesift.search import Entry
from framesift.types import Failure

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from framesift.embeddings.index import BrokenIndexError
    from framesift.embeddings.index.catalogue import Catalogue
    from framesift.pipeline import Embedded, Gatherer

__all__ = ["Collected", "Collection"]


@dataclass(slots=True, eq=False)
class Collected:
    """What came of some sources.

    Attributes:
        index: Their rows, among others.
        entries: Those that can be searched, in order.
        failures: Those that cannot.
        files: The file behind an entry's path, for those that have one.
    """

    index: VectorIndex
    entries: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Item:
    """A source on its way to be an entry, or a failure."""

    source: Source | Failure
    status: os.stat_result | None = None
    made: Entry | Failure | None = None


class Collection:
    """Sources and the index that is to hold them.

    Attributes:
        partial: Names of sources of which only a part could be read.
        broken: Files of the index that could not be trusted and were made again, and why.

    Args:
        gatherer: What embeds.
        folder: Where the index of this model is.
        catalogue: Which file holds which content.
    """

    def __init__(self, gatherer: Gatherer, folder: Path, catalogue: Catalogue) -> None:
        """Keep them; nothing is opened yet."""
        self.partial: list[str] = []
        self.broken: dict[str, str] = {}
        self._gatherer = gatherer
        self._folder = folder
        self._catalogue = catalogue
        self._key, self._width = gatherer.rows_key, gatherer.embedder.spec.dim
        self._items: list[_Item] = []
        self._index: VectorIndex | None = None

    def survey(self, sources: Iterable[Source | Failure]) -> int:
        """Look which files are known and which have to be read.

        Returns:
            How many have to be read.
        """
        self._items = [self._known(source) for source in sources]
        self._index = self._open()
        entries = [one.made for one in self._items if isinstance(one.made, Entry)]
        contents = list(dict.fromkeys(entry.sha256 for entry in entries))
        whole = dict(zip(contents, self._index.rows_of(contents)[1].tolist(), strict=True))
        for one in self._items:
            if isinstance(one.made, Entry) and not whole[one.made.sha256]:
                one.made = None
        return sum(one.made is None for one in self._items)

    def embed(self, *, workers: int | None = None, batch_size: int | None = None) -> Iterator[None]:
        """Embed what has to be read; whoever stops asking can go on from there later.

        Yields:
            After each file.

        Raises:
            OSError: The index cannot be written.
        """
        wanted = [one for one in self._items if one.made is None]
        if not wanted:
            return
        index = self._index or self._open()
        self._index = None
        results = run_many(
            self._gatherer,
            (one.source for one in wanted),
            workers=workers,
            batch_size=batch_size,
        )
        builder = IndexBuilder(self._folder, key=self._key, width=self._width, index=index)
        for path, why in index.broken:
            self.broken[path.name] = why
        builder.drop(path for path, _ in index.broken)
        try:
            with builder:
                for one, result in zip(wanted, results, strict=True):
                    one.made = self._take(one, result, builder)
                    yield
        finally:
            # Only now: a file that is known must be in the index.
            self._catalogue.flush()

    def drop(self, error: BrokenIndexError) -> None:
        """Remove a file that was found broken while it was searched."""
        if error.path is not None:
            self.broken[error.path.name] = str(error)
            IndexBuilder(self._folder, key=self._key, width=self._width).drop([error.path])

    def result(self) -> Collected:
        """Return what came of it all."""
        made = Collected(self._index or self._open())
        seen = set[str]()
        for one in self._items:
            if isinstance(one.made, Failure):
                made.failures.append(one.made)
            elif one.made is not None and one.made.path not in seen:
                seen.add(one.made.path)
                made.entries.append(one.made)
                if isinstance(one.source, Source) and one.source.path is not None:
                    made.files.setdefault(one.made.path, one.source.path)
        return made

    def _open(self) -> VectorIndex:
        return VectorIndex.open(self._folder, key=self._key, width=self._width)

    def _known(self, source: Source | Failure) -> _Item:
        if isinstance(source, Failure):
            return _Item(source, made=self._gatherer.adopt(source))
        if source.path is None:
            return _Item(source)
        try:
            status = source.path.stat()
        except (OSError, ValueError):
            return _Item(source)
        known = self._catalogue.lookup(source.path, status)
        made = None if known is None else _entry(source.name, known, status)
        return _Item(source, status, made)

    def _take(
        self, item: _Item, result: Embedded | Failure, builder: IndexBuilder
    ) -> Entry | Failure:
        if isinstance(result, Failure) or isinstance(item.source, Failure):
            assert isinstance(result, Failure)
            return result
        info, source = result.info, item.source
        try:
            builder.add(info.sha256, result.times, result.embeddings.vectors)
        except ValueError as error:
            return self._gatherer.failure(source.name, error, sha256=info.sha256)
        if result.error is not None:
            self.partial.append(info.path)
        still = info.kind == "image" and source.path is not None
        taken = taken_s(source.path) if still and source.path is not None else math.nan
        known = Known(info.sha256, info.kind, taken)
        # What was read in part is read again: the file may be on its way here.
        if source.path is not None and item.status is not None and result.error is None:
            self._catalogue.remember(source.path, item.status, known)
        return _entry(source.name, known, item.status)


def _entry(name: str, known: Known, status: os.stat_result | None) -> Entry:
    date_s = known.taken_s
    if not math.isfinite(date_s) and status is not None:
        # As EXIF writes it: local time without a zone.
        local = datetime.fromtimestamp(status.st_mtime, UTC).astimezone()
        date_s = local.replace(tzinfo=UTC).timestamp()
    return Entry(name, known.sha256, known.kind, date_s)
