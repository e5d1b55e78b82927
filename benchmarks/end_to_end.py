"""Pictures per second from files to records, and where the time goes.

    python -m benchmarks.end_to_end                 # everything, some minutes
    python -m benchmarks.end_to_end --models starter --sizes 500px --repeats 1

For each model and picture size a process of its own scans a folder of new pictures with
``run_many``, scans it again from the cache, and, in turns with that, runs the naive baseline: open
with Pillow, decode in full, embed with the same models, one picture after the other. Then every
stage runs alone to see what it costs. All scans use the default heads and experts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import common
from benchmarks.models import model_folder
from benchmarks.pictures import SIZES, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift import Analyzer, Source

MODELS = {
    "vit-b32-int8": "ViT-B/32, random weights, 8-bit",
    "vit-b32-fp32": "ViT-B/32, random weights, 32-bit",
    "starter": "the embedded model",
}
COUNTS = {"12mp": 128, "500px": 256}
NAIVE_COUNTS = {"12mp": 8, "500px": 64}


def build(model: str, cache: Path | None, *, exact: bool = False) -> Analyzer:
    """Build the default analyzer around one of `MODELS`; ``exact`` decodes in full."""
    import framesift

    if model == "starter":
        embedder = framesift.load_embedder("starter", offline=True)
    else:
        precision = "int8" if model.endswith("int8") else "fp32"
        folder = str(model_folder())
        embedder = framesift.load_embedder(folder, precision=precision, offline=True)
    heads = framesift.default_heads(embedder, offline=True)
    kept = None if cache is None else framesift.Cache(cache)
    reading = framesift.Reading(exact=exact)
    return framesift.build_analyzer(embedder, heads=heads, cache=kept, reading=reading)


def sources_in(folder: Path, count: int | None = None) -> list[Source]:
    """Return fresh sources, which have not hashed their content yet."""
    import framesift

    return [framesift.Source.from_path(path) for path in sorted(folder.glob("*.jpg"))[:count]]


def scan(analyzer: Analyzer, folder: Path) -> None:
    """Analyse every picture of the folder; a failure would make the figure a lie."""
    import framesift
    from framesift.types import Failure

    for result in framesift.run_many(analyzer, sources_in(folder)):
        if isinstance(result, Failure):
            raise SystemExit(f"{result.path}: {result.error.message}")
    if analyzer.cache is not None:
        analyzer.cache.close()


def naive(analyzer: Analyzer, paths: list[Path]) -> None:
    """What a short script does: decode in full, embed, next."""
    from PIL import Image

    for path in paths:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        for encoder in analyzer.encoders:
            encoder.encode(encoder.prepare(pixels)[None])


def stages(analyzer: Analyzer, sources: list[Source]) -> dict[str, float]:
    """Return processor time per picture of each stage run alone, in milliseconds."""
    import framesift

    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> object:
        start = time.process_time()
        value = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - start
        return value

    side = max(encoder.min_side_px for encoder in analyzer.encoders)
    for source in sources:
        timed("read and hash", lambda s=source: analyzer.start(s))
        with framesift.open_media(source, min_side_px=side) as media:
            frame = timed("decode", lambda m=media: next(iter(m.read())))
        prepared = [
            timed(
                f"prepare for {e.name}",
                lambda e=e, f=frame: e.prepare(f.pixels, geometry=f.geometry),
            )
            for e in analyzer.encoders
        ]
        rows = [
            timed(f"model {e.name}", lambda e=e, p=p: e.encode(p[None]))
            for e, p in zip(analyzer.encoders, prepared, strict=True)
        ]
        item = analyzer.start(source)
        for _ in analyzer.frames(item):
            analyzer.add(item, [row[0] for row in rows])
        timed("heads and policy", lambda i=item: analyzer.finish(i))
    return {name: round(1000 * total / len(sources), 2) for name, total in spent.items()}


def measure(model: str, size: str, repeats: int) -> dict[str, object]:
    """Measure one model on one size; runs in a process of its own, so that memory is its own."""
    folder = folder_of(size, COUNTS[size])
    paths = sorted(folder.glob("*.jpg"))
    few = paths[: NAIVE_COUNTS[size]]
    scan(build(model, None), folder)  # warms up, and shows the memory of a scan alone
    memory = common.peak_rss_mib()
    times: dict[str, list[tuple[float, float]]] = {"first": [], "again": [], "naive": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as made:
            cache = Path(made) / "cache.sqlite"
            for name in ("first", "again"):
                analyzer = build(model, cache)
                times[name].append(common.clocks(lambda a=analyzer: scan(a, folder)))
        analyzer = build(model, None)
        times["naive"].append(common.clocks(lambda a=analyzer: naive(a, few)))
    counts = {"first": len(paths), "again": len(paths), "naive": len(few)}
    rate = {name: counts[name] / statistics.median(w for w, _ in times[name]) for name in times}
    cpu = {name: statistics.median(c for _, c in times[name]) / counts[name] for name in times}
    return {
        "pictures": len(paths),
        "megabytes_each": round(sum(path.stat().st_size for path in paths) / len(paths) / 1e6, 2),
        "images_per_s": {name: round(value, 1) for name, value in rate.items()},
        "cpu_ms": {name: round(1000 * value, 1) for name, value in cpu.items()},
        "times_faster_than_naive": round(rate["first"] / rate["naive"], 1),
        "times_faster_from_cache": round(rate["again"] / rate["first"], 1),
        "peak_rss_mib": memory,
        "stage_cpu_ms": stages(build(model, None), sources_in(folder, NAIVE_COUNTS[size])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(measure(chosen.models[0], chosen.sizes[0], chosen.repeats)))
        return
    started = common.machine()
    figures: dict[str, object] = {}
    for model in chosen.models:
        for size in chosen.sizes:
            folder_of(size, COUNTS[size])
            # Made on first use: quantised files and such, which take memory a scan does not.
            once = f"from benchmarks.end_to_end import build; build({model!r}, None)"
            subprocess.run([sys.executable, "-c", once], check=True)
            command = [sys.executable, "-m", "benchmarks.end_to_end", "--child"]
            command += ["--models", model, "--sizes", size, "--repeats", str(chosen.repeats)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            figures[f"{model} {size}"] = json.loads(done.stdout)
            print(model, size, done.stdout.strip(), flush=True)
    print(common.write("end_to_end", figures, started=started))


if __name__ == "__main__":
    main()
