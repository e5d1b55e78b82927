"""How well shots are found: programmes cut together at known times, and what must not be a cut.

Shots are real clips and real photographs from ``../shared``; photographs are panned, zoomed, shaken
or kept still, with a sensor's noise. They are joined by hard cuts, dissolves and fades, encoded as
H.264, decoded, and compared with the truth. Flashes, single foreign frames, flickering light,
and whip pans stand within shots: whatever is found there is a false cut.

    python -m benchmarks.shots                  # some minutes
    python -m benchmarks.shots --programmes 2 --keep

A hard cut is right at its very frame alone; a dissolve or fade is right once, within its length.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

import framesift
from benchmarks import common
from framesift.frames import AdaptiveSampler, KeyframeSampler, Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).resolve().parents[2] / "shared"
PICTURES = ("data/mos_avt_image_quality", "golden/clip_vit_b32_flickr8k/images")
CLIPS = ("data/video_fights", "data/robust_videos/moviepy/media/doc_medias")
NO_CLIPS = ("mask", "result")
SIZE = (384, 216)
RATE = 30
NOISE = 3.0
JOINS = ("hard", "hard", "hard", "hard", "dissolve", "black", "white")
EVENTS = ("none", "none", "none", "flash", "foreign", "flicker", "whip", "dimmed")


@dataclass
class Truth:
    """Where a programme's joins are: kind, first and last moment in seconds."""

    joins: list[tuple[str, Fraction, Fraction]] = field(default_factory=list)
    events: list[tuple[str, Fraction]] = field(default_factory=list)


def files(folders: tuple[str, ...], endings: set[str]) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (SHARED / folder).rglob("*")
        if path.suffix.lower() in endings and not any(word in path.name for word in NO_CLIPS)
    )


def still(path: Path, count: int, rng: random.Random, *, whip: bool) -> np.ndarray:
    """Film a photograph: uint8 (count, H, W, 3)."""
    width, height = SIZE
    with Image.open(path) as opened:
        picture = opened.convert("RGB").resize((width * 2, height * 2), Image.Resampling.BICUBIC)
    way = "whip" if whip else rng.choice(["still", "pan", "zoom", "shake"])
    noise = np.random.default_rng(rng.randrange(10**6)).normal(0, NOISE, (6, height, width, 1))
    frames = np.empty((count, height, width, 3), np.uint8)
    for number in range(count):
        gone = number / max(1, count - 1)
        size, left, top = 1.5, 0.2, 0.2
        if way == "pan":
            left = 0.5 * gone
        elif way == "whip":
            left = 0.5 * min(1.0, max(0.0, (gone - 0.45) * 10))
        elif way == "zoom":
            size, left, top = 1.8 - 0.8 * gone, 0.05 * (1 + 4 * gone), 0.05 * (1 + 4 * gone)
        elif way == "shake":
            left, top = 0.2 + rng.uniform(-0.02, 0.02), 0.2 + rng.uniform(-0.02, 0.02)
        box = [
            left * width,
            top * height,
            left * width + size * width,
            top * height + size * height,
        ]
        view = np.asarray(picture.resize(SIZE, Image.Resampling.BILINEAR, box=box), np.float32)
        frames[number] = np.clip(view + noise[number % 6], 0, 255)
    return frames


def clip(path: Path, count: int) -> np.ndarray:
    """Read up to so many frames of a clip, as they come."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            frames.append(frame.reformat(*SIZE, "rgb24").to_ndarray())
            if len(frames) == count:
                break
    return np.stack(frames)


def spoil(frames: np.ndarray, event: str, rng: random.Random, foreign: Path) -> np.ndarray:
    """Put something into a shot that is no cut."""
    middle = len(frames) // 2
    if event == "flash":
        for number in range(middle, middle + rng.choice([1, 2])):
            frames[number] = np.clip(frames[number].astype(np.float32) * 0.3 + 190, 0, 255)
    elif event == "foreign":
        with Image.open(foreign) as opened:
            frames[middle] = np.asarray(opened.convert("RGB").resize(SIZE))
    elif event in ("flicker", "dimmed"):
        numbers = np.arange(len(frames))
        gain = 1 - 0.35 * (numbers % 2) if event == "flicker" else 1 - 0.7 * numbers / len(frames)
        frames = (frames * gain[:, None, None, None]).astype(np.uint8)
    return frames


class Programme:
    """One programme, made shot by shot."""

    def __init__(self, seed: int, shots: int) -> None:
        """Choose the sources; the same ones for the same seed."""
        self.rng = random.Random(seed)
        self.shots = shots
        self.truth = Truth()
        pictures = files(PICTURES, {".jpg", ".png", ".jpeg"})
        clips = files(CLIPS, {".mp4"})
        # Never two clips in a row: some are of one place, and a join of them is no cut to anybody.
        chosen = self.rng.sample(pictures, shots)
        moving = self.rng.sample(clips, min(len(clips), shots // 2))
        for place, path in enumerate(moving):
            chosen[2 * place] = path
        self.sources = chosen
        self.foreign = pictures

    def frames(self) -> Iterator[np.ndarray]:
        """Yield frames and write down the truth."""
        done, held = 0, None
        for source in self.sources[: self.shots]:
            shot = self.shot(source, done)
            if held is not None:
                join = self.rng.choice(JOINS)
                between = self.join(join, held, shot)
                body = held[: len(held) - between.shape[1]]
                yield from body
                done += len(body)
                begin = Fraction(done, RATE)
                yield from between[0]
                done += len(between[0])
                self.truth.joins.append((join, begin, Fraction(done, RATE)))
                shot = shot[between.shape[1] :]
            held = shot
        if held is not None:
            yield from held

    def shot(self, source: Path, done: int) -> np.ndarray:
        """Make one shot that begins after so many frames."""
        count = self.rng.randint(60, 110)
        if source.suffix == ".mp4":
            return clip(source, count)
        event = self.rng.choice(EVENTS)
        frames = still(source, count, self.rng, whip=event == "whip")
        if event != "none":
            self.truth.events.append((event, Fraction(done, RATE)))
        return spoil(frames, event, self.rng, self.rng.choice(self.foreign))

    def join(self, kind: str, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return the frames between two shots; each of the shots loses as many."""
        most = min(len(one), len(other)) // 3
        if kind == "hard":
            return np.empty((1, 0, *SIZE[::-1], 3), np.uint8)
        count = min(most, self.rng.choice([15, 24, 36]))
        share = (np.arange(1, count + 1) / (count + 1))[:, None, None, None].astype(np.float32)
        before, after = one[len(one) - count :].astype(np.float32), other[:count]
        if kind == "dissolve":
            mixed = before * (1 - share) + after * share
        else:
            colour = 0 if kind == "black" else 255
            out, back = np.clip(2 * share, 0, 1), np.clip(2 * share - 1, 0, 1)
            mixed = before * (1 - out) + colour * (out - back) + after * back
        return mixed[None].clip(0, 255).astype(np.uint8)


