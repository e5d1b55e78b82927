"""The page on what a model can be asked."""

from __future__ import annotations

import re

from framesift.reports.limits_page import limits_page
from framesift.reports.parts import PageFacts
from framesift.verdicts.limits import LimitExample, LimitResult, LimitsReport
from framesift.verdicts.proportions import share

HOSTILE = "<script>alert(1)</script>"


def page(*results):
    return limits_page(LimitsReport("tiny", "f00", 10, 3, results), PageFacts())


def result(**changes):
    facts = {
        "name": "counting",
        "title": "Counting",
        "asked": "How many there are.",
        "share": share(3, 10),
        "chance": 1 / 6,
        "level": "none",
        "sentence": "No better than chance.",
        "control": share(9, 10),
        "control_words": "which shape they are",
        "luck": 0.2,
        "published": "Weak at counting.",
        "examples": (LimitExample(b"jpeg", "three stars", "one star", right=False),),
    }
    return LimitResult(**{**facts, **changes})


def test_it_shows_figures_words_and_pictures():
    made = page(result(), result(name="digits", title="Digits", figures={"linear_probe": 0.75}))
    for words in ("30%", "No better than chance.", "three stars", "one star", "Weak at counting."):
        assert words in made
    assert "75%" in made
    assert "which shape they are" in made
    assert 'id="counting"' in made
    assert 'href="#counting"' in made


def test_it_loads_nothing_and_runs_nothing():
    made = page(result(title=HOSTILE, asked=HOSTILE, sentence=HOSTILE, published=HOSTILE))
    assert "<script" not in made
    assert not re.search(r'(?:src|href)="(?!data:|#)', made)


def test_what_could_not_be_measured_has_no_figures():
    made = page(result(share=None, level="unmeasured", control=None, luck=None, examples=()))
    assert "not measured" in made
    assert "nan" not in made.lower().replace("nan ", "")
    assert "None" not in made


def test_the_headline_names_what_can_be_asked():
    assert "Can be asked, with care: Counting." in page(result(level="works"))
    assert "Nothing that was tested" in page(result())
