"""What a bias audit finds, as data: shares, disparities, tests, and a verdict in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from framesift.verdicts.proportions import Share, Span

__all__ = [
    "NOT_GIVEN",
    "Answers",
    "Audit",
    "AuditOptions",
    "ColumnAudit",
    "Finding",
    "GroupAudit",
    "LabelEffect",
    "OutcomeAudit",
    "PairedChange",
    "ScoreGap",
    "Spread",
    "SpreadChange",
    "WordingEffect",
    "WordingShare",
]

Finding: TypeAlias = Literal["found", "not found", "too few to tell"]
"""Never "fair": that nothing was found says nothing of other pictures, labels or groups."""

NOT_GIVEN = "(not given)"
"""The group of pictures whose cell is empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a system said of N pictures, whoever it is.

    Attributes:
        names: Of O outcomes: labels or verdicts first, then named sets of them.
        hits: Which picture landed in which, bool (N, O).
        scores: Probabilities or other scores, higher is more, float (N, O); NaN in the whole column
            of an outcome that has none; ``None`` where there is none at all.
        answers: How many of the outcomes are labels or verdicts.
        sets: What is in each named set.
    """

    names: tuple[str, ...]
    hits: NDArray[np.bool_]
    scores: NDArray[np.float64] | None
    answers: int
    sets: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        """Check that shapes agree.

        Raises:
            ValueError: They do not, names repeat, or part of a score column is not finite.
        """
        shape = (len(self.hits), len(self.names))
        if self.hits.shape != shape or len(set(self.names)) != len(self.names):
            message = f"answers have hits {self.hits.shape} and {len(self.names)} names"
            raise ValueError(message)
        if self.scores is None:
            return
        known = np.isfinite(self.scores)
        if self.scores.shape != shape or (known.any(axis=0) != known.all(axis=0)).any():
            message = f"scores must be {shape}, each column finite or NaN as a whole"
            raise ValueError(message)

    def __len__(self) -> int:
        """Return N."""
        return len(self.hits)


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How an audit is done.

    Attributes:
        alpha: The probability of any false finding in each family of tests, in (0, 1).
        margin: A difference of shares that matters, in (0, 1): "not found" is said only where none
            as large can be hidden.
        few: A group with fewer pictures is marked.
        resamples: How often answers are dealt anew, and groups resampled.
        seed: Of both.
        intersections: Whether pairs of columns are looked at too.
    """

    alpha: float = 0.05
    margin: float = 0.1
    few: int = 10
    resamples: int = 1999
    seed: int = 0
    intersections: bool = True


@dataclass(frozen=True, slots=True)
class ScoreGap:
    """How differently an outcome's score falls on a group and on the rest.

    Attributes:
        mean: Of the group.
        rest: Mean of the others.
        gap: ``mean - rest``, with its bootstrap interval.
        superiority: The share of pairs, one of the group and one of the rest, in which the group's
            score is higher, ties half; 0.5 is none.
        p: Of the rank-sum test.
        adjusted: The same after the correction.
    """

    mean: float
    rest: float
    gap: Span
    superiority: float
    p: float
    adjusted: float


@dataclass(frozen=True, slots=True)
class GroupAudit:
    """One group and one outcome.

    Attributes:
        name: The group's value in its column.
        rate: The share of the group that landed in the outcome.
        rest: That of all the others.
        difference: ``rate - rest``.
        ratio: ``rate / rest``.
        p: Of the exact test.
        adjusted: The same after the correction.
        detectable: The smallest rise over the rest that would be found in 80 of 100 such audits;
            NaN where none would.
        few: Whether the group is so small that its figures are only shown.
        score: The gap of the scores; ``None`` where there are none.
        finding: In words.
    """

    name: str
    rate: Share
    rest: Share
    difference: Span
    ratio: Span
    p: float
    adjusted: float
    detectable: float
    few: bool
    score: ScoreGap | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class Spread:
    """The groups with the highest and the lowest share of an outcome, tiny ones left out.

    They were chosen by looking, so the intervals are too narrow; what counts are the tests.

    Attributes:
        lowest: Name of the group.
        highest: Name of the group.
        difference: Highest minus lowest.
        ratio: Highest to lowest.
    """

    lowest: str
    highest: str
    difference: Span
    ratio: Span


