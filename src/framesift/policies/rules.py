"""Thresholds of a category, with exceptions for named sources, and what softens them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SOURCES", "UNKNOWN_LANGUAGE", "ContextRule", "Rule", "Thresholds"]

SOURCES = (
    "zero-shot",
    "trained",
    "open_nsfw",
    "laion_nsfw",
    "laion_violence",
    "fights",
    "text",
    "link",
    "phrase",
    "joint",
    "list",
)
"""What may give a category its score; `framesift policy explain` says which does."""

UNKNOWN_LANGUAGE = "unknown_language"
"""Name of the label of a text that nobody could judge, for its language."""


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

    def __reduce__(self) -> tuple[type[Rule], tuple[Thresholds, dict[str, Thresholds]]]:
        """Pickle by what made it: a view of a dictionary cannot be pickled."""
        return type(self), (self.thresholds, dict(self.sources))

    def thresholds_for(self, source: str) -> Thresholds:
        """Return the thresholds that hold for scores of this source."""
        return self.sources.get(source, self.thresholds)


@dataclass(frozen=True, slots=True)
class ContextRule:
    """What kind of picture makes which categories less severe.

    Attributes:
        tag: The context tag: ``medical``, ``art``, ...
        start: From this score of the tag on, in (0, 1]; ``from`` in a policy file.
        softens: The categories.
        at_most: What they then lead to at most: ``review``, or ``allow``.

    Raises:
        ValueError: ``start`` is out of range, or there is nothing to soften.
    """

    tag: str
    start: float
    softens: tuple[str, ...]
    at_most: Literal["allow", "review"] = "review"

    def __post_init__(self) -> None:
        """Check the range."""
        if not 0 < self.start <= 1:
            message = f"from lies above 0 and up to 1, not {self.start}"
            raise ValueError(message)
        if not self.softens:
            message = "softens nothing; name at least one category"
            raise ValueError(message)
