from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from framesift.embeddings import load_embedder, quantize
from framesift.embeddings.local import files_in
from framesift.embeddings.onnx import ImageTower, file_sha256, make_session
from framesift.embeddings.quantize import choose_tower, known_reports, sample_pictures
from framesift.embeddings.rowwise import quantize_rowwise
from framesift.errors import WeightsUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from framesift.embeddings.base import Precision
    from framesift.embeddings.quantize import ChosenTower

RECIPES = (quantize._DYNAMIC, quantize._ROWWISE)


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny / "transformers", tmp_path / "model")


def choose(
    folder: Path, precision: Precision, *, cache: Path | None = None, cuda: bool = False
) -> ChosenTower:
    files = files_in(folder)
    return choose_tower(
        files,
        files.read_preprocess(),
        precision=precision,
        cuda=cuda,
        folder=cache or folder.parent / "quantized",
    )


def test_sample_pictures_are_always_the_same_and_use_the_whole_range() -> None:
    first, second = sample_pictures(), sample_pictures()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.uint8
        assert one.shape == (240, 320, 3)
        assert one.std() > 15
    assert np.stack(first).min() < 10
    assert np.stack(first).max() > 245


def test_int8_is_made_once_and_its_report_is_kept_beside_it(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "quantized"
    chosen = choose(folder, "int8", cache=cache)
    assert chosen.precision == "int8"
    assert chosen.int8_cosine is not None
    assert 0.99 <= chosen.int8_cosine < 1
    kept = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert {path.suffix for path in kept} == {".onnx", ".json"}
    report = json.loads(next(cache.glob("*.json")).read_text())
    assert report["cosine"] == chosen.int8_cosine
    assert report["cosine"] <= report["mean_cosine"] <= 1
    assert report["int8_sha256"] == file_sha256(chosen.files[0])
    assert report["fp32_sha256"] == file_sha256(files_in(folder).vision["fp32"][0])
    assert choose(folder, "int8", cache=cache) == chosen
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == kept


def test_what_was_measured_can_be_looked_up(folder: Path, tmp_path: Path) -> None:
    cache, fp32 = tmp_path / "quantized", files_in(folder).vision["fp32"][0]
    assert known_reports(fp32, cache) == ()
    chosen = choose(folder, "int8", cache=cache)
    (report,) = known_reports(fp32, cache)
    assert report.cosine == chosen.int8_cosine
    assert report.made_by == quantize._ROWWISE


def test_the_models_folder_is_left_as_it_is(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    choose(folder, "int8")
    assert sorted(folder.rglob("*")) == before


def test_the_reported_cosine_is_what_the_embeddings_show(folder: Path) -> None:
    chosen = choose(folder, "int8")
    exact = load_embedder(str(folder), precision="fp32")
    coarse = load_embedder(str(folder), precision="int8")
    batch = np.stack([exact.prepare(picture) for picture in sample_pictures()])
    cosines = np.sum(exact.encode(batch) * coarse.encode(batch), axis=1)
    assert chosen.int8_cosine == pytest.approx(cosines.min(), abs=1e-5)
    assert coarse.int8_cosine == chosen.int8_cosine
    assert exact.int8_cosine is None


@pytest.mark.parametrize(("least", "expected"), [(0.5, "int8"), (0.99999999, "fp32")])
def test_auto_takes_int8_only_where_it_is_close_enough(
    folder: Path, monkeypatch: pytest.MonkeyPatch, least: float, expected: str
) -> None:
    monkeypatch.setattr(quantize, "MIN_INT8_COSINE", least)
    assert choose(folder, "auto").precision == expected
    assert choose(folder, "int8").precision == "int8"


def test_auto_on_cuda_stays_with_full_precision(folder: Path, tmp_path: Path) -> None:
    assert choose(folder, "auto", cuda=True).precision == "fp32"
    assert not (tmp_path / "quantized").exists()


def test_the_repositorys_file_is_used_where_it_is_close_enough(folder: Path) -> None:
    vision = folder / "onnx" / "vision_model.onnx"
    given = folder / "onnx" / "vision_model_quantized.onnx"
    quantize_rowwise(vision, given)
    chosen = choose(folder, "auto")
    assert chosen.files == (given,)
    # Nothing is known of how it was made, so it is run picture by picture.
    assert chosen.one_by_one


def test_a_repositorys_file_that_is_too_far_off_is_replaced(folder: Path) -> None:
    vision = folder / "onnx" / "vision_model.onnx"
    given = folder / "onnx" / "vision_model_quantized.onnx"
    model = onnx.load(vision)
    for item in model.graph.initializer:
        value = numpy_helper.to_array(item)
        if value.ndim == 2:
            noisy = value + np.random.default_rng(0).normal(0, 0.5, value.shape)
            item.CopyFrom(numpy_helper.from_array(noisy.astype(value.dtype), item.name))
    onnx.save(model, given)
    chosen = choose(folder, "auto")
    assert chosen.files != (given,)
    assert chosen.int8_cosine is not None
    assert chosen.int8_cosine >= 0.99


def test_a_folder_with_int8_alone_is_used_as_it_is(folder: Path) -> None:
    vision = folder / "onnx" / "vision_model.onnx"
    vision.rename(vision.with_name("vision_model_quantized.onnx"))
    for precision in ("auto", "int8"):
        chosen = choose(folder, precision)
        assert (chosen.precision, chosen.int8_cosine, chosen.one_by_one) == ("int8", None, True)
    with pytest.raises(WeightsUnavailableError, match="no fp32 image tower; it has: int8"):
        choose(folder, "fp32")
    with pytest.raises(WeightsUnavailableError, match="no fp16"):
        choose(folder, "fp16")


def test_a_broken_report_is_measured_again(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "quantized"
    chosen = choose(folder, "int8", cache=cache)
    report = next(cache.glob("*.json"))
    for content in (
        "",
        "{}",
        "[]",
        report.read_text().replace('"fp32_sha256": "', '"fp32_sha256": "0'),
    ):
        report.write_text(content)
        assert choose(folder, "int8", cache=cache) == chosen


@pytest.mark.parametrize("recipe", RECIPES)
def test_int8_rows_do_not_depend_on_their_batch(folder: Path, tmp_path: Path, recipe: str) -> None:
    """The trap: one shared activation range lets an extreme picture move its neighbours."""
    fp32 = files_in(folder).vision["fp32"][0]
    path = quantize._made(fp32, tmp_path / "quantized", recipe)
    pixels = np.random.default_rng(0).normal(size=(6, 3, 32, 32)).astype(np.float32)
    pixels[3] *= 30
    safe = ImageTower(path, size_px=32, device="cpu", one_by_one=recipe != quantize._ROWWISE)
    alone = np.concatenate([safe.embed(pixels[i : i + 1]) for i in range(6)])
    np.testing.assert_allclose(safe.embed(pixels), alone, atol=1e-4)
    if recipe == quantize._DYNAMIC:
        shared = ImageTower(path, size_px=32, device="cpu")
        assert np.abs(shared.embed(pixels) - alone).max() > 1e-3


@pytest.mark.parametrize("opset", [13, 17, 18, 21])
def test_a_range_per_row_keeps_small_rows_beside_large_ones(tmp_path: Path, opset: int) -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(64, 8)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "weight"], ["y"]),
            helper.make_node("Identity", ["y"], ["out"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 8])],
        [numpy_helper.from_array(weight, "weight")],
    )
    source, target = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, source)
    assert quantize_rowwise(source, target) == 1
    x = rng.normal(size=(5, 64)).astype(np.float32)
    x[1] *= 1e4
    x[2] = 0
    found = make_session(target, device="cpu").run(None, {"x": x})[0]
    scale = np.abs(x).max(axis=1, keepdims=True) + 1e-9
    np.testing.assert_allclose(found / scale, (x @ weight) / scale, atol=0.15)
    assert (found[2] == 0).all()
    assert {item.name for item in onnx.load(target).graph.initializer} >= {"rowwise_1_weight"}
    assert "weight" not in {item.name for item in onnx.load(target).graph.initializer}


def test_a_graph_without_products_is_left_alone(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["out"])],
        "relu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 4])],
    )
    onnx.save(helper.make_model(graph, ir_version=8), tmp_path / "a.onnx")
    assert quantize_rowwise(tmp_path / "a.onnx", tmp_path / "b.onnx") == 0


def test_fingerprints_tell_precisions_apart(folder: Path) -> None:
    found = {
        load_embedder(str(folder), precision=precision).fingerprint
        for precision in ("fp32", "int8")
    }
    assert len(found) == 2


def test_the_fingerprint_follows_weights_and_preprocessing(folder: Path) -> None:
    def fingerprint() -> str:
        return load_embedder(str(folder), precision="fp32").fingerprint

    first = fingerprint()
    config = folder / "preprocessor_config.json"
    config.write_text(config.read_text().replace('"resample": 3', '"resample": 2'))
    second = fingerprint()
    graph = folder / "onnx" / "vision_model.onnx"
    model = onnx.load(graph)
    model.producer_name = "someone else"
    onnx.save(model, graph)
    assert len({first, second, fingerprint()}) == 3
