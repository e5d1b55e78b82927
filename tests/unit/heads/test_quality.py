from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, QualityHead
from framesift.heads.quality import QualityCurve, quality_scores

CARD = HeadCard("ridge", "quality", "fake-1", high=10.0)


def make(curve: QualityCurve | None = None) -> QualityHead:
    coef, intercept = np.array([1.0, 2.0], np.float32), np.array([5.0], np.float32)
    return QualityHead(CARD, coef, intercept, curve=curve)


def test_a_ridge_with_its_interval(random_embeddings):
    pictures = random_embeddings(5, width=2)
    scores = make(QualityCurve(residual_90=1.5)).score(pictures)
    expected = pictures.vectors @ [1.0, 2.0] + 5.0
    assert scores.names == ("quality",)
    np.testing.assert_allclose(scores.values[:, 0], expected, atol=1e-5)
    np.testing.assert_allclose(scores.low[:, 0], expected - 1.5, atol=1e-5)
    np.testing.assert_allclose(scores.high[:, 0], expected + 1.5, atol=1e-5)


def test_knots_bend_the_scale():
    curve = QualityCurve(knots=((0.0, 2.0), (1.0, 4.0), (3.0, 10.0)))
    raw = np.array([-5.0, 0.5, 1.0, 2.0, 99.0])
    np.testing.assert_allclose(quality_scores("h", raw, curve).values[:, 0], [2, 3, 4, 7, 10])


def test_everything_stays_on_the_scale():
    raw = np.array([-100.0, 0.5, 9.8, 100.0])
    scores = quality_scores("h", raw, QualityCurve(residual_90=1.0))
    np.testing.assert_allclose(scores.values[:, 0], [0, 0.5, 9.8, 10], rtol=1e-6)
    np.testing.assert_allclose(scores.low[:, 0], [0, 0, 8.8, 9], rtol=1e-6)
    np.testing.assert_allclose(scores.high[:, 0], [1, 1.5, 10, 10], rtol=1e-6)


def test_nan_stays_nan():
    curve = QualityCurve(knots=((0.0, 0.0), (1.0, 10.0)))
    assert np.isnan(quality_scores("h", np.array([np.nan]), curve).values).all()


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (QualityCurve(knots=((0.0, 0.0),)), "two or more"),
        (QualityCurve(knots=((1.0, 0.0), (0.0, 5.0))), "growing raw"),
        (QualityCurve(knots=((0.0, 5.0), (1.0, 4.0))), "must not fall"),
        (QualityCurve(knots=((0.0, 5.0), (1.0, float("nan")))), "two or more"),
        (QualityCurve(residual_90=-1.0), "residual_90"),
        (QualityCurve(residual_90=float("nan")), "residual_90"),
    ],
)
def test_curves_that_make_no_sense_are_refused(curve, message):
    with pytest.raises(HeadError, match=message):
        make(curve)


def test_rows_of_another_width_are_refused(random_embeddings):
    with pytest.raises(SpaceMismatchError, match="rows of 2 numbers, not of 3"):
        make().score(random_embeddings(1, width=3))
