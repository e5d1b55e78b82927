"""The record: what Framesift says of one picture, as plain data for JSON.

Names, order and meaning are described in ``docs/records.md`` and, for machines, in
``record.schema.json`` beside this module. Numbers are finite: scores have four decimals, times six.
"""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

from framesift.reports.timelines import TIME_DECIMALS, timeline_record
from framesift.types import SCHEMA, Analysis, TextAnalysis
from framesift.verdicts.rounding import SCORE_DECIMALS, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framesift.types import (
        Action,
        Answer,
        Evidence,
        Failure,
        Familiarity,
        LabelScore,
        ModelInfo,
        Problem,
        Quality,
        Result,
        Tag,
        Verdict,
    )

__all__ = ["RECORD_FIELDS", "Record", "record_schema", "to_json", "to_record"]

Record: TypeAlias = dict[str, Any]

RECORD_FIELDS = (
    "schema",
    "path",
    "sha256",
    "kind",
    "width",
    "height",
    "duration_s",
    "quality",
    "moderation",
    "tags",
    "answer",
    "familiarity",
    "timeline",
    "model",
    "error",
)
"""The names of a record, in their order."""

# The source that a verdict gives a category without a head.
_MISSING = "missing"
_STEP = 10.0**-SCORE_DECIMALS
# Line ends for some readers, though not for JSON: escaped so that a line stays a line for all.
_LINE_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def to_record(result: Result | TextAnalysis) -> Record:
    """Turn a result into its record.

    A failure, and a picture of which only a part could be read, is never ``allow``: its action is
    ``review`` at least, or what the policy says of failures. The same holds where a model gave a
    number that is not finite: that score is left out and ``error`` says so (``NonFiniteScore``;
    ``MissingScore`` where the policy names a category that no head in use scores).

    Args:
        result: A picture, a video or a text analysed, or the failure to.

    Returns:
        A new dict with the keys of ``RECORD_FIELDS`` in that order; plain types only.
    """
    if isinstance(result, TextAnalysis):
        return _text(result)
    return _analysis(result) if isinstance(result, Analysis) else _failure(result)


