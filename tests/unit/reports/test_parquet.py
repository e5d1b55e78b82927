"""Parquet: a row read back is the record; the memory is bounded."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from framesift.errors import ConfigError, MissingExtraError
from framesift.reports import ReportHeader, open_writer, to_record, write_report
from framesift.reports import parquet as writer_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Analysis, Failure

pq = pytest.importorskip("pyarrow.parquet")


class Piped(io.TextIOWrapper):
    """A text stream over bytes, as standard output is."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_rows_read_back_are_the_records(
    tmp_path: Path, make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    items = [
        make_analysis("é/日本.jpg", 3.14159, kind="video"),
        make_analysis(score=None, action=None, tags=()),
        failure,
    ]
    write_report(items, tmp_path / "r.parquet")

    rows = pq.read_table(tmp_path / "r.parquet").to_pylist()

    assert rows == [to_record(item) for item in items]
    assert [list(row) for row in rows] == [list(to_record(item)) for item in items]


def test_rows_go_to_disk_in_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_analysis: Callable[..., Analysis]
) -> None:
    monkeypatch.setattr(writer_module, "_ROWS_PER_GROUP", 10)
    with open_writer(tmp_path / "r.parquet") as writer:
        for number in range(25):
            writer.write(make_analysis(f"{number}.jpg"))
            assert len(writer._rows) < 10

    file = pq.ParquetFile(tmp_path / "r.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(3)] == [10, 10, 5]
    assert file.read().column("path").to_pylist() == [f"{n}.jpg" for n in range(25)]


def test_a_report_of_nothing_has_its_columns_and_the_run(tmp_path: Path) -> None:
    header = ReportHeader(version="1.2", started=datetime(2026, 1, 2, tzinfo=UTC))
    write_report([], tmp_path / "r.parquet", header=header)

    table = pq.read_table(tmp_path / "r.parquet")

    assert table.num_rows == 0
    assert "moderation" in table.column_names
    run = json.loads(table.schema.metadata[b"framesift"])
    assert run["version"] == "1.2"
    assert run["started"] == "2026-01-02T00:00:00+00:00"


def test_a_name_that_is_no_text_is_shown_escaped(
    tmp_path: Path, make_analysis: Callable[..., Analysis]
) -> None:
    write_report([make_analysis("caf\udce9.jpg")], tmp_path / "r.parquet")

    assert pq.read_table(tmp_path / "r.parquet").column("path").to_pylist() == ["caf\\udce9.jpg"]


def test_it_goes_through_a_pipe_but_not_to_a_terminal(
    make_analysis: Callable[..., Analysis],
) -> None:
    out = Piped(terminal=False)
    write_report([make_analysis()], out, format="parquet")

    assert pq.read_table(io.BytesIO(out.buffer.getvalue())).num_rows == 1
    with pytest.raises(ConfigError, match="not for a screen"):
        write_report([], Piped(terminal=True), format="parquet")


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(MissingExtraError, match=r'pip install "framesift\[parquet\]"'):
        open_writer(tmp_path / "r.parquet")
