from __future__ import annotations

import numpy as np
import pytest

from framesift.heads.training.stacking import stacking_weights


def predictions(count: int, errors: tuple[float, ...], seed: int = 0):
    """Ratings, and predictions of them with errors of these sizes, seen in two ways."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(2, 8, count)
    return y, [y[:, None] + rng.normal(0, error, (count, 2)) for error in errors]


def test_weights_are_a_share_of_one_and_follow_the_errors():
    y, found = predictions(5000, (0.5, 1.0, 4.0))
    weights = stacking_weights(found, y)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    # Independent errors are best averaged with weights of one over their variance.
    best = np.array([4, 1, 1 / 16])
    assert weights == pytest.approx(best / best.sum(), abs=0.03)


def test_a_useless_model_keeps_only_what_the_prior_gives_it():
    y, found = predictions(1000, (0.5, 0.5))
    nonsense = np.random.default_rng(1).uniform(0, 10, (1000, 2))
    weights = stacking_weights([*found, nonsense], y)
    assert weights[2] < 0.05


def test_few_pictures_are_weighed_about_equally():
    y, found = predictions(10, (0.5, 1.0, 2.0))
    weights = stacking_weights(found, y)
    assert weights == pytest.approx(1 / 3, abs=0.12)


def test_models_that_all_say_the_same_weigh_the_same_or_share():
    y = np.linspace(0, 10, 20)
    weights = stacking_weights([np.full((20, 1), 5.0)] * 3, y)
    assert weights.sum() == pytest.approx(1)
    assert np.isfinite(weights).all()


def test_the_weighted_mean_is_better_than_each_model():
    y, found = predictions(400, (1.0, 1.0, 1.2))
    _, fresh = predictions(400, (1.0, 1.0, 1.2), seed=0)
    weights = stacking_weights(found, y)
    mean = np.tensordot(weights, np.stack([each[:, 0] for each in fresh]), axes=1)
    errors = [np.mean((each[:, 0] - y) ** 2) for each in fresh]
    assert np.mean((mean - y) ** 2) < 0.6 * min(errors)
