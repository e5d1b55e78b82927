from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framesift.embeddings.base import PreprocessSpec
from framesift.embeddings.preprocess import (
    OPENAI_MEAN,
    OPENAI_STD,
    normalize_batch,
    prepare_image,
    preprocess_from_open_clip,
    preprocess_from_transformers,
)
from framesift.errors import WeightsMismatchError

HALF = (0.5, 0.5, 0.5)
CLIP = PreprocessSpec(224, OPENAI_MEAN, OPENAI_STD, 224)
SMALL = PreprocessSpec(32, HALF, HALF, 32)


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400))
def test_any_size_gives_the_input_size(width: int, height: int) -> None:
    picture = np.full((height, width, 3), 77, dtype=np.uint8)
    for mode in ("shortest", "squash", "longest"):
        spec = PreprocessSpec(32, HALF, HALF, 32, "bicubic", mode, (77, 77, 77))
        prepared = prepare_image(picture, spec)
        assert prepared.shape == (32, 32, 3)
        assert prepared.dtype == np.uint8
        # A flat picture stays flat: nothing from outside of it comes in.
        assert prepared.min() == prepared.max() == 77


@pytest.mark.parametrize(("width", "height"), [(300, 200), (200, 301), (31, 97), (32, 33), (8, 9)])
def test_shortest_is_the_resize_and_centre_crop_of_the_reference(
    make_image, width: int, height: int
) -> None:
    picture = make_image(width, height, seed=3)
    scale = (32, int(32 * height / width)) if width <= height else (int(32 * width / height), 32)
    resized = Image.fromarray(picture).resize(scale, Image.Resampling.BICUBIC)
    left, top = round((scale[0] - 32) / 2.0), round((scale[1] - 32) / 2.0)
    expected = np.asarray(resized.crop((left, top, left + 32, top + 32)))
    np.testing.assert_array_equal(prepare_image(picture, SMALL), expected)


