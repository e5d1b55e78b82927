"""The seam between embeddings and scores: the head protocol and the card every head carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from framesift.errors import HeadError, SpaceMismatchError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.types import Embeddings, Float32Array, Scores

__all__ = [
    "Head",
    "HeadCard",
    "HeadTask",
    "check_experts",
    "check_space",
    "expert_facts",
    "head_input",
]

HeadTask: TypeAlias = Literal["quality", "moderation", "tags", "context", "known"]


@dataclass(frozen=True, slots=True)
class HeadCard:
    """What a head is, where it comes from and how far it can be trusted.

    Attributes:
        name: As it appears in records, for instance ``starter-quality-1``.
        task: ``quality``, ``moderation``, ``tags``, ``context`` (tags that soften verdicts) or
            ``known`` (whether the model knows such pictures).
        space: The embedding space it was made for.
        inputs: What it reads: ``vectors`` or names of `Embeddings.extras`, joined in this order.
        low: Lower end of its range.
        high: Upper end of its range; the direction is always up (more of what the name says).
        source: What records give as ``source``: ``ridge``, ``zero-shot``, ``open_nsfw``.
        provenance: Data, method and who made it, in a sentence.
        licence: SPDX identifier or a short name.
        metrics: Measured figures by name.
        model: Name of the model it was made with, so that it can be found again; may be empty.
        details: Whatever else is known, as plain JSON data: options, counts, seeds.
    """

    name: str
    task: HeadTask
    space: str
    inputs: tuple[str, ...] = ("vectors",)
    low: float = 0.0
    high: float = 1.0
    source: str = "linear"
    provenance: str = ""
    licence: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Head(Protocol):
    """Anything that scores embeddings."""

    @property
    def card(self) -> HeadCard:
        """What the head is."""

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings; raises `SpaceMismatchError` on those of another space."""


def check_space(card: HeadCard, embeddings: Embeddings) -> None:
    """Refuse embeddings of another space than the card's.

    Raises:
        SpaceMismatchError: With both names and the way out.
    """
    if embeddings.space != card.space:
        message = (
            f"head {card.name!r} was made for embeddings of {card.space!r}, not of "
            f"{embeddings.space!r}; use the model it was trained with or train it again"
        )
        raise SpaceMismatchError(message)


def expert_facts(experts: Mapping[str, str]) -> dict[str, str]:
    """Return what a card's details note of the experts whose rows a head was trained on.

    Args:
        experts: Name to fingerprint.
    """
    return {f"expert_{name}": fingerprint for name, fingerprint in experts.items()}


def check_experts(card: HeadCard, experts: Mapping[str, str]) -> None:
    """Refuse rows of an expert that changed since a head was trained on them.

    Args:
        card: Of the head; one that notes nothing of its experts is taken at its word.
        experts: Name to fingerprint of those at hand.

    Raises:
        SpaceMismatchError: With both fingerprints and the way out.
    """
    for name, key in ((name, f"expert_{name}") for name in card.inputs if name in experts):
        made = card.details.get(key, experts[name])
        if made != experts[name]:
            message = (
                f"head {card.name!r} was trained on what the expert {name!r} gave as {made}, which "
                f"is now {experts[name]}; train it again with this version of Framesift"
            )
            raise SpaceMismatchError(message)


def head_input(card: HeadCard, embeddings: Embeddings) -> Float32Array:
    """Join the arrays that the card names, float32 (N, sum of widths).

    Raises:
        SpaceMismatchError: The embeddings are of another space.
        HeadError: An input that the card names is not there.
    """
    check_space(card, embeddings)
    parts = []
    for name in card.inputs:
        if name != "vectors" and name not in embeddings.extras:
            have = ", ".join(["vectors", *embeddings.extras])
            message = f"head {card.name!r} reads {name!r}, which is not among: {have}"
            raise HeadError(message)
        parts.append(embeddings.vectors if name == "vectors" else embeddings.extras[name])
    return np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
