"""Whether a picture is a match, or only the nearest of what there is.

The highest cosine of a search says little by itself: it depends on the model, on the wording, and
on what else is there. Two comparisons with what nobody asked for put it on a scale of its own:

- **within the picture**: how far the term lies above other terms *for this picture*, in standard
  deviations; a picture that resembles every text resembles none;
- **within the collection**: how far the best match of the term lies above the best matches that
  other terms find *among these pictures*: median and median absolute deviation.

Other terms are 263 short captions of everything (``data/background.txt``) where the term is a text,
and pictures of the collection itself where it is a picture. The sum of both is the evidence. The
best picture needs more of it than the others that are listed after it: that there is a match at all
is the harder question. Both limits were chosen on half of 1,000 photographs and measured on the
other half by ``training/search/measure.py``, which writes ``data/limits.json``.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from framesift.search.terms import Query, Term, TermKind
    from framesift.types import Float32Array

__all__ = ["SAMPLE", "Evidence", "Limits", "background_texts", "evidence_limits"]

SAMPLE: Final = 16384
"""Pictures of the collection that are looked at to know what is usual there."""

_PICTURES: Final = 1024
"""Of these, how many serve as other terms where the term is a picture."""

_FEW: Final = 200
"""With fewer pictures (or frames) than this, nobody can say what is usual among them."""

_SAME: Final = 0.9999
"""A picture is no other term for itself or its copies."""

_DEVIATION: Final = 1.4826
"""Standard deviations per median absolute deviation of a normal distribution."""

_LEAST: Final = 1e-4


def background_texts() -> tuple[str, ...]:
    """Return the captions of everything that texts are compared with."""
    text = resources.files("framesift.search").joinpath("data", "background.txt")
    return tuple(text.read_text("utf-8").splitlines())


@dataclass(frozen=True, slots=True)
class Limits:
    """How much evidence is asked for.

    Attributes:
        match: Of the best picture, for there to be a match at all.
        listed: Of the others, where there is one.
    """

    match: float
    listed: float


@functools.cache
def evidence_limits() -> Mapping[TermKind, Limits]:
    """Return what is asked for of texts and of pictures."""
    path = resources.files("framesift.search").joinpath("data", "limits.json")
    found = json.loads(path.read_text("utf-8"))
    return {"text": Limits(**found["text"]), "image": Limits(**found["image"])}


@dataclass(frozen=True, slots=True, eq=False)
class _Usual:
    """What other terms find: the products' own kind of noise.

    Attributes:
        term: The term.
        others: Vectors of other terms, float32 (B, D).
        top: Median of their best products with the collection.
        spread: Of these, as a standard deviation.
    """

    term: Term
    others: Float32Array
    top: float
    spread: float

    def evidence(self, vectors: Float32Array) -> NDArray[np.float64]:
        products = _apart(vectors @ self.others.T)
        own = vectors.astype(np.float64) @ self.term.vector.astype(np.float64)
        spread = np.maximum(np.nanstd(products, axis=1), _LEAST)
        within_picture = (own - np.nanmean(products, axis=1)) / spread
        made: NDArray[np.float64] = within_picture + (own - self.top) / self.spread
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is usual in a collection for the wanted terms of a query.

    Attributes:
        known: Per term; a picture as a term has none where there are too few other pictures.
    """

    known: tuple[_Usual, ...]

    @classmethod
    def measure(
        cls, query: Query, sample: Float32Array, total: int, texts: Float32Array
    ) -> Evidence:
        """Look at a collection.

        Args:
            query: What is looked for.
            sample: Pictures of it, float32 (N, D), at least one.
            total: How many it has.
            texts: `background_texts` as vectors, float32 (B, D).
        """
        made = []
        for term in query.wanted:
            if term.kind == "image" and len(sample) < _FEW:
                continue
            others = texts if term.kind == "text" else _spaced(sample, _PICTURES)
            top, spread = _tops(others, sample, total)
            made.append(_Usual(term, others, top, spread))
        return cls(tuple(made))

    def margin(self, vectors: Float32Array) -> NDArray[np.float64] | None:
        """Return how far the evidence of pictures lies above the limit: below 0 is no match.

        Args:
            vectors: float32 (K, D).

        Returns:
            float64 (K,), the mean over the terms; ``None`` where nothing can be said.
        """
        if not self.known:
            return None
        limits = evidence_limits()
        each = [one.evidence(vectors) - limits[one.term.kind].match for one in self.known]
        made: NDArray[np.float64] = np.mean(each, axis=0)
        return made

    @property
    def listed(self) -> float:
        """The least margin of what is listed where the best has one above 0; at most 0."""
        limits = [evidence_limits()[one.term.kind] for one in self.known]
        gaps = [one.listed - one.match for one in limits]
        return min(float(np.mean(gaps)), 0.0) if gaps else -np.inf


def _tops(others: Float32Array, sample: Float32Array, total: int) -> tuple[float, float]:
    """Return the median and the spread of the best products of other terms in a collection.

    Where only a part of it was looked at, the median is carried on as it grows from each half of
    the part to the whole: maxima grow with the logarithm of how many there are.
    """
    products = _apart(sample @ others.T)
    top = np.nanmax(np.where(np.isnan(products), -1.0, products), axis=0)
    median = float(np.median(top))
    spread = max(_DEVIATION * float(np.median(np.abs(top - median))), _LEAST)
    if total > len(sample) > 1:
        halves = [
            np.nan_to_num(part, nan=-1.0).max(axis=0) for part in (products[::2], products[1::2])
        ]
        growth = median - float(np.median(np.concatenate(halves)))
        median += max(growth, 0.0) * float(np.log2(total / len(sample)))
    return median, spread


def _apart(products: Float32Array) -> Float32Array:
    """Return products with those of a picture and itself left out."""
    return np.where(products > _SAME, np.float32(np.nan), products)


def _spaced(vectors: Float32Array, count: int) -> Float32Array:
    if len(vectors) <= count:
        return vectors
    return vectors[np.linspace(0, len(vectors) - 1, count).astype(np.int64)]


def spaced_rows(rows: NDArray[np.int64], count: int = SAMPLE) -> NDArray[np.int64]:
    """Return at most so many of some rows, evenly spaced."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]


def names_of(terms: Sequence[Term]) -> str:
    """Return terms as a person would say them: ``"a dog" and like a.jpg``."""
    said = [f'"{one.name}"' if one.kind == "text" else f"like {one.name}" for one in terms]
    return " and ".join(said)
