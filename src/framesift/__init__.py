"""Framesift: score, filter and moderate images and videos with CLIP.

The names below are the public API. They are loaded on first use, so that ``import framesift`` and
``framesift --help`` stay quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framesift.embeddings import load_embedder as load_embedder
    from framesift.embeddings.base import Embedder as Embedder
    from framesift.embeddings.cache import Cache as Cache
    from framesift.engine import run_many as run_many
    from framesift.frames import AdaptiveSampler as AdaptiveSampler
    from framesift.frames import KeyframeSampler as KeyframeSampler
    from framesift.frames import UniformSampler as UniformSampler
    from framesift.frames import iter_frames as iter_frames
    from framesift.heads import Head as Head
    from framesift.heads import ZeroShotHead as ZeroShotHead
    from framesift.media import Limits as Limits
    from framesift.media import Source as Source
    from framesift.media import expand_sources as expand_sources
    from framesift.media import open_media as open_media
    from framesift.pipeline import Analyzer as Analyzer
    from framesift.pipeline import Embedded as Embedded
    from framesift.pipeline import Gatherer as Gatherer
    from framesift.pipeline import Reading as Reading
    from framesift.pipeline import build_analyzer as build_analyzer
    from framesift.pipeline import default_heads as default_heads
    from framesift.pipeline import moderate_text as moderate_text
    from framesift.policies import Policy as Policy
    from framesift.policies import decide as decide
    from framesift.reports import to_record as to_record
    from framesift.reports import write_report as write_report
    from framesift.verdicts import audit_bias as audit_bias
    from framesift.verdicts import build_timeline as build_timeline

__version__ = "0.1.0.dev0"

_HOMES = {
    "AdaptiveSampler": "framesift.frames",
    "Analyzer": "framesift.pipeline",
    "Embedded": "framesift.pipeline",
    "Gatherer": "framesift.pipeline",
    "Cache": "framesift.embeddings.cache",
    "Embedder": "framesift.embeddings.base",
    "Head": "framesift.heads",
    "KeyframeSampler": "framesift.frames",
    "Limits": "framesift.media",
    "Policy": "framesift.policies",
    "Reading": "framesift.pipeline",
    "Source": "framesift.media",
    "UniformSampler": "framesift.frames",
    "ZeroShotHead": "framesift.heads",
    "audit_bias": "framesift.verdicts",
    "build_analyzer": "framesift.pipeline",
    "build_timeline": "framesift.verdicts",
    "decide": "framesift.policies",
    "default_heads": "framesift.pipeline",
    "expand_sources": "framesift.media",
    "iter_frames": "framesift.frames",
    "load_embedder": "framesift.embeddings",
    "moderate_text": "framesift.pipeline",
    "open_media": "framesift.media",
    "run_many": "framesift.engine",
    "to_record": "framesift.reports",
    "write_report": "framesift.reports",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> object:
    """Import a public name from its home on first use (PEP 562)."""
    if name not in _HOMES:
        message = f"module 'framesift' has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
