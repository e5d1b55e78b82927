"""Files that people wrote for a policy: read whole, up to a size, or refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framesift.errors import PolicyError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_bounded"]


def read_bounded(path: Path, most: int, *, what: str, way_out: str, too_large: str) -> bytes:
    """Read a file that is no larger than it can sensibly be.

    Args:
        path: The file; a pipe or a device is read no further than the bound.
        most: Bytes.
        what: What it is, for the message: ``the policy``.
        way_out: What to do where it cannot be read.
        too_large: The same where it is larger.

    Raises:
        PolicyError: It cannot be read or is larger; the file and the reason are named.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{what} cannot be read ({reason}); {way_out}"
        raise PolicyError(message, source=str(path)) from error
    if len(data) > most:
        message = f"larger than {most} bytes{too_large}"
        raise PolicyError(message, source=str(path))
    return data
