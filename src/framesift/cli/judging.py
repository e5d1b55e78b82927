"""Verdict, quality and thumbnail of what a search found: only of that, and not of everything."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from framesift import __version__
from framesift.cli.sampling import sampler_of
from framesift.cli.session import captions_of, limits_of
from framesift.embeddings.index.catalogue import Judgement
from framesift.errors import FramesiftError
from framesift.media import Source
from framesift.media.thumbs import blurred
from framesift.pipeline import Reading, build_analyzer, check_model, default_heads
from framesift.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from framesift.cli.workbench import Workbench
    from framesift.embeddings.index.catalogue import Catalogue
    from framesift.media.captions import Captions
    from framesift.pipeline import Analyzer
    from framesift.search import Hit
    from framesift.types import Analysis

__all__ = ["Judge"]

_THUMBNAIL_PX = 256


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """What judges hits, with the model that found them.

    Attributes:
        analyzer: The heads, the policy and the cache.
        catalogue: Where earlier judgements are.
        key: Names the model, the policy and the heads.
        files: The file behind each path.
        captions: The texts that go with pictures, which are judged with them.
        pictures: Whether thumbnails are wanted.
    """

    analyzer: Analyzer
    catalogue: Catalogue
    key: str
    files: Mapping[str, Path]
    captions: Captions
    pictures: bool

    @classmethod
    def open(
        cls,
        bench: Workbench,
        catalogue: Catalogue,
        files: Mapping[str, Path],
        *,
        pictures: bool,
    ) -> Self:
        """Prepare what judges.

        Args:
            bench: The model that found them.
            catalogue: Where earlier judgements are.
            files: The file behind each path.
            pictures: Whether thumbnails are wanted.

        Raises:
            FramesiftError: The policy or a head cannot be used.
        """
        settings, embedder = bench.settings, bench.gatherer.embedder
        policy = Policy.load(settings.policy) if settings.policy else Policy.default()
        check_model(policy, embedder)
        heads = default_heads(
            embedder, quality=settings.quality, offline=settings.offline, policy=policy
        )
        for text in filter(None, (getattr(head, "notice", None) for head in heads)):
            bench.console.notice(text)
        analyzer = build_analyzer(
            embedder,
            heads=heads,
            policy=policy,
            sampler=sampler_of(settings),
            cache=bench.gatherer.cache,
            reading=Reading(
                limits=limits_of(settings),
                exact=settings.exact,
                thumbnail_px=_THUMBNAIL_PX if pictures else None,
            ),
        )
        parts = [__version__, bench.gatherer.rows_key, policy.label, *(map(_described, heads))]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
        captions = captions_of(settings, tuple(map(str, files.values())))
        return cls(analyzer, catalogue, key, files, captions, pictures)

    def judged(self, hit: Hit) -> Hit:
        """Return a hit with its verdict, its quality and its thumbnail.

        What can no longer be read counts as to review, as everywhere.
        """
        path = self.files.get(hit.entry.path)
        if path is None:
            return replace(hit, action="review")
        source = Source.from_path(path)
        caption = self.captions.caption_for(path)
        if caption is not None:
            source.caption, source.caption_problem = caption.text, caption.problem
        key = hashlib.sha256(f"{self.key}\n{caption}".encode("utf-8", "replace")).hexdigest()[:32]
        known = None if self.pictures else self.catalogue.judgement(hit.entry.sha256, key)
        if known is not None:
            return replace(hit, action=known.action, quality=known.quality)
        try:
            result = self.analyzer.analyze(source)
        except FramesiftError:
            return replace(hit, action="review")
        action = result.moderation.action if result.moderation else "review"
        quality = result.quality.score if result.quality else None
        self.catalogue.judge(hit.entry.sha256, key, Judgement(action, quality))
        return replace(hit, action=action, quality=quality, thumbnail=_thumbnail(result, hit))


def _thumbnail(result: Analysis, hit: Hit) -> bytes | None:
    """Return the picture to show: of a video, its moment; blurred unless it is allowed."""
    jpeg = result.thumbnail
    moment = hit.time
    if moment is not None and result.timeline is not None and result.timeline.posters:
        near = min(result.timeline.posters, key=lambda poster: abs(poster.time - moment))
        jpeg = near.thumbnail
    allowed = result.moderation is not None and result.moderation.action == "allow"
    return jpeg if jpeg is None or allowed else blurred(jpeg)


def _described(head: object) -> str:
    """Return what tells a head from every other: its whole card, and the numbers it learnt."""
    numbers = [
        f"{name}={hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
        for name, value in sorted(vars(head).items() if hasattr(head, "__dict__") else ())
        if isinstance(value, np.ndarray)
    ]
    return f"{getattr(head, 'card', head)!r} {' '.join(numbers)}"
