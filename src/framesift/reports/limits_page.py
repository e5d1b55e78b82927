"""The page on what a model can be asked: every test with its figures, words and pictures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.page import counted, shown
from framesift.reports.training_page import when
from framesift.verdicts.limits import LEVELS, SOURCE

if TYPE_CHECKING:
    from framesift.reports.parts import PageFacts
    from framesift.verdicts.limits import Level, LimitResult, LimitsReport
    from framesift.verdicts.proportions import Share

__all__ = ["limits_page"]

_STRENGTH: dict[Level, str] = {
    "none": "none",
    "weak": "weak",
    "care": "useful",
    "works": "strong",
    "unmeasured": "weak",
}
_FIGURES = {
    "linear_probe": "A linear classifier that learns from the same vectors gets",
    "linear_on_pixels": "One that learns from the pixels alone gets",
    "lowest_accuracy": "Right in the worst wording",
    "highest_accuracy": "Right in the best wording",
    "ties": "Questions whose choices are all the same to this model",
    "given_marked": "Of the given pictures, marked as unknown",
    "sure_all_the_same": "Of the unusual pictures, surely an everyday thing to this model",
}
_NO_QUESTION = {"wording": " change", "unknown": " noticed"}
"""Tests whose share is none of right answers -> what it is of."""

_WORDS = (
    "Bars are 95 % intervals (Wilson); the thin line is what guessing gives. Verdicts go by the "
    "lower end. Drawings are simple and no photographs: what fails here may work on photographs, "
    "and what works here may fail on them."
)


def limits_page(report: LimitsReport, facts: PageFacts) -> str:
    """Write all tests of one model as one page that opens offline.

    Args:
        report: What was measured.
        facts: What else is known of the run.
    """
    body = [
        _opening(report),
        parts.section("tests", "What it can be asked", _table(report), _WORDS),
        *(_test(result) for result in report.results),
        parts.problems(facts),
        _source(report, facts),
    ]
    kind = f"Limits of a model: {counted(len(report.results), 'test')}"
    subtitle = " · ".join((kind, f"{report.count:,} drawings each", *when(facts)))
    notices = [text for text in (facts.header.notice,) if text]
    return parts.render(report.model, subtitle, body, notices)


def _opening(report: LimitsReport) -> str:
    levels = Counter(result.level for result in report.results)
    questions = [result for result in report.results if result.name not in _NO_QUESTION]
    good = [result.title for result in questions if result.level in ("works", "care")]
    bad = [result.title for result in questions if result.level == "none"]
    sentences = [f"No better than chance: {', '.join(bad)}."] if bad else []
    sentences += [one.sentence for one in report.results if one.name in _NO_QUESTION]
    if good:
        headline = f"Can be asked, with care: {', '.join(good)}."
        strength = "useful" if len(good) * 2 > len(questions) else "weak"
    else:
        headline = "Nothing that was tested here can be relied on."
        strength = "none" if not levels["weak"] else "weak"
    tiles = [(str(levels[level]), shown(words)) for level, words in LEVELS.items() if levels[level]]
    lead = parts.lead(strength, headline, sentences)
    return f'<div class="opening">{lead}<div class="tiles">{parts.tiles(tiles)}</div></div>'


def _table(report: LimitsReport) -> str:
    rows = [
        (
            f'<a href="#{shown(one.name)}">{shown(one.title)}</a>',
            shown(LEVELS[one.level]),
            _strip(one),
            _percent(one.share) + _NO_QUESTION.get(one.name, ""),
            _chance(one),
            _percent(one.control),
        )
        for one in report.results
    ]
    head = ("Test", "Verdict", "0 to 100 %", "Right", "Guessing", "Easier question")
    return parts.table(head, rows, numbers_from=3)


def _chance(result: LimitResult) -> str:
    if result.share is None or not result.chance:
        return "&ndash;"
    return f"{result.chance:.0%}" if result.chance >= 0.01 else f"{result.chance:.1%}"


def _strip(result: LimitResult) -> str:
    """Draw an interval, its value and the chance level on a line from 0 to 100 %."""
    share = result.share
    if share is None:
        return ""
    low, high, value, chance = (
        100 * part for part in (share.low, share.high, share.value, result.chance)
    )
    told = f"{share.value:.0%}, interval {share.low:.0%} to {share.high:.0%}"
    return (
        f'<svg viewBox="0 0 100 12" width="150" height="18" role="img" aria-label="{told}">'
        '<rect x="0" y="5" width="100" height="2" fill="var(--line)"/>'
        f'<rect x="{low:.1f}" y="3" width="{max(high - low, 0.8):.1f}" height="6" rx="2" '
        f'fill="var(--plot-1)" opacity=".45"/>'
        f'<circle cx="{value:.1f}" cy="6" r="3" fill="var(--plot-1)"/>'
        f'<rect x="{max(chance - 0.4, 0):.1f}" y="0" width="0.8" height="12" '
        'fill="var(--plot-2)"/></svg>'
    )


def _percent(share: Share | None) -> str:
    if share is None:
        return "&ndash;"
    return f'<b>{share.value:.0%}</b> <span class="of">{share.low:.0%} to {share.high:.0%}</span>'


def _test(result: LimitResult) -> str:
    pill = (
        f'<p><span class="strength {_STRENGTH[result.level]}">{shown(LEVELS[result.level])}'
        f"</span> {shown(result.sentence)}</p>"
    )
    lines = []
    if result.control is not None:
        easier = f"{result.control.value:.0%}"
        lines.append(f"Asked of the same pictures {result.control_words}, it is right in {easier}.")
    for name, words in _FIGURES.items():
        if name in result.figures:
            lines.append(f"{words}: {result.figures[name]:.0%}.")
    if result.luck is not None:
        lines.append(f"Wrong pairings of words and pictures do as well in {result.luck:.1%}.")
    if result.published:
        lines.append(f"Published of OpenAI's CLIP: {result.published}")
    listed = "".join(f"<li>{shown(line)}</li>" for line in lines)
    said = f'<div class="verdict" style="margin-bottom:14px">{pill}<ul>{listed}</ul></div>'
    body = said + _sheet(result)
    return parts.section(result.name, result.title, body, result.asked)


def _sheet(result: LimitResult) -> str:
    pictures = [
        parts.Picture(
            name="", actual=one.truth, predicted=one.answer, far=not one.right,
            thumbnail=one.thumbnail,
        )
        for one in result.examples
    ]  # fmt: skip
    return parts.sheet(pictures, labels=True)


def _source(report: LimitsReport, facts: PageFacts) -> str:
    header = facts.header
    pairs = [
        ("Framesift", header.version),
        ("Model", report.model),
        ("Fingerprint", report.fingerprint),
        ("Given pictures", facts.images),
        ("Seed", str(report.seed)),
        ("Command", " ".join(header.arguments)),
        ("Published figures", SOURCE),
    ]
    lines = "".join(
        f"<dt>{shown(name)}</dt><dd><code>{shown(value)}</code></dd>"
        for name, value in pairs
        if value
    )
    return (
        f'<details class="about" open><summary>About this page</summary><dl>{lines}</dl></details>'
    )
