"""A stretch of a file behaves like a file with just these bytes."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.media.slices import Slice

DATA = bytes(range(200))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 80)),
        st.tuples(st.just("seek"), st.integers(0, 150)),
        st.tuples(st.just("back"), st.integers(0, 60)),
    ),
    max_size=12,
)


@given(st.integers(0, 200), st.integers(0, 100), STEPS)
def test_it_reads_as_a_copy_would(start, size, steps):
    inside = DATA[start : start + size]
    size = len(inside)
    with Slice.buffered(io.BytesIO(DATA), start, size) as file, io.BytesIO(inside) as copy:
        for step, number in steps:
            if step == "read":
                assert file.read(number) == copy.read(number)
            elif step == "seek":
                assert file.seek(number) == copy.seek(number)
            else:
                number = min(number, size)
                assert file.seek(-number, io.SEEK_END) == copy.seek(-number, io.SEEK_END)
            assert file.tell() == copy.tell()
        assert file.read() == copy.read()


def test_closing_it_closes_the_file():
    file = io.BytesIO(DATA)
    Slice.buffered(file, 3, 4).close()
    assert file.closed


def test_nothing_lies_before_its_beginning():
    with pytest.raises(ValueError, match="before the beginning"):
        Slice(io.BytesIO(DATA), 3, 4).seek(-1)
