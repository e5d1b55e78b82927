"""A made-up model whose texts are sums of per-word random vectors, and pictures of such texts."""

from __future__ import annotations

import hashlib
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.types import Embeddings

if TYPE_CHECKING:
    from pathlib import Path

DIM = 48


def word_vector(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).normal(size=DIM)


class FakeEmbedder:
    """Enough of an Embedder for heads: texts in, unit vectors out."""

    def __init__(self, space: str = "fake-1", logit_scale: float = 20.0) -> None:
        self.name = "fake"
        self.space = space
        self.logit_scale = logit_scale
        self.fingerprint = "fake"
        self.precision = "fp32"
        self.spec = SimpleNamespace(layout="embedded")
        self.calls: list[list[str]] = []

    def embed_texts(self, texts):
        self.calls.append(list(texts))
        rows = [sum(word_vector(word) for word in text.lower().split()) for text in texts]
        array = np.stack(rows)
        return (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float32)

    def pictures(self, *texts: str) -> Embeddings:
        """Embeddings of pictures that show exactly what the texts say."""
        return Embeddings(self.embed_texts(texts), self.space, self.fingerprint)


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def make_embedder() -> type[FakeEmbedder]:
    return FakeEmbedder


@pytest.fixture
def random_embeddings():
    def make(count: int = 6, width: int = DIM, space: str = "fake-1", **extras) -> Embeddings:
        rng = np.random.default_rng(3)
        rows = rng.normal(size=(count, width))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return Embeddings(rows.astype(np.float32), space, "fake", extras)

    return make


def _global(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def _text(value: str) -> bytes:
    return b"X" + len(value.encode()).to_bytes(4, "little") + value.encode()


def _int(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def _tuple(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def tensor_pickle(
    name: str, key: str, size: tuple[int, ...], *, storage="FloatStorage", count=None, stride=None
) -> bytes:
    """The opcodes of one named tensor, as torch writes them (protocol 2)."""
    count = int(np.prod(size)) if count is None else count
    if stride is None:
        stride = tuple(int(np.prod(size[axis + 1 :])) for axis in range(len(size)))
    pid = _tuple(_text("storage"), _global("torch", storage), _text(key), _text("cpu"), _int(count))
    arguments = _tuple(
        pid + b"Q",
        _int(0),
        _tuple(*map(_int, size)),
        _tuple(*map(_int, stride)),
        b"\x89",
        _global("collections", "OrderedDict") + b")R",
    )
    return _text(name) + _global("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def state_pickle(*tensors: bytes) -> bytes:
    """A state dict with the metadata that torch hangs on it."""
    ordered = b"\x80\x02" + _global("collections", "OrderedDict") + b")R("
    metadata = b"}" + _text("_metadata") + _global("collections", "OrderedDict") + b")Rsb"
    return ordered + b"".join(tensors) + b"u" + metadata + b"."


def write(path: Path, data: bytes, storages: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        for key, raw in storages.items():
            archive.writestr(f"archive/data/{key}", raw)
        archive.writestr("archive/version", "3\n")
    return path


class TorchZip:
    """Writes files as torch does (zip format), so that its reader is tested without torch."""

    tensor = staticmethod(tensor_pickle)
    state = staticmethod(state_pickle)
    text = staticmethod(_text)
    integer = staticmethod(_int)
    write = staticmethod(write)

    def __call__(self, path: Path, **tensors: np.ndarray) -> Path:
        """A state dict of float32 tensors."""
        keys = {name: str(index) for index, name in enumerate(tensors)}
        pickles = [tensor_pickle(name, keys[name], array.shape) for name, array in tensors.items()]
        storages = {keys[name]: array.tobytes() for name, array in tensors.items()}
        return write(path, state_pickle(*pickles), storages)


@pytest.fixture
def write_torch_zip() -> TorchZip:
    return TorchZip()
