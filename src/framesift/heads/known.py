"""Whether a model knows pictures of a kind: how near ordinary ones lie, and how drawn it looks.

A model answers whatever it is asked, also of a picture unlike all that it has seen, and its scores
do not show it. This head says so, by two measures that are added up as standard scores:

- how far the k-th nearest of some ordinary pictures lies (Sun, Ming, Zhu and Li,
  "Out-of-distribution detection with deep nearest neighbors", 2022), on rows of length 1, in their
  main axes with what the axes leave as one more length;
- where examples of unusual pictures were at hand, which side of a plane between them and the
  ordinary ones it is on (Hendrycks, Mazeika and Dietterich, "Deep anomaly detection with outlier
  exposure", 2019), the plane being a ridge regression.

`training/known` compares them with other methods, on kinds of pictures that no method was shown.
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
_RIDGE = 0.3


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
    share: float = 0.005
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """A plane between ordinary and unusual pictures, and how both measures are brought together.

    Attributes:
        coef: Across the plane, float32 (K,); zeros where no unusual pictures were at hand.
        scales: Mean and deviation over ordinary pictures, of the distance, then of the plane's
            side, float32 (4,).
    """

    coef: Float32Array
    scales: Float32Array

    def combine(self, far: Float64Array, rows: Float64Array) -> Float64Array:
        """Add up the standard scores of distances (N,) and of unit rows (N, K)."""
        mean, deviation, side_mean, side_deviation = self.scales.astype(np.float64)
        side = rows @ self.coef.astype(np.float64)
        total: Float64Array = (far - mean) / deviation + (side - side_mean) / side_deviation
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Ordinary:
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
    def of(cls, rows: Float64Array, axes: int) -> Ordinary:
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
    ``Scores.distance`` is 0 for the most ordinary of them and 1 where a picture starts to be
    unknown, which ``share`` of the ordinary pictures exceeded when they were held out.

    Args:
        card: What the head is; ``card.inputs`` says what it reads.
        ordinary: The pictures it compares with.
        exposure: How the plane is added.
        spread: What held-out ordinary pictures came to, at even steps of their percentile,
            float32 (Q,), never falling.
        options: How it was fitted; ``neighbours`` and ``share`` hold when scoring.

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or the spread falls.
    """

    kind: ClassVar[str] = "known"

    def __init__(
        self,
        card: HeadCard,
        ordinary: Ordinary,
        exposure: Exposure,
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
        coef = finite_array(exposure.coef, shape=(len(mean),), what=f"plane {what}")
        scales = finite_array(exposure.scales, shape=(4,), what=f"scales {what}")
        self.ordinary = Ordinary(mean, _rounded(axes), _rounded(places), rest)
        self.exposure = Exposure(coef, scales)
        self.spread = finite_array(spread, shape=(-1,), what=f"spread {what}")
        self.options = options
        rising = len(self.spread) > 1 and (np.diff(self.spread) >= 0).all()
        if not rising or not 0 < options.share <= 0.5:
            message = f"the spread {what} falls or its share is {options.share}; fit it again"
            raise HeadError(message)
        alike = not (scales[1] > _ALIKE and scales[3] > 0 and self.limit > self.spread[0])
        if alike or not 1 <= options.neighbours <= len(places):
            message = f"head {card.name!r} has too few pictures or all alike; fit it again"
            raise HeadError(message)

    @classmethod
    def fit(
        cls,
        card: HeadCard,
        embeddings: Embeddings,
        *,
        unusual: Embeddings | None = None,
        options: KnownOptions | None = None,
        typical: NDArray[np.bool_] | None = None,
    ) -> KnownHead:
        """Learn what ordinary pictures look like.

        Both measures are taken of pictures that they were fitted without, in five folds.

        Args:
            card: Of the head to be; its inputs are read.
            embeddings: At least 50 ordinary pictures.
            unusual: Examples of what is not; ``None`` goes by the distance alone.
            options: How.
            typical: Which of the ordinary ones say from where on a picture is unknown, (N,);
                ``None`` takes all.

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
        others = None if unusual is None else unit_rows(head_input(card, unusual))
        rng = np.random.default_rng(options.seed)
        judged = np.ones(len(rows), dtype=bool) if typical is None else typical
        far, side = (part[judged] for part in _held_out(rows, others, options, rng))
        scales = np.array([far.mean(), far.std(), side.mean(), side.std() or 1.0], np.float32)
        kept = np.sort(rng.permutation(len(rows))[: options.most])
        ordinary = Ordinary.of(rows[kept], options.axes)
        exposure = Exposure(_plane(rows, others), scales)
        mean, deviation, side_mean, side_deviation = scales.astype(np.float64)
        total = (far - mean) / max(deviation, 1e-12) + (side - side_mean) / side_deviation
        spread = np.quantile(total, np.linspace(0, 1, _KNOTS)).astype(np.float32)
        return cls(card, ordinary, exposure, spread, options=options)

    def to_tensors(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give arrays and settings for a head file; the large ones as float16."""
        one = self.ordinary
        tensors = {
            "mean": one.mean,
            "axes": one.axes.astype(np.float16),
            "places": one.places.astype(np.float16),
            "rest": one.rest,
            "plane": self.exposure.coef,
            "scales": self.exposure.scales,
            "spread": self.spread,
        }
        settings = {"neighbours": self.options.neighbours, "share": self.options.share}
        return tensors, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: Mapping[str, ArrayLike], settings: Mapping[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        mean, axes, places, rest, plane, scales, spread = (
            np.asarray(tensors[name], dtype=np.float32)
            for name in ("mean", "axes", "places", "rest", "plane", "scales", "spread")
        )
        options = KnownOptions(
            neighbours=int(settings["neighbours"]), share=float(settings["share"])
        )
        ordinary, exposure = Ordinary(mean, axes, places, rest), Exposure(plane, scales)
        return cls(card, ordinary, exposure, spread, options=options)

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    @property
    def limit(self) -> float:
        """What a picture comes to from which on it is unknown."""
        steps = np.linspace(0, 1, len(self.spread))
        return float(np.interp(1 - self.options.share, steps, self.spread))

    def with_card(self, **changes: Any) -> KnownHead:
        """Return it with other facts on its card, such as measured figures."""
        card = replace(self._card, **changes)
        parts = (self.ordinary, self.exposure, self.spread)
        return KnownHead(card, *parts, options=self.options)

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
        rows = unit_rows(given)
        far = self.ordinary.distances(rows, self.options.neighbours)
        total = self.exposure.combine(far, rows)
        percentile = np.interp(total, self.spread, np.linspace(0, 100, len(self.spread)))
        least = float(self.spread[0])
        distance = np.maximum(total - least, 0) / (self.limit - least)
        return Scores(
            self._card.name,
            KNOWN,
            (1 - percentile / 100).astype(np.float32)[:, None],
            percentile=percentile.astype(np.float32),
            distance=distance.astype(np.float32),
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


def _held_out(
    rows: Float64Array,
    unusual: Float64Array | None,
    options: KnownOptions,
    rng: np.random.Generator,
) -> tuple[Float64Array, Float64Array]:
    """Distance and side of each row, fitted on the rows of the other folds, float64 (N,) each."""
    fold = np.empty(len(rows), dtype=np.int64)
    fold[rng.permutation(len(rows))] = np.arange(len(rows)) % _FOLDS
    far, side = np.empty(len(rows)), np.empty(len(rows))
    for number in range(_FOLDS):
        held, others = fold == number, np.flatnonzero(fold != number)
        kept = np.sort(rng.permutation(others)[: options.most])
        laid = Ordinary.of(rows[kept], options.axes)
        far[held] = laid.distances(rows[held], options.neighbours)
        side[held] = rows[held] @ _plane(rows[others], unusual).astype(np.float64)
    return far, side


def _plane(ordinary: Float64Array, unusual: Float64Array | None) -> Float32Array:
    """Ridge regression of -1 for ordinary and 1 for unusual rows, both weighing the same."""
    width = ordinary.shape[1]
    if unusual is None or not len(unusual):
        return np.zeros(width, dtype=np.float32)
    rows = np.concatenate([ordinary, unusual])
    target = np.repeat([-1.0, 1.0], [len(ordinary), len(unusual)])
    weight = np.repeat([0.5 / len(ordinary), 0.5 / len(unusual)], [len(ordinary), len(unusual)])
    centred = rows - weight @ rows
    covariance = (centred * weight[:, None]).T @ centred
    penalty = _RIDGE * float(np.trace(covariance)) / width
    solved = np.linalg.solve(
        covariance + penalty * np.eye(width), centred.T @ (weight * (target - weight @ target))
    )
    return np.asarray(solved, dtype=np.float32)


def _rounded(array: ArrayLike) -> Float32Array:
    """Round to float16, as the file holds it, so that a head scores alike before and after."""
    return np.asarray(array, dtype=np.float16).astype(np.float32)
