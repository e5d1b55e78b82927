"""What `train` and `evaluate` share: their options, and how what the user wrote is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "COLUMNS",
    "FORCE",
    "FORMAT",
    "IMAGES",
    "PLOTS",
    "REPORT",
    "SCALE",
    "checked",
    "parse_columns",
    "parse_inputs",
    "parse_list",
    "parse_scale",
    "refuse_existing",
    "require_extra",
]

_FIELDS = ("path", "rating", "rater", "split", "group")
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?:-|:|\.\.|to)\s*({_NUMBER})\s*")

Value = Any


def checked(parse: Callable[[str], Value]) -> Callable[..., Value]:
    """Make a callback of click from a function that raises ``ValueError`` with a sentence."""

    def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> Value:
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return callback


def parse_columns(text: str) -> dict[str, str]:
    """Read ``path=file,rating=score``: what a column means, and what it is called.

    Raises:
        ValueError: A part has no ``=``, or names no meaning.
    """
    found = {}
    for part in text.split(","):
        field, sign, name = part.partition("=")
        field, name = field.strip().lower(), name.strip()
        if not sign or not name or field not in _FIELDS:
            message = (
                f"{part.strip()!r} says nothing; write MEANING=NAME with one of "
                f"{', '.join(_FIELDS)}, such as path=file,rating=score"
            )
            raise ValueError(message)
        found[field] = name
    return found


def parse_scale(text: str) -> tuple[float, float]:
    """Read ``1-5``; ``6-1`` where the lower number is the better one.

    Raises:
        ValueError: It is no range of two different numbers.
    """
    match = _RANGE.fullmatch(text)
    low, high = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if low == high:
        message = f"{text!r} is no range; write the worst and the best rating, such as 1-5"
        raise ValueError(message)
    return low, high


def parse_inputs(text: str) -> tuple[tuple[str, ...], ...]:
    """Read ``vectors,vectors+technical``: sets of inputs to try; ``auto`` leaves the choice.

    Raises:
        ValueError: A set or a name is empty.
    """
    if text.strip().lower() == "auto":
        return ()
    sets = [tuple(name.strip() for name in part.split("+")) for part in text.split(",")]
    if not all(all(names) for names in sets):
        message = (
            f"{text!r} has an empty name; write auto, or sets such as vectors,vectors+features"
        )
        raise ValueError(message)
    return tuple(sets)


def parse_list(text: str) -> tuple[str, ...]:
    """Read ``ridge,kernel``."""
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)

IMAGES = click.option(
    "--images",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="FOLDER",
    help="Where the pictures are that the table names.  [default: the table's own folder]",
)
COLUMNS = click.option(
    "--columns",
    callback=checked(parse_columns),
    metavar="MEANING=NAME,...",
    help="What the table's columns are called, such as path=file,rating=score; the meanings are "
    "path, rating, rater, split and group.  [default: these very words]",
)
SCALE = click.option(
    "--scale",
    callback=checked(parse_scale),
    metavar="WORST-BEST",
    help="The ends of the scale that was rated on: 1-5, 0-100, or 6-1 where 1 is best.  "
    "[default: guessed from the ratings]",
)
REPORT = click.option(
    "--report", type=_FILE, metavar="FILE", help="Write an HTML page with everything in it."
)
PLOTS = click.option(
    "--plots", type=_FOLDER, metavar="FOLDER", help="Write every plot as a PNG there."
)
FORMAT = click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of what goes to standard output.",
)
FORCE = click.option("--force", is_flag=True, help="Replace an existing head.")


def refuse_existing(out: Path, *, force: bool) -> None:
    """Stop before any work where the head to write is there already.

    Args:
        out: As given; a head without a suffix is written with ``.head``.
        force: Whether an existing head may be replaced.

    Raises:
        click.UsageError: It exists, or is a folder.
    """
    from framesift.heads.store import SUFFIX

    if out.is_dir():
        message = f"{out} is a folder; name the head's file, such as {out / 'my-taste.head'}"
        raise click.UsageError(message)
    if out.suffix not in (SUFFIX, ".safetensors"):
        out = out.with_name(out.name + SUFFIX)
    if out.exists() and not force:
        message = f"{out} exists; name another file, or replace it with --force"
        raise click.UsageError(message)


def require_extra(*, plots: bool) -> None:
    """Stop before any work where what training needs is not installed.

    Raises:
        MissingExtraError: scikit-learn, scipy, or for plots matplotlib is missing.
    """
    from importlib.util import find_spec

    from framesift.errors import MissingExtraError

    needed = {"sklearn": "scikit-learn", "scipy": "scipy"}
    if plots:
        needed["matplotlib"] = "matplotlib"
    missing = [package for module, package in needed.items() if find_spec(module) is None]
    if missing:
        message = (
            f"{' and '.join(missing)} not installed; training and evaluation need it: "
            "pip install 'framesift[train]'"
        )
        raise MissingExtraError(message)
