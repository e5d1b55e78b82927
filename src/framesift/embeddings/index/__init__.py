"""An exact index of embeddings: memory-mapped, restartable, searched in a fraction of a second.

::

    with IndexBuilder(folder, key=key, width=512) as builder:
        builder.add(sha256, (Fraction(0),), vectors)
    index = VectorIndex.open(folder, key=key, width=512)
    found = index.nearest(query, 20)

It finds what comparing the query with every vector finds. It knows contents by hash, and no names.
"""

from __future__ import annotations

from framesift.embeddings.index.builder import SHARD_ROWS, IndexBuilder
from framesift.embeddings.index.index import CATALOGUE, VectorIndex, clear_indexes
from framesift.embeddings.index.layout import BrokenIndexError, identities
from framesift.embeddings.index.nearest import Neighbours

__all__ = [
    "CATALOGUE",
    "SHARD_ROWS",
    "BrokenIndexError",
    "IndexBuilder",
    "Neighbours",
    "VectorIndex",
    "clear_indexes",
    "identities",
]
