"""The two towers as they are trained; `export` turns them into what is shipped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

FEATURE_GAIN = 3.0


class ImageTower(nn.Module):
    """[3 x unit feature, mix of the class names' vectors] -> dropout -> linear -> unit length.

    Args:
        classifier: The trunk's own kernel (1000, 1280) and bias (1000,).
        names: The class names as the sentence encoder sees them, (1000, 384).
        dim: Width of the shared space.
        dropout: Share of the inputs dropped while training.
    """

    def __init__(
        self, classifier: tuple[Tensor, Tensor], names: Tensor, dim: int, dropout: float
    ) -> None:
        """Keep what is frozen and make the linear map."""
        super().__init__()
        self.register_buffer("kernel", classifier[0])
        self.register_buffer("bias", classifier[1])
        self.register_buffer("names", names)
        self.linear = nn.Linear(classifier[0].shape[1] + names.shape[1], dim)
        self.dropout = dropout

    def forward(self, features: Tensor) -> Tensor:
        """Embed features (N, 1280) as unit vectors (N, D)."""
        chances = torch.softmax(features @ self.kernel.T + self.bias, dim=1)
        inputs = torch.cat([FEATURE_GAIN * F.normalize(features, dim=1), chances @ self.names], 1)
        return F.normalize(self.linear(F.dropout(inputs, self.dropout, self.training)), dim=1)


class TextTower(nn.Module):
    """Sum over words of weight x (linear map of the encoder's word vector + a learned shift).

    The map is shared by all words, so that a word never seen in a caption moves along with its
    neighbours; the shift is what a word learns for itself.

    Args:
        words: The sentence encoder's vectors of the single words, (V, 384).
        rarity: Log of the inverse share of captions with the word, (V,): the weights' start.
        dim: Width of the shared space.
        dropout: Share of the words dropped while training.
    """

    def __init__(self, words: Tensor, rarity: Tensor, dim: int, dropout: float) -> None:
        """Start the map orthogonal and every shift at zero."""
        super().__init__()
        self.register_buffer("words", words)
        self.map = nn.Linear(words.shape[1], dim, bias=False)
        nn.init.orthogonal_(self.map.weight)
        self.shift = nn.Embedding(len(words), dim)
        nn.init.zeros_(self.shift.weight)
        start = torch.log(rarity.clamp(0.2) / rarity.max())
        self.log_weight = nn.Parameter(start / 2)
        self.offset = nn.Parameter(torch.randn(dim) * 0.01)
        self.dropout = dropout

    def vectors(self, rows: Tensor) -> Tensor:
        """Give the weighted vectors of vocabulary rows (M,), (M, D)."""
        weight = torch.exp(self.log_weight[rows])[:, None]
        return weight * (self.map(self.words[rows]) + self.shift(rows))

    def forward(self, texts: list[list[int]]) -> Tensor:
        """Embed texts, given as vocabulary rows, as unit vectors (N, D)."""
        rows = torch.tensor([row for text in texts for row in text])
        owner = torch.repeat_interleave(torch.tensor([len(text) for text in texts]))
        vectors = self.vectors(rows)
        if self.training:
            keep = torch.rand(len(rows), 1) > self.dropout
            vectors = vectors * keep / (1 - self.dropout)
        sums = torch.zeros(len(texts), vectors.shape[1]).index_add(0, owner, vectors)
        return F.normalize(sums + self.offset, dim=1)


class Starter(nn.Module):
    """Both towers, the temperature, and a map of the sentence encoder used while training only."""

    def __init__(self, image: ImageTower, text: TextTower, dim: int) -> None:
        """Join the towers."""
        super().__init__()
        self.image = image
        self.text = text
        self.teacher = nn.Linear(text.words.shape[1], dim)
        self.log_scale = nn.Parameter(torch.tensor(math.log(20.0)))

    @property
    def scale(self) -> Tensor:
        """The temperature's inverse, at most 100."""
        return self.log_scale.exp().clamp(max=100)


def contrastive_loss(
    images: Tensor, texts: Tensor, scale: Tensor, same: Tensor | None = None
) -> Tensor:
    """CLIP's loss (Radford et al., 2021); pairs marked `same` are not held against each other."""
    logits = scale * images @ texts.T
    if same is not None:
        logits = logits.masked_fill(same, -1e4)
    target = torch.arange(len(images))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
