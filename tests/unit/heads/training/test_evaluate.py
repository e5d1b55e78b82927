from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from scipy import stats

from framesift.errors import ConfigError, HeadError, SpaceMismatchError
from framesift.heads import HeadCard, QualityHead
from framesift.heads.quality import QualityCurve
from framesift.heads.training import FitOptions, compare_heads, evaluate_head, fit_head
from framesift.heads.training.compare import swap_test, williams_p
from framesift.heads.training.results import as_json

QUICK = FitOptions(kinds=("ridge",), repeats=100, curve=False)


def linear(examples, coef, *, name="h", shift=0.0, width=2.0):
    card = HeadCard(name, "quality", examples.embeddings.space, high=10.0)
    curve = QualityCurve(residual_90=width)
    return QualityHead(
        card, np.asarray(coef, np.float32), np.array([5 + shift], np.float32), curve=curve
    )


@pytest.fixture(scope="module")
def world(simulate):
    """A good head, a slightly worse one and fresh pictures."""
    examples, y, scenes = simulate(400)
    fitted = fit_head(
        examples.take(range(200)),
        y[:200],
        options=dataclasses.replace(QUICK, inputs=(("vectors",),)),
    ).head
    coef = fitted.coef / fitted.standardiser.scale
    fresh = examples.take(range(200, 400))
    good = linear(fresh, coef, name="good", shift=-float(coef @ fitted.standardiser.mean))
    noisy = coef + np.random.default_rng(0).normal(0, np.abs(coef).mean() * 0.9, len(coef))
    worse = linear(fresh, noisy, name="worse")
    return fresh, y[200:], scenes[200:], good, worse


def test_a_head_is_measured(world):
    examples, y, scenes, good, _ = world
    found = evaluate_head(good, examples, y, groups=scenes, options=QUICK)
    scores = good.score(examples.embeddings).values[:, 0]
    assert found.metrics.mae.value == pytest.approx(np.abs(scores - y).mean(), abs=1e-5)
    assert found.metrics.srcc.value > 0.8
    assert found.bias.low < 0 < found.bias.high
    assert [each.fold for each in found.predictions] == [-1] * 200
    assert found.predictions[3].group_name == scenes[3]
    assert found.coverage.value == pytest.approx(np.mean(np.abs(scores - y) <= 2 + 1e-6), abs=0.02)
    assert found.head == "good"
    assert found.verdict.strength == "strong"
    json.dumps(as_json(found), allow_nan=False)


def test_a_wrong_scale_is_told_from_a_wrong_order(world):
    examples, y, _, good, _ = world
    shifted = linear(examples, good.coef * 0.5, name="shifted", shift=-3)
    found = evaluate_head(shifted, examples, y, options=QUICK)
    assert found.metrics.r2.value < 0
    assert found.recalibrated.r2.value > 0.6
    assert "matter of scale" in found.verdict.sentences[0]
    assert found.bias.value == pytest.approx(-3, abs=0.3)


def test_a_head_that_falls_is_not_turned_around(world):
    examples, y, _, good, _ = world
    found = evaluate_head(linear(examples, -good.coef), examples, y, options=QUICK)
    assert found.metrics.srcc.value < -0.5
    assert found.recalibrated.r2.value < 0.05
    assert found.verdict.strength == "none"


def test_a_constant_head_and_constant_ratings_go_on_with_warnings(world):
    examples, y, _, good, _ = world
    flat = evaluate_head(linear(examples, good.coef * 0), examples, y, options=QUICK)
    assert math.isnan(flat.metrics.srcc.value)
    assert any("same score" in each for each in flat.warnings)
    same = evaluate_head(good, examples, np.full(200, 5.0), options=QUICK)
    assert any("all ratings are the same" in each for each in same.warnings)
    json.dumps(as_json(same), allow_nan=False)


def test_refusals(world, simulate):
    examples, y, _, good, _ = world
    with pytest.raises(ConfigError, match="2 rated pictures are too few"):
        evaluate_head(good, examples.take([0, 1]), y[:2])
    other = dataclasses.replace(examples.embeddings, space="another")
    with pytest.raises(SpaceMismatchError):
        evaluate_head(good, dataclasses.replace(examples, embeddings=other), y)
    expert = linear(examples, good.coef)
    expert._card = dataclasses.replace(good.card, inputs=("depth",))
    with pytest.raises(HeadError, match="reads 'depth'"):
        evaluate_head(expert, examples, y)


def test_pictures_unlike_the_training_pictures_are_counted(world):
    examples, y, _, _, _ = world
    head = fit_head(examples, y, options=dataclasses.replace(QUICK, inputs=(("features",),))).head
    far = dataclasses.replace(
        examples.embeddings, extras={"features": examples.embeddings.extras["features"] + 30}
    )
    found = evaluate_head(head, dataclasses.replace(examples, embeddings=far), y, options=QUICK)
    assert any("unlike those the head was trained on" in each for each in found.warnings)
    assert all(each.distance > 1 for each in found.predictions)


