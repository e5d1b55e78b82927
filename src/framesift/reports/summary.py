"""Counts over a run, kept in a fixed amount of memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framesift.reports.words import unknown

if TYPE_CHECKING:
    from framesift.reports.record import Record

__all__ = ["HISTOGRAM_BINS", "Summary"]

HISTOGRAM_BINS = 20
"""Bins of the histogram of scores, each half a point wide."""


@dataclass(slots=True)
class Summary:
    """What a report says of all its pictures together.

    Attributes:
        items: Records written, failures included.
        failures: Pictures that could not be analysed.
        partial: Pictures of which only a part could be read or scored: their record has an error.
        scored: Pictures with a quality score.
        score_sum: Sum of their scores.
        actions: How many pictures got each action; failures are counted apart, as ``failures``.
        answers: How many pictures got each answer of a classifier: ``label:dog``, ``status:none``,
            ``status:unsure``. One that got several labels counts for each.
        kinds: How many are an image, an animation, a video.
        unknown: Pictures of a kind that the model does not know.
        histogram: Scores per bin of 0.5 from 0 to 10; a score of 10 is in the last.
    """

    items: int = 0
    failures: int = 0
    partial: int = 0
    scored: int = 0
    score_sum: float = 0.0
    actions: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * HISTOGRAM_BINS)

    def add(self, record: Record) -> None:
        """Count one record."""
        self.items += 1
        if record["kind"] is None:
            self.failures += 1
            return
        self.kinds[record["kind"]] += 1
        if record["error"] is not None:
            self.partial += 1
        if unknown(record):
            self.unknown += 1
        if record["moderation"] is not None:
            self.actions[record["moderation"]["action"]] += 1
        if record["answer"] is not None:
            self.answers.update(_answers(record["answer"]))
        if record["quality"] is not None:
            score = record["quality"]["score"]
            self.scored += 1
            self.score_sum += score
            place = int(score * HISTOGRAM_BINS / 10)
            self.histogram[min(max(place, 0), HISTOGRAM_BINS - 1)] += 1

    @property
    def mean_score(self) -> float | None:
        """Mean quality over the pictures that have one, in [0, 10]."""
        return self.score_sum / self.scored if self.scored else None

    def line(self) -> str:
        """Return the counts as one line: ``12 files: mean score 6.4, 10 allow, 1 review...``."""
        parts = [] if self.mean_score is None else [f"mean score {self.mean_score:.1f}"]
        parts += [
            f"{self.actions[name]} {name}"
            for name in ("allow", "review", "block")
            if self.actions[name]
        ]
        parts += [f"{self.unknown} unknown to the model"] if self.unknown else []
        parts += [f"{self.partial} incomplete"] if self.partial else []
        parts += [f"{self.failures} failed"] if self.failures else []
        files = f"{self.items} {'file' if self.items == 1 else 'files'}"
        return f"{files}: {', '.join(parts)}" if parts else files


def _answers(answer: Record) -> list[str]:
    if answer["status"] != "label":
        return [f"status:{answer['status']}"]
    return [f"label:{name}" for name in answer["labels"]]