def to_json(record: Record, *, ascii_only: bool = False) -> str:
    r"""Return the record as one line of JSON, without its line end.

    Args:
        record: What ``to_record`` returned.
        ascii_only: Write everything beyond ASCII as ``\u`` escapes.

    Returns:
        Text that always encodes as UTF-8. Bytes of a file name that are no text come as the
        escapes of the lone surrogates that Python uses for them, so the name survives the trip.
    """
    text = json.dumps(record, ensure_ascii=ascii_only, allow_nan=False, separators=(", ", ": "))
    return text.translate(_LINE_BREAKS).encode("utf-8", "backslashreplace").decode("utf-8")


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the record."""
    text = resources.files("framesift.reports").joinpath("record.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _failure(failure: Failure) -> Record:
    action: Action = "review" if failure.action == "allow" else failure.action
    judged = _judged(action, failure.policy)
    judged["labels"] = [_label(label) for label in failure.labels if math.isfinite(label.score)]
    return {
        **_unseen(failure.path, failure.sha256),
        "moderation": judged,
        "model": _model(failure.model),
        "error": _problem(failure.error),
    }


def _text(text: TextAnalysis) -> Record:
    error = _unscored((), text.moderation.labels, ())
    return {
        **_unseen(text.path, text.sha256),
        "kind": "text",
        "moderation": _moderation(text.moderation, failed=error is not None),
        "error": error,
    }


def _unseen(path: str, sha256: str | None) -> Record:
    """Return the record of what has no picture, all names in their order."""
    known = {"schema": SCHEMA, "path": path, "sha256": sha256, "tags": []}
    return {name: known.get(name) for name in RECORD_FIELDS}


def _analysis(analysis: Analysis) -> Record:
    info = analysis.info
    error = _problem(analysis.error) or _unscored_picture(analysis)
    return {
        "schema": SCHEMA,
        "path": info.path,
        "sha256": info.sha256,
        "kind": info.kind,
        "width": info.width,
        "height": info.height,
        "duration_s": (
            None if info.duration is None else rounded(float(info.duration), TIME_DECIMALS)
        ),
        "quality": _quality(analysis.quality),
        "moderation": _moderation(analysis.moderation, failed=error is not None),
        "tags": _tags(analysis.tags),
        "answer": _answer(analysis.answer),
        "familiarity": _familiarity(analysis.familiarity),
        "timeline": timeline_record(analysis.timeline),
        "model": _model(analysis.model),
        "error": error,
    }


def _quality(quality: Quality | None) -> Record | None:
    if quality is None or not _finite(quality):
        return None
    return {
        "score": rounded(quality.score),
        "low": rounded(quality.low),
        "high": rounded(quality.high),
        "head": quality.head,
        "percentile": _finite_or_none(quality.percentile),
        "unusual": quality.unusual,
        "parts": [
            {"name": name, "score": rounded(score)}
            for name, score in quality.parts
            if math.isfinite(score)
        ],
        "words": quality.words,
    }


def _familiarity(familiarity: Familiarity | None) -> Record | None:
    if familiarity is None:
        return None
    return {
        "known": familiarity.known,
        "distance": _finite_or_none(familiarity.distance),
        "percentile": _finite_or_none(familiarity.percentile),
        "head": familiarity.head,
    }


def _finite_or_none(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else rounded(value)


def _moderation(verdict: Verdict | None, *, failed: bool) -> Record | None:
    if verdict is None:
        return _judged("review", None) if failed else None
    action: Action = "review" if failed and verdict.action == "allow" else verdict.action
    judged = _judged(action, verdict.policy)
    judged["labels"] = [_label(label) for label in verdict.labels if math.isfinite(label.score)]
    judged["context"] = _tags(verdict.context)
    judged["unread"] = list(verdict.unread)
    return judged


def _judged(action: Action, policy: str | None) -> Record:
    return {"action": action, "labels": [], "policy": policy, "context": [], "unread": []}


def _tags(tags: Iterable[Tag]) -> list[Record]:
    return [
        {"name": tag.name, "score": rounded(tag.score)} for tag in tags if math.isfinite(tag.score)
    ]


def _answer(answer: Answer | None) -> Record | None:
    if answer is None or not math.isfinite(answer.probability):
        return None
    return {
        "classifier": answer.classifier,
        "status": answer.status,
        "labels": list(answer.labels),
        "probability": rounded(answer.probability),
        "doubtful": list(answer.doubtful),
    }


def _label(label: LabelScore) -> Record:
    return {
        "name": label.name,
        "score": _beside_threshold(label),
        "threshold": rounded(label.threshold),
        "flagged": label.flagged,
        "source": label.source,
        "part": label.part,
        "action": label.action,
        "evidence": _evidence(label.evidence),
        "softened": label.softened,
    }


def _evidence(evidence: Evidence) -> Record:
    tile = evidence.tile
    return {
        "prompt": evidence.prompt,
        "time_s": None if evidence.time is None else rounded(float(evidence.time), TIME_DECIMALS),
        "tile": None if tile is None else [rounded(edge) for edge in tile],
        "words": evidence.words,
    }


def _beside_threshold(label: LabelScore) -> float:
    """Round a score without letting it cross its threshold.

    A score of 0.49999 under a threshold of 0.5 would else be listed as 0.5 and not flagged.
    """
    score, threshold = rounded(label.score), rounded(label.threshold)
    if abs(label.score - label.threshold) >= _STEP:
        return score
    if label.flagged:
        return max(score, threshold)
    return score if score < threshold else max(0.0, rounded(threshold - _STEP))


def _model(model: ModelInfo | None) -> Record | None:
    if model is None:
        return None
    return {
        "name": model.name,
        "fingerprint": model.fingerprint,
        "precision": model.precision,
        "int8_cosine": None if model.int8_cosine is None else rounded(model.int8_cosine),
    }


def _problem(problem: Problem | None) -> Record | None:
    return None if problem is None else {"type": problem.type, "message": problem.message}


def _finite(quality: Quality) -> bool:
    return all(math.isfinite(value) for value in (quality.score, quality.low, quality.high))


def _unscored_picture(analysis: Analysis) -> Record | None:
    names = [] if analysis.quality is None or _finite(analysis.quality) else ["quality"]
    verdict = analysis.moderation
    return _unscored(names, verdict.labels if verdict else (), analysis.tags)


def _unscored(
    names: Iterable[str], labels: Iterable[LabelScore], tags: Iterable[Tag]
) -> Record | None:
    """Return the error of an item for which a score is no number, or that nothing scored."""
    unscored = [label for label in labels if not math.isfinite(label.score)]
    bad = [*names, *(label.name for label in unscored if label.source != _MISSING)]
    bad += [tag.name for tag in tags if not math.isfinite(tag.score)]
    if bad:
        message = f"the model gave no finite score for {', '.join(bad)}; look at it yourself"
        return {"type": "NonFiniteScore", "message": message}
    if unscored:
        missing = ", ".join(label.name for label in unscored)
        message = f"no head in use scores {missing}, which the policy names; look at it yourself"
        return {"type": "MissingScore", "message": message}
    return None
