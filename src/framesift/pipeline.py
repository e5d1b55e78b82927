"""The one place where the stages are wired: source -> frames -> rows -> scores -> verdict.

`Analyzer` holds what a run is made of (models, heads, policy, sampler, cache) and offers the steps
one by one, so that an engine can put them on threads, in batches or on other machines:

1. ``start`` hashes the content and asks the cache;
2. ``frames`` decodes and prepares what the cache does not have;
3. ``encode`` runs the models on a batch of prepared frames, of one source or of many;
4. ``finish`` scores, decides and remembers.

``analyze`` does all four for one source.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.embeddings.cache import Plan
from framesift.errors import CorruptMediaError, FramesiftError, MediaError
from framesift.frames import UniformSampler, iter_frames
from framesift.media import Limits, Source, open_media, thumbnail
from framesift.policies import Policy, decide
from framesift.types import (
    Analysis,
    Embeddings,
    Failure,
    Frame,
    MediaInfo,
    ModelInfo,
    Problem,
    Quality,
    Tag,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from framesift.embeddings.base import Embedder, ImageEncoder
    from framesift.embeddings.cache import Cache
    from framesift.frames import Sampler
    from framesift.heads import Head
    from framesift.types import Float32Array, Scores, UInt8Array

__all__ = ["Analyzer", "Item", "Prepared", "Reading", "build_analyzer", "default_heads"]

_DECODING_VERSION = 2
"""Part of every cache key; grows when the same file would decode to other pixels."""

_ENCODE_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read.

    Attributes:
        limits: On bytes, pixels, frames and duration.
        exact: Decode in full, instead of letting decoders scale down to what the models need.
        thumbnail_px: Longer side of the thumbnail kept with each analysis; ``None`` for none.
    """

    limits: Limits = field(default_factory=Limits)
    exact: bool = False
    thumbnail_px: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """One frame as model input: an array per encoder, ``None`` where its row is cached."""

    time: Fraction
    inputs: tuple[UInt8Array | None, ...]


@dataclass(slots=True, eq=False)
class Item:
    """One source on its way through the pipeline.

    Attributes:
        source: Where it comes from.
        sha256: Of its content.
        info: Known once it was opened or found in the cache.
        times: Of its frames so far.
        rows: Per encoder, cached rows float32 (T, W) or ``None`` where they must be made.
        fresh: Per encoder, the rows made in this run, one per frame.
        complete: Whether nothing has to be decoded.
        thumbnail: JPEG bytes.
        problem: What stopped the decoding half-way, if anything did.
    """

    source: Source
    sha256: str
    info: MediaInfo | None = None
    times: list[Fraction] = field(default_factory=list)
    rows: list[Float32Array | None] = field(default_factory=list)
    fresh: list[list[Float32Array]] = field(default_factory=list)
    complete: bool = False
    thumbnail: bytes | None = None
    problem: Problem | None = None


