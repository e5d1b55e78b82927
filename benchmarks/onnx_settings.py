"""Which way of running ViT-B/32 in ONNX Runtime is fastest on this machine.

Dynamic 8-bit quantisation takes the range of each activation tensor from the data, so the pictures
of a batch change each other's embeddings. To keep scores independent of the batch, 8-bit models run
one picture at a time; what is left to choose is how many threads a run has and how many runs are
under way at once.

    python -m benchmarks.onnx_settings
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import common
from benchmarks.models import model_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnxruntime

PICTURES = 16


def quantised(path: Path) -> Path:
    """Return the 8-bit version of a model, made by ONNX Runtime's dynamic quantisation."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = path.with_name(f"{path.stem}-bench-int8.onnx")
    if not target.exists():
        logging.disable(logging.WARNING)
        quantize_dynamic(
            path, target, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8
        )
    return target


def open_session(path: Path, threads: int, *, spin: str) -> onnxruntime.InferenceSession:
    """Open a model with a number of threads; waiting threads spin if ``spin`` is "1"."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", spin)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def embed(session: onnxruntime.InferenceSession, batch: np.ndarray) -> np.ndarray:
    (rows,) = session.run(["image_embeds"], {"pixel_values": batch})
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cases(path: Path, pictures: np.ndarray, pool: ThreadPoolExecutor) -> dict[str, Callable]:
    """Return every way of embedding the pictures, by name."""
    found: dict[str, Callable] = {}

    def case(name: str, session: onnxruntime.InferenceSession, batch: int, workers: int) -> None:
        def one(start: int) -> np.ndarray:
            return embed(session, pictures[start : start + batch])

        starts = range(0, len(pictures), batch)
        run = map if workers == 1 else pool.map
        found[name] = lambda: list(run(one, starts))

    for threads in sorted({1, os.cpu_count() or 1}):
        for spin in ("0", "1") if threads > 1 else ("0",):
            session = open_session(path, threads, spin=spin)
            label = f"{threads} threads" + (", spinning" if spin == "1" else "")
            for batch in (1, 8):
                case(f"batch {batch}, 1 run of {label}", session, batch, 1)
                if threads == 1:
                    case(f"batch {batch}, 2 runs of {label}", session, batch, 2)
    return found


def main() -> None:
    started = common.machine()
    fp32 = model_folder() / "onnx" / "vision_model.onnx"
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(PICTURES, 3, 224, 224)).astype(np.float32)
    exact = embed(open_session(fp32, 1, spin="0"), pictures)
    figures: dict[str, object] = {}
    with ThreadPoolExecutor(2) as pool:
        for name, path in (("fp32", fp32), ("int8", quantised(fp32))):
            session = open_session(path, 1, spin="0")
            alone = np.concatenate([embed(session, picture[None]) for picture in pictures])
            together = embed(session, pictures)
            timed = common.take_turns(cases(path, pictures, pool), PICTURES)
            figures[name] = {
                "ways": timed,
                "fastest": max(timed, key=lambda way: timed[way]["images_per_s"]),
                "lowest_cosine_to_fp32": round(float((alone * exact).sum(1).min()), 5),
                "largest_change_by_batching": round(float(np.abs(alone - together).max()), 6),
            }
            print(name, figures[name])
    print(common.write("onnx_settings", figures, started=started))


if __name__ == "__main__":
    main()
