"""An index is what was added to it, whatever happens to its files and whoever else writes."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from framesift.embeddings.index import BrokenIndexError, IndexBuilder, VectorIndex
from framesift.embeddings.index.index import JOURNAL, shard_files

WIDTH = 24
PLACE = {"key": "model/d1", "width": WIDTH}


def build(folder: Path, media, *, shard_rows: int = 16, flush_every: int = 5) -> None:
    with IndexBuilder(folder, **PLACE, shard_rows=shard_rows) as builder:
        for number, (sha256, times, rows) in enumerate(media):
            builder.add(sha256, times, rows)
            if number % flush_every == 0:
                builder.flush()


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.iterdir() if not path.name.startswith("."))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def brute(media, query: np.ndarray, count: int) -> list[tuple[str, float]]:
    rows = [(sha256, float(row.astype(float) @ query)) for sha256, _, many in media for row in many]
    return sorted(rows, key=lambda row: -row[1])[:count]


def test_nothing_is_an_empty_index(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path / "none", **PLACE)
    assert len(index) == 0
    assert len(index.nearest(np.ones(WIDTH), 3)) == 0
    assert index.rows_of(["00" * 32])[1].tolist() == [False]


def test_rows_come_back_with_their_contents_and_times(tmp_path: Path, media) -> None:
    made = media(40)
    build(tmp_path, made)
    index = VectorIndex.open(tmp_path, **PLACE)
    assert len(index) == sum(len(rows) for _, _, rows in made)
    assert len(shard_files(tmp_path)) == len(index) // 16
    row = 0
    for sha256, times, rows in made:
        for time_s, vector in zip(times, rows, strict=True):
            assert (index.sha256(row), index.time(row)) == (sha256, time_s)
            np.testing.assert_array_equal(index.vectors(np.array([row]))[0], vector)
            row += 1
    _, complete = index.rows_of([sha256 for sha256, _, _ in made] + ["11" * 32])
    assert complete.tolist() == [True] * 40 + [False]


def test_the_nearest_are_those_of_comparing_with_every_vector(tmp_path: Path, media) -> None:
    made = media(200)
    build(tmp_path, made, shard_rows=64)
    index = VectorIndex.open(tmp_path, **PLACE)
    for seed in range(5):
        query = np.random.default_rng(seed).standard_normal(WIDTH)
        near = index.nearest(query, 10)
        expected = brute(made, query, 10)
        assert [index.sha256(row) for row in near.rows] == [sha256 for sha256, _ in expected]
        np.testing.assert_allclose(near.scores, [score for _, score in expected], atol=1e-12)


def test_how_it_was_flushed_leaves_no_trace(tmp_path: Path, media) -> None:
    made = media(50)
    build(tmp_path / "a", made, flush_every=1)
    build(tmp_path / "b", made, flush_every=50)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_what_is_there_is_not_added_again(tmp_path: Path, media) -> None:
    made = media(7)
    build(tmp_path, made)
    build(tmp_path, made)
    assert len(VectorIndex.open(tmp_path, **PLACE)) == sum(len(rows) for _, _, rows in made)


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    builder = IndexBuilder(tmp_path, **PLACE)
    for rows in (np.ones((1, WIDTH + 1)), np.ones((2, WIDTH)), np.full((1, WIDTH), np.nan)):
        with pytest.raises(ValueError, match="expected"):
            builder.add("00" * 32, (Fraction(0),), rows.astype(np.float32))
    with pytest.raises(ValueError, match="finite numbers"):
        VectorIndex.open(tmp_path, **PLACE).nearest(np.full(WIDTH, np.inf), 3)


@pytest.mark.parametrize("cut", [1, 60, 200, 300])
def test_a_journal_cut_anywhere_keeps_whole_media_and_goes_on(
    tmp_path: Path, media, cut: int
) -> None:
    made = media(6)
    build(tmp_path / "whole", made, shard_rows=100)
    build(tmp_path / "cut", made, shard_rows=100)
    journal = tmp_path / "cut" / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-cut])
    index = VectorIndex.open(tmp_path / "cut", **PLACE)
    _, complete = index.rows_of([sha256 for sha256, _, _ in made])
    lost = int((~complete).sum())
    assert lost >= 1
    assert complete.tolist() == [True] * (6 - lost) + [False] * lost
    build(tmp_path / "cut", made, shard_rows=100)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


@pytest.mark.parametrize("at", [5, 40, 4100, 4200, 6000, -4096, -1])
def test_a_shard_that_was_changed_anywhere_is_found_out(tmp_path: Path, media, at: int) -> None:
    made = media(30)
    build(tmp_path, made)
    path = shard_files(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)
    index = VectorIndex.open(tmp_path, **PLACE)
    if not index.broken:
        if bytes(data[at - 8 : at + 8] if at > 8 else data[:16]).count(0) > 12 or at < 0:
            return  # padding between two sections: nothing reads it
        with pytest.raises(BrokenIndexError) as caught:
            index.nearest(np.ones(WIDTH), 1000)
        assert caught.value.path == path
        broken = [path]
    else:
        broken = [path for path, _ in index.broken]
    builder = IndexBuilder(tmp_path, **PLACE, shard_rows=16)
    builder.drop(broken)
    build(tmp_path, made)
    index = VectorIndex.open(tmp_path, **PLACE)
    assert not index.broken
    assert index.rows_of([sha256 for sha256, _, _ in made])[1].all()
    near = index.nearest(np.ones(WIDTH), 1)
    assert index.sha256(near.rows[0]) == brute(made, np.ones(WIDTH), 1)[0][0]


def test_rows_of_another_model_are_not_read(tmp_path: Path, media) -> None:
    build(tmp_path, media(30))
    index = VectorIndex.open(tmp_path, key="another/d1", width=WIDTH)
    assert len(index) == 0
    assert all("key" in why for _, why in index.broken)


def test_a_kill_between_completing_a_shard_and_shortening_the_journal(
    tmp_path: Path, media, monkeypatch
) -> None:
    made = media(12)
    build(tmp_path / "whole", made)
    with monkeypatch.context() as patch:
        patch.setattr(IndexBuilder, "_shorten", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            build(tmp_path / "cut", made)
    index = VectorIndex.open(tmp_path / "cut", **PLACE)
    rows, _ = index.rows_of([sha256 for sha256, _, _ in made])
    assert len(index) == rows.sum() == len(np.unique(index.ids))
    build(tmp_path / "cut", made)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np, hashlib
from fractions import Fraction
from pathlib import Path
from framesift.embeddings.index import IndexBuilder
rng = np.random.default_rng(0)
with IndexBuilder(Path(sys.argv[2]), key="model/d1", width=24, shard_rows=200) as builder:
    for number in range(1000):
        rows = rng.standard_normal((1 + number % 3, 24)).astype(np.float32)
        times = tuple(Fraction(place) for place in range(len(rows)))
        builder.add(hashlib.sha256(b"%d" % number).hexdigest(), times, rows)
        if number % 7 == 0:
            builder.flush()
            print(number, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
@pytest.mark.parametrize("after", [3, 20, 60])
def test_a_build_that_is_killed_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, after: int
) -> None:
    source = str(Path(__file__).parents[4] / "src")

    def command(folder: Path) -> list[str]:
        return [sys.executable, "-c", KILLED, source, str(folder)]

    subprocess.run(command(tmp_path / "whole"), check=True, stdout=subprocess.DEVNULL)
    with subprocess.Popen(command(tmp_path / "cut"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        time.sleep(0.003 * (after % 4))
        process.send_signal(signal.SIGKILL)
    before = len(VectorIndex.open(tmp_path / "cut", **PLACE))
    assert 0 < before < 1999
    subprocess.run(command(tmp_path / "cut"), check=True, stdout=subprocess.DEVNULL)
    whole, again = contents(tmp_path / "whole"), contents(tmp_path / "cut")
    assert {name: again.get(name) for name in whole} == whole


def _add(folder: str, first: int) -> None:
    rng = np.random.default_rng(first)
    with IndexBuilder(Path(folder), **PLACE, shard_rows=50) as builder:
        for number in range(first, first + 150):
            row = rng.standard_normal((1, WIDTH)).astype(np.float32)
            builder.add(hashlib.sha256(b"%d" % number).hexdigest(), (Fraction(0),), row)
            builder.flush()


def test_two_processes_may_add_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_add, args=(str(tmp_path), first)) for first in (0, 100)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    index = VectorIndex.open(tmp_path, **PLACE)
    assert not index.broken
    wanted = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(250)]
    rows, complete = index.rows_of(wanted)
    assert complete.all()
    assert rows.all()
