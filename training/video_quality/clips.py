"""Clips to distort, and distortions at known times. Used by evaluate.py."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image, ImageFilter

from framesift import open_media

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FPS = 25
SIDE_PX = 360
SECONDS = 9
START_S, LENGTH_S = 3.0, 2.0

Frames = list[np.ndarray]

WHOLE = (
    "dover/1724.mp4",
    "dover/17734.mp4",
    "dover/eWgy8eG3stA_000164_000174.mp4",
    "opencv/Megamind_bugy.avi",
    "moviepy/media/doc_medias/result.mp4",
    "generated/long_180s.mp4",
)
BOTTLES = ("intel/bottle-detection.mp4", (12, 24))
SHORT = (
    "moviepy/media/doc_medias/example2.mp4",
    "moviepy/media/doc_medias/example3.mp4",
    "moviepy/media/big_buck_bunny_432_433.webm",
    "torchcodec/test/resources/bt709_full_range.mp4",
    "torchcodec/test/resources/h264_10bits.mp4",
)


@dataclass(frozen=True)
class Clip:
    """A name, pictures at 25 a second, and whether the camera is known to stand still or glide."""

    name: str
    frames: Frames
    steady: bool


def clips(shared: Path) -> Iterator[Clip]:
    """Make the clean clips: real ones, real ones joined by cuts, and pans over photographs."""
    videos = shared / "data" / "robust_videos"
    for name in WHOLE:
        yield Clip(name, read(videos / name, 0, SECONDS), steady="dover" not in name)
    for start in BOTTLES[1]:
        frames = read(videos / BOTTLES[0], start, SECONDS)
        yield Clip(f"{BOTTLES[0]}@{start}", frames, steady=True)
    yield Clip("short clips joined", joined([videos / name for name in SHORT]), steady=True)
    fights = sorted((shared / "data" / "video_fights").glob("*/*.mp4"))
    for number in range(3):
        yield Clip(f"fights {number} joined", joined(fights[number::3]), steady=False)
    pictures = sorted((shared / "data" / "mos_avt_image_quality").rglob("*.jpg"))
    for number in range(0, len(pictures), 8):
        yield Clip(f"pan {number}", pan(pictures[number], number), steady=True)


def read(path: Path, start: float, seconds: float) -> Frames:
    """Read a stretch at 25 pictures a second, no side above 640 and no shorter side above 360."""
    frames: Frames = []
    with open_media(path, min_side_px=SIDE_PX) as media:
        begin = media.start + Fraction(start).limit_denominator(1000)
        for shown in media.pictures(begin, begin + Fraction(seconds)):
            pixels = shown.frame().pixels
            due = round(float(shown.time - begin) * FPS)
            frames += [frames[-1]] * max(0, due - len(frames)) if frames else []
            if due >= len(frames):
                frames.append(fitted(pixels))
    return frames


def joined(paths: list[Path]) -> Frames:
    """Cut clips together, brought to one size."""
    parts = [read(path, 0, 3) for path in paths]
    frames = list(itertools.chain.from_iterable(parts))[: SECONDS * FPS]
    return [np.asarray(Image.fromarray(frame).resize((640, 360))) for frame in frames]


def pan(path: Path, seed: int) -> Frames:
    """Let a camera with some noise glide over a photograph."""
    rng = np.random.default_rng(seed)
    whole = Image.open(path).convert("RGB").resize((1024, 576), Image.Resampling.LANCZOS)
    frames = []
    for number in range(SECONDS * FPS):
        x, y = 300 * number / (SECONDS * FPS), 150 * number / (SECONDS * FPS)
        view = whole.transform(
            (640, 360), Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR
        )
        noisy = np.asarray(view) + rng.normal(0, 2, (360, 640, 1))
        frames.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return frames


def fitted(pixels: np.ndarray) -> np.ndarray:
    """Bring a picture to a size that codecs take."""
    image = Image.fromarray(pixels)
    scale = min(1.0, SIDE_PX / min(image.size), 640 / max(image.size))
    size = tuple(max(2, round(side * scale) // 2 * 2) for side in image.size)
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def write(path: Path, frames: Frames, zones: str = "") -> None:
    """Code pictures as H.264, crf 23, with B-frames and a key frame at least every 4 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        extra = f":zones={zones}" if zones else ""
        stream.options = {"preset": "veryfast", "x264-params": f"crf=23:keyint=100{extra}"}
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def inside() -> slice:
    """Return the distorted frames."""
    return slice(round(START_S * FPS), round((START_S + LENGTH_S) * FPS))


