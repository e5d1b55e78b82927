"""Train the technical head on degraded photographs.

Usage: python training/quality/train.py --tables T0.npz T1.npz [--ladders L0.npz] [--out FOLDER]

features.py makes the tables; those of ladders are trained on, but figures and curves are of the
drawn mixture alone. Every figure of the card comes from folds whose originals were not
trained on. Deterministic for one version of numpy. No human rating is read here.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from network import Network, Options
from samples import parts_left
from scipy.linalg import eigh
from scipy.stats import pearsonr, spearmanr
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GroupKFold

from framesift.embeddings.technical import WIDTH
from framesift.embeddings.technical_statistics import OVERVIEW_WIDTH
from framesift.heads import HeadCard, save_head
from framesift.heads.novelty import Novelty
from framesift.heads.technical import (
    LEARNED,
    NAMES,
    TechnicalHead,
    combined_loss,
    describe,
    losses,
    raw_scores,
)

AXES = 256
NETWORKS = 3
FOLDS = 5
CLIP = 6.0
KNOTS = 13
UNIT = 3.0
"""Targets are divided by this while training, so that their spread is about one."""

CLEAN = 9.0
"""Score of a clean photograph; what is left above is for those cleaner than most."""

CLEANER = ((0.75, 9.25), (0.95, 9.6), (0.995, 9.85))
"""Scores at quantiles of the clean pictures."""

SIZE_COLUMN = WIDTH - 2

WORDS_AT_MOST = 0.05
"""Share of the clean held-out pictures that may get any word."""

MILDEST, STRONGER = 6.5, 7 / 12
"""No word from this score on; below this share of the threshold a word is a stronger one."""

FRAGILE = [WIDTH - OVERVIEW_WIDTH + i for i in (8, 13, 14, 15, 16, 17, 18, 19)]
"""Columns that count pixels near black and white: saving a JPEG again moves them."""

CALMED = 2.5
"""What they are divided by."""


@dataclass(frozen=True)
class Table:
    """One row per picture.

    Attributes:
        rows: Of the expert, float32 (N, K).
        wanted: Targets of `LEARNED`, float32 (N, M).
        original: Number of the original, (N,).
        group: Name of the photograph; frames of one photograph share it, (N,).
        what: What was done, (N,).
        drawn: Whether it belongs to the drawn mixture and not to the further ladders, (N,).
    """

    rows: np.ndarray
    wanted: np.ndarray
    original: np.ndarray
    group: np.ndarray
    what: np.ndarray
    drawn: np.ndarray

    def take(self, chosen: np.ndarray) -> Table:
        """Give the chosen rows."""
        return Table(*(getattr(self, one.name)[chosen] for one in fields(self)))


def read_tables(drawn: list[Path], ladders: list[Path]) -> Table:
    """Join the tables of features.py and turn what was done into targets."""
    tables = [np.load(path) for path in (*drawn, *ladders)]
    rows, group, what = (
        np.concatenate([table[name] for table in tables]) for name in ("rows", "group", "what")
    )
    parts = np.array([[parts_left(w).get(name, 10.0) for name in LEARNED[1:]] for w in what])
    wanted = np.column_stack([10 - combined_loss(losses(parts)), parts]).astype(np.float32)
    # Every original comes before what was made of it.
    count = sum(len(table["group"]) for table in tables[: len(drawn)])
    return Table(rows, wanted, np.cumsum(what == ""), group, what, np.arange(len(rows)) < count)


@dataclass(frozen=True)
class Axes:
    """Standardisation and main axes of the rows; nothing of what was done to a picture is in them.

    Attributes:
        mean: float32 (K,).
        scale: float32 (K,).
        axes: float32 (K, D), of 16 bits' precision.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> Axes:
        """Find the main axes of rows (N, K)."""
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        scale = np.maximum(deviation, 1e-3 * np.median(deviation) + 1e-4)
        scale[FRAGILE] *= CALMED
        standard = np.clip((rows - mean) / scale, -CLIP, CLIP)
        width = rows.shape[1]
        product = (standard.T @ standard / np.float32(len(rows))).astype(np.float64)
        strength, axes = eigh(product, subset_by_index=(width - AXES, width - 1))
        # Weak axes are kept weaker than strong ones, but not by as much as they are.
        axes = axes / np.sqrt(strength + 0.1 * strength[-1])
        axes = axes / (standard @ axes.astype(np.float32)).std()
        # What will be stored in 16 bits is used in 16 bits from here on.
        return cls(mean, scale, axes.astype(np.float16).astype(np.float32))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Place rows (N, K) on the axes, (N, D)."""
        return np.clip((rows - self.mean) / self.scale, -CLIP, CLIP) @ self.axes


@dataclass(frozen=True)
class Model:
    """Networks on placed rows (N, D); called it gives `LEARNED`, (N, M)."""

    centre: np.ndarray
    networks: list[Network]

    def __call__(self, placed: np.ndarray) -> np.ndarray:
        """Predict."""
        return np.mean([network(placed) for network in self.networks], axis=0) * UNIT + self.centre


def fit(placed: np.ndarray, table: Table, chosen: np.ndarray, options: Options) -> Model:
    """Train on the chosen rows."""
    wanted = table.wanted[chosen]
    centre = wanted.mean(axis=0)
    networks = [
        Network(AXES, len(LEARNED), options, seed).fit(
            placed[chosen], (wanted - centre) / np.float32(UNIT), table.original[chosen]
        )
        for seed in range(NETWORKS)
    ]
    return Model(centre, networks)


def held_out(placed: np.ndarray, table: Table, options: Options) -> np.ndarray:
    """Predict every row by a model that has not seen its photograph: raw, (N, M - 1)."""
    raw = np.empty((len(table.rows), len(LEARNED) - 1))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(table.rows, groups=table.group):
        model = fit(placed, table, train, options)
        raw[test] = raw_scores(model(placed[test]).astype(np.float64))
    return raw


def curve(raw: np.ndarray, wanted: np.ndarray, clean: np.ndarray) -> list[list[float]]:
    """Fit a monotone map from raw predictions to scores, as knots.

    Below the median of the clean pictures it follows what is expected (isotonic regression), drawn
    a quarter of the way to the quantiles of the targets laid on those of the predictions, because a
    regression shrinks towards the mean. Above it the clean pictures themselves are spread out: the
    median at `CLEAN`, the cleanest near 10. It grows everywhere, so that order is never lost.

    Args:
        raw: Predictions, (N,).
        wanted: Targets, `CLEAN` for a clean picture, (N,).
        clean: Which pictures are, (N,).
    """
    top = np.quantile(raw[clean], [0.5, *(q for q, _ in CLEANER)])
    places = np.linspace(0.02, 0.98, KNOTS)
    at = np.quantile(raw, places)
    expected = IsotonicRegression().fit(raw, wanted).predict(at)
    score = 0.75 * expected + 0.25 * np.quantile(wanted, places)
    below = at < top[0] - 0.05
    at = np.concatenate([at[below], top])
    score = np.concatenate([score[below], [CLEAN, *(s for _, s in CLEANER)]])
    at = np.maximum.accumulate(at + 1e-3 * np.arange(len(at)))
    score = np.maximum.accumulate(score)
    # Down to zero as steeply as between the clean pictures and the worst on the way.
    slope = max((CLEAN - score[0]) / (top[0] - at[0]), 0.2)
    knots = [(at[0] - score[0] / slope - 1e-3, 0.0), *zip(at, score, strict=True)]
    knots.append((at[-1] + 1.0, 10.0))
    return [[round(float(x), 4), round(float(y), 4)] for x, y in knots]


def percentiles(score: np.ndarray) -> list[list[float]]:
    """Give [score, percentile] knots of the reference pictures."""
    places = np.array([0, 1, 2, 5, *range(10, 100, 5), 98, 99, 100], dtype=float)
    at = np.maximum.accumulate(np.percentile(score, places) + 1e-4 * np.arange(len(places)))
    knots = [(0.0, 0.0), *((x, p) for x, p in zip(at, places, strict=True) if 0 < x < 10)]
    return [[round(float(x), 4), float(p)] for x, p in (*knots, (10.0, 100.0))]


def figures(wanted: np.ndarray, scored: np.ndarray) -> dict[str, float]:
    """Give the usual figures of a regression."""
    error = scored - wanted
    return {
        "srcc": float(spearmanr(wanted, scored)[0]),
        "plcc": float(pearsonr(wanted, scored)[0]),
        "r2": float(1 - np.mean(error**2) / np.var(wanted)),
        "mse": float(np.mean(error**2)),
        "mae": float(np.mean(np.abs(error))),
    }


def calibrated(raw: np.ndarray, curves: list[list[list[float]]]) -> np.ndarray:
    """Send each column through its curve."""
    pairs = zip(raw.T, curves, strict=True)
    columns = [np.interp(column, *np.transpose(knots)) for column, knots in pairs]
    return np.stack(columns, axis=1)


def coverage(raw: np.ndarray, wanted: np.ndarray, table: Table) -> float:
    """Measure the interval on originals that neither curve nor width was made from."""
    original, clean = table.original, table.what == ""
    halves = [original % 2 == 0, original % 2 == 1]
    inside = []
    for own, other in (halves, halves[::-1]):
        knots = np.transpose(curve(raw[own, 0], wanted[own, 0], clean[own]))
        half = np.quantile(np.abs(np.interp(raw[own, 0], *knots) - wanted[own, 0]), 0.9)
        inside.append(np.abs(np.interp(raw[other, 0], *knots) - wanted[other, 0]) <= half)
    return float(np.mean(np.concatenate(inside)))


def words_below(scored: np.ndarray) -> list[float]:
    """Find the scores below which a part gets a word and a stronger one.

    Args:
        scored: Quality and parts of clean pictures, predicted by models that saw none of them.
    """
    parts = [dict(zip(NAMES[1:-1], row[1:], strict=True)) for row in scored]
    for mild in np.arange(MILDEST, 3, -0.1):
        if np.mean([bool(describe(row, mild)) for row in parts]) <= WORDS_AT_MOST:
            break
    return [round(float(mild), 1), round(float(mild) * STRONGER, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--ladders", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("src/framesift/heads/data"))
    options = parser.parse_args()
    everything, how = read_tables(options.tables, options.ladders), Options()
    axes = Axes.of(everything.rows)
    placed = axes(everything.rows)
    raw = held_out(placed, everything, how)[everything.drawn]
    table = everything.take(everything.drawn)
    wanted, clean = table.wanted[:, :-1] * (CLEAN / 10), table.what == ""
    curves = [curve(*columns, clean) for columns in zip(raw.T, wanted.T, strict=True)]
    scored = calibrated(raw, curves)
    metrics = {f"cv_{name}": value for name, value in figures(wanted[:, 0], scored[:, 0]).items()}
    metrics |= {
        f"cv_r2_{name}": figures(wanted[:, i], scored[:, i])["r2"]
        for i, name in enumerate(NAMES[:-1])
        if i
    }
    metrics["coverage_90"] = coverage(raw, wanted, table)
    settings = {
        "calibration": curves,
        "half_widths": np.quantile(np.abs(scored - wanted), 0.9, axis=0).round(3).tolist(),
        "percentiles": percentiles(scored[:, 0]),
        "size_column": SIZE_COLUMN,
        "words_below": words_below(scored[clean]),
    }
    model = fit(placed, everything, np.arange(len(placed)), how)
    tensors = {**packed(axes, model), **novelty(placed[everything.drawn])}
    head = TechnicalHead(card(metrics, everything), tensors, settings)
    print(save_head(head, options.out / "technical.head"))
    print(json.dumps({"words_below": settings["words_below"], **metrics}, indent=1))


def packed(axes: Axes, model: Model) -> dict[str, np.ndarray]:
    """Give the arrays of the head."""
    weights = [network.weights for network in model.networks]
    return {
        "mean": axes.mean.astype(np.float32),
        "scale": axes.scale.astype(np.float32),
        "axes": axes.axes.astype(np.float16),
        "skip": np.mean([w["skip"] for w in weights], axis=0) * np.float32(UNIT),
        "hidden": np.stack([w["hidden"] for w in weights]).astype(np.float16),
        "hidden_bias": np.stack([w["hidden_bias"] for w in weights]),
        "out": np.stack([w["out"] for w in weights]) * np.float32(UNIT),
        "out_bias": np.mean([w["out_bias"] for w in weights], axis=0) * np.float32(UNIT)
        + model.centre,
    }


def novelty(placed: np.ndarray) -> dict[str, np.ndarray]:
    """Learn how far from the training pictures is unusual."""
    return Novelty.fit(placed.astype(np.float32)).to_tensors()


def card(metrics: dict[str, float], table: Table) -> HeadCard:
    """Describe the head."""
    photographs = len(np.unique(table.group))
    return HeadCard(
        name="technical-2",
        task="quality",
        space="",
        inputs=("technical",),
        high=10.0,
        source="network",
        provenance=(
            f"{NETWORKS} small networks on {len(table.rows)} pictures: {photographs} photographs "
            "and screenshots and synthetic degradations of them, made by training/quality; it "
            "measures visible defects, not beauty, and no human rating went into it"
        ),
        licence="Apache-2.0; for the training pictures see docs/models/technical.md",
        metrics={name: round(value, 4) for name, value in metrics.items()},
    )


if __name__ == "__main__":
    main()
