"""Readable text out of HTML and e-mails; linear in the length of the text."""

from __future__ import annotations

import html
import re
from email import message_from_string, policy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

    from framesift.heads.text.tracked import Tracked

__all__ = ["open_mail", "strip_html"]

_HEADERS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "reply-to",
        "sender",
        "content-type",
        "content-transfer-encoding",
        "delivered-to",
        "in-reply-to",
        "references",
        "x-mailer",
    ]
)
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):(?:[ \t]|$)")
_REPLY = re.compile(r"^(?:\s*(?:(?:re|fw|fwd|aw)(?:\[\d+\])?:|\[[^\]\n]{1,40}\]))+\s*", re.I)
_TAG = re.compile(r"<(?:[a-zA-Z/!?][^<>]*|!--[^<>]*--)>")
_HIDDEN_START = re.compile(r"<(?:!--|script\b|style\b)", re.I)
_HIDDEN_END = {
    "<!--": re.compile("-->"),
    "<script": re.compile("</script[^<>]*>", re.I),
    "<style": re.compile("</style[^<>]*>", re.I),
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,24}\d{0,2});")
_BLOCK = re.compile(
    r"</?(?:p|br|div|td|tr|table|li|ul|ol|h\d|hr|body|html|center|title|a|img|option)\b", re.I
)


def open_mail(text: str) -> str:
    """Give the subject and the readable parts of an e-mail; any other text as it is.

    A text is taken for an e-mail if it begins with at least three header lines, two of them of
    the usual names (RFC 5322). Headers other than the subject are dropped, marks of replies and
    lists are taken off the subject, and parts are decoded (quoted-printable, base64). A part that
    cannot be decoded stays as it is written.
    """
    if not _is_mail(text):
        return text
    start = text.find("\n") + 1 if text.startswith("From ") else 0
    # An e-mail is bytes; the parser takes any string, and what is no ASCII passes through it.
    message = message_from_string(text[start:], policy=policy.compat32)
    subject = _REPLY.sub("", " ".join(str(message.get("Subject") or "").split()))
    bodies = [_body(part) for part in message.walk() if not part.is_multipart()]
    return "\n".join([subject, *(body for body in bodies if body)])


def _is_mail(text: str) -> bool:
    lines = text[:4000].splitlines()
    if lines and lines[0].startswith("From "):
        lines = lines[1:]
    found, known = 0, 0
    for line in lines:
        match = _HEADER.match(line)
        if match:
            found += 1
            known += match[1].lower() in _HEADERS
        elif not (found and line[:1] in (" ", "\t")):
            break
    return found >= 3 and known >= 2


def _body(part: Message) -> str:
    if part.get_content_maintype() != "text":
        return ""
    written = part.get_payload()
    if not isinstance(written, str):
        return ""
    encoding = str(part.get("Content-Transfer-Encoding") or "").strip().lower()
    if encoding not in ("quoted-printable", "base64"):
        return written
    try:
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            return written
        return data.decode(part.get_content_charset() or "latin-1", errors="replace")
    except (LookupError, UnicodeError, ValueError):
        return written


def strip_html(tracked: Tracked) -> None:
    """Resolve entities and take tags, scripts, styles and comments out."""
    if "<" in tracked.text:
        _drop_hidden(tracked)
        tracked.sub(_TAG, lambda match: "\n" if _BLOCK.match(match[0]) else "")
    if "&" in tracked.text:
        tracked.sub(_ENTITY, _entity)


def _entity(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _drop_hidden(tracked: Tracked) -> None:
    """Drop comments, scripts and styles with what is in them.

    A regular expression with a lazy middle would be quadratic on openings that are never closed;
    this looks for each closing once and stops looking for a kind that has none left.
    """
    text = tracked.text
    spans: list[tuple[int, int]] = []
    missing: set[str] = set()
    end = 0
    for opening in _HIDDEN_START.finditer(text):
        kind = opening[0].lower()
        if opening.start() < end or kind in missing:
            continue
        closing = _HIDDEN_END[kind].search(text, opening.end())
        if closing is None:
            missing.add(kind)
            continue
        end = closing.end()
        spans.append((opening.start(), end))
    tracked.cut(spans)
