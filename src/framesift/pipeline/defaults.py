"""The default wiring: which heads and experts a scan uses when nobody says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from framesift.errors import MissingExtraError, PolicyError
from framesift.frames import AdaptiveSampler
from framesift.pipeline.analyzer import Analyzer
from framesift.pipeline.items import Reading
from framesift.policies import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from framesift.embeddings.base import Device, Embedder, ImageEncoder
    from framesift.embeddings.cache import Cache
    from framesift.embeddings.ocr import WordReader
    from framesift.frames import Sampler
    from framesift.heads import Head
    from framesift.heads.clip import ClipHead

__all__ = ["build_analyzer", "check_model", "default_heads", "experts_for", "word_reader_for"]


def default_heads(
    embedder: Embedder,
    *,
    quality: str = "auto",
    known: str = "auto",
    offline: bool = False,
    labels: Mapping[str, Sequence[str]] | None = None,
    policy: Policy | None = None,
) -> tuple[Head, ...]:
    """Return the heads that a scan uses when nobody says otherwise.

    Args:
        embedder: The model they read.
        quality: What scores quality, see `framesift.heads.choose.quality_head_for`; ``none`` for no
            quality, which spares the look at the picture's own pixels.
        known: What tells pictures that the model does not know, see
            `framesift.heads.known.known_head_for`.
        offline: Fetch nothing; a head that is not on this machine is replaced by prompts.
        labels: Label -> prompts of a zero-shot classifier whose answers become tags.
        policy: Its categories are screened for, and its context tags; the default policy's where
            it is ``None``.
    """
    from framesift.heads import ZeroShotHead, quality_head_for
    from framesift.heads.choose import NO_QUALITY
    from framesift.heads.known import known_head_for

    heads: list[Head] = []
    if quality != NO_QUALITY:
        heads.append(quality_head_for(embedder, quality, offline=offline))
    detector = known_head_for(embedder, known)
    if detector is not None:
        heads.append(detector)
    heads += _policy_heads(embedder, policy or Policy.default(), offline=offline)
    if labels:
        heads.append(ZeroShotHead.from_prompts(embedder, labels))
    return tuple(heads)


def _policy_heads(embedder: Embedder, policy: Policy, *, offline: bool) -> list[Head]:
    """Return the heads for what a policy looks for in pictures, and for what softens it."""
    from framesift.heads.moderation import context_heads, moderation_heads
    from framesift.policies import CONTEXT_TAGS

    seen = [one.prompts for one in policy.categories.values() if "image" in one.applies_to]
    tags = [tag.prompts for tag in CONTEXT_TAGS if tag.name in policy.context]
    return [
        *moderation_heads(embedder, seen, offline=offline),
        *context_heads(embedder, tags),
    ]


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
    """Build an analyzer with the default heads and the experts that heads and policy ask for.

    Args:
        embedder: The model.
        heads: Instead of `default_heads`.
        policy: Instead of the default policy.
        sampler: Instead of `AdaptiveSampler`.
        cache: Where rows are remembered.
        reading: Limits and decoding.

    Raises:
        PolicyError: The policy's thresholds belong to another model.
        MissingExtraError: The policy requires words in pictures to be read, and what reads them is
            not installed.
    """
    policy = policy or Policy.default()
    check_model(policy, embedder)
    chosen = default_heads(embedder, policy=policy) if heads is None else heads
    inputs = {name for head in chosen for name in head.card.inputs}
    if policy.lists.perceptual:
        inputs.add("pdq")
    experts = experts_for(inputs)
    if policy.tiles:
        from framesift.embeddings.tiles import TileEncoder

        experts = (*experts, TileEncoder(embedder, policy.tiles))
    return Analyzer(
        embedder,
        chosen,
        experts=experts,
        policy=policy,
        sampler=sampler or AdaptiveSampler(),
        cache=cache,
        reading=reading or Reading(),
        reader=word_reader_for(policy),
        clip_heads=_clip_heads(embedder, policy),
    )


def _clip_heads(embedder: Embedder, policy: Policy) -> list[ClipHead]:
    """Return the heads for what moves that speak of something the policy names."""
    from framesift.heads.clip import clip_heads

    return [head for head in clip_heads(embedder) if set(head.names) & set(policy.rules)]


def check_model(policy: Policy, embedder: Embedder) -> None:
    """Refuse a policy whose thresholds belong to another model.

    Raises:
        PolicyError: They do.
    """
    # A folder with a model is named by its path; the model by the folder's last part.
    wanted = policy.model
    if wanted is not None and embedder.name not in (wanted, Path(wanted).resolve().name):
        message = (
            f"policy {policy.name!r} has thresholds for the model {policy.model!r}, not for "
            f"{embedder.name!r}; run it with --model {policy.model}, or calibrate it again and "
            "change its line model = ..."
        )
        raise PolicyError(message)


def word_reader_for(policy: Policy) -> WordReader | None:
    """Load what reads words in pictures, if the policy asks for it and it is installed.

    Returns:
        The reader; ``None`` where the policy wants none, or says ``auto`` and the extra
        ``framesift[ocr]`` is not installed.

    Raises:
        MissingExtraError: The policy requires it and it is not installed.
    """
    if policy.words == "off":
        return None
    from framesift.embeddings.ocr import load_word_reader

    try:
        return load_word_reader()
    except MissingExtraError:
        if policy.words == "required":
            raise
        return None
