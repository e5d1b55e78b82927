"""What the user writes for `train` and `evaluate`, and what they say back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from framesift.cli.figures import figure_text, laid_out
from framesift.cli.heads import _lines
from framesift.cli.learning import (
    parse_columns,
    parse_inputs,
    parse_list,
    parse_scale,
    refuse_existing,
)
from framesift.heads.base import HeadCard
from framesift.heads.training.results import Figure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("path=file", {"path": "file"}),
        (" Path = my file , rating=score ", {"path": "my file", "rating": "score"}),
        ("rating=a=b", {"rating": "a=b"}),
    ],
)
def test_columns(text: str, meant: dict[str, str]) -> None:
    assert parse_columns(text) == meant


@pytest.mark.parametrize("text", ["", "path", "path=", "=file", "beauty=x", "path=a,,rating=b"])
def test_columns_that_say_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="path=file,rating=score"):
        parse_columns(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1-5", (1, 5)),
        ("0 - 100", (0, 100)),
        ("6-1", (6, 1)),
        ("-1-1", (-1, 1)),
        ("-2..-1.5", (-2, -1.5)),
        ("0:.5", (0, 0.5)),
        ("1 to 10", (1, 10)),
    ],
)
def test_scales(text: str, meant: tuple[float, float]) -> None:
    assert parse_scale(text) == meant


@pytest.mark.parametrize("text", ["", "5", "1-", "1-1", "a-b", "1-5-9", "1e400-2", "nan-1", "1,5"])
def test_scales_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="such as 1-5"):
        parse_scale(text)


def test_inputs_and_lists() -> None:
    assert parse_inputs("auto") == ()
    assert parse_inputs(" AUTO ") == ()
    assert parse_inputs("vectors, vectors+technical") == (("vectors",), ("vectors", "technical"))
    with pytest.raises(ValueError, match="empty name"):
        parse_inputs("vectors+")
    assert parse_list("Ridge, kernel,") == ("ridge", "kernel")


def test_an_existing_head_stays(tmp_path: Path) -> None:
    out = tmp_path / "a.head"
    refuse_existing(out, force=False)
    out.touch()
    refuse_existing(out, force=True)
    with pytest.raises(click.UsageError, match="--force"):
        refuse_existing(out, force=False)
    with pytest.raises(click.UsageError, match="is a folder"):
        refuse_existing(tmp_path, force=True)
    with pytest.raises(click.UsageError, match="--force"):
        refuse_existing(tmp_path / "a", force=False)


def test_figures_on_the_screen() -> None:
    nan = float("nan")
    assert figure_text(Figure(0.615, 0.5, 0.7)) == "0.61 (0.50 to 0.70)"
    assert figure_text(Figure(0.5)) == "0.50"
    assert figure_text(Figure(nan)) == "-"
    assert figure_text(Figure(0.914, 0.8, 1), percent=True) == "91% (80% to 100%)"


def test_tables_keep_their_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = laid_out(["", "unseen\x1b[31m groups"], [["R2", "0.61 (0.52 to 0.68)"], ["[bold]x", ""]])
    assert "\x1b" not in text
    assert "[bold]x" in text, "names are no markup"
    assert all(len(line) <= 40 for line in text.splitlines())


def test_a_card_in_words() -> None:
    details = {
        "grouped": {"r2": {"value": 0.61, "low": 0.5, "high": None}, "mae": None},
        "classes": {"toy_gun": 7},
        "warnings": [],
        "candidates": [{"kind": "ridge"}],
        "quick": True,
        "name": "a\x1b[2J",
    }
    card = HeadCard("my-taste", "quality", "s", metrics={"r2": 0.6123}, details=details)
    text = "\n".join(_lines(card))
    for line in ("0.6123", "  r2: 0.61", "  toy_gun: 7", '  - {"kind": "ridge"}', "quick: yes"):
        assert line in text
    assert "warnings" not in text
    assert "\x1b" not in text
