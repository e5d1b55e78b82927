"""Copying, moving or linking the pictures that were selected, without ever losing one.

Nothing is overwritten: a name that is taken by other content gets `` (2)``, and a picture that is
already there is left alone, so an interrupted transfer can simply be run again. A file appears
under its name only when it is whole. One that fails is a value, and the others go on.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.engine.placing import (
    ChangedError,
    copy_file,
    link_file,
    move_file,
    same_content,
)
from framesift.errors import ConfigError
from framesift.media.remote import is_remote
from framesift.media.tars import is_tar_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framesift.types import Analysis

__all__ = ["SIDECAR_EXTENSIONS", "Mode", "Status", "TransferResult", "transfer"]

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


def transfer(
    selected: Iterable[Analysis],
    target: Path,
    *,
    mode: Mode,
    root: Path | None = None,
    dry_run: bool = False,
    sidecars: bool = False,
) -> Iterator[TransferResult]:
    """Bring selected originals into a folder, one result per file as it is done.

    - ``copy`` keeps times and permissions, and checks that the content is still what was scored.
    - ``move`` renames where it can, else copies, compares and then removes. Where identical content
      is already there the original stays: nothing is removed that this call did not bring over.
    - ``link`` makes hard links, which cost no space and outlive the original's name; where the
      file systems allow none, symbolic links to the original's absolute path.

    A picture that lies inside the target already is left alone, so a target inside the scanned
    folder does not fill itself. The selection is read to its end before the first file is touched.

    Args:
        selected: The pictures, in the order to transfer them.
        target: The folder; made when needed.
        mode: What to do with the originals.
        root: Keep the sub-folders below this folder; ``None`` puts all pictures side by side, and
            so does a picture that lies elsewhere.
        dry_run: Say what would be done and touch nothing.
        sidecars: Bring the files of ``SIDECAR_EXTENSIONS`` along, under the picture's new name.

    Returns:
        An iterator that does the work as it is read. Pictures without a file (standard input,
        bytes) fail as values.

    Raises:
        ConfigError: The target is not a folder; at once.
    """
    if target.exists() and not target.is_dir():
        message = "is a file; name a folder for the pictures"
        raise ConfigError(message, source=str(target))
    mover = _Mover(target, mode, root, dry_run=dry_run, sidecars=sidecars)
    return mover.run(selected)


class _Refused(Exception):
    """A picture that cannot be transferred, with the reason for the user."""


class _Mover:
    """One transfer: where things go, and what is taken by what this run did."""

    def __init__(
        self, target: Path, mode: Mode, root: Path | None, *, dry_run: bool, sidecars: bool
    ) -> None:
        self._target = target
        self._mode = mode
        self._root = root
        self._dry_run = dry_run
        self._sidecars = sidecars
        self._moved: dict[Path, Path] = {}
        # What a dry run would have put where; a real run asks the disk.
        self._planned: dict[Path, Path] = {}
        self._siblings: tuple[Path, dict[str, list[Path]]] | None = None

    def run(self, selected: Iterable[Analysis]) -> Iterator[TransferResult]:
        # Read to the end first: a scan still running would find what is copied below its folder.
        items = [(item.info.path, item.info.sha256) for item in selected]
        for name, sha256 in items:
            try:
                yield from self._picture(name, sha256)
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
        if is_remote(name) and not source.exists():
            message = "it does not lie on this machine; fetch it first"
            raise _Refused(message)
        if any(is_tar_name(parent.name) and parent.is_file() for parent in source.parents):
            message = "it lies in a tar file; unpack that first"
            raise _Refused(message)
        where = source.absolute()
        if where in self._moved:
            yield TransferResult(
                name, self._moved[where], "already there", "moved before", dry_run=self._dry_run
            )
            return
        if not stat.S_ISREG(source.stat().st_mode):
            raise _Refused("it is not a regular file")
        if source.resolve().is_relative_to(self._target.resolve()):
            message = "it lies in the target folder"
            yield TransferResult(name, source, "already there", message, dry_run=self._dry_run)
            return
        wanted = self._target / self._below_root(source)
        self._make_folder(wanted.parent)
        companions = self._companions(source) if self._sidecars else []
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
            left = self._mode == "move"
            message = "identical content is there; the original was left" if left else ""
            return TransferResult(name, place, "already there", message, dry_run=self._dry_run)
        message = ""
        if self._dry_run:
            self._planned[place] = source
        elif self._mode == "copy":
            copy_file(source, place, sha256=sha256)
        elif self._mode == "move":
            move_file(source, place)
        elif link_file(source, place):
            message = "symbolic link: these file systems allow no hard link"
        if self._mode == "move":
            self._moved[source.absolute()] = place
        return TransferResult(name, place, _DONE[self._mode], message, dry_run=self._dry_run)

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
        if self._root is None:
            return Path(source.name)
        pairs = [(source.parent.resolve() / source.name, self._root.resolve())]
        if ".." not in (*source.parts, *self._root.parts):
            # As the user sees it first: a linked sub-folder keeps its place.
            pairs.insert(0, (source.absolute(), self._root.absolute()))
        for path, root in pairs:
            if path.is_relative_to(root):
                return path.relative_to(root)
        return Path(source.name)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder, and refuse one that a link leads out of the target."""
        if not folder.resolve().is_relative_to(self._target.resolve()):
            message = f"a link leads {folder} out of the target folder"
            raise _Refused(message)
        if not self._dry_run:
            folder.mkdir(parents=True, exist_ok=True)

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
        return TransferResult(name, None, "failed", message, dry_run=self._dry_run)


def _as_sidecar(result: TransferResult) -> TransferResult:
    return TransferResult(
        result.source,
        result.target,
        result.status,
        result.message,
        sidecar=True,
        dry_run=result.dry_run,
    )


def _numbered(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")


def _companion_name(companion: Path, source: Path, picture: Path) -> Path:
    """Return the sidecar's new name: what follows the picture's stem or name stays."""
    full = companion.stem.casefold() == source.name.casefold()
    return picture.with_name((picture.name if full else picture.stem) + companion.suffix)


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