def black(frames: Frames) -> Frames:
    """Put black in; the rest goes on behind it."""
    return filled(frames, (0, 0, 0))


def blank(frames: Frames) -> Frames:
    """Put one colour in, as a lost signal has it."""
    return filled(frames, (16, 40, 190))


def filled(frames: Frames, colour: tuple[int, int, int]) -> Frames:
    """Replace the stretch by one colour."""
    found = list(frames)
    found[inside()] = [np.full_like(frames[0], colour)] * len(found[inside()])
    return found


def freeze(frames: Frames) -> Frames:
    """Stop the picture; life goes on behind it, as on a bad line."""
    found = list(frames)
    found[inside()] = [found[inside().start - 1]] * len(found[inside()])
    return found


def stall(frames: Frames) -> Frames:
    """Stop the picture and go on where it stopped."""
    first = inside().start
    return [*frames[:first], *[frames[first - 1]] * len(frames[inside()]), *frames[first:]]


def flicker(frames: Frames) -> Frames:
    """Let brightness swing by 8 % six times a second, as under a bad lamp."""
    return swung(frames, 6.25, 0.08)


def flashes(frames: Frames) -> Frames:
    """Flash white five times a second."""
    found = list(frames)
    for place in range(inside().start, inside().stop):
        if (place - inside().start) * 10 // FPS % 2:
            found[place] = np.full_like(frames[0], 250)
    return found


def swung(frames: Frames, hertz: float, share: float) -> Frames:
    """Multiply brightness by a sine."""
    found = list(frames)
    for place in range(inside().start, inside().stop):
        gain = 1 + share * np.sin(2 * np.pi * hertz * place / FPS)
        found[place] = np.clip(found[place] * gain, 0, 255).astype(np.uint8)
    return found


def shake(frames: Frames) -> Frames:
    """Shake the camera by about 2 % of the picture, with a hand's spectrum: 2 to 6 Hz."""
    rng = np.random.default_rng(0)
    at = np.arange(len(frames)) / FPS
    sway = np.zeros((2, len(frames)))
    for hertz in (2.2, 3.1, 4.3, 5.7):
        phases = rng.uniform(0, 2 * np.pi, (2, 1))
        sway += np.sin(2 * np.pi * hertz * at + phases)
    sway *= 0.02 / sway.std()
    sway[:, : inside().start] = sway[:, inside().stop :] = 0
    return [moved(frame, *shift) for frame, shift in zip(frames, sway.T, strict=True)]


def moved(frame: np.ndarray, right: float, down: float) -> np.ndarray:
    """Cut out nine tenths of a picture, moved by a share of its sides."""
    height, width = frame.shape[:2]
    x = width * (0.05 + np.clip(right, -0.05, 0.05))
    y = height * (0.05 + np.clip(down, -0.05, 0.05))
    view = Image.fromarray(frame).transform(
        (width, height), Image.Transform.AFFINE, (0.9, 0, x, 0, 0.9, y), Image.Resampling.BILINEAR
    )
    return np.asarray(view)


def zoomed(frames: Frames) -> Frames:
    """Cut out the same without moving it: what a shaken clip is compared with."""
    return [moved(frame, 0, 0) for frame in frames]


def drops(frames: Frames) -> Frames:
    """Repeat the picture before in place of two in five, at random, all along."""
    rng = np.random.default_rng(0)
    found = list(frames)
    for place in range(1, len(found)):
        if rng.random() < 0.4:
            found[place] = found[place - 1]
    return found


def blur_whole(frames: Frames) -> Frames:
    """Blur all pictures, as a lens out of focus does."""
    blur = ImageFilter.GaussianBlur(2.5)
    return [np.asarray(Image.fromarray(frame).filter(blur)) for frame in frames]


def blur_part(frames: Frames) -> Frames:
    """Blur the stretch alone."""
    found = list(frames)
    found[inside()] = blur_whole(frames[inside()])
    return found


STARVED = f"{inside().start},{inside().stop - 1},q=47"
"""For `write`: far fewer bits in the stretch."""
