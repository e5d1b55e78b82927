"""Policies: which harms to look for, from which score on, and what to do then."""

from framesift.policies.decide import decide
from framesift.policies.policy import Policy, Rule, Thresholds
from framesift.policies.taxonomy import CONTEXT_TAGS, TAXONOMY, Category

__all__ = [
    "CONTEXT_TAGS",
    "TAXONOMY",
    "Category",
    "Policy",
    "Rule",
    "Thresholds",
    "decide",
]
