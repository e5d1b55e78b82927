"""Text heads: a linear model over hashed n-grams, calibrated, with whole numbers for weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.numeric import Float64Array, finite_array, sigmoid
from framesift.heads.text.features import hash_texts
from framesift.heads.text.pieces import LONGEST, Piece, Window, Windows, cut, pieces
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framesift.heads.base import HeadCard
    from framesift.types import Embeddings, Float32Array

__all__ = ["SPACE", "TextHead", "joint_logit", "loudest_words"]

SPACE = "text/en-1"
"""What stands for the embedding space in the card of a text head: this normalisation."""

_ROWS = 512
Int8Array: TypeAlias = NDArray[np.int8]


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
        calibration: float32 (5, K): intercept of the raw score; slope and offset of the logit
            (Platt scaling); what is taken off the logit of a narrow window, 0 or more, and what
            besides in long texts (times `Piece.doubt`).
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
        if not 0 < shape.step < shape.size or shape.narrow < 0 or not 0 < unusual <= 1:
            message = f"head {card.name!r} has windows {shape} and a limit of {unusual}"
            raise HeadError(message)
        self.bits = bits
        self.weights = weights
        self.scale = finite_array(scale, shape=(count,), what=f"scale of head {card.name!r}")
        self.calibration = finite_array(
            calibration, shape=(5, count), what=f"calibration of head {card.name!r}"
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
        rows = [self._windows(found) for found in texts]
        every = self._weigh([window for some in rows for window in some])
        values = np.zeros((len(texts), len(self.names)))
        owner = np.repeat(np.arange(len(texts)), [len(some) for some in rows])
        np.maximum.at(values, owner, every)
        return self._scores(values, texts)

    def explained(self, found: Sequence[Piece], floor: float) -> tuple[Scores, tuple[str, ...]]:
        """Score one text, and give the words behind each score of ``floor`` or more, else ""."""
        rows = self._windows(found)
        every = self._weigh(rows)
        values = every.max(axis=0, initial=0.0)
        words = [
            self._behind(rows[int(every[:, column].argmax())], column)
            if rows and value >= floor
            else ""
            for column, value in enumerate(values.tolist())
        ]
        return self._scores(values[None], [found]), tuple(words)

    def _scores(self, values: Float64Array, texts: Sequence[Sequence[Piece]]) -> Scores:
        distance = np.array([self._distance(found) for found in texts], np.float32)
        return Scores(self._card.name, self.names, values.astype(np.float32), distance=distance)

    def _windows(self, found: Sequence[Piece]) -> list[Window]:
        return [window for piece in found for window in cut(piece, self.shape)]

    def _weigh(self, rows: Sequence[Window]) -> Float64Array:
        """Probabilities of windows, float64 (R, K); windows of the same words cost one."""
        words = [window.words for window in rows]
        places = {text: at for at, text in enumerate(dict.fromkeys(words))}
        texts = list(places)
        logits = np.zeros((len(texts), len(self.names)))
        for first in range(0, len(texts), _ROWS):
            logits[first : first + _ROWS] = self.logits(texts[first : first + _ROWS])
        which = np.array([places[text] for text in words], np.int64)
        narrow = np.array([window.narrow for window in rows], bool)
        doubt = np.array([window.piece.doubt for window in rows], np.float64)
        return self.probabilities(logits[which], narrow, doubt)

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

    def probabilities(
        self, logits: Float64Array, narrow: NDArray[np.bool_], doubt: Float64Array
    ) -> Float64Array:
        """Calibrate raw scores (N, K), those of narrow windows with caution; ``doubt`` (N,)."""
        intercept, slope, offset, caution, more = self.calibration.astype(np.float64)
        raw = logits + intercept
        values: Float64Array = np.empty(raw.shape)
        for column, (other, power) in enumerate(self.given):
            joined = joint_logit(raw[:, column], raw[:, other] if other >= 0 else None, power)
            off = narrow * (caution[column] + more[column] * doubt)
            values[:, column] = sigmoid(joined * slope[column] + offset[column] - off)
        return values

    def evidence(self, found: Sequence[Piece], name: str) -> str:
        """The words of a text that raised a category most, as written, at most 120 characters.

        Of the worst window; found by the share of every n-gram in the score, spread evenly over
        its characters. Empty for a text without words.
        """
        return self.explained(found, 0.0)[1][self.names.index(name)]

    def _behind(self, window: Window, column: int) -> str:
        shares = self._shares(window.words, column)
        first, last = loudest_words(window.words, shares)
        return window.piece.written(window.start + first, window.start + last)

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
        shown = [piece.normal for piece in found if piece.place == "shown"]
        letters = sum(normal.letters for normal in shown)
        known = sum(normal.known for normal in shown)
        return (letters - known) / (letters + 4.0) / self.unusual

    def to_tensors(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        arrays = {"weights": self.weights, "scale": self.scale, "calibration": self.calibration}
        settings = {
            "names": list(self.names),
            "window": [self.shape.size, self.shape.step, self.shape.narrow, self.shape.asides],
            "given": [list(pair) for pair in self.given],
            "unusual": self.unusual,
        }
        return arrays, settings

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Any], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        size, step, narrow, asides = settings["window"]
        return cls(
            card,
            tuple(settings["names"]),
            tensors["weights"],
            tensors["scale"],
            calibration=tensors["calibration"],
            given=tuple((int(index), float(power)) for index, power in settings["given"]),
            shape=Windows(int(size), int(step), int(narrow), bool(asides)),
            unusual=settings["unusual"],
        )
