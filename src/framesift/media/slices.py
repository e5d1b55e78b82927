"""A stretch of a file as a file of its own: what lies in an archive needs no copy."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing import Self

__all__ = ["SeekableReader", "Slice"]


class SeekableReader(io.RawIOBase):
    """A file to read that keeps its place itself."""

    _here = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._here


class Slice(SeekableReader):
    """Bytes ``start`` to ``start + size`` of a seekable file; closing it closes the file.

    Args:
        file: Opened for this slice alone.
        start: Offset of the first byte.
        size: Number of bytes.
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        """Stand at the first byte."""
        self._file = file
        self._start = start
        self._length = size

    @classmethod
    def buffered(cls, file: BinaryIO, start: int, size: int) -> BinaryIO:
        """Return the slice with a buffer, as decoders that read in small steps want it."""
        return io.BufferedReader(cls(file, start, size))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place inside the slice.

        Raises:
            ValueError: It lies before the beginning.
        """
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._here, os.SEEK_END: self._length}[whence]
        if base + offset < 0:
            message = f"cannot go to {base + offset}, before the beginning"
            raise ValueError(message)
        self._here = base + offset
        return self._here

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, up to the end of the slice."""
        wanted = min(len(buffer), max(self._length - self._here, 0))
        if not wanted:
            return 0
        self._file.seek(self._start + self._here)
        data = self._file.read(wanted)
        buffer[: len(data)] = data
        self._here += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file under it."""
        if not self.closed:
            self._file.close()
        super().close()
