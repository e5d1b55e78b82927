from __future__ import annotations

import numpy as np
import pytest

from framesift.heads.training import Examples, FitOptions
from framesift.heads.training.groups import group_pictures, near_duplicates
from framesift.types import Embeddings


def examples(vectors, **more) -> Examples:
    rows = np.asarray(vectors, np.float32)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return Examples(Embeddings(rows, "s", "f"), **more)


def apart(count: int, dim: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim))


def groups_of(given: Examples, named=(), **options) -> list[int]:
    return group_pictures(given, named, FitOptions(**options)).groups.tolist()


def test_unrelated_pictures_stay_apart():
    assert groups_of(examples(apart(6))) == [0, 1, 2, 3, 4, 5]


def test_names_join_and_empty_names_do_not():
    assert groups_of(examples(apart(5)), ["x", "", "x", "", "y"]) == [0, 1, 0, 2, 3]


def test_equal_content_is_joined():
    given = examples(apart(3), names=("a", "b", "c"), sha256=("1", "2", "1"))
    assert groups_of(given) == [0, 1, 0]


def test_near_duplicates_are_joined_unless_turned_off():
    rows = apart(30)
    rows[7] = rows[2] + 0.02 * apart(1, seed=1)[0]
    given = examples(rows)
    found = groups_of(given)
    assert found[7] == found[2]
    assert len(set(found)) == 29
    assert len(set(groups_of(given, near_duplicate=None))) == 30


def test_chains_through_different_reasons_join():
    rows = apart(20)
    rows[1] = rows[0] * 1.001
    given = examples(
        rows,
        names=tuple(f"f/{i}.jpg" for i in range(20)),
        sha256=tuple("ab" * 10)[:1] * 1 + tuple(str(i) for i in range(19)),
    )
    found = groups_of(given, ["", "x", "x", *[""] * 17])
    assert found[0] == found[1] == found[2]
    assert found[3] != found[0]


def test_a_space_in_which_all_is_alike_does_not_make_one_group():
    angle = np.linspace(0, 1, 60)
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    grouping = group_pictures(examples(rows), (), FitOptions())
    assert np.bincount(grouping.groups).max() <= 30
    assert "so alike" in grouping.warnings[0]


def test_a_burst_by_time_within_one_folder():
    given = examples(
        apart(5),
        names=("a/1.jpg", "a/2.jpg", "b/3.jpg", "a/4.jpg", "a/5.jpg"),
        times=(10.0, 12.5, 11.0, 20.0, float("nan")),
    )
    assert groups_of(given) == [0, 0, 1, 2, 3]
    assert groups_of(given, burst_s=10.0) == [0, 0, 1, 0, 2]


def test_consecutive_names_need_some_likeness():
    rows = apart(12)
    rows[1] = rows[0] + 0.06 * apart(1, seed=3)[0] * np.linalg.norm(rows[0])
    cosine = float(np.dot(rows[0], rows[1]) / np.prod(np.linalg.norm(rows[:2], axis=1)))
    assert 0.92 < cosine < 0.97
    names = ("a/IMG_0001.jpg", "a/IMG_0002.jpg", *(f"a/IMG_{i:04d}.jpg" for i in range(3, 13)))
    found = groups_of(examples(rows, names=names))
    assert found[0] == found[1]
    assert len(set(found)) == 11
    other = ("a/IMG_0001.jpg", "b/IMG_0002.jpg", *names[2:])
    assert len(set(groups_of(examples(rows, names=other)))) == 12


def test_neighbours_are_found_across_blocks(monkeypatch):
    monkeypatch.setattr("framesift.heads.training.groups._BLOCK", 7)
    rows = apart(50, 64)
    rows[45] = rows[3]
    pairs, cosines = near_duplicates(rows.astype(np.float32), 0.95)
    assert pairs.tolist() == [[3, 45]]
    assert cosines[0] == pytest.approx(1.0, abs=1e-5)


def test_the_reasons_are_counted():
    given = examples(apart(4), sha256=("1", "1", "2", "3"))
    reasons = group_pictures(given, ["", "", "x", "x"], FitOptions()).reasons
    assert reasons["same file"] == 1
    assert reasons["group"] == 1
