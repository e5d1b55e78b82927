"""Exit codes, and how an exception becomes one: a line for a person, never a traceback."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import IO, Any

import click

from framesift.errors import FramesiftError

__all__ = [
    "BROKEN_PIPE",
    "CROSSED",
    "DEFECT",
    "DONE",
    "FAILED_ITEMS",
    "INTERRUPTED",
    "USAGE",
    "Stop",
    "explain",
    "replace_closed_streams",
    "show_usage_error",
    "silence_stdout",
    "write_new",
]

DONE = 0
CROSSED = 1
USAGE = 2
FAILED_ITEMS = 3
DEFECT = 70
INTERRUPTED = 130
BROKEN_PIPE = 141


class Stop(click.ClickException):
    """Ends the command with a message and an exit code."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message to standard error."""
        del file
        click.echo(f"framesift: error: {self.message}", err=True)


def explain(error: Exception, *, debug: bool) -> Stop:
    """Turn an exception into the line and the exit code that the user sees.

    Args:
        error: What ended the command.
        debug: Print the traceback first.
    """
    if debug:
        traceback.print_exception(error)
    if isinstance(error, FramesiftError):
        return Stop(str(error))
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return Stop(f"{where}{error.strerror.lower()}")
    if isinstance(error, MemoryError):
        return Stop("out of memory; try a smaller --batch-size, --workers or --max-pixels", DEFECT)
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    hint = "" if debug else "; run it again with --debug and report what it prints"
    return Stop(f"this is a defect in Framesift ({what}){hint}", DEFECT)


def show_usage_error(error: click.UsageError) -> None:
    """Write a usage error in the same form as every other error."""
    where = error.ctx.command_path if error.ctx else "framesift"
    message = error.format_message().rstrip(".")
    click.echo(f"framesift: error: {message}", err=True)
    click.echo(f"Try `{where} --help`.", err=True)


def replace_closed_streams() -> None:
    """Give writers somewhere to write where the caller closed standard output (``>&-``)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def silence_stdout() -> None:
    """After a broken pipe: keep the interpreter from complaining when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)


def write_new(file: Path, text: str) -> None:
    """Write a text file, and never over one that is there.

    Raises:
        Stop: It is there already, or its folder is not.
    """
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        message = f"{file} is there already and was left as it is; name another file"
        raise Stop(message) from None
    except FileNotFoundError:
        message = f"{file}: the folder {file.parent} is not there; make it, or name another file"
        raise Stop(message) from None
