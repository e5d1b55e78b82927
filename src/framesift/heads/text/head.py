"""Text heads: a linear model over hashed n-grams, calibrated, with whole numbers for weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.numeric import Float64Array, finite_array, sigmoid
from framesift.heads.text.characters import INVISIBLE
from framesift.heads.text.features import hash_texts
from framesift.heads.text.links import find_links, link_tokens
from framesift.heads.text.markup import open_mail, structure
from framesift.heads.text.normalize import Normalized, normalize
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.heads.base import HeadCard
    from framesift.types import Embeddings, Float32Array

__all__ = ["SPACE", "Piece", "TextHead", "Windows", "joint_logit", "pieces", "windows"]

SPACE = "text/en-1"
"""What stands for the embedding space in the card of a text head: this normalisation."""

SEGMENT = 20_000
"""Longer texts are normalised in pieces of about this many characters."""

LONGEST = 120
"""Characters of evidence at most."""

_ROWS = 512
_EMPHASIS = 5
"""How an e-mail is built is said this often beside its words, lest they drown it."""
Int8Array: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, normalised.

    Attributes:
        normal: The stretch.
        words: ``normal.text`` with a word for each kind of link found.
    """

    normal: Normalized
    words: str

    def written(self, start: int, end: int) -> str:
        """What stands in the text, as written, for a stretch of ``words``; on one line."""
        end = min(end, len(self.normal.text))
        if start >= end:
            return ""
        first, last = self.normal.origin(start, end)
        line = " ".join(self.normal.original[first:last].translate(INVISIBLE).split())
        return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


@dataclass(frozen=True, slots=True)
class Windows:
    """How a head reads long texts: every window on its own, the worst one counts.

    Attributes:
        size: Characters of normalised text in one window.
        step: From the start of one to the start of the next; less than ``size``.
        sentences: Whether each sentence is a window too, so that a short one is not drowned.
    """

    size: int
    step: int
    sentences: bool = False


def pieces(text: str) -> list[Piece]:
    """Open e-mails, cut long texts at blanks, and normalise each stretch."""
    found = []
    built = structure(text) * _EMPHASIS
    for part in _segments(open_mail(text)):
        normal = normalize(part)
        words = (normal.text, *link_tokens(find_links(part)), *built)
        found.append(Piece(normal, " ".join(word for word in words if word)))
    return found


