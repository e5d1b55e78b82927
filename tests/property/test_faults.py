"""What must hold of faults whatever comes out of a decoder."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.frames.faults import FaultMeter

_RNG = np.random.default_rng(0)
_SCENE = _RNG.integers(0, 255, (9, 18, 3)).repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)
POOL = [
    np.zeros((72, 128, 3), np.uint8),
    np.full((72, 128, 3), 255, np.uint8),
    np.full((72, 128, 3), (0, 90, 200), np.uint8),
    *(np.ascontiguousarray(_SCENE[:, shift : shift + 128]) for shift in range(0, 12, 3)),
    _RNG.integers(0, 255, (72, 128, 3), np.uint8),
]
LABELS = {"black", "blank", "freeze", "flicker", "shake"}

RUN = st.tuples(
    st.lists(st.sampled_from(range(len(POOL))), min_size=1, max_size=4),
    st.integers(1, 25),
    st.sampled_from(
        [Fraction(1, 60), Fraction(1001, 30000), Fraction(1, 25), Fraction(1), Fraction(7)]
    ),
    st.booleans(),
    st.booleans(),
)
VIDEO = st.lists(RUN, min_size=1, max_size=5)


def show(runs: list[tuple[list[int], int, Fraction, bool, bool]], start: Fraction):
    """Show runs of pictures, each repeated in turn."""
    meter, time = FaultMeter(), start
    for pool, times, step, joined, timed in runs:
        for _ in range(times):
            for place in pool:
                meter.see(time, step if timed else None, POOL[place], joined=joined)
                time += step
    return *meter.finish(time, None), time


@settings(max_examples=60, deadline=None)
@given(VIDEO, st.fractions(-10, 1000, max_denominator=90_000))
def test_faults_are_in_order_disjoint_and_inside(
    runs: list[tuple[list[int], int, Fraction, bool, bool]], start: Fraction
) -> None:
    faults, measures, end = show(runs, start)
    assert {fault.label for fault in faults} <= LABELS
    assert all(start <= fault.start < fault.end <= end for fault in faults)
    assert all(0 <= fault.peak <= 1 for fault in faults)
    assert [fault.start for fault in faults] == sorted(fault.start for fault in faults)
    for label in LABELS:
        own = [fault for fault in faults if fault.label == label]
        assert all(before.end <= after.start for before, after in pairwise(own))
    assert all(0 <= score <= 10 for _, score in measures)


@settings(max_examples=25, deadline=None)
@given(VIDEO, st.integers(1, 900))
def test_a_later_clock_moves_the_faults_and_nothing_else(
    runs: list[tuple[list[int], int, Fraction, bool, bool]], later: int
) -> None:
    faults, measures, _ = show(runs, Fraction(0))
    moved, same, _ = show(runs, Fraction(later))
    assert [(each.label, each.start + later, each.end + later) for each in faults] == [
        (each.label, each.start, each.end) for each in moved
    ]
    assert measures == same
