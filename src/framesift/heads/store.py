"""Heads as files: tensors in safetensors, everything else in a JSON card beside them.

Neither format can run code when it is read, unlike pickle. ``<stem>.safetensors`` holds the arrays,
``<stem>.json`` the fields of `HeadCard` with ``format`` (1), ``kind`` and the kind's own settings:

========= ============================================ =====================================
kind      tensors (float32)                            settings
========= ============================================ =====================================
quality   coef (K,), intercept (1,), mean (K,),        residual_90; calibration: null or
          scale (K,)                                   a list of [raw, score]
linear    coef (K, L), intercept (L,), mean (K,),      labels; link
          scale (K,)
zero_shot vectors (L, D)                               labels; logit_scale
========= ============================================ =====================================
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from framesift.errors import FramesiftError, HeadError, SpaceMismatchError
from framesift.heads.base import Head, HeadCard, HeadTask
from framesift.heads.linear import LinearHead, Standardiser
from framesift.heads.quality import QualityCurve, QualityHead, QualityScorer
from framesift.heads.zero_shot import ZeroShotHead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.types import Float32Array

__all__ = ["FORMAT", "StorableHead", "load_head", "save_head"]

FORMAT = 1

StorableHead: TypeAlias = QualityHead | LinearHead | ZeroShotHead
Tensors: TypeAlias = "dict[str, Float32Array]"
Settings: TypeAlias = dict[str, Any]


def save_head(head: Head, path: Path) -> Path:
    """Write a head as ``<stem>.safetensors`` and ``<stem>.json``; each file appears whole.

    Args:
        head: A quality, linear or zero-shot head.
        path: With any suffix or none; existing files of that stem are replaced.

    Returns:
        The path of the safetensors file.

    Raises:
        HeadError: Heads of this class cannot be saved, or the files cannot be written.
    """
    from safetensors.numpy import save

    if not isinstance(head, QualityHead | LinearHead | ZeroShotHead):
        message = f"heads of class {type(head).__name__} are not saved: they are made from prompts"
        raise HeadError(message)
    kind, tensors, settings = _pack(head)
    card = {"format": FORMAT, "kind": kind, **_card_fields(head.card), **settings}
    tensor_path, card_path = _paths(path)
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        tensor_path.parent.mkdir(parents=True, exist_ok=True)
        _write(tensor_path, save(tensors))
        _write(card_path, text.encode("utf-8"))
    except OSError as error:
        message = f"the head cannot be written ({error}); choose another folder"
        raise HeadError(message, source=str(tensor_path)) from error
    return tensor_path


@overload
def load_head(
    path: Path, *, task: Literal["quality"], space: str | None = ...
) -> QualityScorer: ...
@overload
def load_head(path: Path, *, task: HeadTask | None = ..., space: str | None = ...) -> Head: ...
def load_head(path: Path, *, task: HeadTask | None = None, space: str | None = None) -> Head:
    """Read a head that `save_head`, or the training scripts, wrote.

    Args:
        path: Either of the two files, or their common stem.
        task: Refuse a head that is not for this task.
        space: Refuse a head that was made for another embedding space.

    Raises:
        HeadError: A file is missing or broken, of a later format, or of another task.
        SpaceMismatchError: The head is for another space.
    """
    tensor_path, card_path = _paths(path)
    with _named(card_path):
        document = _read_card(card_path)
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
    with _named(tensor_path):
        return _unpack(card, document, _read_tensors(tensor_path))


def _paths(path: Path) -> tuple[Path, Path]:
    path = Path(path)
    if path.suffix not in (".safetensors", ".json"):
        return path.with_name(path.name + ".safetensors"), path.with_name(path.name + ".json")
    return path.with_suffix(".safetensors"), path.with_suffix(".json")


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


def _read_card(path: Path) -> Settings:
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        message = "it is not a JSON object"
        raise ValueError(message)
    if document.get("format") != FORMAT:
        message = (
            f"this head has format {document.get('format')!r}; this version of Framesift reads "
            f"format {FORMAT}: upgrade Framesift or save the head again"
        )
        raise HeadError(message)
    return document


def _card_fields(card: HeadCard) -> Settings:
    fields = {field.name: getattr(card, field.name) for field in dataclasses.fields(card)}
    return {**fields, "inputs": list(card.inputs), "metrics": dict(card.metrics)}


def _card(document: Settings) -> HeadCard:
    known = {field.name for field in dataclasses.fields(HeadCard)}
    fields = {name: value for name, value in document.items() if name in known}
    if fields["task"] not in ("quality", "moderation", "tags"):
        message = f"task {fields['task']!r} is not quality, moderation or tags"
        raise HeadError(message)
    inputs = tuple(str(name) for name in fields.get("inputs", ("vectors",)))
    return HeadCard(**{**fields, "inputs": inputs})


def _read_tensors(path: Path) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = path.read_bytes()
    try:
        return dict(load(data))
    except SafetensorError as error:
        message = f"this is not a safetensors file ({error}); save or train the head again"
        raise HeadError(message) from error


def _pack(head: StorableHead) -> tuple[str, Tensors, Settings]:
    if isinstance(head, ZeroShotHead):
        settings: Settings = {"labels": list(head.labels), "logit_scale": head.logit_scale}
        return "zero_shot", {"vectors": head.vectors}, settings
    tensors = {
        "coef": head.coef,
        "intercept": head.intercept,
        "mean": head.standardiser.mean,
        "scale": head.standardiser.scale,
    }
    if isinstance(head, LinearHead):
        return "linear", tensors, {"labels": list(head.labels), "link": head.link}
    knots = None if head.curve.knots is None else [list(knot) for knot in head.curve.knots]
    return "quality", tensors, {"residual_90": head.curve.residual_90, "calibration": knots}


def _unpack(card: HeadCard, settings: Settings, tensors: Tensors) -> StorableHead:
    kind = settings.get("kind")
    if kind == "zero_shot":
        return ZeroShotHead(
            card,
            tuple(settings["labels"]),
            tensors["vectors"],
            logit_scale=float(settings["logit_scale"]),
        )
    if kind not in ("quality", "linear"):
        message = f"heads of kind {kind!r} are not known here: upgrade Framesift"
        raise HeadError(message)
    standardiser = Standardiser(tensors["mean"], tensors["scale"])
    coef, intercept = tensors["coef"], tensors["intercept"]
    if kind == "linear":
        labels = tuple(settings["labels"])
        link = settings["link"]
        return LinearHead(card, labels, coef, intercept, standardiser=standardiser, link=link)
    knots = settings.get("calibration")
    curve = QualityCurve(
        knots=None if knots is None else tuple((float(x), float(y)) for x, y in knots),
        residual_90=float(settings["residual_90"]),
    )
    return QualityHead(card, coef, intercept, standardiser=standardiser, curve=curve)
