"""A classifier as data: what `pets.toml` says, whatever model it is used with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from framesift.errors import HeadError
from framesift.heads.prompts import TEMPLATES

__all__ = ["BACKGROUND", "ClassifierDefinition", "Label", "Mode"]

Mode: TypeAlias = Literal["one", "many"]

BACKGROUND = (
    "a photo",
    "a landscape",
    "a building",
    "a room",
    "people",
    "an animal",
    "a plant",
    "food",
    "a vehicle",
    "a household object",
    "a page of text",
    "a drawing",
    "a texture",
    "a blurry, dark picture of nothing in particular",
)
"""What pictures of anything else may show, so that "none of these" can win."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label in words.

    Attributes:
        name: As it appears in results; unique in its classifier.
        prompts: What pictures with the label show; at least one.
        contrast: Look-alikes that do not have the label: ``a wolf`` for ``dog``.
        threshold: In [0, 1]; the score from which the label is given where labels are independent
            (mode ``many``). ``None`` takes 0.5.
    """

    name: str
    prompts: tuple[str, ...]
    contrast: tuple[str, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class ClassifierDefinition:
    """Labels, prompts and how to answer, independent of any model.

    Attributes:
        name: As it appears in results.
        labels: At least one, with different names.
        mode: ``one``: one of the labels, or none of them; ``many``: each by itself.
        templates: Sentences with ``{}`` that prompts are put in; their vectors are averaged.
        background: Prompts of what is none of the labels; empty leaves "none of these" out.
        abstain_below: In [0, 1]; answers whose probability is lower are "unsure". ``None`` never
            abstains.
        temperature: Above 0; divides the logits before softmax or sigmoid.
        description: For people.
        source: The file it was read from, for messages; empty where there is none.

    Raises:
        HeadError: There is no label, two share a name, or one has no prompt.
    """

    name: str
    labels: tuple[Label, ...]
    mode: Mode = "one"
    templates: tuple[str, ...] = TEMPLATES
    background: tuple[str, ...] = BACKGROUND
    abstain_below: float | None = None
    temperature: float = 1.0
    description: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Check what every use relies on."""
        names = [label.name for label in self.labels]
        if not names or len(set(names)) != len(names):
            message = f"classifier {self.name!r} needs labels with different names, not {names}"
            raise HeadError(message, source=self.source or None)
        for label in self.labels:
            if not label.prompts:
                message = f"label {label.name!r} of classifier {self.name!r} has no prompt"
                raise HeadError(message, source=self.source or None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the labels, in their order."""
        return tuple(label.name for label in self.labels)
