"""``framesift evaluate policy.toml``: a whole policy on labelled pictures and texts."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from framesift.cli.console import plural
from framesift.cli.exits import DONE, FAILED_ITEMS, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.cli.examples import Example, Examples
    from framesift.cli.judged import Judged
    from framesift.cli.options import Request
    from framesift.cli.session import Session
    from framesift.media.captions import Captions
    from framesift.policies import Policy
    from framesift.policies.measure import Outcome, PolicyFigures
    from framesift.reports.parts import Picture
    from framesift.settings import Settings
    from framesift.types import LabelScore

__all__ = ["evaluate_policy", "refuse_report"]

_SHOWN = 24
_EXCERPT = 240
_OF_HEADS = ("against", "images", "columns", "scale", "plots")


def evaluate_policy(
    request: Request, file: Path, labelled: Path, choices: Mapping[str, Any]
) -> int:
    """Measure a policy on labelled examples, print the figures and write the page.

    Args:
        request: What the user asked.
        file: The policy.
        labelled: As for ``framesift policy calibrate``.
        choices: The options of the command; those that are about heads are refused.

    Returns:
        The exit code.

    Raises:
        Stop: No example could be judged.
        click.UsageError: An option does not go with a policy.
    """
    for name in _OF_HEADS:
        if choices.get(name):
            message = f"--{name} is about heads, and {file} is a policy"
            raise click.UsageError(message)
    refuse_report(choices["report"])
    from framesift.cli.examples import read_examples
    from framesift.cli.judged import Judge, alike
    from framesift.cli.workbench import workplace
    from framesift.policies import Policy
    from framesift.policies.measure import Outcome, measure_policy

    policy = Policy.load(file)
    with workplace(request) as (settings, console):
        examples = read_examples(labelled, list(policy.rules), settings)
        with _session(request, file, examples.items) as session:
            analyzer = None if session is None else session.analyzer
            judged = Judge(
                policy,
                analyzer,
                settings,
                console,
                request.progress,
                _captions(settings),
                _SHOWN if choices["report"] else 0,
            ).judge(examples.items)
        groups = alike(judged)
        outcomes = [
            Outcome(one.example.labels, one.verdict, _medium(one), group)
            for one, group in zip(judged, groups, strict=True)
            if one.verdict is not None
        ]
        failures = [one.failure for one in judged if one.failure is not None]
        if not outcomes:
            message = f"{labelled}: no example could be judged; the first: {failures[0].error}"
            raise Stop(message)
        figures = measure_policy(outcomes, list(policy.rules))
        note = _partly_labelled(policy, outcomes)
        if note:
            console.notice(note)
        if choices["report"]:
            page = (examples, judged, session, note)
            _write(policy, figures, page, choices["report"], console)
        left_out = examples.tell_left_out(console, failures)
    _print(policy, figures, as_json=choices["format_"] == "json")
    return FAILED_ITEMS if left_out else DONE


@contextlib.contextmanager
def _session(request: Request, file: Path, items: Sequence[Example]) -> Iterator[Session | None]:
    """Load the model where there are pictures to look at."""
    if all(item.path is None for item in items):
        yield None
        return
    from framesift.cli.session import open_session
    from framesift.heads.choose import NO_QUALITY

    asked = replace(request, options={**request.options, "policy": file})
    with open_session(asked, thumbnails=True, quality=NO_QUALITY) as session:
        yield session


def refuse_report(out: Path | None) -> None:
    """Refuse a page that could not be written before an hour is spent on it.

    Raises:
        Stop: Its folder is not there, or its name promises another format.
    """
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        message = f"{out}: the report is a page; give it a name that ends in .html"
        raise Stop(message)
    if out is not None and not out.parent.is_dir():
        message = f"{out}: the folder {out.parent} is not there; make it, or name another file"
        raise Stop(message)


def _captions(settings: Settings) -> Captions:
    """Look for captions beside pictures, as a scan does, unless the settings forbid it."""
    from framesift.media.captions import Captions

    if settings.captions == "none":
        return Captions()
    encoding = None if settings.caption_encoding == "auto" else settings.caption_encoding
    return Captions.from_sidecars(encoding=encoding)


def _partly_labelled(policy: Policy, outcomes: Sequence[Outcome]) -> str:
    """Say how many examples pass for benign because nobody looked for the other categories."""
    judged = policy.categories.items()
    partly = sum(
        any(one.medium in kind.applies_to and name not in one.labels for name, kind in judged)
        for one in outcomes
        if not one.harmful
    )
    if not partly:
        return ""
    return (
        "counted as benign, but labelled for some of the policy's categories only: "
        f"{plural(partly, 'example')}; what is found of the others there counts as a false alarm"
    )


def _medium(judged: Judged) -> str:
    return "text" if judged.example.path is None else "image"


def _print(policy: Policy, figures: PolicyFigures, *, as_json: bool) -> None:
    if as_json:
        found = asdict(figures)
        for table in (found, *found["categories"]):
            confusion = table["confusion"]
            table["confusion"] = {"harmful": confusion[True], "benign": confusion[False]}
        click.echo(json.dumps(_plain({"policy": policy.label, **found}), indent=2))
        return
    from framesift.reports.policy_page import percent

    click.echo(policy.label)
    for harmful, word in ((True, "harmful"), (False, "benign")):
        row = figures.confusion[harmful]
        told = ", ".join(f"{count:,} {action}" for action, count in row.items())
        click.echo(f"{word:<8} {told}")
    click.echo(f"caught   {percent(figures.caught)} of the harmful")
    click.echo(f"flagged  {percent(figures.disturbed)} of the benign")
    click.echo(f"blocked  {percent(figures.blocked)} of the benign")
    for one in figures.categories:
        click.echo("")
        click.echo(
            f"{one.category} ({one.medium}): {one.positives:,} of it, {one.negatives:,} others"
        )
        for name, rate in (
            ("precision", one.precision), ("recall", one.recall), ("fpr", one.fpr)
        ):  # fmt: skip
            click.echo(f"  {name:<10} {percent(rate)}")
        for name, value in (("f1", one.f1), ("auroc", one.auroc), ("ece", one.ece)):
            click.echo(f"  {name:<10} {'-' if math.isnan(value) else f'{value:.3f}'}")


def _plain(value: Any) -> Any:
    """Return the same with NaN as null, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _write(
    policy: Policy,
    figures: PolicyFigures,
    data: tuple[Examples, Sequence[Judged], Session | None, str],
    out: Path,
    console: Console,
) -> None:
    from framesift import __version__
    from framesift.cli.drawings import write_page
    from framesift.reports import ReportHeader
    from framesift.reports.parts import PageFacts
    from framesift.reports.policy_page import policy_page

    examples, judged, session, note = data
    notices = ["" if session is None else session.notice or "", note]
    known = click.get_current_context().find_root().obj or {}
    header = ReportHeader(
        version=__version__,
        model=None if session is None else session.analyzer.model,
        policy=policy.label,
        started=datetime.now().astimezone(),
        arguments=tuple(known.get("arguments", ("framesift",))),
        notice=". ".join(filter(None, notices)) or None,
    )
    facts = PageFacts(
        header=header,
        source=str(examples.source),
        failures=[one.failure for one in judged if one.failure is not None],
        problems=examples.problems,
        problem_count=len(examples.problems),
    )
    write_page(policy_page(policy.label, figures, facts, _misses(judged)), out, console)


