"""A folder of pictures, good and bad, and a gallery of stand-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np


class Names:
    """What a desk needs of a gallery, without pictures."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.failures: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.names)

    def sha256(self, index: int) -> str:
        return f"{index:064x}"


@pytest.fixture
def make_gallery() -> Callable[..., Names]:
    return Names


@pytest.fixture
def folder(tmp_path: Path, make_image: Callable[..., np.ndarray]) -> Path:
    photos = tmp_path / "photos"
    (photos / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b 2.png", 'sub/ü, "c".png')):
        Image.fromarray(make_image(300, 200, number)).save(photos / name)
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    (photos / "notes.txt").write_text("no picture")
    (photos / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    return photos
