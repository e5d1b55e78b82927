"""Readable text out of HTML and e-mails; linear in the length of the text."""

from __future__ import annotations

import base64
import html
import quopri
import re
from email import message_from_string, policy
from email.header import decode_header, make_header
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

    from framesift.heads.text.tracked import Tracked

__all__ = [
    "concealed",
    "hidden_html",
    "is_mail",
    "legible",
    "open_mail",
    "strip_html",
    "structure",
]

SEEN = 20_000
"""So much of an e-mail is looked at for how it is built."""

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
_BASE64_LINES = re.compile(
    r"^(?:[A-Za-z0-9+/]{60,100}\r?\n){2,}+(?:[A-Za-z0-9+/]{1,100}={0,2}$)?", re.M
)
_NAMES = (
    "a|abbr|address|area|b|base|big|blink|blockquote|body|br|button|center|cite|code|dd|del|div|dl|dt"
    "|em|fieldset|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|label"
    "|li|link|map|marquee|meta|nav|nobr|object|ol|option|p|param|pre|q|s|script|section|select|small"
    "|span|strike|strong|style|sub|sup|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video"
)
# Only what has the form of a tag: `<i will find you>` is words in angle brackets. The groups are
# atomic, so that a tag that is never closed costs its length once.
_TAG = re.compile(
    rf"<(?:/?(?:{_NAMES})"
    r"(?>\s++(?:[\w:-]{1,40}+\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s<>\"']++)"
    r"|nowrap|noshade|checked|selected|compact|disabled|hidden|async|defer))*+\s*+/?"
    r"|!doctype\b[^<>]*+|\?xml\b[^<>]*+|!--|/?o:p)(?:>|\Z)|<!--|--!?>|<!\[[^<>\]]*+\]>",
    re.I,
)
_DOCUMENT = re.compile(r"<(?:!doctype|html|head|body|table)\b", re.I)
_STRUCTURE = (
    ("xxhtml", _DOCUMENT),
    ("xxpicture", re.compile(r"<img\b", re.I)),
    ("xxcolours", re.compile(r"\b(?:bgcolor|color)\s*=", re.I)),
    ("xxfont", re.compile(r"<font\b", re.I)),
    ("xxanchor", re.compile(r"<a\b[^<>]{0,200}\bhref", re.I)),
    ("xxform", re.compile(r"<(?:form|input)\b", re.I)),
    ("xxscript", re.compile(r"<script\b", re.I)),
    (
        "xxserial",
        re.compile(r"(?=[A-Za-z0-9]{0,19}\d)(?=[A-Za-z0-9]{0,19}[A-Za-z])\b[A-Za-z0-9]{10,60}\b"),
    ),
    ("xxshouting", re.compile(r"\b[A-Z]{3,}(?:[ !,.$]+[A-Z]{2,}){3}")),
    ("xxbangs", re.compile(r"!!|\$\$")),
    ("xxunreadable", re.compile(r"[\x80-\xff\ufffd\udc80-\udcff]{4}")),
    ("xxquoted", re.compile(r"^[>|] ?\S", re.M)),
    ("xxreply", re.compile(r"\bwrote:|\bwrites:")),
    ("xxsignature", re.compile(r"^-- ?$", re.M)),
)
_SHOWN = "alt|title|placeholder|label|aria-label|summary"
_ATTRIBUTE = re.compile(
    r"(?<![\w:-])(?P<name>[\w:-]{1,40})\s*=\s*"
    r"(?:\"(?P<double>[^\"<>]*)\"|'(?P<single>[^'<>]*)'|(?P<bare>[^\s<>\"']+))"
)
_SHOWN_NAME = re.compile(_SHOWN, re.I)
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


def structure(text: str) -> tuple[str, ...]:
    """Words for how an e-mail or a document of HTML is built; none for any other text.

    Args:
        text: As it came, with its headers.
    """
    mail = is_mail(text)
    if not mail and not _DOCUMENT.search(text, 0, 4000):
        return ()
    body = open_mail(text)[:SEEN]
    found = [name for name, pattern in _STRUCTURE if pattern.search(body)]
    return ("xxletter", *found) if mail else tuple(found)


def open_mail(text: str) -> str:
    """Give the subject and the readable parts of an e-mail; any other text as it is.

    A text is taken for an e-mail if it begins with at least three header lines, two of them of
    the usual names (RFC 5322). Headers other than the subject are dropped, marks of replies and
    lists are taken off the subject, and parts are decoded (quoted-printable, base64). A part that
    cannot be decoded stays as it is written.
    """
    if not is_mail(text):
        return text
    message = _parsed(text)
    subject = _REPLY.sub("", " ".join(_decoded(str(message.get("Subject") or "")).split()))
    bodies = [_body(part) for part in message.walk() if not part.is_multipart()]
    return "\n".join([subject, *(body for body in bodies if body)])


