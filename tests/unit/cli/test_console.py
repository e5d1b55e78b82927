"""What a person sees beside the results."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from framesift.cli.console import Console, Counts, Meter, human_size, plural
from framesift.cli.downloads import Downloads
from framesift.types import (
    Action,
    Analysis,
    Failure,
    MediaInfo,
    ModelInfo,
    Problem,
    Quality,
    Verdict,
)

if TYPE_CHECKING:
    from framesift.types import Result

MODEL = ModelInfo("starter", "f", "fp32")


def analysis(action: Action) -> Analysis:
    info = MediaInfo("a.jpg", "0" * 64, "image", "jpeg", 4, 4, Fraction(0))
    quality = Quality(5.0, 4.0, 6.0, "head")
    return Analysis(info, quality, Verdict(action, (), "p@0"), (), MODEL)


def failure(name: str = "b.jpg") -> Failure:
    return Failure(name, Problem("SourceError", f"{name}: is gone"))


@pytest.mark.parametrize(
    ("results", "review", "block"),
    [
        ([], False, False),
        ([analysis("allow")], False, False),
        ([analysis("allow"), analysis("review")], True, False),
        ([analysis("block")], True, True),
        ([failure()], True, False),
    ],
)
def test_what_crosses_fail_on(results: list[Result], *, review: bool, block: bool) -> None:
    counts = Counts()
    for result in results:
        counts.add(result)
    assert counts.crossed("review") is review
    assert counts.crossed("block") is block
    assert counts.crossed(None) is False


def test_only_the_first_failures_are_named_and_the_others_counted() -> None:
    counts = Counts()
    for number in range(25):
        counts.add(failure(f"{number}.jpg"))
    lines = counts.failure_lines()
    assert lines[0] == "framesift: failed: 0.jpg: is gone"
    assert lines[-1] == "framesift: failed: and 15 more"
    assert len(lines) == 11


def test_quiet_keeps_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.say("a")
    console.notice("b")
    console.warn("c")
    assert capsys.readouterr().err == "framesift: WARNING: c\n"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_500_000, "2.5 MB"), (3 * 10**9, "3.0 GB")],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert human_size(size) == text


def test_plurals() -> None:
    assert [plural(count, "file") for count in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_meter_draws_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        with Meter(enabled=True, count=lambda: 2) as meter:
            meter.advance()
            with meter.aside():
                pass
            meter.advance()
        assert ("Scanning" in stream.getvalue()) is drawn


def test_a_meter_that_is_not_wanted_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with Meter(enabled=False) as meter:
        meter.advance()
    assert stream.getvalue() == ""


def test_a_count_that_fails_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())

    def count() -> int:
        raise OSError

    with Meter(enabled=True, count=count) as meter:
        meter.advance()


def test_a_download_is_a_line_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with Downloads(Console()) as progress:
        for done in (0, 50, 100):
            progress("model.onnx", done, 2_000_000)
        progress("config.json", 10, None)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "framesift: fetching model.onnx (2.0 MB)",
        "framesift: fetching config.json",
    ]


def test_a_download_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with Downloads(Console()) as progress:
        progress("model.onnx", 1_000_000, 2_000_000)
    assert "Fetching model.onnx" in stream.getvalue()
    quiet = Terminal()
    monkeypatch.setattr("sys.stderr", quiet)
    with Downloads(Console(quiet=True)) as progress:
        progress("model.onnx", 1_000_000, 2_000_000)
    assert quiet.getvalue() == ""


def test_names_of_failures_are_spelt_out() -> None:
    counts = Counts()
    counts.add(failure("new\nline\x1b[2J.jpg"))
    assert counts.failure_lines() == ["framesift: failed: new\\nline\\x1b[2J.jpg: is gone"]
