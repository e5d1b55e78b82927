"""Answers of a model to questions about pictures, and how good they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.numeric import unit_rows
from framesift.heads.prompts import embed_prompts, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from framesift.embeddings.base import Embedder
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, UInt8Array

__all__ = ["MANY_KINDS", "Answers", "answer", "embed_pictures", "luck_of", "probe"]

MANY_KINDS = 4
"""From so many kinds of pictures on, wrong pairings are many enough to tell luck."""

_BATCH = 16
_SAME = 1e-6
_SHUFFLES = 2000
_FOLDS = 5
_RIDGE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says to N questions.

    Attributes:
        chosen: Index of the choice, int64 (N,).
        right: Whether it is the right one, bool (N,).
        tied: Whether several choices fitted equally well, so that one was drawn, bool (N,).
    """

    chosen: NDArray[np.int64]
    right: NDArray[np.bool_]
    tied: NDArray[np.bool_]

    def both(self, other: Answers) -> Answers:
        """Return these answers, right only where the other ones are right too."""
        return replace(self, right=self.right & other.right, tied=self.tied | other.tied)


def embed_pictures(embedder: Embedder, pictures: Iterable[UInt8Array]) -> Embeddings:
    """Embed pictures, uint8 (H, W, 3) each, in batches; one at least."""
    inputs = [embedder.prepare(picture) for picture in pictures]
    rows = [
        embedder.encode(np.stack(inputs[start : start + _BATCH]))
        for start in range(0, len(inputs), _BATCH)
    ]
    return embedder.to_embeddings(np.concatenate(rows))


def answer(
    embedder: Embedder,
    vectors: Float64Array,
    choices: Sequence[Sequence[str]],
    *,
    truths: Sequence[int],
    templates: Sequence[str],
    seed: int = 0,
) -> Answers:
    """Let a model choose a description for each picture.

    A description's vector is the mean over the templates, as in the CLIP paper. Where several fit
    equally well, as they do for a model that takes a sentence for a bag of words, one is drawn.

    Args:
        embedder: Its text tower is used.
        vectors: Unit rows of N pictures, (N, D).
        choices: N lists of descriptions.
        truths: N indices of the right ones.
        templates: Sentences with ``{}``.
        seed: Of the draws.
    """
    distinct = list(dict.fromkeys(text for texts in choices for text in texts))
    filled = embed_prompts(embedder, fill(distinct, templates))
    means = unit_rows(filled.reshape(len(distinct), len(templates), -1).mean(axis=1))
    place = {text: number for number, text in enumerate(distinct)}
    rng = np.random.default_rng(seed)
    chosen, tied = [], []
    for vector, texts in zip(vectors, choices, strict=True):
        fits = means[[place[text] for text in texts]] @ vector
        best = np.flatnonzero(fits >= fits.max() - _SAME)
        chosen.append(int(best[rng.integers(len(best))]))
        tied.append(len(best) > 1)
    given = np.array(chosen)
    return Answers(given, given == np.asarray(truths), np.array(tied))


def luck_of(
    chosen: NDArray[np.int64], truths: NDArray[np.int64], count: int, *, seed: int = 0
) -> float:
    """How often a wrong pairing of descriptions and kinds of pictures does at least as well.

    Pictures of one kind are no independent witnesses: a model that knows nothing gives all of
    them one answer, which may happen to be theirs. So the kinds are paired with the descriptions
    anew, 2,000 times (a permutation test).

    Args:
        chosen: Index of the chosen description, (N,).
        truths: Index of the right one, (N,).
        count: Descriptions there are.
        seed: Of the pairings.
    """
    table = np.zeros((count, count))
    np.add.at(table, (truths, chosen), 1)
    rng = np.random.default_rng(seed)
    kinds = np.arange(count)
    shuffled = np.tile(kinds, (_SHUFFLES, 1))
    # The right pairing itself is none of the wrong ones; among few kinds it would turn up.
    drawn = [pairing for pairing in rng.permuted(shuffled, axis=1) if (pairing != kinds).any()]
    hits = [table[kinds, pairing].sum() for pairing in drawn]
    return float((1 + np.sum(np.array(hits) >= np.trace(table))) / (1 + len(drawn)))


def probe(
    rows: Float64Array, truths: NDArray[np.int64], *, seed: int = 0
) -> NDArray[np.bool_] | None:
    """Let a linear classifier learn the answers: right or not on what it did not learn, (N,).

    Ridge regression on one-hot labels, in five folds; what is missing from zero-shot answers and
    not from these is missing from the words, not from the picture's vector.

    Returns:
        ``None`` where a label has fewer than two pictures.
    """
    kinds, truth = np.unique(truths, return_inverse=True)
    if np.bincount(truth).min() < 2:
        return None
    order = np.random.default_rng(seed).permutation(len(rows))
    # Dealt out label by label, so that every fold has pictures of each.
    dealt = order[np.argsort(truth[order], kind="stable")]
    fold = np.empty(len(rows), dtype=np.int64)
    fold[dealt] = np.arange(len(rows)) % _FOLDS
    right = np.zeros(len(rows), dtype=bool)
    hot = np.eye(len(kinds))[truth]
    for number in range(_FOLDS):
        seen, held = fold != number, fold == number
        if not held.any():
            continue
        mean = rows[seen].mean(axis=0)
        x = rows[seen] - mean
        gram = x @ x.T
        size = _RIDGE * max(float(np.trace(gram)) / len(x), 1e-12)
        dual = np.linalg.solve(gram + size * np.eye(len(x)), hot[seen] - hot[seen].mean(axis=0))
        scores = (rows[held] - mean) @ x.T @ dual
        right[held] = scores.argmax(axis=1) == truth[held]
    return right
