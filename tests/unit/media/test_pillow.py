"""Pillow is used without side effects on the host application."""

from __future__ import annotations

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageFile

from framesift.errors import CorruptMediaError, LimitExceededError, UnsupportedMediaError
from framesift.media.pillow import FORMATS, decoding, quiet


@pytest.mark.parametrize("blocked", ["EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG", "IPTC"])
def test_plugins_that_run_or_call_others_are_left_out(blocked: str) -> None:
    assert blocked not in FORMATS


def test_every_plugin_is_decided_upon() -> None:
    Image.init()
    left_out = {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG", "IPTC", "FPX", "MIC", "HEIF"}
    assert set(Image.ID) - set(FORMATS) <= left_out
    assert set(FORMATS) - {"HEIF"} <= set(Image.OPEN)


def test_quiet_sections_of_many_threads_leave_no_trace() -> None:
    before = list(warnings.filters)

    def work(_: int) -> None:
        for _ in range(200):
            with quiet():
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert list(warnings.filters) == before


def test_only_pillow_is_quiet() -> None:
    with quiet(), pytest.warns(UserWarning, match="ours"):
        warnings.warn("ours", UserWarning, stacklevel=1)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError("broken data stream"), CorruptMediaError),
        (IndexError("index out of range"), CorruptMediaError),
        (ZeroDivisionError("division by zero"), CorruptMediaError),
        (SyntaxError("not a TIFF file"), CorruptMediaError),
        (RecursionError(), CorruptMediaError),
        (EOFError(), CorruptMediaError),
        (NotImplementedError("pixel format 7"), UnsupportedMediaError),
        (MemoryError(), LimitExceededError),
        (Image.DecompressionBombError("too many pixels"), LimitExceededError),
    ],
)
def test_any_error_becomes_a_media_error(error: Exception, kind: type) -> None:
    with pytest.raises(kind, match=r"^x\.png: .+; ") as caught, decoding("x.png"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.__cause__ is error


def test_interrupts_pass_through() -> None:
    with pytest.raises(KeyboardInterrupt), decoding("x"):
        raise KeyboardInterrupt


def test_globals_stay_as_the_host_set_them() -> None:
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_broken_tiff_prints_nothing(tmp_path, encode) -> None:
    data = encode(Image.linear_gradient("L"), "TIFF", compression="tiff_lzw")
    path = tmp_path / "cut.tif"
    # The directory is kept; the compressed strip is not.
    path.write_bytes(data[:8] + bytes(300) + data[308:])
    code = (
        "import sys\n"
        "from framesift.errors import MediaError\n"
        "from framesift.media import open_media\n"
        "try:\n"
        "    with open_media(sys.argv[1]) as media:\n"
        "        list(media.read())\n"
        "except MediaError:\n"
        "    pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, check=True, timeout=60
    )
    assert done.stdout + done.stderr == b""
