"""What scores amount to: which pictures to keep and in what order, what happens along a video."""

from framesift.verdicts.pooling import pool, pool_signals, strongest
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
from framesift.verdicts.stretches import stretches
from framesift.verdicts.timeline import Track, build_timeline

__all__ = [
    "Choice",
    "Reason",
    "Selection",
    "Track",
    "build_timeline",
    "choose",
    "left_out",
    "pool",
    "pool_signals",
    "rank",
    "select",
    "selected",
    "stretches",
    "strongest",
]
