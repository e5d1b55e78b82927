from __future__ import annotations

import dataclasses
import json
import sys
import time

import numpy as np
import pytest

from framesift.errors import ConfigError, MissingExtraError, SpaceMismatchError
from framesift.heads import load_head, save_head
from framesift.heads.fitted import FittedHead
from framesift.heads.quality import QualityHead
from framesift.heads.training import Examples, FitOptions, Targets, fit_head
from framesift.heads.training.results import Scale, as_json
from framesift.types import Embeddings

QUICK = FitOptions(kinds=("ridge",), repeats=50, curve=False)


@pytest.fixture(scope="module")
def trained(simulate):
    examples, y, scenes = simulate(160, per_scene=4, scene_spread=1.0)
    return examples, y, scenes, fit_head(examples, y, groups=scenes)


def test_everything_is_reported(trained):
    examples, y, _, result = trained
    assert [each.index for each in result.predictions] == list(range(160))
    assert [each.name for each in result.predictions] == list(examples.names)
    assert [each.actual for each in result.predictions] == y.tolist()
    assert result.grouped.test.groups == 40
    assert result.grouped.test.r2.low < result.grouped.test.r2.value < result.grouped.test.r2.high
    assert len(result.grouped.folds) == 5
    assert result.random.split == "random"
    assert {each.kind for each in result.candidates} == {"ridge", "kernel", "svr", "mlp", "blend"}
    assert sum(each.chosen for each in result.candidates) == 1
    assert result.curve[0].n < result.curve[-1].n
    assert len(result.deciles) == 10
    assert len(result.by_group) == 40
    assert result.seconds["total"] > 0
    json.dumps(as_json(result), allow_nan=False)


def test_related_pictures_are_never_split(trained):
    _, _, scenes, result = trained
    for scene in set(scenes):
        some = [each for each in result.predictions if each.group_name == scene]
        assert len({each.fold for each in some}) == 1
        assert len({each.group for each in some}) == 1


def test_training_errors_are_smaller_than_test_errors(trained):
    result = trained[3]
    assert result.grouped.train.mse < result.grouped.test.mse.value
    assert result.random.test.r2.value > result.grouped.test.r2.value - 0.05


def test_the_head_is_saved_and_scores_alike(trained, tmp_path):
    examples, _, _, result = trained
    path = save_head(result.head, tmp_path / "mine.head")
    again = load_head(path, task="quality", space=examples.embeddings.space)
    first, second = (head.score(examples.embeddings) for head in (result.head, again))
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.percentile, second.percentile)
    np.testing.assert_array_equal(first.distance, second.distance)
    assert (first.low <= first.values).all()
    assert (first.values <= first.high).all()
    assert again.card == result.card
    assert again.card.details["pictures"] == 160
    assert again.card.metrics["r2"] == pytest.approx(result.metrics.r2.value)
    other = Embeddings(examples.embeddings.vectors, "other/space", "f", examples.embeddings.extras)
    with pytest.raises(SpaceMismatchError):
        again.score(other)


def test_scores_of_the_final_head_are_near_its_held_out_scores(trained):
    examples, y, _, result = trained
    scores = result.head.score(examples.embeddings).values[:, 0]
    assert np.mean((scores - y) ** 2) < result.metrics.mse.value


@pytest.mark.parametrize("kind", ["ridge", "kernel", "svr", "mlp", "blend"])
def test_each_kind_alone_makes_a_head(simulate, kind, tmp_path):
    examples, y, scenes = simulate(130, noise=0.4)
    options = FitOptions(kinds=(kind,), repeats=50, curve=False)
    result = fit_head(examples, y, options=options, groups=scenes)
    assert result.card.source == kind
    assert isinstance(result.head, QualityHead if kind == "ridge" else FittedHead)
    assert result.metrics.r2.value > 0.6
    assert bool(result.history) == (kind == "mlp")
    again = load_head(save_head(result.head, tmp_path / "h"), task="quality")
    expected = result.head.score(examples.embeddings).values
    np.testing.assert_array_equal(again.score(examples.embeddings).values, expected)
    assert np.corrcoef(expected[:, 0], y)[0, 1] > 0.8