def concealed(text: str) -> str:
    """Give the readable bodies of an e-mail that `open_mail` leaves out, as they are written.

    What stands before and after the parts, parts that claim to be no text, and parts that claim
    to be in base64. Blocks of base64 are left out. Empty for any other text.
    """
    if not is_mail(text):
        return ""
    found: list[str] = []
    for part in _parsed(text).walk():
        found += [written for written in (part.preamble, part.epilogue) if written]
        written = part.get_payload()
        if isinstance(written, str) and (
            part.get_content_maintype() != "text" or _encoding(part) == "base64"
        ):
            found.append(written)
    return legible("\n".join(found))


def legible(text: str) -> str:
    """Leave out blocks of base64, two lines or more: nobody reads them."""
    return _BASE64_LINES.sub("\n", text)


def _parsed(text: str) -> Message:
    start = text.find("\n") + 1 if text.startswith("From ") else 0
    # An e-mail is bytes; the parser takes any string, and what is no ASCII passes through it.
    return message_from_string(text[start:], policy=policy.compat32)


def _encoding(part: Message) -> str:
    return str(part.get("Content-Transfer-Encoding") or "").strip().lower()


def is_mail(text: str) -> bool:
    """Whether a text begins with the headers of an e-mail, as `open_mail` takes it."""
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
    encoding = _encoding(part)
    if encoding not in ("quoted-printable", "base64"):
        return written
    try:
        if encoding == "base64":
            data = _base64(written)
        else:
            data = quopri.decodestring(written.encode("latin-1", "replace"))
        return data.decode(part.get_content_charset() or "latin-1", errors="replace")
    except (LookupError, UnicodeError, ValueError):
        return written


def _base64(written: str) -> bytes:
    """Decode base64 that may be cut off or followed by something else."""
    kept = re.match(r"\s*+(?:[A-Za-z0-9+/]++\s*+)*", written)
    letters = "".join(kept[0].split()) if kept else ""
    return base64.b64decode(letters[: len(letters) // 4 * 4])


def _decoded(subject: str) -> str:
    """Decode the encoded words of a header (RFC 2047); what cannot be decoded stays."""
    try:
        return str(make_header(decode_header(subject)))
    except (LookupError, UnicodeError, ValueError):
        return subject


def strip_html(tracked: Tracked) -> None:
    """Resolve entities and take tags out; of whole documents also scripts, styles and comments."""
    if "<" in tracked.text:
        if _DOCUMENT.search(tracked.text, 0, 4000):
            tracked.cut(_hidden_spans(tracked.text))
        tracked.sub(_TAG, _instead)
    if "&" in tracked.text:
        tracked.sub(_ENTITY, _entity)


def hidden_html(text: str) -> str:
    """Give what tags carry and a browser does not print, one stretch a line.

    The insides of scripts, styles and comments where `strip_html` drops them, and the values of
    attributes that hold several words or are meant to be read (``alt``, ``title``).
    """
    if "<" not in text:
        return ""
    found = []
    if _DOCUMENT.search(text, 0, 4000):
        found += [text[start:end] for start, end in _hidden_spans(text)]
    for tag in _TAG.finditer(text):
        if "=" in tag[0]:
            found += [value for shown, value in _values(tag[0]) if shown or " " in value]
    return "\n".join(found).replace("<", " ").replace(">", " ")


def _values(tag: str) -> list[tuple[bool, str]]:
    """Values of a tag's attributes, each with whether it is meant to be read."""
    return [
        (bool(_SHOWN_NAME.fullmatch(m["name"])), m["double"] or m["single"] or m["bare"] or "")
        for m in _ATTRIBUTE.finditer(tag)
    ]


def _instead(match: re.Match[str]) -> str:
    """What stands for a tag: nothing within a line, a break for a block, with its readable values.

    Tags within a line give nothing, so that they cannot tear words apart.
    """
    tag = match[0]
    if not _BLOCK.match(tag):
        return ""
    values = [value for shown, value in _values(tag) if shown and value] if "=" in tag else []
    return "".join(f"\n{value}" for value in values) + "\n"


def _entity(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _hidden_spans(text: str) -> list[tuple[int, int]]:
    """Find comments, scripts and styles with what is in them, in order.

    A regular expression with a lazy middle would be quadratic on openings that are never closed;
    this looks for each closing once and stops looking for a kind that has none left.
    """
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
            if kind == "<!--":
                continue
        # A script that is cut off goes on to the end.
        end = len(text) if closing is None else closing.end()
        spans.append((opening.start(), end))
    return spans
