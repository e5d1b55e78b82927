"""The figures of the text heads that the documentation gives, on texts held back from training."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.heads.text import load_text_heads

pytest.importorskip("sklearn")

if TYPE_CHECKING:
    from types import ModuleType

FOLDER = Path(__file__).resolve().parents[2] / "training" / "text"
RESULTS = FOLDER / "results.json"


def as_kept(figures: dict[str, float], part: str) -> bool:
    """Whether figures measured again are those kept with the training."""
    kept = json.loads(RESULTS.read_text("utf-8"))[part]
    return kept == pytest.approx({**kept, **figures}, abs=2e-3)


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tools() -> tuple[ModuleType, ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("corpora", "attacks"):
            patch.setitem(sys.modules, name, _load(name))
        evaluate = _load("evaluate")
        corpora = sys.modules["corpora"]
        yield corpora, evaluate
        sys.modules.pop("evaluate", None)


def test_the_cards_quote_the_figures_kept_with_the_training(
    tools: tuple[ModuleType, ModuleType],
) -> None:
    _, evaluate = tools
    kept = json.loads(RESULTS.read_text("utf-8"))
    for head in load_text_heads():
        assert dict(head.card.metrics) == evaluate.metrics(kept, head.names)


@pytest.mark.shared
def test_held_back_emails(tools: tuple[ModuleType, ModuleType], shared: Path) -> None:
    corpora, evaluate = tools
    letters = corpora.mails(shared / "data" / "text")
    corpora.hold_back(letters)
    figures = evaluate.report_mails([letter for letter in letters if letter.held])
    assert as_kept(figures, "emails")
    assert figures["f1"] >= 0.95
    assert figures["auroc"] >= 0.98
    assert figures["ece"] <= 0.05


@pytest.mark.shared
def test_held_back_posts(tools: tuple[ModuleType, ModuleType], shared: Path) -> None:
    corpora, evaluate = tools
    posts = corpora.davidson(shared / "data" / "text")
    corpora.hold_back(posts)
    held = [post for post in posts if post.held]
    assert len(held) > 4500
    figures = evaluate.report_posts(held)
    assert as_kept(figures, "posts")
    assert figures["harsh"] >= 0.97
    assert figures["hate_rest"] >= 0.82
    errors = {name: value for name, value in figures.items() if name.startswith("ece_")}
    assert max(errors.values()) <= 0.05, errors


def test_groups_of_near_duplicates_are_on_one_side(
    tools: tuple[ModuleType, ModuleType], shared: Path
) -> None:
    corpora, _ = tools
    posts = corpora.davidson(shared / "data" / "text")
    corpora.hold_back(posts)
    sides: dict[str, set[bool]] = {}
    for post in posts:
        sides.setdefault(post.group, set()).add(post.held)
    assert all(len(side) == 1 for side in sides.values())


def test_own_sentences(tools: tuple[ModuleType, ModuleType]) -> None:
    corpora, evaluate = tools
    figures = evaluate.report_checks(corpora.checks())
    assert as_kept(figures, "sentences")
    assert min(figures[name] for name in corpora.COLUMNS[:6]) >= 0.95
    for kind in ("identity", "idiom", "everyday", "vulgar", "news"):
        assert figures[f"false_{kind}"] == 0, kind


def test_naming_a_group_is_not_hate(tools: tuple[ModuleType, ModuleType]) -> None:
    _, evaluate = tools
    assert evaluate.report_identity() < 0.5


def test_threats_in_jest(tools: tuple[ModuleType, ModuleType]) -> None:
    corpora, evaluate = tools
    trained = {sample.text for sample in corpora.sentences()}
    assert len(set(corpora.jest()) - trained) == len(corpora.jest()) == 24
    assert as_kept(evaluate.report_jest(), "jest")


def test_disguises(tools: tuple[ModuleType, ModuleType]) -> None:
    corpora, evaluate = tools
    figures = evaluate.report_attacks(corpora.checks())
    assert len(figures) == 28
    kept = {name: float(share) for name, (_, share) in figures.items()}
    assert as_kept(kept, "disguises_still_over_half")
    padded = {name for name in figures if "benign" in name}
    assert len(padded) == 6
    for name, (moved, kept) in figures.items():
        hard = name in padded or name == "words of a link"
        assert moved <= (0.2 if hard else 0.05), name
        assert kept >= (0.7 if hard else 0.95), name
    easy = figures.keys() - padded - {"words of a link"}
    assert np.mean([figures[name][0] for name in easy]) <= 0.02
