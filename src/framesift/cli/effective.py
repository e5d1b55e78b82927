"""The settings in force for one command, and where its caches lie."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from framesift.settings import load_settings, unknown_variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from framesift.cli.console import Console
    from framesift.cli.options import Request
    from framesift.settings import Settings

__all__ = ["effective_settings", "using_cache_dir"]

_CACHE_VARIABLE = "FRAMESIFT_CACHE_DIR"


def effective_settings(request: Request, console: Console) -> Settings:
    """Merge options, environment and file; point out variables that look like settings."""
    settings = load_settings(request.options)
    for name in unknown_variables():
        console.notice(f"{name} is set, but no setting has that name; see `framesift config`")
    return settings


@contextlib.contextmanager
def using_cache_dir(folder: Path | None) -> Iterator[None]:
    """Let models and embeddings live in ``folder`` for the time of the block."""
    before = os.environ.get(_CACHE_VARIABLE)
    if folder is not None:
        os.environ[_CACHE_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if folder is not None:
            if before is None:
                del os.environ[_CACHE_VARIABLE]
            else:
                os.environ[_CACHE_VARIABLE] = before
