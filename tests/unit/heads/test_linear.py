from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, LinearHead
from framesift.heads.linear import Standardiser

COEF = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], np.float32)
BIAS = np.array([0.5, -0.5], np.float32)


def make(**options) -> LinearHead:
    card = options.pop("card", HeadCard("lin", "tags", "fake-1"))
    return LinearHead(card, ("a", "b"), COEF, BIAS, **options)


@pytest.mark.parametrize("link", ["sigmoid", "softmax", "identity"])
def test_links(random_embeddings, link):
    pictures = random_embeddings(8, width=3)
    raw = pictures.vectors @ COEF + BIAS
    expected = {
        "sigmoid": 1 / (1 + np.exp(-raw)),
        "softmax": np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True),
        "identity": np.clip(raw, 0, 1),
    }[link]
    np.testing.assert_allclose(make(link=link).score(pictures).values, expected, atol=1e-6)


def test_rows_are_standardised_first(random_embeddings):
    pictures = random_embeddings(4, width=3)
    mean, scale = np.array([0.1, 0.2, 0.3], np.float32), np.array([2.0, 0.5, 1.0], np.float32)
    raw = (pictures.vectors - mean) / scale @ COEF + BIAS
    head = make(standardiser=Standardiser(mean, scale))
    np.testing.assert_allclose(head.score(pictures).values, 1 / (1 + np.exp(-raw)), atol=1e-6)


def test_extras_are_read_in_the_order_of_the_card(random_embeddings):
    detail = np.arange(6, dtype=np.float32).reshape(2, 3)
    pictures = random_embeddings(2, width=2, detail=detail)
    card = HeadCard("lin", "tags", "fake-1", inputs=("detail", "vectors"), high=100.0)
    coef = np.array([[1], [0], [0], [0], [10]], np.float32)
    head = LinearHead(card, ("a",), coef, np.zeros(1, np.float32), link="identity")
    expected = np.clip(detail[:, 0] + 10 * pictures.vectors[:, 1], 0, 100)
    np.testing.assert_allclose(head.score(pictures).values[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"link": "relu"}, "use identity, sigmoid or softmax"),
        ({"standardiser": Standardiser(np.zeros(3), np.zeros(3))}, "not above zero"),
        ({"standardiser": Standardiser(np.zeros(2), np.ones(2))}, r"shape \(2,\); expected \(3\)"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(change, message):
    with pytest.raises(HeadError, match=message):
        make(**change)


def test_nan_coefficients_are_refused():
    with pytest.raises(HeadError, match="NaN or infinite"):
        LinearHead(HeadCard("lin", "tags", "s"), ("a",), np.array([[np.nan]]), np.zeros(1))


def test_rows_of_another_width_are_refused(random_embeddings):
    with pytest.raises(SpaceMismatchError, match="rows of 3 numbers, not of 5"):
        make().score(random_embeddings(2, width=5))
