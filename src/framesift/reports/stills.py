"""Which small pictures of a video a page shows, and how: clear, blurred, or not at all."""

from __future__ import annotations

import json
from base64 import b64encode
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framesift.reports.timelines import TIME_DECIMALS
from framesift.types import Analysis
from framesift.verdicts.moments import is_veiled
from framesift.verdicts.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from framesift.types import Poster, Result, TextAnalysis, Timeline

__all__ = ["STILLS_PER_VIDEO", "Still", "stills", "stills_json"]

STILLS_PER_VIDEO = 48
"""Most pictures of one video: about half a megabyte."""


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of a video.

    Attributes:
        time: Seconds.
        jpeg: What is shown at first; blurred where ``hidden``, and ``None`` where nothing may be.
        clear: The clear picture of a hidden one, to be shown on a click.
        hidden: Whether the moment is to review or blocked.
    """

    time: Fraction
    jpeg: bytes | None
    clear: bytes | None = None
    hidden: bool = False

    @property
    def size(self) -> int:
        """Bytes in the page, before they are written as text."""
        return len(self.jpeg or b"") + len(self.clear or b"")


def stills(result: Result | TextAnalysis, *, clear: bool = False) -> tuple[Still, ...]:
    """Choose the pictures of a video: its gravest moments, every shot, then what is between.

    A moment that is not allowed comes blurred. Where the whole video is not allowed and no stretch
    of it says why (a known hash, a caption), every moment counts as not allowed.

    Args:
        result: Anything that was analysed.
        clear: Keep the clear pictures of hidden moments too.

    Returns:
        At most `STILLS_PER_VIDEO`, in the order of their times; none for what has no timeline.
    """
    if not isinstance(result, Analysis) or result.timeline is None or not result.timeline.posters:
        return ()
    timeline = result.timeline
    action = result.moderation.action if result.moderation else None
    made = []
    for place in _chosen(timeline):
        poster = timeline.posters[place]
        hidden = poster.blurred is not None or is_veiled(timeline, poster.time, action)
        made.append(_still(poster, hidden=hidden, clear=clear))
    return tuple(made)


def stills_json(found: Sequence[Still]) -> str:
    """Return stills as JSON for the page: ``t`` seconds, ``p`` and ``c`` base64, ``h`` hidden."""
    rows = []
    for still in found:
        row: dict[str, object] = {"t": rounded(float(still.time), TIME_DECIMALS)}
        for name, data in (("p", still.jpeg), ("c", still.clear)):
            if data is not None:
                row[name] = b64encode(data).decode("ascii")
        rows.append(row | ({"h": 1} if still.hidden else {}))
    return json.dumps(rows, separators=(",", ":"))


def _still(poster: Poster, *, hidden: bool, clear: bool) -> Still:
    if not hidden:
        return Still(poster.time, poster.thumbnail)
    return Still(poster.time, poster.blurred, poster.thumbnail if clear else None, hidden=True)


def _chosen(timeline: Timeline) -> list[int]:
    """Return places of posters: peaks first, then starts of shots, then evenly, as room allows."""
    times = [poster.time for poster in timeline.posters]
    if len(times) <= STILLS_PER_VIDEO:
        return list(range(len(times)))
    gravest = sorted(timeline.segments, key=lambda one: (one.kind != "harm", -one.peak))
    wanted = [_shown_at(times, one.peak_time) for one in gravest[: STILLS_PER_VIDEO // 3]]
    wanted += _thinned([_first_in(times, shot.start) for shot in timeline.shots])
    chosen = set(wanted[:STILLS_PER_VIDEO])
    # Halve the gaps until there is no room: the spread stays even however many are taken.
    for place in _ever_finer(len(times)):
        if len(chosen) >= STILLS_PER_VIDEO:
            break
        chosen.add(place)
    return sorted(chosen)


def _thinned(places: Sequence[int]) -> list[int]:
    most = STILLS_PER_VIDEO // 2
    step = max(len(places) / most, 1.0)
    return [places[int(number * step)] for number in range(min(len(places), most))]


def _shown_at(times: Sequence[Fraction], time: Fraction) -> int:
    return max(bisect_right(times, time) - 1, 0)


def _first_in(times: Sequence[Fraction], start: Fraction) -> int:
    place = bisect_right(times, start)
    before = max(place - 1, 0)
    return before if times[before] >= start or place == len(times) else place


def _ever_finer(count: int) -> Iterable[int]:
    step = count
    while step > 1:
        step = (step + 1) // 2
        yield from range(0, count, step)
