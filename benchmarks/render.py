"""Write the committed results into docs/benchmarks.md, between its two markers.

python -m benchmarks.render              # write
python -m benchmarks.render --check      # fail if the page is not what the results say
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def table(header: list[str], rows: list[list[object]]) -> str:
    """Return a Markdown table; every column but the first is aligned to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def facts(machine: dict[str, Any]) -> str:
    """Return the machine's facts as a sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    changed = " with uncommitted changes" if machine["uncommitted_changes"] else ""
    return (
        f"{machine['cores']} cores of {machine['cpu']} (family/model {machine['family_model']}; "
        f"{', '.join(machine['flags'])}), {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}, {versions}; commit {machine['commit']}{changed}; "
        f"load average before the run {machine['load_average_1min']}."
    )


def end_to_end(figures: dict[str, Any]) -> str:
    """Return the table of pictures per second and the one of where the time goes."""
    header = ["model, size", "images/s", "from the cache", "naive", "times naive", "times by cache"]
    rows = [
        [
            name,
            case["images_per_s"]["first"],
            case["images_per_s"]["again"],
            case["images_per_s"]["naive"],
            case["times_faster_than_naive"],
            case["times_faster_from_cache"],
        ]
        for name, case in figures.items()
    ]
    steps = ["CPU ms per picture", "whole scan", "from the cache", "naive", "peak MiB"]
    spent = [
        [name, *(case["cpu_ms"][way] for way in ("first", "again", "naive")), case["peak_rss_mib"]]
        for name, case in figures.items()
    ]
    stages = [
        [name, ", ".join(f"{stage} {ms}" for stage, ms in case["stage_cpu_ms"].items())]
        for name, case in figures.items()
    ]
    parts = [table(header, rows), table(steps, spent)]
    return "\n\n".join([*parts, table(["model, size", "each stage alone, CPU ms"], stages)])


def decode(figures: dict[str, Any]) -> str:
    """Return the table of how far scaled decoding moves embeddings and scores."""
    header = ["model, size", "photographs", "cosine p95", "cosine max", "quality max", "label max"]
    header += ["CPU ms full", "CPU ms scaled", "holds"]
    rows = [
        [
            name,
            case["photographs"],
            case["cosine_move"]["p95"],
            case["cosine_move"]["max"],
            case["quality_move"]["max"],
            case["label_move"]["max"],
            case["decode_and_prepare_cpu_ms"]["full"],
            case["decode_and_prepare_cpu_ms"]["scaled"],
            "yes" if case["holds"] else "**no**",
        ]
        for name, case in figures.items()
    ]
    return table(header, rows)


def onnx_settings(figures: dict[str, Any]) -> str:
    """Return the table of ways to run the model, one column per precision."""
    ways = list(next(iter(figures.values()))["ways"])
    header = ["way"] + [f"{name} {unit}" for name in figures for unit in ("images/s", "CPU ms")]
    rows: list[list[object]] = [
        [way, *(case["ways"][way][key] for case in figures.values() for key in case["ways"][way])]
        for way in ways
    ]
    for key in ("lowest_cosine_to_fp32", "largest_change_by_batching"):
        cells = [cell for case in figures.values() for cell in (case[key], "")]
        rows.append([key.replace("_", " "), *cells])
    return table(header, rows)


def video(figures: dict[str, Any]) -> str:
    """Return the table of how fast videos are read and the one of memory."""
    header = ["1080p H.264", "frames"]
    for what in ("by CPU time", "on the clock"):
        header += [f"times real time {what}", "beside OpenCV", "with `starter`", "beside OpenCV"]
    rows = [
        [
            f"{way}; {gop}",
            case["frames"],
            *(
                case[f"{name}_times_{beside}{by}"]
                for by in ("_by_cpu", "")
                for name in ("decoding", "with_model")
                for beside in ("real_time", "opencv")
            ),
        ]
        for gop, ways in figures["speed"].items()
        for way, case in ways.items()
    ]
    peaks = [[way, *case.values()] for way, case in figures["peak_mib"].items()]
    memory = table(["peak MiB without a model", "one minute", "ten minutes"], peaks)
    return f"{table(header, rows)}\n\n{memory}"


def shots(figures: dict[str, Any]) -> str:
    """Return the table of how well shots are found."""
    kinds = ("hard", "dissolve", "black", "white")
    header = ["frames decoded", "precision", "recall"]
    header += [f"{kind} (of {next(iter(figures.values()))[f'joins_{kind}']})" for kind in kinds]
    rows = [
        [way, case["precision"], case["recall"], *(case[f"recall_{kind}"] for kind in kinds)]
        for way, case in figures.items()
    ]
    return table(header, rows)


def inserts(figures: dict[str, Any]) -> str:
    """Return the table of which short foreign pictures are seen."""
    lengths = (1, 3, 8, 15)
    header = ["sampler", *(f"{length} frames" for length in lengths), "share watched", "frames"]
    rows = []
    for way, case in figures.items():
        found = [
            f"{case.get(f'found_{length}', 0)} of {case.get(f'inserts_{length}', 0)}"
            for length in lengths
        ]
        watched = f"{case['watched_s'] / case['length_s']:.2f}"
        rows.append([way, *found, watched, case["frames"]])
    return table(header, rows)


def parts(figures: dict[str, Any]) -> str:
    """Return what became of many files in parts."""
    header = ["run", "s", "peak MiB"]
    rows = [
        [f"killed at {number} of 4" if number < 4 else "to the end", run["s"], run["peak_mib"]]
        for number, run in enumerate(figures["runs"], 1)
    ]
    for name, case in (
        ("again, nothing new", figures["again_nothing_new"]),
        ("1,000 files alone", figures["a_thousand_files"]),
    ):
        rows.append([name, case["s"], case["peak_mib"]])
    sums = (
        f"{figures['files']:,} files, {figures['records']:,} records of {figures['paths']:,} "
        f"paths, at most {figures['most_records_of_a_path']} of one path; the ledger takes "
        f"{figures['ledger_bytes_per_file']} bytes a file."
    )
    return f"{table(header, rows)}\n\n{sums}"


def dedupe(figures: dict[str, Any]) -> str:
    """Return the table of how long finding duplicates takes."""
    header = ["pictures", "pairs compared", "found", "s", "with cut-outs, s", "groups and all, s"]
    header += ["plain numpy, s", "peak MiB"]
    rows = [
        [
            name,
            f"{case['pairs_compared']:,}",
            f"{case['pairs_found']:,}",
            case["pairs_s"],
            case["pairs_with_cut_outs_s"] or "",
            case["all_of_it_s"],
            case["plain_numpy_s"],
            case["peak_mib"],
        ]
        for name, case in figures.items()
    ]
    return table(header, rows)


def search(figures: dict[str, Any]) -> str:
    """Return the table of how fast queries are and the one of building and opening."""
    header = ["vectors, way", "median ms", "p95 ms", "least ms", "CPU ms"]
    rows = [
        [f"{size}, {way}", *(case[key] for key in ("median_ms", "p95_ms", "least_ms", "cpu_ms"))]
        for size, made in figures.items()
        for way, case in made["ways"].items()
    ]
    second = ["vectors", "build s", "CPU s", "MB", "open cold s", "first query cold ms"]
    second += ["open warm s", "exact"]
    keys = ("build_s", "build_cpu_s", "index_mb", "open_cold_s", "first_query_cold_ms")
    keys += ("open_warm_s", "queries_that_agree_with_float64")
    others = [[size, *(made[key] for key in keys)] for size, made in figures.items()]
    return f"{table(header, rows)}\n\n{table(second, others)}"


SECTIONS = {
    "end_to_end": ("End to end", end_to_end),
    "decode": ("Scaled decoding", decode),
    "video": ("Reading videos", video),
    "shots": ("Shots found", shots),
    "inserts": ("Short foreign pictures", inserts),
    "parts": ("A hundred thousand files", parts),
    "dedupe": ("Finding duplicates", dedupe),
    "search": ("Search", search),
    "onnx_settings": ("Ways of running ViT-B/32", onnx_settings),
}


def rendered() -> str:
    """Return everything between the markers."""
    parts = [BEGIN]
    for name, (title, render) in SECTIONS.items():
        path = RESULTS / f"{name}.json"
        if path.is_file():
            result = json.loads(path.read_text(encoding="utf-8"))
            parts += [f"### {title}", render(result["figures"]), facts(result["machine"])]
    return "\n\n".join([*parts, END])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    chosen = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        sys.exit(f"{PAGE} lacks the markers {BEGIN} and {END}")
    wanted = before + rendered() + after
    if chosen.check:
        if page != wanted:
            sys.exit(f"{PAGE} is not what benchmarks/results say; run: python -m benchmarks.render")
        return
    PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
