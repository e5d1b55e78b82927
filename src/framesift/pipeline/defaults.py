"""The default wiring: which heads and experts a scan uses when nobody says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.frames import UniformSampler
from framesift.pipeline.analyzer import Analyzer
from framesift.pipeline.items import Reading
from framesift.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.embeddings.base import Device, Embedder, ImageEncoder
    from framesift.embeddings.cache import Cache
    from framesift.frames import Sampler
    from framesift.heads import Head

__all__ = ["build_analyzer", "default_heads", "experts_for"]


def default_heads(
    embedder: Embedder,
    *,
    quality: str = "auto",
    offline: bool = False,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Head, ...]:
    """Return the heads that a scan uses when nobody says otherwise.

    Args:
        embedder: The model they read.
        quality: What scores quality, see `framesift.heads.choose.quality_head_for`.
        offline: Fetch nothing; a head that is not on this machine is replaced by prompts.
        labels: Label -> prompts of a zero-shot classifier whose answers become tags.
    """
    from framesift.heads import ExpertHead, ScreeningHead, ZeroShotHead, quality_head_for
    from framesift.policies import TAXONOMY

    expert = ExpertHead(space=embedder.space)
    # Scores of different heads do not compare: where the expert knows, prompts keep quiet.
    screened = [category.prompts for category in TAXONOMY if category.name not in expert.names]
    heads: list[Head] = [
        quality_head_for(embedder, quality, offline=offline),
        ScreeningHead.from_prompts(embedder, screened),
        expert,
    ]
    if labels:
        heads.append(ZeroShotHead.from_prompts(embedder, labels))
    return tuple(heads)


def experts_for(inputs: Iterable[str], *, device: Device = "auto") -> tuple[ImageEncoder, ...]:
    """Load the experts whose rows heads read.

    Args:
        inputs: Names from the cards of heads; what is no expert's name is passed over.
        device: Where they run.

    Raises:
        WeightsUnavailableError: The package of one is not installed.
    """
    from framesift.embeddings import EXPERTS, load_expert

    wanted = set(inputs)
    return tuple(load_expert(name, device=device) for name in EXPERTS if name in wanted)


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
    chosen = default_heads(embedder) if heads is None else heads
    return Analyzer(
        embedder,
        chosen,
        experts=experts_for(name for head in chosen for name in head.card.inputs),
        policy=policy or Policy.default(),
        sampler=sampler or UniformSampler(),
        cache=cache,
        reading=reading or Reading(),
    )
