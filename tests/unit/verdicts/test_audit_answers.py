"""From classifiers, policies and files to answers."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.heads.classifiers import AnswerRule
from framesift.types import LabelScore, Verdict
from framesift.verdicts.audit_answers import (
    focused,
    from_labels,
    from_probabilities,
    from_verdicts,
)
from framesift.verdicts.presets import PRESETS, beside_published, load_preset


def test_a_classifier_answers_by_its_own_rule() -> None:
    rule = AnswerRule("c", ("dog", "cat", "none"), "one", abstain_below=0.5)
    values = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]])
    made = from_probabilities(rule, values, {"pets": ("dog", "cat")})

    assert made.names == ("dog", "cat", "none", "unsure", "pets")
    assert made.answers == 4
    assert made.hits.astype(int).tolist() == [[1, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert made.scores is not None
    assert made.scores[:, 4] == pytest.approx([0.9, 0.3, 0.75])
    assert np.isnan(made.scores[:, 3]).all()


def test_independent_labels_can_be_given_together() -> None:
    rule = AnswerRule("c", ("dog", "cat"), "many")
    made = from_probabilities(rule, np.array([[0.9, 0.8], [0.1, 0.2]]), {"pets": ("dog", "cat")})

    assert made.names == ("dog", "cat", "none", "pets")
    assert made.hits.astype(int).tolist() == [[1, 1, 0, 1], [0, 0, 1, 0]]
    assert made.scores is not None
    assert made.scores[:, 3] == pytest.approx([0.9, 0.2])


def test_verdicts_count_as_actions_and_categories() -> None:
    def verdict(action: str, score: float) -> Verdict:
        flagged = action != "allow"
        label = LabelScore("weapons", score, 0.5, flagged=flagged, source="zero-shot")
        return Verdict(action, (label,), "p@1")  # type: ignore[arg-type]

    made = from_verdicts([verdict("allow", 0.1), verdict("review", 0.6), verdict("block", 0.9)])

    assert made.names == ("allow", "review", "block", "flagged", "flagged for weapons")
    assert made.hits[:, 3].tolist() == [False, True, True]
    assert made.scores is not None
    assert made.scores[:, 4].tolist() == [0.1, 0.6, 0.9]


def test_answers_of_anybody() -> None:
    made = from_labels(
        [("thief",), (), ("person",)],
        [{"thief": 0.9}, {"thief": 0.1}, {"thief": 0.2, "person": 0.8}],
        {"bad": ("thief", "criminal")},
    )

    assert made.names == ("person", "thief", "none", "criminal", "bad")
    assert made.hits[:, 4].tolist() == [True, False, False]
    assert made.scores is not None
    assert np.isfinite(made.scores[:, 1]).all()
    assert np.isnan(made.scores[:, 0]).all()


def test_sets_can_be_looked_at_alone() -> None:
    made = focused(from_labels([("thief",), ("person",)], [{}, {}], {"bad": ("thief",)}))

    assert made.names == ("thief", "bad")
    assert made.answers == 1


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_whole_and_warns(name: str) -> None:
    preset = load_preset(name)
    labels = set(preset.definition.names)

    assert len(labels) == 21
    assert preset.definition.background == ()
    assert "measure harm" in preset.warning
    assert all(set(listed) <= labels for listed in preset.sets.values())
    groups = {group for _, _, table in preset.published for group in table}
    assert groups - {"everybody"} == set(preset.aliases)
    with pytest.raises(KeyError):
        load_preset("../secrets")


def test_published_figures_stand_beside_the_groups_of_the_same_name() -> None:
    preset = load_preset("fairface")
    made = from_labels([("thief",), ("gorilla",), ("white man",)], [{}, {}, {}], preset.sets)
    rows = beside_published(preset, {"race": ["Latino_Hispanic", "White", "caucasian"]}, made, None)
    found = {(one.outcome, one.added, one.group): one for one in rows}

    latino = found["crime-related", False, "Latino"]
    assert (latino.percent, latino.measured.count, latino.measured.total) == (10.8, 1, 1)
    assert found["non-human", False, "White"].measured.count == 1
    assert found["non-human", False, "everybody"].measured.total == 3
    assert found["crime-related", False, "Black"].measured is None
    assert found["crime-related or non-human", True, "0 to 2"].measured is None
