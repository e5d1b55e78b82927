"""When and by which camera a picture was taken, from its EXIF header alone."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Taken", "taken", "taken_s"]

_FORMATS = ("JPEG", "MPO", "TIFF", "WEBP")
"""Those whose date is found without decoding; cameras write little else."""

_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RuntimeError,
)
"""What broken headers make Pillow's readers raise."""

_EXIF_IFD = 0x8769
_DATE_TIME, _ORIGINAL, _SUBSECOND = 306, 36867, 37521
_MAKE, _MODEL, _SERIAL = 271, 272, 42033


class Taken(NamedTuple):
    """When and by what a picture was taken.

    Attributes:
        time_s: Seconds of the camera's own clock; NaN where the header does not say.
        camera: Make, model and serial number, as far as the header says; tells cameras apart.
    """

    time_s: float = float("nan")
    camera: str = ""


def taken_s(path: Path) -> float:
    """Return the moment a picture was taken, in seconds; NaN where its header does not say.

    Cameras write local time without a zone, so only differences between pictures of one camera
    mean something. Nothing is decoded, and a file that is no picture is no error.
    """
    return taken(path).time_s


def taken(path: Path) -> Taken:
    """Return when and by what a picture was taken, as `taken_s` does."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # A header may be broken or announce any size: only its date is wanted.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as picture:
                exif = picture.getexif()
                details = exif.get_ifd(_EXIF_IFD)
                text = details.get(_ORIGINAL) or exif.get(_DATE_TIME)
                part = details.get(_SUBSECOND)
                names = (exif.get(_MAKE), exif.get(_MODEL), details.get(_SERIAL))
    except (Image.DecompressionBombError, *_BROKEN):
        return Taken()
    camera = " ".join(str(name).strip("\0 ") for name in names if name)
    return Taken(_seconds(text, part), camera)


def _seconds(text: object, part: object) -> float:
    try:
        stamp = f"{str(text).strip(chr(0) + ' ')} +0000"
        moment = datetime.strptime(stamp, "%Y:%m:%d %H:%M:%S %z")
    except ValueError:
        return float("nan")
    digits = str(part).strip("\0 ") if part else ""
    fraction = float(f"0.{digits}") if digits.isdecimal() and digits.isascii() else 0.0
    return moment.timestamp() + fraction
