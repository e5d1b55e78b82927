"""Lists of known pictures: read with care, matched by content and by what they show."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from framesift.errors import PolicyError
from framesift.policies import HashList, HashLists, Policy, decide
from framesift.policies.lists import ALLOWED
from framesift.types import Signal

SHA = hashlib.sha256(b"a picture").hexdigest()
OTHER = hashlib.sha256(b"another").hexdigest()


def bits(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, 256, dtype=np.uint8)


def hexed(pattern: np.ndarray) -> str:
    return np.packbits(pattern).tobytes().hex()


def flipped(pattern: np.ndarray, count: int, seed: int = 9) -> np.ndarray:
    where = np.random.default_rng(seed).permutation(256)[:count]
    changed = pattern.copy()
    changed[where] ^= 1
    return changed


@pytest.fixture
def load(tmp_path):
    def make(text: str | bytes, name: str = "known.txt") -> HashList:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return HashList.load([path])

    return make


def test_a_list_has_hashes_comments_and_empty_lines(load):
    upper = f"  {SHA.upper()}   # reported on Monday\r\n"
    known = load(f"\ufeff# ours\n\n{upper}pdq:{hexed(bits())}\n{SHA}\n")
    assert len(known) == 2
    assert known.exact == {bytes.fromhex(SHA)}
    assert known.perceptual.shape == (1, 4)
    assert len(load("")) == 0


@pytest.mark.parametrize(
    "line", ["zz", SHA[:-1], SHA + "0", f"sha:{SHA}", f"pdq:{SHA[:-2]}", "\x00" * 64, "é" * 64]
)
def test_a_line_that_is_no_hash_is_named(load, tmp_path, line):
    with pytest.raises(PolicyError, match=r"line 3, .*is no hash; write a sha256") as caught:
        load(f"# two good lines\n{SHA}\n{line}\n{OTHER}\n")
    assert caught.value.source == str(tmp_path / "known.txt")


def test_a_list_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(PolicyError, match="No such file or directory"):
        HashList.load([tmp_path / "none.txt"])
    with pytest.raises(PolicyError, match="the list cannot be read"):
        HashList.load([tmp_path])


def test_a_known_file_is_found_by_its_content(load):
    lists = HashLists(load(SHA), load(OTHER))
    found = lists.match(SHA, None)
    assert (found.category, found.score, found.source, found.part) == (
        "block_list",
        1.0,
        "list",
        "list",
    )
    assert found.evidence.prompt == SHA
    assert lists.match(OTHER.upper(), None) == "allow"
    assert lists.match("0" * 64, bits()) is None
    assert lists.match(None, None) is None


@pytest.mark.parametrize(("changed", "known"), [(0, True), (31, True), (32, False), (128, False)])
def test_a_picture_is_known_up_to_the_distance(load, changed, known):
    lists = HashLists(load(f"pdq:{hexed(bits(1))}\npdq:{hexed(bits(2))}"))
    found = lists.match(OTHER, flipped(bits(2), changed))
    assert (found is not None) == known
    if found:
        assert found.evidence.prompt == f"pdq:{hexed(bits(2))} (distance {changed})"


def test_an_allowed_picture_must_not_differ_unless_the_policy_says_so(load):
    known = load(f"pdq:{hexed(bits())}")
    assert HashLists(allow=known).match(SHA, bits()) == "allow"
    assert HashLists(allow=known).match(SHA, flipped(bits(), 1)) is None
    assert HashLists(allow=known, allow_distance=4).match(SHA, flipped(bits(), 4)) == "allow"


def test_the_block_list_wins(load):
    both = load(f"{SHA}\npdq:{hexed(bits())}")
    for match in (
        HashLists(both, both).match(SHA, None),
        HashLists(both, both).match(OTHER, bits()),
    ):
        assert isinstance(match, Signal)


def test_distances_outside_the_range_are_refused():
    for wrong in ({"distance": -1}, {"distance": 129}, {"allow_distance": 129}):
        with pytest.raises(PolicyError, match="write bits from 0 to 128"):
            HashLists(**wrong)


@pytest.mark.parametrize("wrong", [bits()[:255], bits() + 1, bits().reshape(2, 128)])
def test_a_perceptual_hash_is_256_bits(load, wrong):
    with pytest.raises(ValueError, match="256 times 0 or 1"):
        HashLists(load(f"pdq:{hexed(bits())}")).match(SHA, wrong)


def test_all_distances_are_those_of_plain_counting(load):
    patterns = [bits(seed) for seed in range(40)]
    known = load("\n".join(f"pdq:{hexed(pattern)}" for pattern in patterns))
    asked = bits(99)
    nearest = HashLists(known, distance=128).match(None, asked)
    expected = min(int((pattern != asked).sum()) for pattern in patterns)
    assert nearest.evidence.prompt.endswith(f"(distance {expected})")


def test_the_digest_counts_entries_and_not_how_they_are_written(load):
    first = HashLists(load(f"{SHA}\n{OTHER}\npdq:{hexed(bits())}"))
    second = HashLists(load(f"# c\npdq:{hexed(bits())}\n{OTHER.upper()}\n{SHA}\n{SHA}"))
    assert first == second
    assert hash(first) == hash(second)
    for other in (
        HashLists(load(SHA)),
        HashLists(allow=first.block),
        HashLists(first.block, distance=30),
        HashLists(first.block, allow_distance=1),
    ):
        assert other != first
    assert first
    assert not HashLists()
    assert first.perceptual
    assert not HashLists(load(SHA)).perceptual


def test_a_policy_reads_its_lists_from_its_own_folder_and_hashes_them(tmp_path, monkeypatch):
    folder = tmp_path / "team"
    (folder / "lists").mkdir(parents=True)
    (folder / "lists" / "bad.txt").write_text(f"{SHA}\n")
    (folder / "lists" / "more.txt").write_text(f"pdq:{hexed(bits())}\n")
    path = folder / "policy.toml"
    path.write_text(
        'name = "x"\n[categories.gore]\nreview = 0.5\n'
        '[lists]\nblock = ["lists/bad.txt", "lists/more.txt"]\ndistance = 20\n'
    )
    monkeypatch.chdir("/")
    policy = Policy.load(path)
    assert len(policy.lists.block) == 2
    assert policy.lists.distance == 20
    assert policy == Policy.load(path)
    (folder / "lists" / "bad.txt").write_text(f"# nothing new\n{SHA}\n")
    assert Policy.load(path).hash == policy.hash
    (folder / "lists" / "bad.txt").write_text(f"{OTHER}\n")
    assert Policy.load(path).hash != policy.hash
    (folder / "lists" / "bad.txt").write_text("# nothing\nnothing\n")
    with pytest.raises(PolicyError, match="line 2, 'nothing'") as caught:
        Policy.load(path)
    assert Path(caught.value.source).name == "bad.txt"


def test_what_stands_on_a_list_is_decided_before_any_score(load):
    policy = Policy.default()
    quiet = [Signal(name, 0.0, "zero-shot") for name in policy.rules]
    found = HashLists(load(SHA)).match(SHA, None)
    verdict = decide([*quiet, found], policy)
    assert verdict.action == "block"
    assert verdict.labels[-1].name == "block_list"
    assert (verdict.labels[-1].part, verdict.labels[-1].flagged) == ("list", True)
    assert verdict.labels[-1].evidence.prompt == SHA

    allowed = decide([ALLOWED], policy, parts=())
    assert allowed.action == "allow"
    assert [(label.name, label.part) for label in allowed.labels] == [("allow_list", "list")]
    # The list speaks for the picture alone: what its caption says is judged as ever.
    loud = Signal("harassment", 1.0, "text", "caption")
    assert decide([ALLOWED, loud], policy, parts=("caption",)).action == "review"


@pytest.mark.slow
def test_a_million_entries_are_read_and_searched_quickly(tmp_path):
    rng = np.random.default_rng(5)
    half = 500_000
    raw = rng.integers(0, 256, (2 * half, 32), dtype=np.uint8).tobytes().hex()
    rows = [raw[64 * i : 64 * i + 64] for i in range(2 * half)]
    path = tmp_path / "million.txt"
    path.write_text("\n".join([*rows[:half], *(f"pdq:{row}" for row in rows[half:])]))
    start = time.perf_counter()
    lists = HashLists(HashList.load([path]))
    assert time.perf_counter() - start < 30
    assert len(lists.block) == 2 * half
    asked = np.unpackbits(np.frombuffer(bytes.fromhex(rows[-1]), dtype=np.uint8))
    start = time.perf_counter()
    assert lists.match(rows[0], None) is not None
    assert lists.match("0" * 64, flipped(asked, 31)) is not None
    assert lists.match("0" * 64, bits(1)) is None
    assert time.perf_counter() - start < 3
