"""Runs in parts: every file exactly once, whatever happens between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from framesift.engine.parts import PartFolder, PartRun, RunOptions, Shard, follow, read_manifests
from framesift.errors import ConfigError
from framesift.media import Source
from framesift.types import Failure, Problem

IDENTITY = {"model": "fake"}


def folder_of(tmp_path, shard=None) -> PartFolder:
    return PartFolder(tmp_path / "run", shard or Shard(), "jsonl")


def sources(files):
    return [Source.from_path(path) for path in files]


def records(tmp_path) -> list[dict]:
    """What the manifests speak of, and nothing beside it."""
    found, names = [], []
    for manifest in read_manifests(tmp_path / "run"):
        for part in manifest.files:
            text = (tmp_path / "run" / "parts" / part.name).read_text()
            assert len(text.splitlines()) == part.rows
            found += [json.loads(line) for line in text.splitlines()]
            names.append(part.name)
    assert sorted(names) == sorted(one.name for one in (tmp_path / "run" / "parts").iterdir())
    return found


def run_once(tmp_path, analyzer, files, *, stop=None, shard=None, **options):
    """Scan; with ``stop`` break off after so many results."""
    wanted = RunOptions(**({"rows": 4, "batch": 3} | options))
    with PartRun(folder_of(tmp_path, shard), IDENTITY, wanted) as run:
        for number, _ in enumerate(run.results(analyzer, sources(files)), 1):
            if number == stop:
                return None
        return run.finish()


def test_every_file_has_its_record_in_parts_of_the_size_asked_for(tmp_path, analyzer, files):
    manifest = run_once(tmp_path, analyzer, files)
    assert manifest.complete
    assert [part.rows for part in manifest.parts] == [4, 4, 4, 4, 3]
    assert manifest.failed.rows == 1
    found = records(tmp_path)
    assert sorted(one["path"] for one in found) == sorted(map(str, files))
    assert manifest.parts[2].actions == {"allow": 3, "block": 1}
    assert [one["path"] for one in found[:7]] == [str(path) for path in files[:7]]


@pytest.mark.parametrize("stops", [(1,), (5, 3, 1), (7, 7), (19,)])
def test_runs_that_were_broken_off_go_on_where_they_were(tmp_path, analyzer, files, stops):
    for stop in stops:
        assert run_once(tmp_path, analyzer, files, stop=stop) is None
        assert not read_manifests(tmp_path / "run")[0].complete
    assert run_once(tmp_path, analyzer, files).complete
    assert sorted(one["path"] for one in records(tmp_path)) == sorted(map(str, files))


def test_a_run_that_is_complete_looks_at_nothing_but_failures(tmp_path, analyzer, files):
    run_once(tmp_path, analyzer, files)
    analyzer.seen.clear()
    assert run_once(tmp_path, analyzer, files).complete
    assert analyzer.seen == [str(files[7])]


def test_a_file_that_was_mended_is_no_failure_any_more(tmp_path, analyzer, files):
    run_once(tmp_path, analyzer, files)
    files[7].write_bytes(b"fine now")
    manifest = run_once(tmp_path, analyzer, files)
    assert manifest.failed is None
    found = records(tmp_path)
    assert len(found) == len(files)
    assert not [one for one in found if one["error"]]


def test_files_that_came_since_are_added(tmp_path, analyzer, files):
    run_once(tmp_path, analyzer, files[:11])
    run_once(tmp_path, analyzer, files)
    assert sorted(one["path"] for one in records(tmp_path)) == sorted(map(str, files))


def test_a_file_that_is_named_twice_has_one_record(tmp_path, analyzer, files):
    run_once(tmp_path, analyzer, [*files, *files, files[0]])
    assert max(Counter(one["path"] for one in records(tmp_path)).values()) == 1


def test_what_could_not_be_found_is_a_failure_in_the_parts_too(tmp_path, analyzer, files):
    missing = Failure("gone.jpg", Problem("SourceError", "gone.jpg: does not exist"))
    with PartRun(folder_of(tmp_path), IDENTITY) as run:
        list(run.results(analyzer, [missing, *sources(files[:2])]))
        manifest = run.finish()
    assert manifest.failed.rows == 1
    assert {one["path"] for one in records(tmp_path)} == {"gone.jpg", *map(str, files[:2])}


def test_shards_share_a_folder_and_the_work(tmp_path, analyzer, files):
    for number in (1, 2, 3):
        run_once(tmp_path, analyzer, files, shard=Shard(number, 3))
    assert sorted(one["path"] for one in records(tmp_path)) == sorted(map(str, files))
    assert [manifest.shard for manifest in read_manifests(tmp_path / "run")] == [
        "1/3",
        "2/3",
        "3/3",
    ]


def test_a_crash_between_a_part_and_its_note_writes_the_part_again(tmp_path, analyzer, files):
    with PartRun(folder_of(tmp_path), IDENTITY, RunOptions(rows=100)) as run:
        list(run.results(analyzer, sources(files[:5])))
        run.commit()
        run.folder.write(
            run.folder.part_name(0), [record for _, record in run.ledger.oldest(3, 999)]
        )
    assert run_once(tmp_path, analyzer, files, rows=100).complete
    assert sorted(one["path"] for one in records(tmp_path)) == sorted(map(str, files))


def test_long_records_make_parts_early(tmp_path, analyzer, files):
    manifest = run_once(tmp_path, analyzer, files, rows=1000, most_bytes=1500)
    assert len(manifest.parts) > 2


def test_parts_that_cannot_be_written_lose_nothing(tmp_path, analyzer, files, monkeypatch):
    def full(*_):
        message = "the disk is full"
        raise ConfigError(message)

    with monkeypatch.context() as patch:
        patch.setattr(PartFolder, "write", full)
        with pytest.raises(ConfigError, match="full"):
            run_once(tmp_path, analyzer, files)
    assert run_once(tmp_path, analyzer, files).complete
    assert sorted(one["path"] for one in records(tmp_path)) == sorted(map(str, files))


def test_following_finds_what_comes_and_leaves_what_is_being_written(tmp_path, analyzer, files):
    old = time.time() - 60
    for path in files[:3]:
        os.utime(path, (old, old))
    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 2:
            for path in files[3:6]:
                os.utime(path, (old, old))

    passes = [[]]
    with PartRun(folder_of(tmp_path), IDENTITY, RunOptions(settle_s=30)) as run:
        watching = follow(
            lambda: run.results(analyzer, sources(files[:6])),
            poll_s=0.01,
            idle_s=0.0,
            unsettled=lambda: run.unsettled,
            sleep=sleep,
        )
        for result in watching:
            if result is None:
                passes.append([])
            else:
                passes[-1].append(result.path)
        run.finish()
    # Nothing new comes in the second pass, but three files are still being written.
    assert passes == [[*map(str, files[:3])], [], [*map(str, files[3:6])], [], []]
    assert [one["path"] for one in records(tmp_path)] == [*map(str, files[:6])]


def test_following_tries_a_failure_again_only_when_it_changed(tmp_path, analyzer, files):
    old = time.time() - 60
    os.utime(files[7], (old, old))
    with PartRun(folder_of(tmp_path), IDENTITY, RunOptions(settle_s=1)) as run:
        for _ in range(3):
            list(run.results(analyzer, sources([files[7]])))
            run.commit()
        assert len(analyzer.seen) == 1
        os.utime(files[7], (old + 5, old + 5))
        list(run.results(analyzer, sources([files[7]])))
    assert len(analyzer.seen) == 2


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from conftest import FakeAnalyzer
from framesift.engine.parts import PartFolder, PartRun, RunOptions
from framesift.media import Source
class Slow(FakeAnalyzer):
    def finish(self, item):
        time.sleep(0.004)
        return super().finish(item)
files = sorted(Path({files!r}).iterdir())
with PartRun(PartFolder(Path({out!r}), format="jsonl"), {{"model": "fake"}},
             RunOptions(rows=30, batch=5, workers=1)) as run:
    print("go", flush=True)
    for result in run.results(Slow(), [Source.from_path(path) for path in files]):
        pass
    run.finish()
print("done", flush=True)
"""


def test_killed_three_times_every_file_is_there_exactly_once(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:04}.jpg").write_bytes(b"%d" % number)
    script = KILLED.format(
        here=str(Path(__file__).parent), files=str(folder), out=str(tmp_path / "run")
    )
    kills = 0
    for attempt in range(12):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        with process:
            assert process.stdout.readline() == b"go\n"
            if kills < 3:
                time.sleep(0.1 + 0.07 * attempt)
                process.send_signal(signal.SIGKILL)
            ended = process.stdout.read() == b"done\n"
        if ended:
            break
        kills += 1
    assert kills == 3
    assert read_manifests(tmp_path / "run")[0].complete
    found = Counter(one["path"] for one in records(tmp_path))
    assert len(found) == 300
    assert set(found.values()) == {1}
