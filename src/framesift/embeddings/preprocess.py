"""From a decoded picture to model input, driven by the `PreprocessSpec` of the weights.

The work is in two steps. `prepare_image` resizes and crops with Pillow on uint8, as OpenAI's CLIP
does, and runs in the decoder threads; `normalize_batch` turns a batch into floats, in the order of
operations of the reference, so that the result is the reference's to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from framesift.embeddings.base import Interpolation, PreprocessSpec, ResizeMode
from framesift.errors import WeightsMismatchError
from framesift.types import Geometry

if TYPE_CHECKING:
    from PIL import Image

    from framesift.types import Float32Array, UInt8Array

__all__ = [
    "OPENAI_MEAN",
    "OPENAI_STD",
    "check_batch",
    "normalize_batch",
    "prepare_image",
    "preprocess_from_open_clip",
    "preprocess_from_transformers",
]

OPENAI_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD: Final = (0.26862954, 0.26130258, 0.27577711)

_MAX_RESIZED_SIDE = 16
"""A resized picture longer than this many times the input is cut before the resize."""

_PIL_FILTERS: Final[Mapping[int, Interpolation]] = {
    0: "nearest",
    1: "lanczos",
    2: "bilinear",
    3: "bicubic",
}


def prepare_image(
    pixels: UInt8Array, spec: PreprocessSpec, *, geometry: Geometry | None = None
) -> UInt8Array:
    """Resize and crop one picture, uint8 (H, W, 3), to uint8 (S, S, 3).

    Mode ``shortest`` follows OpenAI's CLIP: the shorter side to ``spec.resize`` with the longer one
    rounded down, then the centre S x S. A picture smaller than the input is enlarged.

    Args:
        pixels: The picture, perhaps scaled down by its decoder.
        spec: Of the weights.
        geometry: If it was: sizes and crops are then computed as for the full picture.

    Raises:
        ValueError: The array is not uint8 (H, W, 3).
    """
    from PIL import Image

    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        message = f"a picture is uint8 (H, W, 3); got {pixels.dtype} {pixels.shape}"
        raise ValueError(message)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    shape = {"shortest": _shortest, "squash": _squash, "longest": _longest}[spec.resize_mode]
    height, width = pixels.shape[:2]
    place = geometry or Geometry(width, height, (0.0, 0.0, float(width), float(height)))
    return np.asarray(shape(image, spec, place))


def normalize_batch(batch: UInt8Array, spec: PreprocessSpec) -> Float32Array:
    """Scale to [0, 1], subtract the mean, divide by the deviation: (N, S, S, 3) to (N, 3, S, S).

    All in float32 and in this order, which is the reference's.

    Raises:
        ValueError: The batch is not uint8 (N, S, S, 3).
    """
    check_batch(batch, (spec.size, spec.size, 3))
    out = np.empty((len(batch), 3, spec.size, spec.size), dtype=np.float32)
    out[:] = batch.transpose(0, 3, 1, 2)
    out /= np.float32(255)
    out -= np.array(spec.mean, dtype=np.float32).reshape(1, 3, 1, 1)
    out /= np.array(spec.std, dtype=np.float32).reshape(1, 3, 1, 1)
    return out


def check_batch(batch: UInt8Array, item: tuple[int, ...]) -> None:
    """Refuse a batch that is not uint8 (N, *item).

    Raises:
        ValueError: With the expected and the actual shape.
    """
    if batch.dtype != np.uint8 or batch.ndim != len(item) + 1 or batch.shape[1:] != item:
        message = f"expected a batch uint8 (N, {', '.join(map(str, item))}); got {batch.dtype} "
        raise ValueError(message + str(batch.shape))


def _filter(spec: PreprocessSpec) -> Image.Resampling:
    from PIL import Image

    return Image.Resampling[spec.interpolation.upper()]


def _shortest(image: Image.Image, spec: PreprocessSpec, place: Geometry) -> Image.Image:
    width, height = place.width, place.height
    if width <= height:
        resized = (spec.resize, int(spec.resize * height / width))
    else:
        resized = (int(spec.resize * width / height), spec.resize)
    # Rounds a half to even, as torchvision's centre crop does.
    left, top = (round((side - spec.size) / 2) for side in resized)
    x, y, right, bottom = place.box
    scaled = image.size != (width, height)
    if scaled or max(resized) > _MAX_RESIZED_SIDE * spec.resize:
        # Resize only what the crop keeps: a sliver of 1 x 100,000 would need gigabytes, and of
        # a usual photograph a quarter is cut off. Pillow rounds such a box, so a picture that was
        # decoded in full goes the reference's way, to the last bit.
        across, down = (right - x) / resized[0], (bottom - y) / resized[1]
        x, y = x + left * across, y + top * down
        box = (x, y, x + spec.size * across, y + spec.size * down)
        return image.resize((spec.size, spec.size), _filter(spec), box=box)
    image = image.resize(resized, _filter(spec), box=place.box)
    return image.crop((left, top, left + spec.size, top + spec.size))


def _squash(image: Image.Image, spec: PreprocessSpec, place: Geometry) -> Image.Image:
    image = image.resize((spec.resize, spec.resize), _filter(spec), box=place.box)
    edge = round((spec.resize - spec.size) / 2)
    return image.crop((edge, edge, edge + spec.size, edge + spec.size))


def _longest(image: Image.Image, spec: PreprocessSpec, place: Geometry) -> Image.Image:
    from PIL import Image

    scale = spec.size / max(place.width, place.height)
    resized = (max(1, round(place.width * scale)), max(1, round(place.height * scale)))
    canvas = Image.new("RGB", (spec.size, spec.size), spec.fill)
    corner = ((spec.size - resized[0]) // 2, (spec.size - resized[1]) // 2)
    canvas.paste(image.resize(resized, _filter(spec), box=place.box), corner)
    return canvas


def preprocess_from_transformers(config: Mapping[str, Any], source: str) -> PreprocessSpec:
    """Read a transformers ``preprocessor_config.json``.

    Args:
        config: The parsed file.
        source: Its name, for messages.

    Raises:
        WeightsMismatchError: It asks for something that Framesift does not do.
    """
    if config.get("do_convert_rgb") is False or config.get("do_rescale") is False:
        _refuse(source, "it switches RGB conversion or rescaling off, which CLIP models need")
    if not np.isclose(float(config.get("rescale_factor", 1 / 255)), 1 / 255):
        _refuse(source, f"rescale_factor is {config['rescale_factor']!r}, not 1/255")
    size = config.get("size", 224)
    squash = isinstance(size, Mapping) and "shortest_edge" not in size
    resize = _side(size, source)
    crop = _side(config["crop_size"], source) if _crops(config) else resize
    normalize = config.get("do_normalize", True)
    return _checked(
        PreprocessSpec(
            size=crop,
            mean=_triple(config.get("image_mean", OPENAI_MEAN), source) if normalize else (0, 0, 0),
            std=_triple(config.get("image_std", OPENAI_STD), source) if normalize else (1, 1, 1),
            resize=resize,
            interpolation=_interpolation(config.get("resample", 3), source),
            resize_mode="squash" if squash else "shortest",
        ),
        source,
    )


def preprocess_from_open_clip(config: Mapping[str, Any], source: str) -> PreprocessSpec:
    """Read an open_clip ``preprocess_cfg.json``.

    Args:
        config: The parsed file.
        source: Its name, for messages.

    Raises:
        WeightsMismatchError: It asks for something that Framesift does not do.
    """
    size = _side(config.get("size", 224), source)
    mode = str(config.get("resize_mode", "shortest"))
    modes: tuple[ResizeMode, ...] = ("shortest", "squash", "longest")
    found = next((known for known in modes if known == mode), None)
    if found is None:
        _refuse(source, f"unknown resize_mode {mode!r}")
    fill = config.get("fill_color", 0)
    level = [fill] * 3 if isinstance(fill, (int, float)) else list(fill)
    return _checked(
        PreprocessSpec(
            size=size,
            mean=_triple(config.get("mean", OPENAI_MEAN), source),
            std=_triple(config.get("std", OPENAI_STD), source),
            resize=size,
            interpolation=_interpolation(config.get("interpolation", "bicubic"), source),
            resize_mode=found,
            fill=(int(level[0]), int(level[1]), int(level[2])),
        ),
        source,
    )


def _crops(config: Mapping[str, Any]) -> bool:
    return bool(config.get("do_center_crop", "crop_size" in config)) and "crop_size" in config


def _checked(spec: PreprocessSpec, source: str) -> PreprocessSpec:
    if not 0 < spec.size <= spec.resize:
        _refuse(source, f"crop {spec.size} px does not fit in resize {spec.resize} px")
    if 0 in spec.std:
        _refuse(source, "a standard deviation is 0")
    return spec


def _side(value: Any, source: str) -> int:
    if isinstance(value, Mapping):
        sides = [value[key] for key in ("shortest_edge", "height", "width") if key in value]
    else:
        sides = list(value) if isinstance(value, Sequence) else [value]
    if not sides or any(side != sides[0] for side in sides) or not isinstance(sides[0], int):
        _refuse(source, f"the input size {value!r} is not a square")
    return int(sides[0])


def _triple(value: Any, source: str) -> tuple[float, float, float]:
    if not isinstance(value, Sequence) or len(value) != 3:
        _refuse(source, f"expected three numbers for mean and deviation, got {value!r}")
    return (float(value[0]), float(value[1]), float(value[2]))


def _interpolation(value: Any, source: str) -> Interpolation:
    name = _PIL_FILTERS.get(value) if isinstance(value, int) else str(value).lower()
    found = next((known for known in _PIL_FILTERS.values() if known == name), None)
    if found is None:
        _refuse(source, f"unknown interpolation {value!r}")
    return found


def _refuse(source: str, reason: str) -> NoReturn:
    message = f"this preprocessing cannot be reproduced: {reason}"
    raise WeightsMismatchError(message, source=source)
