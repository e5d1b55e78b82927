"""From files to embeddings in memory, to train or evaluate a head: failures are values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from framesift.engine.local import run_many
from framesift.media import Source
from framesift.media.taken import taken_s
from framesift.types import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from framesift.pipeline import Gatherer
    from framesift.types import Embeddings

__all__ = ["Gathered", "gather", "thumbnails"]


@dataclass(slots=True, eq=False)
class Gathered:
    """What came of N files, of which M could be embedded.

    Attributes:
        rows: Of each of the M, its index among the files.
        embeddings: M embeddings; a still has one row, a video one per frame.
        sha256: M hashes of the contents.
        times: M moments in seconds at which the pictures were taken, NaN where unknown.
        failures: The N - M that could not be read, under the names of the files.
        partial: Files of which only a part could be read; they count among the M.
    """

    rows: list[int] = field(default_factory=list)
    embeddings: list[Embeddings] = field(default_factory=list)
    sha256: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)


def gather(
    gatherer: Gatherer,
    files: Sequence[Path],
    *,
    workers: int | None = None,
    batch_size: int | None = None,
    advance: Callable[[], None] | None = None,
) -> Gathered:
    """Embed files and keep what they give, in their order.

    What was embedded is in the gatherer's cache as soon as it is done, so a run that is
    interrupted can go on from there.

    Args:
        gatherer: The model, the experts, the cache.
        files: The pictures and videos.
        workers: As for `run_many`.
        batch_size: As for `run_many`.
        advance: Called after each file.
    """
    made = Gathered()
    results = run_many(
        gatherer,
        (Source.from_path(path) for path in files),
        workers=workers,
        batch_size=batch_size,
    )
    for row, result in enumerate(results):
        if isinstance(result, Failure):
            made.failures.append(result)
        else:
            made.rows.append(row)
            made.embeddings.append(result.embeddings)
            made.sha256.append(result.info.sha256)
            still = result.info.kind == "image"
            made.times.append(taken_s(files[row]) if still else float("nan"))
            if result.error is not None:
                made.partial.append(result.info.path)
        if advance is not None:
            advance()
    return made


def thumbnails(
    gatherer: Gatherer, files: Mapping[str, Path], *, side_px: int = 256
) -> dict[str, bytes]:
    """Make small JPEGs of some files that were gathered before.

    Args:
        gatherer: As it was used to gather: what its cache has is not made again.
        files: Names and files.
        side_px: Longer side.

    Returns:
        A JPEG for each name whose file could be read.
    """
    reading = replace(gatherer.reading, thumbnail_px=side_px)
    sources = [Source.from_path(path) for path in files.values()]
    found = {}
    for name, result in zip(
        files, run_many(replace(gatherer, reading=reading), sources), strict=True
    ):
        if not isinstance(result, Failure) and result.thumbnail:
            found[name] = result.thumbnail
    return found
