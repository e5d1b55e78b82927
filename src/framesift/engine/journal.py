"""The undo file of a transfer: what is about to be done is written down before it is done.

JSON Lines. The first line names the format and the command; then comes a line for each step, which
has reached the disk before the step begins. A step that failed is taken back by a line of its own.
So the file is true after a kill at any moment: the last step in it may be undone, done, or half
done, and `framesift.engine.undo` finds out which.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from framesift.engine.writing import sync_folder
from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

__all__ = ["VERSION", "Deed", "Journal", "Step", "new_path", "part_name", "read_steps"]

VERSION = 1
"""Of the format; a reader refuses a file of a later one."""

Deed: TypeAlias = Literal["folder", "copy", "move", "link"]

_KEY = "framesift_undo"
_PART = (".framesift-", ".part")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a transfer is about to do.

    Attributes:
        do: Make a folder, copy, move or link a file.
        target: What comes to be there, absolute; nothing was there before.
        source: The original, absolute; ``None`` for a folder.
        sha256: Of the content, 64 hexadecimal digits; empty for folders and links.
        mtime_ns: When the original was last changed, in nanoseconds since 1970.
        leads_to: Of a symbolic link that is moved: what it says; of a link that is made: the
            original's resolved path.
        part: The hidden name beside the target under which a copy grows.
    """

    do: Deed
    target: Path
    source: Path | None = None
    sha256: str = ""
    mtime_ns: int = 0
    leads_to: str = ""
    part: str = ""

    def record(self) -> dict[str, Any]:
        """Return the step as what its line says; empty fields are left out."""
        source = None if self.source is None else str(self.source)
        fields = {
            "do": self.do,
            "target": str(self.target),
            "source": source,
            "sha256": self.sha256,
            "mtime_ns": self.mtime_ns,
            "leads_to": self.leads_to,
            "part": self.part,
        }
        return {key: value for key, value in fields.items() if value}


class Journal:
    """Writes an undo file; it is made with the first step, so a run that does nothing has none.

    Args:
        path: The file, which must not be there.
        arguments: The command line, program name first.
    """

    def __init__(self, path: Path, *, arguments: Sequence[str] = ()) -> None:
        """Touch nothing yet."""
        self.path = path
        self.steps = 0
        self._arguments = tuple(arguments)
        self._file: FileIO | None = None
        self._broken = False

    def before(self, step: Step) -> int:
        """Write a step down; when this returns it has reached the disk.

        Returns:
            Its number, for `void`.

        Raises:
            ConfigError: The file cannot be made; nothing may be done then.
            OSError: The disk is full or gone; the step must not be done.
        """
        if self._file is None:
            self._open()
        number = self.steps + 1
        self._write({"n": number, **step.record()})
        self.steps = number
        return number

    def void(self, number: int) -> None:
        """Take a step back that was not done after all."""
        self._write({"void": number})

    def close(self) -> None:
        """Close the file; harmless where there is none."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb", buffering=0)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._write({_KEY: VERSION, "started": now, "command": list(self._arguments)})
        except OSError as error:
            reason = "it is there already" if isinstance(error, FileExistsError) else error.strerror
            message = (
                f"the undo file cannot be made ({reason}), so nothing was touched; "
                "name another one with --undo-file"
            )
            raise ConfigError(message, source=str(self.path)) from error
        sync_folder(self.path.parent)

    def _write(self, record: dict[str, Any]) -> None:
        """Append a line, whole or not at all."""
        assert self._file is not None
        if self._broken:
            raise OSError(errno.EIO, "the undo file cannot be written any more")
        line = json.dumps(record).encode("ascii") + b"\n"
        end = self._file.tell()
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            # Half a line in the middle would make the rest unreadable.
            self._broken = True
            self._file.truncate(end)
            self._file.seek(end)
            self._broken = False
            raise


def new_path(command: str, *, folder: Path | None = None) -> Path:
    """Return a name for a new undo file, which tells when and what.

    Args:
        command: Of Framesift, such as ``filter``.
        folder: Where; by default ``undo`` in the user's folder for an application's state.
    """
    if folder is None:
        import platformdirs

        folder = platformdirs.user_state_path("framesift", appauthor=False) / "undo"
    when = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    return folder / f"{when}-{command}-{secrets.token_hex(3)}.jsonl"


def part_name() -> str:
    """Return a hidden name that nobody else uses, for a copy on its way."""
    return secrets.token_hex(8).join(_PART)


def read_steps(path: Path) -> list[Step]:
    """Read an undo file: the steps that were begun and not taken back, in order.

    A last line that is cut off is passed over: its step had not begun.

    Raises:
        ConfigError: It cannot be read, is no undo file, of a later version, or broken.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        message = f"the undo file cannot be read ({error.strerror}); check the name"
        raise ConfigError(message, source=str(path)) from error
    records = [_record(line, number, path) for number, line in enumerate(lines[:-1], 1)]
    if not records or _KEY not in records[0]:
        message = "this is no undo file; `filter`, `dedupe` and `classify` name theirs at their end"
        raise ConfigError(message, source=str(path))
    if records[0][_KEY] != VERSION:
        message = f"this undo file has version {records[0][_KEY]}; this Framesift knows {VERSION}"
        raise ConfigError(message, source=str(path))
    void = {record["void"] for record in records[1:] if "void" in record}
    return [
        _step(record, number, path)
        for number, record in enumerate(records[1:], 2)
        if "void" not in record and record.get("n") not in void
    ]


def _record(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        message = f"line {number} is broken; nothing was undone"
        raise ConfigError(message, source=str(path))
    return record


def _step(record: dict[str, Any], number: int, path: Path) -> Step:
    try:
        step = Step(
            do=record["do"],
            target=Path(record["target"]),
            source=Path(record["source"]) if "source" in record else None,
            sha256=str(record.get("sha256", "")),
            mtime_ns=int(record.get("mtime_ns", 0)),
            leads_to=str(record.get("leads_to", "")),
            part=str(record.get("part", "")),
        )
    except (KeyError, TypeError, ValueError):
        step = None
    if step is None or not _is_sound(step):
        message = f"line {number} says nothing that can be undone; nothing was undone"
        raise ConfigError(message, source=str(path))
    return step


def _is_sound(step: Step) -> bool:
    """Whether a step could have been written by a transfer."""
    if step.do not in get_args(Deed) or not step.target.is_absolute():
        return False
    if step.part and not (
        step.part.startswith(_PART[0]) and step.part.endswith(_PART[1]) and "/" not in step.part
    ):
        return False
    return step.do == "folder" or (step.source is not None and step.source.is_absolute())
