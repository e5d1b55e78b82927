"""Where the time of a training run goes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Clock"]


class Clock:
    """Wall time by step; ``total`` is kept up to date."""

    def __init__(self) -> None:
        """Start with no steps."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what runs within."""
        start = time.perf_counter()
        yield
        self.seconds.pop("total", None)
        self.seconds[name] = time.perf_counter() - start
        self.seconds["total"] = sum(self.seconds.values())
