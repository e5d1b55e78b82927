"""The page of a training run of a quality head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.reports import parts, plots
from framesift.reports.figures import quality_plots
from framesift.reports.page import counted, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from framesift.heads.training.results import (
        Agreement,
        Candidate,
        GroupFigures,
        Loss,
        Metrics,
        Prediction,
        Scale,
        TrainingResult,
    )
    from framesift.reports.parts import PageFacts, Picture

__all__ = [
    "MEASURES",
    "agreement_part",
    "pictures_part",
    "rated_pictures",
    "scale_words",
    "training_page",
]

MEASURES = {
    "r2": ("R²", "1 is perfect, 0 no better than always saying the mean"),
    "mae": ("Mean miss (MAE)", "in points of the 0-10 scale"),
    "mse": ("Mean squared miss (MSE)", "large misses count more"),
    "srcc": ("Rank order (SRCC)", "1 is the order that people gave"),
    "plcc": ("Straight line (PLCC)", "1 is all on one line"),
    "kendall": ("Pairs in order (Kendall)", "1 is every pair in the right order"),
}
"""What each figure of `Metrics` is called, and how to read it."""

SHEET, WORST = 24, 12
"""Pictures on the contact sheet, and among the worst misses."""

_CANDIDATES = 25
_GROUPS = 60
_RATERS = 20
_NO_CEILING = 0.995
_FAR = 2.0


def training_page(
    result: TrainingResult, facts: PageFacts, fitted: NDArray[np.float64] | None = None
) -> str:
    """Write a training run as one page that opens offline.

    Args:
        result: The run.
        facts: What else is known of it.
        fitted: As for `quality_plots`.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    unseen = result.held_out_predictions or result.predictions
    drawn = {plot.name: plot for plot in quality_plots(result, fitted)}
    learning = [drawn.pop(name) for name in ("learning-curve", "loss") if name in drawn]
    groups = [drawn.pop(name) for name in ("groups",) if name in drawn]
    body = [
        _opening(result),
        parts.section("measured", "How well it does", _splits(result), _split_words(result)),
        parts.section("plots", "Predicted and actual", parts.figures(drawn.values())),
        parts.section("learning", "Learning", parts.figures(learning)),
        parts.section("groups", "Groups", parts.figures(groups) + group_table(result.by_group)),
        agreement_part(result.agreement, result.metrics.r2.value),
        pictures_part(unseen, facts.thumbnails),
        parts.section(
            "tried",
            "What was tried",
            _candidates(result.candidates),
            "Cross-validation chose among these, within each fold again, so that the choice itself "
            "is not part of the figures above.",
        ),
        parts.problems(facts),
        parts.about(facts, result.card, _more(result)),
    ]
    kind = f"Quality head from {counted(len(result.predictions), 'picture')}"
    subtitle = " · ".join(part for part in (kind, *when(facts)) if part)
    notices = [facts.header.notice, *result.warnings]
    return parts.render(result.card.name, subtitle, body, [text for text in notices if text])


def when(facts: PageFacts) -> list[str]:
    """Return the model and the time for the line under the title."""
    header = facts.header
    found = [f"model {header.model.name}"] if header.model else []
    if header.started:
        found.append(f"{header.started:%d %B %Y, %H:%M}".lstrip("0"))
    return found


def scale_words(scale: Scale | None) -> str:
    """Say how ratings became points."""
    if scale is None:
        return ""
    guessed = ", guessed from the ratings (--scale says otherwise)" if scale.inferred else ""
    named = f" ({scale.words})" if scale.words else ""
    return f"{scale.low:g} became 0 and {scale.high:g} became 10{named}{guessed}"


def pictures_part(
    predictions: Sequence[Prediction], thumbnails: Mapping[str, bytes], *, training: bool = True
) -> str:
    """Return the contact sheet and the worst misses."""
    whole, worst = rated_pictures(predictions, thumbnails)
    unseen = ", none of them seen in training" if training else ""
    sheet = parts.section(
        "sheet",
        "Over the whole range",
        parts.sheet(whole),
        f"Pictures from the lowest rating to the highest{unseen}.",
    )
    return sheet + parts.section(
        "worst",
        "The worst misses",
        parts.sheet(worst),
        "Look at these first: a wrong rating, a picture unlike the others, or a taste "
        "that the model cannot see.",
    )


def rated_pictures(
    predictions: Sequence[Prediction], thumbnails: Mapping[str, bytes]
) -> tuple[list[Picture], list[Picture]]:
    """Choose the pictures of both sheets: over the whole range, and the worst misses."""
    actual = [one.actual for one in predictions]
    predicted = [one.predicted for one in predictions]
    chosen = plots.representative(actual, SHEET), plots.worst(actual, predicted, WORST)
    made = [[_picture(predictions[i], thumbnails) for i in places] for places in chosen]
    return made[0], made[1]


