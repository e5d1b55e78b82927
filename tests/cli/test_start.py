"""What happens before any work: help, versions, wrong usage, and how little is imported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from framesift import __version__
from framesift.cli.app import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

HEAVY = {
    "PIL",
    "av",
    "huggingface_hub",
    "numpy",
    "onnx",
    "onnxruntime",
    "pillow_heif",
    "pyarrow",
    "pydantic",
    "pydantic_settings",
    "rich",
    "safetensors",
    "sklearn",
    "tokenizers",
}


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["--version"], ["filter"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys, framesift.cli.app as app\n"
        f"sys.argv = ['framesift', *{arguments!r}]\n"
        "try:\n    app.main()\n"
        "except SystemExit:\n    pass\n"
        "print('LOADED', *sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split("LOADED", 1)[1].split()}
    assert "click" in loaded
    assert not loaded & HEAVY


def test_help_lists_every_command(run: Callable[..., Result]) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", result.stdout, re.MULTILINE)


def test_version(run: Callable[..., Result]) -> None:
    assert run("--version").stdout == f"framesift, version {__version__}\n"


def test_no_command_shows_the_help(run: Callable[..., Result]) -> None:
    result = run()
    assert result.exit_code == 2
    assert "Commands:" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scna", "x"], r"no command is called 'scna'; did you mean 'scan'\?"),
        (["scan"], r"Missing argument 'PATHS"),
        (["scan", ""], r"one of the paths is empty"),
        (["scan", "x", "--modle", "starter"], r"No such option '?--modle'?.*--model"),
        (["scan", "x", "--format", "xml"], r"'xml' is not one of"),
        (["scan", "x", "--fail-on", "allow"], r"'allow' is not one of"),
        (["scan", "x", "--max-bytes", "many"], r"--max-bytes: 'many' is not valid"),
        (["scan", "x", "--fps", "0"], r"--fps: 0.0 is not valid: .*greater than 0"),
        (["scan", "x", "--workers", "0"], r"0 is not in the range"),
        (["scan", "x", "--out", "report.docx"], r"report\.docx: .*use one of"),
        (["scan", "x", "--model", "clip-vit-b23"], r"clip-vit-b23.*did you mean clip-vit-b32"),
        (["scan", "x", "--policy", "no-such.toml"], r"no-such\.toml"),
        (["filter", "x"], r"say what to keep: --min-score"),
        (["filter", "x", "--min-score", "11"], r"11.* is not in the range"),
        (["filter", "x", "--min-score", "6", "--max-score", "5"], r"is above the highest"),
        (["filter", "x", "--top", "1", "--copy-to", "a", "--move-to", "b"], r"give one of"),
        (["filter", "-", "--top", "1", "--copy-to", "a"], r"standard input has no file to copy"),
        (["filter", "x", "--top", "1", "--keep-folders"], r"needs one folder"),
        (["models", "info", "clop"], r"no model is called 'clop'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, run: Callable[..., Result]
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("framesift: error:")]
    assert len(lines) == 1
    assert re.search(message, lines[0])
    assert "Traceback" not in result.output


def test_a_model_that_is_not_here_is_an_error_that_says_what_to_do(
    run: Callable[..., Result],
) -> None:
    result = run("scan", "x", "--model", "clip-vit-b32", "--offline")
    assert result.exit_code == 2
    assert "framesift: error: " in result.stderr
    assert "models fetch" in result.stderr


def test_debug_shows_where_an_error_comes_from(run: Callable[..., Result]) -> None:
    result = run("scan", "x", "--model", "clop", "--debug")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="the shell is POSIX's")
@pytest.mark.parametrize(
    ("redirection", "code"), [(">&-", 0), ("<&-", 0), ("2>&-", 0), ("> /dev/full", 2)]
)
def test_closed_and_full_streams(redirection: str, code: int) -> None:
    if "full" in redirection and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    command = f'"{sys.executable}" -m framesift.cli models list {redirection}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
