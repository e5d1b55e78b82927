"""The record: its names, its numbers, and its schema."""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.reports import RECORD_FIELDS, record_schema, to_json, to_record
from framesift.types import (
    Analysis,
    Answer,
    Curve,
    Evidence,
    Failure,
    LabelScore,
    MediaInfo,
    ModelInfo,
    Problem,
    Quality,
    Signal,
    Tag,
    TextAnalysis,
    Timeline,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NO_EVIDENCE = {"prompt": "", "time_s": None, "tile": None, "words": ""}
_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def violations(value: Any, schema: dict[str, Any], where: str = "record") -> list[str]:
    """Check the keywords our schema uses; names it does not know are violations here."""
    if "const" in schema and value != schema["const"]:
        return [f"{where}: not {schema['const']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} not in {schema['enum']}"]
    names = schema.get("type", list(_TYPES))
    names = [names] if isinstance(names, str) else names
    if not any(isinstance(value, _TYPES[name]) for name in names) or (
        isinstance(value, bool) and "boolean" not in names
    ):
        return [f"{where}: {value!r} is no {names}"]
    if isinstance(value, dict):
        return _in_object(value, schema, where)
    if isinstance(value, list):
        return [
            v
            for i, item in enumerate(value)
            for v in violations(item, schema["items"], f"{where}[{i}]")
        ]
    if isinstance(value, str):
        return [] if re.search(schema.get("pattern", ""), value) else [f"{where}: no match"]
    low, high = (
        schema.get("minimum", -sys.float_info.max),
        schema.get("maximum", sys.float_info.max),
    )
    return [] if value is None or low <= value <= high else [f"{where}: {value} out of range"]


def _in_object(value: dict[str, Any], schema: dict[str, Any], where: str) -> list[str]:
    properties = schema["properties"]
    found = [f"{where}.{n}: missing" for n in schema["required"] if n not in value]
    found += [f"{where}.{n}: unknown" for n in value if n not in properties]
    for name in value.keys() & properties.keys():
        found += violations(value[name], properties[name], f"{where}.{name}")
    return found


def test_the_record_of_a_picture_is_the_documented_one(
    make_analysis: Callable[..., Analysis],
) -> None:
    record = to_record(make_analysis(score=7.123456, action="review", kind="video"))

    assert record == {
        "schema": 1,
        "path": "holiday/beach.jpg",
        "sha256": "ab" * 32,
        "kind": "video",
        "width": 4000,
        "height": 3000,
        "duration_s": 12.5,
        "quality": {
            "score": 7.1235,
            "low": 6.1235,
            "high": 8.1235,
            "head": "starter-ridge",
            "percentile": None,
            "unusual": None,
            "parts": [],
            "words": "",
        },
        "moderation": {
            "action": "review",
            "labels": [
                {
                    "name": "violence",
                    "score": 0.12,
                    "threshold": 0.5,
                    "flagged": False,
                    "source": "zero-shot",
                    "part": "image",
                    "action": "allow",
                    "evidence": NO_EVIDENCE,
                    "softened": "",
                },
                {
                    "name": "weapons",
                    "score": 0.8765,
                    "threshold": 0.6,
                    "flagged": True,
                    "source": "zero-shot",
                    "part": "image",
                    "action": "review",
                    "evidence": NO_EVIDENCE,
                    "softened": "",
                },
            ],
            "policy": "default@0011aabb",
            "context": [],
            "unread": [],
        },
        "tags": [{"name": "dog", "score": 0.8}, {"name": "cat", "score": 0.2}],
        "answer": None,
        "familiarity": None,
        "timeline": None,
        "model": {
            "name": "starter",
            "fingerprint": "0123456789abcdef",
            "precision": "fp32",
            "int8_cosine": None,
        },
        "error": None,
    }
    assert tuple(record) == RECORD_FIELDS


def test_the_record_of_a_failure_has_the_same_names_and_routes_to_review(failure: Failure) -> None:
    record = to_record(failure)

    assert tuple(record) == RECORD_FIELDS
    assert record["quality"] is None
    assert record["moderation"] == {
        "action": "review",
        "labels": [],
        "policy": "default@0011aabb",
        "context": [],
        "unread": [],
    }
    assert record["error"] == {
        "type": "CorruptMediaError",
        "message": "holiday/broken.jpg: the file ends after 312 bytes",
    }


def test_a_failure_is_blocked_where_the_policy_is_strict(failure: Failure) -> None:
    assert to_record(replace(failure, action="block"))["moderation"]["action"] == "block"
    assert to_record(replace(failure, action="allow"))["moderation"]["action"] == "review"


def test_a_label_tells_where_its_score_comes_from(make_analysis: Callable[..., Analysis]) -> None:
    found = Evidence("a pistol", Fraction(10, 3), (0.0, 0.4, 0.55555555, 1.0), "give me")
    label = LabelScore(
        "weapons",
        0.9,
        0.5,
        flagged=True,
        source="zero-shot",
        part="joint",
        action="review",
        evidence=found,
        softened="toy",
    )
    verdict = Verdict("review", (label,), "p@1", (Tag("toy", 0.91239), Tag("art", math.nan)))

    moderation = to_record(make_analysis(moderation=verdict))["moderation"]

    assert moderation["context"] == [{"name": "toy", "score": 0.9124}]
    (told,) = moderation["labels"]
    assert told["part"] == "joint"
    assert told["action"] == "review"
    assert told["softened"] == "toy"
    assert told["evidence"] == {
        "prompt": "a pistol",
        "time_s": 3.333333,
        "tile": [0.0, 0.4, 0.5556, 1.0],
        "words": "give me",
    }


def test_a_text_has_a_record_without_a_picture() -> None:
    labels = (
        LabelScore(
            "spam_scam", 0.97, 0.9, flagged=True, source="text", part="caption", action="review"
        ),
    )

    record = to_record(TextAnalysis("text", "a" * 64, Verdict("review", labels, "p@1")))

    assert tuple(record) == RECORD_FIELDS
    assert (record["kind"], record["path"], record["width"]) == ("text", "text", None)
    assert record["moderation"]["labels"][0]["part"] == "caption"
    assert record["error"] is None


@pytest.mark.parametrize(
    ("action", "expected"),
    [("allow", "review"), ("review", "review"), ("block", "block"), (None, "review")],
)
def test_a_partly_read_picture_is_never_allowed(
    make_analysis: Callable[..., Analysis], action: str | None, expected: str
) -> None:
    broken = make_analysis(action=action, error=Problem("CorruptMediaError", "cut off at 2 s"))

    assert to_record(broken)["moderation"]["action"] == expected


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite_is_left_out_said_and_never_safe(
    make_analysis: Callable[..., Analysis], bad: float
) -> None:
    labels = (LabelScore("weapons", bad, 0.5, flagged=False, source="zero-shot"),)
    record = to_record(
        make_analysis(
            quality=Quality(bad, 0.0, 10.0, "head"),
            moderation=Verdict("allow", labels, "p@1"),
            tags=(Tag("dog", bad),),
        )
    )

    assert record["quality"] is None
    assert record["moderation"]["action"] == "review"
    assert record["moderation"]["labels"] == []
    assert record["tags"] == []
    assert record["error"]["type"] == "NonFiniteScore"
    assert "quality, weapons, dog" in record["error"]["message"]


def test_a_category_that_nothing_scored_is_said(make_analysis: Callable[..., Analysis]) -> None:
    from framesift.policies import Policy, decide

    policy = Policy.default()
    name = next(iter(policy.rules))
    signals = [Signal(other, 0.0, "zero-shot") for other in policy.rules if other != name]
    verdict = decide(signals, policy)

    record = to_record(make_analysis(moderation=verdict))

    assert record["moderation"]["action"] == "review"
    assert name not in [label["name"] for label in record["moderation"]["labels"]]
    assert record["error"]["type"] == "MissingScore"
    assert name in record["error"]["message"]


@pytest.mark.parametrize(
    ("score", "flagged", "expected"),
    [(0.49999, False, 0.4999), (0.5, True, 0.5), (0.50004, True, 0.5), (0.4, False, 0.4)],
)
def test_rounding_never_carries_a_score_across_its_threshold(
    make_analysis: Callable[..., Analysis], score: float, flagged: object, expected: float
) -> None:
    labels = (LabelScore("weapons", score, 0.5, flagged=bool(flagged), source="zero-shot"),)
    record = to_record(make_analysis(moderation=Verdict("review", labels, "p@1")))

    assert record["moderation"]["labels"][0]["score"] == expected


def test_numpy_scalars_become_plain_numbers(make_analysis: Callable[..., Analysis]) -> None:
    made = make_analysis(quality=Quality(np.float32(6.1), np.float32(5), np.float32(7), "head"))

    record = to_record(made)

    assert type(record["quality"]["score"]) is float
    assert record["quality"]["score"] == 6.1


def test_a_name_that_is_no_text_survives_the_trip_through_json(
    make_analysis: Callable[..., Analysis],
) -> None:
    path = b"caf\xe9 \xff.jpg".decode("utf-8", "surrogateescape")

    line = to_json(to_record(make_analysis(path=path)))

    assert json.loads(line.encode("utf-8"))["path"] == path


@given(path=st.text(max_size=30))
def test_a_record_is_one_line_for_every_reader(path: str) -> None:
    record = to_record(Failure(path, Problem("SourceError", path)))

    for ascii_only in (False, True):
        line = to_json(record, ascii_only=ascii_only)
        assert len(line.splitlines()) == 1
        assert json.loads(line) == record
        assert line.isascii() or not ascii_only


_scores = st.floats(allow_nan=True, allow_infinity=True)
_unit = st.floats(0, 1)
_actions = st.sampled_from(["allow", "review", "block"])
_tags = st.lists(st.builds(Tag, st.text(max_size=5), _unit), max_size=3).map(tuple)
_labels = st.builds(
    LabelScore,
    st.text(max_size=8),
    _unit | st.just(math.nan),
    _unit,
    st.booleans(),
    st.text(),
    st.sampled_from(["image", "caption", "words", "joint", "list"]),
    _actions,
    st.builds(
        Evidence,
        st.text(max_size=8),
        st.none() | st.fractions(0, 10**6),
        st.none() | st.tuples(_unit, _unit, _unit, _unit),
        st.text(max_size=8),
    ),
    st.text(max_size=8),
)
_verdicts = st.builds(
    Verdict, _actions, st.lists(_labels, max_size=3).map(tuple), st.text(max_size=5), _tags
)
_texts = st.builds(TextAnalysis, st.text(max_size=5), st.just("a" * 64), _verdicts)
_analyses = st.builds(
    Analysis,
    st.builds(
        MediaInfo,
        st.text(max_size=20),
        st.just("0" * 64),
        st.sampled_from(["image", "animation", "video"]),
        st.just("jpeg"),
        st.integers(1, 10**6),
        st.integers(1, 10**6),
        st.none() | st.fractions(0, 10**6),
    ),
    st.none()
    | st.builds(
        Quality, st.floats(0, 10) | st.just(math.nan), *[st.floats(0, 10)] * 2, st.text(max_size=5)
    ),
    st.none() | _verdicts,
    _tags,
    st.builds(ModelInfo, st.text(), st.text(), st.just("int8")),
    st.none() | st.builds(Problem, st.text(), st.text()),
)
_failures = st.builds(
    Failure,
    st.text(),
    st.builds(Problem, st.text(), st.text()),
    st.none() | st.just("f" * 64),
    st.none() | st.text(),
    st.none(),
    _actions,
)


@given(result=_analyses | _failures | _texts)
def test_every_record_fits_the_schema_and_an_error_is_never_allowed(
    result: Analysis | Failure | TextAnalysis,
) -> None:
    record = to_record(result)

    assert violations(record, record_schema()) == []
    assert tuple(record) == RECORD_FIELDS
    if record["error"] is not None:
        assert record["moderation"]["action"] in ("review", "block")


def test_the_checker_above_finds_faults(make_analysis: Callable[..., Analysis]) -> None:
    record = to_record(make_analysis())
    schema = record_schema()
    for change in (
        {"schema": 2},
        {"kind": "photo"},
        {"width": 0},
        {"sha256": "xyz"},
        {"width": True},
        {"extra": 1},
        {"quality": {**record["quality"], "score": 11.0}},
        {"quality": {**record["quality"], "score": math.nan}},
        {"tags": [{"name": "dog"}]},
    ):
        assert violations({**record, **change}, schema), change
    del record["tags"]
    assert violations(record, schema)


def test_the_schema_names_every_field_in_order() -> None:
    schema = record_schema()

    assert tuple(schema["properties"]) == RECORD_FIELDS
    assert tuple(schema["required"]) == RECORD_FIELDS


def test_exact_times_come_with_microseconds(make_analysis: Callable[..., Analysis]) -> None:
    made = make_analysis(kind="video")
    made = replace(made, info=replace(made.info, duration=Fraction(1, 3)))

    assert to_record(made)["duration_s"] == 0.333333


def _names(schema: dict[str, Any]) -> set[str]:
    properties = schema.get("properties", {})
    inner = [_names(item) for item in (*properties.values(), schema.get("items", {})) if item]
    return set(properties).union(*inner)


def test_the_schema_describes_timelines_too(
    make_analysis: Callable[..., Analysis], timeline: Timeline
) -> None:
    unscored = Curve("quality", "head", np.full(12, np.nan, np.float32), 0.5)
    for one in (timeline, replace(timeline, curves=(unscored,)), Timeline(Fraction(0), 0, ())):
        record = to_record(make_analysis(kind="video", timeline=one))
        assert violations(record, record_schema()) == []
        assert violations(json.loads(to_json(record)), record_schema()) == []

    record["timeline"]["segments"] = [{"label": "x"}]
    assert len(violations(record, record_schema())) == 8


def test_an_answer_is_part_of_the_record(make_analysis: Callable[..., Analysis]) -> None:
    answer = Answer("pets", "label", ("dog", "cat"), 0.912345, ("fox",))
    record = to_record(replace(make_analysis(), answer=answer))
    assert violations(record, record_schema()) == []
    assert record["answer"] == {
        "classifier": "pets",
        "status": "label",
        "labels": ["dog", "cat"],
        "probability": 0.9123,
        "doubtful": ["fox"],
    }


def test_the_documentation_names_every_field_and_every_csv_column() -> None:
    from framesift.reports.csv import csv_columns

    page = Path(__file__).resolve().parents[3] / "docs" / "records.md"
    text = page.read_text("utf-8")

    for name in (*_names(record_schema()), *csv_columns(())):
        assert re.search(rf"`(\w+\[\]\.)?{name}`", text), name
