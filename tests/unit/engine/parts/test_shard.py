"""Shards: every file belongs to exactly one, whoever asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.engine.parts import Shard
from framesift.errors import ConfigError


@given(st.text(), st.integers(1, 50))
def test_a_name_belongs_to_exactly_one_shard(name, count):
    assert sum(Shard(number, count).has(name) for number in range(1, count + 1)) == 1


def test_shards_are_about_equal():
    names = [f"photos/{number:06}.jpg" for number in range(8000)]
    sizes = [sum(map(Shard(number, 8).has, names)) for number in range(1, 9)]
    assert sum(sizes) == 8000
    assert min(sizes) > 850


def test_a_name_stays_where_it_is_for_ever():
    """What machines agreed on in one version must hold in the next: runs go on after upgrades."""
    assert [Shard(number, 4).has("photos/a.jpg") for number in range(1, 5)].index(True) == 1


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/4", "1/999999"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ConfigError, match="I/N"):
        Shard.parse(text)


def test_a_shard_is_written_as_it_is_read():
    assert str(Shard.parse(" 3/16 ")) == "3/16"
    assert Shard.parse("3/16").label == "-03of16"
    assert Shard().label == ""
