from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from framesift.embeddings import load_embedder
from framesift.embeddings.local import files_in, is_model_folder, spec_from_folder, with_preprocess
from framesift.errors import WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(params=["transformers", "open_clip"])
def folder(request: pytest.FixtureRequest, tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny / request.param, tmp_path / "my-model")


@pytest.fixture
def transformers(tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny / "transformers", tmp_path / "my-model")


@pytest.fixture
def open_clip(tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny / "open_clip", tmp_path / "my-model")


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text())
    content.update(changes)
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


def rows(folder: Path, make_image) -> NDArray[np.float32]:
    embedder = load_embedder(str(folder), precision="fp32")
    return embedder.encode(np.stack([embedder.prepare(make_image())]))


def test_a_folder_describes_itself(folder: Path) -> None:
    spec, files = spec_from_folder(folder)
    assert spec.name == "my-model"
    assert (
        spec.layout
        == files.layout
        == ("open_clip" if (folder / "visual").exists() else "transformers")
    )
    assert (spec.dim, spec.context_length) == (16, 20)
    assert (spec.logit_scale, spec.logit_bias) == (100.0, None)
    assert spec.preprocess is not None
    assert spec.preprocess.size == 32


def test_the_space_is_named_after_the_weights(folder: Path, tmp_path: Path) -> None:
    space = spec_from_folder(folder)[0].space
    assert space.startswith("local:")
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert spec_from_folder(copy)[0].space == space
    text = files_in(copy).text[0]
    model = onnx.load(text)
    model.producer_name = "someone else"
    onnx.save(model, text)
    assert spec_from_folder(copy)[0].space != space


def test_a_relative_path_and_a_home_path_work(
    transformers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(transformers.parent)
    monkeypatch.setenv("HOME", str(transformers.parent))
    by_name = load_embedder("my-model", precision="fp32")
    assert by_name.name == "my-model"
    assert load_embedder("~/my-model", precision="fp32").fingerprint == by_name.fingerprint
    assert load_embedder("./my-model/", precision="fp32").fingerprint == by_name.fingerprint


def test_graphs_at_the_root_are_found(transformers: Path, make_image) -> None:
    before = rows(transformers, make_image)
    for path in (transformers / "onnx").iterdir():
        path.rename(transformers / path.name)
    (transformers / "onnx").rmdir()
    np.testing.assert_array_equal(rows(transformers, make_image), before)


@pytest.mark.parametrize("name", ["model.onnx.data", "model.onnx_data"])
def test_external_data_beside_the_graph_is_loaded_and_counts(
    open_clip: Path, make_image, name: str
) -> None:
    before, fingerprint = rows(open_clip, make_image), load_embedder(str(open_clip)).fingerprint
    path = open_clip / "visual" / "model.onnx"
    model = onnx.load(path)
    path.unlink()
    onnx.save_model(model, path, save_as_external_data=True, location=name, size_threshold=0)
    assert files_in(open_clip).vision["fp32"] == (path, path.with_name(name))
    np.testing.assert_array_equal(rows(open_clip, make_image), before)
    moved = load_embedder(str(open_clip), precision="fp32").fingerprint
    data = bytearray(path.with_name(name).read_bytes())
    data[100] ^= 1
    path.with_name(name).write_bytes(data)
    assert (
        len({fingerprint, moved, load_embedder(str(open_clip), precision="fp32").fingerprint}) == 3
    )


def test_external_data_that_is_missing_is_named(open_clip: Path, make_image) -> None:
    path = open_clip / "visual" / "model.onnx"
    model = onnx.load(path)
    onnx.save_model(
        model, path, save_as_external_data=True, location="model.onnx.data", size_threshold=0
    )
    (path.parent / "model.onnx.data").unlink()
    with pytest.raises(WeightsMismatchError, match=r"model\.onnx\.data"):
        rows(open_clip, make_image)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("onnx/text_model.onnx", "no text tower"), ("onnx/vision_model.onnx", "not a model folder")],
)
def test_a_tower_that_is_missing_is_named(transformers: Path, missing: str, reason: str) -> None:
    (transformers / missing).unlink()
    with pytest.raises(WeightsUnavailableError, match=reason) as caught:
        load_embedder(str(transformers))
    assert caught.value.source == str(transformers)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert not is_model_folder(tmp_path)
    with pytest.raises(WeightsUnavailableError, match="expected onnx/vision_model"):
        load_embedder(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["preprocessor_config.json", "tokenizer.json"])
def test_a_small_file_that_is_missing_is_named(transformers: Path, name: str) -> None:
    (transformers / name).unlink()
    with pytest.raises(WeightsMismatchError) as caught:
        load_embedder(str(transformers), precision="fp32").embed_texts(["a dog"])
    assert caught.value.source == str(transformers / name)


