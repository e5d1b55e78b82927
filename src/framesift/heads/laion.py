"""The public LAION linear aesthetic heads for OpenAI's CLIP models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import HeadError
from framesift.heads.base import HeadCard
from framesift.heads.quality import QualityCurve, QualityHead
from framesift.heads.resources import laion_heads
from framesift.heads.torch_zip import read_torch_zip

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.embeddings.weights import RemoteFile

__all__ = ["laion_head", "laion_remote_file", "laion_spaces", "read_laion_head"]


def laion_spaces() -> tuple[str, ...]:
    """The embedding spaces that LAION published a linear head for."""
    return tuple(laion_heads()["spaces"])


def laion_remote_file(space: str) -> RemoteFile:
    """Where the head of a space is published, with the hash it must have.

    Raises:
        HeadError: LAION has none for this space.
    """
    from framesift.embeddings.weights import RemoteFile

    known = laion_heads()
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


def laion_head(space: str, *, offline: bool = False) -> QualityHead:
    """Fetch and read the LAION head of a space; it never turns into another head.

    Raises:
        HeadError: LAION has none for this space, or the file is not usable.
        WeightsUnavailableError: It is neither cached nor reachable.
        WeightsMismatchError: What came is not what was published.
    """
    from framesift.embeddings.weights import fetch_file

    return read_laion_head(fetch_file(laion_remote_file(space), offline=offline), space)


def read_laion_head(path: Path, space: str) -> QualityHead:
    """Read a LAION ``sa_0_4_*_linear.pth`` file as a quality head.

    The head maps a unit image embedding to a rating that its authors trained on ratings from about
    1 to 10; ordinary photographs crowd between 4 and 7. The raw rating goes through the knots of
    data/laion_aesthetic.json (made by training/laion/fit_mapping.py), which never change the
    order: ordinary photographs then centre on 5 and use the scale.

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
    curve = QualityCurve(
        knots=tuple((float(raw), float(score)) for raw, score in entry["knots"]),
        residual_90=float(entry["residual_90"]),
    )
    coef = state["weight"][0].astype(np.float32)
    return QualityHead(card, coef, state["bias"].astype(np.float32), curve=curve)
