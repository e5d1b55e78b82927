"""Where a medium comes from: a path, bytes in memory or a stream, read once and hashed."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from framesift.errors import LimitExceededError, SourceError
from framesift.media.limits import STREAM_BYTES, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Source", "printable_name"]

_CHUNK = 2**20
_KEEP_BYTES = 16 * 2**20

_recent = threading.local()
"""Per thread: the file hashed last and its bytes, so that decoding it next reads nothing again.

One slot a thread, at most 16 MiB each: however many sources a program holds, memory stays bounded.
"""


class Source:
    """One picture or video before it is opened.

    Make it with `from_path`, `from_bytes`, `from_stream` or `from_opener`. A source may be used by
    several threads; each `open` gives an independent file object.

    Attributes:
        name: What records and messages call it.
        path: The file, or ``None`` for bytes and streams.
        caption: The text that goes with it, or ``None``.
        caption_problem: Why there should be a caption and it could not be read; empty if it could.
    """

    __slots__ = (
        "_content",
        "_digest",
        "_lock",
        "_opener",
        "_stream",
        "caption",
        "caption_problem",
        "name",
        "path",
    )

    def __init__(self, name: str, path: Path | None = None) -> None:
        """Start an empty source; use the ``from_`` constructors instead."""
        self.name = name
        self.path = path
        self.caption: str | None = None
        self.caption_problem = ""
        self._content: bytes | None = None
        self._stream: BinaryIO | None = None
        self._opener: Callable[[], BinaryIO] | None = None
        self._digest: str | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """Return the kind and the name."""
        kind = "path" if self.path else "opener" if self._opener else "bytes"
        kind = kind if self._stream is None else "stream"
        return f"Source({kind}, {self.name!r})"

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> Source:
        """Take a file; nothing is opened yet."""
        return cls(printable_name(os.fspath(path)), Path(path))

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "<bytes>") -> Source:
        """Take the content itself."""
        source = cls(name)
        source._content = bytes(data)
        return source

    @classmethod
    def from_stream(cls, stream: BinaryIO, *, name: str = "-") -> Source:
        """Take a binary stream, which may not be seekable; it is read at first use, and once.

        The content is held in memory, so it is held to `STREAM_BYTES` as well as to the limits.
        """
        source = cls(name)
        source._stream = stream
        return source

    @classmethod
    def from_opener(cls, opener: Callable[[], BinaryIO], *, name: str) -> Source:
        """Take something that can be opened again and again, each time as a seekable file.

        Nothing is held in memory: an object in a bucket, a member of an archive.

        Args:
            opener: Opens it; raises `OSError` where it cannot be found or read.
            name: What records and messages call it.
        """
        source = cls(name)
        source._opener = opener
        return source

    def sha256(self, limits: Limits | None = None) -> str:
        """Hash the content; computed once.

        Args:
            limits: ``max_bytes`` is enforced while reading.

        Returns:
            64 hexadecimal digits.

        Raises:
            SourceError: It cannot be found, opened or read.
            LimitExceededError: It is larger than ``max_bytes``.
        """
        limits = limits or Limits()
        with self._lock:
            if self._digest is None:
                self._digest = self._hash(limits)
            return self._digest

    def open(self, limits: Limits | None = None) -> BinaryIO:
        """Open the content for reading, seekable, at its start.

        Raises:
            SourceError: It cannot be found, opened or read.
            LimitExceededError: It is larger than ``max_bytes``.
        """
        limits = limits or Limits()
        if not self._reopens:
            with self._lock:
                return io.BytesIO(self._load(limits))
        if getattr(_recent, "source", None) is self:
            return io.BytesIO(_recent.data)
        return self._open_file(limits)

    def forget(self) -> None:
        """Let go of bytes that this thread kept from hashing; `open` reads the file again."""
        if getattr(_recent, "source", None) is self:
            _recent.source = None
            _recent.data = b""

    @property
    def _reopens(self) -> bool:
        """Whether the content is read where it lies, and not held in memory."""
        return self.path is not None or self._opener is not None

    def _hash(self, limits: Limits) -> str:
        if not self._reopens:
            return hashlib.sha256(self._load(limits)).hexdigest()
        digest = hashlib.sha256()
        with self._open_file(limits) as file:
            kept: list[bytes] | None = [] if _size(file) <= _KEEP_BYTES else None
            for chunk in self._chunks(file, limits.max_bytes):
                digest.update(chunk)
                if kept is not None:
                    kept.append(chunk)
        if kept is not None and sum(map(len, kept)) <= _KEEP_BYTES:
            _recent.data = b"".join(kept)
            _recent.source = self
        return digest.hexdigest()

    def _load(self, limits: Limits) -> bytes:
        if self._content is None:
            assert self._stream is not None
            allowed = min(limits.max_bytes, STREAM_BYTES)
            stream, self._stream = self._stream, None
            # Set first: a stream that fails half-way cannot be read a second time.
            self._content = b""
            self._content = b"".join(self._chunks(stream, allowed))
        if len(self._content) > limits.max_bytes:
            raise self._too_large(len(self._content), limits.max_bytes)
        return self._content

    def _chunks(self, file: BinaryIO, allowed: int) -> Iterator[bytes]:
        total = 0
        while True:
            try:
                chunk = file.read(_CHUNK)
            except (OSError, ValueError) as error:
                message = f"cannot be read ({_reason(error)}); check the file and the disk"
                raise SourceError(message, source=self.name) from error
            if not chunk:
                return
            total += len(chunk)
            if total > allowed:
                raise self._too_large(None, allowed)
            yield chunk

    def _open_file(self, limits: Limits) -> BinaryIO:
        try:
            file = self._open_path() if self._opener is None else self._opener()
        except (OSError, ValueError) as error:
            message = f"cannot be opened ({_reason(error)}); check the name and its permissions"
            raise SourceError(message, source=self.name) from error
        size = _size(file)
        if size > limits.max_bytes:
            file.close()
            raise self._too_large(size, limits.max_bytes)
        return file

    def _open_path(self) -> BinaryIO:
        assert self.path is not None
        # Opening a named pipe would wait for a writer that may never come.
        if not stat.S_ISREG(self.path.stat().st_mode):
            kind = "a folder" if self.path.is_dir() else "not a regular file"
            message = f"is {kind}; give a picture or video file, or pipe it in with '-'"
            raise SourceError(message, source=self.name)
        return self.path.open("rb")

    def _too_large(self, size: int | None, allowed: int) -> LimitExceededError:
        shown = "more" if size is None else f"{size:,} bytes"
        message = (
            f"has {shown} than the {allowed:,} bytes allowed"
            if size is None
            else (f"has {shown}; {allowed:,} are allowed")
        )
        way_out = "raise max_bytes"
        if not self._reopens and allowed >= STREAM_BYTES:
            way_out = "save the stream to a file and give its path"
        return LimitExceededError(f"{message}; {way_out} to read it", source=self.name)


def _size(file: BinaryIO) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except (OSError, AttributeError):  # no file of this machine's
        here = file.tell()
        size = file.seek(0, os.SEEK_END)
        file.seek(here)
        return size


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def printable_name(name: str) -> str:
    """Return a name that any report can write: bytes that are not UTF-8 become ``�``.

    They reach Python as lone surrogates; the path of a source keeps them.
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
