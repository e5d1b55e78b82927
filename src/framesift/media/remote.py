"""Files that lie elsewhere: buckets, web servers, any file system that fsspec knows.

A name such as ``s3://bucket/photos`` or ``https://host/a.jpg`` is listed and read by the package
for its scheme, under the credentials that package finds. Nothing is copied to this machine's disk.
What breaks off is tried again, later and later, from the byte where it broke.
"""

from __future__ import annotations

import errno
import io
import random
import re
import time
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from framesift.errors import ConfigError, MissingExtraError
from framesift.media.slices import SeekableReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Backoff", "RemoteFile", "RemoteFolder", "is_remote", "open_folder"]

_SCHEME: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_PACKAGES: Final = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
_FINAL: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_BUFFER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often and how late something is tried again.

    Attributes:
        tries: In all.
        first_s: Before the second try; twice as long before each further one.
        most_s: The longest wait.
        sleep: Waits.
    """

    tries: int = 5
    first_s: float = 0.5
    most_s: float = 20.0
    sleep: Callable[[float], None] = field(default=time.sleep)

    def run(self, work: Callable[[], Any]) -> Any:
        """Do something, again where it failed in a way that may pass.

        What is not there or not allowed is not tried again.

        Raises:
            OSError: It failed for good; an error of another kind becomes one that quotes it.
        """
        for number in range(self.tries):
            try:
                return work()
            except _FINAL:
                raise
            except (OSError, EOFError, RuntimeError, ValueError) as error:
                if number + 1 == self.tries:
                    raise _as_os_error(error, self.tries) from error
            except Exception as error:  # every package has errors of its own
                if number + 1 == self.tries or _is_final(error):
                    raise _as_os_error(error, number + 1) from error
            # Many machines that failed together must not come back together.
            wait = min(self.first_s * 2**number, self.most_s)
            self.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        raise AssertionError


class RemoteFile(SeekableReader):
    """A remote file that is opened anew, and read on, where reading breaks off.

    Args:
        reopen: Opens it as a seekable binary file.
        backoff: How often to try.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, reopen: Callable[[], BinaryIO], backoff: Backoff) -> None:
        """Open it."""
        self._reopen = reopen
        self._backoff = backoff
        self._file: BinaryIO | None = backoff.run(reopen)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is read yet."""
        if whence == io.SEEK_END:
            self._here = self._backoff.run(lambda: self._at(offset, io.SEEK_END).tell())
        else:
            self._here = offset + (self._here if whence == io.SEEK_CUR else 0)
        return self._here

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as the file goes."""
        data = self._backoff.run(lambda: self._read(len(buffer)))
        buffer[: len(data)] = data
        self._here += len(data)
        return len(data)

    def close(self) -> None:
        """Close it."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def _read(self, count: int) -> bytes:
        file = self._at(self._here, io.SEEK_SET)
        try:
            return file.read(count)
        except BaseException:
            # The connection is in doubt: the next try gets a new one.
            self._file = None
            file.close()
            raise

    def _at(self, offset: int, whence: int) -> BinaryIO:
        if self._file is None:
            self._file = self._reopen()
        self._file.seek(offset, whence)
        return self._file


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A file system and a place in it.

    Attributes:
        system: Of fsspec.
        path: As that file system spells it.
        backoff: How often to try.
    """

    system: Any
    path: str
    backoff: Backoff = field(default_factory=Backoff)

    def names(self) -> Iterator[str]:
        """List the files meant, in the order of their names, folder by folder.

        Yields:
            Names with their scheme.

        Raises:
            OSError: The place cannot be listed, or there is nothing.
        """
        if any(sign in self.path for sign in "*["):
            yield from self._matches()
        elif self.backoff.run(lambda: self.system.isfile(self.path)):
            yield self._name(self.path)
        else:
            found = False
            for name in self._walk(self.path):
                found = True
                yield name
            if not found:
                raise FileNotFoundError(errno.ENOENT, "nothing lies there")

    def opener(self, name: str) -> Callable[[], BinaryIO]:
        """Return what opens a file by its name, buffered, with further tries."""
        reopen = partial(self.system.open, self.system._strip_protocol(name), "rb")
        return partial(_open, reopen, self.backoff)

    def _name(self, path: str) -> str:
        """Return a name with its scheme, spelled as people do: two slashes, but for local files."""
        scheme, sign, rest = str(self.system.unstrip_protocol(path)).partition("://")
        return scheme + sign + (rest if scheme in ("file", "local") else rest.lstrip("/"))

    def _matches(self) -> Iterator[str]:
        matches = self.backoff.run(lambda: self.system.glob(self.path))
        if not matches:
            raise FileNotFoundError(errno.ENOENT, "no file matches this pattern")
        for path in sorted(matches):
            if self.backoff.run(partial(self.system.isfile, path)):
                yield self._name(path)
            else:
                yield from self._walk(path)

    def _walk(self, folder: str) -> Iterator[str]:
        listed = self.backoff.run(lambda: self.system.ls(folder, detail=True, refresh=True))
        for entry in sorted(listed, key=lambda entry: str(entry["name"])):
            if str(entry["name"]).rstrip("/") == folder.rstrip("/"):
                continue  # some stores list a folder within itself
            if entry["type"] == "directory":
                yield from self._walk(entry["name"])
            else:
                yield self._name(entry["name"])


def is_remote(name: str) -> bool:
    """Tell whether a name has a scheme: ``s3://...``."""
    return _SCHEME.match(name) is not None


def open_folder(name: str, *, backoff: Backoff | None = None) -> RemoteFolder:
    """Find the file system of a name.

    Raises:
        MissingExtraError: The package for its scheme is not installed.
        ConfigError: No package is known for it, or it cannot be reached with these settings.
    """
    found = _SCHEME.match(name)
    scheme = found["scheme"].lower() if found else ""
    try:
        core = import_module("fsspec.core")
        system, path = core.url_to_fs(name)
    except ImportError as error:
        package = _PACKAGES.get(scheme, "fsspec")
        message = f"{scheme}:// needs a package that is not installed: pip install {package}"
        raise MissingExtraError(message, source=name) from error
    except Exception as error:  # every package has errors of its own
        message = f"{scheme}:// cannot be used: {error}; check the name and the credentials"
        raise ConfigError(message, source=name) from error
    return RemoteFolder(system, path, backoff or Backoff())


def _open(reopen: Callable[[], BinaryIO], backoff: Backoff) -> BinaryIO:
    return io.BufferedReader(RemoteFile(reopen, backoff), _BUFFER)


def _is_final(error: Exception) -> bool:
    """Tell whether a server said no, and not "later": 4xx but 408 and 429."""
    status = getattr(error, "status", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 429)


def _as_os_error(error: Exception, tries: int) -> OSError:
    said = str(error) or type(error).__name__
    return OSError(errno.EIO, f"{said}; tried {tries} times")
