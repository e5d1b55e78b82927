"""The steps from a source to its rows, which every kind of run shares.

An engine may put the steps on threads, in batches or on other machines:

1. ``start`` hashes the content and asks the cache;
2. ``frames`` decodes and prepares what the cache does not have;
3. ``encode`` runs the models on a batch of prepared frames, of one source or of many;
4. ``add`` hands an item its rows, and ``collect`` remembers them and puts them together.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.embeddings.cache import Pictures, Plan
from framesift.errors import CorruptMediaError, FramesiftError, MediaError
from framesift.frames import AdaptiveSampler, Watcher
from framesift.media import Source, open_media, thumbnail
from framesift.pipeline.items import (
    Embedded,
    Item,
    Prepared,
    Reading,
    moves,
    named_problem,
    nameless_problem,
)
from framesift.pipeline.words import MIN_SIDE_PX, WORDS_VERSION, read_words
from framesift.types import Failure, ModelInfo, Problem

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from framesift.embeddings.base import Embedder, ImageEncoder
    from framesift.embeddings.cache import Cache
    from framesift.embeddings.ocr import WordReader
    from framesift.frames import Sampler
    from framesift.types import Embeddings, Float32Array, Frame, MediaInfo

__all__ = ["Gatherer", "Stages", "as_source"]

_DECODING_VERSION = 6
"""Part of every cache key; grows when the same file would decode to other pixels or times."""

_ENCODE_CHUNK = 16
_POSTER_PX = 240


class Stages:
    """The shared steps; a class that has these attributes inherits them."""

    embedder: Embedder
    experts: Sequence[ImageEncoder]
    sampler: Sampler
    cache: Cache | None
    reading: Reading
    reader: WordReader | None

    @property
    def encoders(self) -> tuple[ImageEncoder, ...]:
        """The embedder and the experts, in the order of an item's rows."""
        return (self.embedder, *self.experts)

    @property
    def model(self) -> ModelInfo:
        """What records say of the model."""
        embedder = self.embedder
        return ModelInfo(
            embedder.name, embedder.fingerprint, embedder.precision, embedder.int8_cosine
        )

    @property
    def rows_key(self) -> str:
        """What the embedder's rows of a medium depend on beside its content."""
        return f"{self._row_key(self.embedder)}/{self._plan_key}"

    def embed(self, item: Item) -> None:
        """Decode and encode an item in this thread.

        Raises:
            MediaError: Not a single frame could be read.
        """
        for _ in self.embedding(item):
            pass

    def embedding(self, item: Item) -> Generator[int]:
        """Decode and encode an item batch after batch; whoever stops asking stops the reading.

        Yields:
            How many frames have been encoded so far.

        Raises:
            MediaError: Not a single frame could be read.
        """
        batch: list[Prepared] = []
        done = 0
        with contextlib.closing(self.frames(item)) as frames:
            for frame in frames:
                batch.append(frame)
                if len(batch) == _ENCODE_CHUNK:
                    self._encode_into(item, batch)
                    done, batch = done + len(batch), []
                    yield done
        if batch:
            self._encode_into(item, batch)
            yield done + len(batch)

    def start(self, source: Source) -> Item:
        """Hash a source and look it up in the cache.

        Raises:
            MediaError: The content cannot be read or is larger than the limits allow.
        """
        item = Item(source, source.sha256(self.reading.limits))
        count = len(self.encoders)
        item.rows = [None] * count
        item.fresh = [[] for _ in range(count)]
        if self.cache is None:
            return item
        plan = self.cache.plan(item.sha256, self._plan_key + self._words_key)
        # Rows that were made before words were asked for still serve.
        known = plan or self.cache.plan(item.sha256, self._plan_key)
        if known is None:
            return item
        for position, encoder in enumerate(self.encoders):
            item.rows[position] = self.cache.rows(item.sha256, known.times, self._row_key(encoder))
        if plan and self._pictured(item, plan) and all(rows is not None for rows in item.rows):
            item.complete = True
            item.info = replace(plan.info, path=source.name)
            item.times = list(plan.times)
            item.problem = named_problem(plan.problem, source.name)
            item.words = list(plan.words)
            item.survey = plan.survey
        return item

    def frames(self, item: Item) -> Generator[Prepared]:
        """Decode an item and prepare its frames; nothing if the cache had it all.

        A medium that breaks in the middle gives what it can; ``item.problem`` then says why.

        Raises:
            MediaError: Not a single frame could be read.
        """
        if item.complete:
            return
        best_contrast = -1.0
        with open_media(
            item.source, limits=self.reading.limits, min_side_px=self._min_side_px
        ) as media:
            item.info = media.info
            watcher = Watcher(media)
            try:
                for frame in self.sampler.frames(media, watcher):
                    item.times.append(frame.time)
                    best_contrast = self._keep_thumbnail(item, frame, best_contrast)
                    if self.reader is not None:
                        read_words(self.reader, item, frame)
                    yield self._prepare(item, frame)
                item.info = media.info  # reading told the length more exactly
            except MediaError as error:
                if not item.times:
                    raise
                item.problem = Problem(type(error).__name__, str(error))
            finally:
                # Also where nobody wants further frames.
                if moves(media.info):
                    item.survey = watcher.survey()
        if not item.times:
            message = "it holds no frame that can be shown; the file is empty or cut off"
            raise CorruptMediaError(message, source=item.source.name)

    def encode(self, batch: Sequence[Prepared]) -> list[tuple[Float32Array | None, ...]]:
        """Run the models on prepared frames.

        Args:
            batch: Frames of one item or of many.

        Returns:
            For each frame, a row per encoder; ``None`` where the frame had no input for it.
        """
        columns: list[dict[int, Float32Array]] = []
        for position, encoder in enumerate(self.encoders):
            inputs = {
                number: array
                for number, frame in enumerate(batch)
                if (array := frame.inputs[position]) is not None
            }
            rows = encoder.encode(np.stack(list(inputs.values()))) if inputs else ()
            columns.append(dict(zip(inputs, rows, strict=True)))
        return [tuple(column.get(number) for column in columns) for number in range(len(batch))]

    def add(self, item: Item, rows: Sequence[Float32Array | None]) -> None:
        """Give an item the rows of its next frame, in order."""
        for made, row in zip(item.fresh, rows, strict=True):
            if row is not None:
                made.append(row)

    def collect(self, item: Item) -> tuple[MediaInfo, Embeddings]:
        """Put the rows of an item together, whose frames are all encoded, and remember them.

        Raises:
            CorruptMediaError: It decoded to other frames than when it was cached.
        """
        rows = self._rows(item)
        if item.info is None:
            message = "finish() was called before the frames were read"
            raise ValueError(message)
        if any(len(array) != len(item.times) for array in rows):
            message = "it decoded to other frames than when it was cached; run it with --no-cache"
            raise CorruptMediaError(message, source=item.source.name)
        if self.cache is not None and not item.complete and not item.stopped:
            self._remember(item, item.info, rows)
        return item.info, self._embeddings(rows)

    def failure(
        self,
        name: str,
        error: Exception,
        *,
        sha256: str | None = None,
        caption: str | None = None,
    ) -> Failure:
        """Turn an exception into the value that a run yields for a bad item.

        Args:
            name: Of the source.
            error: What happened.
            sha256: Of the content where it could be read.
            caption: The text that goes with it, which is judged all the same.
        """
        message = str(error) if isinstance(error, FramesiftError) else f"{name}: {error!r}"
        problem = Problem(type(error).__name__, message)
        return self._judged(Failure(name, problem, sha256), caption)

    def adopt(self, failure: Failure) -> Failure:
        """Complete a failure from an earlier stage with this run's policy and model."""
        return self._judged(failure, None)

    def _judged(self, failure: Failure, caption: str | None) -> Failure:
        """Say what follows from a failure; a run without a policy sends it to review."""
        del caption
        return replace(failure, model=self.model)

    @property
    def _min_side_px(self) -> int | None:
        if self.reading.exact:
            return None
        words = [] if self.reader is None else [MIN_SIDE_PX]
        least = self.reading.min_side_px
        return max([least] + [encoder.min_side_px for encoder in self.encoders] + words)

    @property
    def _decoding(self) -> str:
        side = self._min_side_px
        return f"d{_DECODING_VERSION}-{'exact' if side is None else side}"

    @property
    def _plan_key(self) -> str:
        return f"{self._decoding}/{self.sampler.key}/{self.reading.limits.key}"

    @property
    def _words_key(self) -> str:
        return "" if self.reader is None else f"/w{WORDS_VERSION}-{self.reader.fingerprint}"

    def _row_key(self, encoder: ImageEncoder) -> str:
        return f"{encoder.fingerprint}/{self._decoding}"

    def _prepare(self, item: Item, frame: Frame) -> Prepared:
        inputs = tuple(
            encoder.prepare(frame.pixels, geometry=frame.geometry) if rows is None else None
            for encoder, rows in zip(self.encoders, item.rows, strict=True)
        )
        return Prepared(frame.time, inputs)

    def _keep_thumbnail(self, item: Item, frame: Frame, best_contrast: float) -> float:
        side_px = self.reading.thumbnail_px
        if side_px is None:
            return best_contrast
        if item.info is not None and moves(item.info):
            item.posters[frame.time] = thumbnail(frame, side_px=min(side_px, _POSTER_PX))
        # The frame with the most contrast shows more than the first one, which is often black.
        contrast = float(frame.pixels[::8, ::8].std())
        if contrast > best_contrast:
            item.thumbnail = thumbnail(frame, side_px=side_px)
        return max(contrast, best_contrast)

    def _encode_into(self, item: Item, batch: Sequence[Prepared]) -> None:
        for rows in self.encode(batch):
            self.add(item, rows)

    def _remember(self, item: Item, info: MediaInfo, rows: Sequence[Float32Array]) -> None:
        if self.cache is None:
            return
        made = {
            self._row_key(encoder): array
            for encoder, array, cached in zip(self.encoders, rows, item.rows, strict=True)
            if cached is None
        }
        if item.problem is not None and item.problem.type == "DecodeTimeoutError":
            return  # a quicker or less busy machine would have seen more
        problem = nameless_problem(item.problem, item.source.name)
        plan = Plan(replace(info, path=""), tuple(item.times), problem, survey=item.survey)
        plans = {self._plan_key: plan}
        if self.reader is not None and item.words_problem is None:
            plans[self._plan_key + self._words_key] = replace(plan, words=tuple(item.words))
        pictures = Pictures(item.thumbnail, item.posters)
        for key, one in plans.items():
            self.cache.put(item.sha256, plan_key=key, plan=one, rows=made, pictures=pictures)
            # A second plan is of the same rows.
            made, pictures = {}, Pictures()

    def _pictured(self, item: Item, plan: Plan) -> bool:
        """Fetch the thumbnails of an item, and say whether all that are wanted are there."""
        if self.cache is None or self.reading.thumbnail_px is None:
            return True
        item.thumbnail = self.cache.thumbnail(item.sha256)
        if moves(plan.info):
            known = self.cache.posters(item.sha256)
            item.posters = {time: known[time] for time in plan.times if time in known}
            if len(item.posters) < len(plan.times):
                return False
        return item.thumbnail is not None

    def _rows(self, item: Item, first: int = 0, last: int | None = None) -> list[Float32Array]:
        """Return the rows of some frames of an item, per encoder; by default of all."""
        return [
            np.stack(fresh[first:last]) if cached is None else cached[first:last]
            for cached, fresh in zip(item.rows, item.fresh, strict=True)
        ]

    def _embeddings(self, rows: Sequence[Float32Array]) -> Embeddings:
        embeddings = self.embedder.to_embeddings(rows[0])
        if not self.experts:
            return embeddings
        extras = dict(embeddings.extras)
        for expert, array in zip(self.experts, rows[1:], strict=True):
            extras[expert.name] = array
        return replace(embeddings, extras=extras)


