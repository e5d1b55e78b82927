"""Heads: small functions from embeddings to scores; one pass of the model serves them all."""

from framesift.heads.base import Head, HeadCard
from framesift.heads.choose import quality_head_for
from framesift.heads.expert import ExpertHead
from framesift.heads.linear import LinearHead
from framesift.heads.prompt_quality import PromptQualityHead
from framesift.heads.quality import QualityHead
from framesift.heads.screening import Calibration, CategoryPrompts, ScreeningHead
from framesift.heads.store import load_head, save_head
from framesift.heads.zero_shot import ZeroShotHead

__all__ = [
    "Calibration",
    "CategoryPrompts",
    "ExpertHead",
    "Head",
    "HeadCard",
    "LinearHead",
    "PromptQualityHead",
    "QualityHead",
    "ScreeningHead",
    "ZeroShotHead",
    "load_head",
    "quality_head_for",
    "save_head",
]
