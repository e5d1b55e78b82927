"""What the scores of many pictures amount to: which to keep, and in what order."""

from framesift.verdicts.selection import Selection, left_out, rank, select, selected

__all__ = ["Selection", "left_out", "rank", "select", "selected"]
