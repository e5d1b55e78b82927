"""The cache: what it keeps, and that nothing which happens to its file ends a scan."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from framesift.embeddings import cache_file
from framesift.embeddings.cache import Cache, Pictures, Plan, default_path
from framesift.types import MediaInfo, Problem

WIDTH = 24


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def a_plan(sha256: str, count: int = 1, problem: Problem | None = None) -> Plan:
    info = MediaInfo("", sha256, "animation", "gif", 40, 30, Fraction(7, 3), count)
    return Plan(info, tuple(Fraction(n, 3) for n in range(count)), problem)


def rows_of(sha256: str, count: int = 1) -> np.ndarray:
    """Rows that follow from the hash alone, so that a reader can tell whole from torn."""
    seed = int(sha256[:8], 16)
    return np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)


def put(cache: Cache, sha256: str, count: int = 1, fingerprint: str = "model-a") -> None:
    rows = {fingerprint: rows_of(sha256, count)}
    cache.put(
        sha256, plan_key="k", plan=a_plan(sha256, count), rows=rows, pictures=Pictures(b"jpeg")
    )


def assert_whole(cache: Cache, sha256: str, count: int = 1) -> None:
    assert cache.plan(sha256, "k") == a_plan(sha256, count)
    got = cache.rows(sha256, a_plan(sha256, count).times, "model-a")
    np.testing.assert_array_equal(got, rows_of(sha256, count))
    assert cache.thumbnail(sha256) == b"jpeg"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "cache.sqlite"


def damage(path: Path, query: str, *values: object) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute(query, values)
    database.close()


def test_the_default_place_is_under_the_cache_folder(cache_dir: Path) -> None:
    assert default_path() == cache_dir / "cache.sqlite"


def test_what_waits_is_seen_before_and_after_it_is_written(path: Path) -> None:
    key = sha("a")
    with Cache(path) as cache:
        put(cache, key, count=3)
        assert_whole(cache, key, count=3)
        with Cache(path) as other:
            assert other.plan(key, "k") is None
        cache.flush()
        assert_whole(cache, key, count=3)
        with Cache(path) as other:
            assert_whole(other, key, count=3)
    with Cache(path) as cache:
        assert_whole(cache, key, count=3)
        assert cache.notice is None


def test_a_problem_and_an_unknown_duration_come_back(path: Path) -> None:
    key = sha("b")
    info = MediaInfo("", key, "video", "mp4", 4, 3, None, None)
    plan = Plan(info, (Fraction(1001, 30000),), Problem("CorruptMediaError", "cut off: \udcff"))
    with Cache(path) as cache:
        cache.put(key, plan_key="k", plan=plan, rows={})
    with Cache(path) as cache:
        assert cache.plan(key, "k") == plan
        assert cache.plan(key, "another sampler") is None
        assert cache.thumbnail(key) is None


def test_rows_come_in_the_order_asked_or_not_at_all(path: Path) -> None:
    key = sha("c")
    first, second, third = a_plan(key, 3).times
    with Cache(path) as cache:
        put(cache, key, count=3)
        cache.flush()
        got = cache.rows(key, (third, first), "model-a")
        np.testing.assert_array_equal(got, rows_of(key, 3)[[2, 0]])
        assert got is not None
        assert got.flags.writeable
        assert cache.rows(key, (first, Fraction(9)), "model-a") is None
        assert cache.rows(key, (first, second), "model-b") is None
        assert cache.rows(key, (), "model-a") is None


def test_the_caller_may_change_an_array_after_put(path: Path) -> None:
    key = sha("d")
    array = rows_of(key)
    with Cache(path) as cache:
        cache.put(key, plan_key="k", plan=a_plan(key), rows={"model-a": array})
        array[:] = 0
        got = cache.rows(key, a_plan(key).times, "model-a")
        np.testing.assert_array_equal(got, rows_of(key))


def test_rows_that_do_not_fit_the_plan_are_refused(path: Path) -> None:
    key = sha("e")
    with (
        Cache(path) as cache,
        pytest.raises(ValueError, match=r"\(2, 24\) rows; expected \(1, W\)"),
    ):
        cache.put(key, plan_key="k", plan=a_plan(key), rows={"m": rows_of(key, 2)})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE rows SET row = substr(row, 1, 40)",
        "UPDATE rows SET row = substr(row, 1, 41)",
        "UPDATE rows SET row = x''",
        "UPDATE rows SET row = zeroblob(96)",
        "UPDATE rows SET row = 'text'",
        "UPDATE rows SET crc = crc + 1",
    ],
)
def test_a_damaged_row_is_a_miss(path: Path, change: str) -> None:
    key = sha("f")
    with Cache(path) as cache:
        put(cache, key)
    damage(path, change)
    with Cache(path) as cache:
        assert cache.rows(key, a_plan(key).times, "model-a") is None
        assert cache.plan(key, "k") is not None
        put(cache, key)
        cache.flush()
        assert_whole(cache, key)


def test_rows_of_two_widths_are_a_miss(path: Path) -> None:
    key = sha("g")
    with Cache(path) as cache:
        put(cache, key, count=2)
        short = np.ones((1, WIDTH // 2), dtype=np.float32)
        cache.put(key, plan_key="k2", plan=a_plan(key), rows={"model-a": short})
        assert cache.rows(key, a_plan(key, 2).times, "model-a") is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE plans SET plan = replace(plan, '40', '41')",
        "UPDATE plans SET plan = CAST(x'fffe' AS TEXT)",
        "UPDATE thumbnails SET jpeg = x'00'",
    ],
)
def test_a_damaged_plan_or_thumbnail_is_a_miss(path: Path, change: str) -> None:
    key = sha("h")
    with Cache(path) as cache:
        put(cache, key)
    damage(path, change)
    with Cache(path) as cache:
        assert (cache.plan(key, "k") is None) or (cache.thumbnail(key) is None)
        assert cache.notice is None


def test_it_flushes_by_count_by_time_and_by_weight(path: Path, monkeypatch) -> None:
    reader = Cache(path)
    with Cache(path, max_pending=2, max_wait_s=1000) as cache:
        put(cache, sha("1"))
        assert reader.plan(sha("1"), "k") is None
        put(cache, sha("2"))
        assert reader.plan(sha("1"), "k") is not None
    with Cache(path, max_pending=1000, max_wait_s=0.05) as cache:
        put(cache, sha("3"))
        time.sleep(0.06)
        put(cache, sha("4"))
        assert reader.plan(sha("4"), "k") is not None
    with Cache(path, max_pending=1000, max_wait_s=1000) as cache:
        heavy = {"model-a": np.zeros((1, 3 << 20), dtype=np.float32)}
        cache.put(sha("5"), plan_key="k", plan=a_plan(sha("5")), rows=heavy)
        assert reader.plan(sha("5"), "k") is not None
    reader.close()


def test_info_counts_and_clear_forgets(path: Path) -> None:
    with Cache(path) as cache:
        for name in "abc":
            put(cache, sha(name), count=2)
        put(cache, sha("a"), count=2, fingerprint="model-b")
        put(cache, sha("z"), fingerprint="model-b")
        info = cache.info()
        assert (info.items, info.rows) == (4, 9)
        assert dict(info.models) == {"model-a": 6, "model-b": 3}
        assert info.path == path
        assert info.size_bytes >= path.stat().st_size > 0

        assert cache.clear(fingerprint="model-b") == 3
        assert cache.plan(sha("z"), "k") is None
        assert cache.thumbnail(sha("z")) is None
        assert_whole(cache, sha("a"), count=2)
        assert cache.clear() == 6
        info = cache.info()
        assert (info.items, info.rows, dict(info.models)) == (0, 0, {})


def test_clear_gives_the_space_back(path: Path) -> None:
    with Cache(path) as cache:
        rows = {"m": np.random.default_rng(0).normal(size=(1, 100_000)).astype(np.float32)}
        for number in range(10):
            key = sha(str(number))
            cache.put(key, plan_key="k", plan=a_plan(key), rows=rows)
        before = cache.info().size_bytes
        assert cache.clear() == 10
        assert cache.info().size_bytes < before / 20


def test_after_close_it_misses_and_takes_nothing(path: Path) -> None:
    cache = Cache(path)
    put(cache, sha("a"))
    cache.close()
    cache.close()
    put(cache, sha("b"))
    assert cache.plan(sha("a"), "k") is None
    assert not cache.enabled
    with Cache(path) as again:
        assert_whole(again, sha("a"))
        assert again.plan(sha("b"), "k") is None


def test_a_pickled_cache_opens_the_same_file(path: Path) -> None:
    with Cache(path) as cache:
        put(cache, sha("a"))
        cache.flush()
        with pickle.loads(pickle.dumps(cache)) as other:
            assert other.path == path
            assert_whole(other, sha("a"))


# Files that cannot be used.


@pytest.mark.parametrize("content", [b"not a database at all" * 100, os.urandom(5000)])
def test_a_file_that_is_no_database_is_set_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    for number in (1, 2):
        path.write_bytes(content)
        with Cache(path) as cache:
            assert f"set aside as cache.sqlite.corrupt-{number}" in (cache.notice or "")
            put(cache, sha("a"))
            cache.flush()
            assert_whole(cache, sha("a"))
        assert path.with_name(f"cache.sqlite.corrupt-{number}").read_bytes() == content


def test_an_empty_file_is_a_new_cache(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with Cache(path) as cache:
        put(cache, sha("a"))
        assert cache.notice is None
    with Cache(path) as cache:
        assert_whole(cache, sha("a"))


def test_a_file_that_breaks_inside_is_set_aside_while_running(path: Path) -> None:
    keys = [sha(str(number)) for number in range(300)]
    with Cache(path) as cache:
        for key in keys:
            put(cache, key)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    with Cache(path) as cache:
        for key in keys:
            assert cache.plan(key, "k") is None
        assert "set aside as cache.sqlite.corrupt-1" in (cache.notice or "")
        put(cache, keys[0])
        cache.flush()
        assert_whole(cache, keys[0])
    assert path.with_name("cache.sqlite.corrupt-1").stat().st_size == size


def test_a_truncated_file_is_never_fatal(path: Path) -> None:
    keys = [sha(str(number)) for number in range(200)]
    with Cache(path) as cache:
        for key in keys:
            put(cache, key)
    content = path.read_bytes()
    for length in (1, 99, 100, 512, 4096, 5000, 3 * 4096, len(content) - 4096):
        path.write_bytes(content[:length])
        with Cache(path) as cache:
            for key in keys:
                rows = cache.rows(key, a_plan(key).times, "model-a")
                assert rows is None or np.array_equal(rows, rows_of(key))
                put(cache, key)
            cache.flush()
            for key in keys:
                assert_whole(cache, key)


def test_posters_are_kept_by_time_before_and_after_a_flush(path: Path) -> None:
    plan, rows = a_plan(sha("a"), 2), {"model-a": rows_of(sha("a"), 2)}
    with Cache(path) as cache:
        first = Pictures(posters={Fraction(0): b"one", Fraction(1, 3): b"two"})
        cache.put(sha("a"), plan_key="k", plan=plan, rows=rows, pictures=first)
        assert cache.posters(sha("a")) == first.posters
        cache.flush()
        again = Pictures(posters={Fraction(1, 3): b"new"})
        cache.put(sha("a"), plan_key="k", plan=plan, rows={}, pictures=again)
        assert cache.posters(sha("a")) == {Fraction(0): b"one", Fraction(1, 3): b"new"}
        assert cache.posters(sha("b")) == {}
    with Cache(path) as cache:
        assert cache.posters(sha("a")) == {Fraction(0): b"one", Fraction(1, 3): b"new"}
        cache.clear()
        assert cache.posters(sha("a")) == {}


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    damage(path, "CREATE TABLE photos (name TEXT)")
    before = path.read_bytes()
    with Cache(path) as cache:
        assert "another program's database" in (cache.notice or "")
        put(cache, sha("a"))
        assert cache.plan(sha("a"), "k") is None
        assert cache.clear() == 0
        assert cache.info().rows == 0
    assert path.read_bytes() == before


def test_a_newer_file_is_left_alone_and_an_older_one_built_anew(path: Path, monkeypatch) -> None:
    now, tables = cache_file.SCHEMA, cache_file.CACHE_TABLES
    with monkeypatch.context() as patch:
        patch.setattr(cache_file, "CACHE_TABLES", replace(tables, schema=now + 1))
        with Cache(path) as cache:
            put(cache, sha("a"))
    with Cache(path) as cache:
        assert f"newer Framesift (schema {now + 1}, this one has {now})" in (cache.notice or "")
        assert not cache.enabled
    monkeypatch.setattr(cache_file, "CACHE_TABLES", replace(tables, schema=now + 1))
    with Cache(path) as cache:
        assert_whole(cache, sha("a"))
    monkeypatch.setattr(cache_file, "CACHE_TABLES", replace(tables, schema=now + 2))
    with Cache(path) as cache:
        assert cache.notice is None
        assert cache.plan(sha("a"), "k") is None
        put(cache, sha("b"))
        cache.flush()
        assert_whole(cache, sha("b"))


def test_a_folder_that_cannot_be_made_turns_caching_off(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Cache(tmp_path / "file" / "cache.sqlite") as cache:
        assert "Caching is off" in (cache.notice or "")
        assert "FRAMESIFT_CACHE_DIR" in (cache.notice or "")
        put(cache, sha("a"))
        assert cache.plan(sha("a"), "k") is None
        assert cache.rows(sha("a"), (Fraction(0),), "model-a") is None
        assert cache.thumbnail(sha("a")) is None
        assert cache.info().size_bytes == 0


def test_a_path_that_is_a_folder_turns_caching_off(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        assert "Caching is off" in (cache.notice or "")


READ_ONLY = """
import os, sys
from pathlib import Path
from fractions import Fraction
from framesift.embeddings.cache import Cache, Plan
from framesift.types import MediaInfo
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
key = "00" * 32
plan = Plan(MediaInfo("", key, "image", "png", 1, 1), (Fraction(0),))
with Cache(Path(sys.argv[1])) as cache:
    cache.put(key, plan_key="k", plan=plan, rows={})
    cache.flush()
    print(cache.notice)
