"""Graphs that are made here from installed weights, kept so that they are made only once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cached_graph"]


def cached_graph(folder: Path, stem: str, build: Callable[[], bytes]) -> bytes:
    """Give a serialised graph, from the cache if it is there and whole, else made and kept.

    The content's own hash is in the file's name, so that a damaged copy is noticed and replaced.
    Where the folder cannot be written the graph is made in memory each time.

    Args:
        folder: Where to keep it; made if missing.
        stem: Names the graph: what it is made from and by which version of its builder.
        build: Makes it; what this raises is passed on, and nothing is kept.
    """
    for path in sorted(folder.glob(f"{stem}-*.onnx")):
        data = _read_whole(path)
        if data is not None and _digest(data) == path.stem.removeprefix(f"{stem}-"):
            return data
    data = build()
    _write_atomically(folder / f"{stem}-{_digest(data)}.onnx", data)
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _read_whole(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write_atomically(path: Path, data: bytes) -> None:
    """Write beside the target and rename; two processes at once then write the same bytes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".graph-", suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