@dataclass(frozen=True, eq=False)
class Analyzer:
    """What a run is made of.

    Attributes:
        embedder: The CLIP-style model; its rows are encoder 0.
        heads: Every head, for quality, moderation and tags.
        experts: Further image encoders; heads read their rows as extras under their names.
        policy: Thresholds and actions.
        sampler: Which frames of an animation or a video are looked at.
        cache: Where rows are remembered; ``None`` for nowhere.
        reading: Limits and decoding.

    Raises:
        SpaceMismatchError: On construction, if a head was made for another model.
        HeadError: On construction, if a head needs an expert that is not there.
    """

    embedder: Embedder
    heads: Sequence[Head]
    experts: Sequence[ImageEncoder] = ()
    policy: Policy = field(default_factory=Policy.default)
    sampler: Sampler = field(default_factory=UniformSampler)
    cache: Cache | None = None
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        """Let every head score one made-up picture, so that a mismatch shows before the run."""
        rows = [np.ones((1, encoder.width), dtype=np.float32) for encoder in self.encoders]
        self._score(self._embeddings(rows))

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

    def analyze(self, source: Source | str | bytes) -> Analysis:
        """Analyse one source in this thread.

        Args:
            source: A source, a path, or the bytes of a file.

        Raises:
            MediaError: It cannot be read; nothing of it could be scored.
        """
        item = self.start(_as_source(source))
        batch: list[Prepared] = []
        for frame in self.frames(item):
            batch.append(frame)
            if len(batch) == _ENCODE_CHUNK:
                self._encode_into(item, batch)
                batch = []
        if batch:
            self._encode_into(item, batch)
        return self.finish(item)

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
        plan = self.cache.plan(item.sha256, self._plan_key)
        if plan is None:
            return item
        for position, encoder in enumerate(self.encoders):
            item.rows[position] = self.cache.rows(item.sha256, plan.times, self._row_key(encoder))
        if self.reading.thumbnail_px is not None:
            item.thumbnail = self.cache.thumbnail(item.sha256)
        has_thumbnail = self.reading.thumbnail_px is None or item.thumbnail is not None
        if has_thumbnail and all(rows is not None for rows in item.rows):
            item.complete = True
            item.info = replace(plan.info, path=source.name)
            item.times = list(plan.times)
            item.problem = plan.problem
        return item

    def frames(self, item: Item) -> Iterator[Prepared]:
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
            try:
                for frame in iter_frames(media, self.sampler):
                    item.times.append(frame.time)
                    best_contrast = self._keep_thumbnail(item, frame, best_contrast)
                    yield self._prepare(item, frame)
            except MediaError as error:
                if not item.times:
                    raise
                item.problem = Problem(type(error).__name__, str(error))
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

    def finish(self, item: Item) -> Analysis:
        """Score and judge an item whose frames are all encoded, and remember its rows."""
        rows = [
            np.stack(fresh) if cached is None else cached
            for cached, fresh in zip(item.rows, item.fresh, strict=True)
        ]
        if item.info is None:
            message = "finish() was called before the frames were read"
            raise ValueError(message)
        if any(len(array) != len(item.times) for array in rows):
            message = "it decoded to other frames than when it was cached; run it with --no-cache"
            raise CorruptMediaError(message, source=item.source.name)
        if self.cache is not None and not item.complete:
            self._remember(item, item.info, rows)
        quality, verdict, tags = self._judge(self._embeddings(rows), item.problem)
        return Analysis(
            info=item.info,
            quality=quality,
            moderation=verdict,
            tags=tags,
            model=self.model,
            error=item.problem,
            thumbnail=item.thumbnail,
        )

    def failure(self, name: str, error: Exception, *, sha256: str | None = None) -> Failure:
        """Turn an exception into the value that a run yields for a bad item."""
        message = str(error) if isinstance(error, FramesiftError) else f"{name}: {error!r}"
        problem = Problem(type(error).__name__, message)
        return Failure(name, problem, sha256, self.policy.label, self.model)

    def adopt(self, failure: Failure) -> Failure:
        """Complete a failure from an earlier stage with this run's policy and model."""
        return replace(failure, policy=self.policy.label, model=self.model)

    @property
    def _min_side_px(self) -> int | None:
        if self.reading.exact:
            return None
        return max(encoder.min_side_px for encoder in self.encoders)

    @property
    def _decoding(self) -> str:
        side = self._min_side_px
        return f"d{_DECODING_VERSION}-{'exact' if side is None else side}"

    @property
    def _plan_key(self) -> str:
        return f"{self._decoding}/{self.sampler.key}/{self.reading.limits.key}"

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
        self.cache.put(
            item.sha256,
            plan_key=self._plan_key,
            plan=Plan(replace(info, path=""), tuple(item.times), item.problem),
            rows=made,
            thumbnail=item.thumbnail,
        )

    def _embeddings(self, rows: Sequence[Float32Array]) -> Embeddings:
        embeddings = self.embedder.to_embeddings(rows[0])
        if not self.experts:
            return embeddings
        extras = dict(embeddings.extras)
        for expert, array in zip(self.experts, rows[1:], strict=True):
            extras[expert.name] = array
        return replace(embeddings, extras=extras)

    def _score(self, embeddings: Embeddings) -> list[tuple[Head, Scores]]:
        return [(head, head.score(embeddings)) for head in self.heads]

    def _judge(
        self, embeddings: Embeddings, problem: Problem | None
    ) -> tuple[Quality | None, Verdict, tuple[Tag, ...]]:
        quality: Quality | None = None
        worst: dict[str, tuple[float, str]] = {}
        tags: list[Tag] = []
        for head, scores in self._score(embeddings):
            if head.card.task == "quality":
                quality = _pool_quality(scores)
            elif head.card.task == "tags":
                means = scores.values.mean(axis=0)
                tags += [Tag(name, float(p)) for name, p in zip(scores.names, means, strict=True)]
            else:
                _keep_worst(worst, scores, head.card.source)
        verdict = decide(worst, self.policy)
        if problem is not None and verdict.action == "allow":
            # What could not be read was not judged, so a person looks at it.
            verdict = replace(verdict, action="review")
        return quality, verdict, tuple(sorted(tags, key=lambda tag: -tag.score))


