"""Texts out of JSON that somebody put beside a picture, in whatever shape.

What is a caption is told by the names of members alone. Words under names that are not known are
not passed over either: a few of them are read like a tag, more come back as a problem.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from framesift.media.decoding import clean_text

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["KEYS", "MAX_DEPTH", "MAX_VALUES", "Pairs", "is_key", "parse_json", "texts_in"]

KEYS: Final = (
    *("caption", "text", "title", "description", "alt", "alt_text", "comment", "comments"),
    *("message", "body", "content", "full_text", "selftext", "summary", "headline", "subject"),
    *("tags", "keywords", "hashtags"),
    # What EXIF and IPTC call a caption.
    *("image_description", "user_comment", "caption_abstract", "xp_title", "xp_comment"),
    *("xp_subject", "xp_keywords"),
)
"""Names of columns and of JSON members whose texts count; see `is_key` for their spellings."""

MAX_DEPTH: Final = 32
"""Levels of objects and lists that are searched."""

MAX_VALUES: Final = 100_000
"""Texts and objects that are searched in one file; numbers are free."""

_TAG_KEYS: Final = frozenset(("tags", "keywords", "hashtags"))
_TAG_NAMES: Final = frozenset(("tag", "name", "value", "label"))
_HARMLESS: Final = frozenset(
    # Each as the last word of a name: where, when and with what a picture was made.
    (
        *("url", "uri", "href", "link", "path", "file", "filename", "folder", "directory"),
        *("time", "date", "timestamp", "formatted", "version", "software", "make", "model"),
        *("lens", "camera", "device", "copyright", "license", "licence", "rights", "credit"),
        *("address", "location", "place", "geo", "geodata", "gps", "exif", "icc"),
        *("error", "warning"),
    )
)
_BRIEF: Final = frozenset(
    # Likewise, where they hold a few words: who made it, and what programs call its kind.
    (
        *("id", "ids", "type", "typename", "kind", "class", "format", "ext", "extension", "mime"),
        *("codec", "acodec", "vcodec", "protocol", "encoding", "charset", "hash", "checksum"),
        *("sha1", "sha256", "md5", "key", "token", "code", "unit", "mode", "orientation", "size"),
        *("shape", "status", "state", "privacy", "visibility", "lang", "language", "locale"),
        *("country", "city", "region", "timezone", "currency", "platform", "source", "origin"),
        *("provider", "extractor", "domain", "host", "colour", "color", "space", "profile"),
        *("author", "user", "username", "handle", "owner", "uploader", "channel", "creator"),
        *("artist", "photographer", "by", "from", "to", "person", "people"),
    )
)
_OF_PEOPLE: Final = frozenset(("first", "last", "full", "nick", "screen", "display", "given"))
"""Before ``name``: what somebody is called."""

_EXIFTOOL: Final = frozenset(("sourcefile", "exiftoolversion"))
_FEW_WORDS: Final = 4
_LONGEST_WORD: Final = 100
"""Characters; what is longer and without a blank is data, not a word."""

_WORDS_OF_NAME: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_NAMESPACE: Final = re.compile(r"[:.\s/]+")
_NOT_IN_NAME: Final = re.compile(r"[\W_]+")
# Thai, Tibetan, Khmer, Chinese, Japanese and their neighbours write without blanks.
_UNSPACED: Final = re.compile("[\u0e00-\u109f\u1780-\u17ff\u2e80-\U0003ffff]")
_CHARACTERS_OF_WORD: Final = 2


class Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, in order; a name may come twice."""


def parse_json(text: str) -> Any:
    """Parse JSON with its objects as `Pairs`.

    Raises:
        ValueError: It is not valid, or nested too deeply to be parsed.
    """
    try:
        return json.loads(text, object_pairs_hook=Pairs)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def is_key(name: str) -> bool:
    """Tell whether the texts under a name count: one of `KEYS`, however it is spelled.

    Capitals, blanks, hyphens and underscores make no difference, and neither does what stands
    before a colon, a full stop or a blank: ``altText``, ``XMP-dc:Description``.
    """
    return _bare(name) in _BARE_KEYS or _bare(_local(name)) in _BARE_KEYS


def texts_in(content: Pairs | list[Any], *, besides: Collection[str] = ()) -> tuple[str, str]:
    """Collect the texts under known names, and short ones under others, at any depth allowed.

    Args:
        content: What `parse_json` gave. The texts in a list count without a name.
        besides: Texts that are no caption, such as the picture's own name.

    Returns:
        The texts, each one once, with line feeds between: first those under known names, then those
        of up to four words under names that are not known. And a problem, empty where there is
        none: more words under a name that is not known, or more than is searched.
    """
    found = _Found()
    found.values(content, "", 0)
    texts = dict.fromkeys((*found.texts, *found.brief))
    return "\n".join(text for text in texts if text not in besides), found.problem()


