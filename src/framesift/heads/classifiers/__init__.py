"""Plain-language classifiers: labels in words, none of these, and unsure."""

from framesift.heads.classifiers.definition import BACKGROUND, ClassifierDefinition, Label, Mode

__all__ = ["BACKGROUND", "ClassifierDefinition", "Label", "Mode"]
