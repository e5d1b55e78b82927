"""The names of other services: exact, whole, and nothing mapped by accident."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from framesift.errors import PolicyError
from framesift.policies import CONTEXT_TAGS, SCHEMES, TAXONOMY, external_names, native_categories
from framesift.policies.mappings import _document, without_counterpart

NAMES = [category.name for category in (*TAXONOMY, *CONTEXT_TAGS)]


def test_every_category_says_for_every_service_what_it_is_called_there():
    document = _document()
    assert [name for name in document if name not in ("schemes", "without")] == NAMES
    assert tuple(document["schemes"]) == SCHEMES
    for name in NAMES:
        assert tuple(document[name]) == SCHEMES


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_name_of_a_service_is_mapped_or_said_to_have_no_counterpart(scheme):
    names = _document()["schemes"][scheme]
    used = {name for category in NAMES for name in external_names(category, scheme)}
    without = without_counterpart(scheme)
    assert len(set(names)) == len(names)
    assert used | set(without) == set(names)
    assert not used & set(without)
    assert all(why.endswith(".") for why in without.values())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_both_directions_agree(scheme):
    for name in _document()["schemes"][scheme]:
        natives = native_categories(name, scheme)
        assert natives == tuple(x for x in NAMES if name in external_names(x, scheme))


def test_names_are_those_of_the_services(shared):
    page = (shared / "reference" / "taxonomies.md").read_text(encoding="utf-8")
    text = " ".join(page.split())
    shared_endings = ("Female Swimwear or Underwear",)
    for scheme in SCHEMES:
        for name in _document()["schemes"][scheme]:
            assert name in text or name in shared_endings, name


@pytest.mark.parametrize(
    ("category", "scheme", "expected"),
    [
        ("weapons", "aws", ("Weapons",)),
        ("self_harm", "azure", ("SelfHarm",)),
        ("suggestive", "google", ("racy",)),
        ("gore", "openai", ("violence/graphic",)),
        ("spam_scam", "aws", ()),
        ("my_own_category", "aws", ()),
    ],
)
def test_examples(category, scheme, expected):
    assert external_names(category, scheme) == expected


def test_child_abuse_is_mapped_to_nothing():
    assert native_categories("sexual/minors", "openai") == ()
    assert "sexual/minors" in without_counterpart("openai")


def test_what_is_not_known_is_refused():
    with pytest.raises(PolicyError, match="known are: aws, google, azure, openai"):
        external_names("weapons", "acme")
    with pytest.raises(PolicyError, match="aws has no 'Guns'; its names are: Explicit"):
        native_categories("Guns", "aws")


def test_the_page_in_the_docs_shows_the_names():
    page = Path(__file__).parents[3] / "docs" / "taxonomy.md"
    rows = page.read_text(encoding="utf-8").splitlines()
    for name in NAMES:
        cells = [", ".join(external_names(name, scheme)) or "-" for scheme in SCHEMES]
        shown = f"`{name}` (context)" if name in {tag.name for tag in CONTEXT_TAGS} else f"`{name}`"
        assert f"| {shown} | {' | '.join(cells)} |" in rows, name
    text = "\n".join(rows)
    for scheme in SCHEMES:
        for name, why in without_counterpart(scheme).items():
            assert re.search(
                rf"^\| `{re.escape(name)}` \(\w+\) \| {re.escape(why)} \|$", text, re.M
            )
