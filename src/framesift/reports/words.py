"""Short texts about a record, the same on the screen and on the page."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from framesift.policies.rules import UNKNOWN_LANGUAGE
from framesift.types import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.reports.record import Record

__all__ = [
    "UNKNOWN",
    "action_of",
    "answer_words",
    "duration",
    "evidence",
    "place",
    "reason",
    "reasons",
    "size_in_words",
    "title",
    "top_label",
    "trouble",
    "unknown",
    "visible",
]

UNKNOWN = "unknown kind of picture"
"""What lists say of a picture that the model does not know."""

_NAMES: Mapping[str, str] = MappingProxyType({"list": "known hash"})
# How a message says when it happened, between the path and what happened.
_AT = re.compile(r"^ \((at [\d.]+ s)\)")
_KINDS: Mapping[str, str] = MappingProxyType({"text": "texts", "video": "videos"})


def visible(text: str) -> str:
    r"""Return text with everything a screen would obey instead of show written as an escape.

    File names may hold line breaks, terminal escapes and marks that turn the reading direction.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def size_in_words(size_bytes: int) -> str:
    """Return a size for people, in decimal units."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def action_of(record: Record) -> str:
    """Return ``allow``, ``review``, ``block``, ``failed``, or nothing without a policy."""
    if record["kind"] is None:
        return "failed"
    return str(record["moderation"]["action"]) if record["moderation"] else ""


def top_label(record: Record) -> Record | None:
    """Return the label that weighs most: by its action, then flagged, then score over threshold."""
    labels = record["moderation"]["labels"] if record["moderation"] else []
    return max(labels, key=_weight, default=None)


def reason(record: Record) -> str:
    """Say in a few words what to know about a record.

    An error; else what raised a flag, or could not be judged; else its likeliest tag and what is
    wrong with it. Then whether the model knows such pictures, or a head finds it unusual.
    """
    if record["error"] is not None:
        message = visible(trouble(record))
        return message if record["kind"] is None else f"incomplete: {message}"
    raised = reasons(record)
    if raised:
        told = raised[0] if len(raised) == 1 else f"{raised[0]} and {len(raised) - 1} more"
        return f"{told}; {UNKNOWN}" if unknown(record) else told
    notes = []
    if record["answer"] is not None:
        notes.append(answer_words(record["answer"]))
    elif record["tags"]:
        tag = max(record["tags"], key=lambda item: float(item["score"]))
        notes.append(f"{tag['name']} {tag['score']:.2f}")
    quality = record["quality"] or {}
    notes += filter(None, [quality.get("words")])
    if unknown(record):
        notes.append(UNKNOWN)
    elif quality.get("unusual"):
        notes.append("unusual picture")
    return visible("; ".join(notes))


def answer_words(answer: Record) -> str:
    """Say what a classifier answers: ``dog 0.93``, ``none of these 0.71``, ``unsure: cat 0.41``."""
    if answer["status"] == "label":
        named = ", ".join(answer["labels"])
    elif answer["status"] == "none":
        named = "none of these"
    else:
        told = ["none of these" if name == "none" else name for name in answer["doubtful"]]
        named = f"unsure: {', '.join(told)}"
    return f"{named} {answer['probability']:.2f}"


def unknown(record: Record) -> bool:
    """Whether the record says that the model does not know such pictures."""
    familiarity = record.get("familiarity")
    return familiarity is not None and not familiarity["known"]


def trouble(record: Record) -> str:
    """Return what went wrong, without the path before it: ``at 2.7 s: is broken``."""
    message = str(record["error"]["message"])
    rest = message.removeprefix(record["path"])
    if rest != message:
        rest = _AT.sub(r"\1", rest).removeprefix(":")
    return " ".join(rest.split())


def reasons(record: Record) -> list[str]:
    """Say what raised each flag, the gravest first: ``weapons 0.91 (image, tile lower left; ...)``.

    A context tag that made a flag milder is named too. What nobody could judge is said as well: a
    text in another language, or an item in which the policy judges nothing.
    """
    moderation = record["moderation"]
    if moderation and not moderation["labels"] and record["error"] is None:
        # Nothing judged is not the same as nothing found.
        if moderation["action"] == "allow":
            return []
        return [f"this policy judges nothing in {_KINDS.get(record['kind'], 'pictures')}"]
    labels = record["moderation"]["labels"] if record["moderation"] else []
    unknown = [one for one in labels if one["name"] == UNKNOWN_LANGUAGE]
    flagged = [one for one in labels if one["flagged"] and one not in unknown]
    flagged.sort(key=_weight, reverse=True)
    alone = {"caption": "text"} if record["kind"] == "text" else {}
    told = [_told(label, {"list": "known hash", **alone}) for label in flagged]
    return [*told, *(_unjudged(label, alone=bool(alone)) for label in unknown)]


def evidence(label: Record, names: Mapping[str, str] = _NAMES) -> str:
    """Say where the score of a label comes from: part, place, and prompt or words.

    Args:
        label: Of a record.
        names: What to call a part, where that is not its name.
    """
    found = label["evidence"]
    part = str(label["part"])
    where = [names.get(part, part)]
    if found["tile"]:
        where.append(f"tile {place(found['tile'])}")
    if found["time_s"] is not None:
        where.append(f"at {duration(found['time_s'])}")
    told = [", ".join(where)]
    if found["prompt"]:
        kind = {"image": "prompt", "list": "entry"}.get(part, "pattern")
        told.append(f"{kind} '{found['prompt']}'")
    if found["words"]:
        told.append(f"words '{found['words']}'")
    if not (found["prompt"] or found["words"]):
        told.append(f"by {label['source']}")
    return visible("; ".join(told))


def place(tile: Sequence[float]) -> str:
    """Return where a part of a picture lies, in words: ``lower left``.

    Args:
        tile: Left, top, right and bottom as shares of width and height.
    """
    left, top, right, bottom = tile
    across = _third((left + right) / 2, ("left", "", "right"))
    down = _third((top + bottom) / 2, ("upper", "", "lower"))
    if across and not down:
        return f"middle {across}"
    return " ".join(filter(None, [down, across or ("middle" if down else "centre")]))


def title(name: str) -> str:
    """Return a category's name as words: ``sexual_explicit`` -> ``sexual explicit``."""
    return visible(name.replace("_", " "))


def duration(seconds: float | None) -> str:
    """Return ``0:07`` or ``1:02:03``; nothing for a still; tenths under ten seconds."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _told(label: Record, names: Mapping[str, str]) -> str:
    milder = f"; milder for {title(label['softened'])}" if label["softened"] else ""
    return f"{title(label['name'])} {label['score']:.2f} ({evidence(label, names)}{milder})"


def _unjudged(label: Record, *, alone: bool) -> str:
    where = "" if alone else f" ({label['part']})"
    return f"{visible(label['evidence']['prompt'])}{where}"


def _third(middle: float, names: tuple[str, str, str]) -> str:
    return names[0 if middle < 0.4 else 2 if middle > 0.6 else 1]


def _weight(label: Record) -> tuple[int, bool, float]:
    threshold = float(label["threshold"])
    score = float(label["score"])
    over = score / threshold if threshold > 0 else score
    return (SEVERITY.index(label["action"]), bool(label["flagged"]), over)
