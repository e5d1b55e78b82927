"""What every head that reads several frames must hold."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.clip import ClipHead, fights_head
from framesift.types import Embeddings

MAKERS = {"fights": (fights_head, 1280)}


@pytest.fixture(params=MAKERS)
def made(request) -> tuple[ClipHead, int]:
    maker, width = MAKERS[request.param]
    return maker(), width


def video(width: int, count: int, seed: int = 0) -> Embeddings:
    """Frames of one scene, each a little different, with every extra that heads read."""
    rng = np.random.default_rng(seed)
    scene = rng.gamma(0.3, 0.5, width)
    rows = np.clip(scene + rng.normal(0, 0.05, (count, width)), 0, 6).astype(np.float32)
    return Embeddings(np.ones((count, 2), np.float32), "starter-1", "f", {"features": rows})


def moments(count: int, step: str = "0.25", start: str = "0") -> tuple[Fraction, ...]:
    return tuple(Fraction(start) + Fraction(step) * number for number in range(count))


def taken(frames: Embeddings, rows: slice | list[int]) -> Embeddings:
    extras = {name: array[rows] for name, array in frames.extras.items()}
    return replace(frames, vectors=frames.vectors[rows], extras=extras)


def test_it_is_a_clip_head_with_a_full_card(made):
    head, _ = made
    assert isinstance(head, ClipHead)
    card = head.card
    assert card.task == "moderation"
    assert all((card.name, card.space, card.inputs, card.source, card.provenance, card.licence))
    assert card.metrics
    assert (card.low, card.high) == (0.0, 1.0)


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_one_score_per_moment_and_label(made, count):
    head, width = made
    scores = head.score(video(width, count), moments(count))
    assert scores.head == head.card.name
    assert scores.names == head.names
    assert scores.values.shape == (count, len(head.names))
    assert scores.values.dtype == np.float32
    assert ((scores.values >= 0) & (scores.values <= 1)).all()


def test_scores_say_something(made):
    head, width = made
    still, moving = video(width, 1), video(width, 9)
    same = head.score(taken(still, [0] * 9), moments(9)).values
    assert (head.score(moving, moments(9)).values > same + 0.01).all()


@given(start=st.fractions(0, 10_000, max_denominator=90_000))
def test_when_it_begins_does_not_matter(start):
    for maker, width in MAKERS.values():
        head, frames = maker(), video(width, 12)
        shifted = head.score(frames, tuple(time + start for time in moments(12))).values
        np.testing.assert_allclose(shifted, head.score(frames, moments(12)).values, atol=1e-5)


def test_a_cut_into_two_files_where_a_shot_begins_changes_nothing(made):
    head, width = made
    frames, times = video(width, 24), moments(24)
    whole = head.score(frames, times, cuts=(times[10],)).values
    parts = [
        head.score(taken(frames, rows), times[rows]).values
        for rows in (slice(0, 10), slice(10, 24))
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)


def test_far_away_frames_do_not_matter(made):
    head, width = made
    frames, times = video(width, 80), moments(80)
    whole = head.score(frames, times).values
    part = head.score(taken(frames, slice(20, 60)), times[20:60]).values
    np.testing.assert_allclose(part[4:-4], whole[24:56], atol=1e-6)


def test_a_frame_that_is_nan_gets_no_number_and_spoils_no_other(made):
    head, width = made
    frames = video(width, 12)
    rows = {name: array.copy() for name, array in frames.extras.items()}
    for array in rows.values():
        array[5] = np.nan
    values = head.score(replace(frames, extras=rows), moments(12)).values
    assert np.isnan(values[5]).all()
    assert np.isfinite(np.delete(values, 5, axis=0)).all()


def test_bad_input_is_refused(made):
    head, width = made
    frames = video(width, 3)
    with pytest.raises(SpaceMismatchError, match="elsewhere"):
        head.score(replace(frames, space="elsewhere"), moments(3))
    with pytest.raises(SpaceMismatchError):
        head.score(video(width + 1, 3), moments(3))
    with pytest.raises(HeadError, match="features"):
        head.score(replace(frames, extras={}), moments(3))
    with pytest.raises(HeadError, match="ascending"):
        head.score(frames, moments(3)[::-1])
