"""Bringing back what a transfer did, as its undo file tells.

This is the only place where Framesift removes a file, and it removes only what a transfer made:
a copy while the original still has the same content, a link while what it leads to has another
name, a folder while it is empty. A moved file goes back only with the content it had, and only to
a place that is free. Whatever is otherwise is said and left. What is on the disk decides, so an
undo can be run again, after an interruption too, and a step that was never done needs nothing.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.engine.placing import move_file, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from framesift.engine.journal import Step

__all__ = ["UndoResult", "UndoStatus", "undo"]

UndoStatus: TypeAlias = Literal["moved back", "removed", "nothing to do", "left"]

_EMPTY = sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What became of one step.

    Attributes:
        path: The file or folder that the transfer made.
        status: What was done; in a dry run what would be.
        message: Where it went, or why it was left.
        folder: Whether it is a folder, which nobody misses.
        dry_run: Whether nothing was touched.
    """

    path: Path
    status: UndoStatus
    message: str = ""
    folder: bool = False
    dry_run: bool = False


class _Left(Exception):
    """A step that must not be undone, with the reason for the user."""


def undo(steps: Sequence[Step], *, dry_run: bool = False) -> Iterator[UndoResult]:
    """Undo the steps of a transfer, the last one first, one result per step as it is done.

    Args:
        steps: From `framesift.engine.journal.read_steps`.
        dry_run: Say what would be done and touch nothing.
    """
    run = _Undoing(dry_run=dry_run)
    for step in reversed(steps):
        try:
            status, message = run.one(step)
        except _Left as left:
            status, message = "left", str(left)
        except (OSError, ValueError) as error:
            status, message = "left", getattr(error, "strerror", None) or str(error)
        yield UndoResult(step.target, status, message, step.do == "folder", dry_run)


