"""What is said of tables of ratings, their scale and their raters."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Agreement", "RaterFigures", "RowProblem", "Scale"]


@dataclass(frozen=True, slots=True)
class RaterFigures:
    """How one person rates, beside the others.

    Attributes:
        name: From the table.
        n: Ratings given.
        bias: Mean offset in points of the 0-10 scale; above 0 rates higher than the others.
        spread: Use of the scale: 1 is like the others, 0.5 half as wide.
        inconsistency: Standard deviation of what is left after bias and spread, in points.
        agreement: Correlation with the mean of the other raters; NaN under 3 shared pictures.
    """

    name: str
    n: int
    bias: float
    spread: float
    inconsistency: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the raters agree, which bounds what any head can reach on these ratings.

    Attributes:
        raters: Of each rater, most ratings first.
        icc: Share of the variance of one rating that lies between pictures (ICC(1)), 0-1.
        reliability: Of the mean over raters, 0-1 (Spearman-Brown).
        split_half_srcc: Rank correlation of two random halves of the raters, stepped up to all of
            them; NaN where too few pictures have two ratings.
        ceiling_r2: Highest R2 that a perfect predictor would show on these means.
        pictures: Pictures with two ratings or more.
    """

    raters: tuple[RaterFigures, ...]
    icc: float
    reliability: float
    split_half_srcc: float
    ceiling_r2: float
    pictures: int


@dataclass(frozen=True, slots=True)
class Scale:
    """The linear map between the user's ratings and 0-10.

    Attributes:
        low: Raw rating that becomes 0.
        high: Raw rating that becomes 10.
        inferred: Whether it was guessed from the ratings rather than given.
        words: For instance ``1-5 stars``.
    """

    low: float
    high: float
    inferred: bool = False
    words: str = ""

    def to_ten(self, raw: float) -> float:
        """Map a raw rating to 0-10."""
        return 10.0 * (raw - self.low) / (self.high - self.low)

    def to_raw(self, score: float) -> float:
        """Map a score of 0-10 back to the user's scale."""
        return self.low + score * (self.high - self.low) / 10.0


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of a table of ratings that was left out.

    Attributes:
        row: Line in the file, the header being 1; 0 where it concerns no one line.
        path: The picture it names, or an empty string.
        reason: A sentence for a person.
    """

    row: int
    path: str
    reason: str
