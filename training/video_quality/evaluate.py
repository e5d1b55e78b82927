"""Measure the faults of videos, and the score that counts them, on distortions at known times.

Usage: python training/video_quality/evaluate.py --shared ../shared [--speed | --share | --table]

Every clip is coded clean and with each distortion, and read back. There is no set of rated videos
here, so nothing is fitted: the figures say whether faults are found, and whether they cost points.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from clips import (
    FPS,
    LENGTH_S,
    SECONDS,
    START_S,
    STARVED,
    Clip,
    black,
    blank,
    blur_part,
    blur_whole,
    clips,
    drops,
    flashes,
    flicker,
    freeze,
    shake,
    stall,
    write,
    zoomed,
)

from framesift import open_media
from framesift.embeddings import load_expert
from framesift.frames.faults import FaultMeter
from framesift.heads.technical import technical_head
from framesift.types import Embeddings, Quality, Scores, Survey
from framesift.verdicts.video_quality import find_blocks, judge_video

DISTORTIONS = {
    "black": (black, "black", "signal"),
    "blank": (blank, "blank", "signal"),
    "freeze": (freeze, "freeze", "flow"),
    "stall": (stall, "freeze", "flow"),
    "drops": (drops, "", "flow"),
    "flicker": (flicker, "flicker", "light"),
    "flashes": (flashes, "flicker", "light"),
    "shake": (shake, "shake", "steadiness"),
    "starved": (list, "bitrate_drop", "bitrate"),
}
LABELS = ("black", "blank", "freeze", "flicker", "shake", "blocks", "bitrate_drop")
SMALL = (128, 72)
FOUND = 0.5
"""Share of the distorted stretch that must be covered."""


class Judge:
    """Reads a clip and judges it by the technical head once a second."""

    def __init__(self) -> None:
        """Load what it needs."""
        self.expert, self.head = load_expert("technical"), technical_head("any")

    def __call__(self, path: Path) -> tuple[Survey, Quality, list[float]]:
        """Return what was seen, the quality, and the scores of the moments."""
        meter, rows, times, end, joined = FaultMeter(), [], [], Fraction(0), False
        with open_media(path) as media:
            for shown in media.pictures():
                meter.see(shown.time, shown.duration, shown.small(*SMALL), joined=joined)
                joined, end = True, shown.time + (shown.duration or 0)
                if not times or shown.time - times[-1] >= 1:
                    times.append(shown.time)
                    rows.append(self.expert.prepare(shown.frame().pixels))
            faults, measures = meter.finish(end, media.index)
            survey = Survey(media.start, end, faults=faults, measures=measures)
        scores = self.score(np.stack(rows))
        blocks = find_blocks(scores, times, survey)
        survey = replace(survey, faults=(*faults, *blocks))
        quality = judge_video(scores, times, survey, self.head.describe)
        return survey, quality, scores.values[:, 0].tolist()

    def score(self, prepared: np.ndarray) -> Scores:
        """Score pictures by the technical head."""
        vectors = np.ones((len(prepared), 1), np.float32)
        rows = self.expert.encode(prepared)
        return self.head.score(Embeddings(vectors, "any", "", {"technical": rows}))


def coverage(survey: Survey, label: str) -> tuple[float, float]:
    """Return the share of the distorted stretch that was found, and seconds found beside it."""
    truth = START_S, START_S + LENGTH_S
    inside = outside = 0.0
    for fault in survey.faults:
        if fault.label == label:
            start, end = float(fault.start), float(fault.end)
            shared = max(0.0, min(end, truth[1]) - max(start, truth[0]))
            inside, outside = inside + shared, outside + end - start - shared
    return inside / LENGTH_S, outside


def compare(clip: Clip, folder: Path, judge: Judge) -> dict[str, object]:
    """Measure one clip clean and with every distortion."""
    paths = {name: folder / f"{name}.mp4" for name in ("clean", "zoomed", *DISTORTIONS)}
    write(paths["clean"], clip.frames)
    write(paths["zoomed"], zoomed(clip.frames))
    for name, (distort, _, _) in DISTORTIONS.items():
        write(paths[name], distort(clip.frames), STARVED if name == "starved" else "")
    judged = {name: judge(path) for name, path in paths.items()}
    rows: dict[str, object] = {}
    for name, (_, label, measure) in DISTORTIONS.items():
        before = judged["zoomed" if name == "shake" else "clean"]
        after = judged[name]
        parts = dict(before[1].parts), dict(after[1].parts)
        rows[name] = {
            "covered": [round(coverage(each[0], label)[0], 2) for each in (before, after)],
            "beside_s": [round(coverage(each[0], label)[1], 2) for each in (before, after)],
            "measure": [round(each[measure], 2) if measure in each else None for each in parts],
            "score": [round(each[1].score, 2) for each in (before, after)],
            "mean": [round(float(np.mean(each[2])), 2) for each in (before, after)],
            "words": after[1].words,
        }
    survey = judged["clean"][0]
    clean = [
        (each.label, round(float(each.start), 2), round(float(each.end), 2), round(each.peak, 2))
        for each in survey.faults
    ]
    return {
        "seconds": len(clip.frames) / FPS,
        "steady": clip.steady,
        "clean": clean,
        "words": judged["clean"][1].words,
        "measures": {name: round(score, 2) for name, score in survey.measures},
        "distorted": rows,
    }


def summary(results: dict[str, dict]) -> dict[str, object]:
    """Sum up: for each distortion how often it was found, and what it cost; and false alarms."""
    table: dict[str, object] = {}
    for name in DISTORTIONS:
        rows = [clip["distorted"][name] for clip in results.values()]
        measured = [row["measure"] for row in rows if None not in row["measure"]]
        table[name] = {
            "clips": len(rows),
            "found": sum(row["covered"][1] >= FOUND for row in rows),
            "found_before": sum(row["covered"][0] >= FOUND for row in rows),
            "beside_s_median": round(float(np.median([row["beside_s"][1] for row in rows])), 2),
            "measured": len(measured),
            "measure_lower": sum(after < before for before, after in measured),
            "measure_median": [
                round(float(np.median(side)), 1) for side in zip(*measured, strict=True)
            ],
            "score_higher": sum(row["score"][1] > row["score"][0] + 0.05 for row in rows),
            "score_drop_median": round(
                float(np.median([row["score"][0] - row["score"][1] for row in rows])), 2
            ),
        }
    alarms: dict[str, list[str]] = defaultdict(list)
    for name, clip in results.items():
        for label, *rest in clip["clean"]:
            if label != "shake" or clip["steady"]:
                alarms[label].append(f"{name}: {rest}")
    minutes = sum(clip["seconds"] for clip in results.values()) / 60
    return {"minutes": round(minutes, 2), "distortions": table, "alarms_on_clean": alarms}


def markdown(whole: dict) -> str:
    """Write the summary as the table of docs/video-quality.md."""
    lines = [
        "| distortion, 2 s | found | beside it | part before → after | part lower "
        "| score lower by | score raised |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in whole["distortions"].items():
        before, after = row["measure_median"]
        found = f"{row['found']} of {row['clips']}" if DISTORTIONS[name][1] else "-"
        lines.append(
            f"| {name} | {found} | {row['beside_s_median']} s | {before} → {after} "
            f"| {row['measure_lower']} of {row['measured']} | {row['score_drop_median']} "
            f"| {row['score_higher']} |"
        )
    alarms = [f"`{label}`: {len(found)}" for label, found in whole["alarms_on_clean"].items()]
    return "\n".join([*lines, "", f"{whole['minutes']} minutes; {', '.join(alarms) or 'none'}"])


def share(shared: Path, judge: Judge) -> dict[str, object]:
    """Blur two seconds, and all of it: is the part's loss more than its share of the time?"""
    found = {}
    for clip in clips(shared):
        if not clip.steady or len(clip.frames) < SECONDS * FPS:
            continue
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{name}.mp4" for name in ("clean", "part", "whole")]
            for path, blur in zip(paths, (list, blur_part, blur_whole), strict=True):
                write(path, blur(clip.frames))
            clean, part, whole = (judge(path)[1].score for path in paths)
        found[clip.name] = {
            "scores": [round(score, 2) for score in (clean, part, whole)],
            "share_of_loss": round((clean - part) / (clean - whole), 2) if clean > whole else None,
        }
        print(clip.name, found[clip.name])
    shares = [row["share_of_loss"] for row in found.values() if row["share_of_loss"] is not None]
    return {
        "share_of_time": round(LENGTH_S / SECONDS, 2),
        "share_of_loss_median": round(float(np.median(shares)), 2),
        "above_share_of_time": sum(each > LENGTH_S / SECONDS for each in shares),
        "clips": found,
    }


