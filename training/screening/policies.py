"""Measure both shipped policies with the real pipeline, `framesift scan`, on labelled pictures.

Usage: python training/screening/policies.py SHARED [EACH]

EACH is how many pictures of a group are taken, spread evenly (default: 100). policies.json holds
the shares. The weapons head learnt from the thumbnails, so that what it says of them is better than
what it says of others; MOSSBench it has never seen.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from framesift.policies import Policy
from framesift.policies import policy as shipped

GROUPS = {
    "mossbench": "harmless pictures that look harmful (MOSSBench)",
    "benign": "household things, thumbnails *",
    "tool_sharp_ambiguous": "knives, saws and other sharp tools, thumbnails *",
    "toy_lookalike": "toy weapons and action figures, thumbnails *",
    "weapon": "weapons, thumbnails *",
}
ACTIONS = ("allow", "review", "block")


def pictures(shared: Path, each: int) -> dict[str, list[Path]]:
    """Group to files."""
    found: dict[str, list[Path]] = {name: [] for name in GROUPS}
    for folder in ("moderation_benign_mossbench", "moderation_weapon_lookalikes"):
        place = shared / "data" / folder
        with (place / "labels.csv").open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                found[row.get("group", "mossbench")].append(place / row["path"])
    return {
        name: [paths[n * len(paths) // min(each, len(paths))] for n in range(min(each, len(paths)))]
        for name, paths in found.items()
    }


def scan(paths: list[Path], policy: Path) -> list[dict]:
    """Records of a scan with `starter`, in order; without a cache and without quality."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "records.jsonl"
        options = ["--model", "starter", "--quality", "none", "--captions", "none", "--no-cache"]
        command = [sys.executable, "-m", "framesift.cli", "scan", *map(str, paths), *options]
        command += ["--policy", str(policy), "--out", str(out), "--quiet"]
        subprocess.run(command, check=True)  # noqa: S603 - our own command
        return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def share(records: list[dict]) -> dict:
    """Of a group: number, share of each action, and how often each category was flagged."""
    actions = Counter(record["moderation"]["action"] for record in records)
    flagged = Counter(
        f"{label['name']} ({label['part']})"
        for record in records
        for label in record["moderation"]["labels"]
        if label["action"] != "allow"
    )
    shares = {action: round(actions[action] / len(records), 4) for action in ACTIONS}
    return {"pictures": len(records), **shares, "raised_by": dict(flagged.most_common())}


def main(shared: Path, each: int) -> None:
    found = pictures(shared, each)
    results: dict[str, dict] = {}
    for path in (shipped.DEFAULT, shipped.MODERATION):
        label = Policy.load(path).label
        results[label] = {name: share(scan(paths, path)) for name, paths in found.items()}
    place = Path(__file__).with_name("policies.json")
    made_by = "training/screening/policies.py"
    text = json.dumps({"made_by": made_by, "policies": results}, indent=1)
    place.write_text(text + "\n", encoding="utf-8")
    print(f"| pictures | number | {' | '.join(results)} |")
    for name, title in GROUPS.items():
        rows = [one[name] for one in results.values()]
        told = [" / ".join(f"{100 * row[action]:.1f}" for action in ACTIONS) for row in rows]
        print(f"| {title} | {rows[0]['pictures']} | {' | '.join(told)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
