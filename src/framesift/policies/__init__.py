"""Policies: which harms to look for, from which score on, and what to do then."""

from framesift.policies.decide import decide
from framesift.policies.lists import ALLOWED, HashList, HashLists
from framesift.policies.policy import ContextRule, Policy, Rule, Thresholds
from framesift.policies.taxonomy import CONTEXT_TAGS, TAXONOMY, Category

__all__ = [
    "ALLOWED",
    "CONTEXT_TAGS",
    "TAXONOMY",
    "Category",
    "ContextRule",
    "HashList",
    "HashLists",
    "Policy",
    "Rule",
    "Thresholds",
    "decide",
]
