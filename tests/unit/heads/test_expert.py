from __future__ import annotations

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads import ExpertHead


def test_the_number_stands_for_both_categories(random_embeddings):
    chance = np.array([[0.02], [0.97], [0.5]], np.float32)
    scores = ExpertHead("fake-1").score(random_embeddings(3, open_nsfw=chance))
    assert scores.names == ("sexual_explicit", "nudity")
    np.testing.assert_allclose(scores.values, np.repeat(chance, 2, axis=1))
    assert ExpertHead("fake-1").card.source == "open_nsfw"


def test_rounding_outside_the_range_is_clipped_and_nan_is_kept(random_embeddings):
    chance = np.array([[1.0001], [-0.0001], [np.nan]], np.float32)
    values = ExpertHead("fake-1").score(random_embeddings(3, open_nsfw=chance)).values
    assert values[0, 0] == 1.0
    assert values[1, 0] == 0.0
    assert np.isnan(values[2]).all()


def test_without_the_expert_it_says_what_is_missing(random_embeddings):
    with pytest.raises(HeadError, match="'open_nsfw', which is not among: vectors"):
        ExpertHead("fake-1").score(random_embeddings(1))


def test_another_space_is_refused(random_embeddings):
    pictures = random_embeddings(1, space="other", open_nsfw=np.zeros((1, 1), np.float32))
    with pytest.raises(SpaceMismatchError):
        ExpertHead("fake-1").score(pictures)
