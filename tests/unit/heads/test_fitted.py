from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, load_head, save_head
from framesift.heads.fitted import FittedHead
from framesift.heads.linear import Standardiser
from framesift.heads.parts import KernelPart, LinearPart, NetworkPart, part_class
from framesift.heads.quality import QualityCurve
from framesift.types import Embeddings

CARD = HeadCard("mine", "quality", "s", inputs=("vectors", "depth"), high=10.0)


def array(*values) -> np.ndarray:
    return np.array(values, np.float32)


def standardiser(width: int) -> Standardiser:
    return Standardiser(np.ones(width, np.float32), np.full(width, 2, np.float32))


def parts() -> tuple[LinearPart, KernelPart, NetworkPart]:
    both = ("vectors", "depth")
    return (
        LinearPart(("vectors",), standardiser(2), array(1, -1), array(5)),
        KernelPart(
            both, standardiser(3), array([0, 0, 0], [1, 1, 1]), array(2, -1), array(0.5), array(4)
        ),
        NetworkPart(
            ("depth",),
            standardiser(1),
            array([[1.0, -1.0]]),
            array([0, 1]),
            array([2, 3]),
            array(6),
        ),
    )


@pytest.fixture
def embeddings() -> Embeddings:
    rng = np.random.default_rng(0)
    vectors, depth = rng.normal(size=(7, 2)), rng.normal(size=(7, 1))
    extras = {"depth": depth.astype(np.float32)}
    return Embeddings(vectors.astype(np.float32), "s", "f", extras)


def test_the_score_is_the_weighted_sum_of_its_parts(embeddings):
    head = FittedHead(CARD, parts(), weights=array(0.5, 0.3, 0.2))
    v, d = embeddings.vectors.astype(float), embeddings.extras["depth"].astype(float)
    z, t = (v - 1) / 2, (d - 1) / 2
    linear = z[:, 0] - z[:, 1] + 5
    both = np.concatenate([z, t], axis=1)
    squares = [((both - support) ** 2).sum(axis=1) for support in (0, 1)]
    kernel = 2 * np.exp(-0.5 * squares[0]) - np.exp(-0.5 * squares[1]) + 4
    network = 2 * np.tanh(t[:, 0]) + 3 * np.tanh(1 - t[:, 0]) + 6
    expected = np.clip(0.5 * linear + 0.3 * kernel + 0.2 * network, 0, 10)
    np.testing.assert_allclose(head.score(embeddings).values[:, 0], expected, atol=1e-5)


def test_it_is_stored_whole(embeddings, tmp_path):
    curve = QualityCurve(residual_90=1.5, percentiles=((2.0, 0.0), (8.0, 100.0)))
    head = FittedHead(CARD, parts(), weights=array(0.5, 0.3, 0.2), curve=curve)
    again = load_head(save_head(head, tmp_path / "h"), task="quality")
    assert isinstance(again, FittedHead)
    assert again.card == CARD
    first, second = head.score(embeddings), again.score(embeddings)
    for name in ("values", "low", "high", "percentile"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_rows_do_not_depend_on_their_batch(embeddings):
    head = FittedHead(CARD, parts())
    whole = head.score(embeddings).values
    for i in range(7):
        extras = {"depth": embeddings.extras["depth"][i : i + 1]}
        one = Embeddings(embeddings.vectors[i : i + 1], "s", "f", extras)
        np.testing.assert_allclose(head.score(one).values[0], whole[i], atol=1e-5)


def test_wrong_embeddings_are_refused(embeddings):
    head = FittedHead(CARD, parts())
    with pytest.raises(SpaceMismatchError):
        head.score(dataclasses.replace(embeddings, space="other"))
    with pytest.raises(HeadError, match="reads 'depth'"):
        head.score(Embeddings(embeddings.vectors, "s", "f"))
    wide = Embeddings(np.ones((1, 3), np.float32), "s", "f", {"depth": np.ones((1, 1), np.float32)})
    with pytest.raises(SpaceMismatchError, match="rows of 2 numbers"):
        head.score(wide)


@pytest.mark.parametrize("weights", [array(1.0), array(0.5, 0.5, 0.5), array(1.5, -0.7, 0.2)])
def test_weights_are_checked(weights):
    with pytest.raises(HeadError, match="weights of head 'mine'"):
        FittedHead(CARD, parts(), weights=weights)


def test_no_parts_are_refused():
    with pytest.raises(HeadError, match="no parts"):
        FittedHead(CARD, ())


def test_parts_of_a_later_version_are_refused():
    with pytest.raises(HeadError, match="upgrade"):
        part_class("forest")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_broken_arrays_are_refused(place):
    part = parts()[place]
    for name, good in part.tensors().items():
        for bad in (np.full_like(good, np.nan), np.zeros((9, 9, 9, 9), np.float32)):
            with pytest.raises(HeadError):
                type(part).make(part.inputs, part.standardiser, {**part.tensors(), name: bad})


def test_a_kernel_without_width_and_an_empty_network_are_refused():
    _, kernel, network = parts()
    with pytest.raises(HeadError, match="above 0"):
        KernelPart.make(kernel.inputs, kernel.standardiser, {**kernel.tensors(), "gamma": array(0)})
    empty = {name: tensor[:0] for name, tensor in network.tensors().items()}
    with pytest.raises(HeadError, match="no network"):
        NetworkPart.make(network.inputs, network.standardiser, empty)
