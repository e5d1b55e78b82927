"""Heads that know kinds and score groups of them."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, load_head, save_head
from framesift.heads.calibrating import Platt
from framesift.heads.kinds import Group, KindsHead
from framesift.heads.linear import Standardiser
from framesift.types import Embeddings

CARD = HeadCard("arms", "moderation", "s", inputs=("features",), source="trained")
KINDS = ("cup", "sword", "bow", "toy sword")


def head(**changes) -> KindsHead:
    layer = (
        np.eye(4, dtype=np.float32) * 4,
        np.zeros(4, np.float32),
        Standardiser(np.zeros(4, np.float32), np.ones(4, np.float32)),
    )
    settings = {
        "groups": {"weapons": Group(("sword", "bow"), Platt(1.0, 0.0))},
        "asides": {"toy": Group(("toy sword",), Platt(1.0, 0.0))},
    }
    return KindsHead(CARD, KINDS, layer, **(settings | changes))


def shown(*rows, space: str = "s") -> Embeddings:
    features = np.array(rows, np.float32)
    vectors = np.tile(np.array([[1, 0]], np.float32), (len(features), 1))
    return Embeddings(vectors, space, "f", {"features": features})


PICTURES = shown((9, 0, 0, 0), (0, 9, 0, 0), (0, 0, 9, 0), (0, 0, 0, 9))


def test_any_kind_of_a_group_raises_its_label() -> None:
    scores = head().score(PICTURES)
    assert scores.names == ("weapons",)
    assert (scores.values[:, 0] > 0.9).tolist() == [False, True, True, False]


def test_the_kind_that_spoke_is_named() -> None:
    assert head().closest(PICTURES)[1:3] == (("sword",), ("bow",))


def test_an_aside_is_a_head_for_another_task() -> None:
    toy = head().aside("toy", task="context")
    assert toy.card.task == "context"
    assert toy.card.name == "arms-toy"
    assert toy.score(PICTURES).values[:, 0].argmax() == 3


def test_it_survives_a_file(tmp_path) -> None:
    loaded = load_head(save_head(head(), tmp_path / "arms"))
    assert isinstance(loaded, KindsHead)
    np.testing.assert_array_equal(loaded.score(PICTURES).values, head().score(PICTURES).values)
    again = loaded.aside("toy", task="context").score(PICTURES).values
    np.testing.assert_array_equal(again, head().aside("toy", task="context").score(PICTURES).values)


def test_what_is_not_a_number_stays_so() -> None:
    assert np.isnan(head().score(shown((np.nan, 1, 1, 1))).values).all()


def test_another_space_is_refused() -> None:
    with pytest.raises(SpaceMismatchError):
        head().score(shown((1, 1, 1, 1), space="other"))


@pytest.mark.parametrize("kinds", [(), ("spear",), KINDS])
def test_a_group_is_some_of_the_kinds(kinds) -> None:
    with pytest.raises(HeadError, match="some of its kinds"):
        head(groups={"weapons": Group(kinds, Platt(1.0, 0.0))})
