"""Where Framesift keeps files on this machine, and how they come to be trusted there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from framesift.embeddings.onnx import file_sha256
from framesift.errors import WeightsMismatchError

__all__ = ["LockFile", "cache_root", "is_offline", "locked", "part_of", "verified"]


def cache_root() -> Path:
    """Return the folder of Framesift's caches: ``FRAMESIFT_CACHE_DIR``, else the user's cache."""
    given = os.environ.get("FRAMESIFT_CACHE_DIR")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("framesift"))


def is_offline() -> bool:
    """Whether the environment forbids the network: ``HF_HUB_OFFLINE`` or its like is set."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in names)


class LockFile:
    """``lock.json`` of one repository: commits of branches and hashes of files on first use."""

    def __init__(self, folder: Path) -> None:
        """Remember where it is; it need not exist."""
        self._path = folder / "lock.json"

    def read(self) -> dict[str, dict[str, str]]:
        """Return its sections ``commits`` and ``sha256``, empty where it is missing or broken."""
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            value = {}
        found = value if isinstance(value, dict) else {}
        return {key: dict(found.get(key) or {}) for key in ("commits", "sha256")}

    def record(self, section: str, key: str, value: str) -> None:
        """Add an entry, safely beside other processes."""
        with locked(self._path):
            content = self.read()
            content[section][key] = value
            part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
            part.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            os.replace(part, self._path)  # noqa: PTH105 - atomic on every system


def part_of(path: Path) -> Path:
    """Return where the bytes of a file are until it is whole and verified."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + ".part")


def locked(path: Path) -> Any:
    """Return a context in which no other process or thread works on the same file."""
    import huggingface_hub.utils

    utils: Any = huggingface_hub.utils
    path.parent.mkdir(parents=True, exist_ok=True)
    return utils.WeakFileLock(path.with_name(f".{path.name}.lock"))


def verified(path: Path, expected: str | None, source: str) -> Path:
    """Return the path if its sha256 is the expected one, or if none is known yet.

    Raises:
        WeightsMismatchError: It is not; the file was deleted.
    """
    found = file_sha256(path)
    if expected is None or found == expected:
        return path
    path.unlink()
    message = (
        f"its sha256 is {found}, expected {expected}; the file was deleted. Try again; if this "
        "comes back, the file was changed at its source or on the way"
    )
    raise WeightsMismatchError(message, source=source)
