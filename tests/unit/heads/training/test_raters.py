from __future__ import annotations

import time

import numpy as np
import pytest

from framesift.errors import ConfigError
from framesift.heads.training import RatingTable, align_ratings


def panel(pictures=200, raters=8, seed=0, share=0.6, noise=0.6):
    """Ratings of 0-10 by people with offsets, spreads and inconsistencies; not all rate all."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(3, 7, pictures)
    bias = rng.normal(0, 0.8, raters)
    spread = rng.uniform(0.6, 1.4, raters)
    own_noise = noise * rng.uniform(0.5, 2.0, raters)
    picture, rater = np.nonzero(rng.uniform(size=(pictures, raters)) < share)
    value = 5 + bias[rater] + spread[rater] * (truth[picture] - 5)
    value = np.clip(value + rng.normal(0, 1, len(picture)) * own_noise[rater], 0, 10)
    return table(picture, value, rater, pictures, raters), truth, bias, own_noise


def table(picture, rating, rater, pictures, raters) -> RatingTable:
    return RatingTable(
        "t.csv",
        tuple(f"{i}.jpg" for i in range(pictures)),
        ("",) * pictures,
        ("",) * pictures,
        np.asarray(picture, np.int32),
        np.asarray(rating, np.float64),
        np.asarray(rater, np.int32),
        tuple(f"r{i}" for i in range(raters)),
    )


def single(values) -> RatingTable:
    count = len(values)
    return table(np.arange(count), values, np.zeros(count), count, 1)


def test_one_rater_is_mapped_alone():
    targets = align_ratings(single([1, 3, 5]))
    assert targets.values.tolist() == [0, 5, 10]
    assert targets.agreement is None
    assert "1 to 5" in targets.warnings[0]


def test_a_given_scale_is_used_and_may_run_down():
    assert align_ratings(single([1, 2]), scale=(1, 3)).values.tolist() == [0, 5]
    assert align_ratings(single([1, 10]), scale=(10, 1)).values.tolist() == [10, 0]
    assert align_ratings(single([1, 2]), scale=(1, 3)).warnings == ()


@pytest.mark.parametrize("scale", [(1, 1), (0, float("nan"))])
def test_a_scale_of_one_number_is_refused(scale):
    with pytest.raises(ConfigError, match="worst first"):
        align_ratings(single([1, 2]), scale=scale)


def test_ratings_outside_a_given_scale_are_refused_with_the_picture():
    with pytest.raises(ConfigError, match=r"2 ratings lie outside.*7 of '1.jpg'"):
        align_ratings(single([3, 7, 9]), scale=(1, 5))


def test_alignment_comes_nearer_the_truth_than_plain_means():
    rated, truth, _, _ = panel()
    aligned = align_ratings(rated, scale=(0, 10)).values
    plain = align_ratings(rated, scale=(0, 10), align="none").values

    def error(values):
        return np.sqrt(np.mean((values - values.mean() - truth + truth.mean()) ** 2))

    assert error(aligned) < 0.9 * error(plain)
    assert np.corrcoef(aligned, truth)[0, 1] > np.corrcoef(plain, truth)[0, 1] + 0.01


def test_raters_are_described():
    rated, _, bias, noise = panel(share=0.9)
    agreement = align_ratings(rated, scale=(0, 10)).agreement
    found = {each.name: each for each in agreement.raters}
    biases = np.array([found[f"r{i}"].bias for i in range(len(bias))])
    assert np.corrcoef(biases, bias)[0, 1] > 0.95
    inconsistency = np.array([found[f"r{i}"].inconsistency for i in range(len(bias))])
    assert np.corrcoef(inconsistency, noise)[0, 1] > 0.8
    assert sum(each.n for each in agreement.raters) == len(rated.rating)


def test_a_rater_of_two_ratings_hardly_counts():
    rated, _truth, _, _ = panel(raters=5, share=1.0)
    odd = table([*rated.picture, 0, 1], [*rated.rating, 10, 10], [*rated.rater, 5, 5], 200, 6)
    values, before = (align_ratings(each, scale=(0, 10)).values for each in (odd, rated))
    assert np.abs(values[2:] - before[2:]).max() < 0.2


def test_the_ceiling_is_near_what_a_perfect_predictor_shows():
    rated, truth, _, _ = panel(pictures=600, raters=4, share=1.0, noise=1.5)
    targets = align_ratings(rated, scale=(0, 10))
    shown = np.corrcoef(targets.values, truth)[0, 1] ** 2
    assert targets.agreement.ceiling_r2 == pytest.approx(shown, abs=0.1)
    assert 0 < targets.agreement.icc < targets.agreement.reliability < 1
    assert targets.agreement.split_half_srcc == pytest.approx(
        targets.agreement.reliability, abs=0.1
    )


def test_raters_who_do_not_agree_are_reported():
    rng = np.random.default_rng(0)
    picture, rater = np.divmod(np.arange(400), 4)
    random = table(picture, rng.uniform(0, 10, 400), rater, 100, 4)
    targets = align_ratings(random, scale=(0, 10))
    assert any("hardly agree" in each for each in targets.warnings)


def test_raters_without_a_common_picture_are_reported():
    apart = table(range(6), [1, 5, 9, 2, 6, 8], [0, 0, 0, 1, 1, 1], 6, 2)
    targets = align_ratings(apart, scale=(0, 10))
    assert any("too few pictures" in each for each in targets.warnings)
    assert np.isfinite(targets.values).all()


def test_values_stay_on_the_scale():
    rated, *_ = panel(noise=3)
    values = align_ratings(rated, scale=(0, 10)).values
    assert values.min() >= 0
    assert values.max() <= 10


def test_an_unknown_way_to_align_is_refused():
    with pytest.raises(ConfigError, match="auto or none"):
        align_ratings(single([1, 2]), align="maybe")


def test_agreement_is_the_correlation_with_the_means_of_the_others():
    rated, *_ = panel(pictures=60, raters=7, share=0.4, seed=3)
    found = {each.name: each.agreement for each in align_ratings(rated).agreement.raters}
    sums = np.bincount(rated.picture, rated.rating, minlength=60)
    counts = np.bincount(rated.picture, minlength=60)
    for place, name in enumerate(rated.raters):
        rows = (rated.rater == place) & (counts[rated.picture] >= 2)
        picture, own = rated.picture[rows], rated.rating[rows]
        others = (sums[picture] - own) / (counts[picture] - 1)
        assert found[name] == pytest.approx(np.corrcoef(own, others)[0, 1])


def test_agreement_is_unknown_where_there_is_nothing_to_compare():
    rated, *_ = panel(pictures=30, raters=4, share=1.0)
    picture = [*rated.picture, *range(30), 0, 1]
    rating = [*rated.rating, *[7.3] * 30, 2, 8]
    rater = [*rated.rater, *[4] * 30, 5, 5]
    found = align_ratings(table(picture, rating, rater, 30, 7), scale=(0, 10)).agreement.raters
    by_name = {each.name: each for each in found}
    assert np.isnan(by_name["r4"].agreement)  # always the same rating
    assert np.isnan(by_name["r5"].agreement)  # two pictures
    assert by_name["r6"].n == 0
    assert [each.n for each in found] == sorted((each.n for each in found), reverse=True)


@pytest.mark.parametrize("raters", [200, 20_000])
def test_many_ratings_are_aligned_in_seconds(raters):
    rng = np.random.default_rng(0)
    count = 300_000
    many = table(
        rng.integers(0, 10_000, count),
        rng.integers(1, 6, count),
        rng.integers(0, raters, count),
        10_000,
        raters,
    )
    start = time.process_time()
    targets = align_ratings(many, scale=(1, 5))
    assert len(targets) == 10_000
    assert sum(each.n for each in targets.agreement.raters) == count
    # One pass for each rater would take over half a minute.
    assert time.process_time() - start < 15
