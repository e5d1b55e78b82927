"""The ways in which copies of a photograph differ from it, as functions of pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CHANGES", "jpeg", "shifted"]

WHITE, SCREEN, BAR = (255, 255, 255), (245, 245, 245), (50, 60, 80)


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(jpeg(image, quality))).convert("RGB")


def scaled(image: Image.Image, share: float) -> Image.Image:
    size = (max(8, round(image.width * share)), max(8, round(image.height * share)))
    return image.resize(size, Image.Resampling.LANCZOS)


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Cut a share of width and height away, the same on all sides."""
    x, y = image.width * share / 2, image.height * share / 2
    return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))


def framed(image: Image.Image, share: float) -> Image.Image:
    return ImageOps.expand(image, round(image.width * share), WHITE)


def signed(image: Image.Image) -> Image.Image:
    signed = image.copy()
    font = ImageFont.load_default(max(12, image.height // 14))
    place = (image.width * 0.3, image.height * 0.45)
    ImageDraw.Draw(signed).text(place, "(c) A Photographer", fill=WHITE, font=font)
    return signed


def screenshot(image: Image.Image) -> Image.Image:
    """Show it in a window with a bar above and room around."""
    screen = Image.new("RGB", (round(image.width * 1.15), round(image.height * 1.35)), SCREEN)
    ImageDraw.Draw(screen).rectangle((0, 0, screen.width, image.height // 8), fill=BAR)
    screen.paste(image, ((screen.width - image.width) // 2, image.height // 6))
    return screen


def turned(image: Image.Image) -> Image.Image:
    return cropped(image.rotate(2, Image.Resampling.BICUBIC), 0.1)


def shifted(image: Image.Image, step: int) -> Image.Image:
    """Look at a photograph through a window of 9/10 of its size that moves 1 % a step."""
    width, height = round(image.width * 0.9), round(image.height * 0.9)
    left, top = round(image.width * 0.01 * step), round(image.height * 0.01 * (step % 3))
    return image.crop((left, top, left + width, top + height))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG quality 75": lambda image: recompressed(image, 75),
    "JPEG quality 10": lambda image: recompressed(image, 10),
    "half the size": lambda image: scaled(image, 0.5),
    "a quarter of the size": lambda image: scaled(image, 0.25),
    "twice the size": lambda image: scaled(image, 2),
    "brighter by a quarter": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "darker by a quarter": lambda image: ImageEnhance.Brightness(image).enhance(0.75),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "a line of text over it": signed,
    "cropped by 5 %": lambda image: cropped(image, 0.05),
    "cropped by 10 %": lambda image: cropped(image, 0.10),
    "cropped by 20 %": lambda image: cropped(image, 0.20),
    "white border of 3 %": lambda image: framed(image, 0.03),
    "white border of 8 %": lambda image: framed(image, 0.08),
    "turned by 2 degrees": turned,
    "screenshot": screenshot,
    "mirrored": ImageOps.mirror,
}
