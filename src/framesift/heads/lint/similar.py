"""Labels that a model can hardly tell apart, by a bound read off the model itself.

Cosines of texts are high in any CLIP space and differ between models, so a fixed bound would mean
nothing. Here every model says itself what close means: it embeds pairs of words that mean the same
and pairs that are neighbours and yet different, and the bound is the cosine that parts the two best
(Youden's index). `training/lint/measure.py` measures it on pairs that it was not set by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.prompts import label_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from framesift.embeddings.base import Embedder
    from framesift.heads.numeric import Float64Array

__all__ = [
    "NEIGHBOURS",
    "SYNONYMS",
    "best_bound",
    "close_pairs",
    "pair_cosines",
    "similarity_bound",
]


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((left, right) for left, _, right in (one.partition("/") for one in text.split()))


SYNONYMS = _pairs(
    "sofa/couch car/automobile photo/photograph street/road boat/ship child/kid woman/lady "
    "stone/rock puppy/dog kitten/cat bunny/rabbit mug/cup sneaker/trainer house/home "
    "airplane/plane movie/film bike/bicycle forest/wood garbage/trash cab/taxi shop/store "
    "ocean/sea path/trail lorry/truck rug/carpet TV/television phone/telephone infant/baby "
    "picture/image sweater/jumper"
)
"""Words for the same thing: labels like these cannot be told apart by any picture."""

NEIGHBOURS = _pairs(
    "cat/dog car/truck apple/orange chair/table lion/tiger horse/cow bus/train boy/girl knife/fork "
    "beach/desert wolf/dog shoe/sock piano/guitar rain/snow bread/cake river/lake pizza/pasta "
    "bicycle/motorcycle man/woman shirt/trousers duck/goose oak/pine rose/tulip church/castle "
    "sheep/goat cup/plate kitchen/bathroom tennis/football hammer/saw laptop/phone"
)
"""Neighbours that are different things: labels like these are often wanted side by side."""

_WORDING = ("a photo of {}.",)


def pair_cosines(embedder: Embedder, pairs: Sequence[tuple[str, str]]) -> Float64Array:
    """Return the cosine of each pair of nouns, float64 (len(pairs),)."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    vectors = label_vectors(embedder, {name: (_noun(name),) for name in names}, _WORDING)
    row = {name: index for index, name in enumerate(names)}
    left = vectors[[row[one] for one, _ in pairs]]
    right = vectors[[row[other] for _, other in pairs]]
    cosines: Float64Array = (left * right).sum(axis=1)
    return cosines


def best_bound(same: Float64Array, different: Float64Array) -> float:
    """Return the value that parts two samples best: highest share above minus share above.

    Args:
        same: Of pairs that mean the same.
        different: Of pairs that do not.
    """
    places = np.unique(np.concatenate([same, different]))
    middles = (places[:-1] + places[1:]) / 2
    gains = [(same > bound).mean() - (different > bound).mean() for bound in middles]
    best = np.flatnonzero(np.asarray(gains) == max(gains))
    # Of equally good bounds the highest: a needless warning is the worse mistake here.
    return float(middles[best[-1]])


def similarity_bound(embedder: Embedder) -> float:
    """Return the cosine above which this model can hardly tell two labels apart, in [-1, 1]."""
    cosines = pair_cosines(embedder, (*SYNONYMS, *NEIGHBOURS))
    return best_bound(cosines[: len(SYNONYMS)], cosines[len(SYNONYMS) :])


def close_pairs(
    embedder: Embedder, labels: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, float, float]]:
    """Give the pairs of labels that the model can hardly tell apart, the closest first.

    Args:
        embedder: The model.
        labels: Name to prompts; each is put in the same plain sentence, whatever the templates.

    Yields:
        Both names, their cosine, and the bound of this model.
    """
    names = list(labels)
    if len(names) < 2:
        return
    vectors = label_vectors(embedder, labels, _WORDING)
    bound = similarity_bound(embedder)
    rows, columns = np.triu_indices(len(names), k=1)
    cosines = (vectors @ vectors.T)[rows, columns]
    for place in np.argsort(-cosines):
        if cosines[place] <= bound:
            return
        yield names[rows[place]], names[columns[place]], float(cosines[place]), bound


def _noun(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
