"""The public LAION aesthetic heads for OpenAI's CLIP models: linear, and the MLP on L/14."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.base import HeadCard
from framesift.heads.quality import QualityCurve, QualityHead
from framesift.heads.resources import laion_heads, laion_novelty
from framesift.heads.torch_zip import read_torch_zip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from framesift.embeddings.weights import RemoteFile
    from framesift.heads.numeric import Float64Array
    from framesift.types import Float32Array

__all__ = [
    "MLP",
    "collapse",
    "laion_head",
    "laion_remote_file",
    "laion_spaces",
    "read_improved_head",
    "read_laion_head",
]

MLP = "laion-aesthetic-l14-mlp"
"""Name of the head with several layers; it is chosen by name only."""


def laion_spaces() -> tuple[str, ...]:
    """The embedding spaces that LAION published a linear head for."""
    return tuple(laion_heads()["spaces"])


def laion_remote_file(space: str, *, mlp: bool = False) -> RemoteFile:
    """Where the head of a space is published, with the hash it must have.

    Raises:
        HeadError: LAION has none for this space.
    """
    from framesift.embeddings.weights import RemoteFile

    known = laion_heads()
    if mlp:
        entry = _improved(space)
        url = f"{entry['url']}/{entry['commit']}/{quote(entry['file'])}"
        return RemoteFile(url=url, sha256=entry["sha256"], name=entry["file"])
    if space not in known["spaces"]:
        message = (
            f"LAION has no aesthetic head for {space!r}, only for: {', '.join(laion_spaces())}"
        )
        raise HeadError(message)
    entry = known["spaces"][space]
    return RemoteFile(
        url=f"{known['url']}/{known['commit']}/{entry['file']}",
        sha256=entry["sha256"],
        name=entry["file"],
    )


def laion_head(space: str, *, mlp: bool = False, offline: bool = False) -> QualityHead:
    """Fetch and read the LAION head of a space; it never turns into another head.

    Args:
        space: Of the embeddings.
        mlp: The "improved" predictor, which there is for ViT-L/14 alone.
        offline: Take it from this machine and do not try the network.

    Raises:
        HeadError: LAION has none for this space, or the file is not usable.
        WeightsUnavailableError: It is neither cached nor reachable.
        WeightsMismatchError: What came is not what was published.
    """
    from framesift.embeddings.weights import fetch_file

    path = fetch_file(laion_remote_file(space, mlp=mlp), offline=offline)
    return read_improved_head(path) if mlp else read_laion_head(path, space)


def _improved(space: str) -> dict[str, Any]:
    entry: dict[str, Any] = laion_heads()["improved"]
    if space != entry["space"]:
        message = f"head {entry['name']!r} is for {entry['space']!r}, not for {space!r}"
        raise SpaceMismatchError(message)
    return entry


def collapse(state: Mapping[str, Float32Array]) -> tuple[Float64Array, float]:
    """Multiply the layers of the MLP out: coefficients (K,) and intercept.

    The published network has dropout and no activation between its layers, so that it is one
    linear function of the embedding.

    Raises:
        HeadError: The layers do not follow one another.
    """
    numbers = sorted({int(name.split(".")[1]) for name in state if name.startswith("layers.")})
    try:
        weights = [state[f"layers.{number}.weight"].astype(np.float64) for number in numbers]
        biases = [state[f"layers.{number}.bias"].astype(np.float64) for number in numbers]
        matrix, offset = weights[0], biases[0]
        for weight, bias in zip(weights[1:], biases[1:], strict=True):
            matrix, offset = weight @ matrix, weight @ offset + bias
        (coef,), (intercept,) = matrix, offset
    except (KeyError, IndexError, ValueError) as error:
        message = f"these are not the layers of an aesthetic predictor ({error!r})"
        raise HeadError(message) from error
    return coef, float(intercept)


def read_improved_head(path: Path) -> QualityHead:
    """Read ``sac+logos+ava1-l14-linearMSE.pth`` as a quality head.

    Raises:
        HeadError: The file is not that predictor.
    """
    entry = laion_heads()["improved"]
    coef, intercept = collapse(read_torch_zip(path))
    if len(coef) != entry["width"]:
        message = f"it reads embeddings of {len(coef)} numbers; expected {entry['width']}"
        raise HeadError(message, source=str(path))
    card = HeadCard(
        name=entry["name"],
        task="quality",
        space=entry["space"],
        high=10.0,
        source="linear",
        provenance=entry["provenance"],
        licence=entry["licence"],
    )
    return QualityHead(
        card,
        coef.astype(np.float32),
        np.array([intercept], dtype=np.float32),
        curve=_curve(entry),
    )


def read_laion_head(path: Path, space: str) -> QualityHead:
    """Read a LAION ``sa_0_4_*_linear.pth`` file as a quality head.

    The head maps a unit image embedding to a rating that its authors trained on ratings from about
    1 to 10; ordinary photographs crowd between 4 and 7. The raw rating goes through the knots of
    data/laion_aesthetic.json (made by training/laion/fit_mapping.py), which never change the
    order: ordinary photographs then centre on 5 and use the scale. For ViT-B/32 the head also says
    at which percentile of 1,000 ordinary photographs a score stands, and how far from them a
    picture lies.

    Raises:
        HeadError: LAION has none for this space, or the file is not a linear head of its width.
    """
    known = laion_heads()
    entry = known["spaces"][space]
    state = read_torch_zip(path)
    if set(state) != {"weight", "bias"} or state["weight"].shape != (1, entry["width"]):
        shapes = {name: array.shape for name, array in state.items()}
        message = f"expected weight (1, {entry['width']}) and bias (1,), found {shapes}"
        raise HeadError(message, source=str(path))
    card = HeadCard(
        name=entry["name"],
        task="quality",
        space=space,
        high=10.0,
        source="linear",
        provenance=known["provenance"] + entry["mapping"],
        licence=known["licence"],
    )
    coef, intercept = state["weight"][0].astype(np.float32), state["bias"].astype(np.float32)
    novelty = laion_novelty(space)
    return QualityHead(card, coef, intercept, curve=_curve(entry), novelty=novelty)


def _curve(entry: dict[str, Any]) -> QualityCurve:
    return QualityCurve.from_settings({**entry, "calibration": entry["knots"]})
