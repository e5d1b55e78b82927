"""The trainer against scikit-learn's RidgeCV on rated pictures, on the same folds.

Usage: python training/rated_sets/run.py SHARED [--repeats N] [--model NAME]

For every rated set under SHARED/data: embeddings of the model with the technical expert; grouped
folds (scene or prompt, where the table names one) and random folds, each with several seeds; the
whole nested cross-validation of `fit_head`, and on the very same outer folds RidgeCV (15 penalties
from 0.1 to 1e6 on standardised columns) on the vectors, on vectors and technical rows, and on
everything. All predictions are clipped to 0-10. Beside the means over the seeds it gives the
difference of R2 to the best RidgeCV with its 95 % interval: pictures (whole groups where there are
any) are resampled, the squared errors being averaged over the seeds first. Prints Markdown and
writes results.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from framesift.embeddings import load_embedder, load_expert
from framesift.embeddings.cache import Cache, default_path
from framesift.heads.training import Examples, FitOptions, fit_head
from framesift.heads.training.metrics import (
    bootstrap,
    error_of,
    plcc_of,
    r2_of,
    resamples,
    srcc_of,
)
from framesift.pipeline import Gatherer

if TYPE_CHECKING:
    from framesift.heads.training.results import TrainingResult

PENALTIES = np.logspace(-1, 6, 15)


@dataclass(frozen=True)
class RatedSet:
    """A table of ratings: where, which column on which scale, and which column names the scene."""

    name: str
    folder: str
    rating: str
    group: str = ""
    scale: tuple[float, float] = (0.0, 10.0)


SETS = (
    RatedSet("image quality", "mos_avt_image_quality", "mos_0_10", "src"),
    RatedSet("AI images, appeal", "mos_avt_ai_images", "appeal_0_10", "prompt"),
    RatedSet("AI images, quality", "mos_avt_ai_images", "quality_0_10", "prompt"),
    RatedSet("AI images, realism", "mos_avt_ai_images", "realism_mean", "prompt", (1.0, 5.0)),
    RatedSet("faces", "mos_mebeauty_faces", "mos_0_10"),
    RatedSet("websites", "mos_website_aesthetics", "score_0_10"),
)


def load(rated: RatedSet, data: Path, gatherer: Gatherer) -> tuple[Examples, np.ndarray, list[str]]:
    """Embed the pictures of a set: examples, ratings of 0-10, names of scenes."""
    folder = data / rated.folder
    with (folder / "labels.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    embedded = [gatherer.gather(str(folder / row["path"])) for row in rows]
    examples = Examples.stack(
        [each.embeddings for each in embedded],
        names=[row["path"] for row in rows],
        sha256=[each.info.sha256 for each in embedded],
        model=gatherer.embedder.name,
    )
    low, high = rated.scale
    raw = np.array([float(row[rated.rating]) for row in rows])
    return (
        examples,
        10 * (raw - low) / (high - low),
        [row[rated.group] if rated.group else "" for row in rows],
    )


def ridge(examples: Examples, y: np.ndarray, folds: np.ndarray, inputs: list[str]) -> np.ndarray:
    """Predict each fold by RidgeCV on the others."""
    extras = {"vectors": examples.embeddings.vectors, **examples.embeddings.extras}
    rows = np.concatenate([extras[name] for name in inputs], axis=1).astype(np.float64)
    predicted = np.empty(len(y))
    for fold in np.unique(folds):
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=PENALTIES))
        model.fit(rows[folds != fold], y[folds != fold])
        predicted[folds == fold] = model.predict(rows[folds == fold])
    return np.clip(predicted, 0, 10)


def figures(y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """The figures of one run."""
    return {
        "r2": r2_of(y, predicted),
        "mse": float(np.mean((predicted - y) ** 2)),
        "mae": error_of(y, predicted),
        "srcc": srcc_of(y, predicted),
        "plcc": plcc_of(y, predicted),
    }


def one_split(
    examples: Examples, y: np.ndarray, groups: list[str], seeds: range
) -> tuple[dict[str, dict[str, float]], TrainingResult]:
    """Mean figures of every model over the seeds, and the result of the first seed."""
    everything = ["vectors", *examples.embeddings.extras]
    ridges = {
        "RidgeCV vectors": ["vectors"],
        "RidgeCV vectors+technical": ["vectors", "technical"],
        "RidgeCV everything": everything,
    }
    runs: dict[str, list[dict[str, float]]] = {}
    squares: dict[str, np.ndarray] = {}
    first = None

    def note(name: str, predicted: np.ndarray, **more: float) -> None:
        runs.setdefault(name, []).append(figures(y, predicted) | more)
        squares[name] = squares.get(name, 0) + (predicted - y) ** 2 / len(seeds)

    for seed in seeds:
        options = FitOptions(seed=seed, curve=False, near_duplicate=0.97 if any(groups) else None)
        result = fit_head(examples, y, options=options, groups=groups)
        first = first or result
        folds = np.array([each.fold for each in result.predictions])
        ours = np.array([each.predicted for each in result.predictions])
        inside, seconds = result.coverage.value, result.seconds["total"]
        note("framesift", ours, coverage=inside, seconds=seconds)
        for name, inputs in ridges.items():
            note(name, ridge(examples, y, folds, inputs))
    assert first is not None
    means = {
        name: {key: float(np.mean([each[key] for each in found])) for key in found[0]}
        for name, found in runs.items()
    }
    best = max(ridges, key=lambda name: means[name]["r2"])
    labels = np.array([each.group for each in first.predictions], np.int32)
    means["framesift minus the best RidgeCV"] = lead(y, squares["framesift"], squares[best], labels)
    return means, first


def lead(
    y: np.ndarray, ours: np.ndarray, theirs: np.ndarray, groups: np.ndarray
) -> dict[str, float]:
    """Difference of R2 from squared errors, with its interval over groups."""

    def difference(rows: np.ndarray) -> float:
        around = np.sum((y[rows] - y[rows].mean()) ** 2)
        return float(np.sum(theirs[rows] - ours[rows]) / around)

    found = bootstrap(difference, resamples(groups, seed=0, repeats=2000), groups)
    return {"r2": found.value, "r2_low": found.low, "r2_high": found.high}


def interval(result: TrainingResult, name: str) -> str:
    figure = getattr(result.grouped.test, name)
    return f"{figure.low:.2f} to {figure.high:.2f}"


def show(title: str, means: dict[str, dict[str, float]], result: TrainingResult) -> None:
    """Print one split of one set as rows of a table."""
    for name, found in means.items():
        if "r2_low" in found:
            words = f"{found['r2_low']:+.3f} to {found['r2_high']:+.3f}"
            print(f"| {title} | {name} | {found['r2']:+.3f} | | | | {words} | | |")
            continue
        more = ""
        if name == "framesift":
            more = f"{interval(result, 'r2')} | {found['coverage']:.0%} | {found['seconds']:.1f}"
        print(
            f"| {title} | {name} | {found['r2']:.3f} | {found['mse']:.2f} | {found['mae']:.2f} | "
            f"{found['srcc']:.3f} | {more or '| |'} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("--repeats", type=int, default=5, help="seeds of the folds")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    given = parser.parse_args()
    start = time.time()
    report = {}
    with Cache(default_path()) as cache:
        gatherer = Gatherer(load_embedder(given.model), (load_expert("technical"),), cache=cache)
        print("| set, split | model | R2 | MSE | MAE | SRCC | R2, 95 % | covered | s |")
        print("|---|---|---|---|---|---|---|---|---|")
        for rated in SETS:
            examples, y, groups = load(rated, given.shared / "data", gatherer)
            splits = (
                {"grouped": groups, "random": [""] * len(y)} if any(groups) else {"random": groups}
            )
            for split, names in splits.items():
                means, result = one_split(examples, y, names, range(given.repeats))
                show(f"{rated.name} ({len(y)}), {split}", means, result)
                report[f"{rated.name}, {split}"] = means
    given.out.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"\n{time.time() - start:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
