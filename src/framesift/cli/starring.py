"""``framesift filter --xmp``: star ratings in XMP sidecars, each one said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from framesift.cli.exits import DONE, FAILED_ITEMS, INTERRUPTED
from framesift.cli.options import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framesift.cli.console import Console
    from framesift.engine.sidecars import SidecarResult
    from framesift.types import Analysis, Quality

__all__ = ["Starring", "rate_originals", "rate_placed"]


@dataclass(frozen=True, slots=True)
class Starring:
    """How sidecars are written.

    Attributes:
        style: Of their names.
        dry_run: Only say what would be done.
        silent: Say nothing on standard output, which is a list of paths already.
        links: The pictures were linked, so that a sidecar beside them may be a link too: it
            becomes a file of its own, and the original's stays as it is.
    """

    style: Literal["lightroom", "darktable"]
    dry_run: bool = False
    silent: bool = False
    links: bool = False


def rate_originals(items: Sequence[Analysis], console: Console, starring: Starring) -> int:
    """Write sidecars beside the originals; return the exit code as far as this decides it."""
    wanted = ((Path(item.path), item.quality) for item in items)
    return _rate(wanted, console, starring)


def rate_placed(
    items: Sequence[Analysis],
    placed: Sequence[tuple[str, Path]],
    console: Console,
    starring: Starring,
) -> int:
    """Write sidecars beside what was copied, moved or linked; return the exit code likewise.

    Args:
        items: The pictures by their original paths.
        placed: Original path and new place of each.
        console: For the summary.
        starring: How.
    """
    quality = {item.path: item.quality for item in items}
    return _rate(((place, quality[source]) for source, place in placed), console, starring)


def _rate(
    wanted: Iterable[tuple[Path, Quality | None]], console: Console, starring: Starring
) -> int:
    from framesift.engine.sidecars import Sidecars

    sidecars = Sidecars(starring.style, dry_run=starring.dry_run, follow_links=not starring.links)
    done: Counter[str] = Counter()
    code = DONE
    try:
        for picture, quality in wanted:
            assert quality is not None, "only pictures with a score are chosen"
            result = sidecars.rate(picture, quality)
            done[result.status] += 1
            _say(result, starring)
    except KeyboardInterrupt:
        console.say("framesift: interrupted; run it again to do the rest")
        code = INTERRUPTED
    counted = ", ".join(f"{count:,} {status}" for status, count in sorted(done.items()))
    would = " (dry run: nothing was written)" if starring.dry_run else ""
    console.say(f"framesift: stars: {counted or 'nothing chosen'}{would}")
    return code or (FAILED_ITEMS if done["failed"] else DONE)


def _say(result: SidecarResult, starring: Starring) -> None:
    source = printable(str(result.source))
    if result.status == "failed":
        click.echo(f"framesift: failed: {source}: {printable(result.message)}", err=True)
        return
    if starring.silent:
        return
    would = "would be " if starring.dry_run and result.status == "rated" else ""
    note = f" ({printable(result.message)})" if result.message else ""
    number = "1 star" if result.stars == 1 else f"{result.stars} stars"
    click.echo(
        f"{would}{result.status}: {source} -> {printable(str(result.sidecar))}: {number}{note}"
    )
