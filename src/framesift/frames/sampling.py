"""Which moments of a medium to look at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from framesift.errors import ConfigError
from framesift.frames.route import picked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.frames.watching import Watcher
    from framesift.media import Media
    from framesift.types import Frame, MediaInfo

__all__ = ["Sampler", "UniformSampler", "check_rate"]


@runtime_checkable
class Sampler(Protocol):
    """A rule that picks moments and reads their frames."""

    @property
    def key(self) -> str:
        """Stable text for cache keys: samplers that pick alike have equal keys."""

    def frames(self, media: Media, watcher: Watcher) -> Iterator[Frame]:
        """Read the frames that the models are to look at.

        Args:
            media: Opened.
            watcher: Told of what is decoded on the way.

        Yields:
            Frames in the order of their times.

        Raises:
            MediaError: As `Media.read` does, after the frames that could be decoded.
        """


@dataclass(frozen=True, slots=True)
class UniformSampler:
    """Evenly spread moments: ``fps`` a second, and never more than ``max_frames`` in all.

    A still gives its one frame; an animation of at most ``max_frames`` frames gives all of them, a
    longer one an even choice of ``max_frames``. In a video each moment is the middle of an equal
    stretch, so that a black first frame or a fade at the end weighs little; a video of unknown
    duration gives its first frame alone.

    Attributes:
        fps: Moments a second in a video; a float stands for the nearest fraction with a
            denominator of at most 1000.
        max_frames: Most moments in all.
    """

    fps: Fraction | float = Fraction(1)
    max_frames: int = 64

    def __post_init__(self) -> None:
        """Make ``fps`` exact.

        Raises:
            ConfigError: ``fps`` or ``max_frames`` is not positive.
        """
        object.__setattr__(self, "fps", check_rate(self.fps, self.max_frames))

    @property
    def key(self) -> str:
        """``uniform:fps=1,max=64``."""
        return f"uniform:fps={self.fps},max={self.max_frames}"

    def frames(self, media: Media, watcher: Watcher) -> Iterator[Frame]:
        """Read the frames shown at the moments that `times` picks.

        By the index of a video only what must be decoded is: from each wanted frame on, decoding
        goes on or starts anew at a key frame, whichever takes fewer frames. In the place of a
        frame that is broken comes the next one.
        """
        index = media.index if media.frame_times is None else None
        times = tuple(media.start + time for time in self.times(media.info, media.frame_times))
        chosen = media.read(times) if index is None else picked(media, index, times, watcher)
        for frame in chosen:
            watcher.chose(frame)
            yield frame
        watcher.done()

    def times(
        self, info: MediaInfo, frame_times: tuple[Fraction, ...] | None
    ) -> tuple[Fraction, ...]:
        """Pick moments, as the class describes.

        Args:
            info: Of the medium.
            frame_times: When each frame starts, in seconds; ``None`` for a video.

        Returns:
            Ascending seconds from the medium's first frame.
        """
        if frame_times is not None:
            count = len(frame_times)
            if count <= self.max_frames:
                return frame_times
            return tuple(
                frame_times[(2 * place + 1) * count // (2 * self.max_frames)]
                for place in range(self.max_frames)
            )
        if info.duration is None:
            return (Fraction(0),)
        count = max(1, min(self.max_frames, round(info.duration * self.fps)))
        step = info.duration / count
        return tuple(step * place + step / 2 for place in range(count))


def check_rate(fps: Fraction | float, max_frames: int) -> Fraction:
    """Return ``fps`` as an exact number, with a denominator of at most 1000.

    Raises:
        ConfigError: ``fps`` or ``max_frames`` is not positive.
    """
    if not 0 < fps < 10**6 or max_frames < 1:
        message = (
            f"a sampler needs fps above 0 and at least 1 frame; "
            f"got fps {fps} and max_frames {max_frames}"
        )
        raise ConfigError(message)
    return max(Fraction(fps).limit_denominator(1000), Fraction(1, 1000))