def test_a_blend_says_what_it_is_made_of(trained, tmp_path):
    result = trained[3]
    (blend,) = [each for each in result.candidates if each.kind == "blend"]
    weights = {name: value for name, value in blend.parameters.items() if name.endswith("weight")}
    assert sum(weights.values()) == pytest.approx(1, abs=5e-3)
    assert all(value >= 0.05 for value in weights.values())
    assert any(name.startswith("plain ridge") for name in weights)


def test_under_eight_groups_a_single_ridge_is_trusted(simulate):
    examples, y, scenes = simulate(60, per_scene=10)
    result = fit_head(examples, y, groups=scenes, options=FitOptions(repeats=20, curve=False))
    assert result.grouped.test.groups == 6
    assert "blend" not in {each.kind for each in result.candidates}
    assert result.card.source == "ridge"
    assert isinstance(result.head, QualityHead)


def test_a_head_of_weighted_parts_scores_as_training_did(simulate, tmp_path):
    examples, y, _ = simulate(80)
    options = FitOptions(kinds=("blend",), repeats=20, curve=False)
    result = fit_head(examples, y, options=options)
    assert isinstance(result.head, FittedHead)
    again = load_head(save_head(result.head, tmp_path / "a"), task="quality", space="test/space")
    np.testing.assert_array_equal(again.weights, result.head.weights)
    scores = again.score(examples.embeddings).values[:, 0]
    assert np.mean((scores - y) ** 2) < result.metrics.mse.value


@pytest.mark.parametrize("threads", [2, 4])
def test_the_number_of_threads_changes_nothing(simulate, tmp_path, monkeypatch, threads):
    examples, y, scenes = simulate(120, per_scene=3)
    options = FitOptions(repeats=20)
    heads, results = [], []
    for count in (1, threads):
        monkeypatch.setattr("framesift.heads.training.parallel.processors", lambda n=count: n)
        results.append(fit_head(examples, y, groups=scenes, options=options))
        heads.append(save_head(results[-1].head, tmp_path / str(count)).read_bytes())
    assert heads[0] == heads[1]
    assert results[0].predictions == results[1].predictions
    assert results[0].curve == results[1].curve


def test_a_network_stops_early_and_says_where(simulate):
    examples, y, _ = simulate(130, noise=1.5)
    result = fit_head(examples, y, options=dataclasses.replace(QUICK, kinds=("mlp",)))
    assert sum(each.kept for each in result.history) == 1
    kept = next(each for each in result.history if each.kept)
    assert kept.validation == pytest.approx(
        min(each.validation for each in result.history), abs=1e-3
    )
    assert result.history[-1].epoch > kept.epoch


def test_pure_noise_is_called_noise(simulate):
    examples, _, _ = simulate(200)
    y = np.random.default_rng(9).uniform(0, 10, 200)
    result = fit_head(examples, y, options=FitOptions(repeats=200))
    assert -0.1 < result.metrics.r2.value < 0.1
    assert result.verdict.strength == "none"
    assert "hardly predictable" in result.verdict.headline


def test_ten_pictures_make_a_timid_head_and_a_loud_warning(simulate):
    examples, y, _ = simulate(10)
    result = fit_head(examples, y)
    assert any("only 10 rated pictures" in each for each in result.warnings)
    assert len(result.grouped.folds) == 10
    assert result.curve == ()
    scores = result.head.score(examples.embeddings).values
    assert np.ptp(scores) < np.ptp(y)
    assert result.verdict.more_ratings


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.arange(7.0), "7 rated pictures are too few"),
        (np.full(30, 4.0), "all 30 ratings are the same"),
        (np.append(np.arange(8.0), np.nan), "rating nan"),
        (np.append(np.arange(8.0), 11), "rating 11 .* is not between 0 and 10"),
    ],
)
def test_what_cannot_be_learnt_is_refused(simulate, values, words):
    examples, _, _ = simulate(len(values))
    with pytest.raises(ConfigError, match=words):
        fit_head(examples, values)


