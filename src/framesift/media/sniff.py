"""What a file is, from its first bytes and never from its name.

Pure functions on bytes; nothing is decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["COMPANION_SUFFIXES", "HEAD_BYTES", "Family", "Sniffed", "sniff"]

HEAD_BYTES = 4096
"""How much of a file `sniff` wants to see."""

Family: TypeAlias = Literal["still", "raw", "video", "audio", "blocked", "unknown"]


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the first bytes say.

    Attributes:
        family: ``still`` also covers animations; ``blocked`` is recognised but not decoded.
        format: In lower case: ``jpeg``, ``mp4``; empty for ``unknown``.
        title: The format's name for people, used in messages.
    """

    family: Family
    format: str = ""
    title: str = ""


_UNKNOWN = Sniffed("unknown")

# (offset, bytes, family, format, title); the first match counts, so longer magic comes first.
_MAGIC: tuple[tuple[int, bytes, Family, str, str], ...] = (
    (0, b"\xff\xd8\xff", "still", "jpeg", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "still", "png", "PNG"),
    (0, b"GIF87a", "still", "gif", "GIF"),
    (0, b"GIF89a", "still", "gif", "GIF"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "still", "jpeg2000", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "still", "jpeg2000", "JPEG 2000"),
    (0, b"II*\x00\x10\x00\x00\x00CR", "raw", "cr2", "Canon CR2"),
    (0, b"FUJIFILMCCD-RAW", "raw", "raf", "Fujifilm RAF"),
    (0, b"IIRO", "raw", "orf", "Olympus ORF"),
    (0, b"IIRS", "raw", "orf", "Olympus ORF"),
    (0, b"MMOR", "raw", "orf", "Olympus ORF"),
    (0, b"IIU\x00", "raw", "rw2", "Panasonic RW2"),
    (0, b"FOVb", "raw", "x3f", "Sigma X3F"),
    (0, b"\x00MRM", "raw", "mrw", "Minolta MRW"),
    (0, b"II*\x00", "still", "tiff", "TIFF"),
    (0, b"MM\x00*", "still", "tiff", "TIFF"),
    (0, b"II+\x00", "still", "tiff", "BigTIFF"),
    (0, b"MM\x00+", "still", "tiff", "BigTIFF"),
    (0, b"8BPS", "still", "psd", "Photoshop"),
    (0, b"DDS ", "still", "dds", "DirectDraw surface"),
    (0, b"qoif", "still", "qoi", "QOI"),
    (0, b"icns", "still", "icns", "ICNS"),
    (0, b"\x01\xda", "still", "sgi", "SGI"),
    (0, b"BLP1", "still", "blp", "BLP"),
    (0, b"BLP2", "still", "blp", "BLP"),
    (0, b"SIMPLE  =", "still", "fits", "FITS"),
    (0, b"/* XPM */", "still", "xpm", "XPM"),
    (0, b"\x59\xa6\x6a\x95", "still", "sun", "Sun raster"),
    (0, b"FLV\x01", "video", "flv", "Flash video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video", "asf", "Windows Media"),
    (0, b"\x00\x00\x01\xba", "video", "mpeg", "MPEG program stream"),
    (0, b"\x00\x00\x01\xb3", "video", "mpegvideo", "MPEG video"),
    (0, b"OggS", "video", "ogg", "Ogg"),
    (0, b"YUV4MPEG2 ", "video", "yuv4mpegpipe", "YUV4MPEG"),
    (0, b"DKIF", "video", "ivf", "IVF"),
    (0, b".RMF", "video", "rm", "RealMedia"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "video", "mxf", "MXF"),
    (0, b"\x8aMNG\r\n\x1a\n", "blocked", "mng", "MNG animation"),
    (0, b"\xff\x0a", "blocked", "jxl", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "blocked", "jxl", "JPEG XL"),
    (0, b"%!PS", "blocked", "eps", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "blocked", "eps", "PostScript"),
    (0, b"%PDF-", "blocked", "pdf", "PDF document"),
    (0, b"\xd7\xcd\xc6\x9a", "blocked", "wmf", "Windows metafile"),
    (0, b"\x01\x00\x00\x00\x6c\x00\x00\x00", "blocked", "emf", "Windows metafile"),
    (0, b"BPG\xfb", "blocked", "bpg", "BPG"),
    (0, b"v/1\x01", "blocked", "exr", "OpenEXR"),
    (0, b"#?RADIANCE", "blocked", "hdr", "Radiance HDR"),
    (0, b"\x89HDF\r\n\x1a\n", "blocked", "hdf5", "HDF5 data"),
    (0, b"GRIB", "blocked", "grib", "GRIB data"),
    (0, b"BUFR", "blocked", "bufr", "BUFR data"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "blocked", "ole", "OLE document"),
    (0, b"PK\x03\x04", "blocked", "zip", "ZIP archive"),
    (0, b"\x1f\x8b", "blocked", "gzip", "gzip archive"),
    (0, b"ID3", "audio", "mp3", "MP3 audio"),
    (0, b"\xff\xfb", "audio", "mp3", "MP3 audio"),
    (0, b"\xff\xf3", "audio", "mp3", "MP3 audio"),
    (0, b"fLaC", "audio", "flac", "FLAC audio"),
    (128, b"DICM", "blocked", "dicom", "DICOM"),
    (0, b"BM", "still", "bmp", "BMP"),
)

