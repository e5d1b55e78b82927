"""From folders named after labels to embedded pictures that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framesift.cli.drawings import draw, labelled_sheets
from framesift.cli.rated import page_facts
from framesift.errors import ConfigError
from framesift.media import ExpandOptions, Source, expand_sources
from framesift.media.sniff import COMPANION_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from framesift.cli.drawings import Drawn
    from framesift.cli.workbench import Workbench
    from framesift.heads.training.class_results import (
        ClassComparison,
        ClassifierEvaluation,
        ClassifierResult,
        ClassPrediction,
    )
    from framesift.heads.training.examples import Examples
    from framesift.heads.training.results import RowProblem
    from framesift.reports.parts import PageFacts
    from framesift.settings import Settings
    from framesift.types import Failure

__all__ = [
    "Labelled",
    "Labels",
    "draw_classifier",
    "draw_evaluation",
    "embed_folders",
    "read_folders",
]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Pictures in folders.

    Attributes:
        source: The folder of the folders.
        images: The same folder.
        files: Every picture.
        labels: Its label, the name of the sub-folder it is in.
        problems: What was left out, the first of them.
        problem_count: How many there were in all.
    """

    source: Path
    images: Path
    files: tuple[Path, ...]
    labels: tuple[str, ...]
    problems: tuple[RowProblem, ...] = ()
    problem_count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Pictures that could be embedded, with their labels.

    Attributes:
        examples: Their embeddings.
        labels: Their labels, in the same order.
        files: Names below the folder and files.
        failures: Pictures that could not be read.
    """

    examples: Examples
    labels: tuple[str, ...]
    files: Mapping[str, Path]
    failures: tuple[Failure, ...] = field(default=())


def read_folders(folder: Path, settings: Settings) -> Labels:
    """Find the pictures of every sub-folder; what lies beside the sub-folders is left out.

    Raises:
        ConfigError: There are fewer than two sub-folders with pictures.
    """
    from framesift.heads.training.results import RowProblem

    files: list[Path] = []
    labels: list[str] = []
    problems: list[RowProblem] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") and not settings.hidden:
            continue
        if not entry.is_dir():
            if entry.suffix.lower() in COMPANION_SUFFIXES and not settings.all_files:
                continue
            reason = "lies beside the sub-folders, so it has no label"
            problems.append(RowProblem(0, entry.name, reason))
            continue
        for found in _pictures(entry, settings):
            if isinstance(found, str):
                problems.append(RowProblem(0, entry.name, found))
            else:
                files.append(found)
                labels.append(entry.name)
    if len(set(labels)) < 2:
        count = len(set(labels))
        message = (
            f"has {count or 'no'} sub-folder{'s' if count != 1 else ''} with pictures; make one "
            "for each label and put at least two labels side by side"
        )
        raise ConfigError(message, source=str(folder))
    return Labels(folder, folder, tuple(files), tuple(labels), tuple(problems), len(problems))


def embed_folders(table: Labels, bench: Workbench) -> Labelled:
    """Embed the pictures of every folder.

    Raises:
        Stop: Not one of them could be read, or the user interrupted.
    """
    names = [file.relative_to(table.source).as_posix() for file in table.files]
    examples, rows, failures = bench.examples(table.source, table.files, names)
    files = {name: table.files[row] for name, row in zip(examples.names, rows, strict=True)}
    return Labelled(examples, tuple(table.labels[row] for row in rows), files, failures)


def draw_classifier(
    result: ClassifierResult,
    data: tuple[Labels, Labelled],
    bench: Workbench,
    choices: Mapping[str, Any],
) -> None:
    """Write the page and the plots of a training run that were asked for."""

    def make() -> Drawn:
        from framesift.reports.classifier_page import classified_pictures, classifier_page
        from framesift.reports.figures import classifier_plots

        facts = _facts(result.predictions, data, bench, choices["out"])
        sheets = classified_pictures(result.predictions, facts.thumbnails)
        return (
            lambda: classifier_page(result, facts),
            lambda: [*classifier_plots(result), *labelled_sheets(*sheets)],
        )

    draw(choices, bench.console, make)


def draw_evaluation(
    evaluation: ClassifierEvaluation,
    comparison: ClassComparison | None,
    data: tuple[Labels, Labelled, Workbench],
    choices: Mapping[str, Any],
) -> None:
    """Write the page and the plots of an evaluation that were asked for."""
    table, labelled, bench = data

    def make() -> Drawn:
        from framesift.reports.classifier_page import classified_pictures, labels_page
        from framesift.reports.figures import classifier_plots

        facts = _facts(evaluation.predictions, (table, labelled), bench, None)
        sheets = classified_pictures(evaluation.predictions, facts.thumbnails)
        return (
            lambda: labels_page(evaluation, facts, comparison),
            lambda: [*classifier_plots(evaluation), *labelled_sheets(*sheets)],
        )

    draw(choices, bench.console, make)


def _facts(
    predictions: Sequence[ClassPrediction],
    data: tuple[Labels, Labelled],
    bench: Workbench,
    head: Path | None,
) -> PageFacts:
    from framesift.reports.classifier_page import classified_pictures

    names = [one.name for sheet in classified_pictures(predictions, {}) for one in sheet]
    return page_facts(*data, bench, names=names, head=head)


def _pictures(folder: Path, settings: Settings) -> Iterator[Path | str]:
    """Yield the pictures below a folder, or a sentence for what cannot be looked at."""
    options = ExpandOptions(hidden=settings.hidden, all_files=settings.all_files)
    for found in expand_sources([str(folder)], options=options):
        if isinstance(found, Source) and found.path is not None:
            yield found.path
        elif not isinstance(found, Source):
            yield found.error.message
