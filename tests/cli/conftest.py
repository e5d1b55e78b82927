"""Real pictures made once, and a way to run the command in this process or as another."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from PIL import Image

from framesift.cli.app import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from click.testing import Result

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def plain_environment() -> Iterator[None]:
    """The embedded model, no settings from outside, a table of a known width."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("FRAMESIFT_") and name != "FRAMESIFT_CACHE_DIR":
                patch.delenv(name)
        patch.setenv("FRAMESIFT_MODEL", "starter")
        patch.setenv("XDG_CONFIG_HOME", "/nonexistent")
        patch.setenv("COLUMNS", "120")
        yield


@pytest.fixture(scope="session")
def demo_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures of `make demo`: two photographs, ten worse versions, a clip."""
    pytest.importorskip("sklearn")
    spec = importlib.util.spec_from_file_location("demo", ROOT / "scripts" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    folder = tmp_path_factory.mktemp("demo") / "pictures"
    demo.make_pictures(folder)
    return folder


@pytest.fixture
def pictures(demo_pictures: Path, tmp_path: Path) -> Path:
    """Four of them, in a folder that a test may change."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("china.jpg", "china-blurred.jpg", "flower.jpg", "flower-noisy.jpg"):
        shutil.copy(demo_pictures / name, folder)
    return folder


@pytest.fixture
def odd_pictures(pictures: Path) -> Path:
    """And what else lies about in folders."""
    (pictures / "broken.jpg").write_bytes((pictures / "china.jpg").read_bytes()[:300])
    (pictures / "empty.png").write_bytes(b"")
    (pictures / "notes.txt").write_text("no picture")
    (pictures / ".hidden.jpg").write_bytes((pictures / "flower.jpg").read_bytes())
    (pictures / "sub").mkdir()
    shutil.copy(pictures / "flower.jpg", pictures / "sub" / "no-extension")
    return pictures


@pytest.fixture(scope="session")
def many_pictures(
    tmp_path_factory: pytest.TempPathFactory, make_image: Callable[..., np.ndarray]
) -> Path:
    """Enough pictures that a scan of them can be interrupted."""
    folder = tmp_path_factory.mktemp("many")
    for seed in range(40):
        picture = Image.fromarray(make_image(640, 480, seed))
        for copy in range(10):
            picture.putpixel((copy, 0), (copy, copy, copy))
            picture.save(folder / f"{seed:02}-{copy}.jpg", quality=80)
    return folder


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    """Run the command in this process."""

    def invoke(*args: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, [str(arg) for arg in args], input=stdin)

    return invoke


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the command as a process of its own, standard error and output piped."""
    with contextlib.ExitStack() as stack:

        def popen(*args: object) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "framesift.cli", *map(str, args)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            stack.enter_context(process)
            # Runs first: a test that failed half-way must not wait for it.
            stack.callback(process.kill)
            return process

        yield popen
