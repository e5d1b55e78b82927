"""How fast videos are read: each sampler beside a loop that grabs every frame with OpenCV.

Clips are made by code: 1080p H.264, shots of moving pictures with a sensor's noise, key frames one,
two and 8.3 seconds apart. Every way of reading runs on every clip, decoding alone and with the
`starter` model, in turns within one run; a figure is the clip's length by the time it took: on the
clock, and by the processor time of all threads together, the least of all repeats, since what else
the machine does only ever adds. With the model, frames are decoded and embedded as a scan does it,
in threads; beside it stands the loop over OpenCV that one would write.

    python -m benchmarks.video                   # some minutes; needs the extra `ocr` for OpenCV
    python -m benchmarks.video --seconds 12 --repeats 1
    python -m benchmarks.video --keep            # write benchmarks/results/video.json

Memory is the peak of a process of its own per way, for one minute and for ten of the same clip.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

import framesift
from benchmarks import common
from framesift.engine import run_many
from framesift.frames import AdaptiveSampler, KeyframeSampler, UniformSampler
from framesift.media import Source
from framesift.pipeline import Gatherer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from framesift.embeddings.base import Embedder

SIZE = (1920, 1080)
RATE = 30
SHOT_S = 4
GOPS = {"1 s": 30, "2 s": 60, "8.3 s": 250}
SAMPLERS = {
    "key frames": KeyframeSampler(1, 600),
    "adaptive": AdaptiveSampler(1, 600),
    "exact": UniformSampler(1, 600),
}
OPENCV = "OpenCV, every frame"
MARKS = {"key frames": 20.0, "exact": 6.0}
LENGTHS_S = {"one_minute": 60, "ten_minutes": 600}
_BATCH = 16
_NOISE = 2.5


def picture(seed: int) -> np.ndarray:
    """Draw a picture larger than a frame: soft waves, hard edges and grain; uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    height, width = SIZE[1] * 6 // 5, SIZE[0] * 6 // 5
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [
        np.sin(x * rng.uniform(0.002, 0.03) + rng.uniform(0, 6))
        * np.cos(y * rng.uniform(0.002, 0.03))
        for _ in range(3)
    ]
    canvas = 110 + 60 * np.stack(waves, axis=-1)
    for _ in range(60):
        left, top = rng.integers(0, width), rng.integers(0, height)
        wide, high = rng.integers(20, 400, 2)
        canvas[top : top + high, left : left + wide] += rng.normal(0, 50, 3)
    return np.clip(canvas + rng.normal(0, 6, canvas.shape), 0, 255).astype(np.uint8)


def frames(seconds: int) -> Iterator[np.ndarray]:
    """Film the pictures: every other shot stands still, the others are panned."""
    noise = np.random.default_rng(0).normal(0, _NOISE, (6, SIZE[1], SIZE[0], 1)).astype(np.int16)
    for number in range(seconds * RATE):
        shot, place = divmod(number, SHOT_S * RATE)
        if place == 0:
            base = picture(shot).astype(np.int16)
        gone = place / (SHOT_S * RATE) if shot % 2 else 0.5
        left = int(gone * (base.shape[1] - SIZE[0]))
        top = int(gone * (base.shape[0] - SIZE[1]))
        view = base[top : top + SIZE[1], left : left + SIZE[0]] + noise[number % 6]
        yield np.clip(view, 0, 255).astype(np.uint8)


def make_clips(folder: Path, seconds: int) -> dict[str, Path]:
    """Encode the same frames once per distance of key frames."""
    paths = {gop: folder / f"{frames_apart}.mp4" for gop, frames_apart in GOPS.items()}
    outputs = []
    for gop, path in paths.items():
        container = av.open(str(path), "w")
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast", "g": str(GOPS[gop])}
        outputs.append((container, stream))
    for pixels in frames(seconds):
        for container, stream in outputs:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
    for container, stream in outputs:
        container.mux(stream.encode())
        container.close()
    return paths


def repeat(path: Path, target: Path, times: int) -> None:
    """Write a clip several times in a row, without encoding it anew."""
    with av.open(str(target), "w") as out:
        shift, written = 0, None
        for _ in range(times):
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                if written is None:
                    written = out.add_stream_from_template(source)
                for packet in container.demux(source):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = written
                    out.mux(packet)
                shift += source.duration


def read(path: Path, way: str) -> Iterator[np.ndarray]:
    """Yield the pixels that one way of reading gives."""
    if way == OPENCV:
        yield from grab(path)
        return
    with framesift.open_media(str(path)) as media:
        for frame in framesift.iter_frames(media, SAMPLERS[way]):
            yield frame.pixels