def test_preprocessing_for_another_input_size_is_refused(open_clip: Path, make_image) -> None:
    edit(open_clip / "visual" / "preprocess_cfg.json", size=[64, 64])
    with pytest.raises(WeightsMismatchError, match="but the preprocessing"):
        rows(open_clip, make_image)


def test_a_config_with_another_width_is_refused(open_clip: Path, make_image) -> None:
    edit(open_clip / "config.json", embed_dim=512)
    with pytest.raises(WeightsMismatchError, match="expected 512"):
        rows(open_clip, make_image)


def test_the_width_is_read_from_the_graph_where_no_config_tells(
    transformers: Path, make_image
) -> None:
    (transformers / "config.json").unlink()
    assert spec_from_folder(transformers)[0].dim == 16
    assert rows(transformers, make_image).shape == (1, 16)


def test_towers_of_two_models_are_refused(transformers: Path) -> None:
    graph = transformers / "onnx" / "text_model.onnx"
    model = onnx.load(graph)
    out = model.graph.output[0]
    old = out.name
    out.name = "text_embeds"
    node = next(n for n in model.graph.node if old in n.output)
    node.output[list(node.output).index(old)] = "whole"
    from onnx import helper, numpy_helper

    model.graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([0]), "from"),
            numpy_helper.from_array(np.array([8]), "to"),
            numpy_helper.from_array(np.array([1]), "axis"),
        ]
    )
    model.graph.node.append(
        helper.make_node("Slice", ["whole", "from", "to", "axis"], ["text_embeds"])
    )
    del out.type.tensor_type.shape.dim[:]
    out.type.tensor_type.shape.dim.add().dim_param = "n"
    out.type.tensor_type.shape.dim.add().dim_param = "d"
    onnx.save(model, graph)
    embedder = load_embedder(str(transformers), precision="fp32")
    with pytest.raises(WeightsMismatchError, match="embeddings of 8 numbers; expected 16"):
        embedder.embed_texts(["a dog"])


def test_a_context_the_graph_does_not_take_is_refused(transformers: Path) -> None:
    graph = transformers / "onnx" / "text_model.onnx"
    model = onnx.load(graph)
    fixed = [item.type.tensor_type.shape.dim[1].dim_value for item in model.graph.input]
    assert fixed == [20, 20]
    edit(transformers / "tokenizer_config.json", model_max_length=16)
    with pytest.raises(WeightsMismatchError, match="takes 20 tokens, but the model's files say 16"):
        load_embedder(str(transformers), precision="fp32").embed_texts(["a dog"])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "clip"}, (100.0, None)),
        ({"model_type": "siglip"}, (112.0, -16.0)),
        ({"model_type": "siglip2", "logit_scale": 90, "logit_bias": -12.5}, (90.0, -12.5)),
        ({"init_logit_bias": -10}, (112.0, -16.0)),
    ],
)
def test_sigmoid_models_are_told_by_their_config(
    transformers: Path, config: dict, expected: tuple[float, float | None]
) -> None:
    edit(transformers / "config.json", **config)
    spec = spec_from_folder(transformers)[0]
    assert (spec.logit_scale, spec.logit_bias) == expected


@pytest.mark.parametrize(
    ("text_cfg", "expected"),
    [
        ({}, "whitespace"),
        ({"tokenizer_kwargs": {"clean": "canonicalize"}}, "canonicalize"),
        ({"tokenizer_kwargs": {"clean": "lower"}}, "lower"),
    ],
)
def test_open_clip_tells_how_texts_are_cleaned(
    open_clip: Path, text_cfg: dict, expected: str
) -> None:
    edit(open_clip / "config.json", text_cfg={"context_length": 20, **text_cfg})
    files = files_in(open_clip)
    assert files.load_tokenizer(files.read_context_length()).cleaning == expected


def test_the_context_length_falls_back_to_77(transformers: Path) -> None:
    edit(transformers / "tokenizer_config.json", model_max_length=10**30)
    assert files_in(transformers).read_context_length() == 20
    edit(transformers / "config.json", text_config=None)
    assert files_in(transformers).read_context_length() == 77


def test_a_catalog_model_whose_files_disagree_is_refused(transformers: Path) -> None:
    spec, files = spec_from_folder(transformers)
    assert spec.preprocess is not None
    assert with_preprocess(replace(spec, preprocess=None), files) == spec
    other = replace(spec, preprocess=replace(spec.preprocess, interpolation="bilinear"))
    with pytest.raises(WeightsMismatchError, match="bilinear"):
        with_preprocess(other, files)
