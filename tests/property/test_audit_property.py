"""An audit does not depend on order or names, and its intervals hold their own value."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.verdicts.audit import audit_bias
from framesift.verdicts.audit_results import Answers, AuditOptions
from framesift.verdicts.permutation import holm
from framesift.verdicts.proportions import difference, paired_difference, ratio, share

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
QUICK = AuditOptions(resamples=49, intersections=False)


@given(COUNTS, COUNTS)
def test_intervals_hold_the_value(a: tuple[int, int], b: tuple[int, int]) -> None:
    one, other = share(*a), share(*b)
    apart, times = difference(one, other), ratio(one, other)

    assert 0 <= one.low <= one.value <= one.high <= 1
    assert -1 <= apart.low <= apart.value <= apart.high <= 1
    if not math.isnan(times.value):
        assert 0 <= times.low <= times.value * (1 + 1e-6)
        assert times.value <= times.high * (1 + 1e-6)


@given(st.tuples(*(st.integers(0, 60) for _ in range(4))).filter(any))
def test_paired_intervals_hold_the_value(cells: tuple[int, int, int, int]) -> None:
    found = paired_difference(*cells)

    assert -1 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@given(COUNTS, COUNTS)
def test_a_ratio_turned_round_is_the_same(a: tuple[int, int], b: tuple[int, int]) -> None:
    one, other = ratio(share(*a), share(*b)), ratio(share(*b), share(*a))

    if not math.isnan(one.value) and one.low > 0 and math.isfinite(one.high):
        assert math.isclose(one.low, 1 / other.high, rel_tol=1e-4)


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12))
def test_holm_never_lowers_and_keeps_the_order(p: list[float]) -> None:
    found = holm(p)

    assert all(after >= before for before, after in zip(p, found, strict=True))
    assert max(found) <= 1
    order = np.argsort(p, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 0).all()


@st.composite
def audited(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    count = draw(st.integers(4, 40))
    labels = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    groups = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return np.array(labels), np.array(groups)


def run(labels: np.ndarray, groups: list[str], names: tuple[str, ...] = ("a", "b", "c")):
    hits = np.eye(3, dtype=bool)[labels]
    scores = hits * 0.5 + 0.1
    return audit_bias(Answers(names, hits, scores, 3, {}), {"g": groups}, options=QUICK)


@given(audited(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_pictures_changes_no_figure(data, chance) -> None:
    labels, groups = data
    order = list(range(len(labels)))
    chance.shuffle(order)
    one = run(labels, [f"g{n}" for n in groups])
    two = run(labels[order], [f"g{n}" for n in groups[order]])

    for a, b in zip(one.columns[0].outcomes, two.columns[0].outcomes, strict=True):
        assert a.overall == b.overall
        for x, y in zip(a.groups, b.groups, strict=True):
            assert (x.rate, x.difference, x.ratio.low, x.few) == (
                y.rate, y.difference, y.ratio.low, y.few,
            )  # fmt: skip
            assert math.isclose(x.p, y.p, rel_tol=1e-5)


@given(audited())
@settings(max_examples=25, deadline=None)
def test_names_change_no_figure(data) -> None:
    labels, groups = data
    one = run(labels, [f"g{n}" for n in groups])
    two = run(labels, [f"another {n}" for n in groups], ("x", "y", "z"))

    assert one.finding == two.finding
    for a, b in zip(one.columns[0].outcomes, two.columns[0].outcomes, strict=True):
        for x, y in zip(a.groups, b.groups, strict=True):
            assert (x.rate, x.p, x.adjusted, x.finding) == (y.rate, y.p, y.adjusted, y.finding)


@given(audited())
@settings(max_examples=25, deadline=None)
def test_groups_add_up_and_correction_only_raises(data) -> None:
    labels, groups = data
    audit = run(labels, [f"g{n}" for n in groups])

    for outcome in audit.columns[0].outcomes:
        assert sum(one.rate.total for one in outcome.groups) == len(labels)
        assert sum(one.rate.count for one in outcome.groups) == outcome.overall.count
        for one in outcome.groups:
            # Corrected p is counted over 50 deals: it may fall short by their chance alone.
            assert one.adjusted >= one.p - 0.25
