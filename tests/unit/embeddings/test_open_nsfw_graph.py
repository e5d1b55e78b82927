from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from framesift.embeddings.onnx import make_session
from framesift.embeddings.open_nsfw import _weights_path
from framesift.embeddings.open_nsfw_graph import UnexpectedGraphError, fold

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def original() -> bytes:
    return _weights_path().read_bytes()


@pytest.fixture(scope="module")
def folded(original: bytes) -> bytes:
    return fold(original)


def logits(graph: bytes, batch: np.ndarray) -> np.ndarray:
    """The numbers before the softmax, which flattens differences."""
    model = onnx.load_from_string(graph)
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    value = onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["n", 2])
    softmax.op_type, softmax.output[0] = "Identity", "logits"
    del softmax.attribute[:]
    for node in [node for node in model.graph.node if "4195" in node.output]:
        model.graph.node.remove(node)
    del model.graph.output[:]
    model.graph.output.append(value)
    session = make_session(model.SerializeToString(), device="cpu")
    return np.asarray(session.run(None, {"input_0": batch})[0])


def test_input_and_output_stay(original: bytes, folded: bytes) -> None:
    before, after = onnx.load_from_string(original).graph, onnx.load_from_string(folded).graph
    assert list(after.input) == list(before.input)
    assert list(after.output) == list(before.output)


def test_nothing_but_the_network_is_left(folded: bytes) -> None:
    kinds = Counter(node.op_type for node in onnx.load_from_string(folded).graph.node)
    # 16 shortcuts and the bias of the last layer; one transpose, of the input.
    assert kinds["Add"] == 17
    assert (kinds["Conv"], kinds["Relu"], kinds["Transpose"]) == (53, 49, 1)
    assert not {"Sub", "Mul", "Cast", "Pad"} & set(kinds)


@pytest.mark.parametrize("count", [1, 3])
def test_results_are_those_of_the_original(original: bytes, folded: bytes, count: int) -> None:
    rng = np.random.default_rng(count)
    noise = rng.uniform(-123, 151, (count, 224, 224, 3)).astype(np.float32)
    flat = np.broadcast_to(rng.uniform(-120, 150, (count, 1, 1, 3)), noise.shape)
    for batch in (noise, flat.astype(np.float32)):
        feed = {"input_0": batch}
        found = make_session(folded, device="cpu").run(None, feed)[0]
        expected = make_session(original, device="cpu").run(None, feed)[0]
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(logits(folded, batch), logits(original, batch), atol=1e-4)


def test_it_is_the_same_every_time(original: bytes, folded: bytes) -> None:
    assert fold(original) == folded


def first(model: Any, kind: str) -> Any:
    return next(node for node in model.graph.node if node.op_type == kind)


def other_operator(model: Any) -> None:
    first(model, "Relu").op_type = "Elu"


def other_padding(model: Any) -> None:
    next(item for item in first(model, "Pad").attribute if item.name == "mode").s = b"reflect"


def other_order(model: Any) -> None:
    inputs = first(model, "Conv").input[0]
    node = next(node for node in model.graph.node if node.output[0] == inputs)
    node.attribute[0].ints[:] = [0, 3, 2, 1]


def other_type(model: Any) -> None:
    first(model, "Cast").attribute[0].i = onnx.TensorProto.FLOAT16


def wider_constant(model: Any) -> None:
    name = next(node.input[1] for node in model.graph.node if node.op_type == "Mul")
    item = next(item for item in model.graph.initializer if item.name == name)
    item.CopyFrom(onnx.numpy_helper.from_array(np.ones((1, 112, 112, 64), np.float32), name))


def missing_weight(model: Any) -> None:
    name = first(model, "MatMul").input[1]
    model.graph.initializer.remove(next(i for i in model.graph.initializer if i.name == name))


def two_inputs(model: Any) -> None:
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", 1, [1]))


@pytest.mark.parametrize(
    "change",
    [
        other_operator,
        other_padding,
        other_order,
        other_type,
        wider_constant,
        missing_weight,
        two_inputs,
    ],
)
def test_another_graph_is_refused(original: bytes, change: Callable[[Any], None]) -> None:
    model = onnx.load_from_string(original)
    change(model)
    with pytest.raises(UnexpectedGraphError):
        fold(model.SerializeToString())
