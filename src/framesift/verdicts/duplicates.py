"""Which pictures are duplicates of one another, which of them stays, and why.

Three kinds, from the surest on: files of the same content; pictures that look like copies
(`framesift.verdicts.linking`); pictures of one burst. Groups have a centre to which every member
is linked (`framesift.verdicts.stars`), so they do not depend on the order of the pictures and a
chain of small steps does not join unlike ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from framesift.verdicts.linking import BurstLinker, Limits, NearLinker
from framesift.verdicts.stars import stars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from framesift.types import Action, Float32Array, MediaInfo
    from framesift.verdicts.stars import IntArray

__all__ = [
    "KEEP",
    "Candidate",
    "Group",
    "Keep",
    "Kind",
    "Looks",
    "Why",
    "find_duplicates",
    "keeper_of",
]

Kind: TypeAlias = Literal["exact", "near", "burst"]
Keep: TypeAlias = Literal["best", "first", "largest", "oldest", "newest", "shortest-path"]
KEEP: tuple[Keep, ...] = ("best", "first", "largest", "oldest", "newest", "shortest-path")

# Mirroring turns the sign of every second coefficient: `framesift.embeddings.perceptual`.
_MIRROR = np.uint64(0x5555555555555555)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a picture or video beside its looks.

    Attributes:
        info: Path, content hash, format, size in pixels.
        size_bytes: Of the file.
        changed_s: When the file was last changed, in seconds since 1970.
        taken_s: When the picture was taken, by its own header, in seconds of the camera's clock;
            NaN where it does not say.
        camera: Make and model, by its own header.
        score: Quality from 0 to 10; ``None`` without one.
        action: The verdict.
        partial: Whether only a part could be read.
        others: Further names of this very file that were found: hard and symbolic links.
    """

    info: MediaInfo
    size_bytes: int = 0
    changed_s: float = 0.0
    taken_s: float = math.nan
    camera: str = ""
    score: float | None = None
    action: Action = "review"
    partial: bool = False
    others: tuple[str, ...] = ()

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.info.width * self.info.height

    @property
    def date_s(self) -> float:
        """When it was taken, or else when the file was last changed."""
        return self.taken_s if math.isfinite(self.taken_s) else self.changed_s


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What N candidates look like. Videos and animations have no hash: only exact copies count.

    Attributes:
        hashes: PDQ, uint64 (N, 4), see `framesift.verdicts.linking.packed`.
        detail: PDQ's quality, 0 to 100, uint8 (N,); 0 where there is no hash.
        vectors: float32 (N, D), rows of length 1.
    """

    hashes: NDArray[np.uint64]
    detail: NDArray[np.uint8]
    vectors: Float32Array

    def of(self, ones: IntArray) -> Looks:
        """Return those of some candidates, in their order."""
        return Looks(self.hashes[ones], self.detail[ones], self.vectors[ones])


@dataclass(frozen=True, slots=True)
class Why:
    """How a picture is related to the one that stays.

    Attributes:
        kind: Of the link; ``exact`` for the same content.
        bits: How many of the 256 bits of PDQ differ; ``None`` where there is no hash.
        cosine: Of the embeddings.
        mirrored: Whether it had to be mirrored for these bits.
        seconds: How long before or after it was taken; ``None`` where unknown.
    """

    kind: Kind
    bits: int | None = None
    cosine: float | None = None
    mirrored: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Duplicates of one another.

    Attributes:
        kind: The least sure link in it.
        keep: Index of the candidate that stays.
        others: Indices of the others, in the order given.
        why: How each of them is related to the one that stays.
    """

    kind: Kind
    keep: int
    others: tuple[int, ...]
    why: tuple[Why, ...]


def find_duplicates(
    candidates: Sequence[Candidate],
    looks: Looks,
    *,
    limits: Limits | None = None,
    kinds: frozenset[Kind] = frozenset(("exact", "near", "burst")),
    keep: Keep = "best",
) -> list[Group]:
    """Find duplicates and choose which of each group stays.

    Args:
        candidates: Each a file of its own; their order breaks ties of ``keep``.
        looks: What they look like.
        limits: How alike they must be.
        kinds: What to look for; files of the same content always are.
        keep: Which one stays, see `keeper_of`.

    Returns:
        Groups of two and more, in the order of the ones that stay.
    """
    limits = limits or Limits()
    finder = _Finder(candidates, looks, limits)
    if "near" in kinds:
        finder.join_near()
    if "burst" in kinds:
        finder.join_bursts()
    groups = [_group(members, finder, keep) for members in finder.members()]
    return sorted(groups, key=lambda group: group.keep)


