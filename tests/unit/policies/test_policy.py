from __future__ import annotations

import dataclasses
import re
import textwrap
from pathlib import Path

import pytest

from framesift import policies
from framesift.errors import PolicyError
from framesift.heads.clip import fights_head
from framesift.heads.moderation import weapons_head
from framesift.heads.text import load_text_heads
from framesift.policies import (
    CONTEXT_TAGS,
    JOINT_RULES,
    TAXONOMY,
    ContextRule,
    Policy,
    Rule,
    Thresholds,
    VideoRule,
    decide,
)
from framesift.policies.reading import TOP_KEYS
from framesift.policies.rules import SOURCES
from framesift.types import Signal

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
    for old, new in (
        ("0.6", "0.61"),
        ("mine", "yours"),
        ("= 3", "= 4"),
        ("open_nsfw", "laion_nsfw"),
    ):
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


def test_the_thorough_policy_looks_closer_and_blocks_clear_weapons_too():
    policy, default = Policy.moderation(), Policy.default()
    assert (policy.tiles, policy.words, policy.on_failure) == (4, "auto", "review")
    assert (default.tiles, default.words, default.model, dict(default.context)) == (
        0,
        "off",
        None,
        {},
    )
    assert policy.name == "moderation"
    assert (policy.unknown_language, default.unknown_language) == ("review", "allow")
    assert list(policy.rules) == list(default.rules)
    blocking = {
        (name, source)
        for name, rule in policy.rules.items()
        for source, thresholds in {"": rule.thresholds, **rule.sources}.items()
        if thresholds.block is not None
    }
    assert blocking == {("sexual_explicit", "open_nsfw"), ("weapons", "trained")}


def test_the_thorough_policy_is_nowhere_milder_than_the_default():
    policy, default = Policy.moderation(), Policy.default()
    for name, rule in default.rules.items():
        for source in SOURCES:
            mild, strict = rule.thresholds_for(source), policy.rules[name].thresholds_for(source)
            assert strict.review <= mild.review, (name, source)
            assert (strict.block or 2) <= (mild.block or 2), (name, source)


def test_what_no_prompt_was_measured_for_is_asked_more_of_by_the_default():
    """Shares of 1,000 ordinary photographs: docs/models/image-harm.md."""
    default = Policy.default()
    for name, source, review in (
        ("weapons", "trained", 0.5),
        ("suggestive", "laion_nsfw", 0.95),
        ("sexual_explicit", "laion_nsfw", 0.98),
        ("violence", "laion_violence", 0.9),
    ):
        assert default.rules[name].thresholds_for(source) == Thresholds(review)


def test_a_clear_weapon_is_blocked_and_a_toy_is_for_a_person():
    policy = Policy.moderation()
    gun = Signal("weapons", 0.97, "trained")
    others = [Signal(name, 0.0, "x") for name in policy.rules if name != "weapons"]
    assert decide([gun, *others], policy).action == "block"
    assert decide([gun, *others], policy, context={"toy": 0.5}).action == "review"
    assert decide([gun, *others], policy, context={"toy": 0.49}).action == "block"


def test_the_thorough_policy_softens_and_never_lets_through():
    policy = Policy.moderation()
    assert set(policy.context) <= {tag.name for tag in CONTEXT_TAGS}
    assert {rule.at_most for rule in policy.context.values()} == {"review"}


def test_the_commented_parts_of_the_thorough_policy_are_policy_too(tmp_path):
    """What `policy init` writes can be used by taking the comment signs away."""
    text = (Path(policies.__file__).parent / "data" / "moderation.toml").read_text("utf-8")
    for start, end in (("# [lists]", "# ----"), ("# [[category]]", "# ----")):
        head, tail = text.split(start, 1)
        part, *rest = tail.split(end, 1)
        live = "\n".join(line.removeprefix("# ").removeprefix("#") for line in part.splitlines())
        text = f"{head}{start[2:]}{live}\n" + "".join(f"{end}{more}" for more in rest)
    text = text.replace('# model = "starter"', 'model = "starter"')
    (tmp_path / "known-bad.txt").write_text("0" * 64)
    (tmp_path / "our-own-pictures.txt").write_text(f"pdq:{'f' * 64}")
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    policy = Policy.load(path)
    assert policy.model == "starter"
    assert (len(policy.lists.block), len(policy.lists.allow)) == (1, 1)
    (own,) = policy.own
    assert own.name == "fireworks"
    assert own.applies_to == ("image", "text")
    assert policy.phrases == {"fireworks": ("firecrackers for sale",)}
    assert list(policy.categories)[-1] == "fireworks"


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
        'name = "x"\n[categories.weapons]\nreview = 0.9\nsources.zero-shot = 1',
        "categories.weapons.sources.zero-shot is not a table",
    ),
    (
        'name = "x"\n[categories.weapons]\nreview = 0.9\n[categories.weapons.sources.zero-shot]',
        "categories.weapons.sources.zero-shot needs review",
    ),
]


