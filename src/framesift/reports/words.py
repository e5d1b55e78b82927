"""Short texts about a record, the same on the screen and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framesift.reports.record import Record

__all__ = ["action_of", "duration", "reason", "title", "top_label", "visible"]


def visible(text: str) -> str:
    r"""Return text with everything a screen would obey instead of show written as an escape.

    File names may hold line breaks, terminal escapes and marks that turn the reading direction.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def action_of(record: Record) -> str:
    """Return ``allow``, ``review``, ``block``, ``failed``, or nothing without a policy."""
    if record["kind"] is None:
        return "failed"
    return str(record["moderation"]["action"]) if record["moderation"] else ""


def top_label(record: Record) -> Record | None:
    """Return the label that weighs most: flagged before others, then by score over threshold."""
    labels = record["moderation"]["labels"] if record["moderation"] else []
    return max(labels, key=_weight, default=None)


def reason(record: Record) -> str:
    """Say in a few words what to know about a record.

    An error; else a flag; else its likeliest tag, what is wrong with it, and whether it is unusual.
    """
    error = record["error"]
    if error is not None:
        message = error["message"].removeprefix(f"{record['path']}: ")
        message = visible(" ".join(message.split()))
        return message if record["kind"] is None else f"incomplete: {message}"
    label = top_label(record)
    if label is not None and label["flagged"]:
        return f"{title(label['name'])} {label['score']:.2f}, over {label['threshold']:.2f}"
    notes = []
    if record["tags"]:
        tag = max(record["tags"], key=lambda item: float(item["score"]))
        notes.append(f"{tag['name']} {tag['score']:.2f}")
    quality = record["quality"] or {}
    notes += filter(None, [quality.get("words")])
    if quality.get("unusual"):
        notes.append("unusual picture")
    return visible("; ".join(notes))


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


def _weight(label: Record) -> tuple[bool, float]:
    threshold = float(label["threshold"])
    score = float(label["score"])
    return (bool(label["flagged"]), score / threshold if threshold > 0 else score)
