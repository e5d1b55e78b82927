"""The files that `framesift video` makes of a video: segments, best frames, a contact sheet."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import sys
from fractions import Fraction
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from framesift.cli.options import printable
from framesift.errors import ConfigError, MediaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.cli.clips import Wanted
    from framesift.cli.session import Session
    from framesift.media import Source
    from framesift.media.sheet import SheetTile
    from framesift.reports.segments import SegmentSheet
    from framesift.types import Action, Analysis, Timeline
    from framesift.verdicts.moments import Moment

__all__ = ["ClipFiles", "place_new", "time_in_name", "usual_rate"]

_SHEET_TILES = 60
_STEM = "clip"
_PLAIN_RATE = Fraction(25)
_STEADY = 0.9
"""From this share of usual gaps between frames on, the longer ones are frames that were dropped."""
# Players show 0 at the first frame of these, wherever the stream's own clock starts.
_REBASED = ("mpegts", "mpeg")


class ClipFiles:
    """Makes what was asked for of one video after the other.

    Attributes:
        wanted: What was asked for.
        failed: Whether frames of any video could not be saved.
    """

    def __init__(self, session: Session, wanted: Wanted) -> None:
        """Keep what was asked for; nothing is made yet."""
        self.wanted = wanted
        self.failed = False
        self._session = session

    def make(self, source: Source, result: Analysis) -> None:
        """Write everything that was asked for of one video.

        Raises:
            ConfigError: A file cannot be written.
        """
        timeline = result.timeline
        if timeline is None:
            return
        if self.wanted.segments is not None:
            self._segments(self.wanted.segments, source, result, timeline)
        if self.wanted.sheet is not None or self.wanted.sheet_folder is not None:
            self._sheet(result, timeline)
        if self.wanted.best_frames:
            self._frames(source, result, timeline)

    def _segments(self, kind: str, source: Source, result: Analysis, timeline: Timeline) -> None:
        from framesift.reports.segments import render_segments

        text = render_segments(timeline, kind, self._segment_sheet(kind, source, result))
        data = text.encode("utf-8", "backslashreplace")
        if self.wanted.folder is not None:
            self._placed(self.wanted.folder, f"{_stem(result.path)}.{kind}", data)
        elif self.wanted.file is not None:
            _write(self.wanted.file, data)
            self._said(self.wanted.file)
        else:
            click.echo(data, nl=False)
            sys.stdout.flush()

    def _segment_sheet(self, kind: str, source: Source, result: Analysis) -> SegmentSheet:
        from framesift.reports.segments import SegmentSheet

        rebased = kind != "json" and result.info.format in _REBASED
        return SegmentSheet(
            name=result.path if kind == "json" else PurePath(result.path).name,
            policy=result.moderation.policy if result.moderation else "",
            origin=result.info.start if rebased else Fraction(0),
            rate=self._rate(source) if kind == "edl" else _PLAIN_RATE,
        )

    def _rate(self, source: Source) -> Fraction:
        """Return how many frames a second a video has, by its index; edit lists count frames."""
        from framesift.media import open_media

        times: Sequence[Fraction] = ()
        with (
            contextlib.suppress(MediaError),
            open_media(source, limits=self._session.analyzer.reading.limits) as media,
        ):
            if media.frame_times is not None:
                times = media.frame_times
            elif media.index is not None:
                times = [media.index.time(place) for place in range(len(media.index))]
        rate = usual_rate(times)
        if rate is not None:
            return rate
        name = printable(source.name)
        self._session.console.notice(
            f"{name}: its frame rate is unknown; the list counts 25 a second"
        )
        return _PLAIN_RATE

    def _sheet(self, result: Analysis, timeline: Timeline) -> None:
        from framesift.media.sheet import contact_sheet

        tiles = _tiles(timeline, _action(result))
        if not tiles:
            return
        png = contact_sheet(tiles, title=PurePath(result.path).name, subtitle=_subtitle(result))
        if self.wanted.sheet_folder is not None:
            self._placed(self.wanted.sheet_folder, f"{_stem(result.path)}-sheet.png", png)
        elif self.wanted.sheet is not None:
            _write(self.wanted.sheet, png)
            self._said(self.wanted.sheet)

    def _frames(self, source: Source, result: Analysis, timeline: Timeline) -> None:
        from framesift.verdicts.moments import best_moments

        folder = self.wanted.folder
        assert folder is not None
        action, count = _action(result), self.wanted.best_frames
        moments = best_moments(timeline, count, action=action, veiled=self.wanted.flagged)
        console = self._session.console
        if len(moments) < count:
            left_out = not self.wanted.flagged and any(
                one.veiled for one in best_moments(timeline, count, action=action, veiled=True)
            )
            why = "the rest is not allowed (--include-flagged)" if left_out else "it has no more"
            name = printable(result.path)
            console.notice(f"{name}: {len(moments)} of {count} frames; {why}")
        try:
            self._save(source, folder, moments)
        except MediaError as error:
            self.failed = True
            console.warn(f"its best frames cannot be decoded: {error}")

    def _save(self, source: Source, folder: Path, moments: Sequence[Moment]) -> None:
        from framesift.media import open_media
        from framesift.media.saving import encode_frame

        if not moments:
            return
        kind = self.wanted.frame_format
        with open_media(source, limits=self._session.analyzer.reading.limits) as media:
            for frame in media.read([one.time for one in moments]):
                name = f"{_stem(source.name)}-{time_in_name(frame.time)}.{kind}"
                self._placed(folder, name, encode_frame(frame, kind))

    def _placed(self, folder: Path, name: str, data: bytes) -> None:
        path, new = place_new(folder, name, data)
        if new:
            self._said(path)
        else:
            self._session.console.say(f"framesift: already there: {printable(str(path))}")

    def _said(self, path: Path) -> None:
        self._session.console.say(f"framesift: wrote {printable(str(path))}")


def usual_rate(times: Sequence[Fraction]) -> Fraction | None:
    """Return how many frames a second there are.

    A few frames that were dropped do not count: a camera of 29.97 that lost one still has that
    rate, and its timecode. Where rates really vary, it is the mean.

    Args:
        times: When the frames start, in seconds, ascending.

    Returns:
        ``None`` for fewer than two frames.
    """
    gaps = sorted(after - before for before, after in itertools.pairwise(times))
    if not gaps:
        return None
    usual = [gap for gap in gaps if gap <= gaps[len(gaps) // 2] * Fraction(3, 2)]
    kept = usual if len(usual) >= _STEADY * len(gaps) else gaps
    return len(kept) / sum(kept, Fraction(0))


def time_in_name(time: Fraction) -> str:
    """Return a time that file names can hold and that sorts: ``00m12.480s``, ``01h02m03.500s``."""
    milliseconds = round(time * 1000)
    seconds, rest = divmod(abs(milliseconds), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    sign = "-" if milliseconds < 0 else ""
    hour = f"{hours:02}h" if hours else ""
    return f"{sign}{hour}{minute:02}m{second:02}.{rest:03}s"


def place_new(folder: Path, name: str, data: bytes) -> tuple[Path, bool]:
    """Write a file under a name that is free; nothing is ever overwritten.

    Args:
        folder: Made where it is missing.
        name: Wanted; a name that other content has taken gets `` (2)``.
        data: The content.

    Returns:
        The path, and whether it is new: identical content is left as it is.

    Raises:
        ConfigError: It cannot be written.
    """
    from framesift.engine.placing import move_file

    part = folder / f".framesift-{secrets.token_hex(8)}.part"
    wanted = PurePath(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            for number in itertools.count(1):
                suffix = "" if number == 1 else f" ({number})"
                target = folder / f"{wanted.stem}{suffix}{wanted.suffix}"
                with contextlib.suppress(FileExistsError):
                    move_file(part, target)
                    return target, True
                if target.is_file() and target.read_bytes() == data:
                    return target, False
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        message = f"it cannot be written: {error.strerror or error}"
        raise ConfigError(message, source=str(folder / name)) from error
    raise AssertionError


def _write(path: Path, data: bytes) -> None:
    """Write a file that was named: whole or not at all."""
    from framesift.reports.output import Output

    output = Output(path)
    output.open()
    try:
        with output.named():
            output.binary().write(data)
        output.commit()
    except BaseException:
        output.abort(keep=False)
        raise


def _stem(path: str) -> str:
    name = PurePath(path).name
    return _STEM if path == "-" or not PurePath(name).stem else PurePath(name).stem


def _action(result: Analysis) -> Action | None:
    return result.moderation.action if result.moderation else None


def _tiles(timeline: Timeline, action: Action | None) -> list[SheetTile]:
    from framesift.media.sheet import SheetTile
    from framesift.reports.timelines import clock
    from framesift.verdicts.moments import moments_of_shots

    posters = {poster.time: poster for poster in timeline.posters}
    tiles = []
    for moment in moments_of_shots(timeline, _SHEET_TILES, action=action, among=posters):
        poster = posters[moment.time]
        hidden = moment.veiled or poster.blurred is not None
        tiles.append(
            SheetTile(
                poster.blurred if hidden else poster.thumbnail,
                clock(float(moment.time), tenths=True),
                "" if moment.score is None else f"{moment.score:.1f}",
                _action_near(timeline, moment, action) if hidden else "allow",
            )
        )
    return tiles


def _action_near(timeline: Timeline, moment: Moment, action: Action | None) -> str:
    """Return what the stretch leads to that a moment lies in or beside."""
    raised = [one for one in timeline.segments if one.kind == "harm" and one.action != "allow"]
    if not raised:
        return action or "review"
    return min(
        raised, key=lambda one: max(one.start - moment.time, moment.time - one.end, Fraction(0))
    ).action


def _subtitle(result: Analysis) -> str:
    from framesift.reports.words import duration

    info, quality = result.info, result.quality
    parts = [duration(None if info.duration is None else float(info.duration))]
    parts.append(f"{info.width} x {info.height}")
    parts.append("" if quality is None else f"quality {quality.score:.1f}")
    parts.append(result.moderation.action if result.moderation else "")
    return "   ".join(part for part in parts if part)
