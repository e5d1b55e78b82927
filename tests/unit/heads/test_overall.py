from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard
from framesift.heads.overall import RUINED, OverallHead
from framesift.types import Embeddings, Scores


class Given:
    """A quality head that reads its scores from an extra."""

    notice = None

    def __init__(self, name, half_width, *, parts=(), distance=False, space="fake-1"):
        self.card = HeadCard(name, "quality", space, (name,), high=10.0)
        self.half_width, self.parts, self.distance = half_width, parts, distance

    def score(self, embeddings):
        if embeddings.space != self.card.space:
            raise SpaceMismatchError("another space")
        values = embeddings.extras[self.card.name]
        low, high = values - self.half_width, values + self.half_width
        scores = Scores(self.card.name, ("quality", *self.parts), values, low, high)
        distance = np.full(len(values), 0.5, np.float32) if self.distance else None
        return dataclasses.replace(scores, distance=distance)


def embeddings(technical, aesthetic, space="fake-1"):
    technical = np.atleast_2d(np.asarray(technical, np.float32))
    aesthetic = np.asarray(aesthetic, np.float32)[:, None]
    rows = np.ones((len(aesthetic), 1), np.float32)
    return Embeddings(rows, space, "f", {"technical": technical, "aesthetic": aesthetic})


def overall(**options):
    technical = Given("technical", 1.0, parts=("sharpness",), **options)
    return OverallHead(technical, Given("aesthetic", 2.0), half_widths=(1.0, 2.0))


def test_the_surer_score_counts_more_and_the_parts_come_along():
    scores = overall().score(embeddings([[8, 7]], [3]))
    assert scores.names == ("quality", "technical", "aesthetic", "sharpness")
    np.testing.assert_allclose(scores.values, [[0.8 * 8 + 0.2 * 3, 8, 3, 7]], rtol=1e-6)
    half = np.hypot(0.8, 0.4)
    assert overall().half_width == pytest.approx(half)
    assert scores.high[0, 0] - scores.values[0, 0] == pytest.approx(half, abs=1e-5)
    assert overall().card.inputs == ("technical", "aesthetic")


def test_a_ruined_picture_is_never_great():
    technical = Given("technical", 2.0)
    head = OverallHead(technical, Given("aesthetic", 0.5), half_widths=(2.0, 0.5))
    scores = head.score(embeddings([[1.0]], [10.0]))
    assert scores.values[0, 0] == pytest.approx(1.0 + RUINED)


def test_everything_stays_on_the_scale():
    scores = overall().score(embeddings([[10, 0], [0, 0]], [10, 0]))
    for array in (scores.values, scores.low, scores.high):
        assert ((array >= 0) & (array <= 10)).all()
    assert (scores.low <= scores.values).all()
    assert (scores.values <= scores.high).all()


def test_unusual_is_what_either_head_finds_unusual():
    assert overall().score(embeddings([[5, 5]], [5])).distance is None
    scores = overall(distance=True).score(embeddings([[5, 5]], [5]))
    assert scores.distance[0] == pytest.approx(0.5)


def test_words_are_those_of_the_technical_head():
    head = overall()
    assert head.describe({"sharpness": 1}) == ""
    head.technical.describe = lambda parts: f"soft {parts['sharpness']}"
    assert head.describe({"sharpness": 1}) == "soft 1"


def test_embeddings_of_another_model_are_refused():
    with pytest.raises((SpaceMismatchError, HeadError)):
        overall().score(embeddings([[5, 5]], [5], space="other"))
