"""Write video_times.json: when ffprobe says that each frame of the shared videos is shown.

Run it by hand where FFmpeg's tools are installed; the tests need only the numbers.

    python tests/golden/make_video_times.py ../shared/data
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FOLDERS = ("robust_videos", "video_fights")
ENDINGS = {".mp4", ".mov", ".mkv", ".webm", ".avi"}


def probe(path: Path) -> dict[str, object] | None:
    """Return the time base and the time stamps, or ``None`` where there is no video."""
    done = subprocess.run(
        ["ffprobe", "-v", "quiet", "-of", "json", "-select_streams", "v:0", "-show_entries",
         "stream=time_base:frame=best_effort_timestamp", str(path)],
        capture_output=True,
        check=False,
    )  # fmt: skip
    found = json.loads(done.stdout or b"{}")
    stamps = [frame.get("best_effort_timestamp") for frame in found.get("frames", ())]
    if not stamps or not found.get("streams"):
        return None
    return {
        "base": found["streams"][0]["time_base"],
        "runs": runs([s for s in stamps if s is not None]),
    }


def runs(stamps: list[int]) -> list[list[int]]:
    """Pack time stamps as [first, step, count]."""
    packed: list[list[int]] = []
    for stamp in stamps:
        last = packed[-1] if packed else None
        if last is not None and last[2] == 1:
            last[1:] = [stamp - last[0], 2]
        elif last is not None and stamp == last[0] + last[1] * last[2]:
            last[2] += 1
        else:
            packed.append([stamp, 0, 1])
    return packed


def main(root: Path) -> None:
    """Probe all videos under ``root``."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in ENDINGS and (result := probe(path)) is not None:
                found[path.relative_to(root).as_posix()] = result
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in found.items())
    Path(__file__).with_name("video_times.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
