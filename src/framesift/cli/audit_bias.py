"""``framesift audit bias``: what groups of people get from a classifier, a policy, any system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framesift.cli import learning
from framesift.cli.console import plural
from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS
from framesift.cli.options import Request, embedding_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.cli.console import Console
    from framesift.reports.bias_report import BiasReport
    from framesift.verdicts.presets import Preset

__all__ = ["bias"]


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
    picture, nobody is identified, and no answer is listed picture by picture. Add `--no-cache` to
    keep no embedding of a face either.

    Every difference comes with an interval and is tested, all tests corrected together. The
    verdict is `found`, `not found` or `too few to tell`; it is never "fair".

    Exit codes: 0 done, 1 something was found and --fail-on asks for it, 2 wrong usage, 3 done but
    some pictures or rows could not be used, 130 interrupted.
    """
    subject, table = _arguments(what, choices)
    _refuse(choices, subject)
    from framesift.cli.bias_run import ask, make_report
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
        answered = ask((request, settings, console), subject, faces, preset, choices)
        console.say(f"framesift: comparing groups of {plural(len(answered.rows), 'picture')}")
        report = make_report(faces, columns, truth or "", answered, (preset, choices))
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
    from framesift.cli.bias_run import is_policy
    from framesift.cli.evaluate_policy import refuse_report

    tried = [name for name in ("add_label", "wordings") if choices[name]]
    policy = subject is not None and is_policy(subject)
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


def _preset(choices: Mapping[str, Any], console: Console) -> Preset | None:
    if not choices["preset"]:
        return None
    from framesift.verdicts.presets import load_preset

    preset = load_preset(choices["preset"])
    console.warn(preset.warning)
    return preset


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
