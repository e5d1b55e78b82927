"""EfficientNet-Lite2 as an ONNX graph, made once from the installed weights and cached.

The network (Tan and Le, "EfficientNet", 2019; the Lite variants drop squeeze-and-excitation, use
ReLU6 and keep stem and head at their base width) is a stem, 21 inverted-residual blocks, a head of
1280 channels and the mean over all positions. Every batch normalisation is folded into the
convolution before it; the classifier is left out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.embeddings.graph_cache import cached_graph
from framesift.embeddings.starter_weights import TRUNK_SHA256, load_trunk_weights
from framesift.errors import WeightsMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "BUILDER_VERSION",
    "FEATURES",
    "INPUT_PX",
    "LEVELS_VERSION",
    "LEVELS_WIDTH",
    "build_levels",
    "build_trunk",
    "cached_levels",
    "cached_trunk",
    "trunk_key",
]

BUILDER_VERSION = 1
"""Grows with every change of the graph, so that an old cached one is not used."""

INPUT_PX = 260
FEATURES = 1280

LEVEL_WIDTHS = (16, 24, 48, 88, 120)
"""Channels at the end of each of the first five stages."""

LEVELS_VERSION = 2
"""Grows with every change of the graph of `build_levels`."""

LEVELS_WIDTH = 2 * sum(LEVEL_WIDTHS)

_EPSILON = 1e-3
# Stride of the first block of each stage, and the number of blocks: the depths of EfficientNet-B0
# scaled by 1.2, where the first and the last stage keep one block.
_STAGES = ((1, 1), (2, 3), (2, 3), (2, 4), (1, 4), (2, 5), (1, 1))


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Give TensorFlow's "same" padding before and after one axis; the odd pixel goes after."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _GraphBuilder:
    """Adds layers one after another and keeps track of the side in pixels."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], side: int = INPUT_PX) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.side = side
        self.constant("zero", np.float32(0))
        self.constant("six", np.float32(6))

    def constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def conv(self, source: str, name: str, norm: str, *, stride: int = 1) -> str:
        """Add a convolution with its batch normalisation folded in."""
        kernel, bias = self._folded(name, norm)
        depthwise = kernel.shape[1] == 1 and kernel.shape[0] > 1
        before, after = same_padding(self.side, kernel.shape[2], stride)
        self.side = -(-self.side // stride)
        inputs = [
            source,
            self.constant(f"{name}.kernel", kernel),
            self.constant(f"{name}.bias", bias),
        ]
        return self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=kernel.shape[0] if depthwise else 1,
        )

    def _folded(self, name: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        get = {k: self.weights[f"{norm}.{k}"].astype(np.float64) for k in _NORM}
        scale = get["weight"] / np.sqrt(get["running_var"] + _EPSILON)
        kernel = self.weights[f"{name}.weight"] * scale[:, None, None, None]
        bias = get["bias"] - get["running_mean"] * scale
        return kernel.astype(np.float32), bias.astype(np.float32)

    def relu6(self, source: str) -> str:
        return self.node("Clip", [source, "zero", "six"], f"{source}.relu6")

    def block(self, source: str, index: int, *, stride: int) -> str:
        """Add one inverted residual: widen, filter each channel, narrow, add where shapes agree."""
        prefix = f"_blocks.{index}"
        out = source
        if f"{prefix}._expand_conv.weight" in self.weights:
            out = self.relu6(self.conv(out, f"{prefix}._expand_conv", f"{prefix}._bn0"))
        out = self.conv(out, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride=stride)
        out = self.conv(self.relu6(out), f"{prefix}._project_conv", f"{prefix}._bn2")
        first = self.weights.get(f"{prefix}._expand_conv.weight")
        narrow = self.weights[f"{prefix}._project_conv.weight"].shape[0]
        if stride == 1 and first is not None and first.shape[1] == narrow:
            out = self.node("Add", [out, source], f"{prefix}.sum")
        return out


_NORM = ("weight", "bias", "running_mean", "running_var")


def build_trunk(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Turn the weights into a serialised ONNX model.

    Args:
        weights: As `load_trunk_weights` gives them.

    Returns:
        A model with one input ``pixels`` float32 (N, 3, 260, 260), normalised, and one output
        ``features`` float32 (N, 1280). The classifier is not part of it.

    Raises:
        WeightsMismatchError: An array is missing or has another shape.
    """
    return _fitting(weights, lambda: _build(weights))


def build_levels(weights: Mapping[str, NDArray[Any]], side: int) -> bytes:
    """Turn the weights into a serialised ONNX model that looks at the early stages.

    They carry what the last two have learned to overlook: blur, noise, blocking.

    Args:
        weights: As `load_trunk_weights` gives them.
        side: Of the square input, in pixels.

    Returns:
        A model with one input ``pixels`` float32 (N, 3, side, side), normalised, and one output
        ``levels`` float32 (N, 592): for each of the first five stages the mean over all positions
        of its channels, then their standard deviation.

    Raises:
        WeightsMismatchError: An array is missing or has another shape.
    """
    return _fitting(weights, lambda: _build_levels(weights, side))


def _fitting(weights: Mapping[str, NDArray[Any]], build: Callable[[], bytes]) -> bytes:
    try:
        _check_shapes(weights)
        return build()
    except (KeyError, ValueError, IndexError) as error:
        message = f"the weights do not fit EfficientNet-Lite2 ({error})"
        raise WeightsMismatchError(message, source="starter") from error


def _build(weights: Mapping[str, NDArray[Any]]) -> bytes:
    g = _GraphBuilder(weights)
    *_, out = _stages(g)
    out = g.relu6(g.conv(out, "_conv_head", "_bn1"))
    out = g.node("GlobalAveragePool", [out], "pooled")
    g.node("Flatten", [out], "features", axis=1)
    return _serialised(g, "efficientnet_lite2", INPUT_PX, ("features", FEATURES))


def _build_levels(weights: Mapping[str, NDArray[Any]], side: int) -> bytes:
    g = _GraphBuilder(weights, side)
    parts = []
    for level, out in zip(range(len(LEVEL_WIDTHS)), _stages(g), strict=False):
        mean = g.node("ReduceMean", [out], f"level{level}.mean", axes=[2, 3], keepdims=0)
        square = g.node("Mul", [out, out], f"level{level}.square")
        second = g.node("ReduceMean", [square], f"level{level}.second", axes=[2, 3], keepdims=0)
        mean_square = g.node("Mul", [mean, mean], f"level{level}.mean_square")
        variance = g.node("Sub", [second, mean_square], f"level{level}.variance")
        # Rounding can leave a constant channel a hair below zero.
        positive = g.node("Max", [variance, "zero"], f"level{level}.positive")
        parts += [mean, g.node("Sqrt", [positive], f"level{level}.deviation")]
    g.node("Concat", parts, "levels", axis=1)
    return _serialised(g, "efficientnet_lite2_levels", side, ("levels", LEVELS_WIDTH))


def _stages(g: _GraphBuilder) -> Iterator[str]:
    """Add stem and stages; yield the output of each stage."""
    out = g.relu6(g.conv("pixels", "_conv_stem", "_bn0", stride=2))
    index = 0
    for first_stride, count in _STAGES:
        for position in range(count):
            out = g.block(out, index, stride=first_stride if position == 0 else 1)
            index += 1
        yield out


def _serialised(g: _GraphBuilder, name: str, side: int, output: tuple[str, int]) -> bytes:
    from onnx import TensorProto, checker, helper

    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes,
        name,
        [value("pixels", TensorProto.FLOAT, ["n", 3, side, side])],
        [value(output[0], TensorProto.FLOAT, ["n", output[1]])],
        g.constants,
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="framesift", ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _check_shapes(weights: Mapping[str, NDArray[Any]]) -> None:
    """Compare what fixes the architecture; the rest follows from it or fails in the checker."""
    expected = {
        "_conv_stem.weight": (32, 3, 3, 3),
        "_blocks.0._depthwise_conv.weight": (32, 1, 3, 3),
        "_blocks.4._depthwise_conv.weight": (144, 1, 5, 5),
        "_blocks.20._project_conv.weight": (352, 1248, 1, 1),
        "_conv_head.weight": (FEATURES, 352, 1, 1),
        "_fc.weight": (1000, FEATURES),
        "_fc.bias": (1000,),
    }
    for name, shape in expected.items():
        if weights[name].shape != shape:
            message = f"{name} has shape {weights[name].shape}, expected {shape}"
            raise ValueError(message)


def trunk_key() -> str:
    """Name this builder's graph of these weights, 16 hexadecimal digits."""
    text = f"efficientnet-lite2/{TRUNK_SHA256}/{BUILDER_VERSION}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cached_trunk(folder: Path) -> bytes:
    """Give the serialised graph, from the cache if it is there and whole (see `cached_graph`).

    Args:
        folder: Where to keep it; made if missing.

    Raises:
        WeightsUnavailableError: The package with the weights is not installed.
        WeightsMismatchError: Its weights are not the expected ones.
    """
    return cached_graph(folder, f"trunk-{trunk_key()}", lambda: build_trunk(load_trunk_weights()))


def cached_levels(folder: Path, side: int) -> bytes:
    """Give the graph of `build_levels`, from the cache if it is there and whole.

    Args:
        folder: Where to keep it; made if missing.
        side: Of the square input, in pixels.

    Raises:
        WeightsUnavailableError: The package with the weights is not installed.
        WeightsMismatchError: Its weights are not the expected ones.
    """
    stem = f"levels-{LEVELS_VERSION}-{side}-{trunk_key()}"
    return cached_graph(folder, stem, lambda: build_levels(load_trunk_weights(), side))
