"""Where a report goes: a file that appears whole under its name, or an open stream."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, TextIO, cast

from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Output"]


class Output:
    """The destination of one report.

    A report to a file is written to ``<name>.part`` beside it and takes the name at ``commit``, so
    what stood there before is replaced by a whole report or not at all. A device or a pipe given
    as a path (``/dev/stdout``) is written to directly. A stream is the caller's: it is flushed and
    never closed.

    Args:
        out: A path, an open text stream, or ``None`` for standard output.
    """

    def __init__(self, out: Path | TextIO | None) -> None:
        """Remember the destination; ``open`` does the rest."""
        self._stream: TextIO | None = None
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._text: TextIO | None = None
        self._spool: IO[bytes] | None = None
        self._ours: os.stat_result | None = None
        if isinstance(out, (str, os.PathLike)):
            self._path = Path(out)
        else:
            self._stream = out if out is not None else sys.stdout

    @property
    def folder(self) -> Path | None:
        """The folder of the file, absolute; ``None`` for a stream."""
        return None if self._path is None else self._path.resolve().parent

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads along."""
        return self._stream is not None and self._stream.isatty()

    def open(self) -> None:
        """Make the file.

        Raises:
            ConfigError: The path is a folder, or cannot be written.
        """
        if self._path is None:
            return
        if self._path.is_dir():
            message = "is a folder; name the report's file"
            raise ConfigError(message, source=str(self._path))
        with self.named():
            # A symbolic link stays one: the file it points at is replaced.
            self._path = self._path.resolve()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._is_special():
                self._file = self._path.open("wb")
                return
            self._part.unlink(missing_ok=True)
            self._file = self._part.open("xb")
            self._ours = os.fstat(self._file.fileno())

    @property
    def text(self) -> TextIO:
        """A text stream into the report: UTF-8 and plain line feeds in a file."""
        if self._stream is not None:
            return self._stream
        if self._text is None:
            assert self._file is not None
            self._text = io.TextIOWrapper(
                self._file, encoding="utf-8", errors="backslashreplace", newline=""
            )
        return self._text

    def write(self, text: str) -> None:
        """Write text and hand it to the operating system, so that a kill cannot lose it."""
        with self.named():
            self.text.write(text)
            self.text.flush()

    def binary(self, *, is_text: bool = False) -> BinaryIO:
        """Return a binary stream into the report; what goes to a stream is copied at ``commit``.

        Args:
            is_text: Whether the bytes are UTF-8 text, which a stream without a ``buffer`` takes.

        Raises:
            ConfigError: The stream is a terminal, or takes text only.
        """
        if self._stream is None:
            assert self._file is not None
            return self._file
        if self._stream.isatty() or not (is_text or hasattr(self._stream, "buffer")):
            message = "this format is not for a screen: name a file (--out FILE) or redirect it"
            raise ConfigError(message)
        if self._spool is None:
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by commit or abort
        return cast("BinaryIO", self._spool)

    def commit(self) -> None:
        """Finish: the file takes its name, the stream gets what is still to come.

        Raises:
            ConfigError: The disk is full, or another process is writing the same report.
        """
        if self._stream is not None:
            self._deliver(self._stream)
            return
        assert self._file is not None
        assert self._path is not None
        with self.named():
            if self._text is not None:
                self._text.flush()
            self._file.flush()
            if self._is_special():
                self._file.close()
                return
            os.fsync(self._file.fileno())
            self._file.close()
            if not self._is_ours():
                message = f"another process writes the same report ({self._part.name})"
                raise ConfigError(f"{message}; name another file", source=str(self._path))
            self._part.replace(self._path)

    def abort(self, *, keep: bool) -> None:
        """Stop without replacing anything.

        Args:
            keep: Leave ``<name>.part`` with what was written so far, else remove it.
        """
        if self._spool is not None:
            self._spool.close()
        if self._file is None or self._path is None:
            return
        with contextlib.suppress(OSError):
            self._file.close()
        if not keep and self._is_ours():
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    @property
    def _part(self) -> Path:
        assert self._path is not None
        return self._path.with_name(f"{self._path.name}.part")

    def _is_special(self) -> bool:
        assert self._path is not None
        try:
            return not stat.S_ISREG(self._path.stat().st_mode)
        except FileNotFoundError:
            return False

    def _is_ours(self) -> bool:
        """Return whether the part is still the file opened here, and not another process's."""
        try:
            return self._ours is not None and os.path.samestat(self._part.stat(), self._ours)
        except OSError:
            return False

    def _deliver(self, stream: TextIO) -> None:
        if self._spool is not None:
            stream.flush()
            self._spool.seek(0)
            if hasattr(stream, "buffer"):
                shutil.copyfileobj(self._spool, stream.buffer)
            else:
                shutil.copyfileobj(codecs.getreader("utf-8")(self._spool), stream)
            self._spool.close()
        stream.flush()

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Turn the system's errors into one that names the report; a stream's are the caller's."""
        try:
            yield
        except OSError as error:
            if self._path is None:
                raise
            reason = error.strerror or str(error)
            message = f"the report cannot be written: {reason}"
            raise ConfigError(message, source=str(self._path)) from error
