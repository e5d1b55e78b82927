"""Copying, moving or linking the pictures that were selected, without ever losing one.

Nothing is overwritten: a name that is taken by other content gets `` (2)``, and a picture that is
already there is left alone, so an interrupted transfer can simply be run again. A file appears
under its name only when it is whole. One that fails is a value, and the others go on. With a
journal, each step is written down before it is done, for `framesift.engine.undo`.
"""

from __future__ import annotations

import contextlib
import stat
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from framesift.engine.journal import Step, part_name
from framesift.engine.placing import (
    ChangedError,
    copy_file,
    link_file,
    move_file,
    same_content,
    sha256_of,
)
from framesift.errors import ConfigError
from framesift.media.remote import is_remote
from framesift.media.tars import is_tar_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from framesift.engine.journal import Journal
    from framesift.types import MediaInfo

__all__ = [
    "SIDECAR_EXTENSIONS",
    "Mode",
    "Selected",
    "Status",
    "Transfer",
    "TransferResult",
    "no_file_here",
    "transfer",
]

Mode: TypeAlias = Literal["copy", "move", "link"]
Status: TypeAlias = Literal["copied", "moved", "linked", "already there", "failed"]

_DONE: dict[Mode, Status] = {"copy": "copied", "move": "moved", "link": "linked"}

_RAW = (
    ".3fr .arw .cr2 .cr3 .crw .dng .erf .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2 "
    ".rwl .sr2 .srf .srw .x3f"
)
SIDECAR_EXTENSIONS = frozenset((".xmp", ".aae", *_RAW.split()))
"""Extensions of the files that belong to a picture of the same stem (``a.jpg``: ``a.xmp``,
``a.nef``); ``a.jpg.xmp`` belongs to it too."""


class Selected(Protocol):
    """What can be transferred: an analysis, or anything else that knows its file."""

    @property
    def info(self) -> MediaInfo:
        """Its path and the hash that its content had."""
        ...


@dataclass(frozen=True, slots=True)
class TransferResult:
    """What became of one file.

    Attributes:
        source: The picture's name as the user gave it, or its sidecar's path.
        target: Where it is now, or would be; ``None`` where it failed.
        status: What was done; in a dry run what would be.
        message: Why it failed, or what else to know; empty where all is as asked.
        sidecar: Whether it went along with a picture.
        dry_run: Whether nothing was touched.
    """

    source: str
    target: Path | None
    status: Status
    message: str = ""
    sidecar: bool = False
    dry_run: bool = False


