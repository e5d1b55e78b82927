"""Plain-language classifiers: labels in words, none of these, and unsure."""

from framesift.heads.classifiers.answering import AnswerRule
from framesift.heads.classifiers.choosing import load_classifier
from framesift.heads.classifiers.definition import (
    BACKGROUND,
    NONE,
    ClassifierDefinition,
    Label,
    Mode,
    SpaceCalibration,
)
from framesift.heads.classifiers.head import ClassifierHead
from framesift.heads.classifiers.naming import as_prompt, from_labels, is_none_name
from framesift.heads.classifiers.reading import read_classifier

__all__ = [
    "BACKGROUND",
    "NONE",
    "AnswerRule",
    "ClassifierDefinition",
    "ClassifierHead",
    "Label",
    "Mode",
    "SpaceCalibration",
    "as_prompt",
    "from_labels",
    "is_none_name",
    "load_classifier",
    "read_classifier",
]
