"""Tar files of pictures, as data sets for training are kept: the layout of WebDataset.

Members that belong together share a name up to its first dot and follow each other: ``0001.jpg``,
``0001.txt``, ``0001.json``. Pictures and videos become sources that read their stretch of the
archive where it lies; texts beside them become captions.
"""

from __future__ import annotations

import posixpath
import tarfile
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from framesift.errors import CorruptMediaError
from framesift.media.captions import MAX_SIDECAR_BYTES, Caption, read_caption
from framesift.media.slices import Slice
from framesift.media.sniff import COMPANION_SUFFIXES
from framesift.media.source import Source, printable_name
from framesift.types import Failure, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TarOptions", "is_tar_name", "tar_sources"]

_TEXTS: Final = (".txt", ".json")


@dataclass(frozen=True, slots=True)
class TarOptions:
    """What is taken from a tar file.

    Attributes:
        hidden: Also members of which a part of the name starts with a dot.
        all_files: Also companions of pictures, as media.
        captions: Whether texts of the same key become captions.
        caption_encoding: Of those without a byte order mark; guessed where it is ``None``.
    """

    hidden: bool = False
    all_files: bool = False
    captions: bool = True
    caption_encoding: str | None = None


@dataclass(slots=True)
class _Group:
    """Members of one key: what is looked at, and the texts beside it."""

    key: str = ""
    media: list[Source] = field(default_factory=list)
    captions: list[Caption] = field(default_factory=list)
    passed: int = 0


def is_tar_name(name: str) -> bool:
    """Tell by its name whether something is a tar file; compressed ones cannot be read in place."""
    return name.lower().endswith(".tar")


def tar_sources(
    name: str, opener: Callable[[], BinaryIO], options: TarOptions
) -> Iterator[Source | Failure | None]:
    """Find the media in a tar file, in its order, without unpacking it.

    Args:
        name: Of the archive; members are called ``name/member``.
        opener: Opens the archive as a seekable file; called once for the list and once for each
            medium that is read.
        options: What is taken.

    Yields:
        Sources; ``None`` for a member that is passed over (texts, tables); a failure where the
        archive cannot be opened, or breaks off: what came before is there.
    """
    try:
        with opener() as file, tarfile.open(fileobj=file, mode="r:") as archive:
            reader = _Reader(name, opener, file, options)
            for member in archive:
                # What tarfile keeps of every member would grow with the archive.
                archive.members = []  # type: ignore[attr-defined]
                yield from reader.take(member)
            yield from reader.finished()
            # Where a header is cut off or damaged, tarfile just stops.
            file.seek(archive.offset)
            if file.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
                raise tarfile.ReadError("the mark at the end is missing")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        message = f"{name}: cannot be read as a tar file from here on ({error}); get a new copy"
        yield Failure(name, Problem(CorruptMediaError.__name__, message))


class _Reader:
    """Gathers the members of one key at a time."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], BinaryIO],
        file: BinaryIO,
        options: TarOptions,
    ) -> None:
        self._name = name
        self._opener = opener
        self._file = file
        self._options = options
        self._group = _Group()

    def take(self, member: tarfile.TarInfo) -> Iterator[Source | None]:
        """Take the next member; gives the group before it where that is finished."""
        parts = member.name.split("/")
        hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
        if not member.isfile() or (hidden and not self._options.hidden):
            return
        folder, base = posixpath.split(member.name)
        key = posixpath.join(folder, base.split(".", 1)[0])
        if key != self._group.key:
            yield from self.finished()
            self._group = _Group(key)
        self._add(member)

    def finished(self) -> Iterator[Source | None]:
        """Give the media of the group with their captions, and ``None`` for each text."""
        group, self._group = self._group, _Group()
        texts = dict.fromkeys(one.text for one in group.captions if one.text)
        problems = dict.fromkeys(one.problem for one in group.captions if one.problem)
        for source in group.media:
            if texts or problems:
                source.caption = "\n".join(texts)
                source.caption_problem = "; ".join(problems)
            yield source
        yield from [None] * group.passed

    def _add(self, member: tarfile.TarInfo) -> None:
        suffix = posixpath.splitext(member.name)[1].lower()
        name = f"{self._name}/{printable_name(member.name)}"
        if suffix not in COMPANION_SUFFIXES or self._options.all_files:
            opened = partial(_open, self._opener, member.offset_data, member.size)
            self._group.media.append(Source.from_opener(opened, name=name))
            return
        self._group.passed += 1
        if suffix in _TEXTS and self._options.captions:
            # tarfile goes to the next header by a place that it keeps itself.
            self._file.seek(member.offset_data)
            data = self._file.read(min(member.size, MAX_SIDECAR_BYTES + 1))
            encoding = self._options.caption_encoding
            caption = read_caption(data, name, encoding=encoding)
            self._group.captions += [] if caption is None else [caption]


def _open(opener: Callable[[], BinaryIO], start: int, size: int) -> BinaryIO:
    return Slice.buffered(opener(), start, size)
