"""Pictures of a folder: their order, and what a screen gets of them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.errors import ConfigError, MediaError
from framesift.web import gallery as module
from framesift.web.gallery import Gallery, list_pictures

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = ("a.png", "b 2.png", "broken.jpg", 'sub/ü, "c".png')


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_pictures_are_listed_and_videos_counted(folder: Path) -> None:
    listing = list_pictures(folder, order="name")
    assert listing.names == ALL
    assert listing.videos == 1
    assert listing.failures == ()


def test_the_random_order_depends_on_the_seed_and_the_names_alone(folder: Path) -> None:
    first = list_pictures(folder, seed=1).names
    assert sorted(first) == sorted(ALL)
    assert first == list_pictures(folder, seed=1).names
    assert len({list_pictures(folder, seed=seed).names for seed in range(20)}) > 5
    (folder / "new.png").write_bytes((folder / "a.png").read_bytes())
    with_new = list_pictures(folder, seed=1).names
    assert tuple(name for name in with_new if name != "new.png") == first


def test_a_limit_keeps_the_first_of_the_order(folder: Path) -> None:
    assert list_pictures(folder, seed=1, limit=2).names == list_pictures(folder, seed=1).names[:2]


def test_what_is_no_folder_is_refused(folder: Path) -> None:
    for path in (folder / "a.png", folder / "missing"):
        with pytest.raises(ConfigError, match="not a folder"):
            list_pictures(path)


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_a_name_that_is_not_unicode_is_a_failure_with_the_way_out(folder: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png"))
    try:
        odd.write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    listing = list_pictures(folder, order="name")
    assert listing.names == ALL
    assert "rename it" in listing.failures[0].error.message


def test_a_picture_is_made_as_large_as_asked_and_never_larger(folder: Path) -> None:
    gallery = Gallery(folder, ALL)
    assert decoded(gallery.jpeg(0, 100)).size == (100, 67)
    assert decoded(gallery.jpeg(0, 1024)).size == (300, 200)
    full = decoded(gallery.jpeg(3, None))
    assert full.size == (300, 200)
    original = np.asarray(Image.open(folder / ALL[3]), dtype=float)
    assert np.abs(np.asarray(full, dtype=float) - original).mean() < 4
    assert gallery.sha256(0) != gallery.sha256(3)
    assert gallery.sha256(1) == ""


def test_a_picture_is_upright_whatever_exif_says(
    tmp_path: Path, make_image: Callable[..., np.ndarray]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(make_image(300, 200)).save(tmp_path / "a.jpg", exif=exif)
    assert decoded(Gallery(tmp_path, ("a.jpg",)).jpeg(0, 1024)).size == (200, 300)


def test_full_size_ends_at_a_number_of_pixels(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_PX", 15_000)
    width, height = decoded(Gallery(folder, ALL).jpeg(0, None)).size
    assert (width, height) == (150, 100)


def test_a_broken_picture_is_remembered_with_its_reason(folder: Path) -> None:
    gallery = Gallery(folder, ALL)
    with pytest.raises(MediaError):
        gallery.jpeg(2, 1024)
    assert list(gallery.failures) == [2]
    (folder / "broken.jpg").write_bytes((folder / "a.png").read_bytes())
    gallery.jpeg(2, 1024)
    assert gallery.failures == {}


def test_a_picture_that_is_gone_is_a_failure(folder: Path) -> None:
    gallery = Gallery(folder, ALL)
    (folder / "a.png").unlink()
    with pytest.raises(MediaError):
        gallery.jpeg(0, 1024)


def test_memory_holds_a_bounded_number_of_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery(folder, ALL)
    size = len(gallery.jpeg(0, 1024))
    monkeypatch.setattr(module, "_CACHE_BYTES", 2 * size)
    for index in (1, 3, 0):
        gallery.jpeg(index, 1024)
    assert sum(map(len, gallery._made.values())) == gallery._bytes <= 2 * size
    made = gallery._made[0, 1024]
    assert gallery.jpeg(0, 1024) is made, "what is kept is not made again"
