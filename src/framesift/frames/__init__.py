"""Which frames of a medium to look at, and reading them."""

from framesift.frames.sampling import Sampler, UniformSampler
from framesift.frames.stream import iter_frames
from framesift.frames.watching import Watcher

__all__ = ["Sampler", "UniformSampler", "Watcher", "iter_frames"]
