"""Ways to make a photograph worse, each with the score that a person would leave one part of it.

Every degradation takes uint8 (H, W, 3) and a severity in [0, 1]; 0 changes (next to) nothing and
1 is as bad as it gets. Strengths are in pixels of the screen: a picture whose shorter side is
longer than `SCREEN_PX` is judged as it is seen when it fits a screen. The anchors of `KINDS` are
guesses of what a person would say; no rating went into them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

if TYPE_CHECKING:
    from collections.abc import Callable

Picture: TypeAlias = NDArray[np.uint8]

SCREEN_PX = 896
PARTS = ("sharpness", "noise", "compression", "exposure", "highlights", "contrast", "colour")
OTHER = "other"
"""The part of what none of `PARTS` names, such as a horizon that slopes."""

_BICUBIC, _BILINEAR, _LANCZOS = (
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.LANCZOS,
)
_SMALLEST_CODED_PX = 32


@dataclass(frozen=True)
class Kind:
    """One way of making a picture worse.

    Attributes:
        apply: (picture, severity, generator) -> picture.
        part: Which part of the quality suffers.
        anchors: Score of that part at severities 0, 0.25, 0.5, 0.75 and 1.
        weight: How often it is drawn.
        further: More parts that suffer as much.
    """

    apply: Callable[[Picture, float, np.random.Generator], Picture]
    part: str
    anchors: tuple[float, float, float, float, float]
    weight: float = 1.0
    further: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Every part that suffers; the first is `part`."""
        return (self.part, *self.further)

    def score(self, severity: float) -> float:
        """Give the score left at a severity, 0 to 10."""
        return float(np.interp(severity, np.linspace(0, 1, 5), self.anchors))


def _between(severity: float, low: float, high: float) -> float:
    """Go from low to high in equal ratios."""
    return float(low * (high / low) ** severity)


def _unit(picture: Picture) -> float:
    """Give the length of a pixel of the screen in pixels of the picture."""
    return max(1.0, min(picture.shape[:2]) / SCREEN_PX)


def _back(values: NDArray[np.floating]) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _linear(picture: Picture) -> NDArray[np.float32]:
    return ((picture / 255.0) ** 2.2).astype(np.float32)


def _encoded(light: NDArray[np.floating]) -> Picture:
    return _back(255 * np.clip(light, 0, 1) ** (1 / 2.2))


