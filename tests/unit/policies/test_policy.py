from __future__ import annotations

import dataclasses
import re
import textwrap
from pathlib import Path

import pytest

from framesift.errors import PolicyError
from framesift.policies import TAXONOMY, Policy, Rule, Thresholds

GOOD = """
name = "mine"
version = 3
description = "for tests"

[categories.weapons]
review = 0.6
block = 0.9

[categories.nudity]
review = 0.7
[categories.nudity.sources.open_nsfw]
review = 0.4
block = 1
"""


@pytest.fixture
def write(tmp_path):
    def make(text: str) -> Path:
        path = tmp_path / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_a_policy_file_is_read(write):
    policy = Policy.load(write(GOOD))
    assert (policy.name, policy.version, policy.description) == ("mine", 3, "for tests")
    assert list(policy.rules) == ["weapons", "nudity"]
    assert policy.rules["weapons"].thresholds_for("zero-shot") == Thresholds(0.6, 0.9)
    assert policy.rules["nudity"].thresholds_for("open_nsfw") == Thresholds(0.4, 1.0)
    assert policy.rules["nudity"].thresholds_for("zero-shot") == Thresholds(0.7)
    assert Policy.load(str(write(GOOD))) == policy


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert Policy.load(path).name == "mine"


def test_the_label_is_the_name_and_the_start_of_the_hash(write):
    policy = Policy.load(write(GOOD))
    assert re.fullmatch(r"[0-9a-f]{64}", policy.hash)
    assert policy.label == f"mine@{policy.hash[:8]}"


def test_the_hash_counts_what_decides_and_not_how_it_is_written(write):
    reference = Policy.load(write(GOOD)).hash
    reordered = GOOD.replace("review = 0.6\nblock = 0.9", "# strict\nblock = 0.90\nreview = 0.6")
    assert Policy.load(write(reordered)).hash == reference
    assert Policy.load(write(GOOD.replace("for tests", "else"))).hash == reference
    for old, new in (("0.6", "0.61"), ("mine", "yours"), ("= 3", "= 4"), ("open_nsfw", "other")):
        assert Policy.load(write(GOOD.replace(old, new))).hash != reference


def test_the_default_judges_the_whole_taxonomy_and_blocks_by_the_expert_alone():
    policy = Policy.default()
    assert policy.name == "default"
    assert set(policy.rules) == {category.name for category in TAXONOMY}
    assert all(rule.thresholds.block is None for rule in policy.rules.values())
    blocking = {
        (name, source)
        for name, rule in policy.rules.items()
        for source, thresholds in rule.sources.items()
        if thresholds.block is not None
    }
    assert blocking == {("sexual_explicit", "open_nsfw")}


def test_a_policy_cannot_be_changed():
    policy = Policy.default()
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.name = "x"
    with pytest.raises(TypeError):
        policy.rules["weapons"] = Rule(Thresholds(0.1))
    rules = {"weapons": Rule(Thresholds(0.1))}
    made = Policy("mine", rules)
    rules.clear()
    assert list(made.rules) == ["weapons"]


BAD = [
    ("name = ", "not a TOML file"),
    ("", r"categories is missing or empty; give at least one \[categories.NAME\]"),
    ('name = "x"', "categories is missing or empty"),
    ("[categories.weapons]\nreview = 0.5", 'name is missing; add a line such as name = "'),
    ('name = "x"\n[categories.weapon]\nreview = 0.5', "did you mean 'weapons'"),
    ('name = "x"\nvesion = 1\n[categories.weapons]\nreview = 0.5', "vesion is not known; did you"),
    ('name = "x"\nversion = 0\n[categories.weapons]\nreview = 0.5', "version is 0"),
    ('name = "x"\nversion = "1"\n[categories.weapons]\nreview = 0.5', "write a whole number"),
    ('name = "x"\nversion = true\n[categories.weapons]\nreview = 0.5', "write a whole number"),
    ("name = 1\n[categories.weapons]\nreview = 0.5", "name is 1; write text in quotes"),
    ('name = "a b"\n[categories.weapons]\nreview = 0.5', "policy name 'a b' may hold"),
    ('name = "x"\ncategories = 3', "categories is 3; write a table"),
    ('name = "x"\n[categories]\nweapons = 0.5', "categories.weapons is not a table"),
    ('name = "x"\n[categories.weapons]', "categories.weapons needs review, block or both"),
    ('name = "x"\n[categories.weapons]\nreview = 0', "categories.weapons thresholds lie above 0"),
    ('name = "x"\n[categories.weapons]\nreview = 1.5', "thresholds lie above 0 and up to 1"),
    ('name = "x"\n[categories.weapons]\nreview = nan', "thresholds lie above 0 and up to 1"),
    ('name = "x"\n[categories.weapons]\nreview = "0.5"', r"categories.weapons.review is '0.5'; wr"),
    ('name = "x"\n[categories.weapons]\nreview = true', "categories.weapons.review is True"),
    ('name = "x"\n[categories.weapons]\nreview = 0.9\nblock = 0.5', "must not be below review"),
    ('name = "x"\n[categories.weapons]\nreveiw = 0.9', "weapons.reveiw is not known; did you mean"),
    ('name = "x"\n[categories.weapons]\nreview = 0.9\nsources = 1', "sources is 1; write a table"),
    (
        'name = "x"\n[categories.weapons]\nreview = 0.9\nsources.zs = 1',
        "categories.weapons.sources.zs is not a table",
    ),
    (
        'name = "x"\n[categories.weapons]\nreview = 0.9\n[categories.weapons.sources.zs]',
        "categories.weapons.sources.zs needs review",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_refused_with_file_key_and_way_out(write, text, message):
    path = write(text)
    with pytest.raises(PolicyError, match=message) as caught:
        Policy.load(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(PolicyError, match="No such file or directory"):
        Policy.load(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match="cannot be read"):
        Policy.load(tmp_path)
    binary = tmp_path / "picture.toml"
    binary.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(PolicyError, match="not a TOML file"):
        Policy.load(binary)
    big = tmp_path / "big.toml"
    big.write_bytes(b"#" * 1_000_001)
    with pytest.raises(PolicyError, match="larger than"):
        Policy.load(big)


@pytest.mark.parametrize("rules", [{}, {"unicorns": Rule(Thresholds(0.5))}])
def test_a_policy_made_in_code_is_checked_too(rules):
    with pytest.raises(PolicyError, match="categories are: sexual_explicit"):
        Policy("mine", rules)


def test_the_example_in_the_docs_is_a_policy_and_the_table_shows_the_default(write):
    page = (Path(__file__).parents[3] / "docs" / "policies.md").read_text(encoding="utf-8")
    example = re.findall(r"(?:^    .*\n|^\n(?=    ))+", page, re.MULTILINE)[0]
    assert Policy.load(write(textwrap.dedent(example))).name == "family-photos"
    default = Policy.default()
    assert default.label in page
    table = page.split("## The default policy")[1].split("##")[0]
    for name, rule in default.rules.items():
        source = "open_nsfw" if rule.sources else "zero-shot"
        limits = rule.thresholds_for(source)
        row = next((x for x in table.splitlines() if f"`{name}`" in x), "| every other category")
        if row == "| every other category":
            row = next(x for x in table.splitlines() if x.startswith(row))
        shown = [cell.strip() for cell in row.strip("|").split("|")][1:]
        assert shown == [source, str(limits.review), str(limits.block or "-")]
