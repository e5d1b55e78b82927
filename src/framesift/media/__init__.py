"""From files, folders, streams and bytes to frames.

::

    with open_media("clip.gif", min_side_px=448) as media:
        for frame in media.read():
            ...

Pillow, PyAV and rawpy are imported only when a medium of their kind is opened.
"""

from framesift.media.base import Media
from framesift.media.expand import ExpandOptions, Expansion, expand_sources
from framesift.media.limits import STREAM_BYTES, Limits
from framesift.media.opening import open_media
from framesift.media.source import Source
from framesift.media.thumbs import blurred, thumbnail

__all__ = [
    "STREAM_BYTES",
    "ExpandOptions",
    "Expansion",
    "Limits",
    "Media",
    "Source",
    "blurred",
    "expand_sources",
    "open_media",
    "thumbnail",
]
