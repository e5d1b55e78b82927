"""One sitting of comparing pictures two by two."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, cast, get_args

from framesift.errors import ConfigError
from framesift.web.pairs import Outcome, Pair, PairsFile
from framesift.web.ratings import Rating, RatingsFile, now
from framesift.web.strength import fit_strengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.web.gallery import Gallery

__all__ = ["ENOUGH", "GOAL", "PairDesk", "ratings_from_pairs"]

ENOUGH = 4
"""Comparisons after which a picture gets a rating."""

GOAL = 10
"""Comparisons a picture that make a sound rating: simulated with people who prefer a picture one
standard deviation better three times in four, the order then agrees with the true one with a rank
correlation of 0.8; with 4 comparisons 0.65, with 20 0.88."""

_FEWEST_PICTURES = 5
_SHARE: dict[Outcome, float] = {"left": 1.0, "right": 0.0, "tie": 0.5}
_AHEAD = 3


class PairDesk:
    """Chooses pairs, takes the answers to a file, and makes ratings; used by several threads."""

    def __init__(
        self, gallery: Gallery, pairs: PairsFile, ratings: RatingsFile, rater: str, *, seed: int = 0
    ) -> None:
        """Go on where the files stand.

        Args:
            gallery: The pictures.
            pairs: Where every comparison goes.
            ratings: Where the ratings go, under the rater ``NAME (pairs)``: they are on another
                scale than those given one by one.
            rater: May be empty.
            seed: Of the choice of pairs.
        """
        self.gallery = gallery
        self._pairs = pairs
        self._ratings = ratings
        self._rater = rater
        self._seed = seed
        self._lock = threading.Lock()
        self._numbers = {name: number for number, name in enumerate(gallery.names)}
        self._done: list[Pair] = []
        self._queue: list[tuple[int, int]] = []
        self._skipped: set[frozenset[int]] = set()

    @property
    def given(self) -> int:
        """How many pairs were compared in this sitting."""
        return len(self._done)

    @property
    def label(self) -> str:
        """The rater under which the ratings are written."""
        return f"{self._rater} (pairs)" if self._rater else "pairs"

    def state(self) -> dict[str, Any]:
        """Return how far it is, and the next pairs."""
        with self._lock:
            return self._state()

    def judge(self, left: object, right: object, better: object) -> dict[str, Any]:
        """Keep an answer; it is on the disk when this returns.

        Args:
            left: Number of the picture shown left.
            right: Of the other one.
            better: ``left``, ``right``, ``tie``; ``skip`` leaves this pair out of this sitting.

        Raises:
            ConfigError: An argument is not valid, or the file has been changed for the worse.
            OSError: The file cannot be written; nothing has changed.
        """
        first, second = self._number(left), self._number(right)
        if better not in (*get_args(Outcome), "skip") or first == second:
            message = "an answer names two pictures, and left, right, tie or skip"
            raise ConfigError(message)
        with self._lock:
            if better == "skip":
                self._skipped.add(frozenset((first, second)))
            else:
                pair = Pair(
                    left=self.gallery.names[first],
                    right=self.gallery.names[second],
                    better=cast("Outcome", better),
                    rater=self._rater,
                    left_sha256=self.gallery.sha256(first),
                    right_sha256=self.gallery.sha256(second),
                    time=now(),
                )
                self._pairs.add(pair)
                self._done.append(pair)
            self._queue = [pair for pair in self._queue if set(pair) != {first, second}]
            return self._state()

    def undo(self) -> dict[str, Any]:
        """Take the last answer of this sitting back, and show that pair again.

        Raises:
            ConfigError: The file has been changed for the worse.
            OSError: The file cannot be written; nothing has changed.
        """
        with self._lock:
            if self._done:
                pair = self._done[-1]
                self._pairs.remove(pair)
                self._done.pop()
                self._queue.insert(0, (self._numbers[pair.left], self._numbers[pair.right]))
            return self._state()

    def finish(self) -> int:
        """Write the ratings that the comparisons give by now; return their number.

        Raises:
            ConfigError: A file has been changed for the worse.
            OSError: The ratings cannot be written; the comparisons stay.
        """
        with self._lock:
            ratings = ratings_from_pairs(self._pairs.by(self._rater), self.label)
            if ratings:
                self._ratings.replace_rater(self.label, ratings)
            return len(ratings)

    def _state(self) -> dict[str, Any]:
        pairs = self._known_pairs()
        counts = self._counts(pairs)
        shown = [number for number in self._numbers.values() if self._is_shown(number)]
        self._fill(pairs, counts)
        return {
            "rater": self._rater,
            "compared": len(pairs),
            "given": len(self._done),
            "pictures": len(shown),
            "ready": sum(1 for number in shown if counts[number] >= ENOUGH),
            "until_enough": _still(counts, shown, ENOUGH),
            "until_goal": _still(counts, shown, GOAL),
            "pairs": [self._described(pair) for pair in self._queue],
            "failures": {
                self.gallery.names[number]: text for number, text in self.gallery.failures.items()
            },
        }

    def _described(self, pair: tuple[int, int]) -> dict[str, Any]:
        names = self.gallery.names
        return {
            "left": pair[0],
            "right": pair[1],
            "left_name": names[pair[0]],
            "right_name": names[pair[1]],
        }

    def _known_pairs(self) -> list[tuple[int, int, float]]:
        """Return the comparisons between pictures of this gallery."""
        return [
            (self._numbers[pair.left], self._numbers[pair.right], _SHARE[pair.better])
            for pair in self._pairs.by(self._rater)
            if pair.left in self._numbers and pair.right in self._numbers
        ]

    def _counts(self, pairs: Sequence[tuple[int, int, float]]) -> list[int]:
        counts = [0] * len(self.gallery)
        for first, second, _ in pairs:
            counts[first] += 1
            counts[second] += 1
        return counts

    def _fill(self, pairs: list[tuple[int, int, float]], counts: list[int]) -> None:
        """Choose pairs until enough are waiting: the browser loads them ahead."""
        self._queue = [pair for pair in self._queue if all(map(self._is_shown, pair))]
        if len(self._queue) >= _AHEAD:
            return
        met = {frozenset(pair[:2]) for pair in pairs} | self._skipped
        part = _parts(len(self.gallery), pairs)
        while len(self._queue) < _AHEAD:
            chosen = self._choose(counts, met, part)
            if chosen is None:
                return
            self._queue.append(chosen)

    def _choose(
        self, counts: list[int], met: set[frozenset[int]], part: list[int]
    ) -> tuple[int, int] | None:
        """Take the picture compared least, and against it one it has not met.

        First comes one from a part of the pictures that no chain of comparisons joins to its own,
        then one compared little; which of these is left to chance. Pairing neighbours in strength,
        as tournaments do, made the ratings no better in simulations: strengths are poorly known
        while it would matter.
        """
        waiting = {number for pair in self._queue for number in pair}
        free = [
            number
            for number in range(len(counts))
            if number not in waiting and self._is_shown(number)
        ]
        chance = random.Random(f"{self._seed}:{sum(counts)}:{len(self._queue)}")  # noqa: S311
        chance.shuffle(free)
        free.sort(key=counts.__getitem__)
        for first in free:
            others = [
                number
                for number in free
                if number != first and frozenset((first, number)) not in met
            ]
            if others:
                # Shuffled above: the first of equals is a random one.
                second = min(
                    others, key=lambda number: (part[number] == part[first], counts[number])
                )
                return (first, second) if chance.random() < 0.5 else (second, first)
        return None

    def _is_shown(self, number: int) -> bool:
        return number not in self.gallery.failures

    def _number(self, index: object) -> int:
        if isinstance(index, bool) or not isinstance(index, int):
            message = "a picture is named by its number"
            raise ConfigError(message)
        if not 0 <= index < len(self.gallery):
            message = f"there is no picture {index}"
            raise ConfigError(message)
        return index


def ratings_from_pairs(pairs: Sequence[Pair], rater: str) -> list[Rating]:
    """Make ratings from 0 to 10 of comparisons.

    A rating is ten times the share of comparisons that a picture would win against the others,
    by the fitted model; a tie is half a win.

    Args:
        pairs: The comparisons of one person.
        rater: What the ratings carry as their rater.

    Returns:
        A rating for every picture with at least `ENOUGH` comparisons among the pictures that are
        joined by chains of comparisons (their largest part); none while these are fewer than five.
    """
    names = sorted({name for pair in pairs for name in (pair.left, pair.right)})
    numbers = {name: number for number, name in enumerate(names)}
    known = [(numbers[pair.left], numbers[pair.right], _SHARE[pair.better]) for pair in pairs]
    part = _parts(len(names), known)
    sizes = Counter(part)
    largest = max(sizes, key=lambda root: (sizes[root], -root), default=-1)
    inside = [number for number in range(len(names)) if part[number] == largest]
    place = {number: index for index, number in enumerate(inside)}
    joined = [(place[a], place[b], share) for a, b, share in known if a in place and b in place]
    counts = [0] * len(inside)
    hashes: dict[str, str] = {}
    for first, second, _ in joined:
        counts[first] += 1
        counts[second] += 1
    for pair in pairs:
        hashes[pair.left] = pair.left_sha256 or hashes.get(pair.left, "")
        hashes[pair.right] = pair.right_sha256 or hashes.get(pair.right, "")
    if sum(1 for count in counts if count >= ENOUGH) < _FEWEST_PICTURES:
        return []
    values = fit_strengths(len(inside), joined).ratings()
    return [
        Rating(
            path=names[number],
            rating=round(float(values[index]), 2),
            rater=rater,
            sha256=hashes[names[number]],
            time=pairs[-1].time,
        )
        for index, number in enumerate(inside)
        if counts[index] >= ENOUGH
    ]


def _parts(count: int, pairs: Sequence[tuple[int, int, float]]) -> list[int]:
    """Return for each picture a number that all share which comparisons join (union-find)."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for first, second, _ in pairs:
        parent[root(first)] = root(second)
    return [root(number) for number in range(count)]


def _still(counts: list[int], shown: list[int], wanted: int) -> int:
    """Return how many comparisons are missing until every picture has so many."""
    most = max(0, len(shown) - 1)
    return -(-sum(max(0, min(wanted, most) - counts[number]) for number in shown) // 2)