@dataclass(slots=True, eq=False)
class Transfer:
    """Brings selected originals into a folder.

    - ``copy`` keeps times and permissions, and checks that the content is still what was scored.
    - ``move`` renames where it can, else copies, compares and then removes. Where identical content
      is already there the original stays: nothing is removed that this run did not bring over.
    - ``link`` makes hard links, which cost no space and outlive the original's name; where the
      file systems allow none, symbolic links to the original's absolute path.

    A picture that lies inside the target already is left alone, so a target inside the scanned
    folder does not fill itself. The selection is read to its end before the first file is touched.

    Attributes:
        target: The folder; made when needed.
        mode: What to do with the originals.
        root: Keep the sub-folders below this folder; ``None`` puts all pictures side by side, and
            so does a picture that lies elsewhere.
        dry_run: Say what would be done and touch nothing.
        sidecars: Bring the files of ``SIDECAR_EXTENSIONS`` along, under the picture's new name.
        journal: Where each step is written down before it is done. What is moved is then read
            once more first: it must still be what was scored.
        guard: Asked right before a picture is touched: why it must stay after all, or nothing.

    Raises:
        ConfigError: The target is not a folder; on construction.
    """

    target: Path
    mode: Mode
    root: Path | None = None
    dry_run: bool = False
    sidecars: bool = False
    journal: Journal | None = None
    guard: Callable[[Any], str] | None = None
    _moved: dict[Path, Path] = field(default_factory=dict, init=False)
    # What a dry run would have put where; a real run asks the disk.
    _planned: dict[Path, Path] = field(default_factory=dict, init=False)
    _siblings: tuple[Path, dict[str, list[Path]]] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Refuse a target that is a file."""
        if self.target.exists() and not self.target.is_dir():
            message = "is a file; name a folder for the pictures"
            raise ConfigError(message, source=str(self.target))

    def run(self, selected: Iterable[Selected]) -> Iterator[TransferResult]:
        """Do the work as the results are read.

        Pictures without a file (standard input, bytes) fail as values.

        Raises:
            ConfigError: The journal cannot be made; nothing was touched.
        """
        # Read to the end first: a scan still running would find what is copied below its folder.
        for item in list(selected):
            name = item.info.path
            try:
                if self.guard is not None and (reason := self.guard(item)):
                    raise _Refused(reason)
                yield from self._picture(name, item.info.sha256)
            except _Refused as refused:
                yield self._failed(name, str(refused))
            except ChangedError as changed:
                yield self._failed(name, str(changed))
            except (OSError, ValueError) as error:
                yield self._failed(name, _told(error))

    def _picture(self, name: str, sha256: str) -> Iterator[TransferResult]:
        if name == "-":
            message = "it came from standard input: there is no file to transfer"
            raise _Refused(message)
        source = Path(name)
        if elsewhere := no_file_here(name):
            raise _Refused(elsewhere)
        where = source.absolute()
        if where in self._moved:
            yield TransferResult(
                name, self._moved[where], "already there", "moved before", dry_run=self.dry_run
            )
            return
        if not stat.S_ISREG(source.stat().st_mode):
            raise _Refused("it is not a regular file")
        if source.resolve().is_relative_to(self.target.resolve()):
            message = "it lies in the target folder"
            yield TransferResult(name, source, "already there", message, dry_run=self.dry_run)
            return
        wanted = self.target / self._below_root(source)
        self._make_folder(wanted.parent)
        companions = self._companions(source) if self.sidecars else []
        yield from self._group(name, source, wanted, companions, sha256)

    def _group(
        self, name: str, source: Path, wanted: Path, companions: list[Path], sha256: str
    ) -> Iterator[TransferResult]:
        """Find a number under which the picture and all that belongs to it are free."""
        for number in count(1):
            picture = _numbered(wanted, number)
            pairs = [(item, _companion_name(item, source, picture)) for item in companions]
            if not all(self._fits(*pair) for pair in [(source, picture), *pairs]):
                continue
            try:
                yield self._place(name, source, picture, sha256)
            except FileExistsError:
                continue  # Somebody took the name since it was looked at.
            break
        for companion, place in pairs:
            try:
                result = self._place(str(companion), companion, place, None)
            except (OSError, ChangedError) as error:
                result = self._failed(str(companion), _told(error))
            yield _as_sidecar(result)

    def _place(self, name: str, source: Path, place: Path, sha256: str | None) -> TransferResult:
        if self._taken(place):
            left = self.mode == "move"
            message = "identical content is there; the original was left" if left else ""
            return TransferResult(name, place, "already there", message, dry_run=self.dry_run)
        message = ""
        if self.dry_run:
            self._planned[place] = source
        else:
            message = self._carry(source, place, sha256)
        if self.mode == "move":
            self._moved[source.absolute()] = place
        return TransferResult(name, place, _DONE[self.mode], message, dry_run=self.dry_run)

    def _carry(self, source: Path, place: Path, sha256: str | None) -> str:
        """Copy, move or link, after writing it down; return what to know about it."""
        step = None if self.journal is None else _step(self.mode, source, place, sha256)
        part = place.parent / step.part if step is not None and step.part else None
        with self._noted(step):
            if self.mode == "copy":
                copy_file(source, place, sha256=sha256, part=part)
            elif self.mode == "move":
                move_file(source, place, part=part)
            elif link_file(source, place):
                return "symbolic link: these file systems allow no hard link"
        return ""

    @contextlib.contextmanager
    def _noted(self, step: Step | None) -> Iterator[None]:
        """Write a step down before it is done, and take it back where it fails."""
        if self.journal is None or step is None:
            yield
            return
        number = self.journal.before(step)
        try:
            yield
        except Exception:
            self.journal.void(number)
            raise

    def _taken(self, place: Path) -> bool:
        return place in self._planned or place.is_symlink() or place.exists()

    def _fits(self, source: Path, place: Path) -> bool:
        """Return whether the name is free or has this very content."""
        if not self._taken(place):
            return True
        return same_content(source, self._planned.get(place, place))

    def _below_root(self, source: Path) -> Path:
        """Return the picture's place below the root, or its bare name."""
        if not source.name:
            raise _Refused("it has no file name")
        if self.root is None:
            return Path(source.name)
        pairs = [(source.parent.resolve() / source.name, self.root.resolve())]
        if ".." not in (*source.parts, *self.root.parts):
            # As the user sees it first: a linked sub-folder keeps its place.
            pairs.insert(0, (source.absolute(), self.root.absolute()))
        for path, root in pairs:
            if path.is_relative_to(root):
                return path.relative_to(root)
        return Path(source.name)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder, and refuse one that a link leads out of the target."""
        if not folder.resolve().is_relative_to(self.target.resolve()):
            message = f"a link leads {folder} out of the target folder"
            raise _Refused(message)
        if self.dry_run:
            return
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            with self._noted(Step("folder", one.absolute())):
                one.mkdir(exist_ok=True)

    def _companions(self, source: Path) -> list[Path]:
        """Return the sidecars of a picture, sorted by name."""
        stem, name = source.stem.casefold(), source.name.casefold()
        listing = self._listing(source.parent)
        found = [
            item
            for item in listing.get(stem, [])
            if item.suffix.lower() in SIDECAR_EXTENSIONS and item.name != source.name
        ]
        found += [item for item in listing.get(name, []) if item.suffix.lower() == ".xmp"]
        return [item for item in found if item.absolute() not in self._moved and item.is_file()]

    def _listing(self, folder: Path) -> dict[str, list[Path]]:
        """Return a folder's files by stem; kept for the pictures that follow in the same folder."""
        if self._siblings is None or self._siblings[0] != folder:
            listing: dict[str, list[Path]] = {}
            for item in sorted(folder.iterdir()):
                listing.setdefault(item.stem.casefold(), []).append(item)
            self._siblings = (folder, listing)
        return self._siblings[1]

    def _failed(self, name: str, message: str) -> TransferResult:
        return TransferResult(name, None, "failed", message, dry_run=self.dry_run)


