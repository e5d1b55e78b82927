"""How long training takes once pictures are embedded.

Simulated pictures with inputs as wide as those of `starter` (256, 1,280 and 3,182 numbers), two of
each scene; the whole of `fit_head`: nested cross-validation under two splits, final fit, learning
curve and report. Everything is timed twice in the same run: as it is, and on one thread with main
components looked for in double precision, as it used to be. Seconds by the clock depend on what
else runs; those of processor time do so less.

    python -m benchmarks.training [--sizes 1000 4000]
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks import common
from framesift.heads.training import Examples, FitOptions, fit_head, parallel, spectral
from framesift.types import Embeddings

WIDTHS = {"vectors": 256, "features": 1280, "technical": 3182}
LATENT = 40
PER_SCENE = 2


def simulated(count: int) -> tuple[Examples, np.ndarray, list[str]]:
    """Give embeddings, ratings that follow some of what is in them, and names of scenes."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(count, LATENT))
    inputs = {
        name: (
            latent @ rng.normal(size=(LATENT, width)) * np.geomspace(1, 0.02, width)
            + rng.normal(size=(count, width))
        ).astype(np.float32)
        for name, width in WIDTHS.items()
    }
    ratings = 5 + 0.55 * latent[:, :6].sum(axis=1) + rng.normal(size=count)
    vectors = inputs.pop("vectors")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    examples = Examples(Embeddings(vectors, "simulated", "simulated", inputs))
    return examples, np.clip(ratings, 0, 10), [f"scene {i // PER_SCENE}" for i in range(count)]


def measure(count: int) -> dict[str, object]:
    """Time one size both ways."""
    examples, ratings, scenes = simulated(count)
    kept: list[float] = []

    def train() -> None:
        result = fit_head(examples, ratings, groups=scenes, options=FitOptions())
        kept.append(result.metrics.r2.value)

    clock, cpu = common.clocks(train)
    peak = common.peak_rss_mib()
    threads, precision = parallel.processors, spectral.ROUGH
    try:
        parallel.processors, spectral.ROUGH = (lambda: 1), np.float64
        old_clock, old_cpu = common.clocks(train)
    finally:
        parallel.processors, spectral.ROUGH = threads, precision
    return {
        "pictures": count,
        "threads": threads(),
        "seconds": round(clock, 1),
        "processor_seconds": round(cpu, 1),
        "peak_mib": round(peak),
        "one_thread_seconds": round(old_clock, 1),
        "one_thread_processor_seconds": round(old_cpu, 1),
        "old_over_new": round(old_clock / clock, 2),
        "r2": round(kept[0], 4),
        "one_thread_r2": round(kept[1], 4),
    }


def main() -> None:
    """Measure every size and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 1000, 4000])
    given = parser.parse_args()
    started = common.machine()
    found = []
    for count in given.sizes:
        found.append(measure(count))
        print(found[-1], flush=True)
    print(common.write("training", {"sizes": found}, started=started))


if __name__ == "__main__":
    main()
