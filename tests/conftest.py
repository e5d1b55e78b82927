"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

# A busy machine is no finding: what is held here are results, never times.
settings.register_profile("framesift", deadline=None)
settings.load_profile("framesift")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of labelled files beside the checkout."""
    if not (SHARED / "README.md").is_file():
        pytest.skip("the labelled files (../shared) are not beside this checkout")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of this run's own, so that no test reads or writes the user's.

    Workers of one run share it: the starter trunk is turned into ONNX once.
    """
    base = tmp_path_factory.getbasetemp()
    root = base.parent if base.name.startswith("popen-") else base
    folder = root / "framesift-cache"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRAMESIFT_CACHE_DIR", str(folder))
        patch.setenv("HF_HUB_OFFLINE", "1")
        # Undo files, which belong to a user and not to a test.
        patch.setenv("XDG_STATE_HOME", str(base / "state"))
        yield folder


@pytest.fixture(scope="session")
def make_image() -> Callable[..., np.ndarray]:
    """Make a smooth, colourful picture, uint8 (H, W, 3), that depends on the seed alone."""

    def make(width: int = 320, height: int = 240, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        waves = [
            np.sin(x * rng.uniform(0.01, 0.2) + rng.uniform(0, 6))
            * np.cos(y * rng.uniform(0.01, 0.2))
            for _ in range(3)
        ]
        picture = 127.5 + 100 * np.stack(waves, axis=-1) + rng.normal(0, 4, (height, width, 3))
        return np.clip(picture, 0, 255).astype(np.uint8)

    return make
