"""A made-up analyzer whose results are small and whose failures are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from framesift.types import Analysis, Failure, MediaInfo, ModelInfo, Problem, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.media import Source

MODEL = ModelInfo("fake", "f" * 16, "fp32")


class FakeAnalyzer:
    """Gives every source an analysis; one whose content is ``bad`` fails."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def start(self, source: Source) -> Any:
        self.seen.append(source.name)
        with source.open() as file:
            if file.read() == b"bad":
                raise ValueError("is bad")
        return source

    def frames(self, item: Source) -> list[Any]:
        return []

    def finish(self, item: Source) -> Analysis:
        info = MediaInfo(item.name, item.sha256(), "image", "jpeg", 4, 3)
        action = "block" if "harm" in item.name else "allow"
        return Analysis(info, None, Verdict(action, (), "policy@1"), (), MODEL)

    def failure(self, name: str, error: Exception, **_: object) -> Failure:
        return Failure(name, Problem(type(error).__name__, str(error)), None, "policy@1", MODEL)

    def adopt(self, failure: Failure) -> Failure:
        return failure


@pytest.fixture
def analyzer() -> FakeAnalyzer:
    return FakeAnalyzer()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Twenty files, the seventh of which is bad and the ninth harmful."""
    folder = tmp_path / "files"
    folder.mkdir()
    made = []
    for number in range(20):
        name = "harm.jpg" if number == 9 else f"{number:02}.jpg"
        path = folder / name
        path.write_bytes(b"bad" if number == 7 else b"%d" % number)
        made.append(path)
    return made
