"""Near-duplicates among labelled examples, and judging them in order."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.cli.console import Console
from framesift.cli.examples import Example
from framesift.cli.judged import Judge, Judged, _near, alike, fault, pdq_of
from framesift.policies import Policy
from framesift.settings import Settings
from framesift.types import LabelScore, Verdict

if TYPE_CHECKING:
    from framesift.types import Action


def picture(image: Image.Image, sha256: str, quality: int = 90) -> Judged:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    example = Example(sha256, Path(f"{sha256}.jpg"), None, {})
    return Judged(example, None, sha256, pdq=pdq_of(data.getvalue()))


def patches(seed: int) -> Image.Image:
    """Large soft patches of colour, which survive resizing as those of a photograph do."""
    small = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)


def text(words: str) -> Judged:
    return Judged(Example("t", None, words, {}), None)


def test_copies_of_a_picture_are_alike_and_others_are_not() -> None:
    one, other = (patches(seed) for seed in (1, 2))
    flat = Image.new("RGB", (64, 64), "red")

    groups = alike(
        [
            picture(one, "a"),
            picture(other, "b"),
            picture(one.resize((160, 120)), "c", quality=75),
            picture(flat, "d"),
            picture(flat, "d"),
            picture(Image.new("RGB", (64, 64), "blue"), "e"),
        ]
    )

    assert groups[0] == groups[2]
    # Pictures that show too little to be told apart are alike only where they are the same file.
    assert groups[3] == groups[4]
    assert len(set(groups)) == 4


def test_texts_are_alike_that_differ_in_figures_links_and_signs() -> None:
    groups = alike(
        [
            text("You won $1000! Visit https://a.example/x?1"),
            text("you WON $2500 - visit https://b.example/y"),
            text("You lost, visit us"),
        ]
    )

    assert groups[0] == groups[1] != groups[2]


def test_texts_are_judged_in_order_without_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    items = [
        Example("a", None, "a walk in the park", {"spam_scam": False}),
        Example("b", None, "Congratulations! Win a free iPhone, click here now", {}),
    ]

    judged = Judge(Policy.moderation(), None, Settings(), Console()).judge(items)

    assert [one.example.name for one in judged] == ["a", "b"]
    assert [one.verdict.action for one in judged if one.verdict] == ["allow", "review"]
    assert capsys.readouterr().err == "framesift: judging 2 examples\n"


def test_rows_that_are_alike_by_way_of_others_belong_together() -> None:
    """Chains over the borders of blocks, against the plain definition."""
    chance = np.random.default_rng(0)
    rows = chance.integers(0, 2, (40, 256)).astype(np.float32)
    rows = np.concatenate([rows] + [rows.copy() for _ in range(60)])
    for number in range(40, len(rows)):
        flipped = chance.choice(256, 20, replace=False)
        rows[number] = rows[number - 40]
        rows[number, flipped] = 1 - rows[number, flipped]
    rows = chance.permutation(rows)

    label = np.arange(len(rows))
    for same in _near(rows):
        label[np.isin(label, label[same])] = label[same[0]]

    expected = np.arange(len(rows))
    apart = (rows[:, None] != rows[None]).sum(axis=2) <= 31
    for _ in range(100):
        expected = np.where(apart, expected[None], len(rows)).min(axis=1)
    assert len(set(label.tolist())) == len(set(expected.tolist())) == 40
    assert len(set(zip(label.tolist(), expected.tolist(), strict=True))) == 40


def judged(name: str, score: float, *, harmful: bool, action: Action) -> Judged:
    label = LabelScore("weapons", score, 0.5, flagged=action != "allow", source="x", action=action)
    example = Example(name, Path(name), None, {"weapons": harmful})
    return Judged(example, Verdict(action, (label,), "p@1"), name, b"picture")


def test_faults_are_ordered_by_how_bad_they_are() -> None:
    assert fault(judged("a", 0.9, harmful=True, action="review")) is None
    assert fault(judged("a", 0.1, harmful=False, action="allow")) is None
    assert fault(judged("a", 0.1, harmful=True, action="allow")) == ("missed", 0.1)
    blocked = fault(judged("a", 0.6, harmful=False, action="block"))
    reviewed = fault(judged("b", 1.0, harmful=False, action="review"))
    assert blocked < reviewed


@pytest.mark.parametrize(("shown", "kept"), [(0, []), (2, ["1", "3", "6", "8"])])
def test_thumbnails_are_kept_of_the_worst_faults_alone(
    monkeypatch: pytest.MonkeyPatch, shown: int, kept: list[str]
) -> None:
    found = [
        judged("0", 0.4, harmful=True, action="allow"),
        judged("1", 0.1, harmful=True, action="allow"),
        judged("2", 0.3, harmful=True, action="allow"),
        judged("3", 0.2, harmful=True, action="allow"),
        judged("4", 0.9, harmful=True, action="review"),
        judged("5", 0.7, harmful=False, action="review"),
        judged("6", 0.6, harmful=False, action="block"),
        judged("7", 0.1, harmful=False, action="allow"),
        judged("8", 0.8, harmful=False, action="review"),
    ]
    monkeypatch.setattr(Judge, "_each", lambda _self, _items: iter(found))

    judge = Judge(Policy.moderation(), None, Settings(), Console(quiet=True), shown=shown)
    done = judge.judge([one.example for one in found])

    assert [one.example.name for one in done if one.thumbnail] == kept
    assert len(done) == len(found)
