"""Finding pictures by texts and pictures among their embeddings; "no good match" is an answer.

Nothing here decodes a picture or runs a model. There is no index of faces, and nothing identifies
anybody.
"""

from __future__ import annotations

from framesift.search.collection import Entry, Filters, Hit, by_content
from framesift.search.evidence import Evidence, background_texts
from framesift.search.finding import Found, Search
from framesift.search.terms import Query, Term

__all__ = [
    "Entry",
    "Evidence",
    "Filters",
    "Found",
    "Hit",
    "Query",
    "Search",
    "Term",
    "background_texts",
    "by_content",
]
