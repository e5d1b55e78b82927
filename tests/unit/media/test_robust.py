"""Odd, huge, broken and hostile files that others collected: frames or a reason, never a crash."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from framesift.media import open_media

pytestmark = [pytest.mark.shared, pytest.mark.slow]

PATIENCE_S = 20
MEMORY_BYTES = 1.5 * 2**30
# Formats that Pillow may open where the host has Ghostscript or a metafile renderer.
BLOCKED = {"EPS", "WMF", "EMF"}


def read_all(folder: Path) -> list[dict[str, Any]]:
    """Read a folder in a process of its own, and check what holds for every file."""
    script = Path(__file__).with_name("read_folder.py")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), str(folder)],
        capture_output=True,
        check=True,
        timeout=200,
    )
    assert done.stderr == b"", "decoders must not write to stderr"
    result = json.loads(done.stdout)
    if result["peak_bytes"] is not None:
        assert result["peak_bytes"] < MEMORY_BYTES
    for outcome in result["outcomes"]:
        error = outcome["error"]
        assert outcome["seconds"] < PATIENCE_S, outcome
        assert outcome["frames"] or error, f"neither frames nor a reason: {outcome}"
        if error is not None:
            assert error["text"].startswith(outcome["path"]), outcome
            assert ";" in error["message"], f"no way out: {error}"
    return result["outcomes"]


def pillow_reads(path: Path) -> bool:
    import pillow_heif
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            return image.format not in BLOCKED
    except Exception:  # noqa: BLE001 - Pillow raises nearly anything
        pass
    try:
        pillow_heif.open_heif(path).to_pillow()
    except Exception:  # noqa: BLE001
        return False
    return True


def test_pictures(shared: Path) -> None:
    outcomes = read_all(shared / "data" / "robust_images")
    assert len(outcomes) > 1000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missed = [
            f"{outcome['path']}: {outcome['error']}"
            for outcome in outcomes
            if not outcome["frames"] and pillow_reads(Path(outcome["path"]))
        ]
    assert missed == []


def test_videos(shared: Path) -> None:
    outcomes = read_all(shared / "data" / "robust_videos")
    by_name = {Path(outcome["path"]).name: outcome for outcome in outcomes}
    for name, frames in {
        "long_180s.mp4": 64,
        "8k_short.mp4": 1,
        "vfr.mp4": 3,
        "anim.gif": 15,
        "jpeg_renamed.mp4": 1,
        "one_frame.mp4": 1,
        "corrupted.mp4": 5,
    }.items():
        assert by_name[name]["frames"] == frames, by_name[name]
    for name in ("audio_only.mp4", "text_renamed.mp4", "zero_bytes.mp4", "truncated_no_moov.mp4"):
        assert by_name[name]["frames"] == 0
    for name in ("corrupted.mp4", "truncated_faststart_half.mp4"):
        assert by_name[name]["error"]["timed"]


def test_rotated_videos_are_upright(shared: Path) -> None:
    folder = shared / "data" / "robust_videos" / "decord" / "test_data"
    pixels = {}
    for turn in (0, 90, 180, 270):
        with open_media(folder / f"video_{turn}.mov") as media:
            frame = next(media.read())
            assert frame.pixels.shape[:2] == (media.info.height, media.info.width)
            pixels[turn] = frame.pixels
    assert pixels[0].shape == pixels[180].shape
    assert pixels[90].shape == pixels[270].shape == (568, 320, 3)
