"""A second way from a picture to a text: through classes that the image tower knows already.

Where an image tower was taught C classes before it met any text, its classifier is surer of them
than the shared space is. How a text relates to the classes is a softmax over its cosines to their
directions; a picture fits a text as far as the classes that the tower sees in it are those that
the text relates to. Labels that are none of the classes gain where they are kinds or kin of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.embeddings.base import KnownClasses
from framesift.errors import HeadError
from framesift.heads.numeric import finite_array, softmax

if TYPE_CHECKING:
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings, Float32Array

__all__ = ["checked_classes", "class_logits", "class_relations", "classes_from", "classes_to"]

_PREFIX = "classes_"
_ROWS = 4096
"""Pictures at a time: a thousand classes of each would be 8 GB for a million pictures."""


def class_relations(known: KnownClasses, texts: Float64Array) -> Float64Array:
    """Relate T unit text vectors (T, D) to the classes, (T, C); each row adds up to 1."""
    return softmax(known.sharpness * (texts @ known.directions.astype(np.float64).T))


def class_logits(
    known: KnownClasses, relations: Float64Array, embeddings: Embeddings
) -> Float64Array:
    """Log of how far pictures show the classes that texts relate to, (N, T), at most about 0.

    Args:
        known: The classes.
        relations: As `class_relations` gives them, (T, C).
        embeddings: N pictures, with the extra that ``known.input`` names.

    Raises:
        HeadError: The extra is missing or of another width.
    """
    features = embeddings.extras.get(known.input)
    if features is None or features.shape[1] != len(known.kernel):
        message = f"these embeddings have no {known.input!r} of {len(known.kernel)} numbers"
        raise HeadError(message)
    found = np.empty((len(features), len(relations)))
    for start in range(0, len(features), _ROWS):
        part = np.asarray(features[start : start + _ROWS], np.float32)
        chances = softmax((part @ known.kernel + known.bias).astype(np.float64))
        found[start : start + _ROWS] = chances @ relations.T
    return np.log(found + known.floor)


def checked_classes(known: KnownClasses, *, width: int, what: str) -> KnownClasses:
    """Check shapes and numbers.

    Args:
        known: The classes.
        width: Of the text vectors.
        what: Whose they are, for messages.

    Raises:
        HeadError: Shapes do not fit, an entry is not finite, or a constant is out of its range.
    """
    count = len(known.bias)
    directions = finite_array(known.directions, shape=(count, width), what=f"classes {what}")
    kernel = finite_array(known.kernel, shape=(-1, count), what=f"class weights {what}")
    bias = finite_array(known.bias, shape=(count,), what=f"class biases {what}")
    constants = np.array([known.sharpness, known.text_weight, known.floor])
    if not (count and np.isfinite(constants).all() and (constants > 0).all()):
        message = f"the constants of the classes {what} are not above zero: {constants.tolist()}"
        raise HeadError(message)
    numbers = tuple(float(each) for each in constants)
    return KnownClasses(known.input, kernel, bias, directions, *numbers)


def classes_to(known: KnownClasses | None) -> tuple[dict[str, Float32Array], dict[str, Any]]:
    """Give arrays and settings for a head file; empty where there are no classes."""
    if known is None:
        return {}, {}
    arrays = {"kernel": known.kernel, "bias": known.bias, "directions": known.directions}
    settings = {
        "input": known.input,
        "sharpness": known.sharpness,
        "text_weight": known.text_weight,
        "floor": known.floor,
    }
    return {_PREFIX + name: array for name, array in arrays.items()}, {"classes": settings}


def classes_from(tensors: dict[str, Float32Array], settings: dict[str, Any]) -> KnownClasses | None:
    """Make them from the arrays and settings of a head file; ``None`` where it has none."""
    found = settings.get("classes")
    if found is None:
        return None
    kernel, bias, directions = (
        tensors[_PREFIX + name] for name in ("kernel", "bias", "directions")
    )
    numbers = (float(found[name]) for name in ("sharpness", "text_weight", "floor"))
    return KnownClasses(str(found["input"]), kernel, bias, directions, *numbers)