"""


@pytest.mark.skipif(os.name == "nt", reason="folders have no such permissions on Windows")
@pytest.mark.parametrize("content", ["nothing", "a cache"])
def test_a_folder_that_cannot_be_written_turns_caching_off(content: str) -> None:
    # Not under tmp_path, whose parents another user may not enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if content == "a cache":
            Cache(folder / "cache.sqlite").close()
            (folder / "cache.sqlite").chmod(0o444)
        folder.chmod(0o555)
        command = [sys.executable, "-c", READ_ONLY, str(folder / "cache.sqlite")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "Caching is off" in done.stdout


FULL_DISK = """
import resource, sys
import numpy as np
from pathlib import Path
from fractions import Fraction
from framesift.embeddings.cache import Cache, Plan
from framesift.types import MediaInfo
with Cache(Path(sys.argv[1]), max_pending=4) as cache:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    for number in range(100):
        key = f"{number:064x}"
        plan = Plan(MediaInfo("", key, "image", "png", 1, 1), (Fraction(0),))
        cache.put(key, plan_key="k", plan=plan, rows={"m": np.ones((1, 2000), np.float32)})
    first = cache.rows(f"{0:064x}", (Fraction(0),), "m")
    print(first is not None and bool((first == 1).all()))
    print(cache.notice)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_turns_writing_off_and_keeps_what_was_written(path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    readable, notice = done.stdout.strip().split("\n")
    assert readable == "True"
    assert "Caching is off" in notice
    with Cache(path) as cache:
        assert cache.notice is None
        assert 0 < cache.info().rows < 100


def test_a_full_database_is_said_once(path: Path) -> None:
    with Cache(path, max_pending=1) as cache:
        database = cache._store.connection
        assert database is not None
        database.execute("PRAGMA max_page_count = 10")
        for number in range(50):
            put(cache, sha(str(number)), count=20)
        assert (cache.notice or "").count("Caching is off") == 1
        assert "full" in (cache.notice or "")


# Several threads, several processes, and none left alive.


def test_threads_share_one_cache(path: Path) -> None:
    errors: list[Exception] = []

    def work(cache: Cache, worker: int) -> None:
        try:
            for number in range(60):
                key = sha(f"{number % 20}-{worker % 2}")
                put(cache, key, count=2)
                assert_whole(cache, key, count=2)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    with Cache(path, max_pending=7) as cache:
        threads = [threading.Thread(target=work, args=(cache, n)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert cache.info().rows == 80


WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from test_cache import Cache, put, sha
with Cache(Path(sys.argv[1]), max_pending=3) as cache:
    print("ready", flush=True)
    for number in range(int(sys.argv[4])):
        put(cache, sha(f"{sys.argv[2]}-{number}"), count=2)
    print(cache.notice, flush=True)
"""


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", WRITER, str(path), name, here, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_share_one_file(path: Path) -> None:
    writers = [start_writer(path, str(number), 40) for number in range(4)]
    for writer in writers:
        output, _ = writer.communicate(timeout=120)
        assert output.split() == ["ready", "None"]
        assert writer.returncode == 0
    with Cache(path) as cache:
        assert cache.info().items == 160
        for number in range(4):
            assert_whole(cache, sha(f"{number}-39"), count=2)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killing_writers_at_any_moment_leaves_a_whole_file(path: Path) -> None:
    rng = random.Random(20)
    most = 100_000
    for round_ in range(6):
        writers = [start_writer(path, f"{round_}{side}", most) for side in "ab"]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.005, 0.15))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            output, _ = writer.communicate(timeout=60)
            assert (writer.returncode, output) == (-signal.SIGKILL, "")

    with Cache(path) as cache:
        assert cache.notice is None
        found = 0
        for round_ in range(6):
            for side in "ab":
                number = 0
                while cache.plan(sha(f"{round_}{side}-{number}"), "k") is not None:
                    assert_whole(cache, sha(f"{round_}{side}-{number}"), count=2)
                    number += 1
                found += number
        # Nothing else is there: each writer left a prefix of what it wrote, in whole flushes.
        assert cache.info().items == found > 0
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_a_locked_file_is_waited_for_and_then_put_off(path: Path) -> None:
    with Cache(path, max_pending=2, busy_timeout_s=0.05) as cache:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for name in "abcd":
            put(cache, sha(name))
        assert_whole(cache, sha("a"))
        other.execute("ROLLBACK")
        cache.flush()
        assert cache.notice is None
        assert other.execute("SELECT count(*) FROM plans").fetchone() == (4,)
        other.execute("BEGIN IMMEDIATE")
        put(cache, sha("e"))
        cache.close()
        assert "stayed locked" in (cache.notice or "")
        other.close()


def test_what_waits_stays_bounded_while_the_file_is_locked(path: Path) -> None:
    with Cache(path, max_pending=2, busy_timeout_s=0.02) as cache:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        rows = {"m": np.zeros((1, 1 << 20), dtype=np.float32)}
        for number in range(12):
            key = sha(str(number))
            cache.put(key, plan_key="k", plan=a_plan(key), rows=rows)
            assert cache._pending.size_bytes <= 40 << 20
        assert "stayed locked" in (cache.notice or "")
        other.close()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")
def test_a_file_removed_by_somebody_is_made_again(path: Path) -> None:
    with Cache(path) as cache:
        put(cache, sha("a"))
        cache.flush()
        for file in path.parent.iterdir():
            file.unlink()
        put(cache, sha("b"))
        cache.flush()
        assert cache.notice is None
    with Cache(path) as cache:
        assert_whole(cache, sha("b"))


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be renamed on Windows")
def test_one_process_follows_when_another_sets_the_file_aside(path: Path) -> None:
    first, second = Cache(path), Cache(path)
    for cache in (first, second):
        put(cache, sha("a"))
        cache.flush()
    for file in (path, *cache_file.companions(path)):
        file.write_bytes(os.urandom(20_000))
    for cache in (first, second):
        put(cache, sha("b"), count=50)
        cache.flush()
    aside = [file for file in path.parent.iterdir() if file.name.startswith("cache.sqlite.corrupt")]
    assert {file.name.removesuffix("-wal").removesuffix("-shm") for file in aside} == {
        "cache.sqlite.corrupt-1"
    }
    for cache in (first, second):
        assert_whole(cache, sha("b"), count=50)
        cache.close()
