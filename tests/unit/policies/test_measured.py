"""What is said to be measured is a category, and the documentation says the same."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from framesift.policies import TAXONOMY, Policy
from framesift.policies.measured import _table, measured_on, not_seen, unmeasured


def test_every_entry_is_a_category_and_a_medium_that_it_is_judged_from() -> None:
    known = {category.name: category.applies_to for category in TAXONOMY}

    for name, media in _table().items():
        assert name in known
        assert set(media) <= set(known[name]), name
        assert all(media.values())


def test_what_stands_nowhere_is_unmeasured() -> None:
    policy = Policy.moderation()

    missing = unmeasured(policy)

    assert ("gore", "image") in missing
    assert ("weapons", "image") not in missing
    assert measured_on("gore", "image") == ""
    assert len(missing) + sum(map(len, _table().values())) == sum(
        len(category.applies_to) for category in policy.categories.values()
    )


def test_a_category_of_ones_own_is_unmeasured() -> None:
    own = replace(TAXONOMY[0], name="fireworks", applies_to=("image",))
    rules = {"fireworks": Policy.default().rules["gore"]}

    assert unmeasured(Policy("mine", rules, own=(own,))) == (("fireworks", "image"),)


def test_pictures_are_said_to_be_measured_where_they_were() -> None:
    """What `training/screening/evaluate.py` found; false alarms alone are no measurement."""
    root = Path(__file__).resolve().parents[3]
    results = json.loads((root / "training" / "screening" / "results.json").read_text("utf-8"))

    found = {name for name, one in results["categories"].items() if one["pictures"]}

    said = {category.name for category in TAXONOMY if measured_on(category.name, "image")}
    known = {category.name for category in TAXONOMY}
    assert said & known == found & known


def test_texts_are_said_to_be_measured_as_far_as_they_were() -> None:
    """What `training/text/evaluate.py` found on held-back corpora, or else on own sentences."""
    folder = Path(__file__).resolve().parents[3] / "training" / "text"
    lines = (folder / "sentences" / "checks.tsv").read_text("utf-8").splitlines()
    own = Counter(line.split("\t")[0] for line in lines)

    said = {
        category.name: measured_on(category.name, "text")
        for category in TAXONOMY
        if "text" in category.applies_to
    }

    assert said.keys() == own.keys() - {"-", "offensive_language"}
    assert said.pop("spam_scam").startswith("held-back e-mails")
    assert said.pop("hate_speech").startswith("held-back posts")
    assert set(said.values()) == {"ten sentences of our own"}
    assert {own[name] for name in said} == {10}


def test_what_scores_no_better_than_chance_is_said_to_be_not_seen() -> None:
    """An area of 0.6 from few pictures cannot be told from a coin's throw."""
    root = Path(__file__).resolve().parents[3]
    results = json.loads((root / "training" / "screening" / "results.json").read_text("utf-8"))
    policy = Policy.default()

    blind = {name for name, medium, on in not_seen(policy) if medium == "image" and on}

    areas = {name: one["area"] for name, one in results["categories"].items() if one["pictures"]}
    assert blind == {name for name in policy.rules if areas.get(name, 1) < 0.6} == {"violence"}
    assert "violence" not in {name for name, medium in unmeasured(policy) if medium == "image"}
