"""What a policy says of videos: what of the running time decides, and where a segment ends."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from framesift.toml_table import Table

__all__ = ["VIDEO_RULES", "Pooling", "VideoRule", "read_video"]

Pooling: TypeAlias = Literal["worst", "share"]
VIDEO_RULES: tuple[Pooling, ...] = ("worst", "share")

MAX_S = 86_400


@dataclass(frozen=True, slots=True)
class VideoRule:
    """How the scores along a video become one verdict, and segments; the table ``[video]``.

    Attributes:
        rule: ``worst``: the worst moment decides. ``share``: what is reached during at least
            ``share`` of the running time decides, except that a moment that would be blocked sends
            the video to review, however short it is.
        share: Of the running time, in (0, 1]; used by the rule ``share``.
        hysteresis: A segment begins where a score reaches its threshold, and goes on until the
            score falls below this part of it, in (0, 1]; 1 for the threshold itself.
        min_s: Seconds that a score must stay where it blocks, for it to block; shorter ones go to
            review. Used by the rule ``worst``.
        gap_s: Segments of one label that are no further apart than this, in seconds, are one.

    Raises:
        ValueError: A number is out of range, or the rule does not use it.
    """

    rule: Pooling = "worst"
    share: float = 0.1
    hysteresis: float = 0.8
    min_s: float = 0.0
    gap_s: float = 1.0

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.rule not in VIDEO_RULES:
            message = f"rule is {self.rule!r}; write worst or share"
            raise ValueError(message)
        for name in ("share", "hysteresis"):
            if not 0 < getattr(self, name) <= 1:
                message = f"{name} lies above 0 and up to 1, not {getattr(self, name)}"
                raise ValueError(message)
        for name in ("min_s", "gap_s"):
            if not 0 <= getattr(self, name) <= MAX_S:
                message = f"{name} lies from 0 to {MAX_S} seconds, not {getattr(self, name)}"
                raise ValueError(message)
        if self.rule == "share" and self.min_s:
            message = "min_s is used by rule = worst alone; with rule = share leave it out"
            raise ValueError(message)

    @property
    def min_length(self) -> Fraction:
        """``min_s`` as it is written in decimals: 0.1 is a tenth."""
        return Fraction(repr(float(self.min_s)))

    @property
    def gap(self) -> Fraction:
        """``gap_s`` likewise."""
        return Fraction(repr(float(self.gap_s)))

    @property
    def plain(self) -> dict[str, str | float]:
        """What decides, for the hash of the policy."""
        numbers = {name: float(getattr(self, name)) for name in ("hysteresis", "min_s", "gap_s")}
        shares = {"share": float(self.share)} if self.rule == "share" else {}
        return {"rule": self.rule, **numbers, **shares}


def read_video(table: Table) -> VideoRule:
    """Read and check the table ``[video]`` of a policy file.

    Raises:
        PolicyError: Naming the file, the key, the reason and what is allowed.
    """
    table.only(("rule", "share", "hysteresis", "min_s", "gap_s"))
    rule: Pooling = "share" if table.choice("rule", VIDEO_RULES) == "share" else "worst"
    if rule == "worst" and "share" in table.values:
        table.fail("share", 'is used by rule = "share" alone; write that too or leave it out')
    numbers = {}
    for key in ("share", "hysteresis", "min_s", "gap_s"):
        allowed = "0 or more seconds" if key.endswith("_s") else "a number above 0 and up to 1"
        value = table.number(key, allowed)
        if value is not None:
            numbers[key] = value
    try:
        return VideoRule(rule, **numbers)
    except ValueError as error:
        table.fail("", f"is not valid: {error}")
