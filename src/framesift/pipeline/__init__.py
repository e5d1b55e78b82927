"""The one place where the stages are wired: source -> frames -> rows -> scores -> verdict."""

from framesift.pipeline.analyzer import Analyzer
from framesift.pipeline.defaults import (
    build_analyzer,
    check_model,
    default_heads,
    experts_for,
    word_reader_for,
)
from framesift.pipeline.items import Embedded, Item, Prepared, Reading
from framesift.pipeline.moderation import Content, moderate, moderate_text
from framesift.pipeline.stages import Gatherer, Stages

__all__ = [
    "Analyzer",
    "Content",
    "Embedded",
    "Gatherer",
    "Item",
    "Prepared",
    "Reading",
    "Stages",
    "build_analyzer",
    "check_model",
    "default_heads",
    "experts_for",
    "moderate",
    "moderate_text",
    "word_reader_for",
]
