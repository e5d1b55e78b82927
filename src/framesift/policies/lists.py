"""Lists of known pictures: what is on one is decided before any model is asked.

A list holds one hash a line: the sha256 of a file's content, or a perceptual hash of what it shows.
Perceptual hashes are PDQ's 256 bits, compared by Hamming distance; its authors take two pictures
at a distance of 31 or less for the same (Meta, "The TMK+PDQF video-hashing algorithm and the PDQ
image-hashing algorithm", 2019).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from framesift.errors import PolicyError
from framesift.toml_table import read_bounded
from framesift.types import Evidence, Signal, UInt8Array

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["ALLOWED", "ALLOW_LIST", "BLOCK_LIST", "DISTANCE", "HashList", "HashLists"]

ALLOW_LIST = "allow_list"
"""Name of the label of a picture that is on an allow list."""

BLOCK_LIST = "block_list"
"""Category of a picture that is on a block list."""

ALLOWED = Signal(ALLOW_LIST, 1.0, "list", "list")
"""Says in a verdict that the picture is on an allow list; it makes nothing milder by itself."""

DISTANCE = 31
"""Bits of 256 in which two hashes of one picture may differ."""

BITS = 256
MAX_BYTES = 256_000_000
# Rows compared at once: 256 kB of hashes stay in a core's cache.
CHUNK = 8192
LINE = re.compile(rb"(pdq:)?([0-9A-Fa-f]{64})[ \t]*(?:#.*)?")
WAY_OUT = "write a sha256 (64 hexadecimal digits) or pdq: and 64 hexadecimal digits"


@dataclass(frozen=True, slots=True, eq=False)
class HashList:
    """Known pictures.

    Attributes:
        exact: sha256 of files, 32 bytes each.
        perceptual: PDQ hashes as four 64-bit words, uint64 (N, 4), most significant byte first.
    """

    exact: frozenset[bytes] = frozenset()
    perceptual: NDArray[np.uint64] = field(
        default_factory=lambda: np.zeros((0, 4), dtype=np.uint64)
    )

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.exact) + len(self.perceptual)

    @classmethod
    def load(cls, paths: Sequence[Path]) -> HashList:
        """Read one or more files; one hash a line, ``#`` begins a comment.

        Raises:
            PolicyError: A file cannot be read, or a line is no hash; file and line are named.
        """
        found = [_read(path) for path in paths]
        exact, perceptual = (b"".join(raw[kind] for raw in found) for kind in (0, 1))
        entries = frozenset(exact[i : i + 32] for i in range(0, len(exact), 32))
        return cls(entries, _sorted(perceptual))

    @property
    def content(self) -> bytes:
        """Digest of the entries, 32 bytes, whatever their order and comments."""
        parts = (_sorted(b"".join(self.exact)), _sorted(self.perceptual.astype(">u8").tobytes()))
        digest = hashlib.sha256(len(parts[0]).to_bytes(8, "big"))
        for rows in parts:
            digest.update(rows.astype(">u8").tobytes())
        return digest.digest()

    def nearest(self, bits: NDArray[np.uint64]) -> tuple[int, int] | None:
        """Return row and distance of the entry nearest to a hash, uint64 (4,)."""
        best: tuple[int, int] | None = None
        for start in range(0, len(self.perceptual), CHUNK):
            distances = _ones(self.perceptual[start : start + CHUNK] ^ bits)
            row = int(distances.argmin())
            if best is None or distances[row] < best[1]:
                best = (start + row, int(distances[row]))
        return best


def _read(path: Path) -> tuple[bytes, bytes]:
    """Return the sha256 and the PDQ hashes of a file, 32 bytes each, joined."""
    way_out = "its path counts from the policy"
    too_large = "; split the list into several files"
    data = read_bounded(path, MAX_BYTES, what="the list", way_out=way_out, too_large=too_large)
    exact: list[bytes] = []
    perceptual: list[bytes] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith(b"#"):
            continue
        found = LINE.fullmatch(entry)
        if found is None:
            shown = entry[:80].decode("utf-8", "replace")
            message = f"line {number}, {shown!r}, is no hash; {WAY_OUT}"
            raise PolicyError(message, source=str(path))
        (perceptual if found[1] else exact).append(found[2])
    # One call for all of them: a million calls would take a second more.
    return bytes.fromhex(b"".join(exact).decode()), bytes.fromhex(b"".join(perceptual).decode())


def _sorted(raw: bytes) -> NDArray[np.uint64]:
    """Return hashes of 32 bytes as uint64 (N, 4), in order, each one once."""
    rows = np.frombuffer(raw, dtype=">u8").reshape(-1, 4).astype(np.uint64)
    rows = rows[np.lexsort(rows.T[::-1])]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return rows[new]


def _ones(words: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Count the bits set in each row of a uint64 (N, 4) array."""
    counts = np.bitwise_count(words).astype(np.uint16)
    return np.asarray(counts[:, 0] + counts[:, 1] + counts[:, 2] + counts[:, 3])


