"""LAION's detectors of sexual content and of violence, for OpenAI's CLIP B/32 and L/14.

They come from the repository CLIP-based-NSFW-Detector (MIT) and filtered LAION-5B. The first is a
small network that AutoKeras made; the second is two prompts as vectors, one of violence and one of
its absence. Their files are fetched when they are first needed, and read without TensorFlow.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard, check_space, head_input
from framesift.heads.keras_zip import DenseModel, read_keras_zip
from framesift.heads.numeric import finite_array, sigmoid, unit_rows
from framesift.heads.prompts import unit_vectors
from framesift.heads.resources import laion_detectors
from framesift.types import Scores

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.embeddings.weights import RemoteFile
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = [
    "LaionNsfwHead",
    "LaionViolenceHead",
    "detector_file",
    "detector_spaces",
    "laion_nsfw_head",
    "laion_violence_head",
    "read_nsfw",
    "read_violence",
]

LOGIT_SCALE = 100.0
"""Of OpenAI's CLIP, with which the two vectors were made."""

_MOST_BYTES = 1 << 20
_LEAST_SPREAD = 1e-7


class LaionNsfwHead:
    """P(not safe for work) by LAION's network, as ``sexual_explicit`` and ``suggestive``.

    The network does not tell the two apart, and rises with bare skin: of 1,000 photographs of
    Flickr8k, none of them explicit, 3.5 % reach 0.5 and 0.6 % reach 0.98 (B/32). Policies give each
    category its own thresholds. Three columns (B/32) or five (L/14) of the
    embedding, whose values were few in the half-precision vectors it was trained on, are looked up
    in a vocabulary, as AutoKeras does with columns of words: so they are rounded to half precision
    first, and a value that is not known counts as word 0.

    Args:
        card: What the head is.
        model: The network.
    """

    def __init__(self, card: HeadCard, model: DenseModel) -> None:
        """Keep the network."""
        self.names = ("sexual_explicit", "suggestive")
        self._card = card
        self._model = model

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, 2) in [0, 1].

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        rows = unit_rows(head_input(self._card, embeddings))
        chance = sigmoid(self._log_odds(rows)).astype(np.float32)
        return Scores(self._card.name, self.names, np.stack([chance, chance], axis=1))

    def _log_odds(self, rows: Float64Array) -> Float64Array:
        model = self._model
        inputs = rows.copy()
        for column, words in model.lookups.items():
            known = rows[:, column].astype(np.float16).astype(np.float64)
            inputs[:, column] = [words.get(f"{value:.6f}", 0) for value in known]
            # What is not a number stays so, and is never taken for safe.
            inputs[np.isnan(known), column] = np.nan
        spread = np.maximum(np.sqrt(model.variance.astype(np.float64)), _LEAST_SPREAD)
        values: Float64Array = (inputs - model.mean) / spread
        for number, (kernel, bias) in enumerate(model.layers):
            if number:
                values = np.maximum(values, 0)
            values = values @ kernel.astype(np.float64) + bias
        return values[:, 0]


class LaionViolenceHead:
    """Violence by LAION's two prompt vectors.

    LAION calls a picture violent whose embedding is nearer to the second vector than to the first.
    Here the difference of the cosines, times CLIP's logit scale, is turned into a score in [0, 1]:
    0.5 where LAION would call it violent. It is not calibrated.

    Args:
        card: What the head is.
        vectors: float32 (2, D): not violent, violent.
    """

    def __init__(self, card: HeadCard, vectors: Float32Array) -> None:
        """Check and keep the vectors."""
        self.names = ("violence",)
        self._card = card
        self._vectors = unit_rows(
            finite_array(vectors, shape=(2, -1), what=f"vectors of head {card.name!r}")
        )

    @property
    def card(self) -> HeadCard:
        """What the head is."""
        return self._card

    def score(self, embeddings: Embeddings) -> Scores:
        """Score N embeddings: values (N, 1) in [0, 1].

        Raises:
            SpaceMismatchError: The embeddings are of another space.
        """
        check_space(self._card, embeddings)
        cosines = unit_vectors(embeddings) @ self._vectors.T
        values = sigmoid(LOGIT_SCALE * (cosines[:, 1] - cosines[:, 0]))
        return Scores(self._card.name, self.names, values.astype(np.float32)[:, None])


