"""Guess the scale of ratings from the ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.heads.training.results import Scale

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array

__all__ = ["infer_scale"]

_KNOWN = (
    (0.0, 1.0, "0 to 1"),
    (1.0, 5.0, "1 to 5 (stars)"),
    (0.0, 5.0, "0 to 5 (stars)"),
    (1.0, 7.0, "1 to 7"),
    (1.0, 10.0, "1 to 10"),
    (0.0, 10.0, "0 to 10"),
    (0.0, 100.0, "0 to 100"),
)
"""Common scales, in the order in which they are tried."""

_ENDS = ("1 to 7",)
"""Scales so rare that they are believed only where the ratings come near both ends."""

_NEAR = 0.1


def infer_scale(ratings: Float64Array) -> Scale:
    """Return the first common scale that holds all ratings (M,), all finite.

    Tried in this order: 0-1, 1-5, 0-5, 1-7 (only where both ends are used), 1-10, 0-10, 0-100.
    What fits none of them is mapped from its lowest to its highest rating. The narrowest guess
    can be wrong (someone who never gave more than 5 of 10 looks like stars), so the result
    says that it was guessed; only the numbers shown depend on it, not the order of pictures.
    """
    low, high = float(ratings.min()), float(ratings.max())
    for bottom, top, words in _KNOWN:
        margin = _NEAR * (top - bottom)
        at_ends = low <= bottom + margin and high >= top - margin
        if bottom <= low and high <= top and (at_ends or words not in _ENDS):
            return Scale(bottom, top, inferred=True, words=words)
    if low == high:
        low, high = low - 5.0, high + 5.0
    return Scale(low, high, inferred=True, words=f"{low:g} to {high:g} (lowest to highest)")