def group_table(groups: Sequence[GroupFigures]) -> str:
    """Return the errors by group as a table; nothing without groups."""
    if not groups:
        return ""
    rows = [
        (
            shown(group.name),
            f"{group.n:,}",
            parts.number(group.actual, 1),
            parts.number(group.predicted, 1),
            parts.interval(group.bias),
            parts.number(group.mae),
        )
        for group in groups[:_GROUPS]
    ]
    head = ("Group", "Pictures", "Actual", "Predicted", "Off by", "Mean miss")
    more = len(groups) - len(rows)
    rest = f'<p class="why">And {more:,} more groups.</p>' if more else ""
    return parts.table(head, rows) + rest


def agreement_part(agreement: Agreement | None, r2: float) -> str:
    """Return how far the raters agree, and the ceiling that sets; nothing with one rater."""
    if agreement is None:
        return ""
    rows = [
        (
            shown(rater.name or "(no name)"),
            f"{rater.n:,}",
            f"{rater.bias:+.2f}",
            parts.number(rater.spread),
            parts.number(rater.inconsistency),
            parts.number(rater.agreement),
        )
        for rater in agreement.raters[:_RATERS]
    ]
    head = ("Rater", "Ratings", "Higher by", "Use of the scale", "Noise", "Agrees with the rest")
    words = f"{counted(agreement.pictures, 'picture')} were rated by two people or more."
    if agreement.ceiling_r2 < _NO_CEILING:
        words += (
            f" From how far they agree, even a perfect head could not show more than an R² of "
            f"{agreement.ceiling_r2:.2f} on these ratings; this one has {parts.number(r2)}."
        )
    halves = agreement.split_half_srcc
    if parts.known(halves):
        words += f" Two halves of the raters order the pictures alike to {halves:.2f}."
    more = len(agreement.raters) - len(rows)
    if more:
        words += f" Below are the {len(rows)} who rated most; there are {more:,} more."
    return parts.section("raters", "The raters", parts.table(head, rows), words)


def _opening(result: TrainingResult) -> str:
    metrics = result.metrics
    verdict = result.verdict
    figures = [
        (parts.number(metrics.mae.value, 1), "points off on average"),
        (parts.number(metrics.r2.value), "R², of 1"),
        (parts.number(metrics.srcc.value), "rank order (SRCC)"),
        (_percent(result.coverage.value), "inside the 90 % interval"),
    ]
    lead = parts.lead(verdict.strength, verdict.headline, verdict.sentences)
    return f'<div class="opening">{lead}<div class="tiles">{parts.tiles(figures)}</div></div>'


def _splits(result: TrainingResult) -> str:
    columns: list[tuple[str, Metrics | Loss]] = []
    if result.held_out is not None:
        columns.append(("Held out by the table", result.held_out))
    columns.append(("Unseen groups", result.grouped.test))
    if result.random is not None:
        columns.append(("Random split", result.random.test))
    columns.append(("Trained on", result.grouped.train))
    rows = []
    for name, (title, meaning) in MEASURES.items():
        cells = [_cell(getattr(column, name, None)) for _, column in columns]
        rows.append((f"{title}<small>{meaning}</small>", *cells))
    counts = [f"{column.n:,}" for _, column in columns]
    rows.append(("Pictures", *counts))
    return parts.table(["Measure", *(name for name, _ in columns)], rows)


def _split_words(result: TrainingResult) -> str:
    words = (
        "The small figures are 95 % bootstrap intervals. The column to quote is the one for unseen "
        "groups: pictures of one group, duplicates and bursts are kept on one side of the split, "
        "as tomorrow's pictures will be new."
    )
    if result.random is None:
        words += " No two pictures belong together here, so a random split would be the same."
    else:
        words += (
            " The random split lets near twins sit on both sides and so flatters the head; it is "
            "shown because many published figures are made that way."
        )
    return words


def _cell(value: object) -> str:
    if value is None:
        return "&ndash;"
    if isinstance(value, float):
        return parts.number(value)
    return parts.interval(value)  # type: ignore[arg-type]  # a Figure


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %" if parts.known(part) else "&ndash;"


def _candidates(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return ""
    rows = []
    for one in candidates[:_CANDIDATES]:
        mark = '<span class="mark-chosen">chosen</span>' if one.chosen else ""
        options = ", ".join(f"{key} {value:g}" for key, value in one.parameters.items())
        rows.append(
            (
                shown(one.kind) + mark,
                shown(" + ".join(one.inputs)),
                shown(options) or "&ndash;",
                f"{parts.number(one.mse, 3)} ± {parts.number(one.standard_error, 3)}",
            )
        )
    head = ("Model", "Reads", "Settings", "Mean squared miss")
    return parts.table(head, rows, numbers_from=3)


def _more(result: TrainingResult) -> Iterable[tuple[str, str]]:
    yield "Scale", scale_words(result.scale)
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in result.seconds.items())
    yield "Time", seconds


def _picture(one: Prediction, thumbnails: Mapping[str, bytes]) -> Picture:
    far = abs(one.miss) >= _FAR
    note = f"{one.low:.1f} to {one.high:.1f}" if parts.known(one.low) else ""
    if one.distance > 1:
        note = f"{note}, unusual" if note else "unusual"
    return parts.Picture(
        one.name,
        f"{one.actual:.1f}",
        f"{one.predicted:.1f}",
        far=far,
        note=note,
        thumbnail=thumbnails.get(one.name),
    )
