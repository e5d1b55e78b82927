"""The graph of Open-NSFW, rewritten to run faster with the same results.

The packaged export keeps channels last, so that every convolution stands between two transposes,
and follows each with its bias and its batch normalisation as an Add, a Sub, a Mul and an Add over
the whole activation. Here these go into the convolution's weights and bias, channels stay first
throughout, and paddings become attributes. The arithmetic is done in float64 and stored in float32.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BUILDER_VERSION", "UnexpectedGraphError", "fold"]

BUILDER_VERSION: Final = 1
"""Grows with every change of the rewritten graph, so that an old cached one is not used."""

_Array: TypeAlias = NDArray[Any]
_FLOAT: Final = 1
_TO_FIRST: Final = (0, 3, 1, 2)
_TO_LAST: Final = (0, 2, 3, 1)


class UnexpectedGraphError(ValueError):
    """The graph holds something that the rewriting does not know; it is to be run as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class _Conv:
    """A convolution that is not written yet: what follows may still go into its weights."""

    node: Any
    source: str
    pads: tuple[int, ...]
    weight: _Array
    scale: _Array
    shift: _Array


@dataclass(frozen=True, slots=True)
class _Value:
    """An activation of the old graph.

    Attributes:
        name: Its name in the new graph, where four-axis activations are (N, C, H, W).
        shape: As the old graph has it, for a batch of one.
        last: Whether the old graph has its channels last.
        pad: Top, left, bottom and right that the next node is to add, and in which mode.
        conv: Set while it is a convolution that is not written yet.
    """

    name: str
    shape: tuple[int, ...]
    last: bool
    pad: tuple[str, tuple[int, ...]] | None = None
    conv: _Conv | None = None


def fold(data: bytes) -> bytes:
    """Rewrite the serialised graph.

    Args:
        data: The packaged model: one input, float32 (N, 224, 224, 3), and one output (N, 2).

    Returns:
        A serialised model with the same input and output.

    Raises:
        UnexpectedGraphError: It is not the graph that this was made for.
    """
    from onnx import ModelProto
    from onnx.checker import ValidationError

    try:
        return _Rewriter(ModelProto.FromString(data)).run()
    except UnexpectedGraphError:
        raise
    except (LookupError, TypeError, ValueError, RuntimeError, ValidationError) as error:
        raise UnexpectedGraphError(f"the graph does not fit: {error}") from error


