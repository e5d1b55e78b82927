"""Replacing a small file by a new version: the old one or the new one is there, never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["create_file", "replace_file", "sync_folder"]


def replace_file(path: Path, data: bytes, *, follow_links: bool = True) -> None:
    """Give a file new content.

    The content reaches the disk under a hidden name in the same folder before it takes the name.

    Args:
        path: The file, which may be missing; its folder exists.
        data: All of the new content.
        follow_links: A symbolic link stays one, and the file it leads to is replaced; else the link
            itself becomes the new file.

    Raises:
        OSError: Reading or writing failed (permissions, disk full); the old file is as it was.
    """
    if follow_links:
        path = path.resolve()
    part = _write_part(path, data)
    try:
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    sync_folder(path.parent)


def create_file(path: Path, data: bytes) -> None:
    """Make a file that is not there yet.

    Raises:
        FileExistsError: It is there.
        OSError: Writing failed; nothing is left behind.
    """
    file = path.open("xb")
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_part(path: Path, data: bytes) -> Path:
    part = path.with_name(f".framesift-{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return part
