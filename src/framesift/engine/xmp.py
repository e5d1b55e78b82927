"""Properties in an XMP sidecar: changed in place, with every other byte kept.

XMP is RDF in XML (ISO 16684-1). A new sidecar gets a whole document. In an existing one the values
of the wanted properties are exchanged, as attributes or elements as they stand there, or attributes
are added to the first ``rdf:Description``; nothing is parsed and written out again, so that
comments, prefixes, padding and what other programs put there stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

from framesift.errors import CorruptMediaError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_BYTES", "Name", "new_document", "patched", "read_properties", "writable"]

MAX_BYTES = 64 * 2**20
"""A larger sidecar is refused (64 MiB); editors that keep masks in them reach a few."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_MOST_DEPTH = 200
_ATTRIBUTE = re.compile(rb"\s+([^\s=<>/]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_OPENING = re.compile(rb"<([^\s/>]+)((?:" + _ATTRIBUTE.pattern + rb")*)\s*(/?)>")
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Name(NamedTuple):
    """The name of a property: its namespace, its name there, and the prefix we like for it."""

    uri: str
    local: str
    prefix: str


def new_document(values: Mapping[Name, str]) -> bytes:
    """Return a sidecar that holds these properties and nothing else."""
    prefixes = dict.fromkeys((name.prefix, name.uri) for name in values)
    lines = [f'xmlns:{prefix}="{uri}"' for prefix, uri in prefixes]
    lines += [f'{name.prefix}:{name.local}="{_quoted(value)}"' for name, value in values.items()]
    properties = "".join(f"\n    {line}" for line in lines)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Framesift">\n'
        f' <rdf:RDF xmlns:rdf="{_RDF}">\n'
        f'  <rdf:Description rdf:about=""{properties}/>\n'
        " </rdf:RDF>\n"
        "</x:xmpmeta>\n"
        '<?xpacket end="w"?>\n'
    ).encode()


def read_properties(data: bytes, names: frozenset[Name], *, source: str) -> dict[Name, str]:
    """Return the values of simple properties that a sidecar has.

    Raises:
        CorruptMediaError: It is not a sidecar that we could change; see `patched`.
    """
    found = _Reader(data, names, source).places
    return {name: places[0].value for name, places in found.items() if places}


def patched(data: bytes, values: Mapping[Name, str], *, source: str) -> bytes:
    """Return a sidecar's content with these properties set.

    Args:
        data: The content, UTF-8, at most `MAX_BYTES`.
        values: What each property is to be.
        source: The file, for messages.

    Raises:
        CorruptMediaError: It is not well-formed, declares a document type (whose entities could
            expand without end), or holds no ``rdf:Description``.
    """
    reader = _Reader(data, frozenset(values), source)
    edits: list[tuple[int, int, bytes]] = []
    missing: dict[Name, str] = {}
    for name, value in values.items():
        places = reader.places[name]
        edits += [place.edit(value) for place in places if place.value != value]
        if not places:
            missing[name] = value
    if missing:
        edits.append(reader.insertion(missing))
    for start, end, text in sorted(edits, reverse=True):
        data = data[:start] + text + data[end:]
    # A prefix that is used and never declared can make an addition a duplicate: better refused.
    _Reader(data, frozenset(values), source)
    return data


@dataclass(slots=True)
class _Place:
    """Where a property's value stands: the bytes to exchange, and what is put around them."""

    start: int
    end: int
    value: str
    before: bytes = b""
    after: bytes = b""

    def edit(self, value: str) -> tuple[int, int, bytes]:
        return self.start, self.end, self.before + _quoted(value).encode() + self.after


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    kind: tuple[str, str]
    scope: dict[str, str]
    tag: re.Match[bytes]
    text: list[str] = field(default_factory=list)
    plain: bool = True


