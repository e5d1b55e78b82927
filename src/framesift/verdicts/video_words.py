"""The faults of a video in words: ``shaky; freezes for 3.2 s at 0:14``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from framesift.types import Segment, Survey

__all__ = ["describe_faults"]

JERKY_BELOW: Final = 7.0
"""Under this score of ``flow`` a video without freezes is jerky."""

_VERBS: Final = {
    "black": "black",
    "blank": "blank",
    "freeze": "freezes",
    "flicker": "flickers",
    "flashes": "flashes",
    "shake": "shaky",
    "blocks": "blocky",
    "bitrate_drop": "starved of data",
}
_RISK: Final = "a risk to photosensitive viewers"
_MOST_OF_IT: Final = 0.75
_STRONG: Final = 0.7


def describe_faults(survey: Survey) -> str:
    """Say what is wrong with a video, worst first; empty where nothing is.

    Flashes come first whatever their length, since they can do harm.

    Args:
        survey: Its faults, and its score of ``flow``.
    """
    found: dict[str, list[Segment]] = {}
    for fault in survey.faults:
        name = fault.source if fault.source in _VERBS else fault.label
        if name in _VERBS:
            found.setdefault(name, []).append(fault)
    total = max(float(survey.end - survey.start), 1e-6)
    phrases = [(_cost(name, some), _phrase(name, some, total)) for name, some in found.items()]
    measures: Mapping[str, float] = dict(survey.measures)
    if "freeze" not in found and measures.get("flow", 10.0) < JERKY_BELOW:
        phrases.append(((10 - measures["flow"]) ** 2 / 100 * total, "jerky"))
    return "; ".join(phrase for _, phrase in sorted(phrases, key=lambda pair: -pair[0]))


def _cost(name: str, faults: Sequence[Segment]) -> float:
    if name == "flashes":
        return float("inf")
    return sum(fault.peak**2 * float(fault.end - fault.start) for fault in faults)


def _phrase(name: str, faults: Sequence[Segment], total: float) -> str:
    length = sum(float(fault.end - fault.start) for fault in faults)
    word = _VERBS[name]
    if name in ("shake", "blocks") and max(fault.peak for fault in faults) >= _STRONG:
        word = f"very {word}"
    said = word
    if name == "freeze" or length < _MOST_OF_IT * total:
        times = f" {len(faults)} times," if len(faults) > 1 and name == "freeze" else ""
        spread = " in all, first" if len(faults) > 1 else ""
        said = f"{word}{times} for {_seconds(length)}{spread} at {_clock(faults[0].start)}"
    elif name in ("black", "blank"):
        said = f"{word} for {_seconds(length)}"
    return f"{said} ({_RISK})" if name == "flashes" else said


def _seconds(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0") + " s"


def _clock(time: Fraction) -> str:
    """Write a time as players do: ``0:14``, ``1:02:03``."""
    minutes, seconds = divmod(round(time), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