@dataclass(slots=True)
class _Found:
    texts: dict[str, None] = field(default_factory=dict)
    brief: dict[str, None] = field(default_factory=dict)
    """A few words that are under no known name."""
    unread: dict[str, str] = field(default_factory=dict)
    """More of them, with the name they are under."""
    troubles: list[str] = field(default_factory=list)
    seen: int = 0

    def problem(self) -> str:
        """Say what of the content may be a caption and was not taken for one."""
        if self.troubles:
            return self.troubles[0]
        name = next((name for text, name in self.unread.items() if text not in self.texts), None)
        if name is None:
            return ""
        return f"holds words under {name[:40]!r}, which is not read; rename it to 'text'"

    def values(self, value: object, name: str, depth: int) -> None:
        """Take what stands under a known name, or at the top."""
        parts = value if type(value) is list else [value]
        if _bare(_local(name)) in _TAG_KEYS:
            parts = [*_objects(parts), " ".join(_plain(part) for part in parts)]
        for part in parts:
            if isinstance(part, (Pairs, list)):
                self._inside(part, name, depth + 1)
            elif text := clean_text(_plain(part)):
                self.texts[text] = None
                self.seen += 1

    def _inside(self, part: Pairs | list[Any], name: str, depth: int) -> None:
        before = len(self.texts)
        if isinstance(part, Pairs):
            self._members(part, name, depth)
        else:
            self._each(part, name, depth)
        # An object under a known name that holds words, but none that are read.
        if name and len(self.texts) == before and _has_words(part, depth):
            self.troubles.append(f"holds no text under {name[:40]!r}; write one")

    def _members(self, pairs: Pairs, above: str, depth: int, spare: float = 0) -> None:
        if not self._within(depth):
            return
        tags = _bare(_local(above)) in _TAG_KEYS
        if any(_bare(name) in _EXIFTOOL for name, _ in pairs):
            spare = math.inf
        for name, value in pairs:
            if is_key(name) or (tags and _bare(name) in _TAG_NAMES):
                self.values(value, name, depth)
            else:
                self._other(value, name, depth, max(spare, _spare(name)))

    def _each(self, parts: list[Any], name: str, depth: int) -> None:
        if self._within(depth):
            self.values(parts, name, depth)

    def _other(self, value: object, name: str, depth: int, spare: float) -> None:
        """Search below a name that is not known; up to ``spare`` words of a text may go unread."""
        if isinstance(value, Pairs):
            self._members(value, "", depth + 1, spare)
        elif isinstance(value, list):
            if self._within(depth + 1):
                for part in value:
                    self._other(part, name, depth + 1, spare)
        elif isinstance(value, str):
            self.seen += 1
            if _words(value) > max(spare, _FEW_WORDS):
                self.unread.setdefault(clean_text(value), name)
            elif not spare and _may_be_words(value):
                self.brief[clean_text(value)] = None

    def _within(self, depth: int) -> bool:
        self.seen += 1
        if depth <= MAX_DEPTH and self.seen <= MAX_VALUES:
            return True
        problem = f"holds more than {MAX_DEPTH} levels or {MAX_VALUES:,} values; shorten it"
        self.troubles.append(problem)
        return False


def _plain(part: object) -> str:
    return str(part) if isinstance(part, (str, int, float)) else ""


def _objects(parts: list[Any]) -> list[Any]:
    return [part for part in parts if isinstance(part, (Pairs, list))]


def _has_words(value: object, depth: int) -> bool:
    if depth > MAX_DEPTH:
        return True
    if isinstance(value, Pairs):
        return any(_has_words(part, depth + 1) for _, part in value)
    if isinstance(value, list):
        return any(_has_words(part, depth + 1) for part in value)
    return isinstance(value, str) and _words(value) > 0


def _words(text: str) -> int:
    """Count the words; addresses and what has figures in it, such as a date, are none."""
    count = 0
    for token in text.split():
        letters = [character for character in token if character.isalpha()]
        unspaced = len(_UNSPACED.findall("".join(letters)))
        if unspaced:
            count += -(-unspaced // _CHARACTERS_OF_WORD)
        elif letters and "://" not in token and len(letters) == sum(map(str.isalnum, token)):
            count += 1
    return count


def _local(name: str) -> str:
    return next((part for part in reversed(_NAMESPACE.split(name)) if part), name)


def _bare(name: str) -> str:
    return _NOT_IN_NAME.sub("", name).casefold()


def _spare(name: str) -> float:
    """Return how many words a text may have under this name and need not be read."""
    words = [word.lower() for word in _WORDS_OF_NAME.findall(_local(name))]
    last = words[-1] if words else ""
    if last in _HARMLESS:
        return math.inf
    if last == "name" and len(words) > 1:
        last = words[-2]
        return _FEW_WORDS if last in _BRIEF | _OF_PEOPLE | _HARMLESS else 0
    return _FEW_WORDS if last in _BRIEF else 0


def _may_be_words(text: str) -> bool:
    """Tell whether anything could be a word, in disguise or not: more letters than figures."""
    for token in text.split():
        letters = sum(map(str.isalpha, token))
        figures = sum(map(str.isalnum, token)) - letters
        if letters > max(1, figures) and "://" not in token and len(token) <= _LONGEST_WORD:
            return True
    return False


_BARE_KEYS: Final = frozenset(map(_bare, KEYS))
