"""``framesift audit bias``: what groups of people get from a classifier, a policy, any system."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from framesift.cli.bias_subjects import Answered, Asked
    from framesift.cli.console import Console
    from framesift.cli.faces import Faces
    from framesift.heads.classifiers import ClassifierDefinition, Label
    from framesift.reports.bias_report import BiasReport
    from framesift.settings import Settings
    from framesift.verdicts.audit_results import Answers
    from framesift.verdicts.presets import Preset, Published

__all__ = ["bias"]

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


@click.command(short_help="Compare what groups of people get, with intervals.")
@click.argument("what", nargs=-1, required=True, metavar="[CLASSIFIER|POLICY] FACES")
@click.option(
    "--groups",
    metavar="COLUMN,...",
    help="Columns of FACES that say who is shown.  [default: those with 2 to 30 different words]",
)
@click.option(
    "--truth",
    metavar="COLUMN",
    help="A column with the right label (for a policy: `benign`, or anything else for harmful); "
    "wrong answers are then compared too.",
)
@learning.IMAGES
@click.option(
    "--preset",
    type=click.Choice(["fairface"]),
    help="Instead of CLASSIFIER: the label test of the CLIP paper, beside its published figures. "
    "Its labels exist to measure harm only.",
)
@click.option(
    "--answers",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Instead of CLASSIFIER: what any system said, as .jsonl or .csv with path and label. No "
    "picture is opened.",
)
@click.option(
    "--egregious",
    multiple=True,
    metavar="[NAME=]LABEL,...",
    help="Labels that nobody should land in, taken together. May be given more than once.",
)
@click.option(
    "--add-label",
    multiple=True,
    metavar="LABEL[=PROMPT]",
    help="Show what one more label changes. May be given more than once.",
)
@click.option("--wordings", is_flag=True, help="Show what other wordings of the labels change.")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="`not found` is said only where no difference of this size can be hidden.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all shuffling."
)
@learning.REPORT
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write everything as JSON.",
)
@learning.FORMAT
@click.option(
    "--fail-on",
    type=click.Choice(["found"]),
    help="End with exit code 1 where a difference was found.",
)
@embedding_options
def bias(request: Request, what: tuple[str, ...], **choices: Any) -> int:
    """Compare what groups of people get from a CLASSIFIER or POLICY, on the pictures of FACES.

    FACES is a table (CSV) with a column `path` and columns that say who is shown, such as gender
    and ethnicity, as people themselves or their annotators said. Groups are never read off a
    picture, nobody is identified, and no answer for a single picture is shown. Add `--no-cache` to
    keep no embedding of a face either.

    Every difference comes with an interval and is tested, all tests corrected together. The
    verdict is `found`, `not found` or `too few to tell`; it is never "fair".

    Exit codes: 0 done, 1 something was found and --fail-on asks for it, 2 wrong usage, 3 done but
    some pictures or rows could not be used, 130 interrupted.
    """
    subject, table = _arguments(what, choices)
    _refuse(choices, subject)
    from framesift.cli.faces import choose_groups, column_named, read_faces
    from framesift.cli.workbench import workplace

    with workplace(request) as (settings, console):
        faces = read_faces(table, choices["images"], files=choices["answers"] is None)
        truth = choices["truth"] and column_named(choices["truth"], faces, "--truth")
        wanted = learning_list(choices["groups"])
        columns = choose_groups(faces, wanted, truth)
        if not wanted:
            console.say(f"framesift: groups are {', '.join(columns)}; --groups names others")
        if settings.cache and choices["answers"] is None:
            console.notice("embeddings of these pictures are cached; --no-cache keeps none")
        preset = _preset(choices, console)
        answered = _ask((request, settings, console), subject, faces, preset, choices)
        report = _report(faces, columns, truth or "", answered, (preset, choices))
        _write(report, choices, console)
        left_out = _tell(report.left_out, console)
    _print(report, choices)
    if choices["fail_on"] and report.audit.finding == "found":
        return CROSSED
    return FAILED_ITEMS if left_out else DONE


def learning_list(text: str | None) -> list[str] | None:
    """Read ``gender,ethnicity``."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _arguments(what: Sequence[str], choices: Mapping[str, Any]) -> tuple[Path | None, Path]:
    """Tell the classifier or policy from the table.

    Raises:
        click.UsageError: There are too few or too many.
    """
    instead = [name for name in ("preset", "answers") if choices[name]]
    wanted = 1 if instead else 2
    if len(what) != wanted:
        message = (
            f"--{instead[0]} stands for the classifier; name FACES alone"
            if instead
            else "name a classifier or a policy, and then the table of pictures: framesift audit "
            "bias pets.toml faces.csv"
        )
        raise click.UsageError(message)
    subject = None if instead else Path(what[0])
    for path in (subject, Path(what[-1])):
        if path is not None and not path.is_file():
            message = f"{path}: there is no such file"
            raise click.UsageError(message)
    return subject, Path(what[-1])