TOP = "{}\n" + 'name = "x"\n[categories.weapons]\nreview = 0.5'
BELOW = 'name = "x"\n[categories.weapons]\nreview = 0.5\n{}'
OWN = BELOW.format('[categories.boats]\nreview = 0.5\n[[category]]\nname = "boats"\n{}')
WITH = OWN.format('definition = "Boats."\n{}')

BAD += [
    (
        BELOW.format("[categories.weapons.sources.opn_nsfw]\nreview = 0.5"),
        "sources.opn_nsfw is not known; did you mean 'open_nsfw'",
    ),
    (TOP.format('model = "nosuch"'), "model value 'nosuch' is not known; known here: starter"),
    (TOP.format('model = "startr"'), "model value 'startr' is not known; did you mean 'starter'"),
    (
        TOP.format('unknown_language = "block"'),
        "unknown_language value 'block' is not known; known here: allow, review",
    ),
    (WITH.format('phrases = ["a boat", "!?"]'), "phrases has '!\\?', of which nothing is left"),
    (TOP.format('on_failure = "allow"'), "on_failure is 'allow', and what could not be read would"),
    (
        TOP.format('on_failure = "blok"'),
        "on_failure value 'blok' is not known; did you mean 'block'",
    ),
    (TOP.format("on_failure = 1"), "on_failure is 1; write one of review, block, in quotes"),
    (TOP.format('model = ""'), "model is empty; write a model"),
    (TOP.format("model = 3"), "model is 3; write text in quotes"),
    (TOP.format("tiles = -1"), "tiles is -1; write 0 to 16"),
    (TOP.format("tiles = 17"), "tiles is 17; write 0 to 16"),
    (TOP.format("tiles = 2.5"), "tiles is 2.5; write a whole number"),
    (
        TOP.format('words = "yes"'),
        "words value 'yes' is not known; known here: off, auto, required",
    ),
    (TOP.format("words = true"), "words is True; write one of off"),
    (TOP.format("tile = 4"), "tile is not known; did you mean 'tiles'"),
    (
        BELOW.format("[context.medial]\nfrom = 0.9"),
        "context.medial is not known; did you mean 'medica",
    ),
    (
        BELOW.format("[context]\nart = 3"),
        r"context.art is not a table; write \[context.NAME\] with",
    ),
    (BELOW.format('[context.art]\nsoftens = ["gore"]'), "context.art.from is missing; add a line"),
    (BELOW.format('[context.art]\nfrom = 2\nsoftens = ["gore"]'), "context.art from lies above 0"),
    (BELOW.format("[context.art]\nfrom = 0.9"), "context.art softens nothing; name at least one"),
    (
        BELOW.format('[context.art]\nfrom = 0.9\nsoftens = ["goer"]'),
        "context.art.softens value 'goer' is not known; did you mean 'gore'",
    ),
    (
        BELOW.format('[context.art]\nfrom = 0.9\nsoftens = ["gore"]\nat_most = "block"'),
        "context.art.at_most value 'block' is not known; known here: review, allow",
    ),
    (BELOW.format("[context.art]\nfrom = 0.9\nsoftens = 3"), "softens is 3; write a list of texts"),
    (BELOW.format("[lists]\nblok = []"), "lists.blok is not known; did you mean 'block'"),
    (BELOW.format("[lists]\nblock = [1]"), r"lists.block is \[1\]; write a list of texts"),
    (BELOW.format("[lists]\ndistance = 200"), "lists.distance is 200; write bits from 0 to 128"),
    (BELOW.format("[lists]\nallow_distance = -1"), "lists.allow_distance is -1; write bits from 0"),
    (BELOW.format("category = 3"), "categories.weapons.category is not known"),
    (TOP.format("category = 3"), r"category is no list of tables; write \[\[category\]\]"),
    (OWN.format(""), r"category\[1\].definition is missing; say what belongs to it"),
    (OWN.format('definition = " "'), r"category\[1\].definition is empty"),
    (WITH.format(""), r"category\[1\].prompts is missing; add a line such as prompts ="),
    (WITH.format("prompts = []"), r"category\[1\].prompts is missing"),
    (WITH.format('prompts = [""]'), r"category\[1\].prompts has ''; write 1 to 500 characters"),
    (WITH.format(f'prompts = ["{"x" * 501}"]'), r"category\[1\].prompts has 'x+\.\.\.; write 1 to"),
    (WITH.format("prompts = {}"), r"category\[1\].prompts is {}; write a list of texts"),
    (
        WITH.format(f"prompts = {[str(i) for i in range(201)]}"),
        "has 201 entries; write at most 200",
    ),
    (
        WITH.format('prompts = ["a boat"]\napplies_to = ["text"]'),
        r"category\[1\].prompts is not used; applies_to is text: image needs prompts",
    ),
    (
        WITH.format('prompts = ["a boat"]\napplies_to = ["image", "text"]'),
        r"category\[1\].phrases is missing; applies_to is image, text: text needs phrases",
    ),
    (
        WITH.format('prompts = ["a boat"]\napplies_to = ["video"]'),
        r"category\[1\].applies_to value 'video' is not known; known here: image, text",
    ),
    (WITH.format('propmts = ["a boat"]'), r"propmts is not known; did you mean 'prompts'"),
    (
        BELOW.format('[[category]]\nname = "Boats!"\ndefinition = "Boats."'),
        r"category\[1\].name is 'Boats!'; write small letters",
    ),
    (
        BELOW.format('[[category]]\nname = "boats"\ndefinition = "Boats."\nprompts = "a boat"'),
        r"category 'boats' has no thresholds; add \[categories.boats\] with a line such as",
    ),
    *(
        (
            BELOW.format(
                f'[[category]]\nname = "{taken}"\ndefinition = "Boats."\nprompts = ["a boat"]'
            ),
            f"category '{taken}' exists already; give your own another name",
        )
        for taken in ("gore", "art", "block_list", "allow_list", "unknown_language")
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_refused_with_file_key_and_way_out(write, text, message):
    path = write(text)
    with pytest.raises(PolicyError, match=message) as caught:
        Policy.load(path)
    assert str(caught.value).startswith(f"{path}: ")


FULL = """
name = "full"
on_failure = "block"
model = "starter"
tiles = 6
words = "required"
unknown_language = "review"

[categories.gore]
review = 0.5
block = 0.9
[categories.boats]
review = 0.5
[categories.offers]
block = 0.5

[context.medical]
from = 0.8
softens = ["gore", "boats"]
at_most = "allow"

[[category]]
name = "boats"
definition = "Boats."
prompts = ["a boat", "a ship"]
contrast = "a bath tub"

[[category]]
name = "offers"
title = "Offers we do not want"
definition = "Offers."
phrases = ["only today", "call me"]
"""


def test_everything_a_file_can_say_is_read(write):
    policy = Policy.load(write(FULL))
    assert (policy.on_failure, policy.model, policy.tiles, policy.words) == (
        "block",
        "starter",
        6,
        "required",
    )
    assert policy.unknown_language == "review"
    rule = ContextRule("medical", 0.8, ("gore", "boats"), "allow")
    assert dict(policy.context) == {"medical": rule}
    boats, offers = policy.own
    assert (boats.title, boats.applies_to) == ("Boats", ("image",))
    assert boats.prompts.prompts == ("a boat", "a ship")
    assert boats.prompts.contrast == ("a bath tub",)
    assert (offers.title, offers.applies_to) == ("Offers we do not want", ("text",))
    assert policy.phrases == {"offers": ("only today", "call me")}
    assert list(policy.categories) == ["gore", "boats", "offers"]


def test_a_name_that_the_heads_for_texts_score_needs_no_phrases(write):
    own = (
        '[categories.offensive_language]\nreview = 0.5\n[[category]]\nname = "offensive_language"\n'
    )
    text = f'name = "x"\n{own}definition = "Insults."\n'
    (category,) = Policy.load(write(text)).own
    assert (category.applies_to, category.phrases) == (("text",), ())
    assert "offensive_language" in {name for head in load_text_heads() for name in head.names}
    pictures = text + 'applies_to = ["image"]\nprompts = ["a rude poster"]\n'
    assert Policy.load(write(pictures)).own[0].applies_to == ("image",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"block"\nmodel', '"review"\nmodel'),
        ('"starter"', '"clip-vit-b32"'),
        ('unknown_language = "review"', 'unknown_language = "allow"'),
        ("tiles = 6", "tiles = 5"),
        ('"required"', '"auto"'),
        ("from = 0.8", "from = 0.81"),
        ('softens = ["gore", "boats"]', 'softens = ["gore"]'),
        ('at_most = "allow"', 'at_most = "review"'),
        ("context.medical", "context.art"),
        ("a ship", "a raft"),
        ("a bath tub", "a tub"),
        ("call me", "call us"),
        ('name = "full"', 'name = "full"\nversion = 2'),
    ],
)
def test_the_hash_covers_everything_that_decides(write, old, new):
    reference = Policy.load(write(FULL)).hash
    assert FULL.count(old) == 1
    assert Policy.load(write(FULL.replace(old, new))).hash != reference


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Offers we do not want"', 'title = "Offers"'),
        ('definition = "Boats."', 'definition = "Ships."'),
        ('softens = ["gore", "boats"]', 'softens = ["boats", "gore"] # both'),
        ("from = 0.8", "from = 0.80"),
        ('at_most = "allow"', 'at_most = "allow"\n[lists]\ndistance = 31'),
    ],
)
def test_the_hash_leaves_out_what_decides_nothing(write, old, new):
    reference = Policy.load(write(FULL)).hash
    assert FULL.count(old) == 1
    assert Policy.load(write(FULL.replace(old, new))).hash == reference


