"""Whatever a policy file holds: a policy, or an error that names the file and a key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.errors import PolicyError
from framesift.policies import Policy, decide
from framesift.policies.policy import HashLists
from framesift.policies.reading import TABLES, TOP_KEYS, _document
from framesift.policies.taxonomy import CATEGORY_NAMES, CONTEXT_NAMES
from framesift.toml_table import Table

KEYS = st.sampled_from(
    [
        *TOP_KEYS,
        *TABLES,
        *CATEGORY_NAMES[:3],
        *CONTEXT_NAMES[:2],
        "review",
        "block",
        "allow",
        "sources",
        "open_nsfw",
        "from",
        "softens",
        "at_most",
        "distance",
        "prompts",
        "phrases",
        "definition",
        "applies_to",
        "boats",
        "",
    ]
)
VIDEO_KEYS = st.sampled_from(["rule", "share", "min_s", "hysteresis", "gap_s", "sharing"])
VALUES = st.one_of(
    st.sampled_from(
        [
            "worst",
            "share",
            "review",
            "block",
            "image",
            "text",
            "gore",
            "art",
            "boats",
            "x",
            "",
            "auto",
        ]
    ),
    st.integers(),
    st.sampled_from([0.5, 0.9, 1, 10**400]),
    st.floats(),
    st.booleans(),
    st.text(max_size=4),
)
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
THRESHOLDS = st.fixed_dictionaries({"review": st.sampled_from([0.5, 0.9])})
NEARLY = st.fixed_dictionaries(
    {"name": st.just("x"), "categories": st.dictionaries(KEYS, THRESHOLDS, min_size=1, max_size=2)},
    optional={
        "on_failure": st.sampled_from(["review", "block", "allow"]),
        "tiles": st.integers(-1, 20),
        "words": st.sampled_from(["off", "auto", "required", "on"]),
        "model": st.text(max_size=3),
        "video": st.dictionaries(VIDEO_KEYS, VALUES, max_size=3),
        "context": st.dictionaries(
            KEYS, st.dictionaries(KEYS, st.one_of(VALUES, st.just(["gore"])), max_size=3)
        ),
        "category": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(["boats", "gore"]), "definition": st.just("Boats.")},
                optional={
                    "prompts": st.just(["a boat"]),
                    "phrases": st.just(["a boat"]),
                    "applies_to": st.sampled_from(["image", "text", ["image", "text"]]),
                },
            ),
            max_size=2,
        ),
    },
)


def read(data) -> Policy:
    document = _document(Table(data, source="policy.toml"))
    return Policy(
        document.name,
        document.rules,
        own=document.own,
        context=document.context,
        lists=HashLists(distance=document.lists.distance),
        **document.settings,
    )


def check(data) -> None:
    try:
        policy = read(data)
    except PolicyError:
        return
    assert len(policy.hash) == 64
    assert decide([], policy).action == "review"
    assert list(policy.categories) == list(policy.rules)


@given(st.dictionaries(KEYS, TREES, max_size=6))
def test_any_document_gives_a_policy_or_an_error(data):
    check(data)


@given(NEARLY)
@settings(max_examples=200)
def test_documents_that_are_nearly_right_do_too(data):
    check(data)


@given(st.binary(max_size=200))
def test_any_bytes_give_an_error_that_names_the_file(tmp_path_factory, data):
    path = Path(tmp_path_factory.mktemp("policies")) / "policy.toml"
    path.write_bytes(data)
    with pytest.raises(PolicyError, match=f"^{re.escape(str(path))}: "):
        Policy.load(path)
