"""Which of several machines looks at which file, without any of them asking another."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from framesift.errors import ConfigError

__all__ = ["Shard"]

_MOST = 100_000
_WRITTEN = re.compile(r"(\d{1,6})/(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` parts of a set of files.

    A file belongs to a shard by a hash of its name as it was given, so every machine that names the
    same files the same way agrees, whatever the order and however many are added later.

    Attributes:
        number: From 1 to ``count``.
        count: How many there are; 1 takes everything.

    Raises:
        ConfigError: The number is outside.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        """Check the range."""
        if not 1 <= self.number <= self.count <= _MOST:
            message = (
                f"shard {self.number}/{self.count} does not exist; write I/N with I from 1 to N, "
                f"and N up to {_MOST:,}"
            )
            raise ConfigError(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``3/16``.

        Raises:
            ConfigError: It is not written like that.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            message = f"{text!r} is no shard; write I/N, such as 1/4 for the first of four"
            raise ConfigError(message)
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        """Return it as ``parse`` reads it."""
        return f"{self.number}/{self.count}"

    @property
    def label(self) -> str:
        """What file names of this shard contain; empty where there is only one."""
        width = len(str(self.count))
        return "" if self.count == 1 else f"-{self.number:0{width}}of{self.count}"

    def has(self, name: str) -> bool:
        """Tell whether a file, by its name in records, belongs to this shard."""
        if self.count == 1:
            return True
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1
