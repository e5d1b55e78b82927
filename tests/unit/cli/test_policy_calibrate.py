"""What `policy calibrate` writes of the model, and beside a threshold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from framesift.cli.policy_calibrate import _comment, _model_name
from framesift.errors import PolicyError
from framesift.pipeline.defaults import check_model
from framesift.policies import Policy
from framesift.policies.calibrate import Chosen, Target
from framesift.policies.rates import Rate
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


@pytest.mark.parametrize(("low", "said"), [(0.049, ""), (0.056, "; target missed")])
def test_a_threshold_that_missed_its_target_says_so_in_the_file(low: float, said: str) -> None:
    rate = Rate(0.167, low, 0.347, 5, 30)
    target = Target.parse("fpr<=5%")

    comment = _comment(Chosen(target, 0.065, rate, rate, rate, rate, (20, 30), (22, 30)))

    assert comment == f"fpr<=5%: 16.7 % ({100 * low:.3g} to 34.7) on 30 held back{said}"
