"""New thresholds in an old file: what people wrote stays, whatever way they wrote it."""

from __future__ import annotations

import tomllib

import pytest

from framesift.cli.policy_text import Entry, with_thresholds
from framesift.policies.policy import MODERATION

ENTRIES = (
    Entry("spam_scam", "text", {"review": 0.25, "block": 0.5}, {"review": "measured"}),
    Entry("spam_scam", "link", {"review": 0.25}, {}),
)
FORMS = {
    "tables": "[categories.spam_scam]\nreview = 0.5 # mine\n[categories.gore]\nreview = 0.2\n",
    "source": "[categories.spam_scam]\nreview = 0.5\n[categories.spam_scam.sources.text]\n"
    "review = 0.1 # old\n[categories.gore]\nreview = 0.2\n",
    "one line": "categories = {spam_scam = {review = 0.5}, gore = {review = 0.2}}\n",
    "lines": "[categories]\nspam_scam = {review = 0.5}\ngore = {review = 0.2}\n",
    "dotted": "categories.spam_scam.review = 0.5\ncategories.gore.review = 0.2\n",
    "dotted source": "[categories.spam_scam]\nreview = 0.5\nsources.text.review = 0.3\n"
    "[categories.gore]\nreview = 0.2\n",
    "apart": "[categories.spam_scam]\nreview = 0.5\n[context.toy]\nfrom = 0.9\n"
    'softens = ["gore"]\n[categories.gore]\nreview = 0.2\n',
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("start", ['name = "x"\n', 'name = "x"\nversion = 1 # one\n# words\n'])
def test_every_way_to_write_it_gives_the_same_policy(form: str, start: str) -> None:
    text = with_thresholds(start + FORMS[form], ENTRIES, {"version": 2, "model": "starter"})

    found = tomllib.loads(text)
    assert (found["name"], found["version"], found["model"]) == ("x", 2, "starter")
    assert found["categories"]["gore"] == {"review": 0.2}
    assert found["categories"]["spam_scam"] == {
        "review": 0.5,
        "sources": {"text": {"review": 0.25, "block": 0.5}, "link": {"review": 0.25}},
    }
    assert ("# words" in text) == ("# words" in start)
    assert found.get("context") == tomllib.loads(FORMS[form]).get("context")


@pytest.mark.parametrize("form", ["tables", "source", "apart"])
def test_comments_stay_and_new_values_get_theirs(form: str) -> None:
    text = with_thresholds('name = "x"\n' + FORMS[form], ENTRIES, {})

    assert "review = 0.25 # measured" in text
    assert ("# mine" in text) == ("# mine" in FORMS[form])


def test_the_shipped_policy_changes_by_a_few_lines() -> None:
    old = MODERATION.read_text("utf-8")

    new = with_thresholds(old, ENTRIES, {"version": 2})

    lines = new.splitlines()
    assert sum(line not in lines for line in old.splitlines()) <= 2
    assert len(lines) - len(old.splitlines()) <= 5