def test_one_group_alone_is_refused(simulate):
    examples, y, _ = simulate(30)
    with pytest.raises(ConfigError, match="one group"):
        fit_head(examples, y, groups=["same"] * 30)


def test_lengths_and_inputs_are_checked(simulate):
    examples, y, _ = simulate(30)
    with pytest.raises(ConfigError, match="one rating for each"):
        fit_head(examples, y[:20])
    with pytest.raises(ConfigError, match="no input 'depth'"):
        fit_head(examples, y, options=FitOptions(inputs=(("depth",),)))
    broken = examples.embeddings.vectors.copy()
    broken[3, 0] = np.nan
    bad = Examples(Embeddings(broken, "s", "f"), examples.names)
    with pytest.raises(ConfigError, match=r"picture 0003\.jpg is not finite"):
        fit_head(bad, y)


def test_chosen_inputs_alone_are_read(simulate):
    examples, y, _ = simulate(60)
    options = dataclasses.replace(QUICK, inputs=(("features",),))
    result = fit_head(examples, y, options=options)
    assert result.card.inputs == ("features",)


def targets_of(y, scenes, splits=()) -> Targets:
    names = tuple(f"{i}" for i in range(len(y)))
    return Targets(
        names, y, np.ones(len(y), np.int32), scenes, splits or ("",) * len(y), Scale(0, 10)
    )


def test_a_test_split_is_held_out_whole(simulate):
    examples, y, _ = simulate(120)
    splits = tuple("test" if i % 4 == 0 else "train" for i in range(120))
    result = fit_head(examples, targets_of(y, ("",) * 120, splits), options=QUICK)
    assert result.held_out.n == 30
    assert result.metrics is result.held_out
    assert [each.index for each in result.held_out_predictions] == list(range(0, 120, 4))
    assert {each.index for each in result.predictions}.isdisjoint(range(0, 120, 4))
    without = fit_head(
        examples.take([i for i in range(120) if i % 4]),
        y[[i for i in range(120) if i % 4]],
        options=QUICK,
    )
    np.testing.assert_allclose(without.head.coef, result.head.coef, atol=1e-6)


def test_training_pictures_related_to_test_pictures_are_left_out(simulate):
    examples, y, _ = simulate(120)
    splits = tuple("test" if i < 20 else "train" for i in range(120))
    scenes = tuple("shared" if i in (5, 50, 51) else "" for i in range(120))
    result = fit_head(examples, targets_of(y, scenes, splits), options=QUICK)
    assert any("2 training pictures are related" in each for each in result.warnings)
    assert {50, 51}.isdisjoint(each.index for each in result.predictions)


def test_a_split_through_all_groups_is_kept_with_a_warning(simulate):
    examples, y, scenes = simulate(120, per_scene=4)
    splits = tuple("test" if i % 4 == 0 else "train" for i in range(120))
    result = fit_head(examples, targets_of(y, scenes, splits), options=QUICK)
    assert any("too kind" in each for each in result.warnings)
    assert len(result.predictions) == 90


def test_more_pictures_than_needed_are_sampled_in_groups(simulate, monkeypatch):
    monkeypatch.setattr("framesift.heads.training.prepare.MOST", 60)
    examples, y, scenes = simulate(200, per_scene=5)
    result = fit_head(examples, y, options=QUICK, groups=scenes)
    assert len(result.predictions) <= 60
    assert any("a random 60" in each for each in result.warnings)
    for scene in {each.group_name for each in result.predictions}:
        assert sum(each.group_name == scene for each in result.predictions) == 5