_RIFF: dict[bytes, Sniffed] = {
    b"WEBP": Sniffed("still", "webp", "WebP"),
    b"AVI ": Sniffed("video", "avi", "AVI"),
    b"AVIX": Sniffed("video", "avi", "AVI"),
    b"WAVE": Sniffed("audio", "wav", "WAV audio"),
}

_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif2")
)
_QUICKTIME_BOXES = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
_MP4_BRANDS: dict[bytes, tuple[str, str]] = {
    b"qt  ": ("mov", "QuickTime"),
    b"M4V ": ("m4v", "MP4"),
    b"3gp4": ("3gp", "3GP"),
    b"3gp5": ("3gp", "3GP"),
    b"3gp6": ("3gp", "3GP"),
    b"3g2a": ("3g2", "3G2"),
}
_NETPBM = frozenset(b"P%d" % digit for digit in range(1, 8)) | {b"PF", b"Pf", b"Py"}

COMPANION_SUFFIXES = frozenset(
    (
        *(".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".htm"),
        *(".xmp", ".aae", ".pp3", ".dop", ".on1", ".cos", ".thm", ".srt", ".vtt", ".ini", ".db"),
        *(".log", ".yaml", ".yml", ".toml", ".parquet", ".sqlite", ".part", ".url", ".lnk"),
    )
)
"""Endings of what lies beside pictures: captions, notes, edits, catalogues, reports."""


def _brands(head: bytes) -> tuple[bytes, frozenset[bytes]]:
    size = min(int.from_bytes(head[:4], "big"), len(head))
    compatible = frozenset(head[at : at + 4] for at in range(16, size - 3, 4))
    return head[8:12], compatible


def _iso_media(head: bytes) -> Sniffed:
    major, compatible = _brands(head)
    brands = compatible | {major}
    if major == b"crx ":
        return Sniffed("raw", "cr3", "Canon CR3")
    if major in {b"avif", b"avis"}:
        return Sniffed("still", "avif", "AVIF")
    if major in _HEIF_BRANDS:
        return Sniffed("still", "heif", "HEIF")
    if major in {b"mif1", b"msf1", b"miaf"}:
        if brands & _HEIF_BRANDS or not brands & {b"avif", b"avis"}:
            return Sniffed("still", "heif", "HEIF")
        return Sniffed("still", "avif", "AVIF")
    if major in {b"jp2 ", b"jpx ", b"jpm "}:
        return Sniffed("still", "jpeg2000", "JPEG 2000")
    if major in {b"M4A ", b"M4B "}:
        return Sniffed("audio", "m4a", "MPEG-4 audio")
    name, title = _MP4_BRANDS.get(major, ("mp4", "MP4"))
    return Sniffed("video", name, title)


def _is_transport_stream(head: bytes) -> bool:
    # 188-byte packets, or 192 with a 4-byte time code in front (Blu-ray, AVCHD).
    return any(
        len(head) > start + 2 * step
        and all(head[start + step * packet] == 0x47 for packet in range(3))
        for start, step in ((0, 188), (4, 192))
    )


def _icon(head: bytes) -> Sniffed | None:
    if head[:4] == b"\x00\x00\x01\x00" and 0 < int.from_bytes(head[4:6], "little") < 256:
        return Sniffed("still", "ico", "ICO")
    if head[:4] == b"\x00\x00\x02\x00" and 0 < int.from_bytes(head[4:6], "little") < 256:
        # A Targa picture without colour map starts with the same bytes; then a hot spot follows.
        return None if head[4:12] == bytes(8) else Sniffed("still", "cur", "CUR")
    return None


def _structured(head: bytes) -> Sniffed | None:
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        is_webm = b"webm" in head[:64]
        return Sniffed("video", "webm", "WebM") if is_webm else Sniffed("video", "mkv", "Matroska")
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] in _QUICKTIME_BOXES:
        return Sniffed("video", "mov", "QuickTime")
    if head[:2] in _NETPBM and head[2:3] in {b" ", b"\n", b"\r", b"\t", b"#"}:
        return Sniffed("still", "ppm", "Netpbm")
    if _is_transport_stream(head):
        return Sniffed("video", "mpegts", "MPEG transport stream")
    return _icon(head)


def sniff(head: bytes) -> Sniffed:
    """Tell the format of a file from its first bytes.

    Args:
        head: The first `HEAD_BYTES` of the file, or all of it if shorter.

    Returns:
        What it is; family ``unknown`` where no signature matches (some formats, such as Targa,
        have none).
    """
    for offset, magic, family, name, title in _MAGIC:
        if head.startswith(magic, offset):
            return Sniffed(family, name, title)
    return _structured(head) or _UNKNOWN
