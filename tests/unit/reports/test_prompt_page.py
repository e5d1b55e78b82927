"""The page of an audit of wordings."""

from __future__ import annotations

import pytest

from framesift.heads.classifiers import ClassifierDefinition, Label
from framesift.heads.prompt_audit import (
    Ensemble,
    LabelSteadiness,
    PromptAudit,
    Shaky,
    WordingFigures,
)
from framesift.reports.base import ReportHeader
from framesift.reports.prompt_page import prompt_page

EVIL = "<img src=x onerror=alert(1)>"


def page(flip_rate: float = 0.1, **header) -> str:
    nan = float("nan")
    audit = PromptAudit(
        classifier=f"pets {EVIL}",
        model="starter",
        pictures=7,
        flip_rate=flip_rate,
        touched=0.5,
        margin_spread=0.1,
        wordings=(WordingFigures('template "{}"', f"a {EVIL}", flip_rate),),
        labels=(
            LabelSteadiness(EVIL, 7, flip_rate, 0.4, 0.1, "cat"),
            LabelSteadiness("cat", 0, nan, nan, nan, ""),
        ),
        shaky=(Shaky(f"dir/{EVIL}.jpg", EVIL, (("cat", 3),), 0.25, 0.01),),
        ensembles=(
            Ensemble("six", ("a photo of {}.",), 0.02, 0.9),
            Ensemble("own", ("{}",), 0.3, 1.0),
        ),
    )
    definition = ClassifierDefinition("pets", (Label("dog", ("a dog",)), Label("cat", ("a cat",))))
    return prompt_page(audit, definition, ReportHeader(**header), {f"dir/{EVIL}.jpg": b"jpeg"})


def test_everything_from_outside_is_escaped() -> None:
    text = page(arguments=("framesift", EVIL), version="1")
    assert "<img src=x" not in text
    assert "<script" not in text
    assert "data:image/jpeg;base64,anBlZw==" in text


def test_a_label_without_pictures_has_dashes_and_no_nan() -> None:
    assert "nan" not in page().lower().replace("finance", "")


@pytest.mark.parametrize(
    ("rate", "word"), [(0.0, "Strong"), (0.05, "Useful"), (0.1, "Weak"), (0.5, "Not usable")]
)
def test_the_verdict_follows_from_the_share_of_changed_answers(rate: float, word: str) -> None:
    assert f">{word}</span>" in page(rate)


def test_the_steadiest_templates_are_named() -> None:
    assert "called “six”" in page()
