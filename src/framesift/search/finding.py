"""From an index and a query to the contents that match, best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.search.evidence import Evidence, spaced_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from fractions import Fraction

    from numpy.typing import NDArray

    from framesift.embeddings.index import VectorIndex
    from framesift.search.terms import Query
    from framesift.types import Float32Array

__all__ = ["Found", "Search"]

_FIRST: Final = 64


@dataclass(frozen=True, slots=True)
class Found:
    """One content, by its best row.

    Attributes:
        sha256: Of the content.
        score: Of the best row.
        margin: Evidence above the limit; ``None`` where nothing can be said.
        time: Of the best row, in seconds.
    """

    sha256: str
    score: float
    margin: float | None
    time: Fraction


class Search:
    """One query over some contents of an index.

    Attributes:
        size: How many rows are searched.

    Args:
        index: The rows.
        query: What is looked for.
        contents: Hashes of the contents that may be found.
        usual: Hashes of the contents among which a match is to stand out; by default the same.
        texts: `background_texts` as vectors, float32 (B, D).
    """

    def __init__(
        self,
        index: VectorIndex,
        query: Query,
        contents: Collection[str],
        *,
        usual: Collection[str] | None = None,
        texts: Float32Array,
    ) -> None:
        """Look at a sample of the collection."""
        self._index = index
        self._wanted = index.rows_of(list(contents))[0]
        around = self._wanted if usual is None else index.rows_of(list(usual))[0]
        rows = np.flatnonzero(around)
        self.size = int(np.count_nonzero(self._wanted))
        sample = index.vectors(spaced_rows(rows))
        self._direction: NDArray[np.float64] = query.direction(sample)
        self._evidence = (
            Evidence.measure(query, sample, len(rows), texts) if len(rows) else Evidence(())
        )

    def matched(self) -> bool:
        """Tell whether anything is a match; where nothing can be said, all that is near is one."""
        if not self.size:
            return False
        near = self._index.nearest(self._direction, _FIRST, wanted=self._wanted)
        margins = self._evidence.margin(self._index.vectors(near.rows))
        return margins is None or bool((margins >= 0).any())

    def is_listed(self, found: Found) -> bool:
        """Tell whether a content belongs among the matches, where there is any."""
        return found.margin is None or found.margin >= self._evidence.listed

    def found(self, *, least: float = -np.inf) -> Iterator[Found]:
        """Yield contents, best first, as long as somebody asks for more.

        Args:
            least: The lowest score to yield.
        """
        count, seen = _FIRST, set[str]()
        while self.size:
            near = self._index.nearest(self._direction, count, wanted=self._wanted, least=least)
            fresh = [place for place in range(len(near)) if place >= count // 4 or count == _FIRST]
            rows = near.rows[fresh]
            margins = self._evidence.margin(self._index.vectors(rows)) if len(rows) else None
            for number, place in enumerate(fresh):
                row = int(near.rows[place])
                sha256 = self._index.sha256(row)
                if sha256 in seen:
                    continue
                seen.add(sha256)
                margin = None if margins is None else float(margins[number])
                yield Found(sha256, float(near.scores[place]), margin, self._index.time(row))
            if len(near) < count:
                return
            count *= 4
