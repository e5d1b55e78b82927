"""Whether a model knows pictures of a kind: how near the next ordinary pictures lie.

A model answers whatever it is asked, also of a picture unlike all that it has seen, and its scores
do not show it. This head says so: it keeps ordinary pictures of one embedding space and measures
how far the k-th nearest of them lies (Sun, Ming, Zhu and Li, "Out-of-distribution detection with
deep nearest neighbors", 2022), on rows of length 1, in their main axes with what the axes leave as
one more length. `training/known` compares it with other methods.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, head_input
from framesift.heads.numeric import Float64Array, finite_array, unit_rows
from framesift.heads.resources import DATA
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from framesift.embeddings.base import Embedder
    from framesift.types import Embeddings, Float32Array

__all__ = [
    "KNOWN",
    "MIN_PICTURES",
    "NO_KNOWN",
    "KnownHead",
    "KnownOptions",
    "known_head_for",
    "known_input",
    "shipped_known",
]

KNOWN = ("known",)
NO_KNOWN = "none"
"""The choice that looks for no unknown pictures."""

MIN_PICTURES = 50
"""Fewer ordinary pictures say nothing of what is ordinary."""

_SHIPPED = {"starter-1": "known-starter.head"}
_FOLDS = 5
_KNOTS = 201
_CHUNK = 256
_ALIKE = 1e-4


@dataclass(frozen=True, slots=True)
class KnownOptions:
    """How a detector is fitted.

    Attributes:
        neighbours: Which of the nearest ordinary pictures is measured, from 1.
        axes: Main axes kept, at most.
        most: Ordinary pictures kept, at most; drawn at random where there are more.
        share: Of ordinary pictures that are called unknown all the same, in (0, 0.5].
        seed: Of the drawing and of the folds.
    """

    neighbours: int = 3
    axes: int = 256
    most: int = 2000
    share: float = 0.05
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Ordinary:
    """Ordinary pictures, ready to be compared with.

    Attributes:
        mean: float32 (K,).
        axes: Orthonormal rows, float32 (R, K), rounded to what float16 holds.
        places: The pictures in these axes, float32 (M, R), rounded likewise.
        rest: Squared length of what the axes leave of each, float32 (M,).
    """

    mean: Float32Array
    axes: Float32Array
    places: Float32Array
    rest: Float32Array

    @classmethod
    def of(cls, rows: Float64Array, axes: int) -> _Ordinary:
        """Lay unit rows (M, K) out."""
        mean = rows.mean(axis=0)
        centred = rows - mean
        kept = _rounded(_main_axes(centred, max(1, min(axes, len(rows) // 4))))
        places = centred @ kept.T
        rest = np.maximum((centred**2).sum(axis=1) - (places**2).sum(axis=1), 0.0)
        return cls(mean.astype(np.float32), kept, _rounded(places), rest.astype(np.float32))

    def distances(self, rows: Float64Array, neighbours: int) -> Float64Array:
        """Distance of unit rows (N, K) to their k-th nearest, float64 (N,)."""
        parts = [
            self._distances(rows[start : start + _CHUNK], neighbours)
            for start in range(0, len(rows), _CHUNK)
        ]
        return np.concatenate([np.empty(0), *parts])

    def _distances(self, rows: Float64Array, neighbours: int) -> Float64Array:
        centred = rows - self.mean
        places = centred @ self.axes.T.astype(np.float64)
        known = self.places.astype(np.float64)
        lengths = (known**2).sum(axis=1) + self.rest
        squares = (centred**2).sum(axis=1)[:, None] + lengths - 2 * places @ known.T
        nearest = np.partition(squares, neighbours - 1, axis=1)[:, neighbours - 1]
        return np.sqrt(np.maximum(nearest, 0.0))


class KnownHead:
    """Says of a picture how ordinary it is: 1 in the middle of what is known, 0 beyond its edge.

    The score ``known`` is the share of ordinary pictures that lie at least as far out;
    ``Scores.distance`` is in units of the distance from which on a picture is called unknown,
    which ``share`` of the ordinary pictures exceeded when they were held out.

    Args:
        card: What the head is; ``card.inputs`` says what it reads.
        ordinary: The pictures it compares with.
        spread: Held-out distances of ordinary pictures at even steps of their percentile,
            float32 (Q,), never falling.
        options: How it was fitted; ``neighbours`` and ``share`` hold when scoring.

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or the distances fall.
    """

    kind: ClassVar[str] = "known"

    def __init__(
        self,
        card: HeadCard,
        ordinary: _Ordinary,
        spread: Float32Array,
        *,
        options: KnownOptions,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        what = f"of head {card.name!r}"
        mean = finite_array(ordinary.mean, shape=(-1,), what=f"mean {what}")
        axes = finite_array(ordinary.axes, shape=(-1, len(mean)), what=f"axes {what}")
        places = finite_array(ordinary.places, shape=(-1, len(axes)), what=f"places {what}")
        rest = finite_array(ordinary.rest, shape=(len(places),), what=f"rest {what}")
        self.ordinary = _Ordinary(mean, _rounded(axes), _rounded(places), rest)
        self.spread = finite_array(spread, shape=(-1,), what=f"spread {what}")
        self.options = options
        rising = len(self.spread) > 1 and (np.diff(self.spread) >= 0).all()
        if not rising or not 0 < options.share <= 0.5:
            message = f"the distances {what} fall or its share is {options.share}; fit it again"
            raise HeadError(message)
        if not 1 <= options.neighbours <= len(places) or not self.limit > _ALIKE:
            message = f"head {card.name!r} has too few pictures or all alike; fit it again"
            raise HeadError(message)

    @classmethod
    def fit(
        cls,
        card: HeadCard,
        embeddings: Embeddings,
        *,
        options: KnownOptions | None = None,
        typical: NDArray[np.bool_] | None = None,
    ) -> KnownHead:
        """Learn what ordinary pictures look like.

        Distances are measured on pictures that the rest of them was laid out without, in five
        folds.

        Args:
            card: Of the head to be; its inputs are read.
            embeddings: At least 50 ordinary pictures.
            options: How.
            typical: Which of them say from which distance on a picture is unknown, (N,); ``None``
                takes all.

        Raises:
            HeadError: There are too few, or they are all alike.
        """
        options = options or KnownOptions()
        rows = unit_rows(head_input(card, embeddings))
        if len(rows) < MIN_PICTURES:
            message = (
                f"{len(rows)} pictures are too few to say what is ordinary; give {MIN_PICTURES} "
                "or more, and better a thousand of all kinds"
            )
            raise HeadError(message)
        rng = np.random.default_rng(options.seed)
        judged = np.ones(len(rows), dtype=bool) if typical is None else typical
        held_out = _held_out(rows, options, rng)[judged]
        spread = np.quantile(held_out, np.linspace(0, 1, _KNOTS)).astype(np.float32)
        kept = rng.permutation(len(rows))[: options.most]
        return cls(card, _Ordinary.of(rows[np.sort(kept)], options.axes), spread, options=options)

    def to_tensors(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give arrays and settings for a head file; the large ones as float16."""
        one = self.ordinary
        tensors = {
            "mean": one.mean,
            "axes": one.axes.astype(np.float16),
            "places": one.places.astype(np.float16),
            "rest": one.rest,
            "spread": self.spread,
        }
        settings = {"neighbours": self.options.neighbours, "share": self.options.share}
        return tensors, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: Mapping[str, ArrayLike], settings: Mapping[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        mean, axes, places, rest, spread = (
            np.asarray(tensors[name], dtype=np.float32)
            for name in ("mean", "axes", "places", "rest", "spread")
        )
        options = KnownOptions(
            neighbours=int(settings["neighbours"]), share=float(settings["share"])
        )
        return cls(card, _Ordinary(mean, axes, places, rest), spread, options=options)

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    @property
    def limit(self) -> float:
        """The distance from which on a picture is unknown."""
        steps = np.linspace(0, 1, len(self.spread))
        return float(np.interp(1 - self.options.share, steps, self.spread))

    def with_card(self, **changes: Any) -> KnownHead:
        """Return it with other facts on its card, such as measured figures."""
        card = replace(self._card, **changes)
        return KnownHead(card, self.ordinary, self.spread, options=self.options)

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, 1) in [0, 1], percentile and distance (N,).

        Raises:
            SpaceMismatchError: The embeddings are of another space or width.
            HeadError: An input that the card names is missing.
        """
        given = head_input(self._card, embeddings)
        if given.shape[1] != len(self.ordinary.mean):
            message = (
                f"head {self._card.name!r} reads rows of {len(self.ordinary.mean)} numbers, not "
                f"of {given.shape[1]}; use the model it was fitted with or fit it again"
            )
            raise HeadError(message)
        far = self.ordinary.distances(unit_rows(given), self.options.neighbours)
        percentile = np.interp(far, self.spread, np.linspace(0, 100, len(self.spread)))
        return Scores(
            self._card.name,
            KNOWN,
            (1 - percentile / 100).astype(np.float32)[:, None],
            percentile=percentile.astype(np.float32),
            distance=(far / self.limit).astype(np.float32),
        )


def known_input(embeddings: Embeddings) -> str:
    """Return what to fit on: the features before the projection where a model gives them.

    They keep more of what a picture looks like than the vectors do (`training/known`).
    """
    return "features" if "features" in embeddings.extras else "vectors"


def shipped_known(space: str) -> KnownHead | None:
    """Return the detector that comes with Framesift for a space; ``None`` where there is none."""
    from framesift.heads.store import load_head

    name = _SHIPPED.get(space)
    if name is None:
        return None
    head = load_head(DATA / name, task="known", space=space)
    assert isinstance(head, KnownHead)
    return head


def known_head_for(embedder: Embedder, choice: str = "auto") -> KnownHead | None:
    """Return what tells whether a model knows pictures of a kind.

    Args:
        embedder: The model.
        choice: ``auto`` for the detector that is shipped for the model, if one is; ``none``; or
            the path of a head that `framesift train known` made.

    Raises:
        HeadError: The file is no such head.
        SpaceMismatchError: It is for another model.
    """
    from framesift.heads.store import load_head

    if choice == NO_KNOWN:
        return None
    if choice == "auto":
        return shipped_known(embedder.space)
    path = Path(choice).expanduser()
    head = load_head(path, task="known", space=embedder.space)
    if not isinstance(head, KnownHead):
        message = "this head says nothing of unknown pictures; make one with framesift train known"
        raise HeadError(message, source=str(path))
    return head


def _main_axes(centred: Float64Array, count: int) -> Float64Array:
    """Orthonormal main axes of centred rows (M, K), float64 (count, K) or fewer."""
    # The Gram matrix is small on one side or the other; its eigenvectors give the axes.
    if len(centred) > centred.shape[1]:
        _, vectors = np.linalg.eigh(centred.T @ centred)
        return np.ascontiguousarray(vectors[:, ::-1][:, :count].T)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    found = centred.T @ vectors[:, ::-1][:, :count]
    real = values[::-1][:count] > 1e-12 * max(float(values[-1]), 1e-300)
    lengths = np.linalg.norm(found, axis=0)
    return np.ascontiguousarray((found / np.where(real, lengths, 1.0))[:, real].T)


def _held_out(rows: Float64Array, options: KnownOptions, rng: np.random.Generator) -> Float64Array:
    """Distance of each row to those of the other folds, float64 (N,)."""
    fold = np.empty(len(rows), dtype=np.int64)
    fold[rng.permutation(len(rows))] = np.arange(len(rows)) % _FOLDS
    far = np.empty(len(rows))
    for number in range(_FOLDS):
        others = np.flatnonzero(fold != number)
        kept = np.sort(rng.permutation(others)[: options.most])
        laid = _Ordinary.of(rows[kept], options.axes)
        far[fold == number] = laid.distances(rows[fold == number], options.neighbours)
    return far


def _rounded(array: ArrayLike) -> Float32Array:
    """Round to float16, as the file holds it, so that a head scores alike before and after."""
    return np.asarray(array, dtype=np.float16).astype(np.float32)