def speed(shared: Path) -> dict[str, object]:
    """Time the meter alone: processor time per picture, on clips that move much and little."""
    found = {}
    for name in ("dover/17734.mp4", "dover/1724.mp4", "intel/bottle-detection.mp4"):
        with open_media(shared / "data" / "robust_videos" / name) as media:
            smalls = [(one.time, one.duration, one.small(*SMALL)) for one in media.pictures()]
        best = float("inf")
        for _ in range(5):
            meter, begin = FaultMeter(), time.process_time()
            for number, (at, duration, small) in enumerate(smalls):
                meter.see(at, duration, small, joined=number > 0)
            meter.finish(smalls[-1][0], None)
            best = min(best, time.process_time() - begin)
        found[name] = round(1000 * best / len(smalls), 3)
    return {"ms_per_picture": found, "machine": platform.processor() or platform.machine()}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    parser.add_argument("--speed", action="store_true", help="time the meter again")
    parser.add_argument("--only", default="", help="clips whose names hold this")
    parser.add_argument("--share", action="store_true", help="blur a part and the whole")
    parser.add_argument("--table", action="store_true", help="print the kept results as a table")
    arguments = parser.parse_args()
    if arguments.table:
        print(markdown(json.loads(arguments.out.read_text(encoding="utf-8"))))
        return
    if arguments.speed or arguments.share:
        whole = json.loads(arguments.out.read_text(encoding="utf-8"))
        if arguments.speed:
            whole["speed"] = speed(arguments.shared)
        else:
            whole["share"] = share(arguments.shared, Judge())
        arguments.out.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        return
    kept = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.only else {}
    judge, results = Judge(), dict(kept.get("clips", {}))
    for clip in clips(arguments.shared):
        if arguments.only in clip.name:
            with tempfile.TemporaryDirectory() as folder:
                results[clip.name] = compare(clip, Path(folder), judge)
            print(clip.name, json.dumps(results[clip.name]))
    whole = kept | summary(results) | {"clips": results}
    if not arguments.only:
        whole["speed"], whole["share"] = speed(arguments.shared), share(arguments.shared, judge)
    arguments.out.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    print(markdown(whole))


if __name__ == "__main__":
    main()
