"""The table on disk: whole lines, crashes, foreign files, other writers."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framesift.errors import ConfigError
from framesift.web.table import Table, _lines

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("path", "rating")
WHOLE = b"path,rating\na.jpg,1\nb.jpg,2\n"


def a_number(row: tuple[str, ...]) -> str | None:
    return None if row[1].isdecimal() else f"{row[1]!r} is no number"


def table(path: Path) -> Table:
    return Table(path, COLUMNS, a_number)


def test_nothing_is_written_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "new" / "r.csv"
    opened = table(path)
    assert not path.parent.exists()
    opened.append(("a.jpg", "1"))
    assert path.read_bytes() == b"path,rating\na.jpg,1\n"
    opened.append(("b.jpg", "2"))
    assert path.read_bytes() == WHOLE
    assert table(path).rows == [("a.jpg", "1"), ("b.jpg", "2")]


@pytest.mark.parametrize("cut", range(1, len(b"b.jpg,22\n")))
def test_a_crash_in_the_middle_of_a_line_loses_that_line_at_most(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes((b"path,rating\na.jpg,1\nb.jpg,22\n")[:-cut])
    opened = table(path)
    assert opened.rows[0] == ("a.jpg", "1")
    whole = len(opened.rows) == 2
    assert whole == (cut <= 2), "a number is there from the first digit on"
    assert bool(opened.notice) == (cut > 2 and cut < len(b"b.jpg,22\n"))
    opened.append(("c.jpg", "3"))
    again = table(path)
    assert again.rows == opened.rows
    assert again.rows[-1] == ("c.jpg", "3")
    assert not again.notice


def test_a_cut_in_the_middle_of_a_character(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"path,rating\na.jpg,1\n" + "ü".encode()[:1])
    opened = table(path)
    opened.append(("ü.jpg", "2"))
    assert table(path).rows == [("a.jpg", "1"), ("ü.jpg", "2")]


@pytest.mark.parametrize("content", [b"", b"\n", b"path,rating", b"path,rating\n"])
def test_an_empty_file_or_a_header_alone_is_gone_on_with(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    table(path).append(("a.jpg", "1"))
    assert path.read_bytes() == b"path,rating\na.jpg,1\n"


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\xef\xbb\xbfpath,rating\r\na.jpg,1\r\n\r\nb.jpg,2\r\n")
    opened = table(path)
    assert opened.rows == [("a.jpg", "1"), ("b.jpg", "2")]
    opened.append(("c.jpg", "3"))
    assert table(path).rows[-1] == ("c.jpg", "3")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name;score\na.jpg;1\n", "not a file that this command wrote"),
        (b"path,rating,more\na.jpg,1,2\n", "not a file that this command wrote"),
        (b"\x89PNG\r\n\x1a\n", "not a file that this command wrote"),
        (b"path,rating\na.jpg,1,2\nb.jpg,2\n", "line 2: 3 columns where the header has 2"),
        (b"path,rating\na.jpg,good\n", "line 2: 'good' is no number"),
        (b'path,rating\n"a.jpg,1\nb.jpg,2\n', "line 3"),
        (b"path,rating\n\xff\xfe,1\n", "not in UTF-8"),
    ],
)
def test_a_foreign_file_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as caught:
        table(path)
    assert caught.value.source == str(path)
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        table(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asked of the folder that is there: root could write into any.
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        table(tmp_path / "new" / "r.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="no such devices")
def test_a_device_is_refused() -> None:
    from pathlib import Path as Real

    with pytest.raises(ConfigError, match="not a regular file"):
        table(Real("/dev/null"))


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(WHOLE)
    opened = table(path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:3]))
    with pytest.raises(OSError, match="space"):
        opened.append(("c.jpg", "3"))
    assert path.read_bytes() == WHOLE
    assert len(opened.rows) == 2
    monkeypatch.undo()
    opened.append(("c.jpg", "3"))
    assert path.read_bytes() == WHOLE + b"c.jpg,3\n"


def test_a_row_that_never_reached_the_disk_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(WHOLE)
    opened = table(path)

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        opened.append(("c.jpg", "3"))
    assert path.read_bytes() == WHOLE
    assert len(opened.rows) == 2


def test_what_another_program_adds_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(WHOLE)
    first, second = table(path), table(path)
    second.append(("c.jpg", "3"))
    first.append(("d.jpg", "4"))
    first.replace([row for row in first.rows if row[0] != "a.jpg"])
    assert [row[0] for row in table(path).rows] == ["b.jpg", "c.jpg", "d.jpg"]


def test_a_file_that_is_removed_meanwhile_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(WHOLE)
    opened = table(path)
    path.unlink()
    opened.append(("c.jpg", "3"))
    assert path.read_bytes() == WHOLE + b"c.jpg,3\n"


def test_a_file_that_becomes_another_one_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(WHOLE)
    opened = table(path)
    path.write_bytes(b"something else entirely\n")
    with pytest.raises(ConfigError, match="not a file that this command wrote"):
        opened.append(("c.jpg", "3"))
    assert path.read_bytes() == b"something else entirely\n"


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1),
            st.integers(0, 10).map(str),
        ),
        max_size=8,
    )
)
def test_any_name_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "r.csv"
    path.write_bytes(_lines([COLUMNS, *rows]))
    assert table(path).rows == rows
