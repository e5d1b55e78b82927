"""When a picture was taken: the header alone, and never an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from framesift.media.taken import taken_s

if TYPE_CHECKING:
    from pathlib import Path


def save(path: Path, tags: dict[int, str], details: dict[int, str] | None = None) -> Path:
    picture = Image.new("RGB", (8, 8))
    exif = picture.getexif()
    exif.update(tags)
    exif.get_ifd(0x8769).update(details or {})
    picture.save(path, exif=exif)
    return path


def test_the_original_moment_comes_before_that_of_the_file(tmp_path: Path) -> None:
    early = save(tmp_path / "a.jpg", {306: "2024:01:01 10:00:00"})
    late = save(
        tmp_path / "b.jpg",
        {306: "2030:01:01 00:00:00"},
        {36867: "2024:01:01 10:00:02", 37521: "25"},
    )
    assert taken_s(late) - taken_s(early) == pytest.approx(2.25)


@pytest.mark.parametrize(
    "text", ["", "0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", "2024-01-01 10:00:00"]
)
def test_a_date_that_is_none_is_unknown(text: str, tmp_path: Path) -> None:
    assert math.isnan(taken_s(save(tmp_path / "a.jpg", {306: text})))


def test_anything_else_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM")
    for name in ("text.jpg", "cut.jpg", "none.jpg", ""):
        assert math.isnan(taken_s(tmp_path / name))


@pytest.mark.shared
def test_odd_files_raise_nothing(shared: Path) -> None:
    files = [path for path in (shared / "data" / "robust_images").rglob("*") if path.is_file()]
    assert len(files) > 1000
    known = sum(not math.isnan(taken_s(path)) for path in files)
    assert known > 0, "some of them have a date"
