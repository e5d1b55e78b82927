"""From what the user typed to the files meant: names, folders, patterns, standard input."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from framesift.errors import FramesiftError, SourceError
from framesift.media.remote import is_remote, open_folder
from framesift.media.sniff import COMPANION_SUFFIXES, HEAD_BYTES, sniff
from framesift.media.source import Source
from framesift.media.tars import TarOptions, is_tar_name, tar_sources
from framesift.types import Failure, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ExpandOptions", "Expansion", "expand_sources"]

_DIGITS = re.compile(r"(\d+)")
_MEDIA_FAMILIES = frozenset(("still", "raw", "video"))


@dataclass(frozen=True, slots=True)
class ExpandOptions:
    """What counts as a medium inside a folder.

    Attributes:
        recursive: Go into folders inside folders.
        hidden: Also take files and folders whose name starts with a dot.
        all_files: Try every file. Without it, companions of pictures (notes, sidecars, tables:
            `COMPANION_SUFFIXES`) are passed over unless their content is a picture or a video.
            Anything else that is no medium becomes a failure, so that nothing is lost in silence.
        follow_links: Go into linked folders; each real folder is still visited only once.
        captions: Whether texts inside tar files become captions of the pictures there.
        caption_encoding: Of such texts without a byte order mark; guessed where it is ``None``.
    """

    recursive: bool = True
    hidden: bool = False
    all_files: bool = False
    follow_links: bool = True
    captions: bool = True
    caption_encoding: str | None = None

    @property
    def tar(self) -> TarOptions:
        """The same for what lies in tar files."""
        return TarOptions(self.hidden, self.all_files, self.captions, self.caption_encoding)


_DEFAULT = ExpandOptions()


class Expansion:
    """The sources, one by one; an iterator.

    Attributes:
        skipped: Companion files passed over so far in folders.
    """

    def __init__(self, items: Iterator[Source | Failure | None]) -> None:
        """Wrap items, of which ``None`` stands for a file passed over."""
        self._items = items
        self.skipped = 0

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> Source | Failure:
        """Return the next source, or the failure that stands in its place."""
        for item in self._items:
            if item is not None:
                return item
            self.skipped += 1
        raise StopIteration


def expand_sources(
    args: Sequence[str],
    *,
    options: ExpandOptions = _DEFAULT,
    stdin: BinaryIO | None = None,
) -> Expansion:
    """Find the media that some arguments mean, lazily and in a stable order.

    Args:
        args: File names (always tried), folders, patterns such as ``'*.jpg'`` or ``'a/**/*.png'``
            (where no file has that very name), ``-`` for standard input, and names with a scheme
            such as ``s3://bucket/photos`` (`framesift.media.remote`). The members of a tar file
            are media of their own.
        options: What to take from folders.
        stdin: Read for ``-``.

    Returns:
        An iterator of sources. What cannot be found or listed is a `Failure` in its place. Folders
        are walked in natural order: ``img2`` before ``img10``.
    """
    return Expansion(_expand(args, options, stdin))


def _expand(
    args: Sequence[str], options: ExpandOptions, stdin: BinaryIO | None
) -> Iterator[Source | Failure | None]:
    for arg in args:
        if arg == "-":
            if stdin is None:
                yield _failure("-", "there is no standard input to read; give a file name")
            else:
                yield Source.from_stream(stdin)
                stdin = None
        else:
            yield from _expand_name(arg, options)


def _expand_name(arg: str, options: ExpandOptions) -> Iterator[Source | Failure | None]:
    if not arg:
        # An unset variable of the shell; as a path it would mean the current folder.
        yield _failure("", "a name is empty; give a file or folder")
        return
    if is_remote(arg) and not os.path.lexists(arg):
        yield from _expand_remote(arg, options)
        return
    path = Path(arg)
    try:
        if path.is_dir():
            yield from _walk(path, options, set())
            return
        if os.path.lexists(arg):
            yield from _file(path, options)
            return
        # Not `Path.glob`: it takes no absolute patterns.
        matches = glob.glob(arg, recursive=True) if glob.has_magic(arg) else []  # noqa: PTH207
    except (OSError, ValueError, re.error) as error:
        yield _failure(arg, f"cannot be found ({error}); check the name")
        return
    if not matches:
        what = "no file matches this pattern" if glob.has_magic(arg) else "does not exist"
        yield _failure(arg, f"{what}; check the name and the folder you are in")
    visited: set[tuple[int, int]] = set()
    for match in sorted(matches, key=_natural):
        found = Path(match)
        if found.is_dir():
            # '**' lists every folder and its files as well: only folders at the end count.
            if "**" not in arg:
                yield from _walk(found, options, visited)
        else:
            yield from _file(found, options)


def _expand_remote(arg: str, options: ExpandOptions) -> Iterator[Source | Failure | None]:
    """List what lies elsewhere; a listing that breaks off is a failure after what it gave."""
    try:
        folder = open_folder(arg)
        for name in folder.names():
            base = name.rsplit("/", 1)[-1]
            if base.startswith(".") and not options.hidden:
                continue
            if is_tar_name(name):
                yield from tar_sources(name, folder.opener(name), options.tar)
            elif not options.all_files and Path(base).suffix.lower() in COMPANION_SUFFIXES:
                yield None
            else:
                yield Source.from_opener(folder.opener(name), name=name)
    except FramesiftError as error:
        yield Failure(arg, Problem(type(error).__name__, str(error)))
    except OSError as error:
        reason = error.strerror or str(error)
        yield _failure(arg, f"cannot be listed ({reason}); check the name and the credentials")


def _file(path: Path, options: ExpandOptions) -> Iterator[Source | Failure | None]:
    """Give a file, or the media in it where it is a tar file."""
    if is_tar_name(path.name) and path.is_file():
        name = Source.from_path(path).name
        yield from tar_sources(name, lambda: path.open("rb"), options.tar)
    else:
        yield Source.from_path(path)


def _walk(
    folder: Path, options: ExpandOptions, visited: set[tuple[int, int]]
) -> Iterator[Source | Failure | None]:
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in visited:
            return
        visited.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: _natural(entry.name))
    except OSError as error:
        reason = error.strerror or str(error)
        yield _failure(str(folder), f"cannot be listed ({reason}); check its permissions")
        return
    for entry in listed:
        if entry.name.startswith(".") and not options.hidden:
            continue
        if _is_folder(entry):
            if options.recursive and (options.follow_links or not entry.is_symlink()):
                yield from _walk(folder / entry.name, options, visited)
        elif is_tar_name(entry.name):
            yield from _file(folder / entry.name, options)
        else:
            yield _take(folder / entry.name, options)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _take(path: Path, options: ExpandOptions) -> Source | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Pipes, sockets and devices hold no picture, and reading them may never end.
            return None
    except OSError as error:
        return None if error.errno == errno.ELOOP else Source.from_path(path)
    if options.all_files or path.suffix.lower() not in COMPANION_SUFFIXES:
        return Source.from_path(path)
    try:
        with path.open("rb") as file:
            family = sniff(file.read(HEAD_BYTES)).family
    except OSError:
        return Source.from_path(path)
    return Source.from_path(path) if family in _MEDIA_FAMILIES else None


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    # Pieces are tagged so that numbers and words never meet in a comparison.
    pieces = (
        (0, int(piece), piece) if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in _DIGITS.split(name)
    )
    return (*pieces, (2, 0, name))


def _failure(path: str, message: str) -> Failure:
    printable = Source.from_path(path).name
    return Failure(printable, Problem(SourceError.__name__, f"{printable}: {message}"))
