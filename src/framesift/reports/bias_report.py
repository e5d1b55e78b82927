"""A bias audit as one value, and as JSON of a stated version."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.reports.base import ReportHeader
    from framesift.verdicts.audit_results import Audit, LabelEffect, WordingEffect
    from framesift.verdicts.presets import Published

__all__ = ["BIAS_SCHEMA", "BiasReport", "bias_json"]

BIAS_SCHEMA = 1
"""Grows when a name of the JSON disappears or changes its meaning."""

PROMISE = (
    "Groups are what the table says; none was read off a picture. Nobody was identified, and this "
    "report lists no answer picture by picture."
)


@dataclass(frozen=True, slots=True, eq=False)
class BiasReport:
    """An audit and what it is about.

    Attributes:
        subject: Name of the classifier, the policy or the file of answers.
        kind: ``classifier``, ``policy``, ``answers`` or ``preset``.
        labels: What could be answered.
        sets: Name to labels that nobody should land in.
        source: The table of pictures.
        columns: Of groups.
        guessed: Whether nobody named them.
        truth: The column of what would be right; empty for none.
        header: Model, version, time, command.
        audit: What was found.
        added: What more labels do; ``None`` where none was added.
        worded: What other words do; ``None`` where none was tried.
        published: Published figures beside the measured ones.
        warning: What must stand above everything.
        credit: Where a published protocol comes from.
        caveat: How far published figures can be compared.
        notes: What the reader must know.
        left_out: Path and reason, of pictures and rows that could not be used.
    """

    subject: str
    kind: str
    labels: tuple[str, ...]
    sets: Mapping[str, Sequence[str]]
    source: str
    columns: tuple[str, ...]
    guessed: bool
    truth: str
    header: ReportHeader
    audit: Audit
    added: LabelEffect | None = None
    worded: WordingEffect | None = None
    published: tuple[Published, ...] = ()
    warning: str = ""
    credit: str = ""
    caveat: str = ""
    notes: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = field(default=())


def bias_json(report: BiasReport) -> dict[str, Any]:
    """Return an audit as plain data; what has no value, and an infinite bound, is ``null``."""
    header = report.header
    return {
        "schema": BIAS_SCHEMA,
        "kind": "framesift.bias-audit",
        "framesift": header.version,
        "started": header.started.isoformat() if header.started else None,
        "subject": {
            "name": report.subject,
            "kind": report.kind,
            "labels": list(report.labels),
            "sets": {name: list(labels) for name, labels in report.sets.items()},
            "model": _plain(header.model),
            "warning": report.warning or None,
        },
        "pictures": {
            "source": report.source,
            "used": report.audit.pictures,
            "left_out": [{"path": path, "reason": why} for path, why in report.left_out],
            "columns": list(report.columns),
            "columns_guessed": report.guessed,
            "truth": report.truth or None,
        },
        "finding": report.audit.finding,
        "method": {
            **_plain(report.audit.options),
            "correction": "step-down minP (Westfall and Young 1993), over each family",
            "tests": report.audit.tests,
            "level": report.audit.level,
            "error_level": _plain(report.audit.error_level),
        },
        "columns": _plain(report.audit.columns),
        "errors": _plain(report.audit.errors),
        "added_labels": _plain(report.added),
        "wordings": _plain(report.worded),
        "published": {
            "source": report.credit,
            "caveat": report.caveat,
            "rows": _plain(report.published),
        }
        if report.published
        else None,
        "notes": [*report.notes, *report.audit.notes, PROMISE],
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