def blur(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    sigma = _between(severity, 0.3, 8.0) * _unit(picture)
    return _back(gaussian_filter(picture.astype(np.float32), (sigma, sigma, 0), mode="nearest"))


def _convolved(values: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    edge = kernel.shape[0] // 2
    padded = np.pad(values, ((edge, edge), (edge, edge), (0, 0)), mode="edge")
    return fftconvolve(padded, kernel[..., None] / kernel.sum(), mode="valid", axes=(0, 1))


def defocus(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Blur by a disc, in linear light, as a lens does."""
    radius = _between(severity, 0.6, 13.0) * _unit(picture)
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1).astype(np.float32)
    return _encoded(_convolved(_linear(picture), disc))


def motion_blur(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    length = _between(severity, 1.3, 36.0) * _unit(picture)
    angle = rng.uniform(0, np.pi)
    reach = int(np.ceil(length / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for step in np.linspace(-length / 2, length / 2, max(5, int(4 * length))):
        y, x = reach + step * np.sin(angle), reach + step * np.cos(angle)
        top, left = int(y), int(x)
        for row, part_y in ((top, top + 1 - y), (top + 1, y - top)):
            for column, part_x in ((left, left + 1 - x), (left + 1, x - left)):
                if row < len(kernel) and column < len(kernel):
                    kernel[row, column] += part_y * part_x
    return _encoded(_convolved(_linear(picture), kernel))


def _resized(picture: Picture, size: tuple[int, int], how: Image.Resampling) -> Picture:
    return np.asarray(Image.fromarray(picture).resize(size, how))


def at_smaller_size(
    picture: Picture,
    severity: float,
    rng: np.random.Generator,
    between: Callable[[Picture], Picture],
) -> Picture:
    """Shrink by 1.08 to 7, do something at the smaller size, and enlarge again."""
    factor = _between(severity, 1.08, 7.0) * _unit(picture)
    height, width = picture.shape[:2]
    small = max(4, round(width / factor)), max(4, round(height / factor))
    down = (_BICUBIC, _LANCZOS, Image.Resampling.BOX)[rng.integers(3)]
    up = (_BILINEAR, _BICUBIC, _BICUBIC, _LANCZOS, _LANCZOS)[rng.integers(5)]
    return _resized(between(_resized(picture, small, down)), (width, height), up)


def low_resolution(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Shrink and enlarge again, as a picture from a small preview."""
    return at_smaller_size(picture, severity, rng, lambda small: small)


def pixelated(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    factor = _between(severity, 1.2, 9.0) * _unit(picture)
    height, width = picture.shape[:2]
    small = max(4, round(width / factor)), max(4, round(height / factor))
    shrunk = _resized(picture, small, Image.Resampling.BOX)
    return _resized(shrunk, (width, height), Image.Resampling.NEAREST)


def smeared(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Remove noise far too eagerly: fine detail turns into flat patches."""
    size = 3 + 2 * round(3.4 * severity * _unit(picture))
    image = Image.fromarray(picture).filter(ImageFilter.MedianFilter(size))
    kept = 0.5 * (1 - severity)
    return _back(np.asarray(image) * (1 - kept) + picture * kept)


def oversharp(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    strength = int(30 + 500 * severity)
    mask = ImageFilter.UnsharpMask(1.5 * _unit(picture), strength, 0)
    return np.asarray(Image.fromarray(picture).filter(mask))


def noise(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Add noise of one colour or three, of a pixel's grain or coarser."""
    sigma = _between(severity, 1.2, 60.0)
    unit = _unit(picture)
    height, width = picture.shape[:2]
    grain = unit * float(rng.choice([0.0, 0.0, 0.0, 0.6, 1.0]))
    field = rng.normal(0, 1, (height, width, 1 if rng.random() < 0.35 else 3)).astype(np.float32)
    if unit > 1 or grain > 0:
        width_px = max(grain, 0.4 * (unit - 1))
        field = gaussian_filter(field, (width_px, width_px, 0))
        field /= field.std()
    return _back(picture + sigma * field)


def shot_noise(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Count photons in linear light, which leaves the shadows noisiest, and add a reading error."""
    photons = _between(severity, 9000.0, 12.0) / _unit(picture) ** 2
    light = rng.poisson(_linear(picture) * photons) / photons
    return _encoded(light + rng.normal(0, 0.5 / photons**0.7 / 3, light.shape))


def colour_noise(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Blotches of colour, as lifted shadows show."""
    sigma = _between(severity, 2.0, 55.0)
    width = float(rng.choice([0.5, 1.0, 2.0])) * _unit(picture)
    field = rng.normal(0, 1, picture.shape)
    field = gaussian_filter(field, (width, width, 0))
    field *= sigma / field.std()
    field -= field.mean(axis=2, keepdims=True)
    return _back(picture + field)


def jpeg(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    quality = round(_between(severity, 94, 4))
    return _recoded(picture, "JPEG", quality, subsampling=int(rng.choice([0, 2, 2])))


def webp(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    return _recoded(picture, "WEBP", round(_between(severity, 90, 1)))


def avif(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    return _recoded(picture, "AVIF", round(_between(severity, 90, 4)), speed=9)


def _recoded(picture: Picture, codec: str, quality: int, **options: int) -> Picture:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, codec, quality=quality, **options)
    return np.asarray(Image.open(stream).convert("RGB"))


def video(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Code as one frame of a video, H.265 or H.264."""
    crf = 8 + 43 * severity
    return _video_coded(picture, crf, "libx264" if rng.random() < 0.2 else "libx265")


def _video_coded(picture: Picture, crf: float, codec: str) -> Picture:
    height, width = picture.shape[:2]
    # The encoders want even sides, and no tiny ones.
    tall, wide = (max(_SMALLEST_CODED_PX, side + side % 2) for side in (height, width))
    padded = np.pad(picture, ((0, tall - height), (0, wide - width), (0, 0)), mode="edge")
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = wide, tall, "yuv420p"
    options = {"crf": f"{crf:.1f}", "preset": "veryfast"}
    if codec == "libx265":
        options["x265-params"] = "log-level=none:pools=1:frame-threads=1"
    encoder.options = options
    decoder = av.CodecContext.create("hevc" if codec == "libx265" else "h264", "r")
    frame = av.VideoFrame.from_ndarray(padded, format="rgb24").reformat(format="yuv420p")
    frames = []
    for packet in [*encoder.encode(frame), *encoder.encode(None)]:
        frames += decoder.decode(packet)
    frames += decoder.decode(None)
    return np.ascontiguousarray(frames[0].to_ndarray(format="rgb24")[:height, :width])


def dark(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Underexpose by up to five stops, sometimes with the noise that goes with it."""
    stops = 0.2 + 4.8 * severity
    darker = _encoded(_linear(picture) * 2.0**-stops)
    return noise(darker, 0.2 * severity, rng) if rng.random() < 0.3 else darker


def dim(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Scale the coded values down, as editors' brightness controls do."""
    return _back(picture * (0.95 - 0.87 * severity))


def bright(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    return _encoded(_linear(picture) * 2.0 ** (0.2 + 3.3 * severity))


def flat(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Take contrast away, as fog or a wrong curve does."""
    kept = 1 - 0.92 * severity
    level = picture.mean() * rng.uniform(0.4, 1) + 160 * rng.uniform(0, 0.6)
    return _back(
        (picture - picture.mean()) * kept + (1 - severity) * picture.mean() + severity * level
    )


def harsh(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Add contrast until light and dark are lost."""
    return _back((picture - 128.0) * (1 + 5 * severity) + 128)


def cast(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    gain = rng.normal(0, 1, 3)
    gain = np.exp(gain / max(np.abs(gain - gain.mean()).max(), 0.3) * 1.1 * severity)
    light = np.array([0.2126, 0.7152, 0.0722])
    return _encoded(_linear(picture) * (gain / (gain @ light)))


def garish(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Push the saturation far beyond nature."""
    grey = picture @ np.array([0.299, 0.587, 0.114])
    return _back(grey[..., None] + (picture - grey[..., None]) * (1.1 + 3.4 * severity))


def tilt(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Turn by up to 30 degrees and leave the corners black, or white."""
    angle = float((2 + 28 * severity) * rng.choice([-1, 1]))
    fill = (0, 0, 0) if rng.random() < 0.8 else (255, 255, 255)
    return np.asarray(Image.fromarray(picture).rotate(angle, _BICUBIC, fillcolor=fill))


KINDS: dict[str, Kind] = {
    "blur": Kind(blur, "sharpness", (9.8, 8.4, 5.4, 2.5, 0.7), 1.6),
    "defocus": Kind(defocus, "sharpness", (9.7, 8.2, 5.4, 2.6, 0.7)),
    "motion_blur": Kind(motion_blur, "sharpness", (9.8, 8.4, 5.6, 2.8, 0.9)),
    "low_resolution": Kind(low_resolution, "sharpness", (9.7, 7.4, 4.8, 2.6, 0.8), 2.4),
    "pixelated": Kind(pixelated, "sharpness", (9.0, 6.4, 4.0, 2.0, 0.6), 0.5),
    "smeared": Kind(smeared, "sharpness", (9.0, 7.4, 5.4, 3.8, 2.6), 0.5),
    "oversharp": Kind(oversharp, "sharpness", (9.8, 8.8, 7.6, 6.2, 5.0), 0.7),
    "noise": Kind(noise, "noise", (9.8, 9.2, 7.6, 4.4, 1.2), 2.0),
    "shot_noise": Kind(shot_noise, "noise", (9.6, 8.6, 6.6, 3.8, 1.2)),
    "colour_noise": Kind(colour_noise, "noise", (9.7, 8.8, 6.8, 4.2, 1.8), 0.7),
    "jpeg": Kind(jpeg, "compression", (9.8, 9.2, 7.8, 4.8, 1.0), 1.8),
    "webp": Kind(webp, "compression", (9.7, 9.0, 7.6, 5.2, 2.4), 0.8),
    "avif": Kind(avif, "compression", (9.7, 9.0, 7.6, 5.0, 2.0), 0.8),
    "video": Kind(video, "compression", (9.8, 9.0, 7.0, 3.6, 0.8), 3.0),
    "dark": Kind(dark, "exposure", (9.8, 7.8, 5.2, 2.6, 0.7)),
    "dim": Kind(dim, "exposure", (9.8, 8.0, 5.8, 3.2, 0.6), 0.8),
    "bright": Kind(bright, "exposure", (9.8, 8.0, 5.6, 3.2, 1.4), 1.0, ("highlights",)),
    "flat": Kind(flat, "contrast", (9.8, 8.6, 6.8, 4.6, 1.4), 0.8),
    "harsh": Kind(harsh, "contrast", (9.8, 7.8, 5.8, 4.4, 3.4), 0.6),
    "cast": Kind(cast, "colour", (9.9, 8.6, 6.6, 4.6, 3.0), 1.2),
    "garish": Kind(garish, "colour", (9.8, 8.4, 6.6, 5.2, 4.0), 0.6),
    "tilt": Kind(tilt, OTHER, (8.8, 7.6, 6.6, 5.8, 5.2), 0.9),
}
"""Every kind by name."""