def keeper_of(members: Sequence[int], candidates: Sequence[Candidate], keep: Keep) -> int:
    """Return which of some candidates stays.

    - ``best``: the highest quality, as records show it, then the largest, then the first;
    - ``first``: as they were given;
    - ``largest``: most pixels, then most bytes, then the best;
    - ``oldest`` and ``newest``: by when they were taken, or else by when the file was changed;
    - ``shortest-path``: the fewest folders, then the fewest characters.

    Whatever the rule, one that could only be read in part stays only where no other can, and among
    equals one that has further names, which may be links to it.
    """
    rule = _RULES[keep]

    def place(i: int) -> tuple[float, ...]:
        one = candidates[i]
        return (one.partial, *rule(one), not one.others, i)

    return min(members, key=place)


def _best(one: Candidate) -> tuple[float, ...]:
    score = -math.inf if one.score is None else round(one.score, 4)
    return (-score, -one.pixels, -one.size_bytes)


def _path(one: Candidate) -> tuple[float, ...]:
    path = PurePath(one.info.path)
    return (len(path.parts), len(str(path)))


_RULES: dict[Keep, Callable[[Candidate], tuple[float, ...]]] = {
    "best": _best,
    "first": lambda _: (),
    "largest": lambda one: (-one.pixels, -one.size_bytes, *_best(one)),
    "oldest": lambda one: (one.date_s, *_best(one)),
    "newest": lambda one: (-one.date_s, *_best(one)),
    "shortest-path": _path,
}


class _Finder:
    """Joins candidates step by step; what is joined counts as one picture in the next step."""

    def __init__(self, candidates: Sequence[Candidate], looks: Looks, limits: Limits) -> None:
        self.candidates = candidates
        self.looks = looks
        self.limits = limits
        self._times = np.array([one.taken_s for one in candidates], np.float64)
        self.linker = _linker(looks, self._times, limits)
        order = sorted(
            range(len(candidates)),
            key=lambda i: (candidates[i].info.sha256, candidates[i].info.path),
        )
        self._rank = np.empty(len(order), np.int64)
        self._rank[order] = np.arange(len(order))
        first: dict[str, int] = {}
        for i in order:
            first.setdefault(candidates[i].info.sha256, i)
        # The candidate that stands for each one's group.
        self._of = np.array([first[one.info.sha256] for one in candidates], np.int64)

    def join_near(self) -> None:
        """Join what looks like copies."""
        ones = self._standing()
        near = _linker(self.looks.of(ones), self._times[ones], self.limits)
        self._join(ones, stars(near, self._rank[ones]))

    def join_bursts(self) -> None:
        """Join what was taken in a burst; a group of copies was taken when its centre was."""
        ones = self._standing()
        chosen = [self.candidates[i] for i in ones.tolist()]
        numbers: dict[tuple[str, str], int] = {}
        series = [
            numbers.setdefault((str(PurePath(one.info.path).parent), one.camera), len(numbers))
            for one in chosen
        ]
        vectors = self.looks.vectors[ones]
        burst = BurstLinker(np.array(series, np.int64), self._times[ones], vectors, self.limits)
        self._join(ones, stars(burst, self._rank[ones]))

    def members(self) -> list[list[int]]:
        """Return the groups of two and more."""
        found: dict[int, list[int]] = {}
        for i, standing in enumerate(self._of.tolist()):
            found.setdefault(standing, []).append(i)
        return [members for members in found.values() if len(members) > 1]

    def _standing(self) -> IntArray:
        return np.unique(self._of)

    def _join(self, ones: IntArray, centre: IntArray) -> None:
        into = np.arange(len(self._of))
        into[ones] = ones[centre]
        self._of = into[self._of]


def _linker(looks: Looks, times: NDArray[np.float64], limits: Limits) -> NearLinker:
    mirrored = looks.hashes ^ _MIRROR if limits.mirrored else None
    return NearLinker(
        looks.hashes, looks.detail, looks.vectors, limits, times=times, mirrored=mirrored
    )


def _group(members: list[int], finder: _Finder, keep: Keep) -> Group:
    stays = keeper_of(members, finder.candidates, keep)
    others = tuple(i for i in members if i != stays)
    why = tuple(_why(stays, i, finder) for i in others)
    kinds: tuple[Kind, ...] = ("burst", "near", "exact")
    kind = next(kind for kind in kinds if any(one.kind == kind for one in why))
    return Group(kind, stays, others, why)


def _why(stays: int, other: int, finder: _Finder) -> Why:
    """Say how two of a group are related; what no rule links is related through the centre."""
    one, two = finder.candidates[stays], finder.candidates[other]
    if one.info.sha256 == two.info.sha256:
        return Why("exact")
    looks = finder.looks
    bits, mirrored = None, False
    if looks.detail[stays] and looks.detail[other]:
        bits, mirrored = finder.linker.bits(stays, other)
    cosine = float(looks.vectors[stays] @ looks.vectors[other])
    apart = abs(one.taken_s - two.taken_s)
    seconds = apart if math.isfinite(apart) else None
    near = finder.linker.links(stays, other)
    burst = not near and seconds is not None and seconds <= 2 * finder.limits.burst_s
    return Why("burst" if burst else "near", bits, round(cosine, 4), mirrored, seconds)
