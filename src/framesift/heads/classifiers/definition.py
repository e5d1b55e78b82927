"""A classifier as data: what `pets.toml` says, whatever model it is used with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.errors import HeadError
from framesift.heads.prompts import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BACKGROUND",
    "NONE",
    "ClassifierDefinition",
    "Label",
    "Mode",
    "SpaceCalibration",
]

Mode: TypeAlias = Literal["one", "many"]

NONE = "none"
"""What the answer "none of these" is called among names of labels."""

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
class SpaceCalibration:
    """How probabilities are made in one embedding space, fitted on labelled pictures.

    Attributes:
        space: The embedding space, such as ``starter-1``.
        temperature: Above 0; mode ``one``: divides the logits before the softmax.
        shifts: Name of a label, or `NONE`, to what is added to its logit after that; 0 where a
            name is missing.
        platt: Mode ``many``: name of a label to (scale, shift) of its log-odds, scale above 0.
        abstain_below: As in `ClassifierDefinition`; where it is set it goes before that.
        wording: `ClassifierDefinition.wording` of what it was fitted for.
        note: What it was fitted on and what it achieved, for people.
    """

    space: str
    temperature: float = 1.0
    shifts: Mapping[str, float] = field(default_factory=dict)
    platt: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    abstain_below: float | None = None
    wording: str = ""
    note: str = ""


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
        calibrations: Embedding space to what was fitted in it.

    Raises:
        HeadError: There is no label, two share a name, one has no prompt or is called `NONE`, or
            one stands alone with nothing beside it.
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
    calibrations: Mapping[str, SpaceCalibration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what every use relies on."""
        names = [label.name for label in self.labels]
        if not names or len(set(names)) != len(names):
            self._refuse(f"needs labels with different names, not {names}")
        for label in self.labels:
            if not label.prompts:
                self._refuse(f"has no prompt for its label {label.name!r}")
            if self.mode == "many" and not (self.background or label.contrast):
                self._refuse(
                    f"has nothing to hold its label {label.name!r} against; give it contrast "
                    "prompts, or the classifier a background"
                )
        if NONE in names:
            self._refuse(f"has a label called {NONE!r}, which is what the background is called")
        against = self.background or any(label.contrast for label in self.labels)
        if len(names) == 1 and not against:
            self._refuse("has one label and no background: its answer would always be that label")

    def _refuse(self, reason: str) -> None:
        message = f"classifier {self.name!r} {reason}"
        raise HeadError(message, source=self.source or None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the labels, in their order."""
        return tuple(label.name for label in self.labels)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Columns of its scores: the labels, and in mode ``one`` `NONE` where that can win."""
        against = self.background or any(label.contrast for label in self.labels)
        return (*self.names, NONE) if self.mode == "one" and against else self.names

    @property
    def wording(self) -> str:
        """A hash of all that a calibration depends on; order, thresholds and comments do not."""
        content = {
            "mode": self.mode,
            "labels": sorted([one.name, [*one.prompts], [*one.contrast]] for one in self.labels),
            "templates": [*self.templates],
            "background": [*self.background],
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
