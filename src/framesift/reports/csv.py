"""CSV: one flat row per picture, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, ClassVar

from framesift.reports.base import Writer
from framesift.reports.timelines import faults, harms
from framesift.reports.words import reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.reports.record import Record

__all__ = ["CsvWriter", "cell", "csv_columns"]

_BEFORE_LABELS = (
    "schema",
    "path",
    "sha256",
    "kind",
    "width",
    "height",
    "duration_s",
    "quality_score",
    "quality_low",
    "quality_high",
    "quality_head",
    "quality_percentile",
    "quality_unusual",
    "quality_parts",
    "quality_words",
    "action",
    "flagged",
    "policy",
)
_AFTER_LABELS = (
    "other_labels",
    "tags",
    "model",
    "model_fingerprint",
    "model_precision",
    "model_int8_cosine",
    "error_type",
    "error_message",
    "reason",
    "label_actions",
    "label_parts",
    "softened",
    "context",
    "evidence",
    "unread",
    "moments",
    "longest_gap_s",
    "shots",
    "harm_segments",
    "faults",
    "worst_segment",
    "worst_start_s",
    "worst_end_s",
    "worst_peak",
    "worst_action",
    "classifier",
    "answer",
    "answer_labels",
    "answer_probability",
    "answer_doubtful",
    "known",
    "known_distance",
    "known_percentile",
    "known_head",
)
# A spreadsheet takes a cell that begins so for a formula, the full-width forms included.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001


def csv_columns(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the header: the same for every run with these label columns."""
    return (*_BEFORE_LABELS, *(f"label_{name}" for name in labels), *_AFTER_LABELS)


class CsvWriter(Writer):
    """Writes one row per record under a header that does not depend on the pictures.

    The columns are those of ``csv_columns``; ``docs/records.md`` describes them. UTF-8, line feeds,
    RFC 4180 quoting. Text that a spreadsheet would run as a formula gets a leading apostrophe, and
    so does text that has one already: dropping one leading apostrophe gives the text back.
    """

    format: ClassVar[str] = "csv"
    _keeps_part: ClassVar[bool] = True

    def _begin(self) -> None:
        names = self.header.labels
        self._labels = _native_labels() if names is None else names
        self._row(csv_columns(self._labels))

    def _write(self, record: Record) -> None:
        flat = _flatten(record, self._labels)
        self._row([cell(flat.get(name)) for name in csv_columns(self._labels)])

    def _row(self, cells: Sequence[str]) -> None:
        line = io.StringIO(newline="")
        # Only with this line end does every supported Python quote a carriage return.
        csv.writer(line, lineterminator="\r\n").writerow(cells)
        row = line.getvalue().removesuffix("\r\n") + "\n"
        encoding = getattr(self._output.text, "encoding", None) or "utf-8"
        text = row.encode(encoding, "backslashreplace").decode(encoding)
        self._output.write(text)


def _native_labels() -> tuple[str, ...]:
    from framesift.policies import TAXONOMY

    return tuple(category.name for category in TAXONOMY)


def _flatten(record: Record, labels: Sequence[str]) -> dict[str, Any]:
    quality = record["quality"] or {}
    moderation = record["moderation"] or {"labels": []}
    model = record["model"] or {}
    error = record["error"] or {}
    scores = {item["name"]: item["score"] for item in moderation["labels"]}
    flat = {name: record[name] for name in _BEFORE_LABELS[:7]}
    flat |= {f"quality_{name}": value for name, value in quality.items()}
    flat["quality_parts"] = _pairs(quality.get("parts", ()))
    flat |= {"action": moderation.get("action"), "policy": moderation.get("policy")}
    flat["flagged"] = "; ".join(i["name"] for i in moderation["labels"] if i["flagged"])
    flat |= {f"label_{name}": scores.get(name) for name in labels}
    others = [item for item in moderation["labels"] if item["name"] not in labels]
    flat |= {"other_labels": _pairs(others), "tags": _pairs(record["tags"])}
    flat |= {"model": model.get("name"), "model_fingerprint": model.get("fingerprint")}
    flat |= {"model_precision": model.get("precision")}
    flat |= {"model_int8_cosine": model.get("int8_cosine")}
    flat |= {"error_type": error.get("type"), "error_message": error.get("message")}
    told = _told(record, moderation) | _along(record)
    return flat | told | _answered(record) | _known(record)


def _known(record: Record) -> dict[str, Any]:
    """Return whether the model knows such pictures."""
    familiarity = record["familiarity"] or {}
    rest = ("distance", "percentile", "head")
    flat = {f"known_{name}": familiarity.get(name) for name in rest}
    return {"known": familiarity.get("known"), **flat}


def _told(record: Record, moderation: Record) -> dict[str, Any]:
    """Return what a person needs to follow the verdict."""
    raised = [label for label in moderation["labels"] if label["flagged"]]
    told = [label for label in moderation["labels"] if label in raised or _unjudged(label)]
    found = [{"name": label["name"], **label["evidence"]} for label in told]
    softened = [label for label in raised if label["softened"]]
    return {
        "reason": reason(record),
        "label_actions": _pairs(raised, "action"),
        "label_parts": _pairs(raised, "part"),
        "softened": _pairs(softened, "softened"),
        "context": _pairs(moderation.get("context", ())),
        "evidence": json.dumps(found, ensure_ascii=False) if found else None,
        "unread": "; ".join(moderation.get("unread", ())),
    }


def _along(record: Record) -> dict[str, Any]:
    """Return what happens along a video: figures, every stretch, and the worst one by itself."""
    timeline = record["timeline"]
    if timeline is None:
        return {}
    flat: dict[str, Any] = {name: timeline[name] for name in ("moments", "longest_gap_s")}
    found = harms(record)
    flat |= {"shots": len(timeline["shots"]), "faults": _stretches(faults(record))}
    flat["harm_segments"] = _stretches(sorted(found, key=lambda one: float(one["start_s"])))
    if found:
        flat |= {f"worst_{name}": found[0][name] for name in ("start_s", "end_s", "peak", "action")}
        flat["worst_segment"] = found[0]["label"]
    return flat


def _answered(record: Record) -> dict[str, Any]:
    """Return what a classifier says."""
    answer = record["answer"]
    if answer is None:
        return {}
    return {
        "classifier": answer["classifier"],
        "answer": answer["status"],
        "answer_labels": "; ".join(answer["labels"]),
        "answer_probability": answer["probability"],
        "answer_doubtful": "; ".join(answer["doubtful"]),
    }


def _stretches(segments: Sequence[Record]) -> str:
    return "; ".join(f"{one['label']}={one['start_s']}..{one['end_s']}" for one in segments)


def _unjudged(label: Record) -> bool:
    """Whether a label says that a text could not be judged, for its language."""
    from framesift.policies.rules import UNKNOWN_LANGUAGE

    return bool(label["name"] == UNKNOWN_LANGUAGE)


def _pairs(items: Sequence[Record], field: str = "score") -> str:
    return "; ".join(f"{item['name']}={item[field]}" for item in items)


def cell(value: object) -> str:
    """Return a value as a cell: empty for ``None``, and nothing that a spreadsheet would run."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\x00", "\\x00")
    return f"'{text}" if text.startswith((*_FORMULA_STARTS, "'")) else text