def _pool_quality(scores: Scores) -> Quality:
    """Pool frames by their mean; the interval is the mean interval."""
    low = scores.values if scores.low is None else scores.low
    high = scores.values if scores.high is None else scores.high
    mean, lowest, highest = (float(array[:, 0].mean()) for array in (scores.values, low, high))
    return Quality(mean, lowest, highest, scores.head)


def _keep_worst(worst: dict[str, tuple[float, str]], scores: Scores, source: str) -> None:
    """Keep the highest score of each label over the frames and over the heads that know it."""
    for name, value in zip(scores.names, scores.values.max(axis=0), strict=True):
        known = worst.get(name)
        # `not <=` instead of `>`: a NaN replaces any score, so that it cannot hide behind one.
        if known is None or not value <= known[0]:
            worst[name] = (float(value), source)


def _as_source(source: Source | str | bytes) -> Source:
    if isinstance(source, Source):
        return source
    if isinstance(source, bytes):
        return Source.from_bytes(source)
    return Source.from_path(source)


def default_heads(
    embedder: Embedder,
    *,
    offline: bool = False,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Head, ...]:
    """Return the heads that a scan uses when nobody says otherwise.

    Args:
        embedder: The model they read.
        offline: Fetch nothing; a head that is not on this machine is replaced by prompts.
        labels: Label -> prompts of a zero-shot classifier whose answers become tags.
    """
    from framesift.heads import ExpertHead, ScreeningHead, ZeroShotHead, quality_head_for
    from framesift.policies import TAXONOMY

    expert = ExpertHead(space=embedder.space)
    # Scores of different heads do not compare: where the expert knows, prompts keep quiet.
    screened = [category.prompts for category in TAXONOMY if category.name not in expert.names]
    heads: list[Head] = [
        quality_head_for(embedder, offline=offline),
        ScreeningHead.from_prompts(embedder, screened),
        expert,
    ]
    if labels:
        heads.append(ZeroShotHead.from_prompts(embedder, labels))
    return tuple(heads)


def build_analyzer(
    embedder: Embedder,
    *,
    heads: Sequence[Head] | None = None,
    policy: Policy | None = None,
    sampler: Sampler | None = None,
    cache: Cache | None = None,
    reading: Reading | None = None,
) -> Analyzer:
    """Build an analyzer with the default heads and experts.

    Args:
        embedder: The model.
        heads: Instead of `default_heads`.
        policy: Instead of the default policy.
        sampler: Instead of one frame per second, at most 64.
        cache: Where rows are remembered.
        reading: Limits and decoding.
    """
    from framesift.embeddings import load_expert

    return Analyzer(
        embedder,
        default_heads(embedder) if heads is None else heads,
        experts=(load_expert("open_nsfw"),),
        policy=policy or Policy.default(),
        sampler=sampler or UniformSampler(),
        cache=cache,
        reading=reading or Reading(),
    )
