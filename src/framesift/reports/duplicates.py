"""Duplicates as a table on the screen, JSON Lines or CSV: which picture stays, and why."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

from framesift.reports.csv import cell
from framesift.reports.words import size_in_words, visible
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.verdicts.duplicates import Candidate, Group, Keep, Why

__all__ = [
    "DUPLICATES_SCHEMA",
    "facts_in_words",
    "kept_because",
    "plan_csv",
    "plan_jsonl",
    "plan_table",
    "why_in_words",
]

DUPLICATES_SCHEMA = 1
"""Version of the records of groups; it grows when a name or a meaning changes."""

_COLUMNS = (
    "group",
    "role",
    "path",
    "sha256",
    "kind",
    "bits",
    "cosine",
    "mirrored",
    "seconds",
    "score",
    "width",
    "height",
    "bytes",
    "verdict",
)
_BECAUSE: dict[Keep, str] = {
    "first": "found first",
    "largest": "largest",
    "oldest": "oldest",
    "newest": "newest",
    "shortest-path": "shortest path",
}


def why_in_words(why: Why) -> str:
    """Say how a picture is related to the one that stays: ``near: 4 of 256 bits differ, ...``."""
    if why.kind == "exact":
        return "exact: the same content"
    parts = []
    if why.kind == "burst" and why.seconds is not None:
        parts.append(f"{why.seconds:.3g} s apart")
    if why.bits is not None:
        turned = ", mirrored" if why.mirrored else ""
        parts.append(f"{why.bits} of 256 bits differ{turned}")
    if why.cosine is not None:
        parts.append(f"likeness {why.cosine:.2f}")
    return f"{why.kind}: {', '.join(parts)}"


def kept_because(group: Group, candidates: Sequence[Candidate], keep: Keep) -> str:
    """Say what the one that stays has before the others, in the words of the rule that decided."""
    one, others = candidates[group.keep], [candidates[i] for i in group.others]
    if all(other.partial for other in others) and not one.partial:
        return "the only one that is whole"
    if keep != "best":
        return _BECAUSE[keep]
    score = _score(one)
    if all(score > _score(other) for other in others):
        return "best score"
    equal = [other for other in others if _score(other) == score]
    if all(one.pixels > other.pixels for other in equal):
        return "best score, most pixels"
    equal = [other for other in equal if other.pixels == one.pixels]
    if all(one.size_bytes > other.size_bytes for other in equal):
        return "best score, largest file"
    if one.others:
        return "best score, has other names"
    return "best score, found first"


def facts_in_words(one: Candidate) -> str:
    """Return score, size in pixels and in bytes: ``6.2  640 x 427  102.4 kB``."""
    score = "no score" if one.score is None else f"{one.score:.1f}"
    return f"{score}  {one.info.width} x {one.info.height}  {size_in_words(one.size_bytes)}"


def plan_table(
    groups: Sequence[Group], candidates: Sequence[Candidate], keep: Keep
) -> Iterator[str]:
    """Yield the lines of a plan for a person: every group, what stays, what does not, and why."""
    for number, group in enumerate(groups, 1):
        one = candidates[group.keep]
        count = len(group.others) + 1
        yield f"group {number:,} of {len(groups):,}: {group.kind}, {count} files"
        rows = [("keep", one, kept_because(group, candidates, keep))]
        rows += [
            ("dup", candidates[i], why_in_words(why))
            for i, why in zip(group.others, group.why, strict=True)
        ]
        width = max(len(visible(row.info.path)) for _, row, _ in rows)
        for role, row, words in rows:
            name = visible(row.info.path).ljust(min(width, 60))
            verdict = "" if row.action == "allow" else f"  {row.action}"
            also = f"  also named {', '.join(map(visible, row.others))}" if row.others else ""
            yield f"  {role:4}  {name}  {facts_in_words(row)}  {words}{verdict}{also}"
        yield ""


def plan_jsonl(groups: Sequence[Group], candidates: Sequence[Candidate]) -> Iterator[str]:
    """Yield a line of JSON for each group."""
    for number, group in enumerate(groups, 1):
        duplicates = [
            {**_facts(candidates[i]), "why": _why(why)}
            for i, why in zip(group.others, group.why, strict=True)
        ]
        record = {
            "schema": DUPLICATES_SCHEMA,
            "group": number,
            "kind": group.kind,
            "keep": _facts(candidates[group.keep]),
            "duplicates": duplicates,
        }
        yield json.dumps(record, ensure_ascii=False)


def plan_csv(groups: Sequence[Group], candidates: Sequence[Candidate]) -> Iterator[str]:
    """Yield a header and a line for each file of a group."""
    yield _line(_COLUMNS)
    for number, group in enumerate(groups, 1):
        yield _line(_row(number, "keep", _facts(candidates[group.keep]), {}))
        for i, why in zip(group.others, group.why, strict=True):
            yield _line(_row(number, "duplicate", _facts(candidates[i]), _why(why)))


def _facts(one: Candidate) -> dict[str, Any]:
    return {
        "path": _text(one.info.path),
        "sha256": one.info.sha256,
        "score": None if one.score is None else rounded(one.score),
        "width": one.info.width,
        "height": one.info.height,
        "bytes": one.size_bytes,
        "verdict": one.action,
        "other_names": [_text(name) for name in one.others],
    }


def _why(why: Why) -> dict[str, Any]:
    return {
        "kind": why.kind,
        "bits": why.bits,
        "cosine": why.cosine,
        "mirrored": why.mirrored,
        "seconds": None if why.seconds is None else round(why.seconds, 3),
    }


def _row(number: int, role: str, facts: dict[str, Any], why: dict[str, Any]) -> list[Any]:
    values = {"group": number, "role": role, **facts, **why}
    return [values.get(name) for name in _COLUMNS]


def _line(values: Sequence[Any]) -> str:
    out = io.StringIO(newline="")
    # The writer quotes what holds a line break only where it writes one itself.
    csv.writer(out, lineterminator="\r\n").writerow([cell(value) for value in values])
    return out.getvalue().removesuffix("\r\n")


def _text(path: str) -> str:
    # A name that is not UTF-8 cannot be written: its odd bytes become a mark, as in every record.
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _score(one: Candidate) -> float:
    return -math.inf if one.score is None else rounded(one.score)
