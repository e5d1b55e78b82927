"""Tests of what a model can be asked, on drawn pictures and on a user's own.

Drawing needs Pillow and scoring needs a model, so this is a part of the pipeline; what the figures
mean is decided in `framesift.verdicts.limits`, without either.
"""

from framesift.pipeline.limits.questions import TESTS, Question, Test, draw_question
from framesift.pipeline.limits.run import GROUPS, NAMES, measure_limits
from framesift.pipeline.limits.setting import Given, Run

__all__ = [
    "GROUPS",
    "NAMES",
    "TESTS",
    "Given",
    "Question",
    "Run",
    "Test",
    "draw_question",
    "measure_limits",
]
