"""What importing costs: the public API loads lazily."""

from __future__ import annotations

import subprocess
import sys

import pytest

import framesift

HEAVY = {
    "PIL",
    "av",
    "huggingface_hub",
    "matplotlib",
    "numpy",
    "onnx",
    "onnxruntime",
    "pyarrow",
    "pydantic",
    "rich",
    "sklearn",
    "tokenizers",
}


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_framesift_loads_nothing_heavy():
    assert not modules_after("import framesift") & HEAVY


def test_help_loads_nothing_heavy():
    code = (
        "import contextlib, io, sys, framesift.cli\n"
        "sys.argv = ['framesift', '--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    framesift.cli.main()"
    )
    assert not modules_after(code) & HEAVY


@pytest.mark.parametrize("name", framesift.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(framesift, name) is not None
    assert name in dir(framesift)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = framesift.nothing