class _Reader:
    """One pass over a sidecar that finds the properties in its descriptions."""

    def __init__(self, data: bytes, names: frozenset[Name], source: str) -> None:
        self.places: dict[Name, list[_Place]] = {name: [] for name in names}
        self._names = {(name.uri, name.local): name for name in names}
        self._data = data
        self._source = source
        self._stack: list[_Open] = []
        self._description: _Open | None = None
        self._read()

    def insertion(self, values: Mapping[Name, str]) -> tuple[int, int, bytes]:
        """Return the edit that adds properties to the first description."""
        assert self._description is not None
        scope = dict(self._description.scope)
        text = ""
        for name, value in values.items():
            prefix = next((key for key, uri in scope.items() if uri == name.uri and key), None)
            if prefix is None:
                prefix, number = name.prefix, 1
                while prefix in scope:
                    number += 1
                    prefix = f"{name.prefix}{number}"
                scope[prefix] = name.uri
                text += f' xmlns:{prefix}="{name.uri}"'
            text += f' {prefix}:{name.local}="{_quoted(value)}"'
        place = self._description.tag.end(1)
        return place, place, text.encode()

    def _read(self) -> None:
        # Other encodings would make the offsets below wrong.
        try:
            self._data.decode("utf-8")
        except UnicodeDecodeError as error:
            message = "the sidecar is not in UTF-8; save it as UTF-8"
            raise CorruptMediaError(message, source=self._source) from error
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = lambda name, values: self._start(
            name, values, parser.CurrentByteIndex
        )
        parser.EndElementHandler = lambda _: self._end(parser.CurrentByteIndex)
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(self._data, True)  # noqa: FBT003 - expat's own signature
        except expat.ExpatError as error:
            message = f"the sidecar is not well-formed XML ({error}); repair or remove it"
            raise CorruptMediaError(message, source=self._source) from error
        if self._description is None:
            message = "the sidecar holds no rdf:Description, so it is not XMP; remove it"
            raise CorruptMediaError(message, source=self._source)

    def _refuse_doctype(self, *_: object) -> None:
        message = "the sidecar declares a document type, which XMP has not; remove the declaration"
        raise CorruptMediaError(message, source=self._source)

    def _start(self, name: str, values: Mapping[str, str], index: int) -> None:
        tag = _OPENING.match(self._data, index)
        if tag is None or len(self._stack) >= _MOST_DEPTH:
            message = "the sidecar is nested too deeply, or in a way that is not understood"
            raise CorruptMediaError(message, source=self._source)
        scope = dict(self._stack[-1].scope) if self._stack else {"xml": _XML}
        for key, value in values.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                scope[key.partition(":")[2]] = value
        if self._stack:
            self._stack[-1].plain = False
        self._stack.append(_Open(_kind(name, scope), scope, tag))
        if self._is_description():
            self._description = self._description or self._stack[-1]
            for match in _ATTRIBUTE.finditer(self._data, tag.start(2), tag.end(2)):
                key = match[1].decode()
                found = self._names.get(_kind(key, scope)) if ":" in key else None
                if found is not None:
                    place = _Place(match.start(2) + 1, match.end(2) - 1, values[key])
                    self.places[found].append(place)

    def _end(self, index: int) -> None:
        element = self._stack.pop()
        name = self._names.get(element.kind)
        if name is None or not self._stack or not self._is_description():
            return
        tag, value = element.tag, "".join(element.text)
        if not element.plain:
            message = f"{name.local} in the sidecar is not a simple value; repair or remove it"
            raise CorruptMediaError(message, source=self._source)
        if tag[5]:  # <xmp:Rating/>
            opened = tag[0][:-2].rstrip() + b">"
            place = _Place(*tag.span(), value, opened, b"</" + tag[1] + b">")
        else:
            place = _Place(tag.end(), index, value)
        self.places[name].append(place)

    def _text(self, text: str) -> None:
        if self._stack:
            self._stack[-1].text.append(text)

    def _is_description(self) -> bool:
        """Return whether the innermost element is a description directly below ``rdf:RDF``."""
        kinds = [element.kind for element in self._stack[-2:]]
        return kinds == [(_RDF, "RDF"), (_RDF, "Description")]


def _kind(name: str, scope: Mapping[str, str]) -> tuple[str, str]:
    prefix, colon, local = name.rpartition(":")
    return scope.get(prefix if colon else "", ""), local


def writable(value: str) -> str:
    """Return text with the characters that XML cannot hold replaced."""
    return _UNWRITABLE.sub("\ufffd", value)


def _quoted(value: str) -> str:
    """Return text as it may stand in an attribute or an element, in any encoding."""
    text = escape(writable(value), {'"': "&quot;", "'": "&apos;"})
    return "".join(char if char.isascii() and char >= " " else f"&#{ord(char)};" for char in text)
