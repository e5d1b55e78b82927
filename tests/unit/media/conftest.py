"""Small media made on the spot."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Encode pixels (H, W, 3) or a Pillow image in one of Pillow's formats."""

    def encode(picture: np.ndarray | Image.Image, form: str = "PNG", **options: Any) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        out = io.BytesIO()
        image.save(out, form, **options)
        return out.getvalue()

    return encode


@pytest.fixture
def animation(encode: Callable[..., bytes]) -> Callable[..., bytes]:
    """Encode frames of one grey each, with durations in milliseconds."""

    def make(form: str, greys: list[int], durations: list[int], **options: Any) -> bytes:
        frames = [Image.new("RGB", (24, 16), (grey, grey, grey)) for grey in greys]
        return encode(
            frames[0],
            form,
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            **options,
        )

    return make


@pytest.fixture
def make_video() -> Callable[..., bytes]:
    """Encode a video whose frame n is a flat grey of 10 n + 20, at the given times."""

    def make(
        times: list[Fraction],
        *,
        form: str = "mp4",
        codec: str = "mpeg4",
        size: tuple[int, int] = (64, 48),
        rotation: int = 0,
        gop: int = 12,
        cut: float = 1.0,
    ) -> bytes:
        out = io.BytesIO()
        with av.open(out, "w", format=form) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.gop_size = gop
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.time_base = Fraction(1, 1000)
            if rotation:
                stream.set_display_rotation(rotation)
            for number, time in enumerate(times):
                pixels = np.full((size[1], size[0], 3), 20 + 10 * (number % 23), np.uint8)
                pixels[: size[1] // 4] = 255  # a white band at the top, to see rotation
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts = int(time * 1000)
                frame.time_base = Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        data = out.getvalue()
        return data[: int(len(data) * cut)]

    return make


@pytest.fixture
def make_song() -> bytes:
    """An MP4 with sound and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        for number in range(8):
            samples = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate = 8000
            frame.pts = number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture
def make_dng() -> Callable[..., bytes]:
    """Write the smallest camera RAW file that LibRaw reads, with a preview if one is given."""

    def make(
        width: int = 128, height: int = 96, *, orientation: int = 1, preview: bytes = b""
    ) -> bytes:
        y, x = np.mgrid[0:height, 0:width]
        mosaic = np.full((height, width), 8000, "<u2")
        mosaic[(y % 2 == 0) & (x % 2 == 0)] = 30000  # the red places of an RGGB filter
        return _dng(mosaic, orientation, preview)

    return make


def _dng(mosaic: np.ndarray, orientation: int, preview: bytes) -> bytes:
    height, width = mosaic.shape
    data = mosaic.tobytes()
    raw_at, preview_at = 8, 8 + len(data)
    directory_at = preview_at + len(preview) + len(preview) % 2
    raw = {
        254: ("I", [0]),
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [16]),
        259: ("H", [1]),
        262: ("H", [32803]),
        273: ("I", [raw_at]),
        277: ("H", [1]),
        278: ("I", [height]),
        279: ("I", [len(data)]),
        33421: ("H", [2, 2]),
        33422: ("B", [0, 1, 1, 2]),
        50714: ("I", [0]),
        50717: ("I", [65535]),
    }
    shared = {
        271: ("s", b"Framesift\0"),
        272: ("s", b"Test camera\0"),
        274: ("H", [orientation]),
        50706: ("B", [1, 4, 0, 0]),
        50708: ("s", b"Framesift Test\0"),
        50721: ("i", [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]),
        50728: ("r", [1, 1, 1, 1, 1, 1]),
    }
    if not preview:
        return _tiff({**raw, **shared}, directory_at, data, preview)
    first = {
        254: ("I", [1]),
        256: ("I", [Image.open(io.BytesIO(preview)).width]),
        257: ("I", [Image.open(io.BytesIO(preview)).height]),
        258: ("H", [8, 8, 8]),
        259: ("H", [7]),
        262: ("H", [6]),
        273: ("I", [preview_at]),
        277: ("H", [3]),
        278: ("I", [Image.open(io.BytesIO(preview)).height]),
        279: ("I", [len(preview)]),
        330: ("I", [0]),
        **shared,
    }
    whole = _tiff(first, directory_at, data, preview)
    first[330] = ("I", [len(whole)])
    return _tiff(first, directory_at, data, preview) + _directory(raw, len(whole))


def _tiff(tags: dict, directory_at: int, data: bytes, preview: bytes) -> bytes:
    head = b"II*\0" + struct.pack("<I", directory_at)
    body = (head + data + preview).ljust(directory_at, b"\0")
    return body + _directory(tags, directory_at)


def _directory(tags: dict, at: int) -> bytes:
    kinds = {"B": 1, "s": 2, "H": 3, "I": 4, "r": 5, "i": 10}
    extra_at = at + 2 + 12 * len(tags) + 4
    entries, extra = b"", b""
    for tag in sorted(tags):
        code, values = tags[tag]
        if code == "s":
            packed, count = values, len(values)
        else:
            unit = {"r": "I"}.get(code, code)
            packed = struct.pack(f"<{len(values)}{unit}", *values)
            count = len(values) // 2 if code in "ri" else len(values)
        entries += struct.pack("<HHI", tag, kinds[code], count)
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", extra_at + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
    return struct.pack("<H", len(tags)) + entries + bytes(4) + extra


@pytest.fixture
def make_clip() -> Callable[..., bytes]:
    """Encode ``count`` frames at 25 a second in which a bright block moves over a gradient."""

    def make(
        count: int,
        *,
        form: str = "mp4",
        codec: str = "mpeg4",
        gop: int = 12,
        options: dict[str, str] | None = None,
    ) -> bytes:
        if codec not in av.codecs_available:
            pytest.skip(f"this build of PyAV has no encoder {codec}")
        out = io.BytesIO()
        ground = np.tile(np.linspace(0, 120, 96, dtype=np.uint8), (64, 1))
        with av.open(out, "w", format=form) as container:
            stream = container.add_stream(
                codec, rate=25, options={"g": str(gop), **(options or {})}
            )
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
            for number in range(count):
                grey = ground.copy()
                left = number * 3 % 80
                grey[10:40, left : left + 16] = 240
                grey[50:] += np.uint8(number)
                pixels = np.repeat(grey[..., None], 3, axis=-1)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        return out.getvalue()

    return make
