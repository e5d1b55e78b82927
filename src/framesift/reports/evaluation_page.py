"""The page of an evaluation: one head on some ratings, or two heads side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.reports import parts
from framesift.reports.figures import evaluation_plots
from framesift.reports.page import counted, shown
from framesift.reports.training_page import (
    MEASURES,
    agreement_part,
    group_table,
    pictures_part,
    scale_words,
    when,
)
from framesift.verdicts.audit_words import p_words

if TYPE_CHECKING:
    from framesift.heads.training.results import Comparison, Difference, Evaluation
    from framesift.reports.parts import PageFacts

__all__ = ["comparison_words", "evaluation_page"]


def evaluation_page(
    evaluation: Evaluation, facts: PageFacts, comparison: Comparison | None = None
) -> str:
    """Write an evaluation as one page that opens offline.

    Args:
        evaluation: One head on some ratings.
        facts: What else is known of the run.
        comparison: The same head as ``a`` beside another one; ``None`` for none.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    drawn = {plot.name: plot for plot in evaluation_plots(evaluation)}
    groups = [drawn.pop(name) for name in ("groups",) if name in drawn]
    body = [
        _opening(evaluation),
        _compared(comparison),
        parts.section("measured", "How well it does", _measures(evaluation), _WORDS),
        parts.section("plots", "Predicted and actual", parts.figures(drawn.values())),
        parts.section("groups", "Groups", parts.figures(groups) + group_table(evaluation.by_group)),
        agreement_part(evaluation.agreement, evaluation.metrics.r2.value),
        pictures_part(evaluation.predictions, facts.thumbnails, training=False),
        parts.problems(facts),
        parts.about(facts, evaluation.card, [("Scale", scale_words(evaluation.scale))]),
    ]
    kind = f"Evaluated on {counted(len(evaluation.predictions), 'picture')}"
    subtitle = " · ".join((kind, *when(facts)))
    notices = [facts.header.notice, *evaluation.warnings]
    if comparison is not None:
        notices += [text for text in comparison.warnings if text not in notices]
    return parts.render(evaluation.head, subtitle, body, [text for text in notices if text])


def comparison_words(difference: Difference, first: str, second: str) -> str:
    """Say which of two heads is better by one figure, or that nobody can tell."""
    if difference.better == "undecided":
        return "cannot be told apart"
    return f"{first if difference.better == 'a' else second} is better"


_WORDS = (
    "The small figures are 95 % bootstrap intervals. The second column is what would be left if "
    "only the scale differed: scores are first mapped to the ratings by a straight line, made "
    "without the pictures it is measured on."
)


def _opening(evaluation: Evaluation) -> str:
    metrics = evaluation.metrics
    inside = evaluation.coverage.value
    bias = evaluation.bias
    figures = [
        (parts.number(metrics.mae.value, 1), "points off on average"),
        (parts.number(metrics.r2.value), "R², of 1"),
        (parts.number(metrics.srcc.value), "rank order (SRCC)"),
        (f"{inside * 100:.0f} %" if parts.known(inside) else "&ndash;", "inside the interval"),
    ]
    sentences = []
    if parts.known(bias.value):
        side = "high" if bias.value > 0 else "low"
        sentences.append(f"On average it scores {abs(bias.value):.1f} points too {side}.")
    verdict = evaluation.verdict
    lead = parts.lead(verdict.strength, verdict.headline, [*sentences, *verdict.sentences])
    return f'<div class="opening">{lead}<div class="tiles">{parts.tiles(figures)}</div></div>'


def _measures(evaluation: Evaluation) -> str:
    rows = [
        (
            f"{title}<small>{meaning}</small>",
            parts.interval(getattr(evaluation.metrics, name)),
            parts.interval(getattr(evaluation.recalibrated, name)),
        )
        for name, (title, meaning) in MEASURES.items()
    ]
    return parts.table(("Measure", "As it is", "If only the scale differed"), rows)


def _compared(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    first, second = comparison.a.head, comparison.b.head
    rows = []
    for one in comparison.differences:
        title, meaning = MEASURES.get(one.name, (one.name, ""))
        rows.append(
            (
                f"{title}<small>{meaning}</small>",
                parts.number(one.a),
                parts.number(one.b),
                parts.interval(one.difference),
                f"{one.p_value:.3f}" if parts.known(one.p_value) else "&ndash;",
                shown(comparison_words(one, first, second)),
            )
        )
    head = ("Measure", first, second, "Difference", "p", "Verdict")
    wins, losses, ties = comparison.wins
    more = (
        f"Nearer to the rating: {first} on {counted(wins, 'picture')}, {second} on {losses:,}"
        f"{f', alike on {ties:,}' if ties else ''}."
    )
    if parts.known(comparison.wilcoxon_p):
        more += f" Wilcoxon's signed-rank test of the misses: {p_words(comparison.wilcoxon_p)}."
    body = parts.table(head, rows) + f'<p class="why">{shown(more)}</p>'
    return parts.section("compared", f"{first} against {second}", body, comparison.verdict)
