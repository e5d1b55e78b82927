"""How many bits of a perceptual hash change when a picture does.

    python -m benchmarks.perceptual                 # 200 photographs, under a minute

Each photograph of ``../shared`` is changed in the ways in which copies differ, and hashed before
and after. "within" is the share of copies within the distance that counts as a match. "strangers"
are pairs of different photographs, of which none should be.
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks import common
from framesift import open_media
from framesift.embeddings.perceptual import (
    BITS,
    MATCH_BITS,
    MIN_QUALITY,
    PdqEncoder,
    distance,
    posed_bits,
    row_bits,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.types import Geometry

SHARED = Path(__file__).resolve().parents[2] / "shared"
FOLDERS = (
    "data/zeroshot_imagenet1000",
    "data/moderation_benign_mossbench",
    "data/mos_website_aesthetics",
    "golden/clip_vit_b32_flickr8k/images",
)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def scaled(image: Image.Image, share: float) -> Image.Image:
    return image.resize((max(8, round(image.width * share)), max(8, round(image.height * share))))


def cropped(image: Image.Image, share: float) -> Image.Image:
    x, y = image.width * share / 2, image.height * share / 2
    return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))


def bordered(image: Image.Image, share: float) -> Image.Image:
    width = round(share * min(image.size))
    frame = Image.new("RGB", (image.width + 2 * width, image.height + 2 * width), "white")
    frame.paste(image, (width, width))
    return frame


def captioned(image: Image.Image) -> Image.Image:
    image = image.copy()
    font = ImageFont.load_default(max(10, image.height // 12))
    ImageDraw.Draw(image).text((image.width // 10, image.height // 2), "a line of text", font=font)
    return image


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda image: scaled(image, 0.5),
    "a quarter of the size": lambda image: scaled(image, 0.25),
    "twice the size": lambda image: scaled(image, 2.0),
    "squeezed to 3:4 of its width": lambda image: image.resize(
        (round(0.75 * image.width), image.height)
    ),
    "JPEG 75": lambda image: jpeg(image, 75),
    "JPEG 30": lambda image: jpeg(image, 30),
    "JPEG 10": lambda image: jpeg(image, 10),
    "blurred, 1 % of the side": lambda image: image.filter(
        ImageFilter.GaussianBlur(0.01 * min(image.size))
    ),
    "brighter by a fifth": lambda image: image.point(lambda value: min(255, round(1.2 * value))),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "a line of text over it": captioned,
    "cropped by 2 %": lambda image: cropped(image, 0.02),
    "cropped by 5 %": lambda image: cropped(image, 0.05),
    "cropped by 10 %": lambda image: cropped(image, 0.10),
    "white border of 5 %": lambda image: bordered(image, 0.05),
    "turned by 2 degrees": lambda image: image.rotate(2, Image.Resampling.BICUBIC),
    "turned by a quarter": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned by a half": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


POSES = ("turned by a quarter", "turned by a half", "mirrored")
"""Changes whose hash can be estimated from the bits alone."""


def bits_of(pixels: np.ndarray, geometry: Geometry | None = None) -> np.ndarray:
    expert = PdqEncoder()
    return expert.encode(expert.prepare(pixels, geometry=geometry)[None])[0]


def decoded_scaled(image: Image.Image) -> tuple[int, int]:
    """Save a picture of twice the least size that is scaled while decoding; compare."""
    factor = 2.2 * PdqEncoder.min_side_px / min(image.size)
    out = io.BytesIO()
    scaled(image, factor).save(out, "JPEG", quality=90)
    rows = []
    for side in (None, PdqEncoder.min_side_px):
        with open_media(out.getvalue(), min_side_px=side) as media:
            frame = next(iter(media.read()))
        rows.append(bits_of(frame.pixels, frame.geometry))
    quality = abs(int(rows[0][BITS]) - int(rows[1][BITS]))
    return int(distance(row_bits(rows[0]), row_bits(rows[1]))), quality


def line(name: str, found: list[int]) -> dict[str, float]:
    values = np.array(found)
    summary = {
        "median": float(np.median(values)),
        "p95": float(np.percentile(values, 95)),
        "most": float(values.max()),
        "within": round(float((values <= MATCH_BITS).mean()), 3),
    }
    print(f"{name:32}", "  ".join(f"{key} {value:g}" for key, value in summary.items()))
    return summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=200)
    parser.add_argument(
        "--keep", action="store_true", help="write benchmarks/results/perceptual.json"
    )
    arguments = parser.parse_args()
    started = common.machine()
    endings = {".jpg", ".jpeg", ".png"}
    paths = sorted(
        path
        for folder in FOLDERS
        for path in (SHARED / folder).rglob("*")
        if path.suffix.lower() in endings
    )
    images = []
    for path in random.Random(0).sample(paths, min(len(paths), arguments.photographs)):
        with Image.open(path) as opened:
            images.append(opened.convert("RGB"))
    rows = [bits_of(np.asarray(image)) for image in images]
    plain = sum(row[BITS] < MIN_QUALITY for row in rows)
    print(f"{len(images)} photographs, {plain} of a quality under {MIN_QUALITY}")
    bits = [row_bits(row) for row in rows]
    figures: dict[str, object] = {"photographs": len(images), "below_quality": int(plain)}
    for name, change in CHANGES.items():
        changed = [row_bits(bits_of(np.asarray(change(image)))) for image in images]
        figures[name] = line(
            name, [int(distance(*pair)) for pair in zip(bits, changed, strict=True)]
        )
        if name in POSES:
            estimated = [
                distance(posed_bits(one), row) for one, row in zip(bits, changed, strict=True)
            ]
            name = f"{name}, estimated"
            figures[name] = line(name, [int(found.min()) for found in estimated])
    moved = [decoded_scaled(image) for image in images[:60]]
    figures["decoded scaled"] = line("decoded scaled", [bits for bits, _ in moved])
    print("quality moves by at most", max(quality for _, quality in moved))
    posed = [posed_bits(one) for one in bits]
    least = min(
        int(distance(poses, other).min()) for at, poses in enumerate(posed) for other in bits[:at]
    )
    print("nearest strangers in any pose:", least)
    strangers = [int(distance(*pair)) for pair in itertools.combinations(bits, 2)]
    figures["strangers"] = line("strangers", strangers) | {"least": min(strangers)}
    print("nearest strangers:", min(strangers))
    if arguments.keep:
        print(common.write("perceptual", figures, started=started))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
