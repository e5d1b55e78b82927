"""Opening pictures with Pillow, safely: chosen plugins only, no warnings, no global switches.

`PIL.Image.open` would try every plugin the host application has registered, some of which run
other programs, and warns about pixels where we raise. So the plugins' own factories are called
here, in a fixed order, for the formats listed in `FORMATS`. ``Image.MAX_IMAGE_PIXELS`` and
``ImageFile.LOAD_TRUNCATED_IMAGES`` stay as the host application set them.

Thread safety: Pillow's decoders may run in several threads on different pictures. The registry is
filled once, under a lock. Python's warning filters are global to the process; `quiet` adds one
entry that ignores warnings from Pillow's own modules while any thread decodes, and takes it out
after.
"""

from __future__ import annotations

import ctypes
import logging
import re
import struct
import sys
import threading
import warnings
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

import PIL
from PIL import Image, UnidentifiedImageError

from framesift.errors import (
    CorruptMediaError,
    FramesiftError,
    LimitExceededError,
    MediaError,
    UnsupportedMediaError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from PIL.ImageFile import ImageFile

    Factory: TypeAlias = Callable[[BinaryIO, str], ImageFile]
    Accept: TypeAlias = Callable[[bytes], bool | str] | None

__all__ = ["FORMATS", "decoding", "open_image", "quiet"]

FORMATS = (
    # With a signature, the common ones first.
    *("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "HEIF", "AVIF", "JPEG2000", "ICO", "CUR"),
    *("PPM", "PSD", "QOI", "DDS", "BLP", "FTEX", "ICNS", "PCX", "DCX", "SGI", "SUN", "FITS", "FLI"),
    *("GBR", "MCIDAS", "MSP", "PIXAR", "XBM", "XPM", "XVTHUMB"),
    # Without one: they look at the content and give up.
    *("PCD", "IM", "IMT", "SPIDER", "TGA"),
)
"""Pillow's names of the formats we let it decode, in the order they are tried.

Left out on purpose: EPS (runs Ghostscript), WMF and EMF (run the operating system's renderer),
BUFR, GRIB, HDF5 and MPEG (stubs without a decoder that call whatever the host registered), FPX and
MIC (need an OLE reader), IPTC (opens its payload with any plugin, EPS too).
"""

_PREFIX_BYTES = 16
_ready = threading.Lock()
_openers: list[tuple[str, Factory, Accept]] = []

_quiet_lock = threading.Lock()
_quiet_depth = 0
_quiet_filter = ("ignore", None, Warning, re.compile(r"PIL(\.|$)|pillow_heif(\.|$)"), 0)

# Some decoders log errors; without any handler Python would write them to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore warnings that come from Pillow's modules, in every thread, for this block."""
    if getattr(sys.flags, "context_aware_warnings", False):
        # Newer Pythons can keep filters per context: then nothing is shared with other threads.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=_quiet_filter[3].pattern)
            yield
        return
    _quiet_enter()
    try:
        yield
    finally:
        _quiet_leave()


def _quiet_enter() -> None:
    global _quiet_depth
    filters = cast("list[object]", warnings.filters)
    with _quiet_lock:
        _quiet_depth += 1
        # A host that saved and restored the filters meanwhile may have dropped the entry.
        if _quiet_filter not in filters[:1]:
            filters.insert(0, _quiet_filter)


def _quiet_leave() -> None:
    global _quiet_depth
    filters = cast("list[object]", warnings.filters)
    with _quiet_lock:
        _quiet_depth -= 1
        while _quiet_depth == 0 and _quiet_filter in filters:
            filters.remove(_quiet_filter)


def _registry() -> list[tuple[str, Factory, Accept]]:
    with _ready:
        if not _openers:
            Image.init()
            _silence_libtiff()
            known = dict(Image.OPEN)
            # pillow-heif is not registered with Pillow: that would change the host's `Image.open`.
            from pillow_heif.as_plugin import HeifImageFile, _is_supported_heif

            known["HEIF"] = (HeifImageFile, _is_supported_heif)
            _openers.extend(
                (name, cast("Factory", known[name][0]), known[name][1])
                for name in FORMATS
                if name in known
            )
        return _openers


def _silence_libtiff() -> None:
    """Stop libtiff from writing about broken files to stderr; the errors still reach Python.

    Pillow's wheels carry their own copy of the library, so nothing but Pillow is affected. Where
    the copy is not found (a system libtiff, Windows) the messages stay.
    """
    package = Path(PIL.__file__).parent
    for pattern in ("pillow.libs/libtiff*", "PIL/.dylibs/libtiff*"):
        for library in package.parent.glob(pattern):
            with suppress(OSError, AttributeError):
                set_handler = ctypes.CDLL(str(library)).TIFFSetErrorHandler
                set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
                set_handler(None)


def open_image(file: BinaryIO, name: str) -> ImageFile:
    """Read a picture's header; pixels are decoded by ``load``.

    Args:
        file: Seekable, at any position.
        name: For messages.

    Returns:
        Pillow's lazy image. The caller checks its size before loading it.

    Raises:
        UnsupportedMediaError: No decoder knows the content.
        CorruptMediaError: A decoder knows it, but its header is broken.
        LimitExceededError: Pillow's own guard against decompression bombs stopped it.
    """
    file.seek(0)
    prefix = file.read(_PREFIX_BYTES)
    refusals: list[tuple[str, Exception]] = []
    with quiet():
        for plugin, factory, accept in _registry():
            try:
                if accept is not None and accept(prefix) is not True:
                    continue
                file.seek(0)
                return factory(file, "")
            except (SyntaxError, IndexError, TypeError, struct.error) as error:
                # How plugins say "not mine after all": the next one may know it.
                if accept is not None:
                    refusals.append((plugin, error))
            except Exception as error:
                raise _translate(error, name, None, f"looks like {plugin}, but ") from error
    for plugin, refusal in refusals:
        raise _translate(refusal, name, None, f"looks like {plugin}, but ") from refusal
    message = (
        "is not a picture or video format that Framesift decodes; convert it to JPEG, PNG or MP4"
    )
    raise UnsupportedMediaError(message, source=name)


@contextmanager
def decoding(name: str, time_s: Fraction | None = None) -> Iterator[None]:
    """Turn whatever a decoder raises in this block into a `MediaError`, and keep it quiet.

    Args:
        name: The source, for the message.
        time_s: The moment in an animation or video.
    """
    with quiet():
        try:
            yield
        except FramesiftError:
            raise
        except Exception as error:
            raise _translate(error, name, time_s, "") from error


def _translate(error: Exception, name: str, time_s: Fraction | None, prefix: str) -> MediaError:
    reason = " ".join(str(error).split()) or type(error).__name__
    kind: type[MediaError] = CorruptMediaError
    if isinstance(error, Image.DecompressionBombError):
        kind = LimitExceededError
        message = f"{prefix}is too large to decode safely ({reason}); make it smaller"
    elif isinstance(error, MemoryError):
        kind = LimitExceededError
        message = f"{prefix}needs more memory than there is; make it smaller"
    elif isinstance(error, NotImplementedError | UnidentifiedImageError):
        kind = UnsupportedMediaError
        message = f"{prefix}uses a variant that is not decoded ({reason}); convert it to PNG"
    elif isinstance(error, KeyError | IndexError | AttributeError | TypeError | struct.error):
        # Python's own words for a missing byte say nothing to a person.
        message = f"{prefix}is broken or cut off ({type(error).__name__}: {reason}); get a new copy"
    elif isinstance(error, zlib.error):
        message = f"{prefix}has broken compressed data ({reason}); get a new copy"
    else:
        message = f"{prefix}cannot be decoded ({reason}); get a new copy or convert it"
    return kind(message, source=name, time_s=time_s)
