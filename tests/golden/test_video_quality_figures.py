"""What the page on the quality of videos quotes is what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "training/video_quality/results.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/video-quality.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RESULTS["distortions"])
def test_table(name: str) -> None:
    row = RESULTS["distortions"][name]
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    found = "-" if name == "drops" else f"{row['found']} of {row['clips']}"
    before, after = row["measure_median"]
    assert cells == [
        name,
        found,
        f"{row['beside_s_median']} s",
        f"{before} → {after}",
        f"{row['measure_lower']} of {row['measured']}",
        f"{row['score_drop_median']}",
        f"{row['score_higher']}",
    ]


def test_text() -> None:
    share, costs = RESULTS["share"], RESULTS["speed"]["ms_per_picture"].values()
    assert f"{len(RESULTS['clips'])} clips ({RESULTS['minutes']} minutes" in PAGE
    assert f"costs {share['share_of_loss_median']:.0%} (median)" in PAGE
    assert f"in {share['above_share_of_time']} of {len(share['clips'])} clips" in PAGE
    assert f"{min(costs):.2f} to {max(costs):.2f} ms" in PAGE


def test_what_holds() -> None:
    rows = RESULTS["distortions"]
    for name in ("black", "blank", "flicker", "flashes", "shake"):
        assert rows[name]["found"] == rows[name]["clips"]
        assert rows[name]["score_higher"] == 0
    assert all(row["score_drop_median"] > 0 for row in rows.values())
    assert set(RESULTS["alarms_on_clean"]) <= {"shake"}
