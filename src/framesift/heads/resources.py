"""The data files shipped with the heads, read once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from framesift.heads.novelty import Novelty

__all__ = [
    "DATA",
    "laion_detectors",
    "laion_heads",
    "laion_novelty",
    "screening_background",
    "screening_calibration",
    "tile_shifts",
]

DATA = Path(__file__).with_name("data")


@cache
def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def screening_background() -> tuple[str, ...]:
    """Prompts of ordinary pictures, the other side of every screening category."""
    return tuple(_read("screening_background.json")["prompts"])


def screening_calibration(space: str) -> dict[str, Any] | None:
    """Calibration constants of an embedding space, made by training/screening/calibrate.py."""
    known: dict[str, Any] = _read("screening_calibration.json")["spaces"]
    return known.get(space)


def laion_heads() -> dict[str, Any]:
    """The LAION heads: repository, commit, and per embedding space file, sha256 and mapping."""
    known: dict[str, Any] = _read("laion_aesthetic.json")
    return known


def laion_detectors() -> dict[str, Any]:
    """LAION's detectors of nudity and violence: repository, commit, and per space the files."""
    known: dict[str, Any] = _read("laion_nsfw.json")
    return known


def tile_shifts(space: str, count: int) -> dict[str, dict[str, float]]:
    """Per source and category, what so many tiles are lowered by; see `heads.moderation`."""
    known: dict[str, dict[str, dict[str, float]]] = _read("tile_shifts.json")["counts"].get(
        str(count), {}
    )
    return known.get(space, {})


@cache
def laion_novelty(space: str) -> Novelty | None:
    """How far from 1,000 ordinary photographs an embedding lies; ``None`` where it is not known."""
    if space != "openai/clip-vit-b-32":
        return None
    from safetensors.numpy import load_file

    tensors = load_file(DATA / "laion_b32_novelty.safetensors")
    return Novelty.from_tensors({name: array.astype("float32") for name, array in tensors.items()})
