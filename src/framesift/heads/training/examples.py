"""What training takes: tables of ratings, targets on one scale, embeddings with their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.errors import ConfigError
from framesift.types import Embeddings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.heads.numeric import Float64Array
    from framesift.heads.training.results import Agreement, RowProblem, Scale

__all__ = ["KINDS", "Examples", "FitOptions", "Int32Array", "Kind", "RatingTable", "Targets"]

Int32Array: TypeAlias = NDArray[np.int32]
Kind: TypeAlias = Literal["ridge", "kernel", "svr", "mlp", "blend"]
KINDS: tuple[Kind, ...] = ("ridge", "kernel", "svr", "mlp", "blend")


@dataclass(frozen=True, slots=True, eq=False)
class RatingTable:
    """A table of ratings as read: P pictures, M ratings, R raters.

    Attributes:
        source: Name of the file.
        paths: P names as written in the table, in order of first appearance.
        groups: P names from the ``group`` column, empty where none is given.
        splits: P entries: ``train``, ``test`` or empty.
        picture: int32 (M,), index into ``paths``.
        rating: float64 (M,), raw, finite.
        rater: int32 (M,), index into ``raters``; all 0 without a ``rater`` column.
        raters: R names; one empty name without that column.
        problems: Rows left out, the first 100 of them.
        problem_count: Rows left out in all.
        repeats: Rows that rate a picture again by the same rater; their mean is used.
        written: P cells that named the pictures, blanks around them kept; empty where none had any.
    """

    source: str
    paths: tuple[str, ...]
    groups: tuple[str, ...]
    splits: tuple[str, ...]
    picture: Int32Array
    rating: Float64Array
    rater: Int32Array
    raters: tuple[str, ...]
    problems: tuple[RowProblem, ...] = ()
    problem_count: int = 0
    repeats: int = 0
    written: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return P, the number of pictures."""
        return len(self.paths)


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """One rating for each of P pictures, on the 0-10 scale.

    Attributes:
        paths: P names.
        values: float64 (P,), 0-10.
        counts: int32 (P,), ratings behind each value.
        groups: P names, empty where none is given.
        splits: P entries: ``train``, ``test`` or empty.
        scale: How raw ratings were mapped.
        agreement: Where there were several raters.
        warnings: Sentences that the user must see.
    """

    paths: tuple[str, ...]
    values: Float64Array
    counts: Int32Array
    groups: tuple[str, ...]
    splits: tuple[str, ...]
    scale: Scale
    agreement: Agreement | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return P, the number of pictures."""
        return len(self.paths)

    def take(self, rows: Sequence[int]) -> Targets:
        """Return the targets of some pictures, in the given order."""
        index = np.asarray(rows, dtype=np.intp)
        return Targets(
            tuple(self.paths[i] for i in index),
            self.values[index],
            self.counts[index],
            tuple(self.groups[i] for i in index),
            tuple(self.splits[i] for i in index),
            self.scale,
            self.agreement,
            self.warnings,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """N embedded pictures, one row each, and what tells related ones apart.

    Attributes:
        embeddings: ``vectors`` and extras, N rows.
        names: N paths, used in reports and, with ``times``, to find bursts.
        sha256: N hashes of the content, or empty: equal ones are never split.
        times: N capture times in seconds (NaN where unknown), or empty: pictures of one folder
            within `FitOptions.burst_s` are never split.
        model: Catalog name of the model that made the embeddings, for the card.

    Raises:
        ConfigError: A list is of another length than the embeddings.
    """

    embeddings: Embeddings
    names: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    times: tuple[float, ...] = ()
    model: str = ""

    def __post_init__(self) -> None:
        """Check the lengths."""
        for what in ("names", "sha256", "times"):
            given = len(getattr(self, what))
            if given not in (0, len(self.embeddings)):
                message = f"{given} {what} for {len(self.embeddings)} embeddings; pass one each"
                raise ConfigError(message)

    def __len__(self) -> int:
        """Return N."""
        return len(self.embeddings)

    @classmethod
    def stack(
        cls,
        parts: Sequence[Embeddings],
        *,
        names: Sequence[str] = (),
        sha256: Sequence[str] = (),
        times: Sequence[float] = (),
        model: str = "",
    ) -> Examples:
        """Join embeddings of one picture each, or of many.

        Extras that some part lacks are dropped. A part of several rows (the frames of a video)
        becomes one row: the mean, with the vectors brought back to length 1.

        Raises:
            ConfigError: There is no part, or two parts are of different spaces.
        """
        if len({part.space for part in parts}) != 1:
            message = "embeddings to train on must be there and come from one model"
            raise ConfigError(message)
        shared = [name for name in parts[0].extras if all(name in p.extras for p in parts)]
        vectors = np.stack([part.vectors.mean(axis=0) for part in parts])
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = np.asarray(vectors / np.where(length > 0, length, 1.0), np.float32)
        extras = {
            name: np.stack(
                [np.asarray(part.extras[name].mean(axis=0), np.float32) for part in parts]
            )
            for name in shared
        }
        joined = Embeddings(vectors, parts[0].space, parts[0].fingerprint, extras)
        return cls(joined, tuple(names), tuple(sha256), tuple(times), model)

    def take(self, rows: Sequence[int]) -> Examples:
        """Return some pictures, in the given order."""
        index = np.asarray(rows, dtype=np.intp)
        all_of = self.embeddings
        extras = {name: array[index] for name, array in all_of.extras.items()}
        part = Embeddings(all_of.vectors[index], all_of.space, all_of.fingerprint, extras)
        pick = [
            tuple(each[i] for i in index) if each else ()
            for each in (self.names, self.sha256, self.times)
        ]
        return Examples(part, pick[0], pick[1], pick[2], self.model)


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to train. The same options, data and seed give the same head, byte for byte.

    Attributes:
        name: Of the head, as it will appear in records.
        seed: Of every random choice.
        folds: Outer folds; fewer where there are fewer groups.
        inner_folds: Of the cross-validation that chooses within each outer fold.
        kinds: Models to try.
        inputs: Input sets to try, each a tuple of ``vectors`` and names of extras; empty tries
            each input alone and useful unions.
        repeats: Bootstrap resamples behind every interval.
        near_duplicate: Cosine from which two mutual nearest neighbours count as the same scene;
            ``None`` turns this off.
        burst_s: Pictures of one folder taken within so many seconds belong together.
        curve: Whether to draw a learning curve.
        spread: ``mse`` keeps predictions where their errors are smallest, which crowds them around
            the mean where little can be predicted; ``ratings`` spreads them monotonically until
            they are distributed as the ratings are, at the price of larger errors.
        licence: Of the head, for the card.
        provenance: Where the ratings come from, for the card.
        extra: Further words for the card's details.
    """

    name: str = "my-head"
    seed: int = 0
    folds: int = 5
    inner_folds: int = 8
    kinds: tuple[Kind, ...] = KINDS
    inputs: tuple[tuple[str, ...], ...] = ()
    repeats: int = 1000
    near_duplicate: float | None = 0.97
    burst_s: float = 3.0
    curve: bool = True
    spread: Literal["mse", "ratings"] = "mse"
    licence: str = ""
    provenance: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ConfigError: With the value and what to use.
        """
        if min(self.folds, self.inner_folds) < 2:
            message = f"folds {self.folds}, {self.inner_folds}: use 2 or more"
            raise ConfigError(message)
        if not self.kinds or not set(self.kinds) <= set(KINDS):
            message = f"kinds {', '.join(self.kinds) or '(none)'}: use some of {', '.join(KINDS)}"
            raise ConfigError(message)
        if self.near_duplicate is not None and not 0.5 <= self.near_duplicate <= 1:
            message = f"near_duplicate {self.near_duplicate}: use a cosine between 0.5 and 1"
            raise ConfigError(message)
