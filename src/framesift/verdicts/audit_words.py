"""What an audit found, in sentences for people. Never "fair"."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.verdicts.audit_results import (
        Audit,
        AuditOptions,
        GroupAudit,
        OutcomeAudit,
    )
    from framesift.verdicts.proportions import Share, Span

__all__ = ["brief", "column_sentences", "headline", "p_words", "percent", "points", "times"]

_TOLD = 6


def percent(share: Share) -> str:
    """Return a share with its interval: ``24.9 % (21.3 to 28.8)``; a dash of an empty group."""
    if share.total == 0:
        return "-"
    return f"{100 * share.value:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def brief(share: Share) -> str:
    """Return a share in percent for a table that says so: ``24.9 (21 to 29)``."""
    if share.total == 0:
        return "-"
    return f"{100 * share.value:.1f} ({100 * share.low:.0f} to {100 * share.high:.0f})"


def points(span: Span) -> str:
    """Return a difference in percentage points: ``+8.5 (+2.1 to +14.0)``."""
    if math.isnan(span.value):
        return "-"
    ends = "" if math.isnan(span.low) else f" ({_signed(span.low)} to {_signed(span.high)})"
    return f"{_signed(span.value)}{ends}"


def times(span: Span) -> str:
    """Return a ratio: ``2.1 (1.2 to 3.9)``; ``over`` where the other group has none."""
    if math.isnan(span.value):
        return "-"
    value = "over" if math.isinf(span.value) else f"{span.value:.2f}"
    high = "any" if math.isinf(span.high) else f"{span.high:.2f}"
    return f"{value} ({span.low:.2f} to {high})"


def headline(audit: Audit) -> str:
    """Say in one sentence what was found over all columns."""
    if audit.finding == "found":
        landed = any(
            one.adjusted <= audit.options.alpha
            for column in (*audit.columns, *audit.errors)
            for outcome in column.outcomes
            for one in outcome.groups
        )
        if landed or any(one.adjusted <= audit.options.alpha for one in audit.columns):
            return "Groups get different answers."
        return "Groups get different scores, though not different answers as far as can be told."
    if audit.finding == "not found":
        return (
            "No difference stands out, and none of "
            f"{100 * audit.options.margin:.0f} points or more is hidden."
        )
    return "No difference stands out, but one that matters could be hidden."


def column_sentences(
    outcomes: Sequence[OutcomeAudit],
    sizes: Mapping[str, int],
    adjusted: float,
    options: AuditOptions,
) -> tuple[str, ...]:
    """Say what was found in a column, or how much could be hidden in it."""
    found = sorted(
        ((one, outcome.name) for outcome in outcomes for one in outcome.groups
         if one.finding == "found"),
        key=lambda pair: (_clearest(pair[0]), -abs(pair[0].difference.value)),
    )  # fmt: skip
    lines = [_found(one, name, len(sizes)) for one, name in _once(found, len(sizes))[:_TOLD]]
    more = len(_once(found, len(sizes))) - len(lines)
    if more > 0:
        lines.append(f"And {more:,} more, in the table.")
    if not found and adjusted <= options.alpha:
        lines.append(
            f"The answers as a whole differ between the groups ({p_words(adjusted)}), though no "
            "single group and label stands out."
        )
    if not lines:
        lines.append(_hidden(outcomes, options))
    small = [f"{name} ({count:,})" for name, count in sizes.items() if count < options.few]
    if small:
        told = ", ".join(small[:_TOLD]) + (" and others" if len(small) > _TOLD else "")
        lines.append(f"Too small to say much of: {told}.")
    return tuple(lines)


def _once(found: Sequence[tuple[GroupAudit, str]], groups: int) -> list[tuple[GroupAudit, str]]:
    """Of two groups each is the other's rest: the one that gets more of it is told."""
    if groups != 2:
        return list(found)
    return [pair for pair in found if _upwards(pair[0])]


def _upwards(one: GroupAudit) -> bool:
    if one.difference.value == 0 and one.score is not None:
        return one.score.gap.value > 0
    return one.difference.value > 0


def _clearest(one: GroupAudit) -> float:
    return min(one.adjusted, one.score.adjusted if one.score else 1.0)


def _found(one: GroupAudit, outcome: str, groups: int) -> str:
    rest = "of the other group" if groups == 2 else "of the rest"
    score = one.score
    if score is not None and score.adjusted < one.adjusted:
        word = "higher" if score.superiority > 0.5 else "lower"
        share = score.superiority if score.superiority > 0.5 else 1 - score.superiority
        return (
            f"{one.name}: the score of {outcome} is {word} than that {rest} in "
            f"{100 * share:.0f} of 100 pairs ({p_words(score.adjusted)}), {score.mean:.2g} on "
            f"average against {score.rest:.2g}; landing in it: {percent(one.rate)} against "
            f"{100 * one.rest.value:.1f} %."
        )
    return (
        f"{one.name}: {percent(one.rate)} land in {outcome}, {100 * one.rest.value:.1f} % {rest}; "
        f"{points(one.difference)} points ({p_words(one.adjusted)})."
    )


def _hidden(outcomes: Sequence[OutcomeAudit], options: AuditOptions) -> str:
    """Say the largest difference that none of this rules out."""
    worst = max(
        ((max(-one.difference.low, one.difference.high), one, outcome.name)
         for outcome in outcomes for one in outcome.groups),
        key=lambda each: each[0],
        default=None,
    )  # fmt: skip
    if worst is None:
        return "There is nothing to compare."
    size, one, name = worst
    if size <= options.margin:
        return (
            f"No difference stands out, and none of {100 * options.margin:.0f} points or more is "
            f"hidden: the widest interval ends at {100 * size:.0f} ({one.name}, {name})."
        )
    return (
        f"No difference stands out, but up to {100 * size:.0f} points could be hidden "
        f"({name}: {one.name}, {one.rate.total:,} in all); more pictures of each group would "
        "tell."
    )


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")


def p_words(value: float) -> str:
    """Return ``p = 0.012``, or ``p under 0.001``."""
    return f"p = {value:.3f}" if value >= 0.001 else "p under 0.001"
