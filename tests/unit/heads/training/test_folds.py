from __future__ import annotations

import numpy as np

from framesift.heads.training.folds import canonical_order, grouped_folds, numbered, strata_of


def test_numbers_follow_first_appearance():
    assert numbered(np.array([7, 3, 7, 9, 3])).tolist() == [0, 1, 0, 2, 1]


def test_folds_are_even_in_size_and_strata():
    rng = np.random.default_rng(0)
    values = rng.normal(size=500)
    folds = grouped_folds(strata_of(values, 5), np.arange(500, dtype=np.int32), 5, seed=0)
    assert np.ptp(np.bincount(folds)) <= 8
    means = [values[folds == fold].mean() for fold in range(5)]
    assert np.ptp(means) < 0.15


def test_groups_of_very_different_size():
    groups = np.repeat(np.arange(6), [100, 3, 3, 3, 3, 3]).astype(np.int32)
    folds = grouped_folds(np.zeros(len(groups), np.int32), groups, 4, seed=0)
    assert set(folds) == {0, 1, 2, 3}
    for group in range(6):
        assert len(set(folds[groups == group])) == 1


def test_every_fold_gets_a_group_even_if_groups_are_few():
    groups = np.array([0, 0, 0, 0, 1, 2], np.int32)
    assert set(grouped_folds(np.zeros(6, np.int32), groups, 10, seed=3)) == {0, 1, 2}


def test_the_seed_decides():
    groups = np.arange(50, dtype=np.int32)
    strata = np.zeros(50, np.int32)
    first = grouped_folds(strata, groups, 5, seed=1)
    assert (first == grouped_folds(strata, groups, 5, seed=1)).all()
    assert (first != grouped_folds(strata, groups, 5, seed=2)).any()


def test_constant_values_have_one_stratum():
    assert len(set(strata_of(np.ones(40), 5))) == 1


def test_the_canonical_order_depends_on_content_alone():
    rows = [bytes([i, i * 3 % 7]) for i in range(20)]
    order = canonical_order(rows)
    back = canonical_order(rows[::-1])
    assert [rows[i] for i in order] == [rows[::-1][i] for i in back]
