"""From a medium and a sampler to frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.frames.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.frames.sampling import Sampler
    from framesift.media import Media
    from framesift.types import Frame

__all__ = ["iter_frames"]


def iter_frames(media: Media, sampler: Sampler) -> Iterator[Frame]:
    """Decode the frames a sampler picks, one at a time.

    Args:
        media: Opened.
        sampler: Its times count from the medium's first frame, wherever the stream's own clock
            starts.

    Yields:
        Frames in the order of their times; ``Frame.time`` is on the stream's own clock.

    Raises:
        MediaError: As `Media.read` does, after the frames that could be decoded.
    """
    yield from sampler.frames(media, Watcher(media))
