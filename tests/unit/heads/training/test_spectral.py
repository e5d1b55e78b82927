from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from framesift.heads.training import spectral
from framesift.heads.training.blocks import Scaling
from framesift.heads.training.spectral import PENALTIES, spectrum_of


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 25))
    return rows, rows @ rng.normal(size=25) + rng.normal(size=60), np.arange(60) % 5


def alpha(spectrum, penalty):
    return penalty * float(spectrum.lam.sum())


@pytest.mark.parametrize("penalty", [PENALTIES[0], PENALTIES[6], PENALTIES[-1]])
def test_a_linear_spectrum_is_a_ridge(data, penalty):
    rows, y, _ = data
    spectrum = spectrum_of(rows, None)
    reference = Ridge(alpha=alpha(spectrum, penalty)).fit(rows, y)
    new = np.random.default_rng(1).normal(size=(9, 25))
    np.testing.assert_allclose(spectrum.predict(new, y, penalty), reference.predict(new), atol=1e-6)
    np.testing.assert_allclose(spectrum.fitted(y, penalty), reference.predict(rows), atol=1e-6)


def test_held_out_predictions_are_those_of_refitted_ridges(data):
    rows, y, folds = data
    spectrum = spectrum_of(rows, None)
    held_out = spectrum.held_out(y, folds)
    for place in (0, 5, 9):
        strength = alpha(spectrum, PENALTIES[place])
        for fold in range(5):
            some = folds == fold
            refitted = Ridge(alpha=strength).fit(rows[~some], y[~some])
            np.testing.assert_allclose(
                held_out[some, place], refitted.predict(rows[some]), atol=1e-5
            )


@pytest.mark.parametrize("gamma", [None, 0.02])
def test_leaving_out_singly_has_a_short_form(data, gamma):
    rows, y = data[0], data[1]
    spectrum = spectrum_of(rows, gamma)
    singly = spectrum.held_out(y, np.arange(len(y), dtype=np.int32))
    np.testing.assert_allclose(spectrum.left_out_singly(y), singly, atol=1e-8)


def test_both_forms_of_leaving_out_agree(data):
    rows, y, _ = data
    few = spectrum_of(rows[:, :3], None)
    large = np.zeros(60, int)
    large[30:] = 1
    held_out = few.held_out(y, large)
    refitted = Ridge(alpha=alpha(few, PENALTIES[4])).fit(rows[30:, :3], y[30:])
    np.testing.assert_allclose(held_out[:30, 4], refitted.predict(rows[:30, :3]), atol=1e-6)


def test_a_kernel_spectrum_is_a_kernel_ridge_of_the_centred_kernel(data):
    rows, y, _ = data
    gamma = 0.02
    spectrum = spectrum_of(rows, gamma)
    kernel = np.exp(-gamma * spectral.squared_distances(rows, rows))
    centring = np.eye(60) - 1 / 60
    reference = KernelRidge(kernel="precomputed", alpha=alpha(spectrum, 0.01))
    reference.fit(centring @ kernel @ centring, y - y.mean())
    expected = y.mean() + reference.predict(centring @ kernel @ centring)
    np.testing.assert_allclose(spectrum.predict(rows, y, 0.01), expected, atol=1e-8)
    np.testing.assert_allclose(spectrum.fitted(y, 0.01), expected, atol=1e-8)


@pytest.mark.parametrize("gamma", [None, 0.02])
def test_beyond_the_exact_limit_little_changes(data, gamma, monkeypatch):
    rows, y, folds = data
    exact = spectrum_of(rows, gamma)
    monkeypatch.setattr(spectral, "EXACT_UP_TO", 10)
    approximate = spectrum_of(rows, gamma)
    new = np.random.default_rng(1).normal(size=(9, 25))
    np.testing.assert_allclose(
        approximate.predict(new, y, 0.001), exact.predict(new, y, 0.001), atol=1e-4
    )
    np.testing.assert_allclose(
        approximate.held_out(y, folds)[:, 5], exact.held_out(y, folds)[:, 5], atol=1e-4
    )


def test_looking_for_components_in_less_precision_changes_little(monkeypatch):
    rng = np.random.default_rng(5)
    latent = rng.normal(size=(700, 30))
    rows = latent @ rng.normal(size=(30, 600)) + 0.3 * rng.normal(size=(700, 600))
    rows /= rows.std()
    y = 5 + latent[:, 0] + rng.normal(0, 0.5, 700)
    new = rng.normal(size=(20, 30)) @ rng.normal(size=(30, 600))
    monkeypatch.setattr(spectral, "EXACT_UP_TO", 10)
    found = []
    for precision in (np.float64, np.float32):
        monkeypatch.setattr(spectral, "ROUGH", precision)
        spectrum = spectrum_of(rows, None)
        assert spectrum.u.dtype == np.float64
        np.testing.assert_allclose(spectrum.u.T @ spectrum.u, np.eye(len(spectrum.lam)), atol=1e-8)
        found.append((spectrum.predict(new, y, 0.001), spectrum.left_out_singly(y)))
    for exact, rough in zip(*found, strict=True):
        np.testing.assert_allclose(rough, exact, atol=2e-3)


@pytest.mark.parametrize("gamma", [None, 0.5])
def test_the_part_of_a_head_predicts_the_same(gamma):
    rng = np.random.default_rng(0)
    arrays = {"vectors": rng.normal(3, 2, (40, 6)).astype(np.float32)}
    y = rng.uniform(0, 10, 40)
    scaling = Scaling.fit(arrays, ("vectors",))
    rows = scaling(arrays)
    spectrum = spectrum_of(rows, gamma)
    part = spectrum.part(scaling, y, 0.01)
    np.testing.assert_allclose(part.predict(rows), spectrum.predict(rows, y, 0.01), atol=1e-4)


def test_constant_rows_predict_the_mean():
    spectrum = spectrum_of(np.zeros((10, 4)), None)
    y = np.arange(10.0)
    np.testing.assert_allclose(spectrum.predict(np.ones((2, 4)), y, 0.1), 4.5, atol=1e-6)
