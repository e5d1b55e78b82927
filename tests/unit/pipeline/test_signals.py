"""Signals: the worst row of each head and category, with where it was seen."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from framesift.errors import HeadError
from framesift.heads import HeadCard
from framesift.heads.base import head_input
from framesift.pipeline.signals import View, context_scores, image_signals, look
from framesift.types import Embeddings, Scores


class Columns:
    """Gives its input as scores, and names the rows as prompts."""

    def __init__(self, names, *, task="moderation", inputs=("vectors",), prompts=False):
        self.card = HeadCard("columns", task, "space", inputs, source="columns")
        self.names = names
        if prompts:
            self.closest = self._closest

    def score(self, embeddings):
        values = head_input(self.card, embeddings)[:, : len(self.names)]
        return Scores("columns", self.names, values)

    def _closest(self, embeddings):
        return [[f"{name} {row[0]:.1f}" for name in self.names] for row in embeddings.vectors]


def rows(*values, extras=None):
    return Embeddings(np.array(values, dtype=np.float32), "space", "print", extras or {})


def test_the_worst_frame_counts_and_is_named():
    view = View(rows([0.1, 0.9], [0.8, 0.2], [0.8, 0.3]), (Fraction(0), Fraction(1), Fraction(2)))
    weapons, gore = image_signals(look([Columns(("weapons", "gore"), prompts=True)], [view]))
    assert (weapons.category, weapons.source, weapons.part) == ("weapons", "columns", "image")
    assert weapons.score == pytest.approx(0.8)
    assert (weapons.evidence.time, weapons.evidence.prompt) == (Fraction(1), "weapons 0.8")
    assert (gore.evidence.time, gore.evidence.prompt) == (Fraction(0), "gore 0.1")


def test_a_still_and_a_whole_picture_carry_no_time_and_no_tile():
    (signal,) = image_signals(look([Columns(("gore",))], [View(rows([0.4]))]))
    assert (signal.evidence.time, signal.evidence.tile, signal.evidence.prompt) == (None, None, "")


def test_a_tile_counts_where_it_scores_higher_than_the_whole():
    corner = (0.0, 0.0, 0.6, 0.6)
    whole, tiles = View(rows([0.2, 0.7])), View(rows([0.9, 0.1]), boxes=(corner,))
    weapons, gore = image_signals(look([Columns(("weapons", "gore"))], [whole, tiles]))
    assert (weapons.score, weapons.evidence.tile) == (pytest.approx(0.9), corner)
    assert (gore.score, gore.evidence.tile) == (pytest.approx(0.7), None)


def test_a_head_that_cannot_read_tiles_reads_the_whole():
    expert = np.array([[0.3]], dtype=np.float32)
    head = Columns(("nudity",), inputs=("expert",))
    whole, tiles = View(rows([0.0], extras={"expert": expert})), View(rows([1.0]))
    (signal,) = image_signals(look([head], [whole, tiles]))
    assert signal.score == pytest.approx(0.3)
    with pytest.raises(HeadError, match="expert"):
        image_signals(look([head], [tiles]))


@pytest.mark.parametrize("values", [([math.nan], [0.9]), ([0.9], [math.nan])])
def test_a_score_that_is_no_number_neither_hides_nor_is_hidden(values):
    first, second = values
    for views in ([View(rows(*values))], [View(rows(first)), View(rows(second))]):
        scores = [signal.score for signal in image_signals(look([Columns(("gore",))], views))]
        assert len(scores) == 2
        assert any(math.isnan(score) for score in scores)
        assert max(score for score in scores if not math.isnan(score)) == pytest.approx(0.9)


def test_heads_of_other_tasks_give_no_signal():
    heads = [Columns(("a",), task=task) for task in ("quality", "tags", "context")]
    assert image_signals(look(heads, [View(rows([0.5]))])) == []


def test_a_context_has_to_hold_for_every_frame():
    heads = [Columns(("art", "toy"), task="context"), Columns(("gore",))]
    found = context_scores(heads, rows([0.9, 0.2], [0.4, math.nan]))
    assert found == {"art": pytest.approx(0.4), "toy": 0.0}
