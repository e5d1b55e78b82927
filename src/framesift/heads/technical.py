"""The technical head: visible defects of a picture, as one score, as parts, and in words.

It reads the rows of the expert `framesift.embeddings.technical` alone, so that it works beside any
embedding model. ``training/quality`` makes its file.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, head_input
from framesift.heads.linear import Standardiser
from framesift.heads.novelty import Novelty
from framesift.heads.numeric import Float64Array, check_knots, finite_array, piecewise_linear
from framesift.heads.quality import HIGH, LOW
from framesift.heads.resources import DATA
from framesift.types import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.types import Embeddings, Float32Array

__all__ = [
    "LEARNED",
    "NAMES",
    "TechnicalHead",
    "combined_loss",
    "describe",
    "losses",
    "raw_scores",
    "resolution",
    "technical_head",
]

NAMES: Final = (
    "quality",
    "sharpness",
    "noise",
    "compression",
    "exposure",
    "highlights",
    "contrast",
    "colour",
    "resolution",
)
"""The columns of its scores; all are 0 to 10, up being better."""

LEARNED: Final = (*NAMES[:-1], "other")
"""The columns that the networks give; ``other`` is what has no part of its own (a tilt)."""

# Points that cost nothing, and the weight of the rest, where it is not all of it.
_LENIENT: Final = {"highlights": (0.0, 0.0), "colour": (2.0, 0.5)}
_POWER: Final = 2.5
_FOOT: Final = 0.5
_CLIP: Final = 6.0

# Shorter side in pixels -> score: below a screen's size every halving costs more.
_RESOLUTION: Final = (
    (16.0, 0.0),
    (32, 1.5),
    (64, 3.5),
    (128, 6.0),
    (256, 8.2),
    (480, 9.4),
    (720, 10),
)

_WORDS: Final = {
    "sharpness": ("soft", "blurred"),
    "noise": ("noisy", "very noisy"),
    "compression": ("visible compression", "strong compression"),
    "contrast": ("odd contrast", "very low or harsh contrast"),
    "colour": ("colour cast", "strong colour cast"),
    "resolution": ("small", "tiny"),
}


class TechnicalHead:
    """Sharpness, noise, compression, exposure, contrast and colour, and a score made of them.

    The row is standardised, brought to its main axes, and given to E networks with one hidden layer
    (tanh) beside a linear path; their mean gives q, an estimate of the whole, and the parts. With
    the losses l = 10 - part (see `losses`), the score before calibration is the mean of q
    and of 10 - (sum l^2.5)^(1/2.5): defects add up, and the worst counts most. ``resolution``
    depends on the picture's size alone and joins the calibrated score in the same way.

    Args:
        card: What the head is.
        tensors: ``mean``, ``scale`` (K,), ``axes`` (K, D), ``skip`` (D, M), ``hidden`` (E, D, H),
            ``hidden_bias`` (E, H), ``out`` (E, H, M), ``out_bias`` (M,), M being the width of
            `LEARNED`; and those of a `Novelty` over the D axes. Floats of any width.
        settings: ``calibration``: for each of quality and the parts, [raw, score] knots;
            ``half_widths`` of the 90 % intervals in the same order; ``percentiles``: [score,
            percentile] knots of the quality; ``size_column``: where the row holds the logarithm of
            the shorter side; ``words_below``: the scores under which a part gets a word and a
            stronger one (`MILD` and `STRONG` where it is missing).

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or a curve falls.
        KeyError: Something is missing.
    """

    kind: ClassVar[str] = "technical"
    notice: str | None = None

    def __init__(
        self, card: HeadCard, tensors: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        """Check and keep the parameters."""
        self._card = card
        self._tensors, self._settings = dict(tensors), dict(settings)
        self._standardiser = Standardiser.checked(
            tensors["mean"], tensors["scale"], width=len(tensors["mean"]), name=card.name
        )
        shapes = {
            "axes": (len(tensors["mean"]), -1),
            "skip": (-1, len(LEARNED)),
            "hidden": (-1, -1, -1),
            "hidden_bias": (-1, -1),
            "out": (-1, -1, len(LEARNED)),
            "out_bias": (len(LEARNED),),
        }
        self._arrays = {
            name: finite_array(
                tensors[name], shape=shape, what=f"{name} of head {card.name!r}"
            ).astype(np.float64)
            for name, shape in shapes.items()
        }
        self._novelty = Novelty.from_tensors(
            {name: np.asarray(array, np.float32) for name, array in tensors.items()}
        )
        self._calibration = [_knots(knots, card.name) for knots in settings["calibration"]]
        self._half_widths = np.array(settings["half_widths"], np.float64)
        self._percentiles = _knots(settings["percentiles"], card.name)
        self._size_column = int(settings["size_column"])
        mild, strong = settings.get("words_below", (MILD, STRONG))
        self._words_below = float(mild), float(strong)
        if not len(self._calibration) == len(self._half_widths) == len(NAMES) - 1:
            message = f"head {card.name!r} needs curves and half-widths for {', '.join(NAMES[:-1])}"
            raise HeadError(message)

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    @property
    def half_width(self) -> float:
        """Of the 90 % interval of the quality, in points, before it is clipped to the scale."""
        return float(self._half_widths[0])

    @property
    def width(self) -> int:
        """Floats in a row of the expert."""
        return len(self._standardiser.mean)

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings under `NAMES`: values, low and high in [0, 10], and the percentile.

        Raises:
            SpaceMismatchError: The embeddings are of another space, or the rows of another width.
            HeadError: The expert's rows are not among the extras.
        """
        rows = head_input(self._card, embeddings)
        placed = self._placed(rows)
        raw = raw_scores(self._learned(placed))
        columns = zip(raw.T, self._calibration, strict=True)
        values = np.stack([piecewise_linear(*column) for column in columns], axis=1)
        size = resolution(rows[:, self._size_column].astype(np.float64))
        values[:, 0] = HIGH - combined_loss(HIGH - np.stack([values[:, 0], size], axis=1))
        values = np.column_stack([values, size])
        half = np.append(self._half_widths, 0.0)
        low, high = (np.clip(values + sign * half, LOW, HIGH) for sign in (-1, 1))
        return Scores(
            self._card.name,
            NAMES,
            values.astype(np.float32),
            np.minimum(low, values).astype(np.float32),
            np.maximum(high, values).astype(np.float32),
            piecewise_linear(values[:, 0], self._percentiles).astype(np.float32),
            None if self._novelty is None else self._novelty.distance(placed.astype(np.float32)),
        )

    def describe(self, parts: Mapping[str, float]) -> str:
        """Say what is wrong with a picture, from its parts; see `describe`."""
        return describe(parts, *self._words_below)

    def bound_to(self, space: str) -> TechnicalHead:
        """Give the same head for embeddings of another space."""
        card = dataclasses.replace(self._card, space=space)
        return TechnicalHead(card, self._tensors, self._settings)

    def to_tensors(self) -> tuple[dict[str, Float32Array], dict[str, Any]]:
        """Give arrays and settings for a head file."""
        return dict(self._tensors), dict(self._settings)

    @classmethod
    def from_tensors(
        cls, card: HeadCard, tensors: dict[str, Float32Array], settings: dict[str, Any]
    ) -> Self:
        """Make it from the arrays and settings of a head file."""
        names = ("calibration", "half_widths", "percentiles", "size_column", "words_below")
        return cls(card, tensors, {name: settings[name] for name in names if name in settings})

    def _placed(self, rows: Float32Array) -> Float64Array:
        """Standardise rows (N, K) and place them on the main axes, (N, D)."""
        standard = np.clip(self._standardiser(rows, self._card), -_CLIP, _CLIP)
        return standard @ self._arrays["axes"]

    def _learned(self, placed: Float64Array) -> Float64Array:
        """Run the networks, (N, D) to (N, M)."""
        a = self._arrays
        total = placed @ a["skip"] + a["out_bias"]
        for hidden, bias, out in zip(a["hidden"], a["hidden_bias"], a["out"], strict=True):
            total = total + np.tanh(placed @ hidden + bias) @ out / len(a["hidden"])
        return np.asarray(total, np.float64)


