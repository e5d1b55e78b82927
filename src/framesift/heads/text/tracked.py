"""A text that is rewritten step by step and may remember where each character came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Tracked"]


class Tracked:
    """A text under rewriting.

    Args:
        text: The original.
        keep: Whether to remember the origin of each character; costs time, gives the same text.

    Attributes:
        text: As it stands now.
        origins: For each character of ``text`` its place in the original; ``None`` without
            ``keep``.
    """

    def __init__(self, text: str, *, keep: bool = False) -> None:
        """Start from the original."""
        self.text = text
        self.origins: list[int] | None = list(range(len(text))) if keep else None

    def translate(self, table: Mapping[int, str | None]) -> None:
        """Rewrite each character by a table that knows every code point."""
        if self.origins is None:
            self.text = self.text.translate(table)
            return
        parts: list[str] = []
        origins: list[int] = []
        for character, origin in zip(self.text, self.origins, strict=True):
            new = table[ord(character)] or ""
            parts.append(new)
            origins.extend([origin] * len(new))
        self.text, self.origins = "".join(parts), origins

    def sub(self, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> None:
        """Rewrite each match; what is put in comes from where the match began."""
        if self.origins is None:
            self.text = pattern.sub(change, self.text)
            return
        parts: list[str] = []
        origins: list[int] = []
        end = 0
        for match in pattern.finditer(self.text):
            new = change(match)
            parts += [self.text[end : match.start()], new]
            origins += self.origins[end : match.start()]
            origins += self._spread(match.start(), match.end(), len(new))
            end = match.end()
        parts.append(self.text[end:])
        origins += self.origins[end:]
        self.text, self.origins = "".join(parts), origins

    def cut(self, spans: Sequence[tuple[int, int]]) -> None:
        """Take stretches out; they are in order and do not overlap."""
        if not spans:
            return
        edges = [0, *(edge for span in spans for edge in span), len(self.text)]
        kept = list(zip(edges[::2], edges[1::2], strict=True))
        self.text = "".join(self.text[start:end] for start, end in kept)
        if self.origins is not None:
            self.origins = [at for start, end in kept for at in self.origins[start:end]]

    def _spread(self, start: int, end: int, count: int) -> list[int]:
        """Place ``count`` new characters over the old ones from ``start`` to ``end``."""
        assert self.origins is not None
        if end == start:
            here = self.origins[start] if start < len(self.origins) else 0
            return [here] * count
        old = self.origins[start:end]
        return [old[index * (len(old) - 1) // max(1, count - 1)] for index in range(count)]