def test_a_resize_larger_than_the_crop_keeps_the_centre(make_image) -> None:
    picture = make_image(64, 64)
    spec = PreprocessSpec(32, HALF, HALF, 40)
    whole = Image.fromarray(picture).resize((40, 40), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(prepare_image(picture, spec), np.asarray(whole)[4:36, 4:36])
    squashed = PreprocessSpec(32, HALF, HALF, 40, "bicubic", "squash")
    np.testing.assert_array_equal(prepare_image(picture, squashed), np.asarray(whole)[4:36, 4:36])


@pytest.mark.parametrize("shape", [(1, 40_000, 3), (40_000, 1, 3)])
def test_a_sliver_does_not_take_gigabytes(shape: tuple[int, int, int]) -> None:
    import tracemalloc

    picture = np.zeros(shape, dtype=np.uint8)
    tracemalloc.start()
    prepared = prepare_image(picture, CLIP)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert prepared.shape == (224, 224, 3)
    assert peak < 50e6


def test_a_long_picture_is_cut_before_the_resize_with_the_same_result(make_image) -> None:
    tile = make_image(40, 40, seed=5)
    long = np.concatenate([tile] * 20, axis=1)
    prepared = prepare_image(long, SMALL)
    whole = Image.fromarray(long).resize((640, 32), Image.Resampling.BICUBIC)
    expected = np.asarray(whole.crop((304, 0, 336, 32)))
    assert np.abs(prepared.astype(int) - expected).max() <= 1


def test_longest_pads_with_the_fill_colour() -> None:
    picture = np.zeros((10, 40, 3), dtype=np.uint8)
    spec = PreprocessSpec(32, HALF, HALF, 32, "bicubic", "longest", (1, 2, 3))
    prepared = prepare_image(picture, spec)
    assert tuple(prepared[0, 0]) == (1, 2, 3)
    assert tuple(prepared[16, 16]) == (0, 0, 0)
    assert (prepared[:, :, 0] == 0).all(axis=1).sum() == 8


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_anything_but_an_rgb_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        prepare_image(picture, SMALL)


def test_normalisation_is_float32_arithmetic_in_the_order_of_the_reference() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    spec = PreprocessSpec(16, OPENAI_MEAN, OPENAI_STD, 16)
    found = normalize_batch(values, spec)
    for channel in range(3):
        unit = values[..., channel].astype(np.float32) / np.float32(255)
        mean, std = np.float32(OPENAI_MEAN[channel]), np.float32(OPENAI_STD[channel])
        np.testing.assert_array_equal(found[:, channel], (unit - mean) / std)


def test_normalisation_refuses_another_shape() -> None:
    with pytest.raises(ValueError, match=r"\(N, 32, 32, 3\).*\(2, 16, 16, 3\)"):
        normalize_batch(np.zeros((2, 16, 16, 3), np.uint8), SMALL)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"size": 224, "crop_size": 224, "do_center_crop": True, "resample": 3},
            PreprocessSpec(224, OPENAI_MEAN, OPENAI_STD, 224, "bicubic"),
        ),
        (
            {
                "size": {"shortest_edge": 256},
                "crop_size": {"height": 224, "width": 224},
                "resample": 2,
                "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.5, 0.5, 0.5],
            },
            PreprocessSpec(224, HALF, HALF, 256, "bilinear"),
        ),
        (
            {
                "size": {"height": 224, "width": 224},
                "resample": 3,
                "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.5, 0.5, 0.5],
            },
            PreprocessSpec(224, HALF, HALF, 224, "bicubic", "squash"),
        ),
        (
            {
                "do_normalize": False,
                "size": {"shortest_edge": 256},
                "crop_size": {"height": 256, "width": 256},
                "resample": 2,
            },
            PreprocessSpec(256, (0, 0, 0), (1, 1, 1), 256, "bilinear"),
        ),
    ],
    ids=["clip", "resize-and-crop", "siglip", "mobileclip"],
)
def test_a_transformers_config_is_read(config: dict, expected: PreprocessSpec) -> None:
    assert preprocess_from_transformers(config, "preprocessor_config.json") == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"size": [224, 224]}, PreprocessSpec(224, OPENAI_MEAN, OPENAI_STD, 224)),
        (
            {
                "size": 224,
                "mean": [0.5, 0.5, 0.5],
                "std": [0.5, 0.5, 0.5],
                "interpolation": "bicubic",
                "resize_mode": "squash",
                "fill_color": 0,
            },
            PreprocessSpec(224, HALF, HALF, 224, "bicubic", "squash"),
        ),
        (
            {"size": 256, "interpolation": "bilinear", "resize_mode": "longest", "fill_color": 9},
            PreprocessSpec(256, OPENAI_MEAN, OPENAI_STD, 256, "bilinear", "longest", (9, 9, 9)),
        ),
    ],
    ids=["clip", "siglip2", "longest"],
)
def test_an_open_clip_config_is_read(config: dict, expected: PreprocessSpec) -> None:
    assert preprocess_from_open_clip(config, "preprocess_cfg.json") == expected


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"size": {"height": 224, "width": 336}}, "not a square"),
        ({"do_rescale": False}, "rescaling"),
        ({"do_convert_rgb": False}, "RGB"),
        ({"rescale_factor": 0.5}, "1/255"),
        ({"resample": 7}, "interpolation"),
        ({"image_mean": [0.5]}, "three numbers"),
        ({"image_std": [0.5, 0.0, 0.5]}, "deviation is 0"),
        ({"size": 100, "crop_size": 224, "do_center_crop": True}, "does not fit"),
        ({"size": "big"}, "not a square"),
    ],
)
def test_what_cannot_be_reproduced_is_refused(config: dict, reason: str) -> None:
    with pytest.raises(WeightsMismatchError, match=reason) as caught:
        preprocess_from_transformers(config, "preprocessor_config.json")
    assert caught.value.source == "preprocessor_config.json"


def test_an_unknown_resize_mode_is_refused() -> None:
    with pytest.raises(WeightsMismatchError, match="resize_mode 'fit'"):
        preprocess_from_open_clip({"resize_mode": "fit"}, "x")
