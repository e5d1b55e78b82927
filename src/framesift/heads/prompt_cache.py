"""Text vectors of large models on disk: two hundred prompts take a text tower many seconds.

The key holds the texts and the vector of a probe text, embedded anew each time: another text tower,
or another precision of it, gives another probe and so never finds these vectors. The files can be
deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from framesift.embeddings.base import Embedder
    from framesift.types import Float32Array

__all__ = ["cached_texts"]

PROBE = "a photo of something that nobody has named yet"
FEW = 8
"""Up to this many texts are not worth a file."""


def cached_texts(embedder: Embedder, texts: Sequence[str]) -> Float32Array:
    """Embed texts, float32 (N, D), from the disk where the same text tower has done it before.

    A cache that cannot be read or written is as good as none; embedded models are quick and do
    without.
    """
    if embedder.spec.layout == "embedded" or len(texts) <= FEW:
        return embedder.embed_texts(texts)
    path = _path(embedder, texts)
    known = _read(path)
    if known is not None and known.shape == (len(texts), embedder.spec.dim):
        return known
    vectors = embedder.embed_texts(texts)
    with contextlib.suppress(OSError):
        _write(path, vectors)
    return vectors


def _path(embedder: Embedder, texts: Sequence[str]) -> Path:
    from framesift.embeddings.weights import cache_root

    digest = hashlib.sha256(embedder.embed_texts([PROBE]).astype(np.float32).tobytes())
    for text in (embedder.space, *texts):
        digest.update(b"\0" + text.encode("utf-8", "surrogatepass"))
    return cache_root() / "prompts" / f"{digest.hexdigest()[:32]}.safetensors"


def _read(path: Path) -> Float32Array | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        vectors: Float32Array = load(path.read_bytes())["vectors"]
    except (OSError, KeyError, SafetensorError):
        return None
    usable = vectors.dtype == np.float32 and bool(np.isfinite(vectors).all())
    return vectors if usable else None


def _write(path: Path, vectors: Float32Array) -> None:
    from safetensors.numpy import save

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        part.write_bytes(save({"vectors": np.ascontiguousarray(vectors, dtype=np.float32)}))
        os.replace(part, path)  # noqa: PTH105 - atomic on every system
    finally:
        part.unlink(missing_ok=True)
