"""What cards of heads promise."""

from __future__ import annotations

import pytest

from framesift.errors import SpaceMismatchError
from framesift.heads import HeadCard
from framesift.heads.base import check_experts, expert_facts


def test_rows_of_an_expert_that_changed_since_training_are_refused():
    noted = expert_facts({"technical": "views-2", "open_nsfw": "one"})
    card = HeadCard("mine", "quality", "space", ("vectors", "technical"), details=noted)
    check_experts(card, {"technical": "views-2", "open_nsfw": "another, which it does not read"})
    with pytest.raises(SpaceMismatchError, match=r"'technical' gave as views-2.*views-3.*again"):
        check_experts(card, {"technical": "views-3"})
    check_experts(HeadCard("old", "quality", "space", ("technical",)), {"technical": "views-3"})
