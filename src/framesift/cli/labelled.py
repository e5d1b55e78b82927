"""From folders named after labels to embedded pictures that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from framesift.cli.drawings import labelled_sheets, write_page, write_plots
from framesift.cli.exits import Stop
from framesift.cli.rated import page_facts
from framesift.errors import ConfigError
from framesift.media import ExpandOptions, Source, expand_sources
from framesift.media.sniff import COMPANION_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from framesift.cli.workbench import Workbench
    from framesift.heads.training.class_results import ClassifierResult
    from framesift.heads.training.examples import Examples
    from framesift.heads.training.results import RowProblem
    from framesift.settings import Settings
    from framesift.types import Failure

__all__ = ["Labelled", "Labels", "draw_classifier", "embed_folders", "read_folders"]


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
    from framesift.heads.training.examples import Examples

    gathered = bench.gather(table.files)
    if not gathered.rows:
        first = gathered.failures[0].error.message
        message = f"{table.source}: not one of its pictures could be read; the first: {first}"
        raise Stop(message)
    names = [table.files[row].relative_to(table.source).as_posix() for row in gathered.rows]
    examples = Examples.stack(
        gathered.embeddings,
        names=names,
        sha256=gathered.sha256,
        times=gathered.times,
        model=bench.model,
    )
    files = {name: table.files[row] for name, row in zip(names, gathered.rows, strict=True)}
    labels = tuple(table.labels[row] for row in gathered.rows)
    return Labelled(examples, labels, files, tuple(gathered.failures))


def draw_classifier(
    result: ClassifierResult,
    data: tuple[Labels, Labelled],
    bench: Workbench,
    choices: Mapping[str, Any],
) -> None:
    """Write the page and the plots that were asked for."""
    if not (choices["report"] or choices["plots"]):
        return
    from framesift.reports.classifier_page import classified_pictures, classifier_page
    from framesift.reports.figures import classifier_plots

    bench.console.say("framesift: drawing")
    names = [one.name for sheet in classified_pictures(result.predictions, {}) for one in sheet]
    facts = page_facts(*data, bench, names=names, head=choices["out"])
    if choices["report"]:
        write_page(classifier_page(result, facts), choices["report"], bench.console)
    if choices["plots"]:
        right, wrong = classified_pictures(result.predictions, facts.thumbnails)
        sheets = labelled_sheets(right, wrong)
        write_plots([*classifier_plots(result), *sheets], choices["plots"], bench.console)


def _pictures(folder: Path, settings: Settings) -> Iterator[Path | str]:
    """Yield the pictures below a folder, or a sentence for what cannot be looked at."""
    options = ExpandOptions(hidden=settings.hidden, all_files=settings.all_files)
    for found in expand_sources([str(folder)], options=options):
        if isinstance(found, Source) and found.path is not None:
            yield found.path
        elif not isinstance(found, Source):
            yield found.error.message
