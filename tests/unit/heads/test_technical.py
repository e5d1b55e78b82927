from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import load_head, quality_head_for, save_head
from framesift.heads.resources import DATA
from framesift.heads.technical import (
    NAMES,
    TechnicalHead,
    combined_loss,
    describe,
    resolution,
    technical_head,
)
from framesift.types import Embeddings

CLEAN = dict.fromkeys(NAMES[1:], 9.0)


def rows_for(head: TechnicalHead, count: int = 6) -> Embeddings:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(count, head.width)).astype(np.float32)
    vectors = np.ones((count, 2), np.float32) / np.sqrt(np.float32(2))
    return Embeddings(vectors, head.card.space, "f", {"technical": rows})


def test_it_is_bound_to_any_space_and_reads_the_expert_alone() -> None:
    head = technical_head("some-space")
    assert head.card.space == "some-space"
    assert head.card.inputs == ("technical",)
    other = technical_head("another-space")
    pictures = rows_for(head)
    with pytest.raises(SpaceMismatchError, match="another-space"):
        other.score(pictures)
    moved = dataclasses.replace(pictures, space="another-space")
    np.testing.assert_array_equal(head.score(pictures).values, other.score(moved).values)


def test_every_name_has_a_score_an_interval_and_the_quality_a_percentile() -> None:
    head = technical_head("s")
    scores = head.score(rows_for(head))
    assert scores.names == NAMES
    for array in (scores.values, scores.low, scores.high):
        assert array is not None
        assert array.shape == (6, len(NAMES))
        assert ((array >= 0) & (array <= 10)).all()
    assert scores.percentile is not None
    assert ((scores.percentile >= 0) & (scores.percentile <= 100)).all()
    assert scores.distance is not None
    assert (scores.distance > 0).all()
    assert 0 < head.half_width < 3


def test_rows_of_another_width_are_refused() -> None:
    head = technical_head("s")
    pictures = rows_for(head)
    short = dataclasses.replace(pictures, extras={"technical": pictures.extras["technical"][:, 1:]})
    with pytest.raises(SpaceMismatchError, match="reads rows of"):
        head.score(short)


def test_it_can_be_saved_and_loaded(tmp_path) -> None:
    head = technical_head("s")
    loaded = load_head(save_head(head, tmp_path / "copy.head"), task="quality", space="s")
    pictures = rows_for(head)
    np.testing.assert_array_equal(loaded.score(pictures).values, head.score(pictures).values)
    assert isinstance(loaded, TechnicalHead)
    assert loaded.card == head.card


def test_parameters_that_do_not_fit_are_refused() -> None:
    head = technical_head("s")
    tensors, settings = head.to_tensors()
    with pytest.raises(HeadError, match="axes of head"):
        TechnicalHead(head.card, {**tensors, "axes": tensors["axes"][1:]}, settings)
    with pytest.raises(HeadError, match="curves and half-widths"):
        TechnicalHead(head.card, tensors, {**settings, "half_widths": [1.0]})
    falling = [[[0.0, 5.0], [1.0, 4.0]], *settings["calibration"][1:]]
    with pytest.raises(HeadError, match="must not fall"):
        TechnicalHead(head.card, tensors, {**settings, "calibration": falling})


def test_the_shipped_file_is_small_and_its_figures_are_on_the_card() -> None:
    assert (DATA / "technical.head").stat().st_size < 3_000_000
    metrics = technical_head("s").card.metrics
    assert 0.85 <= metrics["coverage_90"] <= 0.95
    assert metrics["cv_srcc"] > 0.85


def test_losses_add_up_and_the_worst_counts_most() -> None:
    losses = np.array([[0, 0, 0], [3, 0, 0], [3, 3, 0], [9, 9, 9.0]])
    found = combined_loss(losses)
    assert found[0] == 0
    assert found[1] == pytest.approx(3)
    assert 3 < found[2] < 6
    assert found[3] == 10


def test_resolution_grows_with_the_size_up_to_a_screens() -> None:
    sides = np.array([8, 16, 40, 64, 100, 256, 300, 720, 3000])
    scores = resolution(np.log2(sides) - 8)
    assert (np.diff(scores) >= 0).all()
    assert scores[0] == 0
    assert scores[-1] == scores[-2] == 10


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"sharpness": 5.0}, "soft"),
        ({"sharpness": 5.5, "compression": 2.0, "noise": 4.0}, "strong compression; noisy; soft"),
        ({"sharpness": 1.0}, "blurred"),
        ({"exposure": 4.0}, "underexposed"),
        ({"exposure": 3.0, "highlights": 2.0}, "badly overexposed"),
        ({"highlights": 1.0}, ""),
        ({"colour": 3.0, "resolution": 2.0}, "tiny; strong colour cast"),
        ({"contrast": 5.0}, "odd contrast"),
    ],
)
def test_words_say_what_is_wrong_worst_first(changed: dict[str, float], words: str) -> None:
    assert describe({**CLEAN, **changed}) == words


def test_a_head_speaks_from_its_own_thresholds_on() -> None:
    head = technical_head("s")
    tensors, settings = head.to_tensors()
    assert 3 < settings["words_below"][0] <= 6.5
    other = TechnicalHead(head.card, tensors, {**settings, "words_below": [8.0, 7.0]})
    assert other.describe({**CLEAN, "sharpness": 7.5}) == "soft"
    assert other.describe({**CLEAN, "sharpness": 6.9}) == "blurred"
    without = {name: value for name, value in settings.items() if name != "words_below"}
    assert TechnicalHead(head.card, tensors, without).describe({**CLEAN, "noise": 5.9}) == "noisy"


def test_parts_that_are_not_there_are_not_spoken_of() -> None:
    assert describe({}) == ""
    assert describe({"aesthetic": 1.0, "exposure": 2.0}) == "badly underexposed"


def test_it_is_starters_default_and_every_models_choice(make_embedder) -> None:
    assert quality_head_for(make_embedder("starter-1")).card.name == technical_head("").card.name
    head = quality_head_for(make_embedder("siglip-of-someone"), "technical")
    assert (head.card.name, head.card.space) == ("technical-2", "siglip-of-someone")
