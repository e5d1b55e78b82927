"""The technical score falls with every defect, on photographs it was never trained on."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from framesift import open_media
from framesift.embeddings.technical import TechnicalEncoder
from framesift.heads.technical import NAMES, technical_head
from framesift.types import Embeddings

TOLERANCE = 0.15
"""Points by which a worse picture may score higher: half of what a JPEG saved again may move."""

UNMOVED = 0.3
EXPERT = TechnicalEncoder()
HEAD = technical_head("any")


def scores_of(pictures: list[np.ndarray]) -> np.ndarray:
    prepared = np.stack([EXPERT.prepare(np.ascontiguousarray(picture)) for picture in pictures])
    rows = EXPERT.encode(prepared)
    vectors = np.ones((len(rows), 1), np.float32)
    return HEAD.score(Embeddings(vectors, "any", "f", {"technical": rows})).values


def quality_of(pictures: list[np.ndarray]) -> np.ndarray:
    return scores_of(pictures)[:, 0]


def saved(picture: np.ndarray, quality: int, **options: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


def blurred(picture: np.ndarray, strength: float) -> np.ndarray:
    radius = 0.7 * (10 / 0.7) ** strength
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def noisy(picture: np.ndarray, strength: float) -> np.ndarray:
    sigma = 4.0 * (70 / 4) ** strength
    field = np.random.default_rng(3).normal(0, sigma, picture.shape)
    return np.clip(picture + field, 0, 255).astype(np.uint8)


def compressed(picture: np.ndarray, strength: float) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(saved(picture, round(60 * (4 / 60) ** strength)))))


def darkened(picture: np.ndarray, strength: float) -> np.ndarray:
    factor = 0.75 * (0.08 / 0.75) ** strength
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(picture)).enhance(factor))


DEFECTS = {"blur": blurred, "noise": noisy, "jpeg": compressed, "dark": darkened}
PART = {"blur": "sharpness", "noise": "noise", "jpeg": "compression", "dark": "exposure"}


@pytest.fixture(scope="module", params=["china.jpg", "flower.jpg"])
def photograph(request: pytest.FixtureRequest) -> np.ndarray:
    from importlib.util import find_spec

    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        pytest.skip("scikit-learn, which carries the photographs, is not installed")
    path = Path(spec.origin).parent / "datasets" / "images" / request.param
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def assert_falls(name: str, found: np.ndarray) -> None:
    rises = [after - before for before, after in pairwise(found)]
    assert max(rises) <= TOLERANCE, f"{name}: {np.round(found, 2)}"
    assert found[-1] < found[0] - 1, f"{name}: {np.round(found, 2)}"


@pytest.mark.parametrize("defect", DEFECTS)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(steps=st.lists(st.floats(0.1, 0.3), min_size=4, max_size=4), start=st.floats(0, 0.2))
def test_the_score_falls_with_the_severity(
    defect: str, photograph: np.ndarray, steps: list[float], start: float
) -> None:
    strengths = np.minimum(start + np.cumsum([0, *steps]), 1.0)
    pictures = [photograph, *(DEFECTS[defect](photograph, float(s)) for s in strengths)]
    assert_falls(defect, quality_of(pictures))


@pytest.mark.shared
@pytest.mark.parametrize("defect", DEFECTS)
def test_it_falls_on_many_photographs(shared: Path, defect: str) -> None:
    paths = sorted((shared / "golden" / "clip_vit_b32_flickr8k" / "images").iterdir())[::16]
    paths += sorted((shared / "data" / "moderation_benign_mossbench").glob("*.jpg"))[7::24]
    for path in paths:
        with Image.open(path) as image:
            picture = np.asarray(image.convert("RGB"))
        worse = [DEFECTS[defect](picture, strength) for strength in (0.05, 0.35, 0.65, 1.0)]
        assert_falls(f"{path.name} {defect}", quality_of([picture, *worse]))


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_part_that_suffers_is_named(photograph: np.ndarray, defect: str) -> None:
    clean, worse = scores_of([photograph, DEFECTS[defect](photograph, 0.9)])
    assert HEAD.describe(dict(zip(NAMES[1:], clean[1:], strict=True))) == ""
    parts = dict(zip(NAMES[1:], worse[1:], strict=True))
    assert min(parts, key=parts.__getitem__) == PART[defect]
    assert HEAD.describe(parts)


def test_mirroring_and_saving_again_hardly_move_it(photograph: np.ndarray) -> None:
    again = [saved(photograph, 95), saved(photograph, 95, subsampling=0)]
    decoded = [np.asarray(Image.open(io.BytesIO(data))) for data in again]
    found = quality_of([photograph, photograph[:, ::-1], *decoded])
    assert abs(found[1] - found[0]) < 0.01
    assert np.abs(found[2:] - found[0]).max() < UNMOVED


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_pixels_hardly_moves_it(photograph: np.ndarray, turns: int) -> None:
    turned = np.rot90(photograph, turns)
    found = quality_of([photograph, turned, turned[::-1]])
    assert np.abs(found - found[0]).max() < UNMOVED / 3


@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_hardly_moves_it(photograph: np.ndarray, orientation: int) -> None:
    """The same upright picture, stored turned or mirrored with a note of it in EXIF."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = Image.fromarray(photograph)
    stored = _inverse(upright, orientation)
    stream = io.BytesIO()
    stored.save(stream, "JPEG", quality=95, exif=exif)
    with open_media(stream.getvalue()) as media:
        shown = next(iter(media.read())).pixels
    assert shown.shape == photograph.shape
    found = quality_of([photograph, shown])
    assert abs(found[1] - found[0]) < UNMOVED


def _inverse(image: Image.Image, orientation: int) -> Image.Image:
    """Store a picture so that this orientation shows it upright."""
    for method in (None, *Image.Transpose):
        stored = image if method is None else image.transpose(method)
        stored.getexif()[0x0112] = orientation
        shown = ImageOps.exif_transpose(stored)
        if shown.size == image.size and shown.tobytes() == image.tobytes():
            return stored
    raise AssertionError(orientation)


@pytest.mark.shared
def test_saving_again_hardly_moves_it_on_many_photographs(shared: Path) -> None:
    paths = sorted((shared / "golden" / "clip_vit_b32_flickr8k" / "images").iterdir())[::10]
    paths += sorted((shared / "data" / "moderation_benign_mossbench").glob("*.jpg"))[::8]
    for path in paths:
        with Image.open(path) as image:
            picture = np.asarray(image.convert("RGB"))
        again = np.asarray(Image.open(io.BytesIO(saved(picture, 95))))
        found = quality_of([picture, again, picture[:, ::-1], np.rot90(picture)])
        assert np.abs(found - found[0]).max() < UNMOVED, path.name
