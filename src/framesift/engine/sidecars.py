"""Star ratings for photo editors: quality scores as XMP sidecars beside pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from framesift.engine.transfer import SIDECAR_EXTENSIONS
from framesift.engine.writing import create_file, replace_file
from framesift.engine.xmp import (
    MAX_BYTES,
    Name,
    new_document,
    patched,
    read_properties,
    writable,
)
from framesift.errors import CorruptMediaError

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.types import Quality

__all__ = ["NAMESPACE", "SidecarResult", "Sidecars", "Style", "stars"]

Style: TypeAlias = Literal["lightroom", "darktable"]

NAMESPACE = "framesift:ns:quality/1.0/"
"""Of the properties that only Framesift writes."""

_RATING = Name("http://ns.adobe.com/xap/1.0/", "Rating", "xmp")
_SCORE, _LOW, _HIGH, _HEAD, _PREVIOUS = (
    Name(NAMESPACE, local, "framesift")
    for local in ("score", "low", "high", "head", "previousRating")
)
_RAW = SIDECAR_EXTENSIONS - {".xmp", ".aae"}


@dataclass(frozen=True, slots=True)
class SidecarResult:
    """What became of one picture's rating.

    Attributes:
        source: The picture.
        sidecar: Its sidecar; ``None`` where it failed.
        status: ``already rated`` where nothing had to change, ``left`` where the sidecar is
            another picture's.
        stars: 1 to 5.
        message: Why it failed or was left, or what else to know; may be empty.
    """

    source: Path
    sidecar: Path | None
    status: Literal["rated", "already rated", "left", "failed"]
    stars: int
    message: str = ""


class Sidecars:
    """Writes ratings; one for a whole run, so that two pictures never share a sidecar unnoticed."""

    def __init__(
        self, style: Style = "lightroom", *, dry_run: bool = False, follow_links: bool = True
    ) -> None:
        """Write nothing yet.

        Args:
            style: ``lightroom`` names the sidecar of ``a.nef`` ``a.xmp``, ``darktable``
                ``a.nef.xmp``.
            dry_run: Read and check, and write nothing.
            follow_links: A sidecar that is a symbolic link is changed where it leads; else the
                link becomes a file of its own.
        """
        self._style = style
        self._dry_run = dry_run
        self._follow_links = follow_links
        self._taken: dict[Path, Path] = {}
        self._folder: tuple[Path, dict[str, list[Path]]] | None = None

    def rate(self, picture: Path, quality: Quality) -> SidecarResult:
        """Write a picture's score into its sidecar, which is made where there is none.

        Only ``xmp:Rating`` and our own properties change. Where somebody else had given a rating,
        it is kept as ``framesift:previousRating``. Whatever goes wrong is a value.

        Args:
            picture: The file; it is never opened.
            quality: Its score.
        """
        given = stars(quality.score)
        try:
            sidecar = self._place(picture)
            other = self._other_owner(picture, sidecar)
            if other is not None:
                message = f"{sidecar.name} is the sidecar of {other.name}"
                return SidecarResult(picture, sidecar, "left", given, message)
            changed, before = self._write(sidecar, quality, given)
        except CorruptMediaError as error:
            return SidecarResult(picture, None, "failed", given, str(error))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return SidecarResult(picture, None, "failed", given, f"its sidecar: {reason}")
        message = f"was {before}" if before and changed else ""
        return SidecarResult(
            picture, sidecar, "rated" if changed else "already rated", given, message
        )

    def _write(self, sidecar: Path, quality: Quality, given: int) -> tuple[bool, str]:
        """Return whether anything changed, and the rating that stood there and is another."""
        values = _values(quality, given)
        if not sidecar.exists():
            if not self._dry_run:
                if sidecar.is_symlink():
                    message = "is a link that leads nowhere; remove it"
                    raise CorruptMediaError(message, source=str(sidecar))
                create_file(sidecar, new_document(values))
            return True, ""
        before = sidecar.stat()
        if before.st_size > MAX_BYTES:
            message = f"has more than {MAX_BYTES:,} bytes; remove it"
            raise CorruptMediaError(message, source=str(sidecar))
        data = sidecar.read_bytes()
        names = frozenset((_RATING, _SCORE, _PREVIOUS))
        known = read_properties(data, names, source=str(sidecar))
        rating = known.get(_RATING, "").strip()
        if rating not in ("", "0") and _SCORE not in known and _PREVIOUS not in known:
            values[_PREVIOUS] = rating
        content = patched(data, values, source=str(sidecar))
        # What we are about to write must be read back as XMP, or nothing is written.
        if read_properties(content, frozenset(values), source=str(sidecar)) != values:
            message = "the sidecar cannot be changed safely; repair or remove it"
            raise CorruptMediaError(message, source=str(sidecar))
        if content != data and not self._dry_run:
            now = sidecar.stat()
            if (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
                message = "changed while it was read; run this again"
                raise CorruptMediaError(message, source=str(sidecar))
            replace_file(sidecar, content, follow_links=self._follow_links)
        return content != data, "" if rating == str(given) else rating

    def _place(self, picture: Path) -> Path:
        """Return the sidecar's path, as it is spelled where it is there (``A.XMP``)."""
        name = picture.name if self._style == "darktable" else picture.stem
        wanted = picture.parent / f"{name}.xmp"
        same = [
            path
            for path in self._listing(picture.parent).get(wanted.stem.casefold(), [])
            if path.suffix.lower() == ".xmp"
        ]
        return wanted if wanted in same or not same else same[0]

    def _other_owner(self, picture: Path, sidecar: Path) -> Path | None:
        """Return the picture that a sidecar belongs to rather than to this one.

        The first picture of a run takes a sidecar; but where a RAW file of the same name lies
        beside, it is the RAW file's, as in Lightroom.
        """
        if self._style == "lightroom" and picture.suffix.lower() not in _RAW:
            for path in self._listing(picture.parent).get(picture.stem.casefold(), []):
                if path.suffix.lower() in _RAW:
                    return path
        key = sidecar.absolute()
        owner = self._taken.setdefault(key, picture.absolute())
        return None if owner == picture.absolute() else owner

    def _listing(self, folder: Path) -> dict[str, list[Path]]:
        """Return a folder's files by stem; kept for the pictures that follow in the same folder."""
        if self._folder is None or self._folder[0] != folder:
            listing: dict[str, list[Path]] = {}
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                listing.setdefault(path.stem.casefold(), []).append(path)
            self._folder = (folder, listing)
        return self._folder[1]


def stars(score: float) -> int:
    """Return the stars of a score: two points a star.

    Below 2 is 1 star, from 2 on 2, from 4 on 3, from 6 on 4, from 8 on 5. Stars are counted on the
    score as records show it (four decimals).
    """
    return min(5, int(round(score, 4) // 2) + 1)


def _values(quality: Quality, given: int) -> dict[Name, str]:
    return {
        _RATING: str(given),
        _SCORE: _number(quality.score),
        _LOW: _number(quality.low),
        _HIGH: _number(quality.high),
        _HEAD: writable(quality.head),
    }


def _number(value: float) -> str:
    return f"{value + 0.0:.4f}".rstrip("0").rstrip(".")
