"""The page of a bias audit: what was found, group by group, and what it does not say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.bias_report import PROMISE
from framesift.reports.forest import ForestRow, forest
from framesift.reports.page import counted, shown
from framesift.verdicts.audit import TIMES
from framesift.verdicts.audit_words import headline, p_words, percent, points, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from framesift.reports.bias_report import BiasReport
    from framesift.verdicts.audit_results import (
        ColumnAudit,
        Finding,
        GroupAudit,
        LabelEffect,
        OutcomeAudit,
        WordingEffect,
    )

__all__ = ["bias_page"]

_PLOTS = 6
_ROWS = 70
_MARKS = {"found": "none", "too few to tell": "weak", "not found": ""}


def bias_page(report: BiasReport) -> str:
    """Write a bias audit as one page that opens offline. It shows no picture of anybody."""
    audit = report.audit
    body = [_opening(report)]
    body += [_column(column, report, place) for place, column in enumerate(audit.columns)]
    body += [
        _column(column, report, place, _ERRORS)
        for place, column in enumerate(audit.errors, start=len(audit.columns))
    ]
    body.append(_added(report.added))
    body.append(_worded(report.worded))
    body.append(_published(report))
    body.append(parts.section("method", "How to read this", _method(report)))
    body.append(_left_out(report))
    body.append(_about(report))
    header = report.header
    facts = [f"Bias audit on {counted(audit.pictures, 'picture')}"]
    if header.model:
        facts.append(f"model {header.model.name}")
    if header.started:
        facts.append(f"{header.started:%d %B %Y, %H:%M}".lstrip("0"))
    notices = [report.warning, header.notice or "", *report.notes, *audit.notes]
    return parts.render(report.subject, " · ".join(facts), body, [text for text in notices if text])


_ERRORS = "Wrong answers among pictures of the same truth: labels given wrongly, and labels missed."


def _opening(report: BiasReport) -> str:
    audit = report.audit
    lines = [
        f"<li>{shown(column.name)}{' (errors)' if column in audit.errors else ''}: "
        f"{_finding(column.finding)}</li>"
        for column in (*audit.columns, *audit.errors)
    ]
    mark = (
        f'<span class="strength {_MARKS[audit.finding]}">{shown(audit.finding.capitalize())}</span>'
    )
    verdict = (
        f'<div class="verdict">{mark}<p class="headline">{shown(headline(audit))}</p>'
        f"<ul>{''.join(lines)}</ul></div>"
    )
    smallest = min(min(column.sizes.values()) for column in audit.columns)
    tiles = parts.tiles(
        (
            (f"{audit.pictures:,}", "pictures"),
            (f"{smallest:,}", "in the smallest group"),
            (f"{audit.tests:,}", "tests, corrected together"),
            (f"{100 * audit.options.margin:g}", "points matter"),
        )
    )
    return f'<div class="opening">{verdict}<div class="tiles">{tiles}</div></div>'


def _column(column: ColumnAudit, report: BiasReport, place: int, words: str = "") -> str:
    outcomes = _chosen(column, report)
    lines = [*column.sentences]
    if not math.isnan(column.p):
        lines.append(f"All answers together: {p_words(column.p)} by itself.")
    if not math.isnan(column.within):
        lines.append(
            f"All answers together, the other columns held equal: {p_words(column.within)} (Holm)."
        )
    told = "".join(f"<li>{shown(line)}</li>" for line in lines)
    plotted = [one for one in outcomes if one.overall.count or one.name in report.sets]
    graphs = "".join(_graph(outcome, column) for outcome in plotted)
    body = f'<ul class="told-list">{told}</ul>'
    body += f'<div class="graphs">{graphs}</div>' if graphs else ""
    table = parts.table(_HEAD, _rows(outcomes), numbers_from=2)
    body += f'<details class="more"><summary>The figures</summary>{table}</details>'
    title = f"{column.name}: {column.finding}"
    return parts.section(f"column-{place}", title, body, words)


_HEAD = (
    "Group", "Outcome", "Share", "The rest", "Difference, points", "Ratio", "p, corrected",
    "Found from, points", "Score: higher in, %", "p, corrected", "Verdict",
)  # fmt: skip


def _rows(outcomes: Sequence[OutcomeAudit]) -> Iterator[tuple[str, ...]]:
    count = 0
    for outcome in outcomes:
        for one in outcome.groups:
            count += 1
            if count > _ROWS * _PLOTS:
                return
            yield _row(one, outcome.name)


def _row(one: GroupAudit, outcome: str) -> tuple[str, ...]:
    found = "&ndash;" if math.isnan(one.detectable) else f"{100 * one.detectable:.0f}"
    score = one.score
    return (
        shown(one.name) + ("<small>few pictures</small>" if one.few else ""),
        shown(outcome),
        shown(percent(one.rate)),
        shown(percent(one.rest)),
        shown(points(one.difference)),
        shown(times(one.ratio)),
        f"{one.adjusted:.3f}",
        found,
        "&ndash;" if score is None else f"{100 * score.superiority:.0f}",
        "&ndash;" if score is None else f"{score.adjusted:.3f}",
        _finding(one.finding),
    )


def _chosen(column: ColumnAudit, report: BiasReport) -> list[OutcomeAudit]:
    """Choose what is shown: named sets, what was found, then what is most frequent."""
    ranked = sorted(
        column.outcomes,
        key=lambda one: (one.name not in report.sets, one.finding != "found", -one.overall.value),
    )
    names = {one.name for one in ranked[: max(_PLOTS, len(report.sets))]}
    return [one for one in ranked if one.name in names]


def _graph(outcome: OutcomeAudit, column: ColumnAudit) -> str:
    rows = [ForestRow(one.name, one.rate, _kind(one)) for one in outcome.groups[:_ROWS]]
    told = f"Share landing in {outcome.name} by {column.name}"
    spread = ""
    if outcome.spread is not None and outcome.spread.difference.value > 0:
        one = outcome.spread
        ratio = f", {times(one.ratio)} times" if math.isfinite(one.ratio.value) else ""
        spread = (
            f"Highest {one.highest}, lowest {one.lowest}: {points(one.difference)} points{ratio}. "
            "They were chosen by looking: the tests count."
        )
    return (
        f'<figure class="graph"><h3>{shown(outcome.name)}</h3>'
        f"{forest(rows, told, outcome.overall.value)}"
        f"<figcaption>{shown(spread)}</figcaption></figure>"
    )


def _kind(one: GroupAudit) -> str:
    kinds = ("found" if one.finding == "found" else "", "few" if one.few else "")
    return " ".join(filter(None, kinds))


def _finding(finding: Finding) -> str:
    return f'<span class="finding {"found" if finding == "found" else ""}">{finding}</span>'


def _added(effect: LabelEffect | None) -> str:
    if effect is None:
        return ""
    graphs = []
    for outcome in dict.fromkeys(one.outcome for one in effect.groups):
        marks: list[ForestRow] = []
        for one in effect.groups:
            if one.outcome == outcome and TIMES not in one.column:
                marks.append(ForestRow(f"{one.group}, before", one.before, "was"))
                marks.append(ForestRow(f"{one.group}, after", one.after))
        if any(mark.share.count for mark in marks):
            told = f"Share landing in {outcome} before and after"
            graphs.append(
                f'<figure class="graph"><h3>{shown(outcome)}</h3>{forest(marks, told)}</figure>'
            )
    rows = [
        (
            f"{shown(one.group)}<small>{shown(one.column)}</small>",
            shown(one.outcome),
            shown(percent(one.before)),
            shown(percent(one.after)),
            shown(points(one.change)),
            f"{one.adjusted:.3f}",
            parts.number(one.score_before, 4),
            parts.number(one.score_after, 4),
        )
        for one in effect.groups
    ]
    head = (
        "Group", "Outcome", "Before", "After", "Change, points", "p, Holm", "Score before",
        "Score after",
    )  # fmt: skip
    spreads = "".join(
        f"<li>{shown(one.column)}, {shown(one.outcome)}: the groups lie {100 * one.before:.1f} "
        f"points apart before, {100 * one.after:.1f} after; {shown(points(one.change))}.</li>"
        for one in effect.spreads
        if TIMES not in one.column and (one.before or one.after)
    )
    nobody = "" if graphs else "<p>Before and after, nobody lands in what is looked at.</p>"
    body = f'<ul class="told-list">{spreads}</ul>' if spreads else nobody
    body += f'<div class="graphs">{"".join(graphs)}</div>' if graphs else ""
    table = parts.table(head, rows, numbers_from=2)
    body += f'<details class="more"><summary>The figures</summary>{table}</details>'
    names = ", ".join(effect.added)
    words = f"{names} takes {percent(effect.taken)} of all pictures. The same pictures, answered "
    return parts.section("added", f"With one more label: {names}", body, words + "twice.")


def _worded(effect: WordingEffect | None) -> str:
    if effect is None:
        return ""
    outcomes = [name for name, shares in effect.shares.items() if any(shares)]
    rows = [
        (
            shown(wording),
            f"{100 * effect.changed[place]:.1f} %",
            *(f"{100 * effect.shares[name][place]:.1f} %" for name in outcomes),
        )
        for place, wording in enumerate(effect.wordings)
    ]
    body = parts.table(("Wording", "Answers changed", *outcomes), rows)
    moved = [one for one in effect.groups if one.flips or one.reversed]
    flips = [
        (
            f"{shown(one.group)}<small>{shown(one.column)}</small>",
            shown(one.outcome),
            *(shown(points(span).split(" (")[0]) for span in one.differences),
            "yes" if one.reversed else "no",
        )
        for one in moved[:_ROWS]
    ]
    if flips:
        count = range(1, len(effect.wordings) + 1)
        head = ("Group", "Outcome", *(f"Wording {n}" for n in count), "Beyond doubt")
        table = parts.table(head, flips, numbers_from=2)
        body += f'<details class="more"><summary>Where the sign flips</summary>{table}</details>'
    words = (
        "The same labels said otherwise. A difference between groups whose sign depends on the "
        f"wording is the wording's: {len(moved):,} of {len(effect.groups):,} groups and outcomes."
    )
    return parts.section("wordings", "With other words", body, words)


def _published(report: BiasReport) -> str:
    if not report.published:
        return ""
    rows = [
        (
            shown(one.group),
            shown(one.outcome),
            "with one more label" if one.added else "as it is",
            f"{one.percent:.1f} %",
            "&ndash;" if one.measured is None else shown(percent(one.measured)),
        )
        for one in report.published
    ]
    head = ("Group", "Landing in", "Labels", "Published", "Measured here")
    table = parts.table(head, rows, numbers_from=3)
    credit = f'<p class="why">Published: {shown(report.credit)}</p>'
    return parts.section("published", "Beside what was published", table + credit, report.caveat)


def _method(report: BiasReport) -> str:
    options, audit = report.audit.options, report.audit
    level = f"{audit.level:.1e}" if audit.level < 0.001 else f"{audit.level:.4f}"
    lines = (
        f"Found: with no real difference anywhere, such an audit would find anything in "
        f"{100 * options.alpha:g} of 100 cases at most. All {audit.tests:,} tests are corrected "
        f"together by shuffling answers over pictures (Westfall and Young); one test counts below "
        f"p = {level}.",
        f"Not found: no interval of a difference goes beyond {100 * options.margin:g} points. "
        "It is not a promise: other pictures, labels, words and groups are another question.",
        "Too few to tell: more pictures of each group would be needed.",
        "Shares have Wilson's interval, differences Newcombe's, ratios Koopman's: 95 % each, not "
        "corrected. Dashed lines are the share of all pictures, orange rows were found.",
        f"Groups of fewer than {options.few} pictures are faint: their figures are shown, and say "
        "little.",
        "Found from: the rise over the rest that would be found in 80 of 100 such audits.",
        PROMISE,
    )
    return f'<ul class="told-list">{"".join(f"<li>{shown(line)}</li>" for line in lines)}</ul>'


def _left_out(report: BiasReport) -> str:
    if not report.left_out:
        return ""
    lines = "".join(
        f"<li><b>{shown(path)}</b><span>{shown(reason.removeprefix(f'{path}: '))}</span></li>"
        for path, reason in report.left_out
    )
    return (
        '<section class="failures" aria-labelledby="left-out"><h2 id="left-out">'
        f"{len(report.left_out):,} could not be used</h2>"
        f"<p>Missing or unreadable files, and rows that say nothing.</p><ul>{lines}</ul></section>"
    )


def _about(report: BiasReport) -> str:
    header = report.header
    pairs: Iterable[tuple[str, str]] = (
        ("Audited", f"{report.subject} ({report.kind})"),
        ("Labels", ", ".join(report.labels)),
        *((name, ", ".join(labels)) for name, labels in report.sets.items()),
        ("Pictures", report.source),
        ("Groups", ", ".join(report.columns) + (" (guessed)" if report.guessed else "")),
        ("Truth", report.truth),
        ("Model", f"{header.model.name} ({header.model.precision})" if header.model else ""),
        ("Fingerprint", header.model.fingerprint if header.model else ""),
        ("Framesift", header.version or ""),
        ("Started", header.started.isoformat(" ", "seconds") if header.started else ""),
        ("Command", " ".join(header.arguments)),
    )
    rows = "".join(f"<dt>{shown(k)}</dt><dd><code>{shown(v)}</code></dd>" for k, v in pairs if v)
    return f'<details class="about"><summary>About this page</summary><dl>{rows}</dl></details>'
