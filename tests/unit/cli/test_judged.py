"""Near-duplicates among labelled examples, and judging them in order."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from framesift.cli.console import Console
from framesift.cli.examples import Example
from framesift.cli.judged import Judge, Judged, alike
from framesift.policies import Policy
from framesift.settings import Settings

if TYPE_CHECKING:
    import pytest


def picture(image: Image.Image, sha256: str, quality: int = 90) -> Judged:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    example = Example(sha256, Path(f"{sha256}.jpg"), None, {})
    return Judged(example, None, sha256, data.getvalue())


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
