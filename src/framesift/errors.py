"""Every exception Framesift raises on purpose, in one tree.

::

    FramesiftError
    ├── MediaError                  a picture or video cannot be used
    │   ├── SourceError             it cannot be found, opened or read
    │   ├── UnsupportedMediaError   its format is not one we decode
    │   ├── CorruptMediaError       it is truncated or broken
    │   └── LimitExceededError      it is larger than the limits allow
    │       └── DecodeTimeoutError  it takes longer to decode than the limits allow
    ├── ModelError                  a model cannot be used
    │   ├── UnknownModelError       no model has that name
    │   ├── WeightsUnavailableError its files are neither here nor reachable
    │   └── WeightsMismatchError    its files are not the ones expected
    ├── HeadError                   a head cannot be used
    │   └── SpaceMismatchError      it was made for another embedding space
    ├── PolicyError                 a policy is not valid
    ├── ConfigError                 an option or a setting is not valid
    │   └── MissingExtraError       an optional dependency is not installed
    └── RefusedError                a request is against the rules of use

Every message says what is wrong, where, and the way out. ``source`` names the file or URL
concerned, ``time_s`` the moment inside a video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = [
    "ConfigError",
    "CorruptMediaError",
    "DecodeTimeoutError",
    "FramesiftError",
    "HeadError",
    "LimitExceededError",
    "MediaError",
    "MissingExtraError",
    "ModelError",
    "PolicyError",
    "RefusedError",
    "SourceError",
    "SpaceMismatchError",
    "UnknownModelError",
    "UnsupportedMediaError",
    "WeightsMismatchError",
    "WeightsUnavailableError",
]


class FramesiftError(Exception):
    """Base of everything Framesift raises on purpose.

    Args:
        message: What is wrong and what to do about it, as a sentence for the user.
        source: The file, URL or name it concerns, if any.
        time_s: The moment in a video or animation, in seconds, if any.
    """

    def __init__(
        self, message: str, *, source: str | None = None, time_s: Fraction | None = None
    ) -> None:
        """Keep the message, the source and the time."""
        super().__init__(message)
        self.message = message
        self.source = source
        self.time_s = time_s

    def __str__(self) -> str:
        """Return ``source (at time): message``."""
        if self.source is None:
            return self.message
        at = "" if self.time_s is None else f" (at {float(self.time_s):.3f} s)"
        return f"{self.source}{at}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments, so that worker processes can hand errors over."""
        return (_rebuild, (type(self), self.message, self.source, self.time_s))


def _rebuild(
    cls: type[FramesiftError], message: str, source: str | None, time_s: Fraction | None
) -> FramesiftError:
    return cls(message, source=source, time_s=time_s)


class MediaError(FramesiftError):
    """A picture or video cannot be used."""


class SourceError(MediaError):
    """The file, stream or URL cannot be found, opened or read."""


class UnsupportedMediaError(MediaError):
    """The content is not of a format that Framesift decodes."""


class CorruptMediaError(MediaError):
    """The content is truncated or broken."""


class LimitExceededError(MediaError):
    """The content is larger than the limits allow."""


class DecodeTimeoutError(LimitExceededError):
    """Decoding took longer than the limits allow; ``time_s`` says how far it came."""


class ModelError(FramesiftError):
    """A model cannot be used."""


class UnknownModelError(ModelError):
    """No model has that name."""


class WeightsUnavailableError(ModelError):
    """The model's files are neither on this machine nor reachable."""


class WeightsMismatchError(ModelError):
    """The model's files are not the ones expected: a wrong hash, shape or layout."""


class HeadError(FramesiftError):
    """A head cannot be used."""


class SpaceMismatchError(HeadError):
    """A head was given embeddings of another space than the one it was made for."""


class PolicyError(FramesiftError):
    """A policy is not valid."""


class RefusedError(FramesiftError):
    """A request is against the rules of use: it asks who people are, or sorts them by looks."""


class ConfigError(FramesiftError):
    """An option or a setting is not valid."""


class MissingExtraError(ConfigError):
    """An optional dependency is not installed; the message names the extra."""