def encode(path: Path, programme: Programme, gop: int) -> int:
    """Write a programme as H.264; returns the number of frames."""
    count = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "25", "preset": "veryfast", "g": str(gop)}
        for pixels in programme.frames():
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")):
                container.mux(packet)
            count += 1
        for packet in stream.encode():
            container.mux(packet)
    return count


def found(path: Path, sampler: object) -> list[Fraction]:
    """Return where shots begin, but for the first one."""
    with framesift.open_media(str(path)) as media:
        watcher = Watcher(media)
        for _ in sampler.frames(media, watcher):  # type: ignore[attr-defined]
            pass
        start = media.start
        return [shot.start - start for shot in watcher.survey().shots[1:]]


def judge(truth: Truth, cuts: list[Fraction], tally: Counter[str], *, verbose: bool) -> None:
    """Match cuts with joins, each cut with at most one."""
    left = list(cuts)
    for kind, begin, end in truth.joins:
        slack = Fraction(1, 2 * RATE) if kind == "hard" else Fraction(3, RATE)
        hits = [cut for cut in left if begin - slack <= cut <= end + slack]
        tally[f"{kind} joins"] += 1
        tally[f"{kind} found"] += bool(hits)
        for cut in hits[:1]:
            left.remove(cut)
        if verbose and not hits:
            print(f"missed {kind} {float(begin):.2f}-{float(end):.2f}")
    tally["false"] += len(left)
    tally["cuts"] += len(cuts)
    if verbose:
        events = [(name, float(time)) for name, time in truth.events]
        for cut in left:
            last = [name for name, time in events if time <= cut][-1:]
            print(f"false {float(cut):.2f}", last)


def summary(tally: Counter[str]) -> dict[str, object]:
    kinds = sorted({name.split()[0] for name in tally if name.endswith("joins")})
    joins = sum(tally[f"{kind} joins"] for kind in kinds)
    right = sum(tally[f"{kind} found"] for kind in kinds)
    return {
        "joins": joins,
        "cuts_found": tally["cuts"],
        "precision": round(1 - tally["false"] / max(1, tally["cuts"]), 3),
        "recall": round(right / max(1, joins), 3),
        **{
            f"recall_{kind}": round(tally[f"{kind} found"] / tally[f"{kind} joins"], 3)
            for kind in kinds
        },
        **{f"joins_{kind}": tally[f"{kind} joins"] for kind in kinds},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programmes", type=int, default=6)
    parser.add_argument("--shots", type=int, default=40, help="of each programme")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument(
        "--verbose", action="store_true", help="name what is missed and what is false"
    )
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/shots.json")
    arguments = parser.parse_args()
    started = common.machine()
    ways = {
        "every frame (key frames 8 s apart)": (240, AdaptiveSampler(max_frames=5000)),
        "adaptive (key frames 1 s apart)": (RATE, AdaptiveSampler(max_frames=5000)),
        "key frames alone (1 s apart)": (RATE, KeyframeSampler(max_frames=5000)),
    }
    tallies: dict[str, Counter[str]] = {way: Counter() for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.programmes):
            for way, (gop, sampler) in ways.items():
                path = Path(folder) / f"{number}-{gop}.mp4"
                if not path.exists():
                    programme = Programme(arguments.seed + number, arguments.shots)
                    encode(path, programme, gop)
                cuts = found(path, sampler)
                verbose = arguments.verbose and gop == 240
                judge(programme.truth, cuts, tallies[way], verbose=verbose)
            for path in Path(folder).iterdir():
                path.unlink()
    figures = {way: summary(tally) for way, tally in tallies.items()}
    for way, row in figures.items():
        print(f"{way:36}", "  ".join(f"{name} {value}" for name, value in row.items()))
    if arguments.keep:
        print(common.write("shots", dict(figures), started=started))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
