"""Stars beside pictures: names, owners, what was there before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import pytest

from framesift.engine.sidecars import SidecarResult, Sidecars, stars
from framesift.engine.xmp import Name, new_document
from framesift.types import Quality

if TYPE_CHECKING:
    from pathlib import Path

RATING = Name("http://ns.adobe.com/xap/1.0/", "Rating", "xmp")
LABEL = Name("http://ns.adobe.com/xap/1.0/", "Label", "xmp")
GOOD = Quality(7.3, 6.123456, 8.5, "my <taste>")


def rate(picture: Path, quality: Quality = GOOD, **options: object) -> SidecarResult:
    return Sidecars(**options).rate(picture, quality)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0, 1), (1.9999, 1), (1.99999, 2), (2, 2), (4, 3), (5.9, 3), (6, 4), (7.9999, 4), (8, 5)],
)
def test_two_points_are_a_star(score: float, expected: int) -> None:
    assert stars(score) == expected
    assert stars(10) == 5


@pytest.mark.parametrize(("style", "name"), [("lightroom", "a.xmp"), ("darktable", "a.nef.xmp")])
def test_a_sidecar_is_made(
    tmp_path: Path, style: Literal["lightroom", "darktable"], name: str
) -> None:
    result = rate(tmp_path / "a.nef", style=style)
    assert (result.status, result.stars, result.sidecar) == ("rated", 4, tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    for part in ('Rating="4"', 'score="7.3"', 'low="6.1235"', 'head="my &lt;taste&gt;"'):
        assert part in text
    before = (tmp_path / name).stat().st_mtime_ns
    assert rate(tmp_path / "a.nef", style=style).status == "already rated"
    assert (tmp_path / name).stat().st_mtime_ns == before


def test_what_stood_there_is_kept_and_the_earlier_rating_too(tmp_path: Path) -> None:
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(new_document({RATING: "2", LABEL: "Red"}))
    result = rate(tmp_path / "a.nef")
    assert (result.status, result.message) == ("rated", "was 2")
    text = sidecar.read_text(encoding="utf-8")
    assert 'Rating="4"' in text
    assert 'Label="Red"' in text
    assert 'previousRating="2"' in text
    assert rate(tmp_path / "a.nef").status == "already rated"
    changed = rate(tmp_path / "a.nef", Quality(9, 8, 10, "x"))
    assert (changed.status, changed.message) == ("rated", "was 4")
    assert 'previousRating="2"' in sidecar.read_text(encoding="utf-8"), "a person's, not ours"


@pytest.mark.parametrize("content", [b"", b"<broken", b"<!DOCTYPE x><x/>", b"<a/>"])
def test_a_broken_sidecar_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(content)
    result = rate(tmp_path / "a.nef")
    assert (result.status, result.sidecar) == ("failed", None)
    assert "a.xmp" in result.message
    assert sidecar.read_bytes() == content
    assert list(tmp_path.iterdir()) == [sidecar]


def test_a_huge_sidecar_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.xmp").open("wb") as file:
        file.truncate(2**30)
    result = rate(tmp_path / "a.nef")
    assert result.status == "failed"
    assert "bytes" in result.message


def test_a_dry_run_writes_nothing_and_finds_the_broken(tmp_path: Path) -> None:
    (tmp_path / "b.xmp").write_bytes(b"<broken")
    (tmp_path / "c.xmp").write_bytes(new_document({RATING: "2"}))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    sidecars = Sidecars(dry_run=True)
    statuses = [sidecars.rate(tmp_path / f"{name}.nef", GOOD).status for name in "abc"]
    assert statuses == ["rated", "failed", "rated"]
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert Sidecars(dry_run=True).rate(tmp_path / "none" / "a.nef", GOOD).status == "rated"


def test_the_sidecar_of_a_pair_is_the_raw_files(tmp_path: Path) -> None:
    for name in ("a.JPG", "a.NEF"):
        (tmp_path / name).touch()
    sidecars = Sidecars()
    left = sidecars.rate(tmp_path / "a.JPG", GOOD)
    assert (left.status, left.message) == ("left", "a.xmp is the sidecar of a.NEF")
    assert not (tmp_path / "a.xmp").exists()
    assert sidecars.rate(tmp_path / "a.NEF", GOOD).status == "rated"
    own = Sidecars("darktable")
    assert own.rate(tmp_path / "a.JPG", GOOD).sidecar == tmp_path / "a.JPG.xmp"


def test_two_pictures_of_one_name_do_not_share_a_sidecar_unnoticed(tmp_path: Path) -> None:
    sidecars = Sidecars()
    assert sidecars.rate(tmp_path / "a.jpg", GOOD).status == "rated"
    second = sidecars.rate(tmp_path / "a.png", Quality(1, 0, 2, "x"))
    assert (second.status, second.message) == ("left", "a.xmp is the sidecar of a.jpg")
    assert 'Rating="4"' in (tmp_path / "a.xmp").read_text(encoding="utf-8")


def test_a_sidecar_in_capitals_is_found(tmp_path: Path) -> None:
    (tmp_path / "A.XMP").write_bytes(new_document({RATING: "2"}))
    result = rate(tmp_path / "A.NEF")
    assert result.sidecar == tmp_path / "A.XMP"
    assert [path.name for path in tmp_path.iterdir()] == ["A.XMP"]


def test_a_link_is_followed_or_becomes_a_file(tmp_path: Path) -> None:
    real = tmp_path / "real.xmp"
    real.write_bytes(new_document({RATING: "2"}))
    before = real.read_bytes()
    link = tmp_path / "a.xmp"
    link.symlink_to(real)
    assert rate(tmp_path / "a.nef", follow_links=False).status == "rated"
    assert real.read_bytes() == before
    assert not link.is_symlink()
    link.unlink()
    link.symlink_to(real)
    assert rate(tmp_path / "a.nef").status == "rated"
    assert link.is_symlink()
    assert b'Rating="4"' in real.read_bytes()


def test_a_link_that_leads_nowhere_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.xmp").symlink_to(tmp_path / "gone.xmp")
    assert rate(tmp_path / "a.nef").status == "failed"


def test_where_writing_fails_the_sidecar_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(new_document({RATING: "2"}))
    before = sidecar.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    for name in ("a.nef", "b.nef"):
        result = rate(tmp_path / name)
        assert (result.status, result.message) == ("failed", "its sidecar: No space left on device")
    assert sidecar.read_bytes() == before
    assert list(tmp_path.iterdir()) == [sidecar]


def test_a_sidecar_that_changes_meanwhile_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(new_document({RATING: "2"}))
    read = type(sidecar).read_bytes
    later = new_document({RATING: "5", LABEL: "mine"})

    def read_and_change(path: Path) -> bytes:
        data = read(path)
        path.write_bytes(later)
        return data

    monkeypatch.setattr(type(sidecar), "read_bytes", read_and_change)
    assert rate(tmp_path / "a.nef").status == "failed"
    monkeypatch.undo()
    assert sidecar.read_bytes() == later
