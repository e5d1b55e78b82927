from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from framesift.embeddings.onnx import ImageTower, TextTower, file_sha256, make_session, unit_rows
from framesift.errors import ConfigError, WeightsMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 4
FLAT = 3 * SIZE * SIZE


@pytest.fixture
def graph(tmp_path: Path) -> Callable[..., Path]:
    """Write a graph that flattens its input and hands it out under the names given."""

    def write(
        outputs: tuple[str, ...] = ("image_embeds",),
        *,
        shape: tuple[object, ...] = ("n", 3, SIZE, SIZE),
        kind: int = TensorProto.FLOAT,
        declared: tuple[object, ...] = ("n", "d"),
        more_inputs: tuple[str, ...] = (),
        input_name: str = "pixel_values",
    ) -> Path:
        nodes = [
            helper.make_node("Flatten", [input_name], ["flat"]),
            helper.make_node("Cast", ["flat"], ["float"], to=TensorProto.FLOAT),
        ]
        nodes += [helper.make_node("Identity", ["float"], [name]) for name in outputs]
        inputs = [helper.make_tensor_value_info(input_name, kind, shape)]
        inputs += [helper.make_tensor_value_info(name, kind, shape) for name in more_inputs]
        results = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, declared) for name in outputs
        ]
        model = helper.make_model(
            helper.make_graph(nodes, "tiny", inputs, results),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        path = tmp_path / "model.onnx"
        onnx.save(model, path)
        return path

    return write


def pixels(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 3, SIZE, SIZE)).astype(np.float32)


@pytest.mark.parametrize(
    "outputs",
    [
        ("image_embeds",),
        ("pooler_output",),
        ("anything",),
        ("other", "image_embeds"),
        ("pooler_output", "image_embeds"),
        ("x", "embedding"),
    ],
)
def test_the_embedding_is_found_among_the_outputs(graph, outputs: tuple[str, ...]) -> None:
    tower = ImageTower(graph(outputs), size_px=SIZE, device="cpu")
    rows = tower.embed(pixels(3))
    assert rows.shape == (3, FLAT)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert tower.dim == FLAT


def test_outputs_that_are_all_alike_are_refused(graph) -> None:
    with pytest.raises(
        WeightsMismatchError, match="no output is clearly the embedding among: a, b"
    ):
        ImageTower(graph(("a", "b")), size_px=SIZE, device="cpu").embed(pixels(1))


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_pixels_are_cast_to_what_the_graph_takes(graph, kind: int) -> None:
    rows = ImageTower(graph(kind=kind), size_px=SIZE, device="cpu").embed(pixels(2))
    expected = unit_rows(pixels(2).reshape(2, -1), "x")
    np.testing.assert_allclose(rows, expected, atol=1e-3)


def test_a_graph_with_a_fixed_batch_of_one_still_takes_many(graph) -> None:
    path = graph(shape=(1, 3, SIZE, SIZE))
    assert ImageTower(path, size_px=SIZE, device="cpu").embed(pixels(5)).shape == (5, FLAT)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"shape": ("n", 3, 8, 8)}, "but the preprocessing"),
        ({"shape": ("n", 1, SIZE, SIZE)}, "but the preprocessing"),
        ({"shape": ("n", FLAT)}, "takes one input"),
        ({"more_inputs": ("second",)}, "takes one input"),
        ({"kind": TensorProto.DOUBLE}, "not supported"),
    ],
)
def test_a_graph_that_takes_something_else_is_refused(graph, options: dict, reason: str) -> None:
    path = graph(**options)
    with pytest.raises(WeightsMismatchError, match=reason) as caught:
        ImageTower(path, size_px=SIZE, device="cpu").embed(pixels(1))
    assert caught.value.source == str(path)


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64])
def test_token_ids_are_cast_to_what_the_graph_takes(graph, kind: int) -> None:
    path = graph(("text_embeds",), shape=("n", 6), kind=kind, input_name="input_ids")
    tower = TextTower(path, device="cpu")
    ids = np.arange(1, 13, dtype=np.int64).reshape(2, 6)
    np.testing.assert_allclose(
        tower.embed(ids, np.ones_like(ids)), unit_rows(ids.astype(np.float32), "x"), atol=1e-6
    )
    assert tower.context_length == 6


def test_a_mask_is_given_where_the_graph_takes_one(graph) -> None:
    path = graph(
        ("text_embeds",),
        shape=("n", "length"),
        kind=TensorProto.INT64,
        input_name="attention_mask",
        more_inputs=("input_ids",),
    )
    ids = np.full((2, 6), 9, dtype=np.int64)
    mask = np.array([[1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    tower = TextTower(path, device="cpu")
    assert tower.context_length is None
    expected = unit_rows(mask.astype(np.float32), "x")
    np.testing.assert_allclose(tower.embed(ids, mask), expected, atol=1e-6)


def test_a_text_tower_with_other_inputs_is_refused(graph) -> None:
    path = graph(
        shape=("n", 6), kind=TensorProto.INT64, input_name="ids", more_inputs=("positions",)
    )
    ids = np.ones((1, 6), dtype=np.int64)
    with pytest.raises(WeightsMismatchError, match="positions"):
        TextTower(path, device="cpu").embed(ids, ids)


def test_rows_without_length_are_refused() -> None:
    for bad in (np.zeros((1, 3)), np.full((1, 3), np.nan), np.full((1, 3), np.inf)):
        with pytest.raises(WeightsMismatchError, match="finite"):
            unit_rows(bad.astype(np.float32), "model.onnx")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsMismatchError, match="cannot load") as caught:
        make_session(path, device="cpu")
    assert caught.value.source == str(path)


def test_cuda_that_is_not_there_is_an_error_and_never_a_fallback(
    graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    path = graph()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match="onnxruntime-gpu"):
        make_session(path, device="cuda")
    make_session(path, device="auto")


def test_a_hash_follows_the_content(tmp_path: Path) -> None:
    import hashlib
    import os

    path = tmp_path / "x"
    path.write_bytes(b"one")
    assert file_sha256(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert file_sha256(path) == hashlib.sha256(b"two").hexdigest()
