"""What the scores of many pictures amount to: which to keep, and in what order."""

from framesift.verdicts.selection import (
    Choice,
    Reason,
    Selection,
    choose,
    left_out,
    rank,
    select,
    selected,
)

__all__ = ["Choice", "Reason", "Selection", "choose", "left_out", "rank", "select", "selected"]
