"""Policies: which harms to look for, from which score on, and what to do then."""

from framesift.policies.decide import decide
from framesift.policies.joint import JOINT_RULES, JointRule, joint_score, joint_signals
from framesift.policies.lists import ALLOWED, HashList, HashLists
from framesift.policies.mappings import SCHEMES, external_names, native_categories
from framesift.policies.policy import ContextRule, Policy, Rule, Thresholds
from framesift.policies.taxonomy import CONTEXT_TAGS, TAXONOMY, Category
from framesift.policies.video import VideoRule

__all__ = [
    "ALLOWED",
    "CONTEXT_TAGS",
    "JOINT_RULES",
    "SCHEMES",
    "TAXONOMY",
    "Category",
    "ContextRule",
    "HashList",
    "HashLists",
    "JointRule",
    "Policy",
    "Rule",
    "Thresholds",
    "VideoRule",
    "decide",
    "external_names",
    "joint_score",
    "joint_signals",
    "native_categories",
]
