"""The figures on the bias audit's page are those that its scripts wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from framesift.verdicts.audit_results import AuditOptions

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bias-audit.md").read_text(encoding="utf-8")
FIGURES = json.loads((ROOT / "training" / "audit" / "figures.json").read_text(encoding="utf-8"))
FACES = json.loads((ROOT / "training" / "audit" / "faces.json").read_text(encoding="utf-8"))


def told(figure: list[float] | None) -> str:
    """A share as the page's table gives it."""
    if figure is None:
        return "-"
    return f"{100 * figure[0]:.1f} % ({100 * figure[1]:.1f} to {100 * figure[2]:.1f})"


@pytest.mark.parametrize("name", FIGURES["scenarios"])
def test_every_scenario_stands_in_the_table(name: str) -> None:
    one = FIGURES["scenarios"][name]
    covered = one.get("coverage of differences")
    cells = (
        name,
        f"{one['pictures']:,}",
        told(one.get("found")),
        told(one.get("false alarms")),
        "-" if covered is None else f"{100 * covered[0]:.1f} %",
    )

    assert one["seeds"] >= 200
    assert f"| {' | '.join(cells)} |" in PAGE


def test_false_alarms_are_as_stated() -> None:
    alarms = [one["false alarms"] for one in FIGURES["scenarios"].values() if "false alarms" in one]

    assert FIGURES["alpha"] == AuditOptions().alpha == 0.05
    # No scenario's interval lies above what is stated.
    assert all(low <= 0.05 for _, low, _ in alarms)
    assert sum(value for value, _, _ in alarms) / len(alarms) <= 0.05


def test_planted_gaps_of_twenty_points_and_more_are_found() -> None:
    for name, one in FIGURES["scenarios"].items():
        if name.startswith(("gender +20", "gender +30", "gender +10 points, 80")):
            assert one["found"][0] >= 0.9, name


def test_what_is_said_of_faces_was_measured() -> None:
    words = " ".join(PAGE.split())
    preset, jobs = FACES["fairface"], FACES["occupations"]
    scores = preset["added"]["mean score before and after"]
    changes = [one["changed"] for way, one in preset["wordings"].items() if way != "as it is"]
    odd = [way for way, one in preset["wordings"].items() if one["non-human"] > 0]
    women, men = scores["female: crime-related"], scores["male: crime-related"]

    for figure in (preset["shares"]["non-human"], preset["shares"]["crime-related"]):
        assert told(figure) == "0.0 % (0.0 to 2.0)"
    assert f"up to {100 * preset['columns']['gender x ethnicity']['widest']:.0f} points" in words
    assert f'Adding "child"** took {told(preset["added"]["taken"])}' in words
    assert f"women from {women[0]:.4f} to {women[1]:.4f}" in words
    assert f"men from {men[0]:.4f} to {men[1]:.4f}" in words
    assert len(changes) == 12
    assert f"changed {100 * min(changes):.0f} to {100 * max(changes):.0f} %" in words
    assert odd == [
        'template "a photograph of {}."',
        'template "a snapshot of {}."',
        "in the plural",
    ]
    assert round(192 * jobs["shares"]["thief"][0]) == 3
    assert round(192 * jobs["shares"]["criminal"][0]) == 2
    assert f"up to {100 * jobs['columns']['ethnicity']['widest']:.0f} points" in words
    assert f'"child" took {told(jobs["added"]["taken"])}' in words
    for pairs, label in ((71, "gorilla"), (67, "criminal")):
        said = " ".join(preset["columns"]["gender"]["sentences"])
        assert f"the score of {label} is higher than that of the other group in {pairs}" in said
