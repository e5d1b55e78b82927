from __future__ import annotations

import copy
import pickle

import pytest

from framesift.errors import PolicyError
from framesift.policies import Policy, Rule, Thresholds, VideoRule

HEAD = 'name = "p"\n[categories.gore]\nreview = 0.8\n'


@pytest.fixture
def load(tmp_path):
    def make(video: str) -> Policy:
        path = tmp_path / "policy.toml"
        path.write_text(f"{HEAD}{video}\n", encoding="utf-8")
        return Policy.load(path)

    return make


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", VideoRule()),
        ("[video]", VideoRule()),
        ('[video]\nrule = "share"', VideoRule("share")),
        ('[video]\nrule = "share"\nshare = 0.25', VideoRule("share", share=0.25)),
        (
            "[video]\nmin_s = 2\ngap_s = 0\nhysteresis = 1",
            VideoRule(hysteresis=1, min_s=2, gap_s=0),
        ),
    ],
)
def test_the_table_is_read(load, text, rule):
    assert load(text).video == rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('rule = "best"', r"video\.rule value 'best' is not known; .*worst, share"),
        ("rule = 1", r"video\.rule is 1; write one of worst, share"),
        ("share = 0.2", r'video\.share is used by rule = "share" alone'),
        ('rule = "share"\nshare = 0', r"video is not valid: share lies above 0 and up to 1, not 0"),
        ('rule = "share"\nshare = nan', r"share lies above 0"),
        ('rule = "share"\nmin_s = 1', r"min_s is used by rule = worst alone"),
        ("min_s = -1", r"min_s lies from 0 to 86400 seconds, not -1"),
        ("min_s = inf", r"min_s lies from 0"),
        ('min_s = "1 s"', r"video\.min_s is '1 s'; write 0 or more seconds"),
        ("hysteresis = 1.5", r"hysteresis lies above 0 and up to 1"),
        ("hysteresis = true", r"video\.hysteresis is True; write a number above 0 and up to 1"),
        ("min = 1", r"video\.min is not known; did you mean 'min_s'"),
    ],
)
def test_mistakes_are_named_with_the_file_and_the_way_out(load, text, message):
    with pytest.raises(PolicyError, match=message) as caught:
        load(f"[video]\n{text}")
    assert "policy.toml" in str(caught.value)


def test_a_table_that_is_none_is_refused(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(f"video = 1\n{HEAD}", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"video is 1; write a table"):
        Policy.load(path)


def test_the_hash_changes_with_what_decides_and_with_nothing_else(load):
    plain = load("").hash
    assert load("[video]\nrule = 'worst'\nmin_s = 0.0\nhysteresis = 0.8").hash == plain
    hashes = {
        load(f"[video]\n{text}").hash
        for text in ("gap_s = 2", "min_s = 2", "hysteresis = 0.5", "rule = 'share'")
    }
    assert len(hashes | {plain}) == 5
    shares = {load(f"[video]\nrule = 'share'\nshare = {share}").hash for share in (0.1, 0.2)}
    assert len(shares) == 2


def test_the_shipped_policies_keep_the_hashes_that_older_records_name():
    assert Policy.default().video == Policy.moderation().video == VideoRule()


def test_a_policy_with_a_rule_for_videos_is_pickled_and_copied():
    policy = Policy("p", {"gore": Rule(Thresholds(0.5))}, video=VideoRule(min_s=2))
    assert pickle.loads(pickle.dumps(policy)) == policy == copy.deepcopy(policy)
    assert pickle.loads(pickle.dumps(policy)).hash == policy.hash