def _segments(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > SEGMENT:
        cut = text.rfind(" ", start + SEGMENT // 2, start + SEGMENT)
        end = cut if cut > 0 else start + SEGMENT
        yield text[start:end]
        start = end
    yield text[start:]


def windows(piece: Piece, shape: Windows) -> Iterator[tuple[int, int]]:
    """Cut the words of a piece into windows, as starts and ends; none where there are no words.

    First the windows of the given size, which overlap and cover everything; then the sentences of
    two words or more, where there are several and the head asks for them.
    """
    words = piece.words
    start, end = 0, 0
    while end < len(words):
        end = len(words)
        if end - start > shape.size:
            cut = words.rfind(" ", start + shape.step, start + shape.size)
            end = cut if cut > 0 else start + shape.size
        yield start, end
        cut = words.rfind(" ", start + shape.step // 2, start + shape.step)
        start = cut + 1 if cut > 0 else start + shape.step
    if shape.sentences and len(piece.normal.breaks) > 1:
        yield from _sentences(piece, shape.size)


def _sentences(piece: Piece, size: int) -> Iterator[tuple[int, int]]:
    start = 0
    for stop in (*piece.normal.breaks, len(piece.normal.text)):
        end = min(stop, len(piece.normal.text))
        if end - start <= size and " " in piece.words[start:end]:
            yield start, end
        start = end + 1


def joint_logit(raw: Float64Array, other: Float64Array | None, power: float) -> Float64Array:
    """Logit of p q^power, where p and q have the logits ``raw`` and ``other``; (N,)."""
    if other is None:
        return raw
    log = np.minimum(-np.logaddexp(0.0, -raw) - power * np.logaddexp(0.0, -other), -1e-12)
    joined: Float64Array = log - np.log(-np.expm1(log))
    return joined


def loudest_words(words: str, shares: Float64Array) -> tuple[int, int]:
    """Find the run of words that adds most, within the limit of evidence, as start and end."""
    places, at = [], 0
    for word in words.split(" "):
        places.append((at, at + len(word), float(shares[at : at + len(word)].sum())))
        at += len(word) + 1
    best = (-np.inf, 0, 0)
    for first in range(len(places)):
        total = 0.0
        for _, end, value in places[first:]:
            if end - places[first][0] > LONGEST:
                break
            total += value
            best = max(best, (total, -places[first][0], end))
    return -int(best[1]), int(best[2])


class TextHead:
    """Scores texts under K categories.

    Args:
        card: What the head is; its space is `SPACE`.
        names: K categories.
        weights: int8 (2**bits, K), in units of ``scale``.
        scale: float32 (K,).
        calibration: float32 (3, K): intercept of the raw score; slope and offset of the logit
            (Platt scaling).
        given: For each category the index of the one it presupposes, or -1, and a power: its
            probability is multiplied by that power of the other's (hate speech is offensive
            language of one kind), before it is calibrated.
        shape: How long texts are cut.
        unusual: The share of unknown letters that one in a hundred training texts exceeds.

    Raises:
        HeadError: Shapes do not fit or an entry is not finite.
    """

    kind: ClassVar[str] = "text"

    def __init__(  # noqa: PLR0913
        self,
        card: HeadCard,
        names: tuple[str, ...],
        weights: Int8Array,
        scale: Float32Array,
        *,
        calibration: Float32Array,
        given: tuple[tuple[int, float], ...],
        shape: Windows,
        unusual: float,
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self.names = tuple(names)
        count = len(self.names)
        bits = len(weights).bit_length() - 1
        if weights.dtype != np.int8 or weights.shape != (1 << bits, count) or bits < 1:
            message = (
                f"weights of head {card.name!r} are {weights.dtype} {weights.shape}; expected int8 "
                f"(a power of two, {count})"
            )
            raise HeadError(message)
        if not 0 < shape.step < shape.size or not 0 < unusual <= 1:
            message = f"head {card.name!r} has windows {shape} and a limit of {unusual}"
            raise HeadError(message)
        self.bits = bits
        self.weights = weights
        self.scale = finite_array(scale, shape=(count,), what=f"scale of head {card.name!r}")
        self.calibration = finite_array(
            calibration, shape=(3, count), what=f"calibration of head {card.name!r}"
        )
        if len(given) != count or not all(-1 <= index < count for index, _ in given):
            message = f"head {card.name!r} presupposes {given}; expected {count} columns or -1"
            raise HeadError(message)
        self.given = tuple(given)
        self.shape = shape
        self.unusual = float(unusual)

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> NoReturn:
        """Refuse embeddings: this head reads texts.

        Raises:
            SpaceMismatchError: Always, with the way out.
        """
        message = (
            f"head {self._card.name!r} reads texts, not embeddings of {embeddings.space!r}; "
            "use score_texts"
        )
        raise SpaceMismatchError(message)

    def score_texts(self, texts: Sequence[str]) -> Scores:
        """Score N texts of any length, script and content.

        Returns:
            Calibrated probabilities in [0, 1], float32 (N, K): of a long text the worst window
            of each category; 0 for a text without a word. ``distance`` above 1 says that the
            words are mostly unknown, as in another language: the scores are then no evidence
            that the text is harmless.
        """
        return self.score_pieces([pieces(text) for text in texts])

    def score_pieces(self, texts: Sequence[Sequence[Piece]]) -> Scores:
        """Score N texts that `pieces` has prepared, so that several heads share the work."""
        rows = [
            (index, piece.words[start:end])
            for index, found in enumerate(texts)
            for piece in found
            for start, end in windows(piece, self.shape)
        ]
        values = np.zeros((len(texts), len(self.names)))
        for first in range(0, len(rows), _ROWS):
            some = rows[first : first + _ROWS]
            probabilities = self.probabilities(self.logits([words for _, words in some]))
            np.maximum.at(values, [index for index, _ in some], probabilities)
        distance = np.array([self._distance(found) for found in texts], np.float32)
        return Scores(self._card.name, self.names, values.astype(np.float32), distance=distance)

    def logits(self, words: Sequence[str]) -> Float64Array:
        """Raw scores of normalised texts, one row each, float64 (N, K)."""
        grams = hash_texts(words, bits=self.bits)
        found = self.weights[grams.columns].astype(np.float64) * grams.values[:, None]
        sums: list[Float64Array] = [
            np.bincount(grams.rows, found[:, column], minlength=len(words)).astype(np.float64)
            for column in range(len(self.names))
        ]
        raw: Float64Array = np.stack(sums, axis=1) * self.scale.astype(np.float64)
        return raw

    def probabilities(self, logits: Float64Array) -> Float64Array:
        """Calibrate raw scores (N, K)."""
        intercept, slope, offset = self.calibration.astype(np.float64)
        raw = logits + intercept
        values: Float64Array = np.empty(raw.shape)
        for column, (other, power) in enumerate(self.given):
            joined = joint_logit(raw[:, column], raw[:, other] if other >= 0 else None, power)
            values[:, column] = sigmoid(joined * slope[column] + offset[column])
        return values

    def evidence(self, found: Sequence[Piece], name: str) -> str:
        """The words of a text that raised a category most, as written, at most 120 characters.

        Of the worst window; found by the share of every n-gram in the score, spread evenly over
        its characters. Empty for a text without words.
        """
        column = self.names.index(name)
        rows = [(piece, start, end) for piece in found for start, end in windows(piece, self.shape)]
        if not rows:
            return ""
        scores = self.probabilities(self.logits([p.words[start:end] for p, start, end in rows]))
        piece, start, end = rows[int(scores[:, column].argmax())]
        shares = self._shares(piece.words[start:end], column)
        first, last = loudest_words(piece.words[start:end], shares)
        return piece.written(start + first, start + last)

    def _shares(self, words: str, column: int) -> Float64Array:
        """What each character of a window adds to the raw score of a category, float64 (C,)."""
        grams = hash_texts([words], bits=self.bits, places=True)
        used = [index for index in {column, self.given[column][0]} if index >= 0]
        factor = self.scale.astype(np.float64)[used]
        weights: Float64Array = self.weights[grams.columns][:, used].astype(np.float64) @ factor
        assert grams.starts is not None
        assert grams.ends is not None
        starts = np.clip(grams.starts, 0, len(words))
        ends = np.clip(grams.ends, 0, len(words))
        density = weights * grams.values / np.maximum(ends - starts, 1)
        steps = np.zeros(len(words) + 1)
        np.add.at(steps, starts, density)
        np.subtract.at(steps, ends, density)
        shares: Float64Array = np.cumsum(steps)[:-1]
        return shares

    def _distance(self, found: Sequence[Piece]) -> float:
        """Share of unknown letters over the limit; a text of few letters says little."""
        letters = sum(piece.normal.letters for piece in found)
        known = sum(piece.normal.known for piece in found)
        return (letters - known) / (letters + 4.0) / self.unusual

    def to_tensors(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        arrays = {"weights": self.weights, "scale": self.scale, "calibration": self.calibration}
        settings = {
            "names": list(self.names),
            "window": [self.shape.size, self.shape.step, self.shape.sentences],
            "given": [list(pair) for pair in self.given],
            "unusual": self.unusual,
        }
        return arrays, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Any], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        size, step, sentences = settings["window"]
        return cls(
            card,
            tuple(settings["names"]),
            tensors["weights"],
            tensors["scale"],
            calibration=tensors["calibration"],
            given=tuple((int(index), float(power)) for index, power in settings["given"]),
            shape=Windows(int(size), int(step), bool(sentences)),
            unusual=settings["unusual"],
        )
