"""The shipped image heads on real pictures: what docs/models/weapons.md and image-harm.md say."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings import load_embedder, load_expert
from framesift.embeddings.tiles import TileEncoder
from framesift.heads.moderation import context_heads, moderation_heads, tile_scores, weapons_head
from framesift.policies import CONTEXT_TAGS, JOINT_RULES, TAXONOMY, Policy
from framesift.types import Embeddings

if TYPE_CHECKING:
    from framesift.heads import Head

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def embedder():
    return load_embedder("starter")


@pytest.fixture(scope="module")
def heads(embedder) -> tuple[Head, ...]:
    tags = [tag.prompts for tag in CONTEXT_TAGS]
    return (
        *moderation_heads(embedder, [category.prompts for category in TAXONOMY]),
        *context_heads(embedder, tags),
    )


def features(shared: Path, name: str):
    return np.load(shared / "starter" / f"{name}_features.npz")


def embedded(rows: np.ndarray) -> Embeddings:
    rows = rows.astype(np.float32)
    return Embeddings(np.ones((len(rows), 1), np.float32), "starter-1", "f", {"features": rows})


def score(embedder, heads, path: Path, name: str) -> float:
    pixels = np.asarray(Image.open(path).convert("RGB"))
    made = embedder.to_embeddings(embedder.encode(embedder.prepare(pixels)[None]))
    head = next(head for head in heads if name in head.names)
    scores = head.score(made)
    return float(scores.values[0, scores.names.index(name)])


def test_revolvers_of_another_collection_are_found(shared) -> None:
    known = features(shared, "caltech101")
    chance = weapons_head().score(embedded(known["features"])).values[:, 0]
    gun = known["label"] == "revolver"
    assert (chance[gun] >= 0.5).mean() > 0.95
    assert (chance[~gun] >= 0.5).mean() < 0.05
    named = weapons_head().closest(embedded(known["features"][gun]))
    assert sum(kind in {"revolvers", "pistols"} for (kind,) in named) > 15


@pytest.mark.parametrize(("name", "most"), [("flickr8k", 0.005), ("idenprof", 0.02)])
def test_ordinary_photographs_show_no_weapons(shared, name, most) -> None:
    rows = features(shared, name)["features"][1::2]
    assert (weapons_head().score(embedded(rows)).values[:, 0] >= 0.5).mean() < most


def test_harmless_pictures_that_look_harmful_are_not_blocked(shared, embedder) -> None:
    folder = shared / "data" / "moderation_benign_mossbench"
    paths = sorted(folder.glob("*.jpg"))[:40]
    batch = [embedder.prepare(np.asarray(Image.open(path).convert("RGB"))) for path in paths]
    made = embedder.to_embeddings(embedder.encode(np.stack(batch)))
    chance = weapons_head().score(made).values[:, 0]
    assert (chance >= 0.95).sum() == 0
    assert (chance >= 0.5).mean() < 0.15


@pytest.mark.parametrize(
    ("name", "shown", "alike", "at"),
    [
        ("weapons", "assault_rifle", "tripod", 0.5),
        ("weapons", "rifle", "power_drill", 0.5),
        ("alcohol", "beer_glass", "water_bottle", 0.5),
        ("suggestive", "bikini", "swimming_trunks", 0.4),
        ("gambling", "slot", "vending_machine", 0.5),
        ("animated", "comic_book", "crossword_puzzle", 0.5),
    ],
)
def test_a_picture_raises_its_category_and_its_look_alike_does_not(
    shared, embedder, heads, name, shown, alike, at
) -> None:
    folder = shared / "data" / "zeroshot_imagenet1000"
    found = [next(folder.glob(f"*_{stem}.jpg")) for stem in (shown, alike)]
    high, low = (score(embedder, heads, path, name) for path in found)
    assert high >= at
    assert low < at
    assert high > low


@pytest.mark.parametrize("name", ["sexual_explicit", "nudity"])
def test_portraits_and_swimwear_are_not_explicit(shared, name) -> None:
    expert = load_expert("open_nsfw")
    folder = shared / "data" / "zeroshot_imagenet1000"
    paths = [next(folder.glob(f"*_{stem}.jpg")) for stem in ("swimming_trunks", "wool", "sock")]
    pictures = [expert.prepare(np.asarray(Image.open(path).convert("RGB"))) for path in paths]
    assert (expert.encode(np.stack(pictures)) < 0.8).all(), name


def test_a_weapon_between_bars_is_found_by_tiles(shared, embedder) -> None:
    path = next((shared / "data" / "zeroshot_imagenet1000").glob("*_assault_rifle.jpg"))
    picture = Image.open(path).convert("RGB")
    barred = Image.new("RGB", (picture.width, 3 * picture.height), "black")
    barred.paste(picture, (0, picture.height))
    pixels = np.asarray(barred)
    tiles = TileEncoder(embedder, 4)
    head = weapons_head()
    rows, _ = tiles.split(tiles.encode(tiles.prepare(pixels)[None]))
    scores = head.score(embedder.to_embeddings(rows))
    raised = tile_scores(head.card, scores, 4).values.max()
    assert raised > 0.3


def test_the_figures_that_ship_hold_the_marks() -> None:
    figures = json.loads((ROOT / "training" / "weapons" / "figures.json").read_text())["weapons"]
    card = weapons_head().card.metrics
    assert figures["by_picture"]["benign"] == card["auroc_benign"] >= 0.92
    assert figures["by_picture"]["toys"] == card["auroc_toys"] >= 0.80
    assert max(figures["ece"], figures["ece_thumbnails"]) <= 0.05


def test_every_category_stands_in_the_table_measured_or_not() -> None:
    table = json.loads((ROOT / "training" / "screening" / "results.json").read_text())
    page = (ROOT / "docs" / "models" / "image-harm.md").read_text()
    for category in (*TAXONOMY, *CONTEXT_TAGS):
        row = table["categories"].get(category.name)
        assert row is not None
        assert row["pictures"] or row["measured"].startswith("unmeasured")
        assert f"| `{category.name}` |" in page


def test_labels_of_the_thumbnails_are_the_kinds_of_the_head(shared) -> None:
    path = shared / "data" / "moderation_weapon_lookalikes" / "labels.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    weapons = {row["class_name"] for row in rows if row["group"] == "weapon"}
    assert set(weapons_head().groups["weapons"].kinds) == weapons


def test_the_page_of_policies_shows_what_was_measured_of_these_policies() -> None:
    """After a change of a policy: training/screening/policies.py, and the table by hand."""
    measured = json.loads((ROOT / "training" / "screening" / "policies.json").read_text())
    assert list(measured["policies"]) == [Policy.default().label, Policy.moderation().label]
    shown = [row[1:4] for row in table_of("## Measured: both policies")]
    expected = [
        [str(groups[0]["pictures"]), *(" / ".join(map(percent, shares(row))) for row in groups)]
        for groups in zip(*(one.values() for one in measured["policies"].values()), strict=True)
    ]
    assert shown == expected


def test_the_page_of_policies_shows_what_the_joint_rules_were_measured_to_add() -> None:
    """After a change of the rules or the text heads: training/screening/joint.py, and the table."""
    measured = json.loads((ROOT / "training" / "screening" / "joint.json").read_text())
    assert list(measured["policies"]) == [Policy.default().label, Policy.moderation().label]
    assert {rule.together for rule in JOINT_RULES} == {measured["together"], measured["chosen"]}
    both = list(measured["policies"].values())
    expected = []
    for name in both[0]["sets"]:
        found = [one["sets"][name] for one in both]
        cells = [
            added(x[f"{k} captions, own pictures"]) for k in ("veiled", "benign") for x in found
        ]
        expected.append([name, str(found[0]["pictures"]), *cells])
    rows = table_of("### Measured: pictures and captions together")
    assert rows[: len(expected)] == expected
    posts = [added(one[f"posts, {kind}"]) for kind in POSTS_UNDER for one in both]
    assert [cell for row in rows[len(expected) :] for cell in row[4:]] == posts


def test_joint_rules_flag_hardly_anything_harmless() -> None:
    measured = json.loads((ROOT / "training" / "screening" / "joint.json").read_text())
    for one in measured["policies"].values():
        assert one["posts, ordinary pictures"]["added"] <= 0.01
        benign = [row["benign captions, own pictures"] for row in one["sets"].values()]
        wrong = sum(row["added"] * row["quiet_pairs"] for row in benign if row["added"])
        assert wrong <= 0.01 * sum(row["quiet_pairs"] for row in benign)
        veiled = one["sets"]["threat beside a blade or a gun"]["veiled captions, own pictures"]
        assert veiled["added"] > one["posts, ordinary pictures"]["added"]


POSTS_UNDER = ("ordinary pictures", "blades and weapons")


def added(row: dict) -> str:
    share = "-" if row["added"] is None else f"{100 * row['added']:.1f} %"
    return f"{share} of {row['quiet_pairs']:,}"


def table_of(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of docs/policies.md."""
    section = re.split("^##", (ROOT / "docs" / "policies.md").read_text(), flags=re.MULTILINE)
    (text,) = [part for part in section if f"##{part}".startswith(heading)]
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def shares(row: dict) -> list[float]:
    return [row[action] for action in ("allow", "review", "block")]


def percent(share: float) -> str:
    return {0: "0", 1: "100"}.get(share, f"{100 * share:.1f}")
