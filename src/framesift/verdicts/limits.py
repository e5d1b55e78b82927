"""What a model can be asked: shares of right answers, and what they mean in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.verdicts.proportions import Share

__all__ = [
    "LEVELS",
    "PUBLISHED",
    "SOURCE",
    "Level",
    "LimitExample",
    "LimitResult",
    "LimitsReport",
    "judge_answers",
    "judge_detection",
    "judge_wording",
]

Level: TypeAlias = Literal["none", "weak", "care", "works", "unmeasured"]
LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        "none": "no better than chance",
        "weak": "better than chance, not to be relied on",
        "care": "can be used with care",
        "works": "works",
        "unmeasured": "not measured",
    }
)
"""Level -> what it means, in words."""

_CARE, _WORKS = 0.5, 0.85
# Ten or so tests are made: a model that knows nothing must hardly ever seem to pass one of them.
_LUCK = 0.005

SOURCE = (
    "Radford and others, Learning Transferable Visual Models From Natural Language Supervision, "
    "2021, and its model card"
)
PUBLISHED: Mapping[str, str] = MappingProxyType(
    {
        "counting": "The paper names counting objects among the tasks at which CLIP is weak.",
        "distance": "The paper names the distance to the nearest car among the tasks at which "
        "CLIP is close to chance.",
        "relations": "Weak at distance and proximity; which side a thing is on was not measured.",
        "digits": "88 % on MNIST zero-shot, below a logistic regression on raw pixels.",
        "polygons": "Fine classes such as car models and flower species are weak.",
        "shades": "Fine classes such as car models and flower species are weak.",
        "given": "Coarse scenes of surveillance cameras: 91.8 % right, and 51.1 % as soon as a "
        "description that was nearly right was among the choices.",
        "wording": "Prompts matter: the paper chose templates and averaged them.",
        "unknown": "Far from its training data CLIP generalises poorly, and its scores do not "
        "show it.",
    }
)
"""Name of a test -> what is published of OpenAI's CLIP models, from `SOURCE`."""


@dataclass(frozen=True, slots=True)
class LimitExample:
    """One picture of a test.

    Attributes:
        thumbnail: A small JPEG.
        truth: What it shows.
        answer: What the model says.
        right: Whether that is right.
    """

    thumbnail: bytes
    truth: str
    answer: str
    right: bool


@dataclass(frozen=True, slots=True)
class LimitResult:
    """What one test found.

    Attributes:
        name: As ``--only`` takes it.
        title: For people.
        asked: What was asked of which pictures, in a sentence.
        share: Right answers (or pictures found) with their 95 % interval; ``None`` where nothing
            could be measured.
        chance: What guessing would give, in [0, 1].
        level: What it means.
        sentence: What it means for a person.
        control: Right answers to a question about the same pictures that the limit does not touch.
        control_words: What that question was.
        luck: How often wrongly paired words and pictures would do as well; ``None`` where that
            cannot be told.
        figures: Further figures by name, such as the accuracy of a linear probe.
        published: What the CLIP paper says of it; empty where it says nothing.
        examples: Some of the pictures.
    """

    name: str
    title: str
    asked: str
    share: Share | None
    chance: float
    level: Level
    sentence: str
    control: Share | None = None
    control_words: str = ""
    luck: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    published: str = ""
    examples: tuple[LimitExample, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON data, without the pictures."""
        return {
            "name": self.name,
            "asked": self.asked,
            **_share(self.share),
            "chance": round(self.chance, 4),
            "level": self.level,
            "sentence": self.sentence,
            "control": None
            if self.control is None
            else {"asked": self.control_words, **_share(self.control)},
            "luck": None if self.luck is None else round(self.luck, 4),
            "figures": {name: round(value, 4) for name, value in self.figures.items()},
            "published": self.published,
        }


@dataclass(frozen=True, slots=True)
class LimitsReport:
    """All tests of one model.

    Attributes:
        model: Its name.
        fingerprint: Of its files.
        count: Pictures drawn for each test.
        seed: Of the drawings.
        results: In the order of the tests.
    """

    model: str
    fingerprint: str
    count: int
    seed: int
    results: tuple[LimitResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON data."""
        return {
            "schema": 1,
            "model": self.model,
            "fingerprint": self.fingerprint,
            "count": self.count,
            "seed": self.seed,
            "source": SOURCE,
            "tests": [result.to_json() for result in self.results],
        }


def judge_answers(
    share: Share, chance: float, *, luck: float | None = None, control: Share | None = None
) -> tuple[Level, str]:
    """Say what a share of right answers means, by the lower end of its interval.

    Of the way from guessing to perfect, the lower end must have gone half for "with care" and
    0.85 for "works". A share that wrongly paired words and pictures reach in more than one of two
    hundred cases is luck.

    Args:
        share: Right answers.
        chance: What guessing gives.
        luck: How often wrong pairings do as well, in [0, 1]; ``None`` where unknown.
        control: Right answers to an easier question about the same pictures.

    Returns:
        The level and a sentence.
    """
    gone = (share.low - chance) / (1 - chance)
    right = f"{share.value:.0%} right where guessing gives {chance:.0%}"
    if gone > 0 and luck is not None and luck > _LUCK:
        return "none", (
            f"No better than chance: {right}, and so may wrongly paired words and pictures be. Do "
            "not ask this of it."
        )
    if gone <= 0:
        if control is not None and control.low <= 0.5:
            return "none", (
                f"No better than chance ({right}), and an easier question about the same drawings "
                "fails it too: it may not know such drawings at all."
            )
        return "none", f"No better than chance ({right}): do not ask this of it."
    if gone < _CARE:
        return "weak", f"Better than chance, and wrong too often to be relied on ({right})."
    if gone < _WORKS:
        return "care", f"Can be used with care ({right}): check what matters."
    return "works", f"Works on simple pictures like these ({right})."


def judge_wording(changed: Share) -> tuple[Level, str]:
    """Say what it means that so many answers change with the wording."""
    told = f"{changed.value:.0%} of the answers change with the wording"
    if changed.high <= 0.1:
        return "works", f"Answers hold: {told}."
    if changed.high <= 0.35:
        return "care", f"Answers mostly hold: {told}; try several wordings and average them."
    return "weak", f"Answers move: {told}; never rely on a single wording."


def judge_detection(found: Share, alarms: float) -> tuple[Level, str]:
    """Say what it means that so many unusual pictures are marked as unknown.

    Args:
        found: Unusual pictures that are marked.
        alarms: Ordinary pictures that are marked all the same, as its card states, in [0, 1].
    """
    told = (
        f"{found.value:.0%} of pictures of unusual kinds are marked as unknown, beside "
        f"{alarms:.1%} of ordinary ones"
    )
    if found.low <= alarms:
        return "none", f"No better than chance: {told}."
    if found.low < _CARE:
        return "weak", f"Some are noticed: {told}. No mark does not mean that it knows."
    if found.low < 0.9:
        return "care", f"Most are noticed: {told}. No mark does not mean that it knows."
    return "works", f"Nearly all are noticed: {told}."


def _share(share: Share | None) -> dict[str, Any]:
    if share is None:
        return {"n": 0, "accuracy": None, "low": None, "high": None}
    return {
        "n": share.total,
        "accuracy": round(share.value, 4),
        "low": round(share.low, 4),
        "high": round(share.high, 4),
    }
