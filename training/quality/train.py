"""Train the quality head of `starter`: a ridge on synthetic degradations.

Usage: python training/quality/train.py --shared ../shared [--table FILE] [--out FOLDER]

The ridge predicts the score that a degradation left of an ImageNet sample, from the features of the
whole picture and of its detail view; a monotone map then spreads its predictions over 0-10. The
samples are small: seen whole they are enlarged, which no large photograph is, so the features of
the whole view weigh less (``WHOLE_WEIGHT``). Figures come from folds whose originals were not
trained on, and from pictures that people rated (``mos_avt_image_quality``), which are evaluation
only. Deterministic.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from evaluate import rated_pictures
from features import Table, make_table
from scipy.stats import pearsonr, spearmanr
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from framesift import load_embedder
from framesift.heads import HeadCard, QualityHead, save_head
from framesift.heads.linear import Standardiser
from framesift.heads.quality import QualityCurve

BEST, WORST = 8.5, 0.5
"""Of an ordinary clean photograph and of a ruined one: the ends are left for better and worse."""

ALPHA = 10_000.0
WHOLE_WEIGHT = 0.3
FOLDS = 5
KNOTS = 9


def target(left: np.ndarray) -> np.ndarray:
    """Map the score left, 0 to 10, to the scale of the head."""
    return WORST + (BEST - WORST) * left / 10


def standardiser(inputs: np.ndarray) -> Standardiser:
    """Centre and scale each feature; the whole view counts less."""
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.maximum(deviation, 1e-2 * deviation.max())
    scale[: inputs.shape[1] // 2] /= WHOLE_WEIGHT
    return Standardiser(mean.astype(np.float32), scale.astype(np.float32))


def fit(inputs: np.ndarray, wanted: np.ndarray) -> tuple[Standardiser, Ridge]:
    """Standardise and fit."""
    scaler = standardiser(inputs)
    return scaler, Ridge(ALPHA).fit((inputs - scaler.mean) / scaler.scale, wanted)


def held_out(table: Table) -> np.ndarray:
    """Predict every row by a ridge that has not seen its original."""
    predicted = np.empty(len(table.left))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(table.inputs, groups=table.group):
        scaler, ridge = fit(table.inputs[train], target(table.left[train]))
        predicted[test] = ridge.predict((table.inputs[test] - scaler.mean) / scaler.scale)
    return predicted


def curve(predicted: np.ndarray, wanted: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Fit a monotone map from raw predictions to scores, as knots.

    A ridge shrinks towards the mean. The map lays the quantiles of its held-out predictions on
    those of the targets, halfway: all the way would sell noise as precision.
    """
    places = np.linspace(0.01, 0.99, KNOTS)
    raw, score = np.quantile(predicted, places), np.quantile(wanted, places)
    fitted = IsotonicRegression().fit(predicted, wanted).predict(raw)
    score = np.maximum.accumulate((score + fitted) / 2 + 1e-3 * np.arange(KNOTS))
    slope = (score[-1] - score[0]) / (raw[-1] - raw[0])
    above = raw[-1] + (10 - score[-1]) / slope
    below = raw[0] - score[0] / slope
    knots = [(below, 0.0), *zip(raw, score, strict=True), (above, 10.0)]
    return tuple((round(float(a), 4), round(float(b), 4)) for a, b in knots)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--table", type=Path, help="keep the features here")
    parser.add_argument("--out", type=Path, default=Path("src/framesift/heads/data"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    embedder = load_embedder("starter")
    table = load_or_make(embedder, options)
    wanted, raw = target(table.left), held_out(table)
    knots = curve(raw, wanted)
    scored = np.interp(raw, *zip(*knots, strict=True))
    metrics = {f"cv_{name}": value for name, value in figures(wanted, scored).items()}
    half = round(float(np.quantile(np.abs(scored - wanted), 0.9)), 3)
    scaler, ridge = fit(table.inputs, wanted)

    def head() -> QualityHead:
        return QualityHead(
            card(metrics, len(wanted)),
            ridge.coef_.astype(np.float32),
            np.array([ridge.intercept_], dtype=np.float32),
            standardiser=scaler,
            curve=QualityCurve(knots, half),
        )

    people = rated_pictures(head(), embedder, options.shared)
    metrics |= {f"avt_{name}": value for name, value in people.items()}
    save_head(head(), options.out / "starter_quality.head")
    print(json.dumps({"interval": half, **metrics}, indent=1))


def load_or_make(embedder: object, options: argparse.Namespace) -> Table:
    """Read the features, or compute and keep them."""
    if options.table and options.table.is_file():
        with np.load(options.table) as kept:
            return Table(*(kept[name] for name in ("inputs", "left", "group", "kind")))
    table = make_table(embedder, options.shared / "data" / "zeroshot_imagenet1000", options.seed)
    if options.table:
        np.savez(options.table, **vars(table))
    return table


def card(metrics: dict[str, float], rows: int) -> HeadCard:
    """Describe the head."""
    return HeadCard(
        name="starter-quality-1",
        task="quality",
        space="starter-1",
        inputs=("features", "detail"),
        low=0.0,
        high=10.0,
        source="ridge",
        provenance=(
            f"Ridge on {rows} pictures: 1,000 ImageNet samples and synthetic degradations of them, "
            "made by training/quality/train.py; it measures visible degradation, not beauty"
        ),
        licence="Apache-2.0; the training pictures carry no licence of their own",
        metrics={name: round(value, 4) for name, value in metrics.items()},
    )


if __name__ == "__main__":
    main()
