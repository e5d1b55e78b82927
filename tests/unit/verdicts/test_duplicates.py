"""Duplicates: what is linked, how groups form, which one stays."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from framesift.embeddings.perceptual import mirrored_bits
from framesift.errors import ConfigError
from framesift.types import MediaInfo
from framesift.verdicts.duplicates import (
    KEEP,
    Candidate,
    Group,
    Looks,
    find_duplicates,
    keeper_of,
)
from framesift.verdicts.linking import BurstLinker, Limits, NearLinker, packed
from framesift.verdicts.stars import stars

if TYPE_CHECKING:
    from collections.abc import Iterator

NAN = math.nan


def candidate(number: int, sha: int | None = None, **facts: Any) -> Candidate:
    info = MediaInfo(
        facts.pop("path", f"pics/{number}.jpg"),
        f"{number if sha is None else sha:064x}",
        "image",
        "jpeg",
        *facts.pop("size", (10, 10)),
    )
    return Candidate(info, **facts)


def looks(bits: np.ndarray, vectors: np.ndarray, detail: int | np.ndarray = 100) -> Looks:
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    shape = (len(bits),)
    return Looks(
        packed(bits.astype(np.uint8)),
        np.broadcast_to(np.asarray(detail, np.uint8), shape).copy(),
        vectors.astype(np.float32),
    )


def base(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, (count, 256)).astype(np.uint8), rng.normal(size=(count, 32))


def flipped(bits: np.ndarray, count: int, start: int = 0) -> np.ndarray:
    changed = bits.copy()
    changed[start : start + count] ^= 1
    return changed


def found(candidates: list[Candidate], seen: Looks, **options: Any) -> list[tuple[str, set[int]]]:
    return [
        (group.kind, {group.keep, *group.others})
        for group in find_duplicates(candidates, seen, **options)
    ]


def test_the_three_kinds() -> None:
    bits, vectors = base(7)
    bits[1], bits[2] = bits[0], flipped(bits[0], 31)
    vectors[1], vectors[2] = vectors[0], vectors[0]
    vectors[4] = vectors[3]
    times = {3: 100.0, 4: 101.0, 5: 101.0}
    candidates = [candidate(i, 0 if i == 1 else None, taken_s=times.get(i, NAN)) for i in range(7)]
    seen = looks(bits, vectors)
    assert found(candidates, seen) == [("near", {0, 1, 2}), ("burst", {3, 4})]
    assert found(candidates, seen, kinds=frozenset({"exact"})) == [("exact", {0, 1})]
    group = find_duplicates(candidates, seen)[0]
    assert [(why.kind, why.bits) for why in group.why] == [("exact", None), ("near", 31)]
    burst = find_duplicates(candidates, seen)[1].why[0]
    assert (burst.kind, burst.seconds, burst.cosine) == ("burst", 1.0, 1.0)


@pytest.mark.parametrize(
    ("bits_apart", "same_look", "detail", "limits", "linked"),
    [
        (31, True, 100, {}, True),
        (32, True, 100, {}, False),
        (31, False, 100, {}, False),
        (96, True, 100, {"cut_outs": True}, True),
        (97, True, 100, {"cut_outs": True}, False),
        (96, True, 40, {"cut_outs": True}, False),
        (10, True, 69, {}, False),
        (10, True, 70, {}, True),
        (0, True, 0, {}, False),
        (12, True, 100, {"near_bits": 10}, False),
        (200, True, 100, {"cut_outs": True}, False),
    ],
)
def test_what_links_two_pictures(
    bits_apart: int, detail: int, limits: dict[str, Any], *, same_look: bool, linked: bool
) -> None:
    bits, vectors = base(2)
    bits[1] = flipped(bits[0], bits_apart)
    vectors[1] = vectors[0] if same_look else -vectors[0]
    groups = found(
        [candidate(0), candidate(1)], looks(bits, vectors, detail), limits=Limits(**limits)
    )
    assert bool(groups) == linked


def test_only_the_content_speaks_for_pictures_that_show_too_little() -> None:
    bits, vectors = base(3)
    bits[:], vectors[:] = bits[0], vectors[0]
    three = [candidate(0), candidate(1, 0), candidate(2)]
    assert found(three, looks(bits, vectors, 69)) == [("exact", {0, 1})]


def test_shots_of_different_times_are_no_cut_outs() -> None:
    bits, vectors = base(2)
    bits[1], vectors[1] = flipped(bits[0], 60), vectors[0]
    limits = Limits(cut_outs=True)
    for times, linked in (((NAN, 5.0), True), ((5.0, 5.4), True), ((5.0, 95.0), False)):
        pair = [candidate(i, taken_s=moment) for i, moment in enumerate(times)]
        kinds = frozenset(("exact", "near"))
        assert bool(found(pair, looks(bits, vectors), limits=limits, kinds=kinds)) == linked


def test_mirrored_copies_are_found_only_where_asked() -> None:
    bits, vectors = base(2)
    bits[1], vectors[1] = flipped(mirrored_bits(bits[0]), 20), vectors[0]
    pair, seen = [candidate(0), candidate(1)], looks(bits, vectors)
    assert not found(pair, seen)
    (group,) = find_duplicates(pair, seen, limits=Limits(mirrored=True))
    assert (group.why[0].bits, group.why[0].mirrored) == (20, True)


def test_a_chain_does_not_join_its_ends() -> None:
    """Each step is within the radius, the ends are not: no group may hold both."""
    bits, vectors = base(9)
    for i in range(1, 9):
        bits[i], vectors[i] = flipped(bits[i - 1], 20, 20 * i), vectors[0]
    groups = found([candidate(i) for i in range(9)], looks(bits, vectors))
    assert groups
    for _, members in groups:
        assert max(members) - min(members) <= 2


def test_bursts_keep_to_one_folder_and_camera() -> None:
    bits, vectors = base(4)
    vectors[:] = vectors[0]
    facts = [
        {"path": "a/1.jpg", "camera": "x"},
        {"path": "a/2.jpg", "camera": "x"},
        {"path": "b/3.jpg", "camera": "x"},
        {"path": "a/4.jpg", "camera": "y"},
    ]
    candidates = [candidate(i, taken_s=100.0, **one) for i, one in enumerate(facts)]
    assert found(candidates, looks(bits, vectors)) == [("burst", {0, 1})]


def test_a_long_series_is_cut_into_bursts() -> None:
    bits, vectors = base(20)
    vectors[:] = vectors[0]
    candidates = [candidate(i, taken_s=float(i)) for i in range(20)]
    groups = found(candidates, looks(bits, vectors), limits=Limits(burst_s=2))
    assert all(max(members) - min(members) <= 4 for _, members in groups)
    assert sum(len(members) for _, members in groups) >= 18


def test_the_order_of_the_pictures_does_not_matter() -> None:
    bits, vectors = base(60, 3)
    rng = np.random.default_rng(5)
    for i in range(60):
        origin = int(rng.integers(0, 8))
        bits[i] = flipped(bits[origin], int(rng.integers(0, 40)), int(rng.integers(0, 200)))
        vectors[i] = vectors[origin]
    candidates = [candidate(i, taken_s=float(rng.integers(0, 30))) for i in range(60)]
    seen = looks(bits, vectors)

    def names(order: list[int]) -> set[frozenset[str]]:
        chosen = [candidates[i] for i in order]
        some = seen.of(np.array(order))
        return {
            frozenset(chosen[i].info.path for i in (group.keep, *group.others))
            for group in find_duplicates(chosen, some)
        }

    wanted = names(list(range(60)))
    assert wanted
    for _ in range(5):
        assert names(rng.permutation(60).tolist()) == wanted


def brute(seen: Looks, limits: Limits) -> set[tuple[int, int]]:
    """Compare all pairs plainly, bit by bit."""
    bits = np.unpackbits(seen.hashes.astype("<u8").view(np.uint8), axis=1)
    pairs = set()
    for i, j in itertools.combinations(range(len(bits)), 2):
        apart = int((bits[i] != bits[j]).sum())
        cosine = float(seen.vectors[i] @ seen.vectors[j])
        alike = cosine >= limits.near_cosine
        flat = min(seen.detail[i], seen.detail[j]) < 70
        by_hash = apart <= limits.near_bits and cosine >= 0.25
        by_look = limits.cut_outs and apart <= limits.cut_bits and alike
        if not flat and (by_hash or by_look):
            pairs.add((i, j))
    return pairs


@pytest.mark.parametrize(("cut_outs", "indexed"), [(False, 1.0), (False, 0.0), (True, 1.0)])
def test_the_search_is_exact(
    monkeypatch: pytest.MonkeyPatch, indexed: float, *, cut_outs: bool
) -> None:
    """The index, and blocks of odd sizes, find just the pairs that comparing plainly finds."""
    monkeypatch.setattr("framesift.verdicts.linking._INDEXED", 100 * indexed)
    monkeypatch.setattr("framesift.verdicts.linking._MANY_PICTURES", 0)
    monkeypatch.setattr("framesift.verdicts.multiindex._MOST_AT_ONCE", 50)
    monkeypatch.setattr("framesift.verdicts.linking._ROWS", 3)
    monkeypatch.setattr("framesift.verdicts.linking._COLUMNS", 17)
    monkeypatch.setattr("framesift.verdicts.linking._PORTION", 13)
    rng = np.random.default_rng(1)
    bits, vectors = base(120, 2)
    for i in range(20, 120):
        origin = int(rng.integers(0, 20))
        bits[i] = flipped(bits[origin], int(rng.integers(0, 110)), int(rng.integers(0, 140)))
        vectors[i] = vectors[origin] + rng.choice([0, 0.2, 0.6, 2]) * vectors[i]
    seen = looks(bits, vectors, rng.choice([0, 69, 70, 100], 120, p=[0.05, 0.1, 0.05, 0.8]))
    limits = Limits(cut_outs=cut_outs)
    times = np.full(120, NAN)
    linker = NearLinker(seen.hashes, seen.detail, seen.vectors, limits, times=times)
    pairs = [(int(a), int(b)) for x, y in linker.pairs() for a, b in zip(x, y, strict=True)]
    wanted = brute(seen, limits)
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == wanted
    assert len(wanted) > 10
    for i in range(120):
        around = {b if a == i else a for a, b in wanted if i in (a, b)}
        assert set(linker.of(i).tolist()) == around
        assert all(linker.links(i, j) == (j in around) for j in range(120) if j != i)


def test_hashes_that_differ_in_every_bit() -> None:
    bits = np.array([[0] * 256, [1] * 256], np.uint8)
    seen = looks(bits, np.ones((2, 4)))
    linker = NearLinker(
        seen.hashes, seen.detail, seen.vectors, Limits(near_bits=128), times=np.full(2, NAN)
    )
    assert linker.bits(0, 1) == (256, False)
    assert not sum(len(a) for a, _ in linker.pairs())


def test_bursts_are_exact_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framesift.verdicts.linking._COLUMNS", 7)
    monkeypatch.setattr("framesift.verdicts.linking._PORTION", 40)
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(90, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    times = rng.choice([NAN, *range(12)], 90)
    series = rng.integers(0, 3, 90)
    linker = BurstLinker(series, times, vectors, Limits(burst_cosine=0.5))
    pairs = {
        (min(int(a), int(b)), max(int(a), int(b)))
        for x, y in linker.pairs()
        for a, b in zip(x, y, strict=True)
    }
    wanted = {
        (i, j)
        for i, j in itertools.combinations(range(90), 2)
        if series[i] == series[j]
        and abs(times[i] - times[j]) <= 2
        and vectors[i] @ vectors[j] >= 0.5
    }
    assert pairs == wanted
    for i in range(90):
        assert set(linker.of(i).tolist()) == {b if a == i else a for a, b in wanted if i in (a, b)}


class Pairs:
    """A graph, as a linker."""

    def __init__(self, count: int, pairs: set[tuple[int, int]]) -> None:
        self.count, self.all = count, pairs

    def __len__(self) -> int:
        return self.count

    def pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for a, b in sorted(self.all):
            yield np.array([a]), np.array([b])

    def of(self, item: int) -> np.ndarray:
        found = {b if a == item else a for a, b in self.all if item in (a, b)}
        return np.array(sorted(found), np.int64)


def test_stars_are_the_same_with_and_without_memory() -> None:
    rng = np.random.default_rng(0)
    for seed in range(20):
        pairs = {tuple(sorted(rng.choice(30, 2, replace=False).tolist())) for _ in range(5 * seed)}
        graph, rank = Pairs(30, pairs), rng.permutation(30)
        centre = stars(graph, rank)
        assert (stars(graph, rank, most_kept=3) == centre).all()
        for item, middle in enumerate(centre.tolist()):
            assert centre[middle] == middle
            assert item == middle or tuple(sorted((item, middle))) in pairs


def test_which_one_stays() -> None:
    candidates = [
        candidate(0, path="a/b/long.jpg", score=5.0, size_bytes=9, changed_s=30, taken_s=7.0),
        candidate(1, path="b.jpg", score=7.0, size_bytes=5, changed_s=20),
        candidate(2, path="a/c.jpg", score=7.00001, size=(20, 20), size_bytes=7, changed_s=10),
        candidate(3, path="d.jpg", score=9.0, partial=True, size=(90, 90), changed_s=1),
    ]
    kept = {keep: keeper_of([0, 1, 2, 3], candidates, keep) for keep in KEEP}
    assert kept == {
        "best": 2,
        "first": 0,
        "largest": 2,
        "oldest": 0,
        "newest": 1,
        "shortest-path": 1,
    }
    assert keeper_of([0, 1], [candidate(0), candidate(1, score=1.0)], "best") == 1
    assert keeper_of([0, 1], [candidate(0), candidate(1, others=("x",))], "best") == 1


@pytest.mark.parametrize(
    "wrong", [{"near_bits": -1}, {"near_cosine": 1.5}, {"burst_s": NAN}, {"cut_bits": 400}]
)
def test_limits_have_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is not between"):
        Limits(**wrong)


def test_nothing_has_no_duplicates() -> None:
    assert find_duplicates([], looks(np.zeros((0, 256)), np.zeros((0, 4)))) == []


def test_groups_are_told_in_words() -> None:
    from framesift.reports.duplicates import kept_because, plan_jsonl, why_in_words

    bits, vectors = base(3)
    bits[1], bits[2] = bits[0], flipped(bits[0], 5)
    vectors[:] = vectors[0]
    candidates = [candidate(0, score=4.0), candidate(1, 0, score=4.0), candidate(2, score=3.0)]
    (group,) = find_duplicates(candidates, looks(bits, vectors))
    assert isinstance(group, Group)
    assert kept_because(group, candidates, "best") == "best score, found first"
    assert kept_because(group, candidates, "oldest") == "oldest"
    assert [why_in_words(why) for why in group.why] == [
        "exact: the same content",
        "near: 5 of 256 bits differ, likeness 1.00",
    ]
    assert '"kind": "near"' in next(plan_jsonl([group], candidates))
