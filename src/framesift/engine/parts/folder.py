"""The folder a long scan writes into: parts that programs read, and a manifest of what is there.

::

    run/
      parts/part-00000.parquet ...   results, a fixed number in each; readable as one data set
      parts/failed.parquet           files that could not be read, once the scan is complete
      manifest.json                  every part with its rows and sha256, and whether that is all
      ledger.sqlite                  what is done, for the next run

A part takes its name only when it is whole and on the disk. Shards share the folder: each has its
own ledger, manifest and names.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from framesift.engine.parts.shard import Shard
from framesift.engine.writing import replace_file, sync_folder
from framesift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from framesift.reports import Record, ReportHeader

__all__ = [
    "MANIFEST_VERSION",
    "Manifest",
    "PartFolder",
    "PartInfo",
    "action_of",
    "read_manifests",
]

MANIFEST_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PartInfo:
    """One file of results.

    Attributes:
        name: Below ``parts``.
        rows: How many records it has.
        sha256: Of the file.
        actions: How many records of each action.
    """

    name: str
    rows: int
    sha256: str
    actions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a shard of a scan has written so far.

    Attributes:
        shard: ``I/N``.
        complete: Whether everything that was named has its result in a part.
        identity: Model, policy and settings, as in the ledger.
        parts: Every part, in the order in which they were written.
        failed: The file of failures; ``None`` while the scan is not complete, or without any.
        version: Of this form.
    """

    shard: str
    complete: bool
    identity: Mapping[str, str]
    parts: tuple[PartInfo, ...] = ()
    failed: PartInfo | None = None
    version: int = MANIFEST_VERSION

    @property
    def files(self) -> tuple[PartInfo, ...]:
        """All parts, that of the failures last."""
        return self.parts if self.failed is None else (*self.parts, self.failed)

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps({"version": self.version, **asdict(self)}, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class PartFolder:
    """Names and writes the files of one shard.

    Attributes:
        path: The folder.
        shard: Which part of the files is scanned here.
        format: ``parquet`` or ``jsonl``.
        header: What Parquet files say of the run.
    """

    path: Path
    shard: Shard = field(default_factory=Shard)
    format: str = "parquet"
    header: ReportHeader | None = None

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.path / f"ledger{self.shard.label}.sqlite"

    @property
    def manifest(self) -> Path:
        """The manifest's file."""
        return self.path / f"manifest{self.shard.label}.json"

    @property
    def failed_name(self) -> str:
        """The name of the file of failures."""
        return f"failed{self.shard.label}.{self.format}"

    def part_name(self, number: int) -> str:
        """The name of a part."""
        return f"part{self.shard.label}-{number:05d}.{self.format}"

    def write(self, name: str, records: Iterable[str]) -> PartInfo:
        """Write records, JSON each, as one file below ``parts``; it appears there whole.

        Raises:
            ConfigError: It cannot be written (disk full, permissions).
        """
        from framesift.reports import open_writer

        # Beside `parts`, not in it: readers of the data set take every file there for a part.
        made = self.path / name
        actions: Counter[str] = Counter()
        with open_writer(made, format=self.format, header=self.header) as writer:
            for text in records:
                record = json.loads(text)
                writer.write_record(record)
                actions[action_of(record)] += 1
        place = self.path / "parts" / name
        try:
            sha256 = _sha256(made)
            place.parent.mkdir(exist_ok=True)
            made.replace(place)
            sync_folder(place.parent)
        except OSError as error:
            message = f"the part cannot be written: {error.strerror or error}"
            raise ConfigError(message, source=str(place)) from error
        return PartInfo(name, actions.total(), sha256, dict(sorted(actions.items())))

    def remove_failed(self) -> None:
        """Take the file of failures away, before any of them is tried again."""
        (self.path / "parts" / self.failed_name).unlink(missing_ok=True)

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest by a new one.

        Raises:
            ConfigError: It cannot be written.
        """
        try:
            replace_file(self.manifest, manifest.to_json().encode())
        except OSError as error:
            message = f"the manifest cannot be written: {error.strerror or error}"
            raise ConfigError(message, source=str(self.manifest)) from error


def action_of(record: Record) -> str:
    """Return the action in a record; what nothing judged is for a person."""
    judged = record["moderation"]
    return "review" if judged is None else str(judged["action"])


def read_manifests(folder: Path) -> list[Manifest]:
    """Read the manifests of all shards in a folder, in the order of their names.

    Raises:
        ConfigError: There is none, or one cannot be read.
    """
    files = sorted(folder.glob("manifest*.json"))
    if not files:
        message = "holds no scan in parts; `framesift scan PATHS --parts FOLDER` makes one"
        raise ConfigError(message, source=str(folder))
    return [_read(file) for file in files]


def _read(file: Path) -> Manifest:
    try:
        values: dict[str, Any] = json.loads(file.read_bytes())
        if values["version"] != MANIFEST_VERSION:
            message = f"is of version {values['version']}; use the Framesift that made it"
            raise ConfigError(message, source=str(file))
        failed = values["failed"]
        return Manifest(
            str(Shard.parse(values["shard"])),
            bool(values["complete"]),
            dict(values["identity"]),
            tuple(PartInfo(**part) for part in values["parts"]),
            None if failed is None else PartInfo(**failed),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"is not a manifest that can be read ({error}); run the scan again to mend it"
        raise ConfigError(message, source=str(file)) from error


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
