"""Labelled pictures for a classifier: folders named after its labels, and one called none."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from framesift.cli.classifying import with_model_of
from framesift.cli.guarding import guard_classifier
from framesift.cli.labelled import embed_folders, read_folders
from framesift.cli.rated import tell_left_out
from framesift.cli.workbench import open_workbench, workplace
from framesift.errors import ConfigError
from framesift.heads.classifiers import NONE, is_none_name, load_classifier
from framesift.heads.classifiers.choosing import is_trained
from framesift.heads.store import read_card

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from framesift.cli.labelled import Labelled, Labels
    from framesift.cli.options import Request
    from framesift.cli.workbench import Workbench
    from framesift.heads.base import Head
    from framesift.heads.classifiers import AnswerRule
    from framesift.heads.training.examples import Examples

__all__ = ["Exam", "open_exam", "truth_of"]

_LISTED = 5


@dataclass(frozen=True, eq=False)
class Exam:
    """A classifier and labelled pictures that it can be held against.

    Attributes:
        head: The classifier.
        rule: How it answers.
        examples: N embedded pictures.
        truth: Their labels.
        table: The folders.
        labelled: All pictures that could be embedded, those of other folders too.
        bench: Where the work is done.
        left_out: Whether anything could not be used.
    """

    head: Head
    rule: AnswerRule
    examples: Examples
    truth: tuple[frozenset[str], ...]
    table: Labels
    labelled: Labelled
    bench: Workbench
    left_out: bool


@contextlib.contextmanager
def open_exam(request: Request, file: Path, folder: Path) -> Iterator[Exam]:
    """Load a classifier, embed the pictures of a folder of folders, and match their names.

    Raises:
        FramesiftError: The classifier, the model or the folder cannot be used.
        Stop: Not one picture could be read, or the user interrupted.
    """
    with workplace(request) as (settings, console):
        settings = with_model_of(file, settings, console)
        command = f"framesift classifier {click.get_current_context().info_name}"
        guard_classifier(file, None, settings, command=command, console=console)
        inputs = read_card(file).inputs if is_trained(file) else ()
        table = read_folders(folder, settings)
        with open_workbench(
            settings, console, inputs=lambda _embedder: inputs, progress=request.progress
        ) as bench:
            head, rule = load_classifier(file, bench.gatherer.embedder)
            told = getattr(head, "notice", None)
            if told:
                console.warn(told)
            truth_of(sorted(set(table.labels)), rule, folder)
            labelled = embed_folders(table, bench)
            found = truth_of(labelled.labels, rule, folder)
            rows, truth = _merged(labelled.examples, found, rule.mode == "many")
            others = Counter(
                name for name, one in zip(labelled.labels, found, strict=True) if one is None
            )
            if others:
                console.warn(_other_folders(others, rule))
            left = tell_left_out(console, table, labelled.failures)
            yield Exam(
                head,
                rule,
                labelled.examples.take(rows),
                truth,
                table,
                labelled,
                bench,
                bool(left),
            )


def truth_of(folders: Sequence[str], rule: AnswerRule, source: Path) -> list[frozenset[str] | None]:
    """Match names of folders with labels; ``None`` where a folder is none of them.

    Case, blanks and underscores do not matter; ``none``, ``_none``, ``other`` and the like mean
    none of the labels; in mode ``many`` ``dog+cat`` means both.

    Raises:
        ConfigError: Not one folder is a label.
    """
    place = {_plain(name): name for name in rule.labels}
    none_counts = rule.mode == "many" or NONE in rule.names

    def one(name: str) -> frozenset[str] | None:
        if _plain(name) in place:
            return frozenset([place[_plain(name)]])
        if is_none_name(name):
            none = frozenset() if rule.mode == "many" else frozenset([NONE])
            return none if none_counts else None
        parts = [_plain(part) for part in name.split("+")]
        if rule.mode == "many" and len(parts) > 1 and all(part in place for part in parts):
            return frozenset(place[part] for part in parts)
        return None

    known = {name: one(name) for name in set(folders)}
    if not any(known.values()):
        message = (
            f"its folders are called {', '.join(sorted(known)[:_LISTED])}; name them after the "
            f"labels {', '.join(rule.labels[:_LISTED])}, and one none for other pictures"
        )
        raise ConfigError(message, source=str(source))
    return [known[name] for name in folders]


def _merged(
    examples: Examples,
    found: Sequence[frozenset[str] | None],
    many: bool,  # noqa: FBT001
) -> tuple[list[int], tuple[frozenset[str], ...]]:
    """Leave out what has no label; where labels are independent, copies have all their labels.

    The same picture in two folders has both labels in mode ``many``.
    """
    rows = [row for row, one in enumerate(found) if one is not None]
    if not many:
        return rows, tuple(found[row] or frozenset() for row in rows)
    by_content: dict[str, set[str]] = {}
    for row in rows:
        by_content.setdefault(examples.sha256[row], set()).update(found[row] or ())
    first = {examples.sha256[row]: row for row in reversed(rows)}
    kept = sorted(first.values())
    return kept, tuple(frozenset(by_content[examples.sha256[row]]) for row in kept)


def _other_folders(others: Counter[str], rule: AnswerRule) -> str:
    listed = ", ".join(f"{name} ({count})" for name, count in others.most_common(_LISTED))
    none = [name for name in others if is_none_name(name)]
    if none and rule.mode == "one":
        why = "the classifier has no background, so none of these cannot win"
    else:
        why = f"the labels are {', '.join(rule.labels[:_LISTED])}"
    count = sum(others.values())
    return f"{count} pictures are left out, of folders that are no label: {listed}; {why}"


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
