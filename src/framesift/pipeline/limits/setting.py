"""What all tests of one run share, and how its pictures are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framesift.media import thumbnail
from framesift.types import Frame
from framesift.verdicts.proportions import share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from framesift.embeddings.base import Embedder
    from framesift.heads.known import KnownHead
    from framesift.types import Embeddings, UInt8Array
    from framesift.verdicts.proportions import Share

__all__ = ["SHOWN", "Given", "Run", "counted", "jpeg", "pick"]

SHOWN = 8
"""Pictures of a test that a page shows."""

_SIDE_PX = 160


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Labelled pictures of the user's own.

    Attributes:
        embeddings: N rows.
        labels: N labels, in words.
        thumbnails: Small JPEGs of some of them, by row.
    """

    embeddings: Embeddings
    labels: tuple[str, ...]
    thumbnails: Mapping[int, bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What all tests of one run share.

    Attributes:
        embedder: The model.
        count: Pictures drawn for each test.
        seed: Of drawings and draws.
        detector: What tells unknown pictures, if anything does.
        given: Labelled pictures, if there are any.
    """

    embedder: Embedder
    count: int
    seed: int
    detector: KnownHead | None = None
    given: Given | None = None


def counted(right: NDArray[np.bool_]) -> Share:
    """Return the share of what is true, with its interval."""
    return share(int(right.sum()), len(right))


def jpeg(pixels: UInt8Array) -> bytes:
    """Make a small JPEG of a drawn picture."""
    return thumbnail(Frame(pixels), side_px=_SIDE_PX)


def pick(right: NDArray[np.bool_], count: int = SHOWN) -> list[int]:
    """Choose rows to show: right and wrong ones half and half, as far as there are any."""
    good, bad = np.flatnonzero(right).tolist(), np.flatnonzero(~right).tolist()
    from_bad = min(len(bad), max(count // 2, count - len(good)))
    return sorted([*good[: count - from_bad], *bad[:from_bad]])
