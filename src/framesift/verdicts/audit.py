"""Whether a system treats groups of people differently: shares, disparities, tests, errors.

Nothing here looks at pictures. Groups are what a table says of them; answers may come from any
system. Two families of tests are corrected apart, each with its own ``alpha``:

- *answers*: landing in a label, a verdict or a named set, its score, and all answers of a column
  together, against the rest (demographic parity);
- *errors*, where the truth is known: false alarms and misses among pictures of the same truth
  (equalised odds, Hardt, Price and Srebro 2016).

"Not found" follows the rule that absence of evidence is no evidence of absence (Altman and Bland
1995): it is said only where the interval of every difference lies within the margin, as in a test
of equivalence (Schuirmann 1987).
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING

import numpy as np

from framesift.verdicts.audit_results import (
    NOT_GIVEN,
    Answers,
    Audit,
    AuditOptions,
    ColumnAudit,
    GroupAudit,
    OutcomeAudit,
    ScoreGap,
    Spread,
)
from framesift.verdicts.audit_words import column_sentences
from framesift.verdicts.permutation import Family, conditional_p, holm, shuffled
from framesift.verdicts.proportions import Span, detectable, difference, ratio, share
from framesift.verdicts.resampling import mean_gaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from framesift.verdicts.audit_results import Finding
    from framesift.verdicts.permutation import Shuffled
    from framesift.verdicts.proportions import Share

__all__ = ["TIMES", "Table", "audit_bias"]

TIMES = " x "
_MOST_CELLS = 400
_FEWEST_RESAMPLES = 499
_BUDGET = 30_000_000
_MANY = 20_000


class Table:
    """Groups of N pictures: columns, and pairs of columns, as one matrix.

    Args:
        columns: Column to the value of each picture; an empty value is a group of its own.
        intersections: Whether pairs of columns follow.

    Attributes:
        columns: Names, pairs last.
        names: Of G groups.
        column: Index of each group's column, int (G,).
        members: Which picture is of which group, bool (N, G).
        skipped: Pairs that would have too many groups.
    """

    def __init__(self, columns: Mapping[str, Sequence[str]], *, intersections: bool = True) -> None:
        """Number the groups in alphabetical order, numbers in theirs: ``3-9`` before ``20-29``."""
        filled = {
            name: [value.strip() or NOT_GIVEN for value in values]
            for name, values in columns.items()
        }
        self.skipped: list[str] = []
        pairs = list(itertools.combinations(filled, 2)) if intersections else []
        for one, other in pairs:
            joined = [f"{a}{TIMES}{b}" for a, b in zip(filled[one], filled[other], strict=True)]
            if len(set(joined)) > _MOST_CELLS:
                self.skipped.append(f"{one}{TIMES}{other}")
            else:
                filled[f"{one}{TIMES}{other}"] = joined
        self.columns = tuple(filled)
        self.single = len(columns)
        self.names: list[str] = []
        place: list[int] = []
        parts: list[NDArray[np.bool_]] = []
        for number, values in enumerate(filled.values()):
            known = sorted(set(values), key=_natural)
            rank = {name: code for code, name in enumerate(known)}
            self.names += known
            place += [number] * len(known)
            parts.append(np.eye(len(known), dtype=bool)[[rank[value] for value in values]])
        self.column = np.array(place, dtype=np.int64)
        self.members = np.concatenate(parts, axis=1)

    def codes(self, column: int) -> NDArray[np.int64]:
        """Return the number of each picture's group in a column, int (N,)."""
        made: NDArray[np.int64] = self.members[:, self.column == column].argmax(axis=1)
        return made


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def audit_bias(
    answers: Answers,
    columns: Mapping[str, Sequence[str]],
    *,
    truth: Mapping[str, NDArray[np.bool_]] | None = None,
    options: AuditOptions | None = None,
) -> Audit:
    """Compare what groups of people get, column by column and for pairs of columns.

    Args:
        answers: What a system said of N pictures.
        columns: Column to N values, such as ``{"gender": ["female", "male"]}``.
        truth: What would be right: outcome to whether each picture is of it, bool (N,) each.
            ``None`` where nobody knows.
        options: Levels, margins, resamples.

    Raises:
        ValueError: There is no picture or no column, or lengths differ.
    """
    options = options or AuditOptions()
    lengths = {len(answers), *(len(values) for values in columns.values())}
    if not columns or len(lengths) != 1 or lengths == {0}:
        message = f"an audit needs pictures and columns of one length, not {sorted(lengths)}"
        raise ValueError(message)
    table = Table(columns, intersections=options.intersections)
    kept = _scored(answers)
    family = _family(table, answers, kept)
    resamples = _resamples(family, options)
    found = shuffled(family, alpha=options.alpha, resamples=resamples, seed=options.seed)
    within = _within(table, family, resamples, options)
    gaps = _gaps(table, answers, kept, found, options)
    audits = _columns(table, family, (answers.names, found), (gaps, within), options)
    errors, level = _errors(table, answers, truth, options)
    return Audit(
        pictures=len(answers),
        options=options,
        level=found.level,
        tests=found.rates.size + found.scores.size + found.columns.size,
        columns=audits,
        errors=errors,
        error_level=level,
        finding=_worst([one.finding for one in (*audits, *errors)]),
        notes=_notes(table, answers, resamples, options),
    )


