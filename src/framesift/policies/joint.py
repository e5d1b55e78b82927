"""Pictures and texts that are worse together: rules as data, read from ``data/joint.toml``.

The combination is a sum of log-odds with an offset for the interaction, as two independent pieces
of evidence for one claim would add up (a naive Bayes of two features), except that each piece is
cut off: one of them alone, however sure, decides nothing.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from framesift.types import Evidence, Part, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["JOINT_RULES", "JointRule", "joint_score", "joint_signals"]

TEXT_PARTS: tuple[Part, ...] = ("caption", "words")
SOURCE = "joint"
# Log-odds of 0 and 1 are infinite; scores are floats of single precision at best.
CLOSEST = 1e-7


@dataclass(frozen=True, slots=True)
class JointRule:
    """What a picture and a text mean together.

    Attributes:
        name: Shown as evidence.
        image: Categories of the picture; the highest counts.
        text: Categories of the text; likewise.
        result: The category that their combination raises.
        why: For people.
        together: The score where both stand at 0.5.
        most: What one side counts at most, as a score.
    """

    name: str
    image: tuple[str, ...]
    text: tuple[str, ...]
    result: str
    why: str
    together: float
    most: float


def _read() -> tuple[JointRule, ...]:
    path = Path(__file__).with_name("data") / "joint.toml"
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        JointRule(
            name=entry["name"],
            image=tuple(entry["image"]),
            text=tuple(entry["text"]),
            result=entry["result"],
            why=entry["why"],
            together=float(entry.get("together", document["together"])),
            most=float(entry.get("most", document["most"])),
        )
        for entry in document["rule"]
    )


JOINT_RULES = _read()


def joint_score(image: float, text: float, rule: JointRule) -> float:
    """Combine two scores by the formula of ``data/joint.toml``; in [0, 1], rising in both.

    Args:
        image: What the picture scores; beyond [0, 1] it counts as the nearer end.
        text: What the text scores, likewise.
        rule: The offset and the cut.
    """
    sides = (min(_logit(score), _logit(rule.most)) for score in (image, text))
    return 1 / (1 + math.exp(-(sum(sides) + _logit(rule.together))))


def joint_signals(signals: Iterable[Signal]) -> list[Signal]:
    """Find what a picture and its text mean together.

    Pure, and monotone: a higher score or a further signal never lowers a result. A score that is
    not a number takes no part; `decide` sends it to review by itself.

    Args:
        signals: Of the picture (part ``image``) and of its text (``caption`` and ``words``); others
            are passed over.

    Returns:
        A signal of part ``joint`` for each rule of which both sides were scored, in the order of
        the rules. Its evidence names both sides, and has frame and tile of the picture and the
        words of the text.
    """
    usable = [signal for signal in signals if not math.isnan(signal.score)]
    pictures = _highest(signal for signal in usable if signal.part == "image")
    texts = _highest(signal for signal in usable if signal.part in TEXT_PARTS)
    found = []
    for rule in JOINT_RULES:
        image = _best(pictures, rule.image)
        text = _best(texts, rule.text)
        if image is not None and text is not None:
            found.append(_signal(rule, image, text))
    return found


def _signal(rule: JointRule, image: Signal, text: Signal) -> Signal:
    prompt = (
        f"{rule.name}: {image.category} {_shown(image)} in the picture, "
        f"{text.category} {_shown(text)} in the {text.part}"
    )
    seen = image.evidence
    evidence = Evidence(prompt, time=seen.time, tile=seen.tile, words=text.evidence.words)
    return Signal(
        rule.result, joint_score(image.score, text.score, rule), SOURCE, "joint", evidence
    )


def _shown(signal: Signal) -> str:
    return f"{min(max(signal.score, 0.0), 1.0):.2f}"


def _highest(signals: Iterable[Signal]) -> dict[str, Signal]:
    """Return the highest signal of each category, whatever their order."""
    found: dict[str, Signal] = {}
    for signal in signals:
        known = found.get(signal.category)
        if known is None or _order(signal) > _order(known):
            found[signal.category] = signal
    return found


def _best(found: dict[str, Signal], names: tuple[str, ...]) -> Signal | None:
    return max((found[name] for name in names if name in found), key=_order, default=None)


def _order(signal: Signal) -> tuple[float, str]:
    rest = f"{signal.category} {signal.source} {signal.part} {signal.evidence!r}"
    return float(signal.score), rest


def _logit(score: float) -> float:
    inside = min(max(float(score), CLOSEST), 1 - CLOSEST)
    return math.log(inside / (1 - inside))