def raw_scores(learned: Float64Array) -> Float64Array:
    """Turn the networks' output (N, M) into raw quality and parts (N, M - 1)."""
    quality = (learned[:, 0] + HIGH - combined_loss(losses(learned[:, 1:]))) / 2
    return np.column_stack([quality, learned[:, 1:-1]])


def losses(parts: Float64Array) -> Float64Array:
    """Turn parts (N, M - 1), in the order of `LEARNED`, into what they cost the quality, (N, L).

    ``highlights`` is within ``exposure``. Of ``colour`` only half of what goes beyond two points
    counts: a picture full of one colour is often meant so, and a cast is hard to tell from it.
    """
    columns = []
    for name, part in zip(LEARNED[1:], parts.T, strict=True):
        free, weight = _LENIENT.get(name, (0.0, 1.0))
        if weight:
            # A soft foot instead of a hard one: two clean pictures need not be equally clean.
            steps = (HIGH - part - free) / _FOOT
            bent = np.maximum(steps, 0) + np.log1p(np.exp(-np.abs(steps)))
            columns.append(weight * _FOOT * bent)
    return np.stack(columns, axis=1)


def combined_loss(each: Float64Array) -> Float64Array:
    """Add up losses (N, L), each 0 to 10: (sum l^2.5)^(1/2.5), at most 10, (N,)."""
    clipped = np.clip(each, LOW, HIGH)
    total = np.sum(clipped**_POWER, axis=1) ** (1 / _POWER)
    return np.asarray(np.minimum(total, HIGH), np.float64)