def test_a_policy_made_in_code_is_checked_like_a_file():
    rules = {"gore": Rule(Thresholds(0.5))}
    for rule in (ContextRule("smell", 0.5, ("gore",)), ContextRule("art", 0.5, ("boats",))):
        with pytest.raises(PolicyError, match=r"does not know (smell|boats)"):
            Policy("mine", rules, context={rule.tag: rule})
    with pytest.raises(PolicyError, match="what failed goes to review or is blocked"):
        Policy("mine", rules, on_failure="allow")
    with pytest.raises(ValueError, match="softens nothing"):
        ContextRule("art", 0.5, ())


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


def test_a_folder_with_a_model_is_a_model(write, tmp_path):
    folder = tmp_path / "own-model"
    text = TOP.format(f'model = "{folder}"')
    with pytest.raises(PolicyError, match=r"own-model' is not known.*or a folder with a model"):
        Policy.load(write(text))
    folder.mkdir()
    assert Policy.load(write(text)).model == str(folder)


def test_every_source_that_a_head_has_is_known():
    heads = Path(policies.__file__).parents[1] / "heads"
    code = "".join(path.read_text("utf-8") for path in heads.rglob("*.py"))
    for source in SOURCES:
        if source not in ("trained", "laion_nsfw", "laion_violence", "fights", "joint", "list"):
            assert f'"{source}"' in code, source
    loaded = (*load_text_heads(), weapons_head(), fights_head())
    assert {head.card.source for head in loaded} <= set(SOURCES)


