"""Running `framesift video`: each video is analysed, told, and turned into files."""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from framesift.cli.exits import CROSSED, DONE, FAILED_ITEMS, INTERRUPTED, USAGE, Stop
from framesift.types import Analysis, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framesift.cli.clip_files import ClipFiles
    from framesift.cli.console import Counts
    from framesift.cli.session import Session
    from framesift.media import Source
    from framesift.reports import Writer
    from framesift.types import Action, Result

__all__ = ["Clips", "Wanted", "run_clips"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of each video.

    Attributes:
        segments: Format of the segments; ``None`` for none.
        stop_on: Where reading may be given up.
        best_frames: How many to save.
        frame_format: Of them.
        flagged: Save frames that are not allowed too.
        clear: Put clear pictures of what is not allowed into an HTML report.
        file: Of the segments of one video, or of a report.
        report: Format of the report; ``None`` where there is none.
        folder: Of best frames and segments.
        sheet: File of the contact sheet of one video.
        sheet_folder: Of the contact sheets of several.
    """

    segments: str | None = None
    stop_on: Action | None = None
    best_frames: int = 0
    frame_format: Literal["jpg", "png"] = "jpg"
    flagged: bool = False
    clear: bool = False
    file: Path | None = None
    report: str | None = None
    folder: Path | None = None
    sheet: Path | None = None
    sheet_folder: Path | None = None

    @property
    def pictures(self) -> bool:
        """Whether small pictures of the moments are needed."""
        return self.report == "html" or bool(self.sheet or self.sheet_folder)

    @property
    def talks(self) -> bool:
        """Whether the summary for people goes to standard output; else segments do."""
        return self.segments is None or bool(self.file or self.folder)


@dataclass(eq=False)
class Clips:
    """The videos among what was named, and what came out of each.

    Attributes:
        session: What to analyse, and with what.
        stop_on: Where reading may be given up.
        passed_over: Pictures, which have no timeline; the first is named.
    """

    session: Session
    stop_on: Action | None = None
    passed_over: list[str] = field(default_factory=list)
    _handed: deque[Source | Failure] = field(default_factory=deque)

    def results(self) -> Iterator[tuple[Source | Failure, Result]]:
        """Analyse every video in order, each with where it came from."""
        if self.stop_on is not None:
            for source in self._sources():
                yield source, self._stopping(source, self.stop_on)
            return
        from framesift.engine import run_many

        settings = self.session.settings
        analysed = run_many(
            self.session.analyzer,
            self._remembered(),
            workers=settings.workers,
            batch_size=settings.batch_size,
        )
        with contextlib.closing(analysed):  # type: ignore[type-var]
            for result in analysed:
                yield self._handed.popleft(), result

    def _remembered(self) -> Iterator[Source | Failure]:
        for source in self._sources():
            self._handed.append(source)
            yield source

    def _sources(self) -> Iterator[Source | Failure]:
        for source in self.session.sources():
            if isinstance(source, Failure) or not self._is_still(source):
                yield source
            else:
                self.passed_over.append(source.name)

    def _is_still(self, source: Source) -> bool:
        """Whether a source can be read and has no timeline; the rest is the analyzer's to judge."""
        from framesift.errors import MediaError
        from framesift.media import open_media
        from framesift.media.sniff import HEAD_BYTES, sniff
        from framesift.pipeline.items import moves

        limits = self.session.analyzer.reading.limits
        try:
            with source.open(limits) as file:
                family = sniff(file.read(HEAD_BYTES)).family
            if family == "raw":
                return True
            if family != "still":
                return False
            with open_media(source, limits=limits) as media:
                return not moves(media.info)
        except MediaError:
            return False

    def _stopping(self, source: Source | Failure, action: Action) -> Result:
        from framesift.errors import MediaError

        analyzer = self.session.analyzer
        if isinstance(source, Failure):
            return analyzer.adopt(source)
        try:
            return analyzer.analyze(source, stop_on=action)
        except MediaError as error:
            return analyzer.failure(source.name, error, caption=source.caption)


def run_clips(session: Session, wanted: Wanted) -> int:
    """Analyse, tell and write; sum up on standard error.

    Returns:
        The exit code.

    Raises:
        Stop: There were pictures and nothing else.
        ConfigError: Something cannot be written.
    """
    from framesift.cli.clip_files import ClipFiles
    from framesift.cli.console import Counts

    counts = Counts()
    clips = Clips(session, wanted.stop_on)
    files = ClipFiles(session, wanted)
    interrupted = False
    try:
        _write_all(clips, files, counts)
    except KeyboardInterrupt:
        interrupted = True
    _tell(clips, files, counts, interrupted=interrupted)
    if interrupted:
        return INTERRUPTED
    if counts.crossed(session.settings.fail_on):
        return CROSSED
    return FAILED_ITEMS if counts.summary.failures or files.failed else DONE


def _write_all(clips: Clips, files: ClipFiles, counts: Counts) -> None:
    from framesift.cli.interrupts import InterruptGuard

    wanted = files.wanted
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(writer) for writer in _writers(clips.session, wanted)]
        guard = stack.enter_context(InterruptGuard())
        meter = stack.enter_context(clips.session.meter())
        for source, result in clips.results():
            with guard.shielded(), meter.aside():
                for writer in writers:
                    writer.write(result)
                counts.add(result)
            if isinstance(result, Analysis) and not isinstance(source, Failure):
                with meter.aside():
                    files.make(source, result)
            meter.advance()


def _writers(session: Session, wanted: Wanted) -> list[Writer]:
    from framesift.cli.scan import header_of
    from framesift.reports import open_writer
    from framesift.reports.clip import ClipWriter

    header = replace(header_of(session), clear=wanted.clear)
    writers: list[Writer] = []
    if wanted.talks:
        # The notice stands on standard error already, next to these lines.
        writers.append(ClipWriter(None, header=replace(header, notice=None)))
    if wanted.report:
        writers.append(open_writer(wanted.file, format=wanted.report, header=header))
    return writers


def _tell(clips: Clips, files: ClipFiles, counts: Counts, *, interrupted: bool) -> None:
    from framesift.cli.console import plural

    console, wanted = clips.session.console, files.wanted
    stills = clips.passed_over
    if stills and not counts.summary.items and not interrupted:
        what = "is a picture" if len(stills) == 1 else f"and {len(stills) - 1:,} more are pictures"
        raise Stop(f"{stills[0]} {what}, not a video; framesift scan judges pictures", USAGE)
    if stills:
        console.notice(f"passed over {plural(len(stills), 'picture')}; framesift scan judges them")
    if not wanted.talks:
        for line in counts.failure_lines():
            console.say(line)
    if not counts.summary.items and not interrupted:
        console.notice("nothing to follow: no videos were found under the given paths")
    state = "interrupted after " if interrupted else ""
    counted = counts.speed() if wanted.talks else counts.line()
    console.say(f"framesift: {state}{counted}")
    if wanted.report:
        console.say(f"framesift: wrote {wanted.file}")