def resolution(log_side: Float64Array) -> Float64Array:
    """Score the size of pictures, from log2(shorter side in pixels) - 8, (N,)."""
    knots = tuple((float(np.log2(side)) - 8, score) for side, score in _RESOLUTION)
    return piecewise_linear(log_side, knots)


MILD: Final = 6.0
STRONG: Final = 3.5


def describe(
    parts: Mapping[str, float], mild_below: float = MILD, strong_below: float = STRONG
) -> str:
    """Say in words what is wrong with a picture, worst first; empty where nothing is.

    Args:
        parts: Scores by name, as in `NAMES`; a part that is not there is not spoken of.
        mild_below: Parts below this get a word.
        strong_below: Parts below this get a stronger one.
    """
    found: list[tuple[float, str]] = []
    for name, score in parts.items():
        mild, strong = _WORDS.get(name, ("", ""))
        if name == "exposure":
            # Burnt-out highlights tell which way it went wrong.
            word = (
                "overexposed"
                if parts.get("highlights", HIGH) < (score + HIGH) / 2
                else "underexposed"
            )
            mild, strong = word, f"badly {word}"
        if mild and score < mild_below:
            found.append((score, strong if score < strong_below else mild))
    return "; ".join(word for _, word in sorted(found))


def _knots(knots: Any, name: str) -> tuple[tuple[float, float], ...]:
    pairs = tuple((float(x), float(y)) for x, y in knots)
    check_knots(pairs, what=f"a curve of head {name!r}")
    return pairs


@cache
def _shipped() -> TechnicalHead:
    from framesift.heads.store import load_head

    head = load_head(DATA / "technical.head", task="quality")
    assert isinstance(head, TechnicalHead)
    return head


def technical_head(space: str) -> TechnicalHead:
    """Return the technical head that Framesift ships, for embeddings of any space.

    Args:
        space: Of the embeddings that the expert's rows travel with.

    Raises:
        HeadError: The shipped file is damaged.
    """
    return _shipped().bound_to(space)
