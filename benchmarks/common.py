"""What every benchmark needs: facts about the machine, timing, and one way to write results."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("numpy", "onnxruntime", "pillow", "pillow-heif", "av")
_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


def machine() -> dict[str, object]:
    """Return what a figure depends on: processor, memory, library versions, commit, load."""
    facts = _proc("/proc/cpuinfo")
    memory = _proc("/proc/meminfo").get("MemTotal", "0 kB").split()[0]
    flags = set(facts.get("flags", "").split())
    return {
        "cpu": facts.get("model name", platform.processor()),
        "family_model": f"{facts.get('cpu family', '?')}/{facts.get('model', '?')}",
        "cores": _cores(),
        "flags": [flag for flag in _FLAGS if flag in flags],
        "memory_gib": round(int(memory) / 2**20, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "src", "benchmarks/*.py")),
        "load_average_1min": round(os.getloadavg()[0], 2),
    }


def write(name: str, figures: dict[str, object], *, started: dict[str, object]) -> Path:
    """Write one benchmark's result; ``started`` holds the facts taken before it ran."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {"benchmark": name, "machine": started, "figures": figures}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def clocks(work: Callable[[], object]) -> tuple[float, float]:
    """Time one call: seconds by the clock, and of processor time over all threads."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def peak_rss_mib() -> float:
    """Return the most memory this process has held so far, in MiB."""
    import resource

    unit = 2**20 if platform.system() == "Darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 0)


def fact(path: str, key: str) -> str:
    """Return one value of a ``key: value`` file of Linux."""
    return _proc(path)[key]


def take_turns(
    cases: dict[str, Callable[[], object]], items: int, *, repeats: int = 5
) -> dict[str, dict[str, float]]:
    """Time every case over several rounds and return its medians.

    Cases take turns, so that a busy moment of the machine hits all alike. Processor time counts
    every thread of this process and depends little on what else the machine does.

    Returns:
        Per case ``images_per_s`` by the clock and ``cpu_ms`` of processor time per item.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for turn in range(repeats + 1):
        for name, work in cases.items():
            spent = clocks(work)
            if turn:  # the first round warms up
                taken[name].append(spent)
    return {
        name: {
            "images_per_s": round(items / statistics.median(clock for clock, _ in times), 1),
            "cpu_ms": round(1000 * statistics.median(cpu for _, cpu in times) / items, 1),
        }
        for name, times in taken.items()
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _proc(path: str) -> dict[str, str]:
    """Read a ``key : value`` file of Linux; the first value of each key. Empty elsewhere."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    return found


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=False, cwd=RESULTS.parent.parent
    )
    return done.stdout.strip()
