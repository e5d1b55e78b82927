"""The sampler that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.frames import AdaptiveSampler, KeyframeSampler, UniformSampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.frames import Sampler
    from framesift.settings import Settings

__all__ = ["sampler_of"]

_SAMPLERS: dict[str, Callable[[float, int], Sampler]] = {
    "adaptive": AdaptiveSampler,
    "keyframes": KeyframeSampler,
    "uniform": UniformSampler,
}


def sampler_of(settings: Settings) -> Sampler:
    """Return what picks the frames of videos and animations."""
    return _SAMPLERS[settings.sampler](settings.fps, settings.max_frames)