def detector_spaces() -> tuple[str, ...]:
    """The embedding spaces that LAION published detectors for."""
    return tuple(laion_detectors()["spaces"])


def detector_file(space: str, what: str) -> RemoteFile:
    """Where a detector is published, with the hash it must have.

    Args:
        space: One of `detector_spaces`.
        what: ``nsfw`` or ``violence``.

    Raises:
        HeadError: LAION has none for this space.
    """
    from framesift.embeddings.weights import RemoteFile

    known, entry = laion_detectors(), _entry(space, what)
    return RemoteFile(
        url=f"{known['url']}/{known['commit']}/{entry['file']}",
        sha256=entry["sha256"],
        name=entry["file"],
    )


def laion_nsfw_head(space: str, *, offline: bool = False) -> LaionNsfwHead:
    """Fetch and read the detector of sexual content.

    Raises:
        HeadError: LAION has none for this space, or the file is not usable.
        WeightsUnavailableError: It is neither cached nor reachable.
        WeightsMismatchError: What came is not what was published.
    """
    from framesift.embeddings.weights import fetch_file

    return read_nsfw(fetch_file(detector_file(space, "nsfw"), offline=offline), space)


def laion_violence_head(space: str, *, offline: bool = False) -> LaionViolenceHead:
    """Fetch and read the detector of violence; raises as `laion_nsfw_head`."""
    from framesift.embeddings.weights import fetch_file

    return read_violence(fetch_file(detector_file(space, "violence"), offline=offline), space)


def read_nsfw(path: Path, space: str) -> LaionNsfwHead:
    """Read ``clip_autokeras_*.zip``.

    Raises:
        HeadError: LAION has none for this space, or the file is not a network of its width.
    """
    card, model = _card(space, "nsfw"), read_keras_zip(path)
    width = laion_detectors()["spaces"][space]["width"]
    if len(model.mean) != width:
        message = f"it reads embeddings of {len(model.mean)} numbers; expected {width}"
        raise HeadError(message, source=str(path))
    return LaionNsfwHead(card, model)


def read_violence(path: Path, space: str) -> LaionViolenceHead:
    """Read ``violence_detection_vit_*.npy``, an array float32 (2, D).

    Raises:
        HeadError: LAION has none for this space, or the file is not two vectors of its width.
    """
    card = _card(space, "violence")
    width = laion_detectors()["spaces"][space]["width"]
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES)
        vectors = np.load(io.BytesIO(data), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        message = f"not an array of two vectors ({error}); fetch the file again"
        raise HeadError(message, source=str(path)) from error
    if not isinstance(vectors, np.ndarray) or vectors.shape != (2, width):
        message = f"expected an array (2, {width}); fetch the file again"
        raise HeadError(message, source=str(path))
    return LaionViolenceHead(card, vectors.astype(np.float32))


def _entry(space: str, what: str) -> dict[str, Any]:
    spaces = laion_detectors()["spaces"]
    if space not in spaces:
        message = f"LAION has no detectors for {space!r}, only for: {', '.join(spaces)}"
        raise HeadError(message)
    entry: dict[str, Any] = spaces[space][what]
    return entry


def _card(space: str, what: str) -> HeadCard:
    known = laion_detectors()
    made = {
        "nsfw": "a network on unit CLIP embeddings by AutoKeras",
        "violence": "two prompts as CLIP vectors; 0.5 is where their cosines are equal",
    }
    return HeadCard(
        name=_entry(space, what)["name"],
        task="moderation",
        space=space,
        source=f"laion_{what}",
        provenance=f"LAION CLIP-based-NSFW-Detector, {made[what]}; not calibrated by this project",
        licence=known["licence"],
    )
