"""The addresses of the two rating pages."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from framesift.errors import MediaError
from framesift.web.pair_desk import PairDesk
from framesift.web.server import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framesift.web.rate_desk import RateDesk

__all__ = ["RatePage"]

_FILES = {
    "page.css": "text/css; charset=utf-8",
    "common.js": "text/javascript; charset=utf-8",
    "rate.js": "text/javascript; charset=utf-8",
    "pairs.js": "text/javascript; charset=utf-8",
}
_HEADS = {
    "rate": {
        "title": "Rate pictures",
        "heading": "Rate pictures",
        "progress": "Pictures rated",
    },
    "pairs": {
        "title": "Compare pictures",
        "heading": "Which is better?",
        "progress": "Comparisons until every picture can be rated",
    },
}
_PICTURE = re.compile(r"picture/(\d{1,9})")
_SIDES_PX = (1024, 1600, 2400, 3200)


class RatePage:
    """The page and what it asks for.

    Attributes:
        finished: Set when the person has pressed Finish.
    """

    def __init__(self, desk: RateDesk | PairDesk) -> None:
        """Serve one sitting."""
        self.finished = threading.Event()
        self._desk = desk

    def get(self, path: str, query: Mapping[str, str]) -> Reply | None:
        """Return the page, its files, the state, or a picture (``picture/12?side=1600``)."""
        if not path:
            name = "pairs" if isinstance(self._desk, PairDesk) else "rate"
            return Reply(_page(name), "text/html; charset=utf-8")
        if path in _FILES:
            return Reply(_data(path), _FILES[path])
        if path == "state":
            return json_reply(self._desk.state())
        picture = _PICTURE.fullmatch(path)
        return self._picture(int(picture[1]), query.get("side", "")) if picture else None

    def post(self, path: str, data: Mapping[str, Any]) -> Reply | None:
        """Take a rating, a comparison, an undo or the end."""
        match path:
            case "rate" if not isinstance(self._desk, PairDesk):
                return json_reply(self._desk.rate(data.get("index"), data.get("rating")))
            case "judge" if isinstance(self._desk, PairDesk):
                answer = (data.get("left"), data.get("right"), data.get("better"))
                return json_reply(self._desk.judge(*answer))
            case "undo":
                return json_reply(self._desk.undo())
            case "finish":
                self.finished.set()
                return json_reply({})
        return None

    def _picture(self, index: int, side: str) -> Reply | None:
        gallery = self._desk.gallery
        if index >= len(gallery):
            return None
        if side == "full":
            side_px = None
        elif side.isdecimal() and int(side) in _SIDES_PX:
            side_px = int(side)
        else:
            return None
        try:
            return Reply(gallery.jpeg(index, side_px), "image/jpeg")
        except MediaError as error:
            return json_reply({"error": error.message}, HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(name: str) -> bytes:
    """Put one of the two pages together: what both begin with, and its own part."""
    head = Template(_data("head.html").decode())
    return head.substitute(_HEADS[name], script=f"{name}.js").encode() + _data(f"{name}.html")


def _data(name: str) -> bytes:
    return (resources.files("framesift.web") / "data" / name).read_bytes()
