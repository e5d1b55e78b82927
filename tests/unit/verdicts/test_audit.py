"""The audit as a whole: what is planted is found, and words say no more than that."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift import audit_bias
from framesift.verdicts.audit_results import NOT_GIVEN, Answers, AuditOptions
from framesift.verdicts.proportions import share

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
QUICK = AuditOptions(resamples=399)


@pytest.fixture(scope="module")
def simulate() -> ModuleType:
    """The script behind the figures of docs/bias-audit.md."""
    file = ROOT / "training" / "audit" / "simulate.py"
    spec = importlib.util.spec_from_file_location("audit_simulate", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit_simulate"] = module
    spec.loader.exec_module(module)
    return module


def labelled(labels: list[str], names: tuple[str, ...] = ("a", "b")) -> Answers:
    hits = np.array([[label == name for name in names] for label in labels])
    return Answers(names, hits, None, len(names), {})


def test_counts_shares_and_disparities() -> None:
    answers = labelled(["a"] * 3 + ["b"] * 17 + ["a"] * 12 + ["b"] * 8)
    audit = audit_bias(answers, {"gender": ["f"] * 20 + ["m"] * 20}, options=QUICK)
    column = audit.columns[0]
    women, men = column.outcomes[0].groups

    assert (women.rate, women.rest) == (share(3, 20), share(12, 20))
    assert women.difference.value == pytest.approx(-0.45)
    assert men.ratio.value == pytest.approx(4)
    assert column.outcomes[0].spread is not None
    assert column.outcomes[0].spread.highest == "m"
    assert column.finding == audit.finding == "found"
    assert column.sentences[0].startswith("m: 60.0 %")
    assert math.isnan(column.within)


def test_pairs_of_columns_follow_the_columns() -> None:
    answers = labelled(["a", "b"] * 20)
    said = {"gender": ["f", "m"] * 20, "origin": (["x"] * 10 + ["y"] * 10) * 2}
    audit = audit_bias(answers, said, options=QUICK)

    assert [one.name for one in audit.columns] == ["gender", "origin", "gender x origin"]
    assert audit.columns[2].sizes == {"f x x": 10, "f x y": 10, "m x x": 10, "m x y": 10}
    # Women always get a: within every origin too.
    assert audit.columns[0].within < 0.01
    assert audit.columns[1].within > 0.5


def test_ages_stand_in_the_order_of_their_numbers() -> None:
    said = ["20-29", "3-9", "more than 70", "10-19", "", "0-2"] * 3
    audit = audit_bias(labelled(["a", "b"] * 9), {"age": said}, options=QUICK)

    assert list(audit.columns[0].sizes) == [
        "0-2", "3-9", "10-19", "20-29", NOT_GIVEN, "more than 70",
    ]  # fmt: skip


def test_many_pictures_without_a_difference_are_not_found_and_few_cannot_tell() -> None:
    many = labelled(["a", "b"] * 1000)
    few = labelled(["a", "b"] * 10)

    found = audit_bias(many, {"g": (["x"] * 2 + ["y"] * 2) * 500}, options=QUICK)
    hidden = audit_bias(few, {"g": (["x"] * 2 + ["y"] * 2) * 5}, options=QUICK)

    assert found.finding == "not found"
    assert "none of 10 points or more is hidden" in found.columns[0].sentences[0]
    assert hidden.finding == "too few to tell"
    assert "could be hidden" in hidden.columns[0].sentences[0]


def test_a_tiny_group_is_shown_and_marked() -> None:
    answers = labelled(["a", "b"] * 20)
    audit = audit_bias(answers, {"g": ["x"] * 37 + [""] * 3}, options=QUICK)
    empty, full = audit.columns[0].outcomes[0].groups

    assert (empty.name, empty.few, full.few) == (NOT_GIVEN, True, False)
    assert empty.rate.total == 3
    assert audit.columns[0].outcomes[0].spread is None
    assert any(
        f"Too small to say much of: {NOT_GIVEN} (3)" in s for s in audit.columns[0].sentences
    )


def test_scores_find_what_rates_cannot() -> None:
    rng = np.random.default_rng(0)
    names = ("person", "thief")
    # Nobody lands in thief; its score is higher for one group.
    thief = rng.uniform(0.0, 0.1, 120) + np.repeat([0.0, 0.06], 60)
    scores = np.stack([1 - thief, thief], axis=1)
    hits = np.repeat([[True, False]], 120, axis=0)
    audit = audit_bias(
        Answers(names, hits, scores, 2, {}), {"g": ["x"] * 60 + ["y"] * 60}, options=QUICK
    )
    one = audit.columns[0].outcomes[1].groups[1]

    assert audit.finding == "found"
    assert one.rate.count == 0
    assert one.score is not None
    assert one.score.superiority > 0.8
    assert one.score.gap.low < 0.06 < one.score.gap.high
    assert "the score of thief is higher" in " ".join(audit.columns[0].sentences)


def test_errors_are_compared_among_pictures_of_the_same_truth() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1], 300)
    # Group y is more often harmful, and the classifier is as often wrong for both.
    harmful = rng.random(600) < np.where(group, 0.7, 0.2)
    said = np.where(rng.random(600) < 0.1, ~harmful, harmful)
    answers = Answers(("bad", "good"), np.stack([said, ~said], axis=1), None, 2, {})
    audit = audit_bias(
        answers, {"g": ["xy"[one] for one in group]}, truth={"bad": harmful}, options=QUICK
    )

    assert audit.columns[0].finding == "found"
    assert [one.name for one in audit.errors[0].outcomes] == ["bad, wrongly", "bad, missed"]
    assert audit.errors[0].finding != "found"
    wrongly = audit.errors[0].outcomes[0].groups[0]
    assert wrongly.rate.total == int((~harmful & (group == 0)).sum())


def test_planted_errors_are_found() -> None:
    rng = np.random.default_rng(2)
    group = np.repeat([0, 1], 300)
    harmful = rng.random(600) < 0.5
    said = np.where(rng.random(600) < np.where(group, 0.3, 0.05), ~harmful, harmful)
    answers = Answers(("bad", "good"), np.stack([said, ~said], axis=1), None, 2, {})
    audit = audit_bias(
        answers, {"g": ["xy"[one] for one in group]}, truth={"bad": harmful}, options=QUICK
    )

    assert audit.errors[0].finding == "found"


@pytest.mark.parametrize(
    ("columns", "labels"), [({}, ["a"]), ({"g": ["x"], "h": []}, ["a"]), ({"g": ["x", "y"]}, ["a"])]
)
def test_lengths_must_agree(columns: dict[str, list[str]], labels: list[str]) -> None:
    with pytest.raises(ValueError, match="pictures and columns of one length"):
        audit_bias(labelled(labels), columns)


def test_scores_that_are_missing_in_part_are_refused() -> None:
    with pytest.raises(ValueError, match="as a whole"):
        Answers(("a",), np.ones((2, 1), bool), np.array([[0.5], [np.nan]]), 1, {})


def test_no_bias_is_rarely_found_and_a_planted_one_is(simulate: ModuleType) -> None:
    # The full simulation is training/audit/simulate.py; of 20 seeds 4 or fewer in 99.7 %.
    nothing = simulate.measure(simulate.SCENARIOS[0], 20, 199)
    planted = simulate.measure(simulate.Scenario("gender", gap=0.3, where="gender"), 5, 199)

    assert nothing["false alarms"][0] <= 4 / 20
    assert planted["found"][0] >= 0.8
    assert nothing["coverage of differences"][0] > 0.9
