"""What a bias audit is about: a classifier in words, a policy, or the answers of any system."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click
import numpy as np

from framesift.cli.console import plural
from framesift.cli.exits import Stop
from framesift.cli.faces import PATHS, read_rows
from framesift.errors import ConfigError
from framesift.heads.training.results import RowProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from framesift.cli.faces import Faces
    from framesift.cli.options import Request
    from framesift.cli.workbench import Workbench
    from framesift.heads.classifiers import ClassifierDefinition, Label
    from framesift.reports import ReportHeader
    from framesift.types import Failure
    from framesift.verdicts.audit_results import Answers

__all__ = ["Answered", "Asked", "ask_classifier", "ask_policy", "read_answers"]

Kind: TypeAlias = Literal["classifier", "policy", "answers", "preset"]

_LABELS = ("label", "answer", "prediction", "verdict", "action")
_SCORES = ("scores", "probabilities")
_MOST_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants to know beside the audit itself.

    Attributes:
        sets: Name to labels that nobody should land in.
        added: Labels to add.
        wordings: Whether other wordings are tried.
    """

    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    added: tuple[Label, ...] = ()
    wordings: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What a system said of the pictures that it could read.

    Attributes:
        name: Of the classifier or policy, or of the file of answers.
        kind: What it is.
        answers: Of M pictures.
        rows: Which rows of the table they are of.
        header: Model, version, time, command.
        failures: Pictures that could not be read.
        problems: Rows that have no answer.
        pairs: Answers before and after labels were added.
        wordings: Wording to answers, the one in use first.
        notes: What the reader must know.
    """

    name: str
    kind: Kind
    answers: Answers
    rows: list[int]
    header: ReportHeader
    failures: tuple[Failure, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    pairs: tuple[Answers, Answers] | None = None
    wordings: Mapping[str, Answers] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def ask_classifier(
    definition: ClassifierDefinition, faces: Faces, asked: Asked, bench: Workbench
) -> Answered:
    """Embed the pictures once and ask a classifier, with and without what is to be tried.

    Raises:
        Stop: Not one picture could be read, or the user interrupted.
    """
    from framesift.heads.classifiers import ClassifierHead
    from framesift.heads.paraphrase import reworded
    from framesift.heads.paraphrase import wordings as ways
    from framesift.verdicts.audit_answers import from_probabilities

    gathered = bench.gather(faces.files)
    if not gathered.rows:
        first = gathered.failures[0].error.message
        message = f"{faces.source}: not one of its pictures could be read; the first: {first}"
        raise Stop(message)
    embedder = bench.gatherer.embedder

    def answers(one: ClassifierDefinition, *, calibrated: bool) -> Answers:
        head = ClassifierHead.from_definition(embedder, one, calibrated=calibrated)
        if calibrated and head.notice:
            bench.console.notice(head.notice)
        # A video counts once, by all of its moments.
        values = np.stack([head.rule.pool(head.score(each).values) for each in gathered.embeddings])
        return from_probabilities(head.rule, values, asked.sets)

    plain = embedder.space not in definition.calibrations
    made = answers(definition, calibrated=True)
    notes = _copies(gathered.sha256)
    base = made
    if (asked.added or asked.wordings) and not plain:
        base = answers(definition, calibrated=False)
        notes.append("added labels and other wordings are compared without the calibration")
    pairs = None
    if asked.added:
        more = replace(definition, labels=(*definition.labels, *asked.added))
        pairs = (base, answers(more, calibrated=False))
    wordings = {}
    if asked.wordings:
        wordings["as it is"] = base
        for wording in ways(definition):
            wordings[wording.name] = answers(reworded(definition, wording), calibrated=False)
    return Answered(
        definition.name,
        "classifier",
        made,
        list(gathered.rows),
        bench.header(),
        failures=tuple(gathered.failures),
        pairs=pairs,
        wordings=wordings,
        notes=tuple(notes),
    )


def ask_policy(request: Request, file: Path, faces: Faces) -> Answered:
    """Let a policy judge the pictures, as a scan would, without captions.

    Raises:
        Stop: Not one picture could be judged, or the user interrupted.
    """
    from framesift.cli.examples import Example
    from framesift.cli.judged import Judge
    from framesift.cli.session import open_session
    from framesift.heads.choose import NO_QUALITY
    from framesift.verdicts.audit_answers import from_verdicts

    asked = replace(request, options={**request.options, "policy": file, "captions": "none"})
    with open_session(asked, quality=NO_QUALITY) as session:
        judge = Judge(
            session.analyzer.policy,
            session.analyzer,
            session.settings,
            session.console,
            request.progress,
        )
        items = [
            Example(row.path, path, None, {})
            for row, path in zip(faces.rows, faces.files, strict=True)
        ]
        judged = judge.judge(items)
        policy = session.analyzer.policy.label
        header = replace(_header(), model=session.analyzer.model, notice=session.notice)
    rows = [row for row, one in enumerate(judged) if one.verdict is not None]
    failures = tuple(one.failure for one in judged if one.failure is not None)
    if not rows:
        message = f"{faces.source}: no picture could be judged; the first: {failures[0].error}"
        raise Stop(message)
    verdicts = [verdict for one in judged if (verdict := one.verdict) is not None]
    return Answered(
        policy,
        "policy",
        from_verdicts(verdicts),
        rows,
        replace(header, policy=policy),
        failures=failures,
        notes=tuple(_copies([judged[row].sha256 for row in rows])),
    )


def read_answers(file: Path, faces: Faces, asked: Asked) -> Answered:
    """Read what a system said of the pictures, one record or row for each.

    JSON Lines: records of `framesift scan`, or objects with ``path``, ``label`` (or a list of them)
    and if there are any ``scores``, label to number. Else a table with ``path`` and ``label``.

    Raises:
        ConfigError: It cannot be read, or has no answer for any picture.
    """
    from framesift.verdicts.audit_answers import from_labels

    lines = file.suffix.lower() in (".jsonl", ".ndjson", ".json")
    found = dict(_json_lines(file) if lines else _table(file))
    places = {_resolved(file.absolute().parent, path): one for path, one in found.items()}
    places |= {_resolved(Path.cwd(), path): one for path, one in found.items()}
    given: list[tuple[str, ...]] = []
    scores: list[Mapping[str, float]] = []
    rows: list[int] = []
    problems: list[RowProblem] = []
    for number, (row, path) in enumerate(zip(faces.rows, faces.files, strict=True)):
        one = found.get(row.path) or places.get(_resolved(Path.cwd(), str(path)))
        if one is None:
            problems.append(RowProblem(row.line, row.path, f"{file.name} has no answer for it"))
            continue
        rows.append(number)
        given.append(one[0])
        scores.append(one[1])
    if not rows:
        first = next(iter(found), "nothing")
        message = (
            f"answers none of the pictures of {faces.source}; it speaks of {first} ..., the table "
            f"of {faces.rows[0].path}"
        )
        raise ConfigError(message, source=str(file))
    answers = from_labels(given, scores, asked.sets)
    return Answered(file.name, "answers", answers, rows, _header(), problems=tuple(problems))


_Said: TypeAlias = "tuple[tuple[str, ...], Mapping[str, float]]"


def _json_lines(file: Path) -> Iterator[tuple[str, _Said]]:
    from framesift.cli.examples import decoded_table

    for number, line in enumerate(decoded_table(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            message = f"line {number} is no JSON ({error.msg}); write one object per line"
            raise ConfigError(message, source=str(file)) from error
        path = next((record[name] for name in PATHS if isinstance(record, dict) and name in record),
                    None)  # fmt: skip
        if not isinstance(path, str):
            message = f"line {number} names no picture; give each object a path"
            raise ConfigError(message, source=str(file))
        if record.get("error") and "kind" in record and record["kind"] is None:
            # A file that a scan could not read: it has no answer.
            continue
        said = _of_record(record)
        if said is None:
            message = f"line {number} has no answer; give each object a label"
            raise ConfigError(message, source=str(file))
        yield path, said


def _of_record(record: Mapping[str, Any]) -> _Said | None:
    """Return what a record says; one of Framesift by its classifier's answer, or its action."""
    from framesift.verdicts.audit_answers import UNSURE

    answer = record.get("answer")
    if isinstance(answer, dict):
        tags = {one["name"]: one["score"] for one in record.get("tags") or ()}
        unsure = (UNSURE,) if answer["status"] == "unsure" else ()
        return tuple(answer["labels"]) or unsure, tags
    scores: Mapping[str, Any] = next(
        (record[name] for name in _SCORES if isinstance(record.get(name), dict)), {}
    )
    known = {
        str(name): float(value)
        for name, value in scores.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }
    for name in _LABELS:
        given = record.get(name)
        if isinstance(given, str):
            return (given,), known
        if isinstance(given, list):
            return tuple(str(label) for label in given), known
    moderation = record.get("moderation")
    if isinstance(moderation, dict) and isinstance(moderation.get("action"), str):
        labels = {one["name"]: one["score"] for one in moderation.get("labels") or ()}
        return (moderation["action"],), labels
    if known:
        return (max(known, key=lambda label: known[label]),), known
    return None


def _table(file: Path) -> Iterator[tuple[str, _Said]]:
    names, rows = read_rows(file)
    column = next((name for name in names if name.casefold() in _LABELS), None)
    if column is None:
        message = f"has no column {' or '.join(_LABELS)}; name one of them so"
        raise ConfigError(message, source=str(file))
    for row in rows:
        if isinstance(row, RowProblem):
            continue
        label = row.cells.get(column, "").strip()
        yield row.path, ((label,) if label else (), {})


def _resolved(base: Path, path: str) -> str:
    return str((base / path).resolve())


def _copies(hashes: Sequence[str]) -> list[str]:
    extra = len(hashes) - len(set(hashes))
    if not extra:
        return []
    return [
        f"{plural(extra, 'picture')} with the content of another; each counted, which makes "
        "intervals too narrow: list each picture once"
    ]


def _header() -> ReportHeader:
    from framesift import __version__
    from framesift.reports import ReportHeader

    known = click.get_current_context().find_root().obj or {}
    return ReportHeader(
        version=__version__,
        started=datetime.now().astimezone(),
        arguments=tuple(known.get("arguments", ("framesift",))),
    )
