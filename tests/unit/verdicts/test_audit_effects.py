"""One more label, other words: paired, group by group."""

from __future__ import annotations

import numpy as np
import pytest

from framesift.verdicts.audit_effects import label_effect, wording_effect
from framesift.verdicts.audit_results import Answers, AuditOptions

QUICK = AuditOptions(resamples=99, intersections=False)


def answers(labels: list[str], names: tuple[str, ...], *, sets: bool = True) -> Answers:
    hits = np.array([[label == name for name in names] for label in labels])
    if not sets:
        return Answers(names, hits, None, len(names), {})
    bad = hits[:, [names.index("thief")]]
    return Answers(
        (*names, "bad"), np.concatenate([hits, bad], axis=1), None, len(names), {"bad": ("thief",)}
    )


def test_a_label_that_takes_what_was_demeaning() -> None:
    # Ten children and ten adults; six children were thieves before, none after.
    group = ["child"] * 10 + ["adult"] * 10
    before = ["thief"] * 6 + ["person"] * 4 + ["thief"] * 2 + ["person"] * 8
    after = ["kid"] * 9 + ["person"] + ["thief"] * 2 + ["person"] * 8
    effect = label_effect(
        answers(before, ("person", "thief")),
        answers(after, ("person", "thief", "kid")),
        {"age": group},
        options=QUICK,
    )
    adult, child = effect.groups

    assert effect.added == ("kid",)
    assert effect.taken.count == 9
    assert (child.before.count, child.after.count) == (6, 0)
    assert child.change.high < 0
    # Six changes of one kind and none of the other: 2 x 0.5^6, and Holm over two groups.
    assert child.p == pytest.approx(2 / 64)
    assert child.adjusted == pytest.approx(4 / 64)
    assert adult.p == 1
    assert effect.spreads[0].before == pytest.approx(0.4)
    assert effect.spreads[0].after == pytest.approx(0.2)
    assert effect.spreads[0].change.value == pytest.approx(-0.2)


def test_without_sets_every_label_is_compared() -> None:
    one = answers(["person", "thief"], ("person", "thief"), sets=False)
    effect = label_effect(one, one, {"g": ["x", "y"]}, options=QUICK)

    assert {change.outcome for change in effect.groups} == {"person", "thief"}
    assert effect.spreads == ()


def test_other_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="same pictures"):
        label_effect(
            answers(["thief"], ("thief",)), answers(["thief"] * 2, ("thief",)), {"g": ["x"]}
        )


def test_a_disparity_that_turns_with_the_wording() -> None:
    group = ["x"] * 40 + ["y"] * 40
    one = answers(["thief"] * 30 + ["person"] * 50, ("person", "thief"))
    same = answers(["thief"] * 28 + ["person"] * 52, ("person", "thief"))
    other = answers(["person"] * 50 + ["thief"] * 30, ("person", "thief"))
    effect = wording_effect(
        {"as it is": one, "alike": same, "turned": other}, {"g": group}, options=QUICK
    )
    x = next(change for change in effect.groups if change.group == "x")

    assert effect.changed == pytest.approx((0, 2 / 80, 60 / 80))
    assert effect.shares == {"bad": pytest.approx((30 / 80, 28 / 80, 30 / 80))}
    assert (x.flips, x.reversed) == (1, True)
    assert [round(span.value, 2) for span in x.differences] == [0.75, 0.7, -0.75]
