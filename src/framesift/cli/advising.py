"""What the linter has against labels, in a few lines, where they are about to be used."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from framesift.cli.console import plural
from framesift.cli.options import printable
from framesift.heads.lint import lint_classifier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.heads.classifiers import ClassifierDefinition
    from framesift.heads.lint import Finding

__all__ = ["advise"]

_LINES = 5


def advise(
    definition: ClassifierDefinition, file: Path | None, labels: str | None, console: Console
) -> None:
    """Say once what will hardly work: a line for each kind of mistake, and where to read more.

    Words alone are looked at, so it takes no model. What could merely be better is left to
    ``framesift classifier lint``.

    Args:
        definition: The classifier.
        file: It was read from; ``None`` for plain labels.
        labels: The plain labels.
        console: Says it, unless quiet; then nothing is looked at.
    """
    if console.quiet:
        return
    findings: dict[str, list[Finding]] = {}
    for one in sorted(lint_classifier(definition), key=lambda one: one.severity != "error"):
        if one.severity != "note":
            findings.setdefault(one.code, []).append(one)
    if not findings:
        return
    kinds = list(findings.values())
    for of_kind in kinds[:_LINES]:
        console.notice(printable(_line(of_kind)))
    more = len(kinds) - _LINES
    rest = f"{plural(more, 'more kind')} of trouble, and " if more > 0 else ""
    what = str(file) if file is not None else f"--labels {shlex.quote(labels or '')}"
    if len(what) > 200:
        what = "--labels ..."
    console.notice(printable(f"{rest}reasons: framesift classifier lint {what}"))


def _line(findings: Sequence[Finding]) -> str:
    first = findings[0]
    others = len(dict.fromkeys(one.label or one.prompt for one in findings)) - 1
    more = f" and {others} more" if others > 0 else ""
    # Of the whole, advice is a sentence by itself; of a prompt, another wording.
    better = first.better if first.place == "labels" else f"better: {first.better}"
    return f"{_shown(first)}{more}: {first.brief}{f'; {better}' if first.better else ''}"


def _shown(one: Finding) -> str:
    """Return the label, and the prompt where the label is not a part of it."""
    if not one.label:
        return f'"{one.prompt}"'
    hidden = one.prompt and one.label.casefold() not in one.prompt.casefold()
    return f'"{one.label}" ("{one.prompt}")' if hidden else f'"{one.label}"'
