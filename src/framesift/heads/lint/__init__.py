"""The linter: what CLIP cannot do with a prompt, said before anything is computed."""

from framesift.heads.lint.classifier import lint_classifier
from framesift.heads.lint.finding import CODES, Code, Finding, Severity
from framesift.heads.lint.prompts import lint_prompt

__all__ = ["CODES", "Code", "Finding", "Severity", "lint_classifier", "lint_prompt"]
