"""Ways to tell unusual pictures from ordinary ones, each higher for the more unusual.

Sources: nearest neighbours, Sun et al. (2022); Mahalanobis distance, Lee et al. (2018), its
covariance shrunk towards a sphere or kept in main axes (probabilistic PCA, Tipping and Bishop,
1999); relative Mahalanobis distance, Ren et al. (2021), over 40 clusters in place of classes;
energy, Liu et al. (2020); highest logit, Hendrycks et al. (2022); highest softmax, Hendrycks and
Gimpel (2017); maximum concept matching over class names, Ming et al. (2022).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from sklearn.cluster import KMeans

from framesift.heads.base import HeadCard
from framesift.heads.known import KnownHead, KnownOptions
from framesift.heads.novelty import Novelty
from framesift.heads.numeric import logsumexp, softmax, unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training.known.pictures import Pictures

__all__ = ["CHOSEN", "Method", "card", "exposed", "methods"]

Method: TypeAlias = "Callable[[np.ndarray], np.ndarray]"

CHOSEN = KnownOptions()
"""What is shipped; `measure.py` says how it compares."""


def card(inputs: tuple[str, ...] = ("features",)) -> HeadCard:
    return HeadCard("starter-known-1", "known", "starter-1", inputs, source="neighbours")


def methods(pictures: Pictures, names: list[str]) -> dict[str, Method]:
    """Every method, fitted on the ordinary pictures.

    Args:
        pictures: Gives them.
        names: Of classes, for concept matching.
    """
    ordinary, typical = pictures.ordinary()
    features = ordinary.extras["features"].astype(np.float64)
    embedder = pictures.embedder
    found: dict[str, Method] = {}
    for k in (1, 3, 5, 10, 50):
        found[f"neighbour {k}, 256 axes"] = _neighbour(pictures, replace(CHOSEN, neighbours=k))
    for axes in (32, 64, 128):
        found[f"neighbour 3, {axes} axes"] = _neighbour(pictures, replace(CHOSEN, axes=axes))
    found["neighbour 3, vectors"] = _neighbour(pictures, CHOSEN, ("vectors",))
    for axes in (64, 256):
        found[f"Mahalanobis, {axes} axes"] = _axes(features, axes)
    found["Mahalanobis, shrunk 0.1"] = _shrunk(features)
    shrunk = _shrunk(unit_rows(features))
    found["Mahalanobis, unit rows"] = lambda rows: shrunk(unit_rows(rows))
    found["relative Mahalanobis"] = _relative(features)
    found["Novelty of heads"] = Novelty.fit(features.astype(np.float32)).distance
    centre = unit_rows(unit_rows(features).mean(axis=0, keepdims=True))[0]
    found["angle to the middle"] = lambda rows: -(unit_rows(rows) @ centre)
    found["energy"] = lambda rows: -logsumexp(_logits(pictures, rows))
    found["highest logit"] = lambda rows: -_logits(pictures, rows).max(axis=1)
    found["highest softmax"] = lambda rows: -softmax(_logits(pictures, rows)).max(axis=1)
    texts = embedder.embed_texts([f"a photo of a {name}" for name in names]).astype(np.float64)
    for scale in (10.0, embedder.logit_scale):
        found[f"concept matching, scale {scale:.0f}"] = lambda rows, scale=scale: (
            -softmax(scale * embedder.project(rows) @ texts.T).max(axis=1)
        )
    both = (found["neighbour 3, 256 axes"], found["Mahalanobis, 256 axes"])
    found["neighbour 3 + Mahalanobis"] = _blend(both, features[typical].astype(np.float32))
    return found


def exposed(pictures: Pictures, families: Sequence[str]) -> KnownHead:
    """What is shipped: neighbours, and a plane against some families of unusual pictures."""
    ordinary, typical = pictures.ordinary()
    unusual = pictures.embeddings(np.concatenate([pictures.family(name) for name in families]))
    return KnownHead.fit(card(), ordinary, unusual=unusual, options=CHOSEN, typical=typical)


def _logits(pictures: Pictures, rows: np.ndarray) -> np.ndarray:
    return pictures.embedder.logits(rows.astype(np.float32)).astype(np.float64)


def _neighbour(
    pictures: Pictures, options: KnownOptions, inputs: tuple[str, ...] = ("features",)
) -> Method:
    ordinary, typical = pictures.ordinary()
    head = KnownHead.fit(card(inputs), ordinary, options=options, typical=typical)
    return lambda rows: head.score(pictures.embeddings(rows)).distance


def _axes(rows: np.ndarray, count: int) -> Method:
    mean = rows.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((rows - mean).T))
    kept, along = vectors[:, ::-1][:, :count], values[::-1]
    rest = along[count:].mean()

    def distance(given: np.ndarray) -> np.ndarray:
        centred = given - mean
        places = centred @ kept
        left = np.maximum((centred**2).sum(axis=1) - (places**2).sum(axis=1), 0)
        return np.sqrt((places**2 / along[:count]).sum(axis=1) + left / rest)

    return distance


def _shrunk(rows: np.ndarray, share: float = 0.1) -> Method:
    mean = rows.mean(axis=0)
    inverse = _inverse(np.cov((rows - mean).T), share)
    return lambda given: np.sqrt((((given - mean) @ inverse) * (given - mean)).sum(axis=1))


def _inverse(covariance: np.ndarray, share: float) -> np.ndarray:
    size = len(covariance)
    ball = np.trace(covariance) / size * np.eye(size)
    return np.linalg.inv((1 - share) * covariance + share * ball)


def _relative(rows: np.ndarray, clusters: int = 40) -> Method:
    fitted = KMeans(clusters, n_init=2, random_state=0).fit(rows)
    centres = fitted.cluster_centers_
    inverse = _inverse(np.cov((rows - centres[fitted.labels_]).T), 0.1)
    whole = _shrunk(rows)
    fixed = ((centres @ inverse) * centres).sum(axis=1)

    def distance(given: np.ndarray) -> np.ndarray:
        turned = given @ inverse
        squares = (turned * given).sum(axis=1)[:, None] - 2 * turned @ centres.T + fixed
        return squares.min(axis=1) - whole(given) ** 2

    return distance


def _blend(parts: tuple[Method, ...], ordinary: np.ndarray) -> Method:
    """Mean of standard scores; means and deviations are those of the rows given."""
    spread = [(part(ordinary).mean(), part(ordinary).std()) for part in parts]
    return lambda rows: sum(
        (part(rows) - mean) / deviation
        for part, (mean, deviation) in zip(parts, spread, strict=True)
    )
