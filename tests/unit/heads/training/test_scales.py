from __future__ import annotations

import numpy as np
import pytest

from framesift.heads.training.results import Scale
from framesift.heads.training.scales import infer_scale


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([1, 5, 3], (1, 5)),
        ([4.1, 4.9], (1, 5)),
        ([0, 5, 3.5], (0, 5)),
        ([1, 7, 4], (1, 7)),
        ([3, 6, 5], (1, 10)),
        ([1, 10], (1, 10)),
        ([0, 9.5], (0, 10)),
        ([0, 87], (0, 100)),
        ([0.2, 0.9], (0, 1)),
        ([0, 1, 1], (0, 1)),
        ([-3, 3], (-3, 3)),
        ([1000, 1600], (1000, 1600)),
        ([-5, -5], (-10, 0)),
    ],
)
def test_the_narrowest_common_scale_is_taken(ratings, expected):
    scale = infer_scale(np.array(ratings, float))
    assert (scale.low, scale.high) == expected
    assert scale.inferred
    assert scale.words


def test_there_and_back():
    scale = Scale(1, 5)
    assert scale.to_ten(3) == 5
    assert scale.to_raw(scale.to_ten(4.25)) == pytest.approx(4.25)
    assert Scale(10, 1).to_ten(1) == 10
