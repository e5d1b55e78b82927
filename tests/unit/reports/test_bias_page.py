"""The page and the JSON of a bias audit: complete, offline, and safe whatever the names."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from framesift.reports import ReportHeader
from framesift.reports.bias_page import bias_page
from framesift.reports.bias_report import BIAS_SCHEMA, PROMISE, BiasReport, bias_json
from framesift.reports.forest import ForestRow, forest
from framesift.types import ModelInfo
from framesift.verdicts.audit import audit_bias
from framesift.verdicts.audit_effects import label_effect, wording_effect
from framesift.verdicts.audit_results import Answers, AuditOptions
from framesift.verdicts.presets import Published
from framesift.verdicts.proportions import share

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
QUICK = AuditOptions(resamples=99)


def report(name: str) -> BiasReport:
    bad = np.repeat([True, False, False, True, False, False], 8)
    hits = np.stack([bad, ~bad, bad], axis=1)
    scores = np.stack([bad * 0.8 + 0.1, 0.9 - bad * 0.8, bad * 0.8 + 0.1], axis=1)
    answers = Answers((f"thief {name}", "person", "crime"), hits, scores, 2, {"crime": ("thief",)})
    after = Answers(
        (f"thief {name}", "person", name, "crime"),
        np.stack([bad & False, ~bad, bad, bad & False], axis=1),
        None,
        3,
        {"crime": ("thief",)},
    )
    groups = {"gender": ["f"] * 24 + ["m"] * 24, f"origin {name}": ([name] * 8 + ["y"] * 16) * 2}
    return BiasReport(
        subject=name,
        kind="classifier",
        labels=answers.names[:2],
        sets=answers.sets,
        source=name,
        columns=tuple(groups),
        guessed=True,
        truth="",
        header=ReportHeader("1.0", model=ModelInfo(name, "abc", "fp32"), arguments=(name,)),
        audit=audit_bias(answers, groups, truth={"person": ~bad}, options=QUICK),
        added=label_effect(answers, after, groups, options=QUICK),
        worded=wording_effect({"as it is": answers, name: answers}, groups, options=QUICK),
        published=(
            Published("crime", added=False, group=name, percent=16.4, measured=share(1, 8)),
        ),
        warning=name,
        credit=name,
        caveat=name,
        notes=(name,),
        left_out=((name, name),),
    )


@pytest.fixture(scope="module")
def page() -> str:
    """A page of plain names."""
    return bias_page(report("child"))


def test_the_page_has_every_part(page: str) -> None:
    for told in (
        "Bias audit on 48 pictures",
        "origin child: found",
        "gender x origin child",
        "With one more label: child",
        "With other words",
        "Beside what was published",
        "16.4 %",
        "12.5 % (2.2 to 47.1)",
        "few pictures",
        "1 could not be used",
        PROMISE,
        "(guessed)",
    ):
        assert told in page
    assert page.count('class="forest"') >= 8


def test_the_page_never_calls_anything_fair(page: str) -> None:
    text = re.sub(r"<[^>]+>|fairface", " ", page.lower())

    assert not re.search(r"\b(un)?fair(ness|ly)?\b", text)


def test_the_page_loads_nothing_and_shows_nobody(page: str) -> None:
    assert not re.search(r"<(script|img|link(?! rel=\"icon\")|iframe)", page)
    assert "http" not in re.sub(r'http-equiv="', "", page)


def test_names_never_become_markup() -> None:
    text = bias_page(report(ATTACK))

    assert "<script" not in text
    assert "<img src=x" not in text


def test_the_json_is_versioned_and_finite() -> None:
    found = json.loads(json.dumps(bias_json(report("child")), allow_nan=False))

    assert (found["schema"], found["kind"]) == (BIAS_SCHEMA, "framesift.bias-audit")
    assert found["finding"] == "found"
    assert found["pictures"]["used"] == 48
    assert found["columns"][0]["outcomes"][0]["groups"][0]["rate"]["total"] == 24
    assert found["errors"][0]["outcomes"][0]["name"] == "person, wrongly"
    assert found["added_labels"]["groups"][0]["change"]["value"] is not None
    assert found["published"]["rows"][0]["percent"] == 16.4
    assert PROMISE in found["notes"]


def test_nothing_tried_leaves_no_part() -> None:
    plain = replace(report("child"), added=None, worded=None, published=(), left_out=())
    text = bias_page(plain)

    assert "With one more label" not in text
    assert "With other words" not in text
    assert "Beside what was published" not in text
    assert bias_json(plain)["published"] is None


def test_a_forest_shows_the_interval_where_it_lies() -> None:
    text = forest([ForestRow("x", share(5, 10), "found"), ForestRow("y", share(0, 0))], "told", 0.4)
    low, width = re.search(r'<i style="left:([\d.]+)%;width:([\d.]+)%">', text).groups()  # type: ignore[union-attr]

    # Wilson's interval of 5 of 10 is 23.7 to 76.3 %, on an axis to 80 %.
    assert float(low) == pytest.approx(100 * 0.2366 / 0.8, abs=0.05)
    assert float(width) == pytest.approx(100 * (0.7634 - 0.2366) / 0.8, abs=0.05)
    assert '<b style="left:62.50%">' in text
    assert text.count("<i ") == 1
    assert 'aria-label="told"' in text
