"""How the files of an index look: identities, checksums, sections under a header.

Everything is little-endian. A file that another version, another model or a fault wrote is never
read as if it were sound: `BrokenIndexError` says what is wrong, and the caller drops the file.
"""

from __future__ import annotations

import functools
import json
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "HEADER_BYTES",
    "IDENTITY",
    "VERSION",
    "BrokenIndexError",
    "Identities",
    "identities",
    "key_of",
    "moments",
    "pack_header",
    "row_sums",
    "unpack_header",
]

VERSION: Final = 1
"""Of the files; they are made anew when it grows."""

IDENTITY: Final = np.dtype(
    [
        ("sha256", "V32"),
        ("numerator", "<i8"),
        ("denominator", "<i8"),
        ("place", "<u4"),
        ("count", "<u4"),
    ]
)
"""What a row is of: the content, the time in seconds as a fraction, which of how many rows."""

Identities: TypeAlias = NDArray[np.void]

HEADER_BYTES: Final = 4096
_MAGIC: Final = b"FRAMESIFT-INDEX\n"
_CHECK_START: Final = np.uint32(0x9E3779B9)
_LARGEST: Final = 2**63 - 1


class BrokenIndexError(Exception):
    """A file of an index cannot be trusted, and why.

    Args:
        message: What is wrong with it.
        path: The file, where it is open already.
    """

    def __init__(self, message: str, path: Path | None = None) -> None:
        """Keep both."""
        super().__init__(message)
        self.path = path


def identities(sha256: str, times: Sequence[Fraction]) -> Identities:
    """Name the rows of one medium.

    Args:
        sha256: Of the content, in hexadecimal.
        times: Of its T frames, in seconds.
    """
    made = np.zeros(len(times), dtype=IDENTITY)
    made["sha256"] = np.void(bytes.fromhex(sha256))
    for place, time in enumerate(times):
        exact = time if _fits(time) else time.limit_denominator(10**6)
        made[place]["numerator"], made[place]["denominator"] = exact.as_integer_ratio()
    made["place"] = np.arange(len(times))
    made["count"] = len(times)
    return made


def moments(ids: Identities) -> list[Fraction]:
    """Return the times of rows, in seconds."""
    pairs = zip(ids["numerator"].tolist(), ids["denominator"].tolist(), strict=True)
    return [Fraction(numerator, denominator) for numerator, denominator in pairs]


def row_sums(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return a checksum per row of words, uint32 (N, W): it changes with any single word.

    A weighted sum modulo 2^32 with odd weights, which numpy takes of many rows at once; a row of
    zeros, as a hole in a file reads, has no sum of zero.
    """
    sums: NDArray[np.uint32] = np.einsum("ij,j->i", words, _weights(words.shape[1]))
    return sums + _CHECK_START


@functools.cache
def _weights(count: int) -> NDArray[np.uint32]:
    places = np.arange(count, dtype=np.uint64)
    return ((places * 2654435761 + 1640531527) & 0xFFFFFFFF | 1).astype(np.uint32)


def pack_header(facts: dict[str, Any]) -> bytes:
    """Return the header of a file: facts as JSON, with a checksum."""
    text = json.dumps(facts, sort_keys=True).encode()
    body = _MAGIC + zlib.crc32(text).to_bytes(4, "little") + len(text).to_bytes(4, "little") + text
    if len(body) > HEADER_BYTES:
        message = f"the header has {len(body)} bytes, more than {HEADER_BYTES}"
        raise ValueError(message)
    return body.ljust(HEADER_BYTES, b"\0")


def unpack_header(data: bytes, *, key: str, width: int) -> dict[str, Any]:
    """Read a header.

    Args:
        data: The first bytes of the file.
        key: Of the rows, as they are wanted.
        width: Floats per row, as they are wanted.

    Raises:
        BrokenIndexError: It is damaged, of another version, or of other rows.
    """
    facts = _facts(data)
    for name, wanted in (("version", VERSION), ("key", key), ("width", width)):
        if facts.get(name) != wanted:
            message = f"its {name} is {facts.get(name)!r}, not {wanted!r}"
            raise BrokenIndexError(message)
    return facts


def key_of(data: bytes) -> str:
    """Return the key in a header; empty where it is damaged."""
    try:
        return str(_facts(data).get("key", ""))
    except BrokenIndexError:
        return ""


def _facts(data: bytes) -> dict[str, Any]:
    start = len(_MAGIC)
    if len(data) < HEADER_BYTES or not data.startswith(_MAGIC):
        message = "it is no file of an index"
        raise BrokenIndexError(message)
    crc = int.from_bytes(data[start : start + 4], "little")
    length = int.from_bytes(data[start + 4 : start + 8], "little")
    text = data[start + 8 : start + 8 + length]
    if zlib.crc32(text) != crc:
        message = "its header is damaged"
        raise BrokenIndexError(message)
    facts: dict[str, Any] = json.loads(text)
    return facts


def _fits(time: Fraction) -> bool:
    return abs(time.numerator) <= _LARGEST and time.denominator <= _LARGEST