def _scored(answers: Answers) -> list[int]:
    """Return the outcomes that have scores."""
    if answers.scores is None or not len(answers.scores):
        return []
    return [int(place) for place in np.flatnonzero(np.isfinite(answers.scores).all(axis=0))]


def _family(table: Table, answers: Answers, kept: list[int]) -> Family:
    return Family(
        table.members,
        table.column,
        answers.hits,
        np.ones_like(answers.hits),
        answers.scores[:, kept] if answers.scores is not None else None,
        np.zeros(len(answers), np.int64),
        answers.answers,
    )


def _resamples(family: Family, options: AuditOptions) -> int:
    """Fewer where each deal costs much: p after correction stays right, only coarser."""
    tests = family.members.shape[1] * family.hits.shape[1] * 2
    affordable: int = min(_BUDGET // max(tests, 1), 40_000_000 // max(len(family.strata), 1))
    return min(options.resamples, max(affordable, _FEWEST_RESAMPLES))


def _within(table: Table, family: Family, resamples: int, options: AuditOptions) -> list[float]:
    """Test each single column within the groups of all the others, Holm-corrected."""
    found = [math.nan] * len(table.columns)
    if table.single < 2:
        return found
    for column in range(table.single):
        strata = np.zeros(len(family.strata), np.int64)
        for other in range(table.single):
            if other != column:
                codes = table.codes(other)
                strata = strata * (int(codes.max()) + 1) + codes
        own = table.column == column
        part = Family(
            family.members[:, own],
            np.zeros(int(own.sum()), np.int64),
            family.hits,
            family.eligible,
            None,
            strata,
            family.answers,
        )
        few = max(min(resamples, 40_000_000 // max(len(strata), 1)), _FEWEST_RESAMPLES)
        found[column] = float(conditional_p(part, resamples=few, seed=options.seed)[0])
    return holm(found)


def _gaps(
    table: Table, answers: Answers, kept: list[int], found: Shuffled, options: AuditOptions
) -> dict[tuple[int, int], ScoreGap]:
    """Measure the score gaps of every group and every outcome that has scores."""
    if answers.scores is None or not kept:
        return {}
    scores = answers.scores[:, kept]
    made = {}
    for group in range(len(table.names)):
        inside = table.members[:, group]
        if inside.all() or not inside.any():
            continue
        spans = mean_gaps(scores[inside], scores[~inside], options.resamples, options.seed)
        for place, outcome in enumerate(kept):
            one, other = scores[inside, place], scores[~inside, place]
            made[group, outcome] = ScoreGap(
                float(one.mean()),
                float(other.mean()),
                spans[place],
                _superiority(one, other),
                float(found.scores[group, place]),
                float(found.scores_adjusted[group, place]),
            )
    return made


def _superiority(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the share of pairs in which ``one`` is higher, ties half (Mann and Whitney 1947)."""
    ordered = np.sort(other)
    below = np.searchsorted(ordered, one, side="left")
    upto = np.searchsorted(ordered, one, side="right")
    return float((below + upto).sum() / (2 * len(one) * len(other)))


def _columns(
    table: Table,
    family: Family,
    tested: tuple[Sequence[str], Shuffled],
    more: tuple[Mapping[tuple[int, int], ScoreGap], Sequence[float]],
    options: AuditOptions,
) -> tuple[ColumnAudit, ...]:
    names, found = tested
    gaps, within = more
    made = []
    for number, column in enumerate(table.columns):
        own = np.flatnonzero(table.column == number)
        p = float(found.columns[number]) if found.columns.size else math.nan
        adjusted = float(found.columns_adjusted[number]) if found.columns.size else math.nan
        outcomes = tuple(
            _outcome(table, own, (family, found, place), gaps, options, name)
            for place, name in enumerate(names)
        )
        finding = _worst([one.finding for one in outcomes])
        if adjusted <= options.alpha:
            finding = "found"
        sizes = {table.names[group]: int(table.members[:, group].sum()) for group in own}
        made.append(
            ColumnAudit(
                column,
                sizes,
                outcomes,
                p,
                adjusted,
                within[number],
                finding,
                column_sentences(outcomes, sizes, adjusted, options),
            )
        )
    return tuple(made)


def _outcome(
    table: Table,
    own: NDArray[np.int64],
    tested: tuple[Family, Shuffled, int],
    gaps: Mapping[tuple[int, int], ScoreGap],
    options: AuditOptions,
    name: str,
) -> OutcomeAudit:
    family, found, place = tested
    hits = family.hits[:, place] & family.eligible[:, place]
    eligible = family.eligible[:, place]
    groups = []
    for group in own.tolist():
        inside = table.members[:, group]
        rate = share(int((hits & inside).sum()), int((eligible & inside).sum()))
        rest = share(int((hits & ~inside).sum()), int((eligible & ~inside).sum()))
        groups.append(
            _group(
                table.names[group],
                (rate, rest),
                (float(found.rates[group, place]), float(found.rates_adjusted[group, place])),
                gaps.get((group, place)),
                found.level,
                options,
            )
        )
    overall = share(int(hits.sum()), int(eligible.sum()))
    findings = [one.finding for one in groups]
    return OutcomeAudit(name, overall, tuple(groups), _spread(groups, options), _worst(findings))


def _group(
    name: str,
    shares: tuple[Share, Share],
    p: tuple[float, float],
    gap: ScoreGap | None,
    level: float,
    options: AuditOptions,
) -> GroupAudit:
    rate, rest = shares
    empty = rate.total == 0 or rest.total == 0
    apart = Span(math.nan, -1.0, 1.0) if empty else difference(rate, rest)
    times = Span(math.nan, 0.0, math.inf) if empty else ratio(rate, rest)
    few = rate.total < options.few
    finding: Finding = "too few to tell"
    if p[1] <= options.alpha or (gap is not None and gap.adjusted <= options.alpha):
        finding = "found"
    elif -options.margin <= apart.low and apart.high <= options.margin and not empty:
        finding = "not found"
    return GroupAudit(
        name,
        rate,
        rest,
        apart,
        times,
        p[0],
        p[1],
        detectable(rest.value, rate.total, rest.total, level),
        few,
        gap,
        finding,
    )


def _spread(groups: Sequence[GroupAudit], options: AuditOptions) -> Spread | None:
    large = [one for one in groups if one.rate.total >= options.few]
    if len(large) < 2:
        return None
    lowest = min(large, key=lambda one: one.rate.value)
    highest = max(large, key=lambda one: one.rate.value)
    return Spread(
        lowest.name,
        highest.name,
        difference(highest.rate, lowest.rate),
        ratio(highest.rate, lowest.rate),
    )


def _worst(findings: Sequence[Finding]) -> Finding:
    """Found counts most; where anything cannot be told, neither can the whole."""
    if "found" in findings:
        return "found"
    return "too few to tell" if "too few to tell" in findings or not findings else "not found"


def _errors(
    table: Table,
    answers: Answers,
    truth: Mapping[str, NDArray[np.bool_]] | None,
    options: AuditOptions,
) -> tuple[tuple[ColumnAudit, ...], float]:
    """Compare false alarms and misses of each label among pictures of the same truth."""
    if not truth:
        return (), math.nan
    names, hits, eligible = [], [], []
    for name, actual in truth.items():
        said = answers.hits[:, answers.names.index(name)]
        for what, counts, wrong in (
            (f"{name}, wrongly", ~actual, said),
            (f"{name}, missed", actual, ~said),
        ):
            if counts.any():
                names.append(what)
                hits.append(wrong)
                eligible.append(counts)
    actuals = np.stack(list(truth.values()), axis=1)
    strata = np.unique(actuals, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    family = Family(
        table.members,
        table.column,
        np.stack(hits, axis=1),
        np.stack(eligible, axis=1),
        None,
        strata,
        0,
    )
    resamples = _resamples(family, options)
    found = shuffled(family, alpha=options.alpha, resamples=resamples, seed=options.seed + 1)
    nothing = [math.nan] * len(table.columns)
    return _columns(table, family, (names, found), ({}, nothing), options), found.level


def _notes(
    table: Table, answers: Answers, resamples: int, options: AuditOptions
) -> tuple[str, ...]:
    notes = [
        f"{name} would make more than {_MOST_CELLS} groups and was left out"
        for name in table.skipped
    ]
    if resamples < options.resamples:
        notes.append(f"answers were dealt anew {resamples:,} times, since there is much to test")
    if len(answers) > _MANY:
        notes.append("with so many pictures even tiny differences are found; look at their size")
    return tuple(notes)
