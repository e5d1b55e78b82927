"""The trainer against scikit-learn's RidgeCV on real ratings, on the same grouped folds."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from framesift.embeddings import load_embedder, load_expert
from framesift.heads.training import Examples, FitOptions, fit_head
from framesift.heads.training.metrics import r2_of
from framesift.pipeline import Gatherer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.shared, pytest.mark.slow]

SETS = (
    ("mos_avt_image_quality", "mos_0_10", "src"),
    ("mos_website_aesthetics", "score_0_10", ""),
)


@pytest.fixture(scope="module")
def gatherer() -> Gatherer:
    return Gatherer(load_embedder("starter"), (load_expert("technical"),))


def ridge(rows: np.ndarray, y: np.ndarray, folds: np.ndarray) -> float:
    predicted = np.empty(len(y))
    for fold in np.unique(folds):
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-1, 6, 15)))
        predicted[folds == fold] = model.fit(rows[folds != fold], y[folds != fold]).predict(
            rows[folds == fold]
        )
    return r2_of(y, np.clip(predicted, 0, 10))


@pytest.mark.parametrize(("folder", "rating", "group"), SETS)
def test_no_worse_than_ridge_on_the_same_folds(
    shared: Path, gatherer: Gatherer, folder: str, rating: str, group: str
) -> None:
    place = shared / "data" / folder
    with (place / "labels.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    examples = Examples.stack(
        [gatherer.gather(str(place / row["path"])).embeddings for row in rows],
        names=[row["path"] for row in rows],
    )
    y = np.array([float(row[rating]) for row in rows])
    groups = [row[group] if group else "" for row in rows]
    ours, on_vectors, on_both = [], [], []
    for seed in range(3):
        result = fit_head(examples, y, options=FitOptions(seed=seed, curve=False), groups=groups)
        folds = np.array([each.fold for each in result.predictions])
        ours.append(result.grouped.test.r2.value)
        vectors = examples.embeddings.vectors
        technical = examples.embeddings.extras["technical"]
        on_vectors.append(ridge(vectors, y, folds))
        on_both.append(ridge(np.concatenate([vectors, technical], axis=1), y, folds))
        assert 0.8 <= result.coverage.value <= 1
    assert np.mean(ours) >= np.mean(on_vectors) + 0.05
    assert np.mean(ours) >= np.mean(on_both) - 0.03
    assert np.mean(ours) >= 0.3
