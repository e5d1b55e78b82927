"""Heads as files: tensors and a JSON card in one safetensors file, ``my-taste.head``.

The format cannot run code when it is read, unlike pickle. The card stands in the file's metadata
under ``framesift``: the fields of `HeadCard` with ``format`` (1), ``kind`` and the kind's settings.
Each kind of head is a class with ``kind``, ``to_tensors`` and ``from_tensors`` (`StorableHead`):

========= ============================================ =====================================
kind      tensors (float32)                            settings
========= ============================================ =====================================
quality   coef (K,), intercept (1,), mean (K,),        residual_90; calibration: null or
          scale (K,), novelty_* where it has them      a list of [raw, score]; percentiles:
                                                       null or a list of [score, percentile]
linear    coef (K, L), intercept (L,), mean (K,),      labels; link
          scale (K,)
zero_shot vectors (L, D)                               labels; logit_scale
classifier labels (L, D), background (B, D),           names; mode; abstain_below; thresholds;
          contrast (C, D), classes_* where it has them temperature; shifts; platt; logit_scale;
                                                       classes: absent or the constants
========= ============================================ =====================================
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import os
import tempfile
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    get_args,
    overload,
    runtime_checkable,
)

import numpy as np

from framesift.errors import FramesiftError, HeadError, SpaceMismatchError
from framesift.heads.base import Head, HeadCard, HeadTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.heads.quality import QualityScorer
    from framesift.types import Float32Array

__all__ = ["FORMAT", "SUFFIX", "StorableHead", "load_head", "read_card", "save_head"]

FORMAT = 1
SUFFIX = ".head"

_SUFFIXES = (SUFFIX, ".safetensors")
_METADATA = "framesift"
_KINDS = {
    "quality": "framesift.heads.quality:QualityHead",
    "linear": "framesift.heads.linear:LinearHead",
    "zero_shot": "framesift.heads.zero_shot:ZeroShotHead",
    "technical": "framesift.heads.technical:TechnicalHead",
    "fitted": "framesift.heads.fitted:FittedHead",
    "kinds": "framesift.heads.kinds:KindsHead",
    "motion": "framesift.heads.motion:MotionHead",
    "text": "framesift.heads.text.head:TextHead",
    "classifier": "framesift.heads.classifiers.head:ClassifierHead",
    "known": "framesift.heads.known:KnownHead",
}
"""Kind -> module and class; imported when a file of that kind is read."""

Tensors: TypeAlias = "dict[str, Float32Array]"
Settings: TypeAlias = dict[str, Any]


@runtime_checkable
class StorableHead(Head, Protocol):
    """A head that can be written to a file."""

    kind: ClassVar[str]

    def to_tensors(self) -> tuple[Tensors, Settings]:
        """Give its arrays, and its settings as plain JSON data."""

    @classmethod
    def from_tensors(cls, card: HeadCard, tensors: Tensors, settings: Settings) -> Self:
        """Make it again.

        Raises:
            HeadError: The arrays or settings do not fit together.
            KeyError: One is missing.
        """


def save_head(head: Head, path: Path) -> Path:
    """Write a head as one file, which appears whole or not at all.

    Args:
        head: A head of one of the kinds above.
        path: ``.head`` is added unless it ends in that or in ``.safetensors``. An existing file is
            replaced.

    Returns:
        The path written.

    Raises:
        HeadError: Heads of this class cannot be saved, or the file cannot be written.
    """
    from safetensors.numpy import save

    if not isinstance(head, StorableHead):
        message = f"heads of class {type(head).__name__} are not saved: they are made from prompts"
        raise HeadError(message)
    tensors, settings = head.to_tensors()
    # safetensors writes memory as it lies, which for a transposed array is another array.
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    card = {"format": FORMAT, "kind": head.kind, **_card_fields(head.card), **settings}
    path = _path(path)
    text = json.dumps(card, ensure_ascii=False, allow_nan=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, save(tensors, metadata={_METADATA: text}))
    except OSError as error:
        message = f"the head cannot be written ({error}); choose another folder"
        raise HeadError(message, source=str(path)) from error
    return path


@overload
def load_head(
    path: Path, *, task: Literal["quality"], space: str | None = ...
) -> QualityScorer: ...
@overload
def load_head(path: Path, *, task: HeadTask | None = ..., space: str | None = ...) -> Head: ...
def load_head(path: Path, *, task: HeadTask | None = None, space: str | None = None) -> Head:
    """Read a head that `save_head` wrote.

    Args:
        path: The file; ``.head`` is added as in `save_head`.
        task: Refuse a head that is not for this task.
        space: Refuse a head that was made for another embedding space.

    Raises:
        HeadError: The file is missing or broken, of a later format, or of another task.
        SpaceMismatchError: The head is for another space.
    """
    path = _path(path)
    with _named(path):
        document, tensors = _read(path)
        card = _card(document)
        if task is not None and card.task != task:
            message = f"this head is for {card.task}, not for {task}"
            raise HeadError(message)
        if space is not None and card.space != space:
            message = (
                f"head {card.name!r} was made for {card.space!r}, not for {space!r}; use the model "
                "it was trained with or train it again"
            )
            raise SpaceMismatchError(message)
        head: Head = _class_of(document.get("kind")).from_tensors(card, tensors, document)
        return head


def read_card(path: Path) -> HeadCard:
    """Read the card of a head file alone, for instance to see which model it needs.

    Raises:
        HeadError: The file is missing or broken, or of a later format.
    """
    path = _path(path)
    with _named(path):
        return _card(_read(path)[0])


def _path(path: Path) -> Path:
    path = Path(path)
    return path if path.suffix in _SUFFIXES else path.with_name(path.name + SUFFIX)


def _class_of(kind: object) -> type[StorableHead]:
    place = _KINDS.get(kind) if isinstance(kind, str) else None
    if place is None:
        message = f"heads of kind {kind!r} are not known here: upgrade Framesift"
        raise HeadError(message)
    module, _, name = place.partition(":")
    found: type[StorableHead] = getattr(importlib.import_module(module), name)
    return found


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let every error of reading a head name its file."""
    try:
        yield
    except FramesiftError as error:
        raise type(error)(error.message, source=error.source or str(path)) from error
    except OSError as error:
        message = f"the head cannot be read ({error}); check the path"
        raise HeadError(message, source=str(path)) from error
    except (KeyError, TypeError, ValueError) as error:
        message = f"this file does not describe a head ({error!r}); save or train the head again"
        raise HeadError(message, source=str(path)) from error


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes files that only their owner can read; a head is to be shared.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[Settings, Tensors]:
    from safetensors import SafetensorError, safe_open

    path.stat()  # a missing file is said as such
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_METADATA)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        message = f"this is not a head file ({error}); save or train the head again"
        raise HeadError(message) from error
    document = None if text is None else json.loads(text)
    if not isinstance(document, dict):
        message = "there is no card in it"
        raise ValueError(message)
    if document.get("format") != FORMAT:
        message = (
            f"this head has format {document.get('format')!r}; this version of Framesift reads "
            f"format {FORMAT}: upgrade Framesift or save the head again"
        )
        raise HeadError(message)
    return document, tensors


def _card_fields(card: HeadCard) -> Settings:
    fields = {field.name: getattr(card, field.name) for field in dataclasses.fields(card)}
    return {
        **fields,
        "inputs": list(card.inputs),
        "metrics": dict(card.metrics),
        "details": dict(card.details),
    }


def _card(document: Settings) -> HeadCard:
    known = {field.name for field in dataclasses.fields(HeadCard)}
    fields = {name: value for name, value in document.items() if name in known}
    if fields["task"] not in get_args(HeadTask):
        message = f"task {fields['task']!r} is none of {', '.join(get_args(HeadTask))}"
        raise HeadError(message)
    inputs = tuple(str(name) for name in fields.get("inputs", ("vectors",)))
    return HeadCard(**{**fields, "inputs": inputs})
