"""The page of a policy measured on labelled examples: figures, calibration, and what it missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.page import counted, shown
from framesift.reports.training_page import when

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framesift.policies.measure import CategoryFigures, PolicyFigures
    from framesift.policies.rates import Rate, ReliabilityBin
    from framesift.reports.parts import PageFacts, Picture

__all__ = ["percent", "policy_page"]

_SIDE = 200


def policy_page(
    policy: str,
    figures: PolicyFigures,
    facts: PageFacts,
    misses: tuple[Sequence[Picture], Sequence[Picture]],
) -> str:
    """Write an evaluation of a policy as one page that opens offline.

    Args:
        policy: Name and hash.
        figures: What was measured.
        facts: What else is known of the run.
        misses: Harmful examples that were allowed, and benign ones that were not, worst first;
            their thumbnails are blurred by whoever makes them.
    """
    missed, disturbed = misses
    body = [
        f'<div class="tiles">{_tiles(figures)}</div>',
        parts.section("verdicts", "Verdicts", _confusion(figures), _VERDICTS),
        parts.section("categories", "Categories", _categories(figures.categories), _CATEGORIES),
        parts.section("calibration", "Calibration", _calibration(figures.categories), _CALIBRATION),
        parts.section("missed", "Harmful, but allowed", parts.sheet(missed, labels=True), _MISSED),
        parts.section(
            "disturbed", "Benign, but flagged", parts.sheet(disturbed, labels=True), _DISTURBED
        ),
        parts.problems(facts),
        _about(policy, facts),
    ]
    count = sum(sum(row.values()) for row in figures.confusion.values())
    subtitle = " · ".join((f"Measured on {counted(count, 'labelled example')}", *when(facts)))
    notices = [facts.header.notice] if facts.header.notice else []
    return parts.render(policy, subtitle, body, notices)


def percent(rate: Rate) -> str:
    """Return a rate with its interval: ``96.7 % (92.4 to 98.9)``; a dash where it is unknown."""
    if not parts.known(rate.value):
        return "-"
    return f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def _unbroken(rate: Rate) -> str:
    if not parts.known(rate.value):
        return parts.number(rate.value)
    return shown(percent(rate)).replace(" ", "&nbsp;")


def _tiles(figures: PolicyFigures) -> str:
    return parts.tiles(
        (shown(percent(rate).split(" (")[0]), word)
        for rate, word in (
            (figures.caught, "of the harmful flagged"),
            (figures.disturbed, "of the benign flagged"),
            (figures.blocked, "of the benign blocked"),
        )
    )


def _confusion(figures: PolicyFigures) -> str:
    rows = []
    for harmful, word in ((True, "harmful"), (False, "benign")):
        row = figures.confusion[harmful]
        rows.append((word, *(f"{row[action]:,}" for action in ("allow", "review", "block"))))
    words = ("Harmful and flagged", "Benign and flagged", "Benign and blocked")
    rates = (figures.caught, figures.disturbed, figures.blocked)
    told = [(word, _unbroken(rate)) for word, rate in zip(words, rates, strict=True)]
    return parts.table(("People say", "Allowed", "To review", "Blocked"), rows) + parts.table(
        ("Share", "With its 95 % interval"), told
    )


def _categories(categories: Sequence[CategoryFigures]) -> str:
    head = (
        "Category", "Medium", "Of it", "Others", "Precision", "Recall", "F1", "AUROC",
        "False alarms",
    )  # fmt: skip
    rows = [
        (
            shown(one.category),
            one.medium,
            f"{one.positives:,}",
            f"{one.negatives:,}",
            _unbroken(one.precision),
            _unbroken(one.recall),
            parts.number(one.f1),
            parts.number(one.auroc, 3),
            _unbroken(one.fpr),
        )
        for one in categories
    ]
    return parts.table(head, rows, numbers_from=2) + _by_category(categories) if rows else ""


def _by_category(categories: Iterable[CategoryFigures]) -> str:
    head = ("Category", "Medium", "People say", "Allowed", "To review", "Blocked")
    rows = [
        (
            shown(one.category),
            one.medium,
            "of it" if kind else "not of it",
            *(f"{one.confusion[kind][action]:,}" for action in ("allow", "review", "block")),
        )
        for one in categories
        for kind in (True, False)
    ]
    return parts.table(head, rows, numbers_from=3)


def _calibration(categories: Iterable[CategoryFigures]) -> str:
    plots = [
        f'<figure class="graph"><h3>{shown(one.category)} ({one.medium})</h3>'
        f"{_diagram(one.bins)}<figcaption>Across: the score; up: the share that is of it. "
        f"Expected calibration error {parts.number(one.ece, 3)}</figcaption></figure>"
        for one in categories
        if one.negatives
    ]
    return f'<div class="graphs">{"".join(plots)}</div>' if plots else ""


def _diagram(bins: Sequence[ReliabilityBin]) -> str:
    """Draw the share that is truly of the category against the score, with intervals."""

    def x(value: float) -> float:
        return 30 + value * _SIDE

    def y(value: float) -> float:
        return 10 + (1 - value) * _SIDE

    marks = [
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="currentColor" '
        'stroke-dasharray="4 4" opacity=".5"/>'
    ]
    marks += [
        f'<text x="{x(value):.0f}" y="{y(0) + 16:.0f}" text-anchor="middle">{value:g}</text>'
        f'<text x="24" y="{y(value) + 4:.0f}" text-anchor="end">{value:g}</text>'
        for value in (0, 0.5, 1)
    ]
    for one in bins:
        if one.count:
            told = f"{one.start:g} to {one.end:g}: {one.count:,} examples, {one.actual:.0%} of it"
            marks.append(
                f'<line x1="{x(one.score):.1f}" x2="{x(one.score):.1f}" y1="{y(one.low):.1f}" '
                f'y2="{y(one.high):.1f}" stroke="var(--accent)" opacity=".45" stroke-width="2"/>'
                f'<circle cx="{x(one.score):.1f}" cy="{y(one.actual):.1f}" r="4.5" '
                f'fill="var(--accent)"><title>{shown(told)}</title></circle>'
            )
    return (
        f'<svg viewBox="0 0 {_SIDE + 44} {_SIDE + 34}" role="img" font-size="11" '
        'style="display:block;max-width:320px;margin:auto" '
        'fill="currentColor" aria-label="Share that is of the category, by score">'
        f"{''.join(marks)}</svg>"
    )


def _about(policy: str, facts: PageFacts) -> str:
    header = facts.header
    pairs = [
        ("Policy", policy),
        ("Examples", facts.source),
        ("Model", f"{header.model.name} ({header.model.precision})" if header.model else ""),
        ("Fingerprint", header.model.fingerprint if header.model else ""),
        ("Framesift", header.version or ""),
        ("Started", header.started.isoformat(" ", "seconds") if header.started else ""),
        ("Command", " ".join(header.arguments)),
    ]
    rows = "".join(f"<dt>{shown(k)}</dt><dd><code>{shown(v)}</code></dd>" for k, v in pairs if v)
    return f'<details class="about"><summary>About this page</summary><dl>{rows}</dl></details>'


_VERDICTS = (
    "Flagged means reviewed or blocked. Intervals are exact (Clopper and Pearson); near-duplicates "
    "count as one."
)
_CATEGORIES = (
    "Each category against the examples that are known not to be of it. Precision depends on how "
    "frequent the category is among these examples; recall and false alarms do not."
)
_CALIBRATION = (
    "Where the dots lie on the dashed line a score is the share of examples that are of the "
    "category. This too depends on how frequent it is here."
)
_MISSED = "The lowest scores first. Thumbnails are blurred, texts are not."
_DISTURBED = "The gravest verdicts first. Thumbnails are blurred, texts are not."
