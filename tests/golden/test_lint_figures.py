"""The figures of the linter that the documentation gives."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "training" / "lint"


def test_the_figures_kept_are_those_measured_now() -> None:
    spec = importlib.util.spec_from_file_location("lint_measure", FOLDER / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kept = json.loads((FOLDER / "figures.json").read_text("utf-8"))
    measured = module.measure()
    starter, now = kept.pop("similarity_starter"), measured.pop("similarity_starter")
    assert kept == measured
    assert starter == pytest.approx(now, abs=0.005)
