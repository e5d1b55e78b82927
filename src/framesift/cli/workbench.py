"""Where `train` and `evaluate` work: a model, its experts and the cache, to embed files with."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click
import numpy as np

from framesift.cli.console import Console, Meter, plural
from framesift.cli.effective import effective_settings, using_cache_dir
from framesift.cli.exits import INTERRUPTED, Stop
from framesift.cli.sampling import sampler_of
from framesift.cli.session import limits_of, open_cache, open_embedder
from framesift.embeddings import EXPERTS
from framesift.engine.gather import Gathered, gather, thumbnails
from framesift.errors import ConfigError
from framesift.pipeline import Gatherer, Reading, experts_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from framesift.cli.options import Request
    from framesift.embeddings.base import Embedder
    from framesift.heads.training.examples import Examples
    from framesift.reports import ReportHeader
    from framesift.settings import Settings
    from framesift.types import Failure

__all__ = ["Workbench", "open_workbench", "workplace"]


@dataclass(frozen=True, eq=False)
class Workbench:
    """A model with its experts and the cache.

    Attributes:
        settings: The effective settings.
        gatherer: What embeds.
        console: Where notices go.
        notice: What reports must say of the model, such as that ``starter`` stood in.
        progress: Whether a progress bar may be shown.
    """

    settings: Settings
    gatherer: Gatherer
    console: Console
    notice: str | None
    progress: bool

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.gatherer.embedder.name

    def refuse_unknown(self, inputs: Iterable[str]) -> None:
        """Stop before any work where something that is to be learnt from is not there.

        Raises:
            ConfigError: Naming it and what there is.
        """
        embedder = self.gatherer.embedder
        made = embedder.to_embeddings(np.ones((1, embedder.width), dtype=np.float32))
        known = ["vectors", *made.extras, *(expert.name for expert in self.gatherer.experts)]
        for name in inputs:
            if name not in known:
                message = (
                    f"--inputs: {name!r} is nothing that {embedder.name} gives; there is "
                    f"{', '.join(known)}, and the experts {', '.join(EXPERTS)}"
                )
                raise ConfigError(message)

    def gather(self, files: Sequence[Path]) -> Gathered:
        """Embed files under a progress bar.

        Raises:
            Stop: Interrupted; what was embedded is in the cache.
        """
        self.console.say(f"framesift: embedding {plural(len(files), 'picture')} with {self.model}")
        done = 0
        meter = Meter(
            enabled=self.progress and not self.console.quiet,
            count=lambda: len(files),
            title="Embedding",
        )

        def advance() -> None:
            nonlocal done
            done += 1
            meter.advance()

        try:
            with meter:
                return gather(
                    self.gatherer,
                    files,
                    workers=self.settings.workers,
                    batch_size=self.settings.batch_size,
                    advance=advance,
                )
        except KeyboardInterrupt:
            kept = "" if self.gatherer.cache is None else "; they are kept: run it again to go on"
            message = f"interrupted after {done:,} of {plural(len(files), 'picture')}{kept}"
            raise Stop(message, INTERRUPTED) from None

    def examples(
        self, source: Path, files: Sequence[Path], names: Sequence[str]
    ) -> tuple[Examples, list[int], tuple[Failure, ...]]:
        """Embed the pictures of a table or folder.

        Args:
            source: The table or folder, for messages.
            files: Its pictures.
            names: What they are called in it.

        Returns:
            The embeddings, which of the files they are of, and what could not be read.

        Raises:
            Stop: Not one could be read, or the user interrupted.
        """
        from framesift.heads.training.examples import Examples

        gathered = self.gather(files)
        if not gathered.rows:
            first = gathered.failures[0].error.message if gathered.failures else "there is none"
            message = f"{source}: not one of its pictures could be read; the first: {first}"
            raise Stop(message)
        examples = Examples.stack(
            gathered.embeddings,
            names=[names[row] for row in gathered.rows],
            sha256=gathered.sha256,
            times=gathered.times,
            model=self.model,
        )
        return examples, list(gathered.rows), tuple(gathered.failures)

    def thumbnails(self, files: Mapping[str, Path]) -> dict[str, bytes]:
        """Make thumbnails of the few pictures that a page shows."""
        return thumbnails(self.gatherer, files)

    def header(self) -> ReportHeader:
        """Return what a page says of this run."""
        from framesift import __version__
        from framesift.reports import ReportHeader

        known = click.get_current_context().find_root().obj or {}
        return ReportHeader(
            version=__version__,
            model=self.gatherer.model,
            started=datetime.now().astimezone(),
            arguments=tuple(known.get("arguments", ("framesift",))),
            notice=self.notice,
        )


@contextlib.contextmanager
def workplace(request: Request) -> Iterator[tuple[Settings, Console]]:
    """Give the settings in force and the console, with the cache folder they name in place."""
    console = Console(quiet=request.quiet)
    settings = effective_settings(request, console)
    with using_cache_dir(settings.cache_dir):
        yield settings, console


@contextlib.contextmanager
def open_workbench(
    settings: Settings,
    console: Console,
    *,
    inputs: Callable[[Embedder], Iterable[str]],
    progress: bool,
    model: str | None = None,
) -> Iterator[Workbench]:
    """Load a model and what heads read beside it. Closes the cache at the end.

    Args:
        settings: The settings in force.
        console: Where notices go.
        inputs: Says what heads read of a model's pictures; names of experts load them.
        progress: Whether a progress bar may be shown.
        model: Instead of the settings' one.

    Raises:
        FramesiftError: The model or an expert cannot be used.
    """
    if model is not None:
        settings = settings.model_copy(update={"model": model})
    embedder, notice = open_embedder(settings, console)
    with contextlib.ExitStack() as stack:
        cache = open_cache(stack, settings, console)
        gatherer = Gatherer(
            embedder,
            experts_for(inputs(embedder), device=settings.device),
            sampler=sampler_of(settings),
            cache=cache,
            reading=Reading(limits=limits_of(settings), exact=settings.exact),
        )
        yield Workbench(settings, gatherer, console, notice, progress)
