"""The analyzer: source -> frames -> rows -> scores -> verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from framesift.frames import UniformSampler
from framesift.media import blurred
from framesift.pipeline.items import Reading
from framesift.pipeline.judge import judge
from framesift.pipeline.stages import Stages, as_source
from framesift.policies import Policy
from framesift.types import Analysis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.embeddings.base import Embedder, ImageEncoder
    from framesift.embeddings.cache import Cache
    from framesift.embeddings.ocr import WordReader
    from framesift.frames import Sampler
    from framesift.heads import Head
    from framesift.media import Source
    from framesift.pipeline.items import Item
    from framesift.types import Verdict

__all__ = ["Analyzer"]


@dataclass(frozen=True, eq=False)
class Analyzer(Stages):
    """What a run is made of: models, heads, policy, sampler, cache.

    Attributes:
        embedder: The CLIP-style model; its rows are encoder 0.
        heads: Every head, for quality, moderation and tags.
        experts: Further image encoders; heads read their rows as extras under their names.
        policy: Thresholds and actions.
        sampler: Which frames of an animation or a video are looked at.
        cache: Where rows are remembered; ``None`` for nowhere.
        reading: Limits and decoding.
        reader: Reads the words in pictures; ``None`` reads none.

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
    reader: WordReader | None = None

    def __post_init__(self) -> None:
        """Let every head score one made-up picture, so that a mismatch shows before the run."""
        rows = [np.ones((1, encoder.width), dtype=np.float32) for encoder in self.encoders]
        for head in self.heads:
            head.score(self._embeddings(rows))

    def analyze(self, source: Source | str | bytes) -> Analysis:
        """Analyse one source in this thread.

        Args:
            source: A source, a path, or the bytes of a file.

        Raises:
            MediaError: It cannot be read; nothing of it could be scored.
        """
        item = self.start(as_source(source))
        self.embed(item)
        return self.finish(item)

    def finish(self, item: Item) -> Analysis:
        """Score and judge an item whose frames are all encoded, and remember its rows."""
        info, embeddings = self.collect(item)
        quality, verdict, tags = judge(embeddings, self.heads, self.policy, item.problem)
        return Analysis(
            info=info,
            quality=quality,
            moderation=verdict,
            tags=tags,
            model=self.model,
            error=item.problem,
            thumbnail=item.thumbnail,
            blurred=_blurred(item, verdict),
        )

    @property
    def _policy_label(self) -> str | None:
        return self.policy.label


def _blurred(item: Item, verdict: Verdict) -> bytes | None:
    """Blur the thumbnail of what somebody is to review, so that nobody sees it by surprise."""
    return blurred(item.thumbnail) if item.thumbnail and verdict.action != "allow" else None
