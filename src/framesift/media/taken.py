"""When a picture was taken, from its EXIF header alone."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["taken_s"]

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


def taken_s(path: Path) -> float:
    """Return the moment a picture was taken, in seconds; NaN where its header does not say.

    Cameras write local time without a zone, so only differences between pictures of one camera
    mean something. Nothing is decoded, and a file that is no picture is no error.
    """
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
    except (Image.DecompressionBombError, *_BROKEN):
        return float("nan")
    return _seconds(text, part)


def _seconds(text: object, part: object) -> float:
    try:
        stamp = f"{str(text).strip(chr(0) + ' ')} +0000"
        moment = datetime.strptime(stamp, "%Y:%m:%d %H:%M:%S %z")
    except ValueError:
        return float("nan")
    digits = str(part).strip("\0 ") if part else ""
    fraction = float(f"0.{digits}") if digits.isdecimal() and digits.isascii() else 0.0
    return moment.timestamp() + fraction
