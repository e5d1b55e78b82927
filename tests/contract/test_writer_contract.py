"""What every report writer must do, whatever its format."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from framesift.errors import ConfigError
from framesift.reports import (
    FORMATS,
    ReportHeader,
    format_for,
    open_writer,
    to_record,
    write_report,
)
from framesift.types import (
    Analysis,
    Failure,
    LabelScore,
    MediaInfo,
    ModelInfo,
    Problem,
    Quality,
    Tag,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXTENSIONS = {
    "table": ".txt",
    "reasons": ".log",
    "answers": ".answers",
    "jsonl": ".jsonl",
    "csv": ".csv",
    "parquet": ".parquet",
    "html": ".html",
}
HEADER = ReportHeader(labels=("weapons",))
MODEL = ModelInfo("starter", "f" * 16, "fp32")


def picture(path: str = "a.jpg", **fields: Any) -> Analysis:
    labels = (LabelScore("weapons", 0.9, 0.5, flagged=True, source="zero-shot"),)
    given = {
        "info": MediaInfo(path, "0" * 64, "image", "jpeg", 40, 30),
        "quality": Quality(6.5, 5.5, 7.5, "head"),
        "moderation": Verdict("review", labels, "default@1"),
        "tags": (Tag("dog", 0.8),),
        "model": MODEL,
        "thumbnail": b"\xff\xd8jpeg",
    }
    return Analysis(**{**given, **fields})


FAILURE = Failure("broken.jpg", Problem("CorruptMediaError", "cut off"), None, "default@1", MODEL)
ODD = [
    picture(""),
    picture("-"),
    picture("a\nb\r\n\x00\x1b[31m.jpg"),
    picture("caf\udce9.jpg"),
    picture("</script><script>alert(1)</script>"),
    picture("=cmd|' /C calc'!A0"),
    picture("x" * 5000),
    picture("\u202e\u2028😀.jpg"),
    picture(quality=None, moderation=None, tags=(), thumbnail=None),
    picture(quality=Quality(float("nan"), 0.0, 10.0, "head")),
    Failure("", Problem("", "")),
]


@pytest.fixture(params=FORMATS)
def format(request: pytest.FixtureRequest) -> str:
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


@pytest.fixture
def out(tmp_path: Path, format: str) -> Path:
    return tmp_path / f"report{EXTENSIONS[format]}"


def names(path: Path) -> list[str]:
    return sorted(item.name for item in path.parent.iterdir())


def test_every_format_has_an_extension(format: str, out: Path) -> None:
    assert format_for(out) == format
    assert open_writer(out).format == format


def test_a_report_is_whole_alone_and_names_every_file(out: Path, format: str) -> None:
    summary = write_report([picture("a.jpg"), FAILURE], out, header=HEADER)

    assert names(out) == [out.name]
    content = out.read_bytes()
    assert b"a.jpg" in content
    assert b"broken.jpg" in content
    assert (summary.items, summary.failures, summary.mean_score) == (2, 1, 6.5)
    assert out.stat().st_mode & 0o044 == 0o044, "a report is as readable as any new file"


def test_nothing_to_report_is_a_report_too(out: Path) -> None:
    summary = write_report([], out, header=HEADER)

    assert summary.items == 0
    assert out.exists()


def test_odd_results_do_no_harm(out: Path) -> None:
    assert write_report(ODD, out, header=HEADER).items == len(ODD)


def test_the_same_results_give_the_same_bytes(out: Path, tmp_path: Path) -> None:
    second = tmp_path / "sub" / out.name
    write_report([*ODD, FAILURE], out, header=HEADER)
    write_report([*ODD, FAILURE], second, header=HEADER)

    assert out.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_a_proper_report_of_what_was_done(
    out: Path, stop: type[BaseException]
) -> None:
    def results() -> Iterator[Analysis]:
        yield picture("first.jpg")
        raise stop

    out.write_text("the report of yesterday")
    with pytest.raises(stop):
        write_report(results(), out, header=HEADER)

    assert names(out) == [out.name]
    assert b"first.jpg" in out.read_bytes()
    if format_for(out) == "html":
        assert out.read_text("utf-8").rstrip().endswith("</html>")
    if format_for(out) == "parquet":
        from pyarrow import parquet

        assert parquet.read_table(out).to_pylist() == [to_record(picture("first.jpg"))]


def test_an_error_leaves_the_report_that_was_there(out: Path, format: str) -> None:
    def results() -> Iterator[Analysis]:
        yield picture("first.jpg")
        raise RuntimeError

    out.write_text("the report of yesterday")
    with pytest.raises(RuntimeError):
        write_report(results(), out, header=HEADER)

    assert out.read_text() == "the report of yesterday"
    kept = [f"{out.name}.part"] if format in ("jsonl", "csv") else []
    assert names(out) == [out.name, *kept]


def test_a_report_that_was_there_stays_until_the_new_one_is_whole(out: Path) -> None:
    out.write_text("the report of yesterday")
    with open_writer(out, header=HEADER) as writer:
        writer.write(picture())
        assert out.read_text() == "the report of yesterday"

    assert out.read_bytes() != b"the report of yesterday"


def test_a_leftover_of_a_killed_run_is_no_obstacle(out: Path) -> None:
    out.with_name(f"{out.name}.part").write_text("half")

    write_report([picture()], out, header=HEADER)

    assert names(out) == [out.name]


def test_a_symbolic_link_stays_a_link(out: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real"
    real.parent.mkdir()
    real.write_text("old")
    out.symlink_to(real)

    write_report([picture("a.jpg")], out, header=HEADER)

    assert out.is_symlink()
    assert b"a.jpg" in real.read_bytes()


def test_a_folder_is_made_where_there_is_none(tmp_path: Path, out: Path) -> None:
    deep = tmp_path / "a" / "b" / out.name

    write_report([], deep, header=HEADER)

    assert deep.exists()


def test_a_folder_or_an_unwritable_place_is_a_clear_error(tmp_path: Path, out: Path) -> None:
    out.mkdir()
    with pytest.raises(ConfigError, match="folder"):
        write_report([], out, header=HEADER)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/r.*cannot be written"):
        write_report([], tmp_path / "file" / out.name, header=HEADER)


def test_two_runs_at_once_never_give_half_a_report(out: Path) -> None:
    first, second = open_writer(out, header=HEADER), open_writer(out, header=HEADER)
    first.__enter__()
    first.write(picture("first.jpg"))
    with second:
        second.write(picture("second.jpg"))
        with pytest.raises(ConfigError, match="another process"):
            first.__exit__(None, None, None)
        assert not out.exists()

    assert b"second.jpg" in out.read_bytes()


def test_a_full_disk_is_a_clear_error(format: str) -> None:
    from pathlib import Path

    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(ConfigError, match=r"/dev/full.*cannot be written"):
        write_report([picture()] * 50, Path("/dev/full"), format=format, header=HEADER)


def test_a_device_is_written_to_and_not_replaced(format: str) -> None:
    from pathlib import Path

    write_report([picture()], Path("/dev/null"), format=format, header=HEADER)

    assert Path("/dev/null").is_char_device()
    assert not Path("/dev/null.part").exists()


def test_a_stream_gets_the_report_and_stays_open(format: str, out: Path) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    write_report([picture("a.jpg"), FAILURE], stream, format=format, header=HEADER)
    write_report([picture("a.jpg"), FAILURE], out, header=HEADER)

    assert not stream.closed
    assert raw.getvalue() == out.read_bytes()


def test_none_is_standard_output(capsysbinary: pytest.CaptureFixture[bytes], format: str) -> None:
    write_report([picture("a.jpg")], None, format=format, header=HEADER)

    assert b"a.jpg" in capsysbinary.readouterr().out


def test_memory_does_not_grow_with_the_number_of_results(out: Path) -> None:
    import tracemalloc

    thumbnail = bytes(20_000)
    with open_writer(out, header=HEADER) as writer:
        for number in range(2100):
            writer.write(picture(f"{number}.jpg", thumbnail=thumbnail))
        tracemalloc.start()
        for number in range(2100):
            writer.write(picture(f"{number}.jpg", thumbnail=thumbnail))
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    # 2,100 thumbnails would be 40 MB; Parquet's row group of 2,000 records is the largest buffer.
    assert held < 6_000_000
    assert peak < 12_000_000


@pytest.mark.parametrize("name", ["report", "report.pdf", "report.json"])
def test_an_extension_that_says_nothing_is_a_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"\.jsonl"):
        open_writer(tmp_path / name)


def test_an_unknown_format_is_a_clear_error() -> None:
    with pytest.raises(
        ConfigError, match="choose one of table, answers, reasons, jsonl, csv, parquet, html"
    ):
        open_writer(None, format="xml")


def test_the_lines_of_a_killed_run_can_be_read(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import os, pathlib, sys\n"
        "from framesift.reports import open_writer\n"
        "from framesift.types import Failure, Problem\n"
        "with open_writer(pathlib.Path(sys.argv[1])) as writer:\n"
        "    for n in range(5):\n"
        "        writer.write(Failure(str(n), Problem('SourceError', 'gone')))\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    out = tmp_path / "r.jsonl"
    done = subprocess.run([sys.executable, "-c", code, str(out)], check=False)

    assert done.returncode == -9
    lines = (tmp_path / "r.jsonl.part").read_text("utf-8").splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["0", "1", "2", "3", "4"]
