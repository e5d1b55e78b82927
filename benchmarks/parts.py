"""A hundred thousand files in parts: killed three times, every file once, memory that stays.

Makes hard links to a few hundred small JPEGs, so that contents come from the cache after their
first appearance and the rest is what a scan of any size costs: listing, hashing, records, the
ledger. Scans them with `framesift scan --parts`, kills the process (SIGKILL) at a quarter, a half
and three quarters, runs the same command again, and counts the records of every path. Another scan
of a thousand of the files, from the warm cache, shows what memory does with their number.

    python -m benchmarks.parts [--files N]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks import common

DIFFERENT = 300
PER_FOLDER = 1000
KILLS = 3
_POLL_S = 0.05


def make_files(folder: Path, count: int) -> None:
    """Write a few hundred JPEGs and link to them."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    photographs = [Image.fromarray(image) for image in load_sample_images().images]
    originals = folder.with_name("originals")
    originals.mkdir()
    for number in range(DIFFERENT):
        left, top = number, number // 3
        picture = photographs[number % 2].crop((left, top, left + 240, top + 180))
        picture.save(originals / f"{number}.jpg", quality=85)
    for number in range(count):
        place = folder / f"{number // PER_FOLDER:04}"
        place.mkdir(parents=True, exist_ok=True)
        os.link(originals / f"{number % DIFFERENT}.jpg", place / f"{number:07}.jpg")


def rows_written(run: Path) -> int:
    """Return how many results lie in parts, by the manifest."""
    try:
        parts = json.loads((run / "manifest.json").read_text())["parts"]
    except (OSError, ValueError):
        return 0
    return sum(part["rows"] for part in parts)


def scan(folder: Path, run: Path, cache: Path, *, kill_at: int | None) -> dict[str, float]:
    """Scan until the end, or until so many results are in parts; return time and peak memory."""
    command = [sys.executable, "-m", "framesift.cli", "scan", str(folder), "--parts", str(run)]
    command += ["--model", "starter", "--quality", "none", "--part-rows", "2000", "--quiet"]
    command += ["--no-progress", "--cache-dir", str(cache)]
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command)
    while process.poll() is None:
        try:
            held = common.fact(f"/proc/{process.pid}/status", "VmHWM")
            peak = max(peak, int(held.split()[0]) / 1024)
        except KeyError:
            pass
        if kill_at is not None and rows_written(run) >= kill_at:
            process.send_signal(signal.SIGKILL)
        time.sleep(_POLL_S)
    if kill_at is None and process.returncode:
        message = f"the scan ended with {process.returncode}"
        raise RuntimeError(message)
    return {"s": round(time.perf_counter() - began, 1), "peak_mib": round(peak)}


def paths(run: Path) -> Counter[str]:
    """Count the records of every path in the parts that the manifest names."""
    import pyarrow.parquet as pq

    manifest = json.loads((run / "manifest.json").read_text())
    found: Counter[str] = Counter()
    for part in manifest["parts"]:
        table = pq.read_table(run / "parts" / part["name"], columns=["path"])
        found.update(table["path"].to_pylist())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    count = parser.parse_args().files
    started = common.machine()
    figures: dict[str, object] = {"files": count, "different": DIFFERENT, "kills": KILLS}
    with tempfile.TemporaryDirectory() as work:
        base = Path(work)
        make_files(base / "files", count)
        cache = base / "cache"
        runs = [
            scan(base / "files", base / "run", cache, kill_at=count * (number + 1) // (KILLS + 1))
            for number in range(KILLS)
        ]
        runs.append(scan(base / "files", base / "run", cache, kill_at=None))
        found = paths(base / "run")
        figures["runs"] = runs
        figures["records"] = found.total()
        figures["paths"] = len(found)
        figures["most_records_of_a_path"] = max(found.values())
        ledger = (base / "run" / "ledger.sqlite").stat().st_size
        figures["ledger_bytes_per_file"] = round(ledger / count, 1)
        figures["again_nothing_new"] = scan(base / "files", base / "run", cache, kill_at=None)
        figures["a_thousand_files"] = scan(
            base / "files" / "0000", base / "small", cache, kill_at=None
        )
    print(common.write("parts", figures, started=started))


if __name__ == "__main__":
    main()
