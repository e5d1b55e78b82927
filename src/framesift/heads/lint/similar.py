"""Labels that a model can hardly tell apart, measured against labels that it can.

Cosines of texts are high in any CLIP space and differ between models, so a fixed bound would mean
nothing. Here the bound is read off the model itself: the cosines of a hundred everyday nouns that
are all different things, embedded in the same words. A pair of labels is too similar where it is
closer than all but one in a thousand of those pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.heads.prompts import embed_prompts, label_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from framesift.embeddings.base import Embedder
    from framesift.heads.numeric import Float64Array

__all__ = ["REFERENCE", "SHARE", "close_pairs", "similarity_bound"]

REFERENCE = tuple(
    """
    dog,horse,bird,fish,snake,elephant,cow,bee,spider,turtle,apple,banana,carrot,bread,cheese,pizza,cake,
    egg,rice,soup,car,train,airplane,boat,bicycle,bus,tractor,helicopter,chair,table,bed,lamp,mirror,
    clock,carpet,window,door,stairs,knife,spoon,bottle,plate,pan,cup,scissors,hammer,screw,ladder,rope,
    bucket,shoe,hat,shirt,glove,tie,umbrella,handbag,ring,tree,flower,grass,mushroom,cactus,leaf,beach,
    mountain,river,desert,forest,cave,volcano,snow,rain,fire,smoke,moon,church,bridge,tower,factory,
    stadium,castle,tunnel,barn,man,baby,soldier,nurse,dancer,guitar,piano,drum,book,newspaper,map,
    computer,telephone,camera,television,ball,doll,kite,tent,flag
    """.replace("\n", "").replace(" ", "").split(",")
)
"""A hundred everyday things, no two of them alike."""

SHARE = 0.999
"""A pair of labels is too similar above this quantile of the reference pairs' cosines."""

_TEMPLATE = "a photo of a {}."


def similarity_bound(embedder: Embedder) -> float:
    """Return the cosine above which this model can hardly tell two labels apart, in [-1, 1]."""
    texts = [_TEMPLATE.replace("{}", word) for word in REFERENCE]
    vectors = embed_prompts(embedder, texts)
    above = np.triu_indices(len(texts), k=1)
    return float(np.quantile((vectors @ vectors.T)[above], SHARE))


def close_pairs(
    embedder: Embedder, labels: Mapping[str, Sequence[str]], templates: Sequence[str]
) -> Iterator[tuple[str, str, float, float]]:
    """Give the pairs of labels that the model can hardly tell apart, the closest first.

    Args:
        embedder: The model.
        labels: Name to prompts.
        templates: The sentences that they are put in.

    Yields:
        Both names, their cosine, and the bound of this model.
    """
    names = list(labels)
    if len(names) < 2:
        return
    vectors = label_vectors(embedder, labels, templates)
    cosines: Float64Array = vectors @ vectors.T
    bound = _bound_for(embedder, templates)
    rows, columns = np.triu_indices(len(names), k=1)
    for place in np.argsort(-cosines[rows, columns]):
        value = float(cosines[rows[place], columns[place]])
        if value <= bound:
            return
        yield names[rows[place]], names[columns[place]], value, bound


def _bound_for(embedder: Embedder, templates: Sequence[str]) -> float:
    """Return the bound in the words that the labels themselves are put in."""
    labels = {word: (f"a {word}",) for word in REFERENCE}
    vectors = label_vectors(embedder, labels, templates)
    above = np.triu_indices(len(labels), k=1)
    return float(np.quantile((vectors @ vectors.T)[above], SHARE))
