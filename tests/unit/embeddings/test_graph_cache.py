from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from framesift.embeddings.graph_cache import cached_graph

if TYPE_CHECKING:
    from collections.abc import Callable


class Builder:
    def __init__(self, data: bytes = b"a graph") -> None:
        self.data = data
        self.runs = 0

    def __call__(self) -> bytes:
        self.runs += 1
        return self.data


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def renamed(path: Path) -> None:
    path.rename(path.with_name("graph-0123.onnx"))


def deleted(path: Path) -> None:
    path.unlink()


def test_it_is_built_once(tmp_path: Path) -> None:
    build = Builder()
    assert cached_graph(tmp_path / "new", "graph", build) == b"a graph"
    assert cached_graph(tmp_path / "new", "graph", build) == b"a graph"
    assert build.runs == 1
    assert [path.suffix for path in (tmp_path / "new").iterdir()] == [".onnx"]


@pytest.mark.parametrize("damage", [cut_off, renamed, deleted])
def test_a_damaged_one_is_built_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    build = Builder()
    cached_graph(tmp_path, "graph", build)
    damage(next(tmp_path.iterdir()))
    assert cached_graph(tmp_path, "graph", build) == b"a graph"
    assert cached_graph(tmp_path, "graph", build) == b"a graph"
    assert build.runs == 2


def test_names_are_kept_apart(tmp_path: Path) -> None:
    for stem in ("graph", "graph-1", "graph-2"):
        build = Builder(stem.encode())
        assert cached_graph(tmp_path, stem, build) == stem.encode()
        assert build.runs == 1
    assert cached_graph(tmp_path, "graph", Builder()) == b"graph"


def test_without_a_folder_to_write_it_stays_in_memory(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    for _ in range(2):
        assert cached_graph(tmp_path / "taken" / "graphs", "graph", Builder()) == b"a graph"


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    assert cached_graph(tmp_path, "graph", Builder()) == b"a graph"
    assert list(tmp_path.iterdir()) == []


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def build() -> bytes:
        raise ValueError("no weights")

    with pytest.raises(ValueError, match="no weights"):
        cached_graph(tmp_path, "graph", build)
    assert list(tmp_path.iterdir()) == []
