"""What scores amount to: which pictures to keep, what happens along a video, what groups get."""

from framesift.verdicts.audit import audit_bias
from framesift.verdicts.audit_results import Answers, Audit, AuditOptions
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
    "Answers",
    "Audit",
    "AuditOptions",
    "Choice",
    "Reason",
    "Selection",
    "Track",
    "audit_bias",
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
