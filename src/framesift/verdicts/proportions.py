"""Shares of small groups, their differences and ratios, with intervals that hold for few pictures.

Sources: a share by the score interval of Wilson (1927); the difference of two shares by Newcombe's
hybrid score interval (1998, "Interval estimation for the difference between independent
proportions", method 10); the ratio by the score interval of Koopman (1984); the difference of two
shares of the same pictures by Newcombe's method 10 for paired data (1998, "Improved confidence
intervals for the difference between binomial proportions based on paired data"). The smallest
difference that a test finds is the sample-size formula of Fleiss, Levin and Paik (2003, chapter 4)
solved for the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

__all__ = [
    "LEVEL",
    "Share",
    "Span",
    "detectable",
    "difference",
    "paired_difference",
    "ratio",
    "share",
]

LEVEL = 0.95
"""How often an interval holds what it is about."""

POWER = 0.8
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
_STEPS = 80
_WIDEST = 1e6


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a group.

    Attributes:
        value: In [0, 1]; NaN of an empty group.
        low: Lower end of the 95 % interval, in [0, 1].
        high: Upper end.
        count: Pictures that are meant.
        total: Pictures of the group.
    """

    value: float
    low: float
    high: float
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Span:
    """A difference, ratio or gap with its 95 % interval.

    Attributes:
        value: NaN where it has no meaning, infinite for a ratio to nothing.
        low: Lower end; NaN where there is no interval.
        high: Upper end; infinite where no bound can be given.
    """

    value: float
    low: float
    high: float


def share(count: int, total: int) -> Share:
    """Return a share with its Wilson interval; of nothing NaN, with the interval [0, 1]."""
    if total == 0:
        return Share(math.nan, 0.0, 1.0, 0, 0)
    value = count / total
    scale = 1 + _Z**2 / total
    middle = (value + _Z**2 / (2 * total)) / scale
    reach = _Z / scale * math.sqrt(value * (1 - value) / total + (_Z / (2 * total)) ** 2)
    # Exact at the ends, where rounding would leave a trace.
    low = 0.0 if count == 0 else max(middle - reach, 0.0)
    high = 1.0 if count == total else min(middle + reach, 1.0)
    return Share(value, low, high, count, total)


def difference(a: Share, b: Share) -> Span:
    """Return ``a - b`` of two different groups, in [-1, 1], by Newcombe's method 10."""
    value = a.value - b.value
    below = math.hypot(a.value - a.low, b.high - b.value)
    above = math.hypot(a.high - a.value, b.value - b.low)
    return Span(value, max(value - below, -1.0), min(value + above, 1.0))


def ratio(a: Share, b: Share) -> Span:
    """Return ``a / b`` of two different groups by Koopman's score interval.

    NaN and [0, infinity] where neither group has any.
    """
    if a.count == 0 and b.count == 0:
        return Span(math.nan, 0.0, math.inf)
    value = math.inf if b.count == 0 else a.value / b.value
    low = 0.0 if a.count == 0 else _score_end(a, b, upper=False)
    high = math.inf if b.count == 0 else _score_end(a, b, upper=True)
    return Span(value, low, high)


def paired_difference(both: int, lost: int, gained: int, neither: int) -> Span:
    """Return ``after - before`` of a share of the same pictures by Newcombe's paired method 10.

    Args:
        both: Pictures that are meant before and after.
        lost: Before alone.
        gained: After alone.
        neither: Never.
    """
    total = both + lost + gained + neither
    after, before = share(both + gained, total), share(both + lost, total)
    if total == 0:
        return Span(math.nan, -1.0, 1.0)
    phi = _correlation(both, lost, gained, neither)
    value = (gained - lost) / total
    below, above = (
        math.sqrt(max(x**2 - 2 * phi * x * y + y**2, 0.0))
        for x, y in (
            (after.value - after.low, before.high - before.value),
            (after.high - after.value, before.value - before.low),
        )
    )
    return Span(value, max(value - below, -1.0), min(value + above, 1.0))


def detectable(base: float, group: int, rest: int, level: float) -> float:
    """Return the smallest rise over a base share that a two-sided test finds in 80 of 100 cases.

    Args:
        base: Share of the rest, in [0, 1].
        group: Pictures of the group.
        rest: Pictures of the rest.
        level: Below which p counts as found, in (0, 1).

    Returns:
        A difference in (0, 1 - base]; NaN where not even a share of 1 would be found.
    """
    if min(group, rest) < 1 or not 0 <= base < 1:
        return math.nan
    strict, power = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(POWER)

    def found(rise: float) -> bool:
        one = base + rise
        pooled = (group * one + rest * base) / (group + rest)
        null = math.sqrt(pooled * (1 - pooled) * (1 / group + 1 / rest))
        actual = math.sqrt(one * (1 - one) / group + base * (1 - base) / rest)
        return rise >= strict * null + power * actual

    if not found(1 - base):
        return math.nan
    low, high = 0.0, 1 - base
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def _correlation(both: int, lost: int, gained: int, neither: int) -> float:
    """Phi with the correction of Newcombe: where positive, its numerator loses half the total."""
    margins = (both + lost) * (gained + neither) * (both + gained) * (lost + neither)
    if margins == 0:
        return 0.0
    product = both * neither - lost * gained
    if product > 0:
        product = max(product - (both + lost + gained + neither) / 2, 0.0)  # type: ignore[assignment]
    return float(product / math.sqrt(margins))


def _score_end(a: Share, b: Share, *, upper: bool) -> float:
    """Find where the score statistic of a ratio reaches the normal quantile, by bisection."""
    start = a.value / b.value if a.count and b.count else 1.0
    low, high = (math.log(start), math.log(_WIDEST)) if upper else (-math.log(_WIDEST), 0.0)
    if not upper:
        high = math.log(start) if b.count else math.log(_WIDEST)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        inside = _score(a, b, math.exp(middle)) <= _Z**2
        if upper:
            low, high = (middle, high) if inside else (low, middle)
        else:
            low, high = (low, middle) if inside else (middle, high)
    return math.exp((low + high) / 2)


def _score(a: Share, b: Share, relative: float) -> float:
    """Pearson's statistic of two counts under the likeliest shares with a given ratio."""
    total, hits = a.total + b.total, a.count + b.count
    square = total * relative
    linear = relative * (a.total + b.count) + a.count + b.total
    root = math.sqrt(max(linear**2 - 4 * square * hits, 0.0))
    second = 2 * hits / (linear + root)
    result = 0.0
    for one, part in ((a, min(second * relative, 1.0)), (b, min(second, 1.0))):
        spread = one.total * part * (1 - part)
        off = (one.count - one.total * part) ** 2
        result += off / spread if spread > 0 else (math.inf if off > 1e-9 else 0.0)
    return result
