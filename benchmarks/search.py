"""How fast a search is, and that it finds what comparing with every vector finds.

Made-up vectors of the width and the shape of CLIP B/32's: all in one cone, in clusters. The same
queries go, in turns, through the index and through what a short script does, a product of the whole
matrix in memory with the query, and the highest of that. FAISS joins in where it is installed.

    python -m benchmarks.search [--sizes 10000 100000 1000000] [--keep]
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks import common
from framesift.embeddings.index import IndexBuilder, VectorIndex

WIDTH = 512
TOP = 20
QUERIES = 40
CHUNK = 50_000
KEY = "benchmark"


def made_up(count: int, seed: int = 0) -> np.ndarray:
    """Give vectors in a cone and in clusters, with cosines like those of photographs in CLIP B/32.

    Of 1,000 photographs of Flickr8k the mean vector has a length of 0.72, and the next photograph
    lies at a cosine of 0.79.
    """
    rng = np.random.default_rng(seed)
    cone = rng.standard_normal(WIDTH)
    cone *= 0.72 / np.linalg.norm(cone)
    centres = rng.standard_normal((2000, WIDTH)) * 0.52 / np.sqrt(WIDTH)
    made = np.empty((count, WIDTH), dtype=np.float32)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        rows = cone + centres[rng.integers(0, len(centres), size)]
        rows += rng.standard_normal((size, WIDTH)) * 0.46 / np.sqrt(WIDTH)
        made[start : start + size] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def queries(vectors: np.ndarray) -> list[np.ndarray]:
    """Give half of them near pictures, half of them as far from pictures as texts are."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(QUERIES):
        query = rng.standard_normal(WIDTH) / np.sqrt(WIDTH)
        if number % 2:
            query = 0.5 * query + vectors[rng.integers(0, len(vectors))]
        found.append(query / np.linalg.norm(query))
    return found


def build(folder: Path, vectors: np.ndarray) -> tuple[float, float]:
    """Build the index; seconds by the clock and of processor time."""

    def work() -> None:
        with IndexBuilder(folder, key=KEY, width=WIDTH) as builder:
            for number, row in enumerate(vectors):
                sha256 = hashlib.sha256(number.to_bytes(8, "little")).hexdigest()
                builder.add(sha256, (Fraction(0),), row[None])

    return common.clocks(work)


def plain(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Do what a short script does; row numbers of the highest products, in no order."""
    return np.argpartition(vectors @ query.astype(np.float32), -TOP)[-TOP:]


def in_float64(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Return the rows of the highest products in 64-bit floats.

    All products in 32 bits, off by some 1e-6, leave the thousand highest to compare in 64.
    """
    near = vectors @ query.astype(np.float32)
    some = np.argsort(-near, kind="stable")[:1000]
    return some[np.argsort(-(vectors[some].astype(np.float64) @ query), kind="stable")[:TOP]]


def forget(folder: Path) -> None:
    """Have the system drop the files of an index from memory."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(times: list[tuple[float, float]]) -> dict[str, float]:
    """Return figures in milliseconds."""
    clock = sorted(1000 * one for one, _ in times)
    return {
        "median_ms": round(statistics.median(clock), 1),
        "p95_ms": round(clock[int(0.95 * (len(clock) - 1))], 1),
        "least_ms": round(clock[0], 1),
        "cpu_ms": round(1000 * statistics.median(cpu for _, cpu in times), 1),
    }


def measure(count: int, folder: Path) -> dict[str, object]:
    """Build an index of some size, and search it in turns with the plain way."""
    vectors = made_up(count)
    clock, cpu = build(folder, vectors)
    asked = queries(vectors)
    forget(folder)
    opening = time.perf_counter()
    index = VectorIndex.open(folder, key=KEY, width=WIDTH)
    opened = time.perf_counter()
    index.nearest(asked[0], TOP)
    answered = time.perf_counter()
    warm = common.clocks(lambda: VectorIndex.open(folder, key=KEY, width=WIDTH))[0]
    some = np.random.default_rng(2).random(count) < 0.1
    ways = {
        "index": lambda query: index.nearest(query, TOP),
        "index, one in ten": lambda query: index.nearest(query, TOP, wanted=some),
        "numpy": lambda query: plain(vectors, query),
    }
    if importlib.util.find_spec("faiss"):
        import faiss

        flat = faiss.IndexFlatIP(WIDTH)
        flat.add(vectors)
        ways["faiss IndexFlatIP"] = lambda query: flat.search(query[None].astype(np.float32), TOP)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    agree = 0
    for query in asked:
        for name, way in ways.items():
            times[name].append(common.clocks(lambda way=way, query=query: way(query)))
        found = {int(index.sha256(row)[:8], 16) for row in index.nearest(query, TOP).rows}
        exact = in_float64(vectors, query)
        named = {hashlib.sha256(int(n).to_bytes(8, "little")).hexdigest()[:8] for n in exact}
        agree += found == {int(name, 16) for name in named}
    return {
        "vectors": count,
        "build_s": round(clock, 1),
        "build_cpu_s": round(cpu, 1),
        "index_mb": round(sum(path.stat().st_size for path in folder.iterdir()) / 1e6),
        "open_cold_s": round(opened - opening, 2),
        "first_query_cold_ms": round(1000 * (answered - opened), 1),
        "open_warm_s": round(warm, 2),
        "queries_that_agree_with_float64": f"{agree} of {len(asked)}",
        "ways": {name: timed(found) for name, found in times.items()},
    }


def main() -> None:
    """Measure every size and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--keep", action="store_true", help="leave the folder of the indexes")
    given = parser.parse_args()
    started = common.machine()
    root = Path(tempfile.mkdtemp(prefix="framesift-search-"))
    found = {}
    try:
        for count in given.sizes:
            found[f"{count:,} x {WIDTH}"] = measure(count, root / str(count))
            print(found[f"{count:,} x {WIDTH}"], flush=True)
    finally:
        if not given.keep:
            shutil.rmtree(root, ignore_errors=True)
    print(common.write("search", found, started=started))


if __name__ == "__main__":
    main()
