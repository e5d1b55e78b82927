"""Writing what `train` and `evaluate` found: pages and PNG files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.reports.figures import Plot
    from framesift.reports.parts import Picture
    from framesift.types import UInt8Array

__all__ = ["draw", "labelled_sheets", "rated_sheets", "write_page", "write_plots"]


Drawn: TypeAlias = "tuple[Callable[[], str], Callable[[], Sequence[Plot]]]"


def draw(choices: Mapping[str, Any], console: Console, make: Callable[[], Drawn]) -> None:
    """Write the page and the plots that were asked for.

    Args:
        choices: The options ``report`` and ``plots``.
        console: Where it is said.
        make: Gathers what both show, and gives what makes the page and what makes the plots; not
            called where nobody asked for either.

    Raises:
        ConfigError: Something cannot be written.
    """
    if not (choices["report"] or choices["plots"]):
        return
    console.say("framesift: drawing")
    page, plots = make()
    if choices["report"]:
        write_page(page(), choices["report"], console)
    if choices["plots"]:
        write_plots(plots(), choices["plots"], console)


def write_page(page: str, out: Path, console: Console) -> None:
    """Write a page whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    from framesift.reports.output import Output

    output = Output(out)
    output.open()
    try:
        output.write(page)
        output.commit()
    except BaseException:
        output.abort(keep=False)
        raise
    console.say(f"framesift: wrote {out}")


def write_plots(plots: Sequence[Plot], folder: Path, console: Console) -> None:
    """Write every plot as a PNG.

    Raises:
        ConfigError: The folder cannot be written to.
    """
    from framesift.reports.figures import write_png

    try:
        written = write_png(plots, folder)
    except OSError as error:
        message = f"the plots cannot be written: {error.strerror or error}"
        raise ConfigError(message, source=str(folder)) from error
    console.say(f"framesift: wrote {len(written)} plots to {folder}")


def rated_sheets(whole: Sequence[Picture], worst: Sequence[Picture]) -> list[Plot]:
    """Draw the contact sheets of rated pictures: over the whole range, and the worst misses."""
    titles = ("contact-sheet", "Over the whole range"), ("worst-misses", "The worst misses")
    return _sheets([(*title, shown) for title, shown in zip(titles, (whole, worst), strict=True)])


def labelled_sheets(right: Sequence[Picture], wrong: Sequence[Picture]) -> list[Plot]:
    """Draw the contact sheets of labelled pictures."""
    return _sheets([("right", "Right", right), ("wrong", "Surest and wrong", wrong)])


def _sheets(sheets: Sequence[tuple[str, str, Sequence[Picture]]]) -> list[Plot]:
    from framesift.reports.figures import sheet_plot

    return [sheet_plot(name, title, shown, _pixels) for name, title, shown in sheets if shown]


def _pixels(jpeg: bytes) -> UInt8Array:
    """Decode a thumbnail that this run made, uint8 (H, W, 3)."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)