class _Refused(Exception):
    """A picture that cannot be transferred, with the reason for the user."""


def transfer(
    selected: Iterable[Selected],
    target: Path,
    *,
    mode: Mode,
    root: Path | None = None,
    dry_run: bool = False,
    sidecars: bool = False,
) -> Iterator[TransferResult]:
    """Bring selected originals into a folder without an undo file: see `Transfer`.

    Raises:
        ConfigError: The target is not a folder; at once.
    """
    return Transfer(target, mode, root=root, dry_run=dry_run, sidecars=sidecars).run(selected)


def _as_sidecar(result: TransferResult) -> TransferResult:
    return TransferResult(
        result.source,
        result.target,
        result.status,
        result.message,
        sidecar=True,
        dry_run=result.dry_run,
    )


def _step(mode: Mode, source: Path, place: Path, sha256: str | None) -> Step:
    """Describe what is about to be done, for the journal.

    Raises:
        ChangedError: What is to be moved is no longer what was scored.
    """
    facts = source.lstat()
    leads_to = ""
    if mode == "link":
        leads_to = str(source.resolve(strict=True))
    elif stat.S_ISLNK(facts.st_mode) and mode == "move":
        leads_to = str(source.readlink())
    digest = sha256 or ""
    if mode == "move" or (mode == "copy" and not digest):
        digest = sha256_of(source)
    if sha256 and digest != sha256:
        raise ChangedError("it changed since it was scored; scan it again")
    part = "" if mode == "link" else part_name()
    return Step(
        mode, place.absolute(), source.absolute(), digest, facts.st_mtime_ns, leads_to, part
    )


def no_file_here(name: str) -> str:
    """Return why what was analysed is no file that could be copied or moved; empty where it is."""
    path = Path(name)
    if is_remote(name) and not path.exists():
        return "it does not lie on this machine; fetch it first"
    if any(is_tar_name(parent.name) and parent.is_file() for parent in path.parents):
        return "it lies in a tar file; unpack that first"
    return ""


def _numbered(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")


def _companion_name(companion: Path, source: Path, picture: Path) -> Path:
    """Return the sidecar's new name: what follows the picture's stem or name stays."""
    full = companion.stem.casefold() == source.name.casefold()
    return picture.with_name((picture.name if full else picture.stem) + companion.suffix)


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
