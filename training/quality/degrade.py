"""Ways to make a photograph worse, each with the score that a person would leave it.

Every degradation takes uint8 (H, W, 3) and a severity in [0, 1]; 0 changes (next to) nothing and
1 is as bad as it gets. `score` gives the part of the quality that is left, between the anchors of
`KINDS`, which are guesses of what a person would say. Strengths are relative to the size of
the picture where the eye's judgement is: blur over 200 pixels is not what it is over 2,000.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable

Picture: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True)
class Kind:
    """One way of making a picture worse.

    Attributes:
        apply: (picture, severity, generator) -> picture.
        anchors: Score at severities 0, 0.25, 0.5, 0.75 and 1, all else being perfect.
    """

    apply: Callable[[Picture, float, np.random.Generator], Picture]
    anchors: tuple[float, float, float, float, float]

    def score(self, severity: float) -> float:
        """Give the score left at a severity, 0 to 10."""
        return float(np.interp(severity, np.linspace(0, 1, 5), self.anchors))


def _between(severity: float, low: float, high: float) -> float:
    """Go from low to high in equal ratios."""
    return float(low * (high / low) ** severity)


def _unit(picture: Picture) -> float:
    """Give the length that counts as one pixel: a 200th of the shorter side, at least one pixel."""
    return max(1.0, min(picture.shape[:2]) / 200)


def _back(values: NDArray[np.floating]) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def blur(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    radius = _between(severity, 0.35, 5.0) * _unit(picture)
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def motion_blur(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    length = _between(severity, 1.5, 22.0) * _unit(picture)
    angle = rng.uniform(0, np.pi)
    steps = np.linspace(-length / 2, length / 2, max(3, int(2 * length)))
    total = np.zeros(picture.shape, np.float32)
    padded = np.pad(picture, ((24, 24), (24, 24), (0, 0)), mode="edge")
    edge = 24
    height, width = picture.shape[:2]
    for step in steps:
        dy = int(np.clip(round(step * np.sin(angle)), -edge, edge))
        dx = int(np.clip(round(step * np.cos(angle)), -edge, edge))
        total += padded[edge + dy : edge + dy + height, edge + dx : edge + dx + width]
    return _back(total / len(steps))


def noise(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    sigma = _between(severity, 2.0, 60.0)
    height, width = picture.shape[:2]
    grain = rng.choice([1, 1, 2])
    shape = (-(-height // grain), -(-width // grain), 1 if rng.random() < 0.3 else 3)
    field = rng.normal(0, sigma, shape).repeat(grain, 0).repeat(grain, 1)[:height, :width]
    return _back(picture + field)


def jpeg(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    return _recoded(picture, "JPEG", round(_between(severity, 92, 4)), int(rng.choice([0, 2])))


def webp(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    return _recoded(picture, "WEBP", round(_between(severity, 85, 1)), None)


def _recoded(picture: Picture, codec: str, quality: int, subsampling: int | None) -> Picture:
    options = {} if subsampling is None else {"subsampling": subsampling}
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, codec, quality=quality, **options)
    return np.asarray(Image.open(stream).convert("RGB"))


def low_resolution(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Shrink and enlarge again, as a picture from a small preview."""
    height, width = picture.shape[:2]
    factor = _between(severity, 1.15, 9.0) * _unit(picture)
    small = max(2, round(width / factor)), max(2, round(height / factor))
    up = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.NEAREST]
    shrunk = Image.fromarray(picture).resize(small, Image.Resampling.BICUBIC)
    return np.asarray(shrunk.resize((width, height), up[rng.integers(0, 3)]))


def _linear(picture: Picture) -> NDArray[np.float32]:
    return ((picture / 255.0) ** 2.2).astype(np.float32)


def _encoded(light: NDArray[np.floating]) -> Picture:
    return _back(255 * np.clip(light, 0, 1) ** (1 / 2.2))


def dark(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Underexpose by up to five stops, with the noise that lifting nothing leaves."""
    stops = 0.3 + 4.7 * severity
    return noise(_encoded(_linear(picture) * 2.0**-stops), 0.15 * severity, rng)


def bright(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    return _encoded(_linear(picture) * 2.0 ** (0.3 + 3.2 * severity))


def flat(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Take contrast away."""
    kept = 1 - 0.92 * severity
    return _back(
        (picture - picture.mean()) * kept + picture.mean() * (1 - severity) + 128 * severity
    )


def harsh(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    """Add contrast until light and dark are lost."""
    return _back((picture - 128.0) * (1 + 5 * severity) + 128)


def cast(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    gain = np.exp(rng.normal(0, 1, 3))
    gain = np.exp(np.log(gain) / max(np.abs(np.log(gain)).max(), 0.3) * 0.8 * severity)
    return _encoded(_linear(picture) * gain / gain.mean())


def tilt(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Turn by up to 25 degrees and cut the empty corners away."""
    angle = (1 + 24 * severity) * rng.choice([-1, 1])
    height, width = picture.shape[:2]
    sine, cosine = abs(np.sin(np.radians(angle))), np.cos(np.radians(angle))
    kept = 1 / (cosine + sine * max(width, height) / min(width, height))
    turned = Image.fromarray(picture).rotate(angle, Image.Resampling.BICUBIC)
    dx, dy = width * (1 - kept) / 2, height * (1 - kept) / 2
    return np.asarray(turned.crop((int(dx), int(dy), int(width - dx), int(height - dy))))


def askew(picture: Picture, severity: float, rng: np.random.Generator) -> Picture:
    """Turn by up to 30 degrees and leave the corners black."""
    angle = float((3 + 27 * severity) * rng.choice([-1, 1]))
    return np.asarray(Image.fromarray(picture).rotate(angle, Image.Resampling.BICUBIC))


def oversharp(picture: Picture, severity: float, _: np.random.Generator) -> Picture:
    strength = int(40 + 500 * severity)
    mask = ImageFilter.UnsharpMask(1.5 * _unit(picture), strength, 0)
    return np.asarray(Image.fromarray(picture).filter(mask))


KINDS: dict[str, Kind] = {
    "blur": Kind(blur, (9.6, 8.2, 5.4, 2.6, 0.8)),
    "motion_blur": Kind(motion_blur, (9.5, 8.0, 5.6, 3.2, 1.4)),
    "noise": Kind(noise, (9.6, 8.6, 6.8, 4.4, 1.8)),
    "jpeg": Kind(jpeg, (9.7, 8.9, 7.6, 4.8, 1.2)),
    "webp": Kind(webp, (9.6, 9.0, 7.8, 5.6, 3.0)),
    "low_resolution": Kind(low_resolution, (9.4, 7.8, 5.2, 2.6, 0.8)),
    "dark": Kind(dark, (9.4, 7.8, 5.4, 3.0, 1.2)),
    "bright": Kind(bright, (9.4, 7.8, 5.6, 3.4, 1.8)),
    "flat": Kind(flat, (9.8, 8.4, 6.6, 4.4, 1.6)),
    "harsh": Kind(harsh, (9.8, 7.6, 5.6, 4.2, 3.2)),
    "cast": Kind(cast, (9.9, 9.0, 7.8, 6.6, 5.4)),
    "tilt": Kind(tilt, (9.8, 9.2, 8.6, 8.0, 7.4)),
    "askew": Kind(askew, (9.2, 8.0, 7.0, 6.2, 5.6)),
    "oversharp": Kind(oversharp, (9.7, 8.8, 7.6, 6.2, 5.0)),
}
"""Every kind by name."""
