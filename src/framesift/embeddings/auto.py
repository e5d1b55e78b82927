"""``--model auto``: CLIP where its weights are here or can be had, else the embedded model.

This is the one place that falls back, and it says so: the second value it returns is a notice that
the caller must show. Whoever names a model gets that model or an error (`load_embedder`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from framesift.embeddings import load_embedder
from framesift.embeddings.catalog import DEFAULT_CLIP, STARTER, find_spec
from framesift.errors import WeightsUnavailableError

if TYPE_CHECKING:
    from framesift.embeddings.base import Device, Embedder, Precision
    from framesift.embeddings.weights import ProgressCallback

__all__ = ["AUTO", "choose_embedder"]

AUTO: Final = "auto"


def choose_embedder(
    model: str = AUTO,
    *,
    device: Device = "auto",
    precision: Precision = "auto",
    offline: bool = False,
    progress: ProgressCallback | None = None,
) -> tuple[Embedder, str | None]:
    """Load the model asked for, or for ``auto`` the best one to be had.

    Args:
        model: ``auto``, a name of the catalog or a folder.
        device: As in `load_embedder`.
        precision: As in `load_embedder`.
        offline: Use what is on this machine and do not try the network.
        progress: Called while files are downloaded.

    Returns:
        The embedder, and ``None`` or a sentence to show loudly: that the embedded ``starter`` model
        stands in for CLIP, and what to do about it. Without a network this takes less than
        3 seconds.

    Raises:
        UnknownModelError: No model has that name.
        WeightsUnavailableError: A model asked for by name is neither here nor reachable.
        WeightsMismatchError: The files of the model are not the ones expected. This is never
            a reason to fall back: files that were tampered with must be looked at.
    """
    wanted = DEFAULT_CLIP if model == AUTO else model
    try:
        embedder = load_embedder(
            wanted, device=device, precision=precision, offline=offline, progress=progress
        )
    except WeightsUnavailableError as error:
        if model != AUTO:
            raise
        return load_embedder(STARTER, device=device), _notice(error)
    return embedder, None


def _notice(error: WeightsUnavailableError) -> str:
    spec = find_spec(DEFAULT_CLIP)
    size = "" if spec.size_mb is None else f" ({spec.size_mb} MB)"
    return (
        f"CLIP ({DEFAULT_CLIP}) is not available, so the small embedded model '{STARTER}' stands "
        f"in for it; its scores are rougher. Fetch CLIP{size} once with: framesift models fetch "
        f"{DEFAULT_CLIP}. Reason: {error.source}: {error.message.split(';')[0]}"
    )
