"""Made-up media for indexes."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def media() -> Callable[..., list[tuple[str, tuple[Fraction, ...], np.ndarray]]]:
    """Make media with one to three rows each, the same for the same arguments."""

    def make(count: int, width: int = 24, seed: int = 0):
        rng = np.random.default_rng(seed)
        made = []
        for number in range(count):
            rows = rng.standard_normal((1 + number % 3, width)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            sha256 = hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()
            times = tuple(Fraction(1001 * place, 30000) for place in range(len(rows)))
            made.append((sha256, times, rows))
        return made

    return make