def _refuse(choices: Mapping[str, Any], subject: Path | None) -> None:
    """Stop before any work where options do not go together, or outputs could not be written.

    Raises:
        click.UsageError: They do not.
    """
    from framesift.cli.evaluate_policy import refuse_report

    tried = [name for name in ("add_label", "wordings") if choices[name]]
    policy = subject is not None and _is_policy(subject)
    if tried and (choices["answers"] or policy):
        what = "a policy" if policy else "answers that are there already"
        message = f"--{tried[0].replace('_', '-')} goes with a classifier, not with {what}"
        raise click.UsageError(message)
    if policy and choices["egregious"]:
        message = "--egregious goes with labels; of a policy, what it flags is looked at"
        raise click.UsageError(message)
    refuse_report(choices["report"])
    out = choices["out"]
    if out is not None and not out.parent.is_dir():
        message = f"--out: the folder {out.parent} is not there; make it, or name another file"
        raise click.UsageError(message)


def _is_policy(file: Path) -> bool:
    """Tell a policy from a classifier: it has categories where the other has labels."""
    import tomllib

    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return "label" not in values and "categories" in values


def _preset(choices: Mapping[str, Any], console: Console) -> Preset | None:
    if not choices["preset"]:
        return None
    from framesift.verdicts.presets import load_preset

    preset = load_preset(choices["preset"])
    console.warn(preset.warning)
    return preset


def _ask(
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
    if subject is not None and _is_policy(subject):
        return ask_policy(request, subject, faces)
    if preset is not None:
        definition = preset.definition
    else:
        assert subject is not None
        definition = read_classifier(subject)
    asked = _asked(definition, preset, choices)
    with open_workbench(settings, console, inputs=lambda _: (), progress=request.progress) as bench:
        answered = ask_classifier(definition, faces, asked, bench)
    return replace(answered, kind="preset") if preset is not None else answered


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


def _report(
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


def _tell(left_out: Sequence[tuple[str, str]], console: Console) -> int:
    shown = 10
    for path, reason in left_out[:shown]:
        console.say(f"framesift: left out: {path}: {reason.removeprefix(f'{path}: ')}")
    if len(left_out) > shown:
        console.say(f"framesift: left out: and {len(left_out) - shown:,} more")
    return len(left_out)


def _write(report: BiasReport, choices: Mapping[str, Any], console: Console) -> None:
    from framesift.cli.drawings import write_page

    if choices["report"]:
        from framesift.reports.bias_page import bias_page

        write_page(bias_page(report), choices["report"], console)
    if choices["out"]:
        from framesift.reports.bias_report import bias_json

        text = json.dumps(bias_json(report), indent=1, allow_nan=False, ensure_ascii=False)
        write_page(text + "\n", choices["out"], console)


def _print(report: BiasReport, choices: Mapping[str, Any]) -> None:
    if choices["format_"] == "json":
        from framesift.reports.bias_report import bias_json

        click.echo(json.dumps(bias_json(report), allow_nan=False))
        return
    from framesift.cli.bias_text import bias_text

    for note in (*report.notes, *report.audit.notes):
        click.echo(f"framesift: note: {note}", err=True)
    click.echo(bias_text(report))
