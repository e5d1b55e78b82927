"""Which frames of a medium to look at, and reading them."""

from framesift.frames.adaptive import AdaptiveSampler
from framesift.frames.keyframes import KeyframeSampler
from framesift.frames.sampling import Sampler, UniformSampler
from framesift.frames.stream import iter_frames
from framesift.frames.watching import Watcher

__all__ = [
    "AdaptiveSampler",
    "KeyframeSampler",
    "Sampler",
    "UniformSampler",
    "Watcher",
    "iter_frames",
]
