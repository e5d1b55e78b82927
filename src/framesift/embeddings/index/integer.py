"""Products of 8-bit integers by the processor's own instructions, through ONNX Runtime."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Product", "product"]

Product: TypeAlias = "Callable[[NDArray[np.int8], NDArray[np.int8]], NDArray[np.int32]]"
"""int8 (N, D) and int8 (D,) -> int32 (N,)."""

_LEVELS: Final = (127, 63)
"""Largest code of a query. Without VNNI some kernels add pairs of products in 16 bits: with 63 no
pair can overflow them."""

_lock = threading.Lock()


def product(width: int) -> tuple[Product, int] | None:
    """Return what multiplies codes exactly, and the largest code a query may have.

    Each call runs on one thread: callers run several shards at once.

    Returns:
        ``None`` where this machine's kernels are not exact, which nothing else would show.
    """
    with _lock:
        return _checked(width)


@functools.cache
def _checked(width: int) -> tuple[Product, int] | None:
    multiply = _build(width)
    for levels in _LEVELS:
        if _is_exact(multiply, width, levels):
            return multiply, levels
    return None


def _is_exact(multiply: Product, width: int, levels: int) -> bool:
    """Compare with plain sums where the kernels are most at risk: all codes at their limits."""
    rows = np.full((65, width), 127, dtype=np.int8)
    rows[1::2] = -127
    rows[2::4, ::2] = -127
    rows[64] = np.arange(width) % 255 - 127
    for codes in (np.full(width, levels), np.where(np.arange(width) % 2, levels, -levels)):
        query = codes.astype(np.int8)
        expected = rows.astype(np.int64) @ query.astype(np.int64)
        if not np.array_equal(multiply(rows, query), expected):
            return False
    return True


def _build(width: int) -> Product:
    import onnxruntime
    from onnx import TensorProto, helper

    node = helper.make_node("MatMulInteger", ["rows", "query"], ["products"])
    graph = helper.make_graph(
        [node],
        "codes",
        [
            helper.make_tensor_value_info("rows", TensorProto.INT8, [None, width]),
            helper.make_tensor_value_info("query", TensorProto.INT8, [width, 1]),
        ],
        [helper.make_tensor_value_info("products", TensorProto.INT32, [None, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def multiply(rows: NDArray[np.int8], query: NDArray[np.int8]) -> NDArray[np.int32]:
        (products,) = session.run(None, {"rows": rows, "query": query[:, None]})
        found: NDArray[np.int32] = products[:, 0]
        return found

    return multiply
