from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings import load_expert, technical
from framesift.embeddings.technical import WIDTH, TechnicalEncoder
from framesift.embeddings.technical_statistics import crop_numbers, overview_numbers
from framesift.embeddings.technical_views import CROPS, SCREEN_PX, SHAPE, SIDE_PX, pack, unpack
from framesift.types import Geometry


@pytest.fixture(scope="module")
def expert() -> TechnicalEncoder:
    return TechnicalEncoder()


def views_of(pixels: np.ndarray):
    return unpack(pack(pixels)[None])


@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (1, 5000), (5000, 1), (30, 40), (159, 161), (160, 160), (895, 897), (2000, 1200)],
)
def test_every_shape_of_picture_gives_a_finite_row(
    expert: TechnicalEncoder, height: int, width: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    packed = expert.prepare(pixels)
    assert packed.shape == SHAPE
    assert packed.dtype == np.uint8
    row = expert.encode(packed[None])
    assert row.shape == (1, WIDTH)
    assert np.isfinite(row).all()
    assert unpack(packed[None]).size.tolist() == [[width, height]]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_colour_gives_a_finite_row(expert: TechnicalEncoder, value: int) -> None:
    row = expert.encode(expert.prepare(np.full((300, 200, 3), value, np.uint8))[None])
    assert np.isfinite(row).all()


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a view shows a square, however it was turned."""
    turned = [np.rot90(side, turns) for side in (other, other[::-1]) for turns in range(4)]
    return any(np.array_equal(one, each) for each in turned)


def test_crops_are_cut_at_the_pictures_own_size(make_image) -> None:
    pixels = make_image(SIDE_PX, SIDE_PX)
    views = views_of(pixels)
    for crop in (*views.crops[0], views.close[0]):
        assert alike(crop, pixels)


def test_a_small_picture_is_continued_by_its_mirror_image(make_image) -> None:
    pixels = make_image(92, 62)
    crop = views_of(pixels).crops[0, 0]
    padded = np.pad(pixels, ((49, 49), (34, 34), (0, 0)), mode="symmetric")
    assert alike(crop, padded)


def test_a_large_picture_is_seen_on_a_screen_and_close_up(make_image) -> None:
    pixels = make_image(3 * SCREEN_PX, 2 * SCREEN_PX, seed=2)
    views = views_of(pixels)
    assert views.large.tolist() == [True]
    screen = Image.fromarray(pixels).resize((SCREEN_PX * 3 // 2, SCREEN_PX), 3)
    left, top = (SCREEN_PX * 3 // 2 - SIDE_PX) // 2, (SCREEN_PX - SIDE_PX) // 2
    expected = np.asarray(screen.crop((left, top, left + SIDE_PX, top + SIDE_PX)), int)
    turned = [np.rot90(side, turns) for side in (expected, expected[::-1]) for turns in range(4)]
    # Averaging whole blocks first changes a value by a level or two.
    assert min(np.abs(views.crops[0, -1] - each).mean() for each in turned) < 1
    left, top = (pixels.shape[1] - SIDE_PX) // 2, (pixels.shape[0] - SIDE_PX) // 2
    assert alike(views.close[0], pixels[top : top + SIDE_PX, left : left + SIDE_PX])


def test_a_picture_of_the_screens_size_is_not_resized(make_image) -> None:
    pixels = make_image(1000, SCREEN_PX, seed=3)
    views = views_of(pixels)
    assert views.large.tolist() == [False]
    left, top = round((1000 - SIDE_PX) * 0.2), round((SCREEN_PX - SIDE_PX) * 0.2)
    assert alike(views.crops[0, 0], pixels[top : top + SIDE_PX, left : left + SIDE_PX])
    np.testing.assert_array_equal(views.close[0], views.crops[0, CROPS - 1])


@pytest.mark.parametrize("size", [(640, 427), (1600, 1100), (300, 150), (401, 401), (90, 61)])
def test_a_mirrored_or_turned_picture_has_the_same_views(make_image, size: tuple[int, int]) -> None:
    pixels = make_image(*size, seed=4)
    views = views_of(pixels)
    expected = sorted(crop.tobytes() for crop in views.crops[0])
    for turns in range(4):
        for other in (np.rot90(pixels, turns), np.rot90(pixels[::-1], turns)):
            found = views_of(np.ascontiguousarray(other))
            if min(size) <= SCREEN_PX:
                assert sorted(crop.tobytes() for crop in found.crops[0]) == expected
            assert np.abs(found.whole.astype(int) - views.whole).mean() < 1


@pytest.mark.parametrize("size", [(640, 427), (1600, 1100), (300, 150)])
def test_a_mirrored_picture_has_the_same_row(
    expert: TechnicalEncoder, make_image, size: tuple[int, int]
) -> None:
    pixels = make_image(*size, seed=4)
    pair = np.stack([expert.prepare(pixels), expert.prepare(pixels[:, ::-1])])
    one, other = expert.encode(pair)
    np.testing.assert_allclose(one, other, atol=2e-2, rtol=1e-4)


def test_pixels_beyond_the_picture_are_left_out(make_image) -> None:
    pixels = make_image(400, 300)
    wider = np.pad(pixels, ((4, 8), (2, 6), (0, 0)), constant_values=255)
    place = Geometry(400, 300, (2.0, 4.0, 402.0, 304.0))
    np.testing.assert_array_equal(pack(wider, place), pack(pixels))


def test_statistics_tell_noise_blur_blocks_and_light_apart(make_image) -> None:
    clean = make_image(SIDE_PX, SIDE_PX, seed=5)
    rng = np.random.default_rng(0)
    noisy = np.clip(clean + rng.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(clean).reduce(8).resize((SIDE_PX, SIDE_PX), 3))
    blocks = np.asarray(Image.fromarray(clean).reduce(8).resize((SIDE_PX, SIDE_PX), 0))
    numbers = crop_numbers(np.stack([clean, noisy, smooth, blocks]))
    laplacian, immerkaer, blocking = numbers[:, 0], numbers[:, 6], numbers[:, 19]
    assert laplacian[1] > laplacian[0] > laplacian[2]
    assert np.exp(immerkaer[1]) == pytest.approx(0.67 * 20, rel=0.15)  # three colours averaged
    assert blocking[3] > blocking[:3].max() + 1
    overviews = np.stack([clean, clean // 4])
    light = overview_numbers(overviews, np.array([[256, 256], [512, 1024]]))
    assert (light[1, :7] < light[0, :7]).all()
    np.testing.assert_allclose(light[:, -2:], [[0, 0], [1, 2]])


def test_the_fingerprint_follows_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {TechnicalEncoder().fingerprint}
    for name in ("VIEWS_VERSION", "STATISTICS_VERSION", "LEVELS_VERSION", "_ROW_VERSION"):
        with monkeypatch.context() as patch:
            patch.setattr(technical, name, 99)
            seen.add(TechnicalEncoder().fingerprint)
    assert len(seen) == 5


def test_views_of_another_shape_are_refused(expert: TechnicalEncoder) -> None:
    with pytest.raises(ValueError, match="expected a batch"):
        expert.view_rows(np.zeros((1, 159, 160, 3), np.uint8))


def test_loading_it_does_not_load_the_runtime() -> None:
    code = (
        "import sys; from framesift.embeddings import load_expert; load_expert('technical');"
        "sys.exit('onnxruntime' in sys.modules or 'PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_is_an_expert_by_name() -> None:
    assert load_expert("technical").name == "technical"