def _misses(judged: Sequence[Judged]) -> tuple[list[Picture], list[Picture]]:
    """Return what was missed and what was flagged for nothing, worst first."""
    from framesift.cli.judged import fault

    found: dict[str, list[tuple[float, Judged]]] = {"missed": [], "disturbed": []}
    for one in judged:
        wrong = fault(one)
        if wrong is not None:
            found[wrong[0]].append((wrong[1], one))
    return tuple(  # type: ignore[return-value]
        [_picture(one) for _, one in sorted(rows, key=lambda pair: pair[0])[:_SHOWN]]
        for rows in found.values()
    )


def _picture(judged: Judged) -> Picture:
    from framesift.media import blurred
    from framesift.reports.parts import Picture

    verdict = judged.verdict
    assert verdict is not None
    actual = ", ".join(name for name, yes in judged.example.labels.items() if yes) or "benign"
    found = [label for label in verdict.labels if label.flagged or judged.example.harmful]
    found.sort(key=lambda label: (label.flagged, label.score), reverse=True)
    return Picture(
        judged.example.name,
        actual,
        verdict.action,
        far=True,
        note="; ".join(_told(label) for label in found[:2]),
        thumbnail=blurred(judged.thumbnail) if judged.thumbnail else None,
        excerpt="" if judged.example.path else _excerpt(judged.example.text or ""),
    )


def _excerpt(text: str) -> str:
    """Return how a text begins, in one line: what people need to see why it was missed."""
    begins = " ".join(text[: 4 * _EXCERPT].split())
    return begins if len(begins) <= _EXCERPT else begins[: _EXCERPT - 1] + "…"


def _told(label: LabelScore) -> str:
    from framesift.reports.words import title

    words = label.evidence.words or label.evidence.prompt
    return f"{title(label.name)} {label.score:.2f}" + (f" ({words[:60]})" if words else "")
