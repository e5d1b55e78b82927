"""What is looked for: texts and pictures that are wanted, and some that are not, as one direction.

Texts and pictures lie at different distances from pictures, so the products with each term are put
on one scale first, in units of their spread over the collection. The score of a picture x is

    mean over wanted t of (t.x / s_t)  -  W / sqrt(U) * sum over the U unwanted u of (u.x / s_u)

which is a product of x with one vector: the exact index finds what is highest. Subtraction with
W = 0.5 was the best of six ways to use unwanted terms (`training/search/measure.py`): projecting
the term out, a penalty above a limit and leaving out whatever resembles it removed less of what was
not wanted, or more of what was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from framesift.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framesift.types import Float32Array

__all__ = ["UNWANTED_WEIGHT", "Query", "Term", "TermKind"]

TermKind: TypeAlias = Literal["text", "image"]

UNWANTED_WEIGHT: Final = 0.5
_FEW: Final = 8
"""The spread over fewer pictures means nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One text or picture.

    Attributes:
        name: The text, or the file's name.
        kind: Which of them.
        vector: float32 (D,), of length 1.
        sha256: Of a picture's content.
    """

    name: str
    kind: TermKind
    vector: Float32Array
    sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked for.

    Attributes:
        wanted: At least one term.
        unwanted: Terms that pictures should not show.

    Raises:
        ConfigError: Nothing is wanted.
    """

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        """Check that something is wanted."""
        if not self.wanted:
            message = "say what to look for: a text, or a picture with --like"
            raise ConfigError(message)

    def direction(self, sample: Float32Array) -> NDArray[np.float64]:
        """Return the vector whose product with a picture is its score, float64 (D,), of length 1.

        With one term it is that term's own vector, so that the score is the cosine.

        Args:
            sample: Pictures of the collection, float32 (N, D).
        """
        if len(self.wanted) == 1 and not self.unwanted:
            return _unit(self.wanted[0].vector.astype(np.float64))
        made = np.mean([_scaled(term, sample) for term in self.wanted], axis=0)
        if self.unwanted:
            weight = UNWANTED_WEIGHT / np.sqrt(len(self.unwanted))
            made = made - weight * np.sum([_scaled(one, sample) for one in self.unwanted], axis=0)
        return _unit(made)


def _scaled(term: Term, sample: Float32Array) -> NDArray[np.float64]:
    vector = term.vector.astype(np.float64)
    if len(sample) < _FEW:
        return vector
    spread = float((sample @ term.vector).std(dtype=np.float64))
    return vector / max(spread, 1e-6)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
