"""Putting one file somewhere: whole or not at all, and never over another."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from typing import TYPE_CHECKING

from framesift.engine.journal import part_name

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["ChangedError", "copy_file", "link_file", "move_file", "same_content", "sha256_of"]

_CHUNK = 1 << 20
# What file systems answer that have no hard links, or allow none here.
_NO_HARD_LINK = frozenset(
    (
        errno.EPERM,
        errno.EACCES,
        errno.EOPNOTSUPP,
        errno.ENOTSUP,
        errno.ENOSYS,
        errno.EMLINK,
        errno.EINVAL,
    )
)


class ChangedError(Exception):
    """The source is no longer what it was when it was scored, or changed while it was read."""


def copy_file(
    source: Path, target: Path, *, sha256: str | None = None, part: Path | None = None
) -> str:
    """Copy a file's content, times and permissions to a name that is free.

    The copy grows under a hidden name beside the target, reaches the disk, and only then takes its
    name. Where anything fails nothing is left behind.

    Args:
        source: A regular file, or a symbolic link to one.
        target: Where to; its folder exists.
        sha256: What the content must be, if known.
        part: The hidden name; by default one that nobody else uses.

    Returns:
        SHA-256 of what was copied, in hexadecimal.

    Raises:
        FileExistsError: The target's name is taken.
        ChangedError: The content is not the one expected, or changed meanwhile.
        OSError: Reading or writing failed (permissions, disk full).
    """
    part = part or target.parent / part_name()
    try:
        with source.open("rb") as reader, part.open("xb") as writer:
            before = os.fstat(reader.fileno())
            digest = _pour(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())
            after = os.fstat(reader.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ChangedError("it changed while it was being read; try again")
        if sha256 is not None and digest != sha256:
            raise ChangedError("it changed since it was scored; scan it again")
        _copy_stat(source, part)
        _rename_new(part, target)
    finally:
        part.unlink(missing_ok=True)
    return digest


def move_file(source: Path, target: Path, *, part: Path | None = None) -> None:
    """Move a file to a name that is free, across file systems too.

    On the same file system it is renamed. Elsewhere it is copied, read back and compared, and only
    then removed here. A symbolic link is moved by copying what it points at and removing the link.

    Args:
        source: A regular file, or a symbolic link to one.
        target: Where to; its folder exists.
        part: The hidden name under which a copy grows, as for `copy_file`.

    Raises:
        FileExistsError: The target's name is taken.
        ChangedError: The content changed meanwhile.
        OSError: Reading, writing or removing failed; the source is then still there.
    """
    if not source.is_symlink():
        try:
            _rename_new(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        else:
            return
    digest = copy_file(source, target, part=part)
    try:
        if sha256_of(target) != digest:
            raise OSError(errno.EIO, "the copy does not read back as it was written")
        _sync_folder(target.parent)
        source.unlink()
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def link_file(source: Path, target: Path) -> bool:
    """Make a hard link, or a symbolic one where the file systems allow no hard link.

    Args:
        source: A regular file, or a symbolic link to one; the file itself is linked to.
        target: Where to; its folder exists.

    Returns:
        Whether the link is symbolic (absolute, so that it holds wherever it is read from).

    Raises:
        FileExistsError: The target's name is taken.
        OSError: Neither kind of link can be made here.
    """
    original = source.resolve(strict=True)
    try:
        os.link(original, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINK | {errno.EXDEV}:
            raise
        target.symlink_to(original)
        return True
    return False


def same_content(source: Path, target: Path) -> bool:
    """Return whether two files are one, or hold the same bytes. A dangling link is neither."""
    try:
        if source.samefile(target):
            return True
        if not target.is_file() or source.stat().st_size != target.stat().st_size:
            return False
        return sha256_of(source) == sha256_of(target)
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _pour(reader: BinaryIO, writer: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := reader.read(_CHUNK):
        digest.update(chunk)
        writer.write(chunk)
    return digest.hexdigest()


def _copy_stat(source: Path, part: Path) -> None:
    """Give the copy the source's times and permissions, as far as the file system knows them."""
    try:
        shutil.copystat(source, part)
    except OSError:
        facts = source.stat()
        with contextlib.suppress(OSError):
            os.utime(part, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _rename_new(source: Path, target: Path) -> None:
    """Rename a file unless the new name is taken, which a plain rename would not notice."""
    if os.name == "nt":
        source.rename(target)  # There it never replaces.
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        _replace_reserved(source, target)
        return
    try:
        source.unlink()
    except BaseException:
        target.unlink()
        raise


def _replace_reserved(source: Path, target: Path) -> None:
    """Take the name first, which fails where it is taken, and put the file in its place."""
    target.open("xb").close()
    try:
        source.replace(target)
    except BaseException:
        target.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
