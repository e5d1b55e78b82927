"""One HTML page with everything in it: it opens offline, on a phone, and in ten years."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from base64 import b64encode
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar
from urllib.parse import quote

from framesift.reports import page
from framesift.reports.base import Writer
from framesift.reports.record import to_json
from framesift.reports.stills import stills, stills_json
from framesift.reports.strip import strip
from framesift.types import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable

    from framesift.reports.record import Record
    from framesift.reports.stills import Still
    from framesift.types import Result, TextAnalysis

__all__ = ["HtmlWriter", "address"]

THUMBNAIL_BUDGET_BYTES = 192 * 1024 * 1024
"""Thumbnails beyond this much are left out: a browser must still open the page."""

_PLACE = re.compile(r"\{\{(\w+)\}\}")


class HtmlWriter(Writer):
    """Writes a self-contained page: figures, a histogram, a grid to sort and filter, failures.

    Results carry their thumbnails (JPEG); those without get a blank. What the policy sends to
    review or blocks is there blurred only, in the page's bytes and not only on the screen, unless
    ``header.clear`` asks for both. Cards and records are spooled to unnamed files beside the
    report, so memory does not grow with their number, and put together when it is finished. A
    content security policy inside the page lets it load nothing and run no script but its own.
    """

    format: ClassVar[str] = "html"

    def _begin(self) -> None:
        self._picture = page.Picture()
        self._thumbnail_bytes = 0
        self._left_out = 0
        self._spools: dict[str, IO[bytes]] = {}
        self._page = self._output.binary(is_text=True)
        self._stills: tuple[Still, ...] = ()
        for name in ("cards", "records", "failures", "stills"):
            self._spools[name] = tempfile.TemporaryFile(dir=self._output.folder)  # noqa: SIM115 - closed by _release

    def write(self, result: Result | TextAnalysis) -> None:
        """Add one picture, text or failure."""
        self._picture = _picture(result, clear=self.header.clear)
        self._stills = stills(result, clear=self.header.clear)
        super().write(result)

    def _write(self, record: Record) -> None:
        comma = ",\n" if self.summary.items else ""
        self._spool("records", comma + page.script_json(to_json(record)))
        if record["kind"] is None:
            self._spool("failures", page.failure_row(record))
            return
        picture = self._affordable(self._picture)
        href = address(record["path"], self._output.folder)
        place = self.summary.items
        self._spool("cards", page.card(record, place, picture, href, strip(record)))
        if self._stills and self._pays(sum(still.size for still in self._stills)):
            text = page.script_json(stills_json(self._stills))
            self._spool("stills", page.data_script(f"stills-{place}", text))

    def _spool(self, name: str, text: str) -> None:
        with self._output.named():
            self._spools[name].write(text.encode("utf-8"))

    def _affordable(self, picture: page.Picture) -> page.Picture:
        if self._pays(len(picture.thumbnail or b"") + len(picture.clear or b"")):
            return picture
        return page.Picture(hidden=picture.hidden)

    def _pays(self, size: int) -> bool:
        """Take so many bytes from the budget, or say that something was left out."""
        if self._thumbnail_bytes + size > THUMBNAIL_BUDGET_BYTES:
            self._left_out += 1
            return False
        self._thumbnail_bytes += size
        return True

    def _finish(self) -> None:
        fill = self._parts()
        pieces = _PLACE.split(_template("report.html"))
        for place, piece in enumerate(pieces):
            # Odd pieces are the names between the braces; what is filled in is not read again.
            if place % 2:
                fill[piece]()
            else:
                self._put(piece)

    def _parts(self) -> dict[str, Callable[[], None]]:
        """Return what writes each part of the template."""
        script, summary = _template("timeline.js") + _template("report.js"), self.summary
        digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
        texts = {
            "script_hash": f"'sha256-{digest}'",
            "title": f"Framesift report: {page.counted(summary.items, 'file')}",
            "css": _template("report.css") + _template("timeline.css"),
            "script": script,
            "subtitle": page.subtitle(summary, self.header),
            "notices": self._notices(),
            "veil_hidden": "" if self.header.clear else " hidden",
            "tiles": page.tiles(summary),
            "histogram": page.histogram(summary),
            "none": "No pictures or videos found.",
            "none_hidden": " hidden" if summary.items else "",
            "about": page.about(self.header),
        }
        fill = {name: self._putter(text) for name, text in texts.items()}
        fill["cards"] = lambda: self._pour("cards")
        fill["records"] = lambda: self._pour("records")
        fill["stills"] = lambda: self._pour("stills")
        fill["failures"] = self._failures
        return fill

    def _putter(self, text: str) -> Callable[[], None]:
        return lambda: self._put(text)

    def _put(self, text: str) -> None:
        with self._output.named():
            self._page.write(text.encode("utf-8"))

    def _pour(self, name: str) -> None:
        spool = self._spools[name]
        with self._output.named():
            spool.seek(0)
            shutil.copyfileobj(spool, self._page, 1 << 20)

    def _failures(self) -> None:
        if self.summary.failures:
            head, tail = page.failures_section(self.summary.failures)
            self._put(head)
            self._pour("failures")
            self._put(tail)

    def _notices(self) -> str:
        texts = [self.header.notice] if self.header.notice else []
        if self._interrupted:
            texts.append("The scan was interrupted: this page shows what was done until then.")
        if self._left_out:
            texts.append(
                f"{self._left_out:,} thumbnails were left out to keep this page small enough "
                "to open; scan with smaller thumbnails, or folder by folder, to see them all."
            )
        return "".join(page.notice(text) for text in texts)

    def _release(self) -> None:
        for spool in getattr(self, "_spools", {}).values():
            spool.close()


def _picture(result: Result | TextAnalysis, *, clear: bool) -> page.Picture:
    """Return what a card may show: what somebody is to review only blurred, unless asked for."""
    if not isinstance(result, Analysis):
        return page.Picture()
    if result.moderation is None or result.moderation.action == "allow":
        return page.Picture(result.thumbnail)
    return page.Picture(result.blurred, result.thumbnail if clear else None, hidden=True)


def _template(name: str) -> str:
    folder = resources.files("framesift.reports").joinpath("templates")
    return folder.joinpath(name).read_text("utf-8")


def address(path: str, folder: Path | None) -> str | None:
    """Return the URL of an original, relative where it lies below the page's folder."""
    if folder is None or path == "-":
        return None
    try:
        original = Path(path)
        if not original.is_file():
            return None
        below = original.parent.resolve() / original.name
    except (OSError, ValueError):
        return None
    if below.is_relative_to(folder):
        return "./" + quote(os.fsencode(below.relative_to(folder).as_posix()))
    return "file://" + quote(os.fsencode(below.as_posix()))
