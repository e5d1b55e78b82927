from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest

from framesift.embeddings import starter_trunk
from framesift.embeddings.starter_trunk import (
    LEVELS_WIDTH,
    build_levels,
    build_trunk,
    cached_levels,
    cached_trunk,
    same_padding,
)
from framesift.embeddings.starter_weights import load_trunk_weights
from framesift.errors import WeightsMismatchError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return cached_trunk(tmp_path_factory.mktemp("trunk"))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [
        (260, 3, 2, (0, 1)),
        (130, 3, 1, (1, 1)),
        (130, 3, 2, (0, 1)),
        (65, 5, 2, (2, 2)),
        (33, 3, 2, (1, 1)),
        (17, 5, 2, (2, 2)),
        (9, 1, 1, (0, 0)),
    ],
)
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int, padding) -> None:
    assert same_padding(size, kernel, stride) == padding


def test_the_graph_takes_pixels_and_gives_pooled_features(graph: bytes) -> None:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        ("pixels", "tensor(float)", ["n", 3, 260, 260])
    ]
    assert [(o.name, o.shape) for o in session.get_outputs()] == [("features", ["n", 1280])]
    features = session.run(None, {"pixels": np.zeros((2, 3, 260, 260), np.float32)})[0]
    assert features.shape == (2, 1280)
    assert features.min() >= 0
    assert features.max() <= 6
    np.testing.assert_allclose(features[0], features[1], atol=1e-6)


def test_the_graph_is_the_same_each_time(graph: bytes) -> None:
    assert build_trunk(load_trunk_weights()) == graph


def test_levels_are_means_and_deviations_of_the_early_stages(graph: bytes, tmp_path: Path) -> None:
    levels = onnxruntime.InferenceSession(cached_levels(tmp_path, 64))
    assert [(i.name, i.shape) for i in levels.get_inputs()] == [("pixels", ["n", 3, 64, 64])]
    pixels = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    found = levels.run(None, {"pixels": pixels})[0]
    assert found.shape == (2, LEVELS_WIDTH)
    # The same stage, taken out of the graph as it is and pooled here.
    model = onnx.load_from_string(build_levels(load_trunk_weights(), 64))
    first = next(node.input[0] for node in model.graph.node if node.output[0] == "level0.mean")
    model.graph.output.append(onnx.ValueInfoProto(name=first))
    stage = onnxruntime.InferenceSession(model.SerializeToString()).run([first], {"pixels": pixels})
    expected = np.concatenate([stage[0].mean(axis=(2, 3)), stage[0].std(axis=(2, 3))], axis=1)
    np.testing.assert_allclose(found[:, :32], expected, atol=1e-3)
    assert len(graph) > len(model.SerializeToString())


def test_weights_of_another_network_are_refused() -> None:
    weights = load_trunk_weights()
    with pytest.raises(WeightsMismatchError, match="_conv_head"):
        build_trunk({**weights, "_conv_head.weight": np.zeros((1408, 352, 1, 1), np.float32)})
    del weights["_blocks.7._bn1.bias"]
    with pytest.raises(WeightsMismatchError, match=r"_blocks\.7\._bn1\.bias"):
        build_trunk(weights)


def test_the_second_time_nothing_is_built(
    graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cached_trunk(tmp_path) == graph
    monkeypatch.setattr(starter_trunk, "build_trunk", lambda _: pytest.fail("built again"))
    assert cached_trunk(tmp_path) == graph
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_does_no_harm(graph: bytes, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    assert cached_trunk(in_the_way / "starter") == graph


def test_two_processes_at_once_agree(graph: bytes, tmp_path: Path) -> None:
    code = (
        "import sys, hashlib, pathlib;"
        "from framesift.embeddings.starter_trunk import cached_trunk;"
        "print(hashlib.sha256(cached_trunk(pathlib.Path(sys.argv[1]))).hexdigest())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = {process.communicate(timeout=60)[0] for process in running}
    assert len(found) == 1
    assert all(process.returncode == 0 for process in running)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [graph]
