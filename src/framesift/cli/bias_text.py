"""A bias audit on the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framesift.cli.console import plural
from framesift.cli.figures import laid_out
from framesift.reports.words import visible
from framesift.verdicts.audit import TIMES
from framesift.verdicts.audit_words import brief, headline, p_words, percent, points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.reports.bias_report import BiasReport
    from framesift.verdicts.audit_results import (
        ColumnAudit,
        LabelEffect,
        OutcomeAudit,
        WordingEffect,
    )
    from framesift.verdicts.presets import Published

__all__ = ["bias_text"]

_MOST_ROWS = 16
_MARK = " *"


def bias_text(report: BiasReport) -> str:
    """Return the summary: what was found, a table per column, and what else was tried."""
    return "\n".join(_lines(report))


def _lines(report: BiasReport) -> Iterator[str]:
    audit = report.audit
    model = f", model {report.header.model.name}" if report.header.model else ""
    yield f"{visible(report.subject)}{model}, {plural(audit.pictures, 'picture')}"
    yield f"differences between groups: {audit.finding}. {headline(audit)}"
    for column in (*audit.columns, *audit.errors):
        yield ""
        yield from _column(column, report)
    if report.added is not None:
        yield ""
        yield from _added(report.added)
    if report.worded is not None:
        yield ""
        yield from _worded(report.worded)
    if report.published:
        yield ""
        yield from _published(report.published, report)
    yield ""
    yield (
        f"Chance of any false finding: {100 * audit.options.alpha:g} % over {audit.tests:,} tests "
        "(Westfall and Young); intervals are 95 % each. *: too few pictures to say much."
    )


def _column(column: ColumnAudit, report: BiasReport) -> Iterator[str]:
    wrong = " (errors)" if column in report.audit.errors else ""
    yield f"{visible(column.name)}{wrong}: {column.finding}"
    for sentence in column.sentences:
        yield f"- {visible(sentence)}"
    if not math.isnan(column.within):
        yield f"- All answers, other columns held equal: {p_words(column.within)} (Holm)."
    shown = _shown(column, report)
    if len(column.sizes) > _MOST_ROWS or not shown:
        return
    head = [column.name, "pictures", *(f"{outcome.name}, %" for outcome in shown)]
    rows = []
    for place, (name, count) in enumerate(column.sizes.items()):
        few = _MARK if count < report.audit.options.few else ""
        cells = [brief(outcome.groups[place].rate) for outcome in shown]
        rows.append([visible(name) + few, f"{count:,}", *cells])
    yield ""
    yield laid_out(head, rows)


def _shown(column: ColumnAudit, report: BiasReport) -> list[OutcomeAudit]:
    """Choose what a table shows: named sets, what was found, then what is most frequent."""
    ranked = sorted(
        (one for one in column.outcomes if one.overall.count or one.name in report.sets),
        key=lambda one: (
            one.name not in report.sets,
            one.finding != "found",
            -one.overall.value,
        ),
    )
    chosen = {one.name for one in ranked[:3]}
    return [one for one in column.outcomes if one.name in chosen]


def _added(effect: LabelEffect) -> Iterator[str]:
    names = ", ".join(effect.added)
    yield f"with {visible(names)}, which takes {percent(effect.taken)}:"
    rows = [
        [
            visible(f"{one.column} {one.group}"),
            visible(one.outcome),
            f"{100 * one.before.value:.1f}",
            f"{100 * one.after.value:.1f}",
            points(one.change),
            f"{one.adjusted:.3f}",
        ]
        for one in effect.groups
        if TIMES not in one.column and (one.before.count or one.after.count)
    ]
    if rows:
        head = ["", "landing in", "before, %", "after, %", "change, points", "p (Holm)"]
        yield laid_out(head, rows)
    else:
        yield "- Before and after, nobody lands in what is looked at."
    for one in effect.spreads:
        if TIMES not in one.column and (one.before or one.after):
            yield (
                f"- {visible(one.column)}, {visible(one.outcome)}: the groups lie "
                f"{100 * one.before:.1f} points apart before, {100 * one.after:.1f} after; "
                f"{points(one.change)}."
            )


def _worded(effect: WordingEffect) -> Iterator[str]:
    yield "other wordings:"
    outcomes = [name for name, shares in effect.shares.items() if any(shares)][:4]
    rows = [
        [
            visible(wording),
            f"{100 * effect.changed[place]:.0f} %",
            *(f"{100 * effect.shares[name][place]:.1f} %" for name in outcomes),
        ]
        for place, wording in enumerate(effect.wordings)
    ]
    yield laid_out(["wording", "answers changed", *outcomes], rows)
    turned = [one for one in effect.groups if one.reversed]
    flips = [one for one in effect.groups if one.flips and TIMES not in one.column]
    yield (
        f"- The sign of a group's difference flips in some wording for {len(flips):,} of "
        f"{sum(1 for one in effect.groups if TIMES not in one.column):,} groups and outcomes; "
        f"beyond doubt both ways for {len(turned):,}."
    )


def _published(rows: Sequence[Published], report: BiasReport) -> Iterator[str]:
    yield f"beside what was published ({report.credit}):"
    told = [
        [
            visible(one.group),
            visible(one.outcome) + (", one more label" if one.added else ""),
            f"{one.percent:.1f} %",
            "-" if one.measured is None else percent(one.measured),
        ]
        for one in rows
        if one.measured is not None
    ]
    yield laid_out(["", "landing in", "published", "measured"], told)
    yield report.caveat
