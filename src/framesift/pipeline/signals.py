"""From scores to signals: what each head says of each harm, and where it saw it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.heads.moderation import tile_scores
from framesift.types import Curve, Embeddings, Evidence, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from framesift.heads import Head
    from framesift.heads.clip import ClipHead
    from framesift.types import Float32Array, Scores

__all__ = [
    "Box",
    "Sight",
    "View",
    "clip_curves",
    "context_scores",
    "curve_signals",
    "image_signals",
    "look",
]

Box = tuple[float, float, float, float]

_FLOOR = 0.05
"""Below this score nobody asks which prompt it came from."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Rows that show a medium: its frames in whole, or tiles of them.

    Attributes:
        embeddings: One row per picture.
        times: Of each row's frame, in seconds; empty for a still.
        boxes: Of each row's tile, as shares of width and height; empty for whole frames.
        tiles: How many tiles each frame has; 0 for whole frames.
    """

    embeddings: Embeddings
    times: Sequence[Fraction] = ()
    boxes: Sequence[Box] = ()
    tiles: int = 0

    def evidence(self, row: int, prompt: str) -> Evidence:
        """Say where a row comes from."""
        return Evidence(
            prompt=prompt,
            time=self.times[row] if self.times else None,
            tile=self.boxes[row] if self.boxes else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What one moderation head says of a medium.

    Attributes:
        head: The head.
        seen: Its scores of each view that it can read, one row per row of the view; the first are
            of the whole frames.
    """

    head: Head
    seen: Sequence[tuple[View, Scores]]

    def along(self) -> dict[str, Float32Array]:
        """Return the scores along the frames: by category float32 (T, N), N rows of each frame."""
        whole, rows = self.seen[0]
        count = len(whole.embeddings)
        parts = [scores.values.reshape(count, -1, len(rows.names)) for _, scores in self.seen]
        every = np.concatenate(parts, axis=1)
        return {name: every[:, :, column] for column, name in enumerate(rows.names)}


def look(heads: Sequence[Head], views: Sequence[View]) -> list[Sight]:
    """Score every view with every moderation head that can read it.

    Args:
        heads: Heads of other tasks are passed over.
        views: The first one shows whole frames, and every head must be able to read it.

    Raises:
        HeadError: A head cannot read the whole frames.
    """
    return [
        Sight(
            head,
            [
                (view, _scored(head, view))
                for number, view in enumerate(views)
                if not number or _readable(head, view.embeddings)
            ],
        )
        for head in heads
        if head.card.task == "moderation"
    ]


def image_signals(sights: Sequence[Sight]) -> list[Signal]:
    """Find the highest score of every head and category, and where it was seen.

    Returns:
        One signal per head and category: of the row that scored highest, the first one if several
        did. Where a row has a score that is not a number, a second signal says so: it must not hide
        a high score, nor a low one hide it.
    """
    found: list[Signal] = []
    for sight in sights:
        best: dict[tuple[str, bool], Signal] = {}
        for view, scores in sight.seen:
            for signal in _signals(sight.head, view, scores):
                key = signal.category, math.isnan(signal.score)
                known = best.get(key)
                if known is None or signal.score > known.score:
                    best[key] = signal
        found += best.values()
    return found


def clip_curves(
    heads: Sequence[ClipHead],
    embeddings: Embeddings,
    times: Sequence[Fraction],
    cuts: Sequence[Fraction],
) -> list[Curve]:
    """Score the moments of what moves with heads that need several frames.

    Args:
        heads: For moderation.
        embeddings: Of whole frames, one row per moment.
        times: Of the moments, in seconds, ascending.
        cuts: Where shots begin, in seconds.

    Raises:
        HeadError: A head cannot read the rows.
    """
    curves = []
    for head in heads:
        scores = head.score(embeddings, times, cuts=cuts)
        curves += [
            Curve(name, head.card.source, scores.values[:, column])
            for column, name in enumerate(scores.names)
        ]
    return curves


def curve_signals(curves: Sequence[Curve], times: Sequence[Fraction]) -> list[Signal]:
    """Return the highest score of each curve and when it was, and what is no number beside it."""
    return [
        Signal(
            curve.label,
            float(curve.values[row]),
            curve.source,
            evidence=Evidence(time=times[row]),
        )
        for curve in curves
        for row, _ in _places(curve.values[:, None])
    ]


def context_scores(heads: Sequence[Head], embeddings: Embeddings) -> dict[str, float]:
    """Score what kind of picture it is; over the frames the lowest score counts.

    A context makes verdicts milder, so it has to hold for every frame, and a score that is not a
    number counts as none.
    """
    found: dict[str, float] = {}
    for head in heads:
        if head.card.task == "context":
            scores = head.score(embeddings)
            lowest = np.nan_to_num(scores.values.min(axis=0), nan=0.0)
            found.update(zip(scores.names, (float(value) for value in lowest), strict=True))
    return found


def _scored(head: Head, view: View) -> Scores:
    scores = head.score(view.embeddings)
    return tile_scores(head.card, scores, view.tiles) if view.tiles else scores


def _signals(head: Head, view: View, scores: Scores) -> list[Signal]:
    places = _places(scores.values)
    spoken = [place for place in places if not scores.values[place] < _FLOOR]
    prompts = dict(zip(spoken, _closest(head, view.embeddings, spoken), strict=True))
    return [
        Signal(
            scores.names[column],
            float(scores.values[row, column]),
            head.card.source,
            evidence=view.evidence(row, prompts.get((row, column), "")),
        )
        for row, column in places
    ]


def _places(values: Float32Array) -> list[tuple[int, int]]:
    """Return row and column of each column's highest number, and of its first NaN if it has one."""
    rows = values.argmax(axis=0).tolist()
    # argmax stops at a NaN, so that without one there the row is that of the highest score.
    if not np.isnan(values[rows, range(len(rows))]).any():
        return [(row, column) for column, row in enumerate(rows)]
    found: list[tuple[int, int]] = []
    for column, scores in enumerate(values.T):
        unknown = np.isnan(scores)
        if not unknown.all():
            found.append((int(np.nanargmax(scores)), column))
        if unknown.any():
            found.append((int(unknown.argmax()), column))
    return found


def _closest(head: Head, embeddings: Embeddings, places: list[tuple[int, int]]) -> list[str]:
    """Return the prompt that spoke loudest, for each row and column."""
    closest: Any = getattr(head, "closest", None)
    if closest is None or not places:
        return [""] * len(places)
    wanted = sorted({row for row, _ in places})
    spoken = dict(zip(wanted, closest(_take(embeddings, wanted)), strict=True))
    return [str(spoken[row][column]) for row, column in places]


def _take(embeddings: Embeddings, rows: list[int]) -> Embeddings:
    extras: dict[str, Float32Array] = {
        name: array[rows] for name, array in embeddings.extras.items()
    }
    return replace(embeddings, vectors=embeddings.vectors[rows], extras=extras)


def _readable(head: Head, embeddings: Embeddings) -> bool:
    have = {"vectors", *embeddings.extras}
    return set(head.card.inputs) <= have