def test_the_better_head_is_found(world):
    examples, y, scenes, good, worse = world
    a, b = (
        evaluate_head(head, examples, y, groups=scenes, options=QUICK) for head in (worse, good)
    )
    found = compare_heads(a, b)
    by_name = {each.name: each for each in found.differences}
    assert by_name["mae"].better == "b"
    assert by_name["mae"].difference.value == pytest.approx(by_name["mae"].b - by_name["mae"].a)
    assert by_name["mae"].p_value < 0.01
    assert by_name["srcc"].better == "b"
    assert found.wilcoxon_p < 0.01
    assert sum(found.wins) == 200
    assert found.wins[1] > found.wins[0]
    assert found.verdict.startswith("good is better")
    swapped = compare_heads(b, a)
    assert {each.better for each in swapped.differences} == {"a"}
    json.dumps(as_json(found), allow_nan=False)


def test_a_head_against_itself_is_undecided(world):
    examples, y, _, good, _ = world
    one = evaluate_head(good, examples, y, options=QUICK)
    found = compare_heads(one, one)
    assert {each.better for each in found.differences} == {"undecided"}
    assert found.wins == (0, 0, 200)
    assert math.isnan(found.wilcoxon_p)
    assert "may be chance" in found.verdict


def test_few_pictures_decide_little_and_say_so(world):
    examples, y, _, good, worse = world
    few = examples.take(range(10))
    a, b = (evaluate_head(head, few, y[:10], options=QUICK) for head in (worse, good))
    found = compare_heads(a, b)
    assert any("are few" in each for each in found.warnings)


def test_four_groups_prove_nothing_and_the_hint_is_said(world):
    examples, y, _, good, worse = world
    scenes = [f"scene {i % 4}" for i in range(len(y))]
    a, b = (
        evaluate_head(head, examples, y, groups=scenes, options=QUICK) for head in (worse, good)
    )
    found = compare_heads(a, b)
    (said,) = [each for each in found.warnings if "4 groups hardly" in each]
    assert "smallest p that swapping 4 groups can give is 0.12" in said
    assert "good better" in said
    assert {each.better for each in found.differences if each.name != "srcc"} <= {"undecided"}
    many = [f"scene {i % 6}" for i in range(len(y))]
    a, b = (evaluate_head(head, examples, y, groups=many, options=QUICK) for head in (worse, good))
    assert not any("hardly" in each for each in compare_heads(a, b).warnings)


def test_pictures_are_matched_by_name(world):
    examples, y, _, good, worse = world
    a = evaluate_head(good, examples.take(range(50)), y[:50], options=QUICK)
    order = list(range(60))[::-1]
    b = evaluate_head(worse, examples.take(order), y[order], options=QUICK)
    found = compare_heads(a, b)
    assert found.n == 50
    assert any("10 pictures were scored by one head alone" in each for each in found.warnings)
    with pytest.raises(ConfigError, match="different ratings"):
        compare_heads(a, evaluate_head(worse, examples, np.roll(y, 1), options=QUICK))
    with pytest.raises(ConfigError, match="0 pictures in common"):
        compare_heads(
            a, evaluate_head(worse, examples.take(range(90, 99)), y[90:99], options=QUICK)
        )


def test_the_swap_test_is_exact_for_few_groups_and_fair_for_many():
    assert swap_test(np.array([1.0, 1, 1]), np.arange(3)) == pytest.approx(2 / 8)
    assert swap_test(np.array([1.0, -1]), np.zeros(2, int)) == 1
    rng = np.random.default_rng(0)
    ps = [swap_test(rng.normal(size=30), np.arange(30), seed=i) for i in range(200)]
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert swap_test(rng.normal(1, 0.5, 30), np.arange(30)) < 0.01


def test_williams_holds_its_level_and_finds_differences():
    rng = np.random.default_rng(0)
    ps = []
    for _ in range(300):
        y = rng.normal(size=60)
        a, b = y + rng.normal(size=60), y + rng.normal(size=60)
        ps.append(williams_p(*(np.corrcoef(*pair)[0, 1] for pair in ((y, a), (y, b), (a, b))), 60))
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.035)
    assert stats.kstest(ps, "uniform").pvalue > 0.001
    assert williams_p(0.9, 0.5, 0.5, 60) < 1e-4
    assert williams_p(0.5, 0.5, 1.0, 60) == 1
    assert math.isnan(williams_p(0.9, float("nan"), 0.5, 60))
    assert math.isnan(williams_p(0.9, 0.5, 0.5, 3))
