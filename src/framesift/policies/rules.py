"""Thresholds of a category, with exceptions for named sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rule", "Thresholds"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a picture is reviewed or blocked; ``None`` for never.

    Attributes:
        review: In (0, 1].
        block: In (0, 1], not below ``review``.

    Raises:
        ValueError: Out of range, both ``None``, or block below review.
    """

    review: float | None = None
    block: float | None = None

    def __post_init__(self) -> None:
        """Check ranges and order."""
        given = [value for value in (self.review, self.block) if value is not None]
        if not given:
            message = "needs review, block or both"
            raise ValueError(message)
        if not all(0 < value <= 1 for value in given):
            message = f"thresholds lie above 0 and up to 1, not {given}"
            raise ValueError(message)
        if len(given) == 2 and given[1] < given[0]:
            message = f"block ({given[1]}) must not be below review ({given[0]})"
            raise ValueError(message)

    @property
    def lowest(self) -> float:
        """From this score on something happens."""
        return min(value for value in (self.review, self.block) if value is not None)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy says of one category.

    Attributes:
        thresholds: For any source not named below.
        sources: Source (``zero-shot``, ``open_nsfw``) to thresholds of its own: scores of
            different heads are not equally sure of themselves.
    """

    thresholds: Thresholds
    sources: Mapping[str, Thresholds] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Keep a copy that nobody can change."""
        object.__setattr__(self, "sources", MappingProxyType(dict(self.sources)))

    def thresholds_for(self, source: str) -> Thresholds:
        """Return the thresholds that hold for scores of this source."""
        return self.sources.get(source, self.thresholds)
