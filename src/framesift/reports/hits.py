"""What a search found: as a table, paths, JSON Lines, CSV or one HTML page."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from framesift.reports.csv import cell
from framesift.reports.html import address
from framesift.reports.page import shown
from framesift.reports.parts import render, section
from framesift.reports.table import shortened
from framesift.reports.words import visible
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framesift.reports.base import ReportHeader
    from framesift.search import Hit
    from framesift.types import Failure

__all__ = ["HIT_FIELDS", "HIT_FORMATS", "HitList", "clock", "hits_text", "note_of"]

HIT_FORMATS = ("table", "paths", "jsonl", "csv", "html")

HIT_FIELDS = (
    "schema",
    "rank",
    "path",
    "sha256",
    "score",
    "margin",
    "time_s",
    "kind",
    "date",
    "quality",
    "action",
    "copies",
    "query",
    "model",
    "model_fingerprint",
)
"""The names in a record of a hit, in their order."""

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class HitList:
    """What a search found, and what it was.

    Attributes:
        query: What was looked for, in words.
        hits: Best first.
        searched: How many contents were searched.
        header: Model, time, command line, notice.
        nearest: Of what was no good match, the nearest, where there is nothing better.
        failures: Files that could not be searched.
    """

    query: str
    hits: Sequence[Hit]
    searched: int
    header: ReportHeader
    nearest: Hit | None = None
    failures: Sequence[Failure] = ()

    @property
    def headline(self) -> str:
        """How many were found, or that nothing was."""
        if not self.searched:
            return "nothing to search"
        if not self.hits:
            return f"no good match among {self.searched:,} pictures and videos"
        what = "match" if len(self.hits) == 1 else "matches"
        return f"{len(self.hits):,} {what} among {self.searched:,} pictures and videos"


def hits_text(found: HitList, kind: str, *, folder: Path | None = None, width: int = 100) -> str:
    """Return what was found in one of `HIT_FORMATS`.

    Args:
        found: The hits.
        kind: The format.
        folder: Where an HTML page will be, for its links.
        width: Columns of a table.
    """
    if kind == "paths":
        return "".join(f"{hit.entry.path}\n" for hit in found.hits)
    if kind == "jsonl":
        rows = (json.dumps(row, ensure_ascii=False) for row in _records(found))
        return "".join(f"{row}\n" for row in rows)
    if kind == "csv":
        return _csv(found)
    return _html(found, folder) if kind == "html" else _table(found, width)


def note_of(hit: Hit) -> str:
    """Return what else is known of a hit, in a few words."""
    parts = []
    if hit.time is not None:
        parts.append(f"at {clock(float(hit.time))}")
    if hit.quality is not None:
        parts.append(f"quality {hit.quality:.1f}")
    if hit.action is not None:
        parts.append(hit.action)
    if hit.copies:
        parts.append(f"+{len(hit.copies)} {'copy' if len(hit.copies) == 1 else 'copies'}")
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """Return a time in a video: ``1:02:03.5`` or ``2:03.5``."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{tenths // 10:02}.{tenths % 10}"


def _records(found: HitList) -> list[dict[str, Any]]:
    model = found.header.model
    made = []
    for rank, hit in enumerate(found.hits, 1):
        date = hit.entry.date
        values = (
            _SCHEMA,
            rank,
            hit.entry.path,
            hit.entry.sha256,
            rounded(hit.score),
            None if hit.margin is None else rounded(hit.margin, 2),
            None if hit.time is None else rounded(float(hit.time), 3),
            hit.entry.kind,
            None if date is None else date.isoformat(" ", "seconds"),
            None if hit.quality is None else rounded(hit.quality),
            hit.action,
            list(hit.copies),
            found.query,
            model.name if model else None,
            model.fingerprint if model else None,
        )
        made.append(dict(zip(HIT_FIELDS, values, strict=True)))
    return made


def _csv(found: HitList) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HIT_FIELDS)
    for record in _records(found):
        record["copies"] = json.dumps(record["copies"], ensure_ascii=False)
        writer.writerow([cell(value) for value in record.values()])
    return out.getvalue()


def _table(found: HitList, width: int) -> str:
    if not found.hits:
        return ""
    notes = [note_of(hit) for hit in found.hits]
    room = max(width - 8 - (max(map(len, notes)) + 2 if any(notes) else 0), 24)
    names = [shortened(visible(hit.entry.path), room) for hit in found.hits]
    wide = max(map(len, names))
    lines = [
        f"{hit.score:.3f}  {name.ljust(wide)}  {note}".rstrip()
        for hit, name, note in zip(found.hits, names, notes, strict=True)
    ]
    return "\n".join(["score  name", *lines]) + "\n"


def _html(found: HitList, folder: Path | None) -> str:
    cards = "".join(_card(hit, folder) for hit in found.hits)
    words = "Best first. Blurred where the policy does not allow it." if found.hits else ""
    body = [section("hits", found.headline.capitalize(), cards and _grid(cards), words)]
    if not found.hits:
        nearest = found.nearest
        told = f"<p>{shown(found.headline.capitalize())}.</p>"
        if nearest is not None:
            name = shown(PurePath(nearest.entry.path).name)
            told += f"<p>The nearest is {name}, with a score of {nearest.score:.3f}.</p>"
        body = [told]
    if found.failures:
        rows = "".join(f"<li>{shown(one.error.message)}</li>" for one in found.failures)
        title = f"{len(found.failures):,} could not be searched"
        body.append(section("failed", title, f"<ul>{rows}</ul>"))
    model = found.header.model
    facts = [model.name if model else "", " ".join(found.header.arguments)]
    subtitle = " · ".join(fact for fact in facts if fact)
    notices = [found.header.notice] if found.header.notice else []
    return render(f"Search: {found.query}", subtitle, body, notices)


def _grid(cards: str) -> str:
    return f'<ul class="sheets">{cards}</ul>'


def _card(hit: Hit, folder: Path | None) -> str:
    name = PurePath(hit.entry.path).name or hit.entry.path
    picture = '<span class="blank">No thumbnail</span>'
    if hit.thumbnail:
        data = b64encode(hit.thumbnail).decode("ascii")
        picture = f'<img decoding="async" alt="{shown(name)}" src="data:image/jpeg;base64,{data}">'
    href = address(hit.entry.path, folder)
    label = shown(name)
    if href is not None:
        label = f'<a href="{shown(href)}">{label}</a>'
    note = note_of(hit)
    return (
        f'<li class="shot" title="{shown(hit.entry.path)}"><span class="frame">{picture}</span>'
        f'<span class="told">Score <b>{hit.score:.3f}</b></span>'
        f'<span class="file">{label}</span>{f"<small>{shown(note)}</small>" if note else ""}</li>'
    )
