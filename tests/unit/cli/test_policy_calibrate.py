"""What `policy calibrate` writes of the model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from framesift.cli.policy_calibrate import _model_name
from framesift.errors import PolicyError
from framesift.pipeline.defaults import check_model
from framesift.policies import Policy
from framesift.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_of_ones_own_is_named_by_its_folder_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "own-model"
    folder.mkdir()
    analyzer = SimpleNamespace(model=SimpleNamespace(name="own-model"))

    name = _model_name(analyzer, Settings(model=str(folder)))

    assert name == str(folder)
    file = tmp_path / "policy.toml"
    file.write_text(f"name = 'x'\nmodel = '{name}'\n[categories.gore]\nreview = 0.5\n", "utf-8")
    policy = Policy.load(file)
    check_model(policy, SimpleNamespace(name="own-model"))
    with pytest.raises(PolicyError, match="has thresholds for the model"):
        check_model(policy, SimpleNamespace(name="starter"))


def test_a_known_model_is_named_and_texts_need_none() -> None:
    analyzer = SimpleNamespace(model=SimpleNamespace(name="starter"))

    assert _model_name(analyzer, Settings()) == "starter"
    assert _model_name(None, Settings()) is None
