"""8-bit matrix products with one activation range per row of the activations.

ONNX Runtime's dynamic quantisation takes one range for a whole activation tensor. Where few tokens
have activations far above the rest, as trained vision transformers do, the rest is left with
a handful of levels; and a picture's result depends on the others in its run. Here every row (one
token of one picture) has a range of its own, as in LLM.int8() (Dettmers et al., 2022), so that
pictures can be run in batches. Weights are symmetric int8 with one scale per output column. The
products are ONNX Runtime's integer kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["quantize_rowwise"]

_MICROSOFT: Final = "com.microsoft"
_ZERO: Final = 128
_LEVELS: Final = 127.0
_AXES_AS_INPUT: Final = 18


def quantize_rowwise(source: Path, target: Path) -> int:
    """Write a copy of a graph with 8-bit matrix products.

    Every ``MatMul`` with a constant matrix of two axes is replaced; everything else stays.

    Args:
        source: The fp32 graph; external data is read along.
        target: The file to write.

    Returns:
        How many products were replaced.
    """
    import onnx

    model = onnx.load(source)
    rewrite = _Rewrite(model)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        rewrite.add(node)
    rewrite.finish()
    onnx.save(model, target)
    return rewrite.replaced


class _Rewrite:
    def __init__(self, model: Any) -> None:
        self.model = model
        self.graph = model.graph
        self.replaced = 0
        self._weights = {item.name: item for item in model.graph.initializer}
        self._quantized: dict[str, tuple[str, str]] = {}
        opsets = {item.domain: item.version for item in model.opset_import}
        self._axes_as_input = opsets.get("", 0) >= _AXES_AS_INPUT

    def add(self, node: Any) -> None:
        """Append a node, or what stands for it."""
        weight = self._matrix(node)
        if weight is None:
            self.graph.node.append(node)
            return
        if self.replaced == 0:
            self._constant("rowwise_one", np.float32(1))
            self._constant("rowwise_zero", np.uint8(_ZERO))
            self._constant("rowwise_levels", np.float32(_LEVELS))
            self._constant("rowwise_tiny", np.float32(1e-12))
            self._constant("rowwise_axis", np.array([-1], dtype=np.int64))
        self.replaced += 1
        # One activation may feed several products (queries, keys, values): quantise it once.
        if node.input[0] not in self._quantized:
            self._quantized[node.input[0]] = self._quantize(node.input[0])
        integers, range_ = self._quantized[node.input[0]]
        prefix = f"rowwise_{self.replaced}_"
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-12) / np.float32(_LEVELS)
        rounded = np.clip(np.rint(weight / scale), -_LEVELS, _LEVELS)
        inputs = [
            integers,
            self._constant(prefix + "weight", rounded.astype(np.int8)),
            "rowwise_one",
            self._constant(prefix + "scale", scale.astype(np.float32)),
            "rowwise_zero",
        ]
        self._node("MatMulIntegerToFloat", inputs, prefix + "product", domain=_MICROSOFT)
        self._node("Mul", [prefix + "product", range_], node.output[0])

    def finish(self) -> None:
        """Drop the matrices that nothing reads any more."""
        read = {name for node in self.graph.node for name in node.input}
        kept = [item for item in self.graph.initializer if item.name in read]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)
        if all(item.domain != _MICROSOFT for item in self.model.opset_import):
            from onnx import helper

            self.model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))

    def _matrix(self, node: Any) -> Any:
        if node.op_type != "MatMul" or node.input[1] not in self._weights:
            return None
        from onnx import numpy_helper

        value = numpy_helper.to_array(self._weights[node.input[1]])
        return value if value.ndim == 2 and value.dtype == np.float32 else None

    def _quantize(self, name: str) -> tuple[str, str]:
        """Scale each row to [-127, 127] and round: the integers and the scales, (..., 1)."""
        prefix = f"rowwise_{self.replaced}_"
        self._node("Abs", [name], prefix + "size")
        axes = ["rowwise_axis"] if self._axes_as_input else []
        attributes = {} if self._axes_as_input else {"axes": [-1]}
        largest = self._node(
            "ReduceMax", [prefix + "size", *axes], prefix + "largest", keepdims=1, **attributes
        )
        # A row of zeros must not divide by zero.
        safe = self._node("Max", [largest, "rowwise_tiny"], prefix + "safe")
        range_ = self._node("Div", [safe, "rowwise_levels"], prefix + "range")
        # One division per row, and a product per element, which is cheaper.
        inverse = self._node("Div", ["rowwise_levels", safe], prefix + "inverse")
        scaled = self._node("Mul", [name, inverse], prefix + "scaled")
        inputs = [scaled, "rowwise_one", "rowwise_zero"]
        return self._node("QuantizeLinear", inputs, prefix + "integers"), range_

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.graph.node.append(helper.make_node(kind, inputs, [output], **attributes))
        return output
