"""JSON Lines, CSV and the table: what exactly they write."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from framesift.reports import ReportHeader, open_writer, to_record, write_report
from framesift.reports.csv import csv_columns
from framesift.reports.table import shortened
from framesift.types import Failure, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from framesift.types import Analysis

HEADER = ReportHeader(labels=("violence", "weapons"))


class Ascii(io.StringIO):
    """A terminal that knows ASCII only."""

    encoding = "ascii"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_each_line_is_on_disk_as_soon_as_it_is_written(
    tmp_path: Path, make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    out = tmp_path / "report.jsonl"
    with open_writer(out) as writer:
        for count, item in enumerate([make_analysis(), failure], start=1):
            writer.write(item)
            lines = (tmp_path / "report.jsonl.part").read_text("utf-8").splitlines()
            assert len(lines) == count
        assert not out.exists()

    records = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert records == [to_record(make_analysis()), to_record(failure)]


def test_json_lines_stay_json_where_the_stream_knows_ascii_only(
    make_analysis: Callable[..., Analysis],
) -> None:
    out = Ascii()

    write_report([make_analysis("日本/é.jpg")], out, format="jsonl")

    assert out.getvalue().isascii()
    assert json.loads(out.getvalue())["path"] == "日本/é.jpg"


def test_csv_has_one_stable_header_and_a_column_per_label(
    make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    out = io.StringIO()
    header = ReportHeader(labels=("weapons",))
    write_report(
        [failure, make_analysis(score=6.5, action="review")], out, format="csv", header=header
    )

    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert tuple(rows[0]) == csv_columns(("weapons",))
    assert rows[0]["error_type"] == "CorruptMediaError"
    assert rows[0]["action"] == "review"
    assert rows[0]["quality_score"] == ""
    assert rows[1]["quality_score"] == "6.5"
    assert rows[1]["label_weapons"] == "0.8765"
    assert rows[1]["other_labels"] == "violence=0.12"
    assert rows[1]["flagged"] == "weapons"
    assert rows[1]["tags"] == "dog=0.8; cat=0.2"
    assert rows[1]["model_precision"] == "fp32"
    assert rows[1]["reason"] == "weapons 0.88 (image; by zero-shot)"
    assert rows[1]["label_actions"] == "weapons=review"
    assert rows[1]["label_parts"] == "weapons=image"
    assert json.loads(rows[1]["evidence"])[0]["name"] == "weapons"
    assert rows[0]["evidence"] == rows[1]["softened"] == rows[1]["context"] == ""


def test_csv_header_is_there_without_pictures() -> None:
    out = io.StringIO()
    write_report([], out, format="csv", header=HEADER)

    assert out.getvalue().strip() == ",".join(csv_columns(("violence", "weapons")))


@pytest.mark.parametrize(
    "path",
    ["=1+1", "+1", "-1.jpg", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", '=a,"b"\nc.jpg'],  # noqa: RUF001
)
def test_csv_text_never_starts_a_formula_and_comes_back(path: str) -> None:
    out = io.StringIO()
    write_report([Failure(path, Problem("SourceError", path))], out, format="csv", header=HEADER)

    (row,) = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    for cell in (row["path"], row["error_message"]):
        assert cell == f"'{path}"


def test_table_shows_name_score_action_and_reason(
    make_analysis: Callable[..., Analysis], failure: Failure
) -> None:
    out = io.StringIO()
    write_report(
        [make_analysis("a.jpg", 7.25), make_analysis("b.jpg", None, action=None), failure],
        out,
        format="table",
    )

    head, first, second, third, blank, counts = out.getvalue().splitlines()
    assert head.split() == ["name", "score", "action", "reason"]
    assert first.split()[:4] == ["a.jpg", "7.2", "███████▎", "allow"]
    assert first.endswith("weapons 0.88 (image; by zero-shot)")
    assert second.split()[:2] == ["b.jpg", "-"]
    assert "failed" in third
    assert third.endswith("the file ends after 312 bytes")
    assert blank == ""
    assert counts == "3 files: mean score 7.2, 1 allow, 1 failed"


@pytest.mark.parametrize("columns", ["20", "40", "60", "80", "200"])
def test_table_lines_fit_any_width(
    monkeypatch: pytest.MonkeyPatch,
    make_analysis: Callable[..., Analysis],
    failure: Failure,
    columns: str,
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", columns)
    out = io.StringIO()
    items = [make_analysis("写真/" * 30 + f"{n}.jpg", float(n)) for n in range(11)]
    write_report([*items, failure], out, format="table")

    lines = out.getvalue().splitlines()
    assert all("allow" in line for line in lines[1:12])
    assert "failed" in lines[12]
    assert all(cell_len(line) <= int(columns) for line in lines)


def test_table_does_not_obey_a_file_name(make_analysis: Callable[..., Analysis]) -> None:
    out = io.StringIO()
    write_report([make_analysis("\x1b[2Jx\r\n[bold]\u202egpj.exe")], out, format="table")

    line = out.getvalue().splitlines()[1]
    assert line.startswith("\\x1b[2Jx\\r\\n[bold]\\u202egpj.exe")


def test_table_is_plain_without_a_terminal_and_with_no_color(
    monkeypatch: pytest.MonkeyPatch, make_analysis: Callable[..., Analysis]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain, piped = Terminal(), Terminal(), io.StringIO()
    write_report([make_analysis()], coloured, format="table")
    write_report([make_analysis()], piped, format="table")
    monkeypatch.setenv("NO_COLOR", "1")
    write_report([make_analysis()], plain, format="table")

    assert "\x1b[32m" in coloured.getvalue()
    assert "\x1b[32m" not in plain.getvalue()
    assert "\x1b" not in piped.getvalue()


def test_table_falls_back_to_ascii(make_analysis: Callable[..., Analysis]) -> None:
    out = Ascii()
    write_report([make_analysis("é" * 80, 5.0)], out, format="table")

    assert out.getvalue().isascii()
    assert "#####" in out.getvalue()


def test_table_says_so_when_there_is_nothing() -> None:
    out = io.StringIO()
    write_report([], out, format="table")

    assert out.getvalue() == "No pictures or videos.\n"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short.jpg", 9, "short.jpg"),
        ("holiday/2024/beach.jpg", 13, "holi…each.jpg"),
        ("holiday/2024/beach.jpg", 1, "…"),
        ("写真写真写真.jpg", 9, "写…真.jpg"),
    ],
)
def test_long_names_are_shortened_in_the_middle(text: str, width: int, expected: str) -> None:
    assert shortened(text, width) == expected
