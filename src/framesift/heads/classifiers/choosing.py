"""From what a user names to a head that answers: words, a classifier file, or a trained head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.errors import HeadError
from framesift.heads.classifiers.answering import AnswerRule
from framesift.heads.classifiers.definition import NONE
from framesift.heads.classifiers.head import ClassifierHead
from framesift.heads.classifiers.naming import is_none_name
from framesift.heads.classifiers.reading import read_classifier
from framesift.heads.linear import LinearHead
from framesift.heads.store import SUFFIX, load_head
from framesift.heads.zero_shot import ZeroShotHead

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.embeddings.base import Embedder
    from framesift.heads.base import Head

__all__ = ["is_trained", "load_classifier", "rule_of"]


def is_trained(path: Path) -> bool:
    """Whether a file holds a trained head and not words."""
    return path.suffix.lower() in (SUFFIX, ".safetensors")


def load_classifier(path: Path, embedder: Embedder) -> tuple[Head, AnswerRule]:
    """Read a classifier file or a head file and make it ready for a model.

    Raises:
        HeadError: The file is missing, broken or no classifier.
        SpaceMismatchError: A trained head is for another model.
    """
    if is_trained(path):
        head = load_head(path, task="tags", space=embedder.space)
        return head, rule_of(head)
    made = ClassifierHead.from_definition(embedder, read_classifier(path))
    return made, made.rule


def rule_of(head: Head) -> AnswerRule:
    """Return how a head's probabilities become answers.

    A label that is called none, other and the like becomes "none of these".

    Raises:
        HeadError: It is no classifier.
    """
    if isinstance(head, ClassifierHead):
        return head.rule
    if not isinstance(head, LinearHead | ZeroShotHead):
        message = f"head {head.card.name!r} is no classifier; train one with `framesift classifier"
        raise HeadError(f"{message} learn`")
    none = [name for name in head.labels if is_none_name(name)]
    names = tuple(NONE if [name] == none else name for name in head.labels)
    many = isinstance(head, LinearHead) and head.link == "sigmoid"
    return AnswerRule.of_card(head.card, names, mode="many" if many else "one")