@dataclass(frozen=True, slots=True)
class OutcomeAudit:
    """One outcome over all groups of a column.

    Attributes:
        name: The label, verdict or set.
        overall: Its share of all pictures.
        groups: In alphabetical order.
        spread: ``None`` where fewer than two groups are large enough.
        finding: In words.
    """

    name: str
    overall: Share
    groups: tuple[GroupAudit, ...]
    spread: Spread | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class ColumnAudit:
    """One column, or two together.

    Attributes:
        name: ``gender``, or ``gender x ethnicity``.
        sizes: Group to pictures.
        outcomes: In the order of the answers.
        p: That the answers as a whole have nothing to do with the column; NaN where not tested.
        adjusted: The same after the correction.
        within: The same test within the groups of all other columns, corrected by Holm over the
            columns; NaN where there is no other.
        finding: In words.
        sentences: What was found, the clearest first.
    """

    name: str
    sizes: Mapping[str, int]
    outcomes: tuple[OutcomeAudit, ...]
    p: float
    adjusted: float
    within: float
    finding: Finding
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairedChange:
    """One group and one outcome, before and after.

    Attributes:
        column: The column of the group.
        group: Its name.
        outcome: The label or set.
        before: Its share before.
        after: Its share after.
        score_before: Mean score before; NaN where there is none.
        score_after: Mean score after.
        change: ``after - before`` of the same pictures.
        p: McNemar's exact test.
        adjusted: The same after Holm's correction.
    """

    column: str
    group: str
    outcome: str
    before: Share
    after: Share
    score_before: float
    score_after: float
    change: Span
    p: float
    adjusted: float


@dataclass(frozen=True, slots=True)
class SpreadChange:
    """How far the groups of a column lie apart, before and after.

    Attributes:
        column: The column.
        outcome: The label or set.
        before: Highest minus lowest share before, tiny groups left out.
        after: The same after.
        change: ``after - before``, with its bootstrap interval.
    """

    column: str
    outcome: str
    before: float
    after: float
    change: Span


@dataclass(frozen=True, slots=True)
class LabelEffect:
    """What adding labels does.

    Attributes:
        added: Their names.
        taken: The share of all pictures that land in them.
        groups: Every group and outcome.
        spreads: Every column and outcome.
    """

    added: tuple[str, ...]
    taken: Share
    groups: tuple[PairedChange, ...]
    spreads: tuple[SpreadChange, ...]


@dataclass(frozen=True, slots=True)
class WordingShare:
    """One group and one outcome over several wordings of the same labels.

    Attributes:
        column: The column of the group.
        group: Its name.
        outcome: The label or set.
        differences: The group's share minus that of the rest, one per wording.
        flips: Wordings in which it has another sign than in the first.
        reversed: Whether one wording's interval lies above 0 and another's below.
    """

    column: str
    group: str
    outcome: str
    differences: tuple[Span, ...]
    flips: int
    reversed: bool


@dataclass(frozen=True, slots=True)
class WordingEffect:
    """What the wording does.

    Attributes:
        wordings: The templates, the one in use first.
        changed: Share of pictures that get another answer than in the first, one per wording.
        shares: Outcome to its share of all pictures, one per wording.
        groups: Every group and outcome.
    """

    wordings: tuple[str, ...]
    changed: tuple[float, ...]
    shares: Mapping[str, tuple[float, ...]]
    groups: tuple[WordingShare, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything.

    Attributes:
        pictures: How many.
        options: How it was done.
        level: The p below which a single test counted as found, after the correction.
        tests: How many were corrected together.
        columns: Columns, then pairs of them.
        errors: The same for wrong answers, where the truth is known: false alarms and misses.
        error_level: Their ``level``; NaN where there are none.
        finding: Over all columns.
        notes: What the reader must know.
    """

    pictures: int
    options: AuditOptions
    level: float
    tests: int
    columns: tuple[ColumnAudit, ...]
    errors: tuple[ColumnAudit, ...] = ()
    error_level: float = float("nan")
    finding: Finding = "too few to tell"
    notes: tuple[str, ...] = ()
