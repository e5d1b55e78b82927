"""Whether pictures lie where ordinary ones do."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import HeadCard, load_head, save_head
from framesift.heads.known import (
    KnownHead,
    KnownOptions,
    known_head_for,
    known_input,
    shipped_known,
)
from framesift.types import Embeddings

WIDTH = 24
CARD = HeadCard("ordinary", "known", "space-1")


def embeddings(rows, space="space-1"):
    return Embeddings(np.asarray(rows, np.float32), space, "any")


def ordinary(count, seed):
    """Pictures near a plane of four dimensions."""
    rng = np.random.default_rng(seed)
    plane = np.random.default_rng(1).normal(size=(4, WIDTH))
    return rng.normal(size=(count, 4)) @ plane + 0.1 * rng.normal(size=(count, WIDTH))


@pytest.fixture(scope="module")
def head():
    return KnownHead.fit(CARD, embeddings(ordinary(400, 2)), options=KnownOptions(share=0.05))


def test_the_stated_share_of_new_ordinary_pictures_is_unknown(head):
    marked = head.score(embeddings(ordinary(1000, 3))).distance > 1
    assert 0.02 < marked.mean() < 0.09


def test_pictures_of_another_kind_are_unknown(head):
    rows = np.random.default_rng(4).normal(size=(100, WIDTH))
    scores = head.score(embeddings(rows))
    assert (scores.distance > 1).all()
    assert (scores.percentile == 100).all()
    assert (scores.values == 0).all()


def test_a_stricter_share_marks_fewer(head):
    rows = embeddings(ordinary(400, 2))
    few = KnownHead.fit(CARD, rows)
    assert few.options.share == 0.005
    assert few.limit > head.limit


def test_only_typical_pictures_say_where_the_limit_is():
    wide = 1.5 * np.random.default_rng(5).normal(size=(40, WIDTH))
    rows = np.concatenate([ordinary(300, 2), wide])
    new = embeddings(1.5 * np.random.default_rng(6).normal(size=(40, WIDTH)))
    narrow = KnownHead.fit(CARD, embeddings(rows), typical=np.arange(340) < 300)
    every = KnownHead.fit(CARD, embeddings(rows))
    assert narrow.score(new).distance.min() > every.score(new).distance.max()


def test_examples_of_unusual_pictures_show_where_others_are():
    """What lies along one direction is noticed there, near as it may be."""
    plane = np.random.default_rng(1).normal(size=(4, WIDTH))
    aside = np.linalg.svd(plane)[2][-1]
    rows, shown, unseen = (
        ordinary(count, seed) + far * aside
        for count, seed, far in ((400, 2, 0), (60, 3, 1.3), (60, 4, 1.2))
    )
    blind = KnownHead.fit(CARD, embeddings(rows))
    taught = KnownHead.fit(CARD, embeddings(rows), unusual=embeddings(shown))
    marked = [head.score(embeddings(unseen)).distance > 1 for head in (blind, taught)]
    assert marked[1].mean() > 0.8
    assert marked[0].mean() < 0.1
    assert (taught.score(embeddings(ordinary(500, 5))).distance > 1).mean() < 0.05


def test_what_it_was_fitted_on_is_nearer_than_what_was_held_out(head):
    assert (head.score(embeddings(ordinary(400, 2))).distance > 1).mean() < 0.05


def test_a_distance_that_is_no_number_is_not_below_the_limit(head):
    rows = ordinary(2, 6)
    rows[1] = np.nan
    scores = head.score(embeddings(rows))
    assert not scores.distance[1] <= 1


def test_it_scores_alike_after_it_was_saved(head, tmp_path):
    again = load_head(save_head(head, tmp_path / "ordinary"), task="known", space="space-1")
    rows = embeddings(ordinary(50, 7))
    np.testing.assert_array_equal(again.score(rows).distance, head.score(rows).distance)
    np.testing.assert_array_equal(again.score(rows).percentile, head.score(rows).percentile)


def test_rows_of_another_width_or_space_are_refused(head):
    with pytest.raises(HeadError, match="numbers"):
        head.score(embeddings(np.ones((1, 5))))
    with pytest.raises(SpaceMismatchError):
        head.score(embeddings(ordinary(1, 1), space="other"))


@pytest.mark.parametrize(
    ("rows", "words"), [(ordinary(49, 1), "too few"), (np.ones((60, WIDTH)), "alike")]
)
def test_what_says_nothing_of_ordinary_pictures_is_refused(rows, words):
    with pytest.raises(HeadError, match=words):
        KnownHead.fit(CARD, embeddings(rows))


def test_more_numbers_than_pictures_are_no_hindrance():
    rows = np.random.default_rng(8).normal(size=(60, 300)) + 3
    wide = KnownHead.fit(CARD, embeddings(rows))
    assert np.isfinite(wide.score(embeddings(rows)).distance).all()


def test_features_are_read_where_there_are_any():
    vectors = np.ones((1, 3), np.float32)
    assert known_input(Embeddings(vectors, "s", "f", {"features": vectors})) == "features"
    assert known_input(embeddings(vectors)) == "vectors"


def test_the_choice_of_a_detector(head, tmp_path):
    starter = SimpleNamespace(space="starter-1")
    other = SimpleNamespace(space="space-1")
    assert known_head_for(starter).card.name == "starter-known-1"
    assert known_head_for(starter, "none") is None
    assert known_head_for(other) is None
    path = save_head(head, tmp_path / "mine")
    assert known_head_for(other, str(path)).card == head.card
    with pytest.raises(SpaceMismatchError):
        known_head_for(starter, str(path))
    with pytest.raises(HeadError, match=r"missing\.head"):
        known_head_for(other, str(tmp_path / "missing.head"))


def test_the_shipped_detector_says_where_it_comes_from():
    card = shipped_known("starter-1").card
    assert "Flickr8k" in card.provenance
    assert card.inputs == ("features",)
    assert 0 < card.metrics["false_alarms_imagenet"] < 0.1
    assert shipped_known("openai/clip-vit-b-32") is None