class _Undoing:
    """One undo; a dry run remembers what would be gone, and what would be back."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._gone: set[Path] = set()
        self._back: dict[Path, str] = {}

    def one(self, step: Step) -> tuple[UndoStatus, str]:
        """Undo one step.

        Raises:
            _Left: It must not be undone.
            OSError: It cannot be.
        """
        status, message = self._undo(step)
        if self._dry_run and status in ("moved back", "removed"):
            self._gone.add(step.target)
            if step.do == "move" and step.source is not None:
                self._back[step.source] = step.sha256
        return status, message

    def _undo(self, step: Step) -> tuple[UndoStatus, str]:
        if step.do == "folder":
            return self._folder(step.target), ""
        assert step.source is not None
        if step.part and not self._dry_run:
            _sweep(step.target.parent / step.part)
            _sweep(step.source.parent / step.part)
        if step.do == "move":
            return self._move_back(step, step.source)
        if not _there(step.target):
            return "nothing to do", "it is not there"
        if step.do == "copy":
            _check_copy(step, step.source)
        else:
            _check_link(step)
        if not self._dry_run:
            step.target.unlink()
        return "removed", ""

    def _folder(self, folder: Path) -> UndoStatus:
        """Remove a folder that the transfer made, if nothing is left in it."""
        if folder.is_symlink() or not folder.is_dir():
            return "nothing to do"
        if any(item not in self._gone for item in folder.iterdir()):
            raise _Left("there is something else in it")
        if not self._dry_run:
            folder.rmdir()
        return "removed"

    def _move_back(self, step: Step, home: Path) -> tuple[UndoStatus, str]:
        here = step.target
        if not _there(here):
            if not _is_home(step, home):
                what = "has other content" if _there(home) else "is gone too"
                raise _Left(f"it is gone, and {home} {what}")
            return "nothing to do", f"{home} is there"
        if not _is_file(here):
            raise _Left("it is no longer the file that was moved")
        # An undo that was killed may have taken the name and not yet put the file there.
        half_back = _is_file(home) and _is_reserved(home, step)
        if _there(home) and not half_back:
            self._check_twice(step, home)
            if not self._dry_run:
                here.unlink()
            return "removed", f"{home} is there; the move was not finished"
        if sha256_of(here) != step.sha256:
            raise _Left("it changed since it was moved")
        if step.leads_to:
            self._check_original(step, home)
        if not self._dry_run:
            _return(step, home)
        return "moved back", f"-> {home}"

    def _check_original(self, step: Step, home: Path) -> None:
        """Hold that what a symbolic link led to is there: the moved file is one too many."""
        original = home.parent / step.leads_to
        there = _has(original, step.sha256) or self._back.get(original) == step.sha256
        if _same_entry(original, step.target) or not there:
            raise _Left(f"{home} was a link to {original}, which is gone or changed")

    def _check_twice(self, step: Step, home: Path) -> None:
        """Hold that a file in both places is that of a move which was not finished."""
        here = step.target
        if not _is_home(step, home):
            raise _Left(f"its old place is taken: {home}")
        if _same_entry(here, home):
            raise _Left(f"{home} is the same place")
        if step.leads_to:
            self._check_original(step, home)
        facts = here.stat()
        if os.path.samestat(facts, home.stat()) and not step.leads_to:
            if facts.st_nlink < 2:
                raise _Left(f"{home} is the same file")
            return
        if not _is_reserved(here, step) and sha256_of(here) != step.sha256:
            raise _Left("it changed since it was moved")


def _return(step: Step, home: Path) -> None:
    """Move a file back, or make the symbolic link again that it was moved as."""
    home.parent.mkdir(parents=True, exist_ok=True)
    if _is_file(home) and _is_reserved(home, step):
        home.unlink()
    if step.leads_to:
        home.symlink_to(step.leads_to)
        _restore_time(home, step.mtime_ns)
        step.target.unlink()
        return
    move_file(step.target, home, part=home.parent / step.part if step.part else None)
    _restore_time(home, step.mtime_ns)


def _check_copy(step: Step, original: Path) -> None:
    if not _is_file(step.target):
        raise _Left("it is no longer the file that was copied")
    if not _is_reserved(step.target, step) and sha256_of(step.target) != step.sha256:
        raise _Left("it changed since it was copied")
    if not _has(original, step.sha256):
        raise _Left(f"it is the last copy: {original} is gone or changed")
    if step.target.samefile(original):
        raise _Left(f"{original} is the same file")


def _check_link(step: Step) -> None:
    target = step.target
    if target.is_symlink():
        if str(target.readlink()) != step.leads_to:
            raise _Left("it leads elsewhere by now")
        return
    original = type(target)(step.leads_to)
    if not _is_file(target) or not _is_file(original):
        raise _Left(f"{original} is gone: this may be the last name of its content")
    facts = target.stat()
    if not os.path.samestat(facts, original.stat()):
        raise _Left(f"it is no longer the same file as {original}")
    if facts.st_nlink < 2 or _same_entry(target, original):
        raise _Left(f"{original} is the same place")


def _is_reserved(path: Path, step: Step) -> bool:
    """Whether a file is empty and should not be.

    File systems without hard links know no other way to take a name that must be free: a run that
    was killed in between leaves the empty file behind. There is no content in it to lose.
    """
    return path.lstat().st_size == 0 and step.sha256 != _EMPTY


def _is_home(step: Step, home: Path) -> bool:
    """Whether the original is in its place, as it was."""
    if step.leads_to:
        return home.is_symlink() and str(home.readlink()) == step.leads_to
    return _is_file(home) and sha256_of(home) == step.sha256


def _there(path: Path) -> bool:
    return os.path.lexists(path)


def _is_file(path: Path) -> bool:
    """Whether it is a regular file and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _has(path: Path, digest: str) -> bool:
    try:
        return path.is_file() and sha256_of(path) == digest
    except OSError:
        return False


def _same_entry(one: Path, other: Path) -> bool:
    """Whether two paths name one entry of one folder, by whatever links they lead there."""
    return one.name == other.name and one.parent.resolve() == other.parent.resolve()


def _restore_time(path: Path, mtime_ns: int) -> None:
    facts = path.lstat()
    if mtime_ns and facts.st_mtime_ns != mtime_ns and os.utime in os.supports_follow_symlinks:
        os.utime(path, ns=(facts.st_atime_ns, mtime_ns), follow_symlinks=False)


def _sweep(part: Path) -> None:
    """Remove what a copy that was killed left on its way."""
    if _is_file(part):
        part.unlink()