PAGE = Path(__file__).parents[3] / "docs" / "policies.md"


def test_every_example_in_the_docs_is_a_policy(write, tmp_path):
    for name in ("known-bad.txt", "from-partners.txt", "our-own-pictures.txt"):
        (tmp_path / name).write_text("0" * 64)
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", PAGE.read_text("utf-8"), re.MULTILINE)
    examples = [textwrap.dedent(block) for block in blocks if "[categories." in block]
    loaded = {policy.name: policy for policy in (Policy.load(write(text)) for text in examples)}
    assert list(loaded) == ["family-photos", "museum", "news-desk", "with-lists", "market-place"]
    assert loaded["museum"].context["art"].softens == ("nudity", "gore")
    assert loaded["news-desk"].video == VideoRule("share", share=0.05)
    assert len(loaded["with-lists"].lists.allow) == 1
    assert loaded["market-place"].own[0].applies_to == ("image", "text")


def test_the_page_shows_every_key_and_every_joint_rule():
    page = PAGE.read_text("utf-8")
    own = ("review", "block", "sources", "from", "softens", "at_most", *VideoRule().plain, "share")
    for key in (*TOP_KEYS, *own):
        assert f"`{key}`" in page
    for rule in JOINT_RULES:
        image, text = (", ".join(f"`{x}`" for x in names) for names in (rule.image, rule.text))
        assert f"| `{rule.name}` | {image} | {text} | `{rule.result}` |" in page
        assert (rule.together, rule.most) == (0.95, 0.5)
    assert "min(logit(text), logit(0.5)) + logit(0.95)" in page


def test_the_page_shows_the_thresholds_of_the_default():
    page = PAGE.read_text("utf-8")
    default = Policy.default()
    assert default.label in page
    table = page.split("## The default policy")[1].split("##")[0]
    shown = {}
    for row in re.findall(
        r"^\| (.*`.*|every other.*?) \| (\w+|any other) \| (\S+) \| (\S+) \|$", table, re.MULTILINE
    ):
        for name in re.findall(r"`(\w+)`", row[0]) or ["every other"]:
            shown[name, row[1]] = row[2:]
    for name, rule in default.rules.items():
        for source, limits in {"any other": rule.thresholds, **rule.sources}.items():
            row = shown.get((name, source)) or shown["every other", "any other"]
            assert row == (str(limits.review), str(limits.block or "-")), (name, source)
    assert {key for key in shown if key[1] != "any other"} == {
        (name, source) for name, rule in default.rules.items() for source in rule.sources
    }


def test_a_name_that_no_file_can_have_is_refused_by_name() -> None:
    with pytest.raises(PolicyError, match=r"the policy cannot be read \(embedded null byte\)"):
        Policy.load("a\0b.toml")


def test_a_policy_in_another_encoding_is_told_to_be_utf_8(tmp_path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes('name = "x"'.encode("utf-16"))
    with pytest.raises(PolicyError, match="not a TOML file in UTF-8; save it in that encoding"):
        Policy.load(path)
