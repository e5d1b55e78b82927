"""The catalogue knows a file while nothing about it has changed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from framesift.embeddings.index.catalogue import Catalogue, Judgement, Known

KNOWN = Known("ab" * 32, "image", 12.5)
OLD_NS = 1_600_000_000 * 10**9


@pytest.fixture
def file(tmp_path: Path, monkeypatch) -> Path:
    """A file whose last change is long past."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    os.utime(path, ns=(OLD_NS, OLD_NS))
    monkeypatch.setattr("framesift.embeddings.index.catalogue._SETTLED_NS", 0)
    return path


def test_a_file_is_known_until_it_changes(file: Path, tmp_path: Path) -> None:
    with Catalogue(tmp_path / "files.sqlite") as catalogue:
        catalogue.remember(file, file.stat(), KNOWN)
        assert catalogue.lookup(file, file.stat()) == KNOWN
    with Catalogue(tmp_path / "files.sqlite") as catalogue:
        assert catalogue.lookup(file, file.stat()) == KNOWN
        assert catalogue.lookup(Path(os.path.relpath(file)), file.stat()) == KNOWN
        file.write_bytes(b"two")
        os.utime(file, ns=(OLD_NS, OLD_NS))
        assert catalogue.lookup(file, file.stat()) is None


def test_what_was_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    with Catalogue(tmp_path / "files.sqlite") as catalogue:
        catalogue.remember(path, path.stat(), KNOWN)
        assert catalogue.lookup(path, path.stat()) is None


def test_a_date_that_is_unknown_stays_so(file: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with Catalogue(tmp_path / "files.sqlite") as catalogue:
            catalogue.remember(file, file.stat(), Known("cd" * 32, "video", float("nan")))
            found = catalogue.lookup(file, file.stat())
            assert found is not None
            assert found.taken_s != found.taken_s


def test_judgements_are_kept_by_who_said_them(tmp_path: Path) -> None:
    for _ in range(2):
        with Catalogue(tmp_path / "files.sqlite") as catalogue:
            catalogue.judge("ab" * 32, "policy 1", Judgement("review", 4.5))
            catalogue.judge("cd" * 32, "policy 1", Judgement("block", None))
            assert catalogue.judgement("ab" * 32, "policy 1") == Judgement("review", 4.5)
            assert catalogue.judgement("cd" * 32, "policy 1") == Judgement("block", None)
            assert catalogue.judgement("ab" * 32, "policy 2") is None


def test_entries_that_were_changed_are_misses(file: Path, tmp_path: Path) -> None:
    with Catalogue(tmp_path / "files.sqlite") as catalogue:
        catalogue.remember(file, file.stat(), KNOWN)
        catalogue.judge("ab" * 32, "policy", Judgement("block", 4.5))
    with sqlite3.connect(tmp_path / "files.sqlite") as database:
        database.execute("UPDATE files SET sha256 = ?", ("cd" * 32,))
        database.execute("UPDATE judgements SET action = 'allow'")
    database.close()
    with Catalogue(tmp_path / "files.sqlite") as catalogue:
        assert catalogue.lookup(file, file.stat()) is None
        assert catalogue.judgement("ab" * 32, "policy") is None


def test_a_broken_catalogue_is_set_aside(file: Path, tmp_path: Path) -> None:
    (tmp_path / "files.sqlite").write_bytes(b"no database" * 1000)
    with Catalogue(tmp_path / "files.sqlite") as catalogue:
        assert "broken" in (catalogue.notice or "")
        catalogue.remember(file, file.stat(), KNOWN)
        assert catalogue.lookup(file, file.stat()) == KNOWN