@dataclass(frozen=True, eq=False)
class Gatherer(Stages):
    """A run that wants embeddings, to train or evaluate a head or to search, and no verdicts.

    Attributes:
        embedder: The CLIP-style model.
        experts: Further image encoders; their rows become extras under their names.
        sampler: Which frames of an animation or a video are looked at.
        cache: Where rows are remembered; ``None`` for nowhere.
        reading: Limits and decoding.
        reader: Reads the words in pictures; ``None`` reads none.
    """

    embedder: Embedder
    experts: Sequence[ImageEncoder] = ()
    sampler: Sampler = field(default_factory=AdaptiveSampler)
    cache: Cache | None = None
    reading: Reading = field(default_factory=Reading)
    reader: WordReader | None = None

    def gather(self, source: Source | str | bytes) -> Embedded:
        """Embed one source in this thread.

        Raises:
            MediaError: It cannot be read.
        """
        item = self.start(as_source(source))
        self.embed(item)
        return self.finish(item)

    def finish(self, item: Item) -> Embedded:
        """Give the embeddings of an item whose frames are all encoded."""
        info, embeddings = self.collect(item)
        return Embedded(info, embeddings, item.thumbnail, item.problem, tuple(item.times))


def as_source(source: Source | str | bytes) -> Source:
    """Take a source, a path or the bytes of a file."""
    if isinstance(source, Source):
        return source
    if isinstance(source, bytes):
        return Source.from_bytes(source)
    return Source.from_path(source)
