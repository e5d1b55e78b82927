"""How an exception becomes a line and an exit code."""

from __future__ import annotations

import errno
import os

import pytest

from framesift.cli.exits import DEFECT, USAGE, explain
from framesift.errors import SourceError, UnknownModelError


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UnknownModelError("no model has it", source="clop"), USAGE, "clop: no model has it"),
        (SourceError("is gone"), USAGE, "is gone"),
        (
            FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.txt"),
            USAGE,
            "a.txt: no such file or directory",
        ),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), USAGE, "no space left on device"),
    ],
)
def test_errors_of_the_outside_world_are_usage(error: Exception, code: int, message: str) -> None:
    stop = explain(error, debug=False)
    assert (stop.code, stop.message) == (code, message)


def test_anything_else_is_a_defect_and_says_how_to_report_it() -> None:
    stop = explain(KeyError("width"), debug=False)
    assert stop.code == DEFECT
    assert "KeyError: 'width'" in stop.message
    assert "--debug" in stop.message


def test_out_of_memory_names_the_options_that_help() -> None:
    stop = explain(MemoryError(), debug=False)
    assert stop.code == DEFECT
    assert "--batch-size" in stop.message


def test_debug_prints_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("width")
    except KeyError as error:
        explain(error, debug=True)
    assert "Traceback" in capsys.readouterr().err