def grab(path: Path) -> Iterator[np.ndarray]:
    """Grab every frame with OpenCV and turn one a second into pixels."""
    import cv2

    capture = cv2.VideoCapture(str(path))
    number = 0
    while capture.grab():
        if number % RATE == RATE // 2:
            _, pixels = capture.retrieve()
            yield pixels[..., ::-1]
        number += 1
    capture.release()


def run(path: Path, way: str, embedder: Embedder | None) -> int:
    """Read a clip and embed what comes; returns how many frames came."""
    if embedder is not None and way != OPENCV:
        gatherer = Gatherer(embedder, sampler=SAMPLERS[way])
        (found,) = run_many(gatherer, [Source.from_path(path)])
        return len(found.embeddings.vectors)
    count = 0
    batch: list[np.ndarray] = []
    for pixels in read(path, way):
        count += 1
        if embedder is None:
            continue
        batch.append(embedder.prepare(np.ascontiguousarray(pixels)))
        if len(batch) == _BATCH:
            embedder.encode(np.stack(batch))
            batch = []
    if embedder is not None and batch:
        embedder.encode(np.stack(batch))
    return count


def measure(
    paths: dict[str, Path], seconds: int, repeats: int, embedder: Embedder
) -> dict[str, Any]:
    """Time every way on every clip, in turns."""
    figures: dict[str, Any] = {}
    ways = [*SAMPLERS, OPENCV]
    for gop, path in paths.items():
        row: dict[str, dict[str, float]] = {way: {} for way in ways}
        for name, model in (("decoding", None), ("with_model", embedder)):
            taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
            for _ in range(repeats):
                for way in ways:
                    taken[way].append(common.clocks(_job(path, way, model)))
            theirs = [min(column) for column in zip(*taken[OPENCV], strict=True)]
            for way, spent in taken.items():
                clock, cpu = (min(column) for column in zip(*spent, strict=True))
                row[way] |= {
                    f"{name}_times_real_time": round(seconds / clock, 1),
                    f"{name}_times_opencv": round(theirs[0] / clock, 2),
                    f"{name}_times_real_time_by_cpu": round(seconds / cpu, 1),
                    f"{name}_times_opencv_by_cpu": round(theirs[1] / cpu, 2),
                    f"{name}_cpu_s_per_minute": round(60 * cpu / seconds, 2),
                }
        for way in ways:
            row[way]["frames"] = run(path, way, None)
        figures[f"key frames {gop} apart"] = row
    return figures


def _job(path: Path, way: str, embedder: Embedder | None) -> Callable[[], object]:
    return lambda: run(path, way, embedder)


def memory(path: Path, seconds: int, folder: Path) -> dict[str, object]:
    """Return the peak memory of one process per way and length, in MiB."""
    lengths = {}
    for name, wanted_s in LENGTHS_S.items():
        lengths[name] = folder / f"{name}.mp4"
        repeat(path, lengths[name], max(1, round(wanted_s / seconds)))
    return {way: {name: _peak(longer, way) for name, longer in lengths.items()} for way in SAMPLERS}


def _peak(path: Path, way: str) -> float:
    command = [sys.executable, "-m", "benchmarks.video", "--peak", str(path), way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return round(float(json.loads(done.stdout)))


def show(figures: dict[str, Any]) -> None:
    for gop, row in figures.items():
        print(gop)
        for way, cells in row.items():
            print(f"  {way:22}", cells)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=40, help="length of each clip")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/video.json")
    parser.add_argument("--peak", nargs=2, metavar=("CLIP", "WAY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        run(Path(arguments.peak[0]), arguments.peak[1], None)
        # Not that of `getrusage`, which a process inherits from the one that started it.
        print(int(common.fact("/proc/self/status", "VmHWM").split()[0]) / 1024)
        return 0
    started = common.machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make_clips(folder, arguments.seconds)
        embedder = framesift.load_embedder("starter")
        run(paths["1 s"], "key frames", embedder)  # warms up
        speed = measure(paths, arguments.seconds, arguments.repeats, embedder)
        figures: dict[str, object] = {
            "speed": speed,
            "peak_mib": memory(paths["2 s"], arguments.seconds, folder),
        }
    show({**speed, "peak MiB": figures["peak_mib"]})
    if arguments.keep:
        print(common.write("video", figures, started=started))
    return 0 if held(speed) else 1


def held(speed: dict[str, Any]) -> bool:
    """Print each mark beside what was reached; whether all hold on the clock."""
    reached = True
    for way, least in MARKS.items():
        for gop, ways in speed.items():
            for name in ("decoding", "with_model"):
                clock = ways[way][f"{name}_times_real_time"]
                by_cpu = ways[way][f"{name}_times_real_time_by_cpu"]
                reached = reached and clock >= least
                print(f"{way}, {gop}, {name}: {clock} times real time; {least:g} wanted")
                print(f"  by processor time of all threads {by_cpu}")
    return reached


if __name__ == "__main__":
    raise SystemExit(main())
