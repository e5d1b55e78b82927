"""The pictures of a folder, in an order, as JPEGs for a screen."""

from __future__ import annotations

import hashlib
import io
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.errors import ConfigError, MediaError
from framesift.media import ExpandOptions, Limits, Source, expand_sources, open_media
from framesift.media.sniff import HEAD_BYTES, sniff
from framesift.types import Failure, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.types import Frame

__all__ = ["Gallery", "Listing", "Order", "list_pictures"]

Order: TypeAlias = Literal["random", "name"]

_CACHE_BYTES = 64 * 2**20
_AT_ONCE = 2
_MOST_PX = 40_000_000
_MOST_SIDE_PX = 16_384
_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds.

    Attributes:
        names: Pictures, relative to the folder, with ``/``, in the order to show them.
        failures: What could not even be listed or named.
        videos: How many videos were passed over.
    """

    names: tuple[str, ...]
    failures: tuple[Failure, ...]
    videos: int


def list_pictures(
    folder: Path, *, order: Order = "random", seed: int = 0, limit: int | None = None
) -> Listing:
    """Find the pictures in a folder and its sub-folders.

    Args:
        folder: Where to look.
        order: ``random`` mixes them, so that a burst is not rated in a row; a picture's place
            depends on its name and the seed alone, so that new pictures do not mix the others
            anew. ``name`` is natural order.
        seed: Of the random order.
        limit: Keep only the first so many of that order.

    Raises:
        ConfigError: It is not a folder.
    """
    if not folder.is_dir():
        message = "is not a folder; name the folder with the pictures to rate"
        raise ConfigError(message, source=str(folder))
    names: list[str] = []
    failures: list[Failure] = []
    videos = 0
    for found in expand_sources([str(folder)], options=ExpandOptions()):
        if isinstance(found, Failure):
            failures.append(found)
            continue
        assert found.path is not None
        name = found.path.relative_to(folder).as_posix()
        if not _is_text(name):
            message = f"{found.name}: its name is not valid Unicode; rename it to rate it"
            failures.append(Failure(found.name, Problem(ConfigError.__name__, message)))
        elif _is_video(found):
            videos += 1
        else:
            names.append(name)
    if order == "random":
        names.sort(key=lambda name: hashlib.sha256(f"{seed}\n{name}".encode()).digest())
    return Listing(tuple(names[:limit]), tuple(failures), videos)


class Gallery:
    """Pictures by their number, opened when they are asked for; used by several threads.

    Memory holds 64 MiB of JPEGs, and two pictures being decoded, however many there are.

    Attributes:
        folder: Where they are.
        names: Relative to the folder.
        failures: By number, why a picture cannot be shown.
    """

    def __init__(self, folder: Path, names: tuple[str, ...], limits: Limits | None = None) -> None:
        """Open nothing yet."""
        self.folder = folder
        self.names = names
        self.failures: dict[int, str] = {}
        self._limits = limits or Limits()
        self._sha256: dict[int, str] = {}
        self._made: OrderedDict[tuple[int, int | None], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def __len__(self) -> int:
        """Return how many pictures there are, those that failed included."""
        return len(self.names)

    def sha256(self, index: int) -> str:
        """Return the hash of a picture's content as it was shown last; empty before."""
        return self._sha256.get(index, "")

    def jpeg(self, index: int, side_px: int | None) -> bytes:
        """Return a picture, upright, in sRGB, as a JPEG without metadata.

        Args:
            index: Its number.
            side_px: The longer side, at most; a smaller picture keeps its size. ``None`` for full
                size, which is at most 40 megapixels.

        Raises:
            MediaError: It cannot be read; ``failures`` has the reason from now on.
        """
        key = (index, side_px)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        with self._turns:
            try:
                data, sha256 = self._render(index, side_px)
            except MediaError as error:
                with self._lock:
                    self.failures[index] = error.message
                raise
        with self._lock:
            self.failures.pop(index, None)
            self._sha256[index] = sha256
            self._keep(key, data)
        return data

    def _render(self, index: int, side_px: int | None) -> tuple[bytes, str]:
        source = Source(self.names[index], self.folder / self.names[index])
        with open_media(source, limits=self._limits, min_side_px=side_px) as media:
            frames = media.read([media.start])
            try:
                frame = next(frames, None)
            finally:
                frames.close()  # type: ignore[attr-defined]
            if frame is None:
                message = "holds no picture; get a new copy"
                raise MediaError(message, source=source.name)
            return _encode(frame, side_px), media.info.sha256

    def _keep(self, key: tuple[int, int | None], data: bytes) -> None:
        self._bytes += len(data) - len(self._made.pop(key, b""))
        self._made[key] = data
        while self._bytes > _CACHE_BYTES and len(self._made) > 1:
            self._bytes -= len(self._made.popitem(last=False)[1])


def _encode(frame: Frame, side_px: int | None) -> bytes:
    from PIL import Image

    height, width = frame.pixels.shape[:2]
    longest = max(height, width)
    scale = min(1.0, (side_px or _MOST_SIDE_PX) / longest, math.sqrt(_MOST_PX / (height * width)))
    image = Image.fromarray(frame.pixels)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    # Colour at full resolution: what is judged is the picture, not this copy of it.
    image.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_video(source: Source) -> bool:
    assert source.path is not None
    try:
        with source.path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES)).family == "video"
    except OSError:
        return False  # It fails with its reason when it is to be shown.
