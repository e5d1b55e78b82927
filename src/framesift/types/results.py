"""What a run yields: an analysis, of a text too, or a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from framesift.types.media import MediaInfo
    from framesift.types.scores import Answer, Embeddings, Familiarity, ModelInfo, Quality, Tag
    from framesift.types.timeline import Timeline
    from framesift.types.verdicts import Action, LabelScore, Verdict

__all__ = [
    "SCHEMA",
    "Analysis",
    "Failure",
    "Problem",
    "Result",
    "TextAnalysis",
]

SCHEMA = 1
"""Version of the record; it grows when a name or a meaning changes, not when a name is added."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something went wrong: the name of the error class and a sentence for a person."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything Framesift says of one picture or video.

    ``error`` is set where only a part could be read (a cut-off animation): the scores then cover
    the readable part, and the action is at least ``review``. Reports show ``blurred`` in place of
    ``thumbnail`` unless the verdict is ``allow``. ``timeline`` is ``None`` for a still, ``answer``
    where no classifier was asked, ``familiarity`` where nothing tells whether the model knows such
    pictures. ``embeddings`` are there only where the analyzer was told to keep them.
    """

    info: MediaInfo
    quality: Quality | None
    moderation: Verdict | None
    tags: tuple[Tag, ...]
    model: ModelInfo
    error: Problem | None = None
    thumbnail: bytes | None = None
    blurred: bytes | None = None
    timeline: Timeline | None = None
    answer: Answer | None = None
    embeddings: Embeddings | None = None
    familiarity: Familiarity | None = None

    @property
    def path(self) -> str:
        """The name the user gave the medium."""
        return self.info.path


@dataclass(frozen=True, slots=True)
class TextAnalysis:
    """Everything Framesift says of a text that comes without a picture.

    Attributes:
        path: What to call it: ``text``, or ``-`` for standard input.
        sha256: Of the text in UTF-8.
        moderation: What the policy decided.
    """

    path: str
    sha256: str
    moderation: Verdict


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture or video that could not be analysed. It is never "safe": it routes to review.

    Attributes:
        path: The name the user gave it.
        error: What happened.
        sha256: Of the content where it could be read.
        policy: The policy in force, so that the record can say who sent it to review.
        model: The model in use.
        action: What the policy says of failures: ``review``, or ``block`` where it is strict, where
            the content is on a block list or where its caption is blocked.
        labels: What lists and the caption said.
    """

    path: str
    error: Problem
    sha256: str | None = None
    policy: str | None = None
    model: ModelInfo | None = None
    action: Action = "review"
    labels: tuple[LabelScore, ...] = ()


Result: TypeAlias = Analysis | Failure
