"""Gathering embeddings of files: order, failures as values, thumbnails of a few."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings.cache import Cache
from framesift.engine.gather import gather, thumbnails
from framesift.pipeline import Gatherer
from framesift.types import Embeddings

if TYPE_CHECKING:
    from pathlib import Path


class MeanColour:
    """An embedder whose three columns are the mean colour; it counts what it encodes."""

    name = "mean-colour"
    space = "mean"
    fingerprint = "mean-1"
    precision = "fp32"
    int8_cosine = None
    width = 3
    min_side_px = 40

    def __init__(self) -> None:
        self.encoded = 0

    def prepare(self, pixels, *, geometry=None):
        return pixels.mean(axis=(0, 1)).astype(np.uint8)

    def encode(self, batch):
        self.encoded += len(batch)
        return batch.astype(np.float32) + 1

    def to_embeddings(self, rows):
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return Embeddings(rows / length, self.space, self.fingerprint)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = []
    for i in range(4):
        picture = Image.new("RGB", (60, 40), (50 * i, 255 - 50 * i, 10))
        exif = picture.getexif()
        if i:
            exif[306] = f"2024:05:06 07:08:0{i}"
        picture.save(tmp_path / f"{i}.jpg", exif=exif)
        made.append(tmp_path / f"{i}.jpg")
    made[2].write_bytes(b"\xff\xd8 cut off")
    return made


def test_what_can_be_read_keeps_its_row_and_the_rest_is_a_failure(files: list[Path]) -> None:
    steps = []
    made = gather(Gatherer(MeanColour()), files, advance=lambda: steps.append(1))
    assert made.rows == [0, 1, 3]
    assert [failure.path for failure in made.failures] == [str(files[2])]
    assert len(steps) == 4
    reds = [part.vectors[0, 0] for part in made.embeddings]
    assert reds == sorted(reds)
    assert len(set(made.sha256)) == 3
    assert math.isnan(made.times[0])
    assert made.times[2] - made.times[1] == 2


def test_the_frames_of_an_animation_stay_apart(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    path = tmp_path / "two.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=2000)
    made = gather(Gatherer(MeanColour()), [path])
    assert len(made.embeddings[0]) >= 2
    assert math.isnan(made.times[0]), "only stills have a moment"


def test_an_interrupted_run_goes_on_from_the_cache(files: list[Path], tmp_path: Path) -> None:
    with Cache(tmp_path / "cache.sqlite") as cache:
        calls = []

        def stop() -> None:
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            gather(Gatherer(MeanColour(), cache=cache), files, advance=stop)
        again = MeanColour()
        made = gather(Gatherer(again, cache=cache), files)
        assert made.rows == [0, 1, 3]
        assert again.encoded <= 1


def test_thumbnails_are_made_of_the_files_named_without_embedding_again(
    files: list[Path], tmp_path: Path
) -> None:
    embedder = MeanColour()
    with Cache(tmp_path / "cache.sqlite") as cache:
        gatherer = Gatherer(embedder, cache=cache)
        gather(gatherer, files)
        encoded = embedder.encoded
        found = thumbnails(gatherer, {"first": files[0], "broken": files[2]}, side_px=30)
        assert embedder.encoded == encoded
    assert set(found) == {"first"}
    with Image.open(io.BytesIO(found["first"])) as picture:
        assert picture.size == (30, 20)