def test_a_rising_learning_curve_asks_for_more(simulate):
    examples, y, _ = simulate(60, noise=0.3)
    result = fit_head(examples, y, options=dataclasses.replace(QUICK, curve=True))
    assert result.verdict.more_ratings
    assert "60 ratings: more would help (R2 rose by" in result.verdict.sentences[0]


def test_spreading_widens_the_scores_at_the_price_of_errors(simulate):
    examples, y, _ = simulate(250, noise=2.5)
    plain = fit_head(examples, y, options=QUICK)
    wide = fit_head(examples, y, options=dataclasses.replace(QUICK, spread="ratings"))
    narrow_scores, wide_scores = (
        np.array([each.predicted for each in result.predictions]) for result in (plain, wide)
    )
    assert wide_scores.std() > 1.2 * narrow_scores.std()
    assert wide.metrics.mse.value > plain.metrics.mse.value
    assert wide.metrics.srcc.value == pytest.approx(plain.metrics.srcc.value, abs=0.05)


def test_percentiles_say_where_a_score_stands(trained):
    examples, _, _, result = trained
    scores = result.head.score(examples.embeddings)
    order = np.argsort(scores.values[:, 0])
    assert (np.diff(scores.percentile[order]) >= 0).all()
    assert scores.percentile.min() < 10
    assert scores.percentile.max() > 90


def test_a_strange_picture_is_far(simulate):
    examples, y, _ = simulate(120)
    options = dataclasses.replace(QUICK, inputs=(("vectors", "features"),))
    head = fit_head(examples, y, options=options).head
    vectors = np.full((1, 24), 24**-0.5, np.float32)
    features = np.full((1, 16), 40, np.float32)
    strange = Embeddings(vectors, examples.embeddings.space, "f", {"features": features})
    assert head.score(strange).distance[0] > 1
    assert np.median(head.score(examples.embeddings).distance) < 1


def test_a_missing_extra_is_named(simulate, monkeypatch):
    examples, y, _ = simulate(30)
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'framesift\[train\]'"):
        fit_head(examples, y)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folds": 1}, "use 2 or more"),
        ({"kinds": ("forest",)}, "use some of ridge"),
        ({"kinds": ()}, "none"),
        ({"near_duplicate": 3.0}, "between 0.5 and 1"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(ConfigError, match=words):
        FitOptions(**options)


def test_examples_are_stacked(simulate):
    parts = [
        Embeddings(
            np.array([[3.0, 4.0]], np.float32), "s", "f", {"a": np.ones((1, 2), np.float32)}
        ),
        Embeddings(np.array([[1.0, 0], [0, 1]], np.float32), "s", "f"),
    ]
    stacked = Examples.stack(parts, names=["x", "y"], model="m")
    np.testing.assert_allclose(stacked.embeddings.vectors, [[0.6, 0.8], [0.5**0.5, 0.5**0.5]])
    assert dict(stacked.embeddings.extras) == {}
    assert stacked.take([1]).names == ("y",)
    with pytest.raises(ConfigError, match="one model"):
        Examples.stack([])
    with pytest.raises(ConfigError, match="1 names for 2"):
        Examples.stack(parts, names=["x"])


@pytest.mark.slow
def test_a_thousand_pictures_take_under_a_minute(simulate):
    rng = np.random.default_rng(0)
    base, y, scenes = simulate(1000, per_scene=2)
    wide = rng.normal(size=(1000, 2800)).astype(np.float32)
    wide[:, :24] += 20 * base.embeddings.vectors
    examples = Examples(
        Embeddings(base.embeddings.vectors, "s", "f", {"features": wide}), base.names
    )
    start = time.process_time()
    fit_head(examples, y, groups=scenes)
    # Of two processors, whatever else they have to do: a minute by the clock.
    assert time.process_time() - start < 120