class HashLists:
    """A policy's lists of pictures to block and to allow.

    The file itself counts for more than what looks like it: a file on the allow list by its sha256
    is allowed although it resembles a blocked picture. Where both lists know it alike, block wins.

    Args:
        block: Known harmful pictures.
        allow: Known harmless ones.
        distance: Up to how many differing bits of 256 a perceptual hash matches a blocked one.
        allow_distance: The same for allowed ones. Few by default, as little of a picture needs to
            change to make it harmful, and perceptual hashes are made not to notice little changes.

    Raises:
        PolicyError: A distance is not a whole number from 0 to 128.
    """

    __slots__ = ("allow", "allow_distance", "block", "digest", "distance")

    def __init__(
        self,
        block: HashList | None = None,
        allow: HashList | None = None,
        distance: int = DISTANCE,
        *,
        allow_distance: int = 0,
    ) -> None:
        """Check and keep the lists."""
        for name, value in (("distance", distance), ("allow_distance", allow_distance)):
            if not 0 <= value <= BITS // 2:
                message = f"lists.{name} is {value}; write bits from 0 to 128, such as {DISTANCE}"
                raise PolicyError(message)
        self.block = block or HashList()
        self.allow = allow or HashList()
        self.distance = distance
        self.allow_distance = allow_distance
        content = self.block.content + self.allow.content + bytes((distance, allow_distance))
        self.digest = hashlib.sha256(content).hexdigest()

    def __bool__(self) -> bool:
        """Return whether there is any entry."""
        return bool(len(self.block) or len(self.allow))

    def __eq__(self, other: object) -> bool:
        """Lists are equal that decide alike."""
        return isinstance(other, HashLists) and other.digest == self.digest

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.digest)

    @property
    def perceptual(self) -> bool:
        """Whether any entry is a perceptual hash, so that pictures need one too."""
        return bool(len(self.block.perceptual) or len(self.allow.perceptual))

    def match(
        self, sha256: str | None, perceptual: UInt8Array | None = None
    ) -> Signal | Literal["allow"] | None:
        """Look a picture up.

        Args:
            sha256: Of the file's content, 64 hexadecimal digits; ``None`` where unknown.
            perceptual: Its PDQ hash, uint8 (256,) of 0 and 1, first bit first; ``None`` where
                there is none or it is of poor quality.

        Returns:
            A signal of category ``block_list`` that names the entry, ``"allow"``, or ``None`` for
            a picture on no list.

        Raises:
            ValueError: A hash has another shape.
        """
        key = None if sha256 is None else bytes.fromhex(sha256)
        words = None if perceptual is None else _words(perceptual)
        for exact, seen in ((key, None), (None, words)):
            entry = _entry(self.block, exact, seen, self.distance)
            if entry:
                return Signal(BLOCK_LIST, 1.0, "list", "list", Evidence(prompt=entry))
            if _entry(self.allow, exact, seen, self.allow_distance):
                return "allow"
        return None


def _words(bits: UInt8Array) -> NDArray[np.uint64]:
    if bits.shape != (BITS,) or not np.isin(bits, (0, 1)).all():
        message = f"a perceptual hash is {BITS} times 0 or 1; got shape {bits.shape}"
        raise ValueError(message)
    return np.packbits(bits.astype(np.uint8)).view(">u8").astype(np.uint64)


def _entry(
    known: HashList, key: bytes | None, words: NDArray[np.uint64] | None, distance: int
) -> str:
    if key is not None and key in known.exact:
        return key.hex()
    nearest = None if words is None else known.nearest(words)
    if nearest is None or nearest[1] > distance:
        return ""
    row = known.perceptual[nearest[0]].astype(">u8").tobytes().hex()
    return f"pdq:{row} (distance {nearest[1]})"