@dataclass(slots=True)
class _Rewriter:
    model: Any
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    known: dict[str, _Array] = field(default_factory=dict)
    values: dict[str, _Value] = field(default_factory=dict)
    written: dict[_Conv, str] = field(default_factory=dict)

    def run(self) -> bytes:
        """Walk through the nodes, which stand in the order of their execution."""
        from onnx import checker, helper, numpy_helper

        graph = self.model.graph
        (given,), (result,) = graph.input, graph.output
        shape = tuple(dim.dim_value or 1 for dim in given.type.tensor_type.shape.dim)
        _expect(len(shape) == 4, f"the input has shape {shape}")
        first = self._emit("Transpose", [given.name], "channels_first", perm=list(_TO_FIRST))
        self.values[given.name] = _Value(first, shape, last=True)
        self.known = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
        for node in graph.node:
            self._add(node)
        # The last node keeps its name by an Identity, which costs nothing.
        self._emit("Identity", [self._name(result.name)], result.name)
        folded = helper.make_graph(self.nodes, graph.name, [given], [result], self.constants)
        opsets, version = self.model.opset_import, self.model.ir_version
        model = helper.make_model(
            folded, opset_imports=opsets, producer_name="framesift", ir_version=version
        )
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _add(self, node: Any) -> None:
        active = [name for name in node.input if name in self.values]
        if active and node.op_type == "Shape":
            self.known[node.output[0]] = np.array(self.values[active[0]].shape, np.int64)
            return
        if not active:
            self._compute(node)
            return
        handlers: dict[str, Callable[[Any], _Value]] = {
            "Cast": self._cast,
            "Transpose": self._transpose,
            "Pad": self._pad,
            "Conv": self._conv,
            "MaxPool": self._max_pool,
            "ReduceMean": self._mean,
            "MatMul": self._matmul,
        }
        if node.op_type in handlers:
            value = handlers[node.op_type](node)
        elif node.op_type in ("Relu", "Softmax"):
            value = self._copied(node)
        elif node.op_type in ("Add", "Sub", "Mul"):
            value = self._joined(node) if len(active) == 2 else self._shifted(node)
        else:
            raise UnexpectedGraphError(f"an operator {node.op_type}")
        self.values[node.output[0]] = value

    def _compute(self, node: Any) -> None:
        """Work out what depends on weights and shapes only."""
        from onnx.reference import ReferenceEvaluator

        feed = {name: self.known[name] for name in node.input if name}
        (found,) = list(ReferenceEvaluator(node).run(None, feed))
        self.known[node.output[0]] = np.asarray(found)

    def _cast(self, node: Any) -> _Value:
        _expect(_attributes(node)["to"] == _FLOAT, "a cast to another type")
        return self.values[node.input[0]]

    def _transpose(self, node: Any) -> _Value:
        value = self.values[node.input[0]]
        order = tuple(_attributes(node)["perm"])
        _expect(order == (_TO_FIRST if value.last else _TO_LAST), f"a transpose by {order}")
        shape = tuple(value.shape[axis] for axis in order)
        return replace(value, shape=shape, last=not value.last)

    def _pad(self, node: Any) -> _Value:
        value = self.values[node.input[0]]
        mode = _attributes(node).get("mode", b"constant").decode()
        filled = [name for name in node.input[2:] if name]
        _expect(not filled and value.pad is None, "a padding by a value")
        pads = self.known[node.input[1]].reshape(2, 4)
        height, width = (1, 2) if value.last else (2, 3)
        others = [axis for axis in range(4) if axis not in (height, width)]
        spatial = not pads[:, others].any() and bool((pads >= 0).all())
        _expect(spatial, f"a padding by {pads.tolist()}")
        sides = tuple(int(side) for side in pads[:, [height, width]].ravel())
        shape = tuple(np.array(value.shape) + pads.sum(axis=0))
        return replace(value, shape=shape, pad=(mode, sides))

    def _conv(self, node: Any) -> _Value:
        value, weight = self.values[node.input[0]], self.known[node.input[1]].astype(np.float64)
        attributes = _attributes(node)
        plain = attributes.get("group", 1) == 1 and set(attributes.get("dilations", [1])) == {1}
        _expect(not value.last and len(node.input) == 2 and plain, "a convolution of another kind")
        mode, extra = value.pad or ("constant", (0, 0, 0, 0))
        _expect(mode == "constant", f"a convolution after a padding of mode {mode}")
        shape = (1, weight.shape[0], *_sides(value.shape, attributes))
        pads = tuple(a + b for a, b in zip(attributes["pads"], extra, strict=True))
        ones, zeros = np.ones(weight.shape[0]), np.zeros(weight.shape[0])
        source = self._name(node.input[0])
        return _Value("", shape, last=False, conv=_Conv(node, source, pads, weight, ones, zeros))

    def _max_pool(self, node: Any) -> _Value:
        value, attributes = self.values[node.input[0]], _attributes(node)
        mode, extra = value.pad or ("edge", (0, 0, 0, 0))
        kernel = attributes["kernel_shape"]
        # A window that reaches into a repeated edge holds that edge too: it adds nothing to the
        # maximum, and the operator's own padding, which never wins, does as well.
        alike = mode == "edge" and max(extra) < min(kernel) and not any(attributes["pads"])
        _expect(not value.last and alike, "a pooling of another kind")
        shape = (1, value.shape[1], *_sides(value.shape, attributes))
        attributes["pads"] = list(extra)
        name = self._emit("MaxPool", [self._name(node.input[0])], node.output[0], **attributes)
        return _Value(name, shape, last=False)

    def _mean(self, node: Any) -> _Value:
        value, attributes = self.values[node.input[0]], _attributes(node)
        axes = sorted(axis % 4 for axis in attributes["axes"])
        spatial = value.last and axes == [1, 2] and attributes.get("keepdims", 1) == 0
        _expect(spatial and value.pad is None, f"a mean over {axes}")
        pooled = self._emit("GlobalAveragePool", [self._name(node.input[0])], "pooled")
        name = self._emit("Flatten", [pooled], node.output[0], axis=1)
        return _Value(name, (1, value.shape[3]), last=True)

    def _matmul(self, node: Any) -> _Value:
        value, matrix = self.values[node.input[0]], self.known[node.input[1]]
        _expect(len(value.shape) == matrix.ndim == 2, "a product of another kind")
        inputs = [self._name(node.input[0]), self._constant(node.input[1], matrix)]
        name = self._emit("MatMul", inputs, node.output[0])
        return _Value(name, (1, matrix.shape[1]), last=True)

    def _copied(self, node: Any) -> _Value:
        value = self.values[node.input[0]]
        flat = len(value.shape) == 2
        _expect(value.pad is None and (flat or node.op_type == "Relu"), f"a {node.op_type}")
        inputs = [self._name(node.input[0])]
        name = self._emit(node.op_type, inputs, node.output[0], **_attributes(node))
        return _Value(name, value.shape, value.last)

    def _joined(self, node: Any) -> _Value:
        left, right = (self.values[name] for name in node.input)
        alike = (left.shape, left.last) == (right.shape, right.last)
        _expect(node.op_type == "Add" and alike and not (left.pad or right.pad), "a shortcut")
        name = self._emit("Add", [self._name(one) for one in node.input], node.output[0])
        return _Value(name, left.shape, left.last)

    def _shifted(self, node: Any) -> _Value:
        """Put a constant per channel into the convolution before it."""
        _expect(node.input[0] in self.values, f"a {node.op_type} of another kind")
        value, constant = self.values[node.input[0]], self.known[node.input[1]]
        if len(value.shape) == 2:
            inputs = [self._name(node.input[0]), self._constant(node.input[1], constant)]
            name = self._emit(node.op_type, inputs, node.output[0])
            return _Value(name, value.shape, value.last)
        conv = value.conv
        if (
            conv is None
            or value.pad
            or not value.last
            or constant.shape != (1, 1, 1, len(conv.shift))
        ):
            raise UnexpectedGraphError(f"a {node.op_type} of shape {constant.shape}")
        numbers = constant.reshape(-1).astype(np.float64)
        if node.op_type == "Mul":
            conv = replace(conv, scale=conv.scale * numbers, shift=conv.shift * numbers)
        else:
            conv = replace(
                conv, shift=conv.shift + (numbers if node.op_type == "Add" else -numbers)
            )
        return replace(value, conv=conv)

    def _name(self, old: str) -> str:
        """Give the new name of an activation; a convolution is written when it is first used."""
        value = self.values[old]
        if value.conv is None:
            return value.name
        conv = value.conv
        if conv not in self.written:
            weight = conv.weight * conv.scale[:, None, None, None]
            inputs = [
                conv.source,
                self._constant(f"{old}.weight", weight.astype(np.float32)),
                self._constant(f"{old}.bias", conv.shift.astype(np.float32)),
            ]
            attributes = {**_attributes(conv.node), "pads": list(conv.pads)}
            self.written[conv] = self._emit("Conv", inputs, f"{old}.conv", **attributes)
        return self.written[conv]

    def _constant(self, name: str, value: _Array) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _emit(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        # The graph's own output is written by the last node alone.
        if kind != "Identity" and output == self.model.graph.output[0].name:
            output = f"{output}.value"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def _sides(shape: tuple[int, ...], attributes: dict[str, Any]) -> tuple[int, int]:
    """Compute height and width after a convolution or pooling of (N, C, H, W), padding counted."""
    top, left, bottom, right = attributes["pads"]
    padded = (shape[2] + top + bottom, shape[3] + left + right)
    steps = zip(padded, attributes["kernel_shape"], attributes["strides"], strict=True)
    height, width = ((side - kernel) // stride + 1 for side, kernel, stride in steps)
    return height, width


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {item.name: helper.get_attribute_value(item) for item in node.attribute}


def _expect(fits: bool, found: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not fits:
        raise UnexpectedGraphError(f"the graph has {found}")
