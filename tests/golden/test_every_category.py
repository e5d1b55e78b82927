"""Every category: something raises it and a look-alike does not, or the docs say unmeasured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from framesift.embeddings import load_embedder
from framesift.pipeline import moderate_text
from framesift.pipeline.defaults import build_analyzer
from framesift.policies import TAXONOMY, Policy
from framesift.policies.measured import measured_on

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = {
    "weapons": ("assault_rifle", "tripod"),
    "alcohol": ("wine_bottle", "water_bottle"),
    "suggestive": ("brassiere", "swimming_trunks"),
    "gambling": ("slot", "vending_machine"),
    "drugs": ("syringe", "pill_bottle"),
}
TEXTS = {
    "spam_scam": (
        "You won! Click here now to claim your free iPhone http://claim-prize.example",
        "She won the school prize for her essay and is very proud",
    ),
    "hate_speech": (
        "All Muslims are vermin and should be thrown out of this country",
        "Muslims and Christians cooked together for the whole street",
    ),
    "harassment": (
        "You are a worthless pathetic idiot and everybody hates you",
        "You are a wonderful teacher and everybody misses you",
    ),
    "violence": (
        "I will kill you and your whole family tonight",
        "The new film killed it at the box office, my family loved it",
    ),
    "sexual_explicit": (
        "I want to fuck her hard and cum on her tits",
        "Breast cancer screening is free for women over fifty",
    ),
    "self_harm": (
        "I want to kill myself tonight",
        "Hurt myself at football, two weeks of rest",
    ),
}

TOLD = {"nudity": "nudity and explicit\n  pictures", "sexual_explicit": "explicit\n  pictures"}
"""What docs/policies.md calls them among the categories without pictures."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return replace(Policy.moderation(), tiles=0, words="off")


@pytest.fixture(scope="module")
def analyzer(policy: Policy):
    return build_analyzer(load_embedder("starter"), policy=policy)


def raised(verdict) -> set[str]:
    return {label.name for label in verdict.labels if label.action != "allow"}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_raises_it_and_a_look_alike_does_not(shared, analyzer, name) -> None:
    folder = shared / "data" / "zeroshot_imagenet1000"
    shown, alike = (
        raised(analyzer.analyze(str(next(folder.glob(f"n*_{stem}.jpg")))).moderation)
        for stem in PICTURES[name]
    )
    assert name in shown
    assert name not in alike


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_raises_it_and_a_look_alike_does_not(policy, name) -> None:
    harmful, harmless = TEXTS[name]
    assert name in raised(moderate_text(harmful, policy))
    assert not raised(moderate_text(harmless, policy))


@pytest.mark.parametrize("name", [category.name for category in TAXONOMY])
def test_what_has_neither_is_said_to_be_unmeasured_or_not_seen(name) -> None:
    if name in PICTURES or name in TEXTS:
        return
    assert not measured_on(name, "image")
    table = (DOCS / "models" / "image-harm.md").read_text("utf-8")
    row = next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
    assert "**unmeasured**" in row
    page = (DOCS / "policies.md").read_text("utf-8").split("Read this before you rely on it")[1]
    told = page.split("**not measured at all**")[0]
    assert TOLD.get(name, f"`{name}`") in told
