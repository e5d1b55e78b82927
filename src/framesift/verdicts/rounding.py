"""How scores are rounded, so that a record, a selection and a ranking all mean the same number."""

from __future__ import annotations

import math

__all__ = ["SCORE_DECIMALS", "rounded"]

SCORE_DECIMALS = 4
"""Decimals of every score in a record: scores are reproducible within 1e-4, more would be noise."""


def rounded(value: float, decimals: int = SCORE_DECIMALS) -> float:
    """Round a score as records show it.

    Args:
        value: Any finite number; numpy scalars too.
        decimals: Digits after the point.

    Returns:
        A plain ``float``; never ``-0.0``.

    Raises:
        ValueError: The value is not finite.
    """
    number = float(value)
    if not math.isfinite(number):
        message = f"a score must be a finite number; got {number}"
        raise ValueError(message)
    return round(number, decimals) + 0.0
