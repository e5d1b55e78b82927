"""From a table of ratings and a folder to embedded pictures with their ratings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.cli.labelled import Labelled, Labels
    from framesift.cli.workbench import Workbench
    from framesift.heads.training.examples import Examples, Targets
    from framesift.heads.training.results import RowProblem
    from framesift.reports.parts import PageFacts
    from framesift.types import Failure

__all__ = [
    "Rated",
    "Ratings",
    "embed_ratings",
    "facts_for_card",
    "page_facts",
    "read_table",
    "sha256_of",
    "tell_left_out",
]

_LISTED = 10


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """A table of ratings, read, with the files it names.

    Attributes:
        source: The table.
        images: The folder its names start from.
        targets: One rating of 0-10 for each picture that is there.
        files: The picture of each.
        problems: Rows and files that were left out, the first of them.
        problem_count: How many there were in all.
    """

    source: Path
    images: Path
    targets: Targets
    files: tuple[Path, ...]
    problems: tuple[RowProblem, ...] = ()
    problem_count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """Pictures that could be embedded, with their ratings.

    Attributes:
        examples: Their embeddings.
        targets: Their ratings, in the same order.
        files: Names in the table and files.
        failures: Pictures that could not be read.
    """

    examples: Examples
    targets: Targets
    files: Mapping[str, Path]
    failures: tuple[Failure, ...] = field(default=())


def read_table(ratings: Path, console: Console, choices: Mapping[str, Any]) -> Ratings:
    """Read a table of ratings and find the files it names.

    Args:
        ratings: The table.
        console: Where stages are named.
        choices: The options ``images``, ``columns`` and ``scale`` as parsed.

    Raises:
        ConfigError: The table cannot be read, or nothing in it can be used.
    """
    from framesift.heads.training import align_ratings, locate, read_ratings

    images = choices["images"] or ratings.parent
    console.say(f"framesift: reading {ratings}")
    table = read_ratings(ratings, columns=choices["columns"] or {})
    found, files = locate(table, images=images)
    scale = choices["scale"]
    if scale is None and _of_rate(ratings, choices["columns"] or {}):
        console.say("framesift: the scale is 0-10, since this table is of `framesift rate`")
        scale = (0.0, 10.0)
    targets = align_ratings(found, scale=scale)
    return Ratings(ratings, images, targets, files, found.problems, found.problem_count)


def _of_rate(ratings: Path, columns: Mapping[str, str]) -> bool:
    """Tell whether `framesift rate` wrote a table that has been read, by its header."""
    from framesift.web.ratings import COLUMNS

    with ratings.open("rb") as stream:
        header = stream.readline(200).decode("utf-8-sig", "replace")
    return "rating" not in columns and header.strip() == ",".join(COLUMNS)


def embed_ratings(ratings: Ratings, bench: Workbench) -> Rated:
    """Embed the pictures of a table.

    Raises:
        Stop: Not one of them could be read, or the user interrupted.
    """
    examples, rows, failures = bench.examples(ratings.source, ratings.files, ratings.targets.paths)
    files = {name: ratings.files[row] for name, row in zip(examples.names, rows, strict=True)}
    return Rated(examples, ratings.targets.take(rows), files, failures)


def tell_left_out(console: Console, source: Ratings | Labels, failures: Sequence[Failure]) -> int:
    """Name the first pictures and rows that could not be used, and say how many there were.

    Returns:
        How many there were.
    """
    lines = [
        ": ".join(filter(None, (f"line {one.row}" if one.row else "", one.path, one.reason)))
        for one in source.problems
    ]
    lines += [failure.error.message for failure in failures]
    for line in lines[:_LISTED]:
        console.say(f"framesift: left out: {line}")
    count = source.problem_count + len(failures)
    if count > _LISTED:
        console.say(f"framesift: left out: and {count - _LISTED:,} more")
    return count


def page_facts(
    source: Ratings | Labels,
    rated: Rated | Labelled,
    bench: Workbench,
    *,
    names: Iterable[str],
    head: Path | None,
) -> PageFacts:
    """Put together what a page says beside the results, with thumbnails of the pictures named."""
    from framesift.reports.parts import PageFacts

    wanted = {name: rated.files[name] for name in dict.fromkeys(names)}
    return PageFacts(
        header=bench.header(),
        source=str(source.source),
        images=str(source.images),
        head="" if head is None else str(head),
        thumbnails=bench.thumbnails(wanted),
        failures=rated.failures,
        problems=source.problems,
        problem_count=source.problem_count,
    )


def facts_for_card(
    source: Path, examples: Examples, values: Sequence[object], bench: Workbench
) -> dict[str, str]:
    """Return what a head's card says of its making, beside what training adds itself.

    Args:
        source: The table, or the folder of labels.
        examples: The pictures.
        values: Their ratings or labels.
        bench: The model.
    """
    from framesift import __version__
    from framesift.heads.base import expert_facts

    lines = sorted(f"{sha} {value}" for sha, value in zip(examples.sha256, values, strict=True))
    facts = {
        "framesift": __version__,
        "source": source.name,
        "data_sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "fingerprint": bench.gatherer.embedder.fingerprint,
        "precision": bench.gatherer.embedder.precision,
        **expert_facts({one.name: one.fingerprint for one in bench.gatherer.experts}),
    }
    if source.is_file():
        facts["source_sha256"] = sha256_of(source)
    return facts


def sha256_of(path: Path) -> str:
    """Hash a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
