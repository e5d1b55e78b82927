"""One sitting of rating pictures one by one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from framesift.errors import ConfigError
from framesift.web.ratings import Rating, RatingsFile, now

if TYPE_CHECKING:
    from framesift.web.gallery import Gallery

__all__ = ["RateDesk"]


class RateDesk:
    """Takes ratings of a gallery's pictures to a file; used by several threads."""

    def __init__(self, gallery: Gallery, file: RatingsFile, rater: str = "") -> None:
        """Go on where the file stands."""
        self.gallery = gallery
        self._file = file
        self._rater = rater
        self._lock = threading.Lock()
        self._done: list[tuple[int, Rating | None]] = []
        self._given: set[int] = set()

    @property
    def given(self) -> int:
        """How many pictures were rated in this sitting."""
        return len(self._given)

    @property
    def rated(self) -> int:
        """How many pictures of the gallery this rater has rated in all."""
        with self._lock:  # A rating that is just being written counts.
            known = self._file.by(self._rater)
        return sum(1 for name in self.gallery.names if name in known)

    def state(self) -> dict[str, Any]:
        """Return everything that the page starts from."""
        with self._lock:
            known = self._file.by(self._rater)
        found = [known.get(name) for name in self.gallery.names]
        return {
            "rater": self._rater,
            "names": self.gallery.names,
            "ratings": [None if rating is None else rating.rating for rating in found],
            "failures": dict(self.gallery.failures),
        }

    def rate(self, index: object, rating: object) -> dict[str, Any]:
        """Keep a rating; it is on the disk when this returns.

        Args:
            index: The picture's number.
            rating: From 0 to 10 in steps of a half.

        Raises:
            ConfigError: One of the two is not valid, or the file has been changed for the worse.
            OSError: The file cannot be written; nothing has changed.
        """
        number = self._number(index)
        if isinstance(rating, bool) or not isinstance(rating, int | float):
            message = "a rating is a number from 0 to 10"
            raise ConfigError(message)
        if not (0 <= rating <= 10 and float(rating * 2).is_integer()):
            message = f"a rating is a number from 0 to 10 in steps of a half; got {rating}"
            raise ConfigError(message)
        name = self.gallery.names[number]
        with self._lock:
            before = self._file.by(self._rater).get(name)
            group, split = (before.group, before.split) if before else ("", "")
            self._file.put(
                Rating(
                    path=name,
                    rating=float(rating),
                    rater=self._rater,
                    split=split,
                    group=group,
                    sha256=self.gallery.sha256(number),
                    time=now(),
                )
            )
            self._done.append((number, before))
            self._given.add(number)
        return {"index": number, "rating": float(rating)}

    def undo(self) -> dict[str, Any]:
        """Take the last rating of this sitting back; a second call takes the one before.

        Returns:
            The picture's number and the rating it has again; ``None`` for none, and for both where
            there is nothing to take back.

        Raises:
            ConfigError: The file has been changed for the worse.
            OSError: The file cannot be written; nothing has changed.
        """
        with self._lock:
            if not self._done:
                return {"index": None, "rating": None}
            number, before = self._done[-1]
            if before is None:
                self._file.remove(self.gallery.names[number], self._rater)
            else:
                self._file.put(before)
            self._done.pop()
            if all(number != other for other, _ in self._done):
                self._given.discard(number)
        return {"index": number, "rating": None if before is None else before.rating}

    def _number(self, index: object) -> int:
        if isinstance(index, bool) or not isinstance(index, int):
            message = "a picture is named by its number"
            raise ConfigError(message)
        if not 0 <= index < len(self.gallery):
            message = f"there is no picture {index}"
            raise ConfigError(message)
        return index
