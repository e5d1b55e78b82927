"""Formats are told from content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from framesift.media.sniff import sniff

if TYPE_CHECKING:
    from collections.abc import Callable


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + bytes(32)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        *(("JPEG", "jpeg"), ("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp"), ("BMP", "bmp")),
        *(("TIFF", "tiff"), ("AVIF", "avif"), ("JPEG2000", "jpeg2000"), ("ICO", "ico")),
        *(("PPM", "ppm"), ("QOI", "qoi"), ("DDS", "dds"), ("SGI", "sgi"), ("ICNS", "icns")),
    ],
)
def test_pictures(encode: Callable[..., bytes], form: str, name: str) -> None:
    found = sniff(encode(Image.new("RGB", (32, 32)), form)[:4096])
    assert (found.family, found.format) == ("still", name)


@pytest.mark.parametrize(
    ("head", "family", "name"),
    [
        (ftyp(b"isom", b"avc1"), "video", "mp4"),
        (ftyp(b"qt  "), "video", "mov"),
        (ftyp(b"3gp5"), "video", "3gp"),
        (ftyp(b"heic", b"mif1"), "still", "heif"),
        (ftyp(b"mif1", b"heic"), "still", "heif"),
        (ftyp(b"mif1", b"avif", b"miaf"), "still", "avif"),
        (ftyp(b"avis", b"avif"), "still", "avif"),
        (ftyp(b"crx ", b"isom"), "raw", "cr3"),
        (ftyp(b"M4A "), "audio", "m4a"),
        (bytes(4) + b"moov", "video", "mov"),
        (b"\x1a\x45\xdf\xa3" + b"\x42\x82\x84webm", "video", "webm"),
        (b"\x1a\x45\xdf\xa3" + b"\x42\x82\x88matroska", "video", "mkv"),
        (b"RIFF\0\0\0\0AVI LIST", "video", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio", "wav"),
        ((b"\x47" + bytes(187)) * 3, "video", "mpegts"),
        (bytes(4) + (b"\x47" + bytes(191)) * 3, "video", "mpegts"),
        (b"\0\0\1\xba", "video", "mpeg"),
        (b"II*\0\x10\0\0\0CR\2\0", "raw", "cr2"),
        (b"P6 3 3 255\n", "still", "ppm"),
        (b"P6x", "unknown", ""),
        (b"%!PS-Adobe", "blocked", "eps"),
        (b"const a: number = 1;", "unknown", ""),
        (b"GIF8", "unknown", ""),
        (b"", "unknown", ""),
    ],
)
def test_signatures(head: bytes, family: str, name: str) -> None:
    found = sniff(head)
    assert (found.family, found.format) == (family, name)
