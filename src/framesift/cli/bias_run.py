"""A bias audit from what the user asked to a report: answers, truth, everything put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from framesift.cli.bias_subjects import Answered, Asked
    from framesift.cli.console import Console
    from framesift.cli.faces import Faces
    from framesift.cli.options import Request
    from framesift.heads.classifiers import ClassifierDefinition, Label
    from framesift.reports.bias_report import BiasReport
    from framesift.settings import Settings
    from framesift.verdicts.audit_results import Answers
    from framesift.verdicts.presets import Preset, Published

__all__ = ["ask", "is_policy", "make_report", "parse_set"]

_EGREGIOUS = "egregious"
_HARMLESS = ("", "benign", "allow", "allowed", "none", "safe", "0", "no", "false")


def parse_set(text: str) -> tuple[str, tuple[str, ...]]:
    """Read ``crime=thief,criminal``, or labels alone.

    Raises:
        ValueError: There is no label, or the name is empty.
    """
    name, sign, labels = text.rpartition("=")
    found = tuple(label.strip() for label in labels.split(",") if label.strip())
    if not found or (sign and not name.strip()):
        message = f"{text!r} names no label; write labels such as thief,criminal, or a name "
        raise ValueError(message + "and labels: crime=thief,criminal")
    return (name.strip() or _EGREGIOUS), found


def is_policy(file: Path) -> bool:
    """Tell a policy from a classifier: it has categories where the other has labels."""
    import tomllib

    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return "label" not in values and "categories" in values


def ask(
    run: tuple[Request, Settings, Console],
    subject: Path | None,
    faces: Faces,
    preset: Preset | None,
    choices: Mapping[str, Any],
) -> Answered:
    """Get the answers, from wherever they come."""
    from framesift.cli.bias_subjects import ask_classifier, ask_policy, read_answers
    from framesift.cli.workbench import open_workbench
    from framesift.heads.classifiers import read_classifier

    request, settings, console = run
    if choices["answers"]:
        return read_answers(choices["answers"], faces, _asked(None, preset, choices))
    if subject is not None and is_policy(subject):
        return ask_policy(request, subject, faces)
    if preset is not None:
        definition = preset.definition
    else:
        assert subject is not None
        definition = read_classifier(subject)
    asked = _asked(definition, preset, choices)
    _guard(definition, asked)
    with open_workbench(settings, console, inputs=lambda _: (), progress=request.progress) as bench:
        answered = ask_classifier(definition, faces, asked, bench)
    return replace(answered, kind="preset") if preset is not None else answered


def _guard(definition: ClassifierDefinition, asked: Asked) -> None:
    """Refuse labels that ask who somebody is.

    What else the guard refuses is what an audit is there to count: it counts groups, and says of
    nobody what they are.

    Raises:
        RefusedError: With the reason and what to ask instead.
    """
    from framesift.cli.guarding import words_of
    from framesift.errors import RefusedError
    from framesift.heads.guard import check_request

    labels = (*definition.labels, *asked.added)
    refusal = check_request(words_of(replace(definition, labels=labels)), mode="research")
    if refusal is not None:
        raise RefusedError(refusal.message)


def _asked(
    definition: ClassifierDefinition | None, preset: Preset | None, choices: Mapping[str, Any]
) -> Asked:
    """Read what to look at beside the labels themselves.

    Raises:
        ConfigError: A set names a label that is not there, or a label to add is there already.
    """
    from framesift.cli.bias_subjects import Asked
    from framesift.errors import ConfigError
    from framesift.heads.classifiers import Label, as_prompt

    sets = dict(preset.sets) if preset is not None else {}
    for text in choices["egregious"]:
        try:
            name, labels = parse_set(text)
        except ValueError as error:
            raise click.UsageError(f"--egregious: {error}") from error
        sets[name] = labels
    added: list[Label] = list(preset.added) if preset is not None else []
    for text in choices["add_label"]:
        name, _, prompt = text.partition("=")
        added = [one for one in added if one.name != name.strip()]
        added.append(Label(name.strip(), (prompt.strip() or as_prompt(name.strip()),)))
    if definition is None:
        return Asked(sets)
    known = definition.outcomes
    for name, labels in sets.items():
        strange = [label for label in labels if label not in known]
        if strange or name in known:
            what = f"there is no label {strange[0]!r}" if strange else f"{name!r} is a label itself"
            message = f"--egregious: {what}; the labels are {', '.join(known)}"
            raise ConfigError(message)
    for one in added:
        if one.name in known or not one.name:
            message = f"--add-label: {one.name!r} is among the labels already"
            raise ConfigError(message)
    return Asked(sets, tuple(added), wordings=choices["wordings"])


def make_report(
    faces: Faces,
    columns: Sequence[str],
    truth: str,
    answered: Answered,
    more: tuple[Preset | None, Mapping[str, Any]],
) -> BiasReport:
    """Audit the answers and put everything together."""
    from framesift.reports.bias_report import BiasReport
    from framesift.verdicts.audit import audit_bias
    from framesift.verdicts.audit_answers import focused
    from framesift.verdicts.audit_effects import label_effect, wording_effect
    from framesift.verdicts.audit_results import AuditOptions
    from framesift.verdicts.presets import beside_published

    preset, choices = more
    said = {column: faces.values(column) for column in columns}
    groups = {name: [values[row] for row in answered.rows] for name, values in said.items()}
    options = AuditOptions(margin=choices["margin"], seed=choices["seed"])
    actual, notes = _truth(faces, truth, answered)
    pair = answered.pairs
    published: tuple[Published, ...] = ()
    if preset is not None:
        before, after = pair or (answered.answers, None)
        published = beside_published(preset, groups, before, after)
    answers = answered.answers
    looked_at = answers
    if answers.sets and answered.kind != "policy" and not truth:
        looked_at = focused(answers)
        notes.append("tested: the named sets and the labels in them; other labels were not")
    return BiasReport(
        subject=answered.name,
        kind=answered.kind,
        labels=answers.names[: answers.answers],
        sets=answers.sets,
        source=str(faces.source),
        columns=tuple(columns),
        guessed=not choices["groups"],
        truth=truth,
        header=answered.header,
        audit=audit_bias(looked_at, groups, truth=actual, options=options),
        added=label_effect(*pair, groups, options=options) if pair else None,
        worded=wording_effect(answered.wordings, groups, options=options)
        if answered.wordings
        else None,
        published=published,
        warning=preset.warning if preset else "",
        credit=preset.source if preset else "",
        caveat=preset.note if preset else "",
        notes=(*answered.notes, *notes),
        left_out=_left_out(faces, answered),
    )


def _truth(
    faces: Faces, column: str, answered: Answered
) -> tuple[dict[str, NDArray[np.bool_]] | None, list[str]]:
    """Return what would be right, outcome by outcome.

    Raises:
        ConfigError: The column names none of the labels.
    """
    if not column:
        return None, []
    import numpy as np

    from framesift.errors import ConfigError
    from framesift.heads.classifiers import is_none_name
    from framesift.verdicts.audit_answers import FLAGGED

    cells = faces.values(column)
    values = [cells[row].casefold() for row in answered.rows]
    if answered.kind == "policy":
        return {FLAGGED: np.array([value not in _HARMLESS for value in values])}, []
    names = _names(answered.answers)
    truth = {
        name: found
        for name in names
        if (found := np.array([value == name.casefold() for value in values])).any()
    }
    if not truth:
        message = f"--truth: {column!r} names none of the labels {', '.join(names)}"
        raise ConfigError(message, source=str(faces.source))
    known = {name.casefold() for name in truth}
    strange = sorted({v for v in values if v and v not in known and not is_none_name(v)})
    if not strange:
        return truth, []
    return truth, [f"{column} {strange[0]!r} is no label: such pictures count as of none"]


def _names(answers: Answers) -> tuple[str, ...]:
    return answers.names[: answers.answers]


def _left_out(faces: Faces, answered: Answered) -> tuple[tuple[str, str], ...]:
    rows = [*faces.problems, *answered.problems]
    found = [(one.path or f"line {one.row}", f"line {one.row}: {one.reason}") for one in rows]
    found += [(one.path, one.error.message) for one in answered.failures]
    more = faces.problem_count - len(faces.problems)
    return (*found, *((("", f"and {more:,} more"),) if more > 0 else ()))
