"""How a medium was read, as JSON: times are written as exact fractions."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from framesift.types import Cue, MediaInfo, Problem, Segment, Shot, Survey, WordBox

__all__ = ["Plan", "decode_plan", "encode_plan", "encode_time"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What reading a medium came to, so that it need not be opened again.

    Attributes:
        info: What is known of it; the cache stores no path and gives ``""`` back.
        times: Presentation times of the frames that were embedded, in seconds.
        problem: Why only a part could be read, if so.
        words: What a word reader found, by the time of the frame; empty where none was asked.
        survey: What was noticed while decoding; ``None`` for a still.
    """

    info: MediaInfo
    times: tuple[Fraction, ...]
    problem: Problem | None = None
    words: tuple[tuple[Fraction, tuple[WordBox, ...]], ...] = ()
    survey: Survey | None = None


def encode_time(moment: Fraction) -> str:
    """Write seconds exactly: ``1001/30000``."""
    return f"{moment.numerator}/{moment.denominator}"


def encode_plan(plan: Plan) -> str:
    """Return a plan as JSON."""
    info = asdict(plan.info)
    del info["path"], info["sha256"]
    content = {
        "info": info,
        "times": plan.times,
        "problem": None if plan.problem is None else asdict(plan.problem),
        "words": [[moment, [asdict(box) for box in boxes]] for moment, boxes in plan.words],
        "survey": None if plan.survey is None else asdict(plan.survey),
    }
    return json.dumps(content, default=_encode)


def decode_plan(text: str, sha256: str) -> Plan | None:
    """Read a plan; ``None`` where it is not one, which counts as a miss."""
    try:
        content = json.loads(text)
        problem, survey = content["problem"], content["survey"]
        return Plan(
            info=_info(content["info"], sha256),
            times=tuple(Fraction(moment) for moment in content["times"]),
            problem=None if problem is None else Problem(**problem),
            words=tuple(
                (Fraction(moment), tuple(_word_box(box) for box in boxes))
                for moment, boxes in content["words"]
            ),
            survey=None if survey is None else _survey(survey),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _encode(value: object) -> str:
    if isinstance(value, Fraction):
        return encode_time(value)
    message = f"{type(value).__name__} has no place in a plan"
    raise TypeError(message)


def _info(fields: dict[str, Any], sha256: str) -> MediaInfo:
    return MediaInfo(path="", sha256=sha256, **_timed(fields, "duration", "start"))


def _survey(fields: dict[str, Any]) -> Survey:
    known = _timed(fields, "start", "end", "watched")
    known["shots"] = tuple(Shot(**_timed(shot, "start", "end")) for shot in known["shots"])
    known["cues"] = tuple(Cue(**_timed(cue, "start", "end")) for cue in known["cues"])
    known["faults"] = tuple(
        Segment(**_timed(fault, "start", "end", "peak_time")) for fault in known["faults"]
    )
    known["ends"] = tuple(Fraction(end) for end in known["ends"])
    known["measures"] = tuple((name, score) for name, score in known["measures"])
    return Survey(**known)


def _timed(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return fields with the named ones, where they are known, as exact times."""
    exact = {name: Fraction(fields[name]) for name in names if fields[name] is not None}
    return {**fields, **exact}


def _word_box(fields: dict[str, Any]) -> WordBox:
    left, top, right, bottom = fields["box"]
    return WordBox(fields["text"], fields["confidence"], (left, top, right, bottom))
