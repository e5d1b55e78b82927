"""How much one picture or video may cost.

The figures are enforced while reading and decoding: a header that lies about them is caught by the
bytes, pixels and frames that really come.
"""

from __future__ import annotations

from dataclasses import dataclass

from framesift.errors import ConfigError

__all__ = ["STREAM_BYTES", "Limits"]

STREAM_BYTES = 256 * 2**20
"""Most bytes kept of a stream that cannot be rewound: it has to be held in memory (256 MiB)."""

_DECODE_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest medium that is still read.

    Attributes:
        max_bytes: Of the file or stream. A stream that cannot be rewound (standard input) is also
            held to `STREAM_BYTES`.
        max_pixels: Of one picture or video frame, width times height. The default is the size at
            which Pillow itself refuses.
        max_frames: Of an animation, and of what one reading of a video decodes; where the pictures
            are only passed by, one at a time, another 240 for each second of the running time.
        max_duration_s: Of an animation or video, in seconds.
        max_decode_s: Seconds that one reading of a video may spend in the decoder, four hours;
            what the caller does between two frames does not count.
    """

    max_bytes: int = 16 * 2**30
    max_pixels: int = 178_956_970
    max_frames: int = 100_000
    max_duration_s: float = 24 * 3600.0
    max_decode_s: float = _DECODE_S

    def __post_init__(self) -> None:
        """Refuse limits that nothing can meet.

        Raises:
            ConfigError: A limit is zero, negative or not a number.
        """
        for name in (
            "max_bytes",
            "max_pixels",
            "max_frames",
            "max_duration_s",
            "max_decode_s",
        ):
            value = getattr(self, name)
            if not value > 0:
                message = f"{name} must be greater than 0, not {value}"
                raise ConfigError(message)

    @property
    def key(self) -> str:
        """Stable text for cache keys: equal limits give equal text."""
        key = (
            f"bytes={self.max_bytes},pixels={self.max_pixels},"
            f"frames={self.max_frames},duration={float(self.max_duration_s)!r}"
        )
        # The default never cuts what finished before: rows kept under the older key stay good.
        if self.max_decode_s == _DECODE_S:
            return key
        return f"{key},decode={float(self.max_decode_s)!r}"
