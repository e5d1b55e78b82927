"""The ledger: one owner, one identity, everything or nothing."""

from __future__ import annotations

import sqlite3

import pytest

from framesift.engine.parts import Entry, Ledger
from framesift.errors import ConfigError

IDENTITY = {"model": "fake", "policy": "p@1"}


def entry(number: int, **fields) -> Entry:
    return Entry(Ledger.key(b"%d" % number), f'{{"n": {number}}}', "allow", **fields)


def test_what_was_added_is_known_to_the_next_run(tmp_path):
    with Ledger(tmp_path / "l.sqlite", IDENTITY) as ledger:
        ledger.add([entry(1), entry(2, failed=True, stamp="s")])
    with Ledger(tmp_path / "l.sqlite", IDENTITY) as ledger:
        assert ledger.is_done(Ledger.key(b"1"))
        assert not ledger.is_done(Ledger.key(b"2"))
        assert ledger.stamp_of_failure(Ledger.key(b"2")) == "s"
        assert (ledger.waiting, ledger.failures, ledger.finished) == (1, 1, 1)
        assert ledger.waiting_bytes == len('{"n": 1}')
        assert ledger.actions() == {"allow": 2}


def test_a_failure_that_succeeds_is_none_any_more(tmp_path):
    with Ledger(tmp_path / "l.sqlite", IDENTITY) as ledger:
        ledger.add([entry(1, failed=True)])
        ledger.add([entry(1)])
        assert (ledger.waiting, ledger.failures, ledger.finished) == (1, 0, 1)


def test_a_batch_with_a_result_that_is_there_leaves_nothing_of_itself(tmp_path):
    with Ledger(tmp_path / "l.sqlite", IDENTITY) as ledger:
        ledger.add([entry(1)])
        with pytest.raises(ConfigError):
            ledger.add([entry(2), entry(1)])
        assert (ledger.waiting, ledger.finished) == (1, 1)
        assert not ledger.is_done(Ledger.key(b"2"))


def test_results_leave_with_their_part(tmp_path):
    with Ledger(tmp_path / "l.sqlite", IDENTITY) as ledger:
        ledger.add([entry(number) for number in range(5)])
        rows = ledger.oldest(3, 1000)
        assert [record for _, record in rows] == [f'{{"n": {number}}}' for number in range(3)]
        ledger.seal(0, {"name": "a", "actions": {"allow": 3}}, rows)
        assert ledger.waiting == 2
        assert [record for _, record in ledger.oldest(9, 1000)] == ['{"n": 3}', '{"n": 4}']
        assert ledger.parts() == [{"name": "a", "actions": {"allow": 3}}]
        assert ledger.actions() == {"allow": 5}


def test_a_part_is_no_longer_than_allowed(tmp_path):
    with Ledger(tmp_path / "l.sqlite", IDENTITY) as ledger:
        ledger.add([entry(number) for number in range(5)])
        assert len(ledger.oldest(5, 9)) == 2


def test_a_second_scan_into_the_same_folder_is_refused(tmp_path):
    with (
        Ledger(tmp_path / "l.sqlite", IDENTITY),
        pytest.raises(ConfigError, match="another scan is writing"),
    ):
        Ledger(tmp_path / "l.sqlite", IDENTITY)
    Ledger(tmp_path / "l.sqlite", IDENTITY).close()


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ({"model": "other", "policy": "p@1"}, "model fake, and this one has other"),
        ({"model": "fake"}, "policy p@1, and this one has none"),
        (IDENTITY | {"heads": "h"}, "heads none, and this one has h"),
    ],
)
def test_results_of_two_kinds_never_lie_in_one_folder(tmp_path, identity, said):
    Ledger(tmp_path / "l.sqlite", IDENTITY).close()
    with pytest.raises(ConfigError, match=said):
        Ledger(tmp_path / "l.sqlite", identity)


def test_a_file_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "l.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="name another folder"):
        Ledger(path, IDENTITY)
    assert path.read_bytes()[100:] == before[100:]
    path.write_bytes(b"no database at all, but long enough to be read as one" * 20)
    with pytest.raises(ConfigError, match="cannot be used"):
        Ledger(path, IDENTITY)
