"""Make a few pictures that a person can judge at a glance, scan them, and write a report.

The two photographs that scikit-learn carries are saved again as they are and as worse versions:
blurred, noisy, dark, over-compressed, tilted; and a short clip pans over both of them. Everything
goes to demo/, and the real command line does the rest. `--only-pictures FOLDER` stops after making
them (the tests of the documentation use that).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPHS = ("china.jpg", "flower.jpg")
CLIP_SIZE = (320, 214)
CLIP_FPS = 12
CLIP_FRAMES = 36


def photographs() -> dict[str, Image.Image]:
    """Open the two photographs without importing scikit-learn, which would take seconds."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        message = "the demo's photographs come with scikit-learn: pip install scikit-learn"
        raise SystemExit(message)
    folder = Path(spec.origin).parent / "datasets" / "images"
    return {name: Image.open(folder / name).convert("RGB") for name in PHOTOGRAPHS}


def blurred(image: Image.Image) -> Image.Image:
    """Out of focus."""
    return image.filter(ImageFilter.GaussianBlur(6))


def noisy(image: Image.Image) -> Image.Image:
    """Grain of a sensor at its limit."""
    rng = np.random.default_rng(7)
    pixels = np.asarray(image, dtype=np.float32)
    return Image.fromarray(
        np.clip(pixels + rng.normal(0, 60, pixels.shape), 0, 255).astype("uint8")
    )


def dark(image: Image.Image) -> Image.Image:
    """Four stops underexposed."""
    return ImageEnhance.Brightness(image).enhance(0.12)


def tilted(image: Image.Image) -> Image.Image:
    """A horizon that slopes by 20 degrees, with the black corners that this leaves."""
    return image.rotate(20, resample=Image.Resampling.BICUBIC)


WORSE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blurred": blurred,
    "noisy": noisy,
    "dark": dark,
    "tilted": tilted,
}


def make_pictures(folder: Path) -> None:
    """Write every picture and the clip into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in photographs().items():
        stem = Path(name).stem
        image.save(folder / f"{stem}.jpg", quality=95)
        image.save(folder / f"{stem}-overcompressed.jpg", quality=3)
        for what, spoil in WORSE.items():
            spoil(image).save(folder / f"{stem}-{what}.jpg", quality=92)
    make_clip(list(photographs().values()), folder / "china-clip.mp4")


def make_clip(images: list[Image.Image], path: Path) -> None:
    """Write a clip that pans over each picture for three seconds, and then stands still for two."""
    import av

    width, height = CLIP_SIZE
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=CLIP_FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, CLIP_FPS)
        for image in images:
            for number in range(CLIP_FRAMES):
                left = (image.width - width) * number // (CLIP_FRAMES - 1)
                crop = image.crop((left, 100, left + width, 100 + height))
                container.mux(stream.encode(av.VideoFrame.from_image(crop)))
        for _ in range(2 * CLIP_FPS):
            container.mux(stream.encode(av.VideoFrame.from_image(crop)))
        container.mux(stream.encode())


def framesift(demo: Path, *arguments: str) -> int:
    """Run the real command line in the demo's folder, saying so; return its exit code."""
    print("\n$ framesift", *arguments, flush=True)
    command = [sys.executable, "-m", "framesift.cli", *arguments]
    return subprocess.run(command, cwd=demo, check=False).returncode


def scan(demo: Path) -> int:
    """Scan the pictures, then list them best first, which the cache makes quick."""
    model = ("--model", "starter")
    code = framesift(demo, "scan", "pictures", *model, "--format", "table", "--out", "report.html")
    code = code or framesift(demo, "filter", "pictures", *model, "--min-score", "0", "--list")
    code = code or framesift(demo, "video", "pictures/china-clip.mp4", *model)
    if code == 0:
        print(f"\nThe report, with thumbnails: {demo / 'report.html'}")
    return code


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only-pictures", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.only_pictures is not None:
        make_pictures(arguments.only_pictures)
        return 0
    make_pictures(ROOT / "demo" / "pictures")
    return scan(ROOT / "demo")


if __name__ == "__main__":
    sys.exit(main())
