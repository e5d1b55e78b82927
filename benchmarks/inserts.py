"""Whether a short foreign picture inside a quiet shot is seen, and by which way of sampling.

Long shots of photographs from ``../shared``, still with noise or moving, are encoded as
H.264 with key frames at fixed distances alone, the encoder's own key frames at cuts switched off,
which is the hardest case: foreign pictures of 1, 3, 8 and 15 frames lie between like key frames.
One is found where a frame of it is given to the models.

    python -m benchmarks.inserts                 # some minutes
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

import framesift
from benchmarks import common
from benchmarks.shots import PICTURES, RATE, SIZE, files, still
from framesift.frames import AdaptiveSampler, KeyframeSampler, UniformSampler, Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.frames import Sampler

LENGTHS = (1, 3, 8, 15)
SHOT = 360
ENCODERS = {
    "constant quality": {"crf": "24", "preset": "veryfast"},
    "constant bitrate": {"b": "600k", "preset": "fast", "maxrate": "700k", "bufsize": "700k"},
    "low delay": {"crf": "24", "preset": "veryfast", "tune": "zerolatency"},
}
SAMPLERS: dict[str, Sampler] = {
    "adaptive": AdaptiveSampler(1, 600),
    "key frames": KeyframeSampler(1, 600),
    "exact": UniformSampler(1, 600),
}
Insert = tuple[Fraction, Fraction, int]


def shots(seed: int, count: int, truth: list[Insert]) -> Iterator[np.ndarray]:
    """Yield frames and write down where the foreign pictures are, two in each shot."""
    rng = random.Random(seed)
    pictures = files(PICTURES, {".jpg", ".png"})
    for number in range(count):
        frames = still(rng.choice(pictures), SHOT, rng, whip=False)
        if number % 2:
            noise = np.random.default_rng(number).normal(0, 2, (7, *SIZE[::-1], 1))
            calm = frames[:1].astype(np.float32) + noise[np.arange(SHOT) % 7]
            frames = np.clip(calm, 0, 255).astype(np.uint8)
        for half in range(2):
            length = rng.choice(LENGTHS)
            at = rng.randint(20, 140) + half * SHOT // 2
            with Image.open(rng.choice(pictures)) as opened:
                frames[at : at + length] = np.asarray(opened.convert("RGB").resize(SIZE))
            begin = Fraction(number * SHOT + at, RATE)
            truth.append((begin, begin + Fraction(length, RATE), length))
        yield from frames


def encode(path: Path, gop: int, options: dict[str, str], frames: Iterator[np.ndarray]) -> None:
    """Write H.264 with a key frame at every ``gop`` frames and nowhere else."""
    fixed = {"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {**fixed, **options}
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())


def count(path: Path, way: str, truth: list[Insert], tally: Counter[str]) -> None:
    """Add what one way of sampling sees of one clip."""
    with framesift.open_media(str(path)) as media:
        watcher = Watcher(media)
        frames = SAMPLERS[way].frames(media, watcher)
        times = [frame.time - media.start for frame in frames]
        survey = watcher.survey()
    tally["frames"] += len(times)
    tally["watched_s"] += round(survey.watched)
    tally["length_s"] += round(survey.end - survey.start)
    for begin, end, length in truth:
        tally[f"inserts_{length}"] += 1
        tally[f"found_{length}"] += any(begin <= time < end for time in times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=4, help="of 12 s, per clip")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/inserts.json")
    arguments = parser.parse_args()
    started = common.machine()
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        for gop in (RATE, 2 * RATE):
            tallies: dict[str, Counter[str]] = {way: Counter() for way in SAMPLERS}
            for seed, options in enumerate(ENCODERS.values()):
                truth: list[Insert] = []
                encode(path, gop, options, shots(100 * gop + seed, arguments.shots, truth))
                for way, tally in tallies.items():
                    count(path, way, truth, tally)
            for way, tally in tallies.items():
                name = f"{way}, key frames {gop // RATE} s apart"
                figures[name] = dict(tally)
                print(f"{name:36}", dict(tally), flush=True)
    if arguments.keep:
        print(common.write("inserts", figures, started=started))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
