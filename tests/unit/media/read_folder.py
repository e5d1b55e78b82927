"""Read every file of a folder in four threads; run as a program, so that memory is its own.

Writes one JSON object: the outcome of each file and the peak resident memory in bytes.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from framesift.errors import MediaError
from framesift.frames import UniformSampler, iter_frames
from framesift.media import open_media


def read(path: Path) -> dict[str, Any]:
    start, frames, error = time.monotonic(), 0, None
    try:
        with open_media(path, min_side_px=448) as media:
            for frame in iter_frames(media, UniformSampler()):
                assert frame.pixels.size > 0
                frames += 1
    except MediaError as caught:
        error = {
            "text": str(caught),
            "message": caught.message,
            "timed": caught.time_s is not None,
        }
    seconds = time.monotonic() - start
    return {"path": str(path), "frames": frames, "error": error, "seconds": seconds}


def peak_bytes() -> int | None:
    """Peak resident memory of this program, without what its parent had before it started."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    files = sorted(path for path in Path(sys.argv[1]).rglob("*") if path.is_file())
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(read, files))
    json.dump({"outcomes": outcomes, "peak_bytes": peak_bytes()}, sys.stdout)
