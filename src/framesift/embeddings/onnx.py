"""ONNX Runtime sessions and the two towers of a CLIP-like model.

Nothing about a graph is assumed: the names and types of its inputs, the name of its embedding and
its width are read from it, and a graph that does not fit is refused with what was found.
"""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from framesift.errors import ConfigError, WeightsMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from framesift.embeddings.base import Device
    from framesift.types import Float32Array

__all__ = ["ImageTower", "TextTower", "cpu_count", "file_sha256", "make_session", "unit_rows"]

_BATCH: Final = 16
_IMAGE_OUTPUTS: Final = ("image_embeds", "image_features", "embedding", "embeddings", "output")
_TEXT_OUTPUTS: Final = ("text_embeds", "text_features", "embedding", "embeddings", "output")
_POOLED: Final = ("pooler_output", "pooled_output", "sentence_embedding")
_NUMPY_TYPES: Final = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


def cpu_count() -> int:
    """Return how many processors this process may use (an affinity mask counts)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal digits.

    Kept per process for as long as the file's size and time of change stay the same.
    """
    stat = path.stat()
    return _hash(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _hash(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_session(
    graph: Path | bytes, *, device: Device = "auto", threads: int | None = None
) -> Any:
    """Open a graph with ONNX Runtime.

    Args:
        graph: The ``.onnx`` file, whose external data is found beside it; or its content.
        device: ``cpu``, ``cuda``, or ``auto`` for CUDA where it is there.
        threads: Threads inside one operator; ``None`` for every processor this process may use.

    Raises:
        ConfigError: CUDA was asked for and this ONNX Runtime has none.
        WeightsMismatchError: The file is not a graph that ONNX Runtime can load.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cpu_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads sleep instead of spinning: the decoders need the processors.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path = None if isinstance(graph, bytes) else graph
    try:
        return onnxruntime.InferenceSession(
            graph if path is None else str(path), options, providers=list(providers(device, path))
        )
    except ConfigError:
        raise
    except Exception as error:  # ONNX Runtime's exceptions share no public base
        message = f"ONNX Runtime cannot load this model: {_first_line(error)}"
        source = "a graph in memory" if path is None else str(path)
        raise WeightsMismatchError(message, source=source) from error


def providers(device: Device, path: Path | None = None) -> Iterator[str]:
    """Yield the execution providers for a device, best first.

    Raises:
        ConfigError: CUDA was asked for and this ONNX Runtime has none.
    """
    import onnxruntime

    cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device == "cuda" and not cuda:
        message = (
            "device 'cuda' was asked for, but this ONNX Runtime has no CUDA support; install "
            "onnxruntime-gpu in place of onnxruntime, or use --device cpu"
        )
        raise ConfigError(message, source=None if path is None else str(path))
    if cuda and device != "cpu":
        yield "CUDAExecutionProvider"
    yield "CPUExecutionProvider"


def unit_rows(rows: Float32Array, source: str) -> Float32Array:
    """Divide each row of (N, D) by its length.

    Raises:
        WeightsMismatchError: A row is not finite or has no length, which means a broken model.
    """
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        message = "the model gave an embedding that is not a finite vector of some length"
        raise WeightsMismatchError(message, source=source)
    unit: Float32Array = rows / lengths
    return unit


@dataclass(frozen=True, slots=True)
class _Input:
    name: str
    dtype: Any
    shape: tuple[int | None, ...]


class _Tower:
    """One graph: its session, opened on first use, and the output that is the embedding."""

    _preferred: tuple[str, ...] = ()

    def __init__(self, path: Path, *, device: Device, threads: int | None = None) -> None:
        self.path = path
        self._device = device
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: Any = None
        self._output = ""
        self.width: int | None = None

    @property
    def _session(self) -> Any:
        with self._lock:
            if self._opened is None:
                session = make_session(self.path, device=self._device, threads=self._threads)
                self._inspect(session)
                self._opened = session
            return self._opened

    def _inspect(self, session: Any) -> None:
        outputs = {item.name: item for item in session.get_outputs()}
        flat = [name for name, item in outputs.items() if len(item.shape or ()) in (0, 2)]
        wanted = [name for name in (*self._preferred, *_POOLED) if name in flat]
        if not wanted and len(flat) != 1:
            self._refuse(f"no output is clearly the embedding among: {', '.join(outputs)}")
        self._output = wanted[0] if wanted else flat[0]
        shape = list(outputs[self._output].shape or [])
        self.width = shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None

    def _inputs(self, session: Any) -> list[_Input]:
        found = []
        for item in session.get_inputs():
            if item.type not in _NUMPY_TYPES:
                self._refuse(f"input {item.name!r} is of type {item.type}, which is not supported")
            shape = tuple(side if isinstance(side, int) else None for side in item.shape)
            found.append(_Input(item.name, _NUMPY_TYPES[item.type], shape))
        return found

    def _run(self, feed: dict[str, Any]) -> Float32Array:
        session = self._session
        try:
            rows = session.run([self._output], feed)[0]
        except Exception as error:  # ONNX Runtime's exceptions share no public base
            message = f"the model failed on its input: {_first_line(error)}"
            raise WeightsMismatchError(message, source=str(self.path)) from error
        rows = np.asarray(rows, dtype=np.float32)
        if rows.ndim != 2:
            self._refuse(f"output {self._output!r} has shape {rows.shape}; expected (N, D)")
        self.width = rows.shape[1]
        return unit_rows(rows, str(self.path))

    def _refuse(self, reason: str) -> None:
        raise WeightsMismatchError(reason, source=str(self.path))


class ImageTower(_Tower):
    """The image half: normalised pixels, float32 (N, 3, S, S), to unit rows (N, D).

    Args:
        path: The ``.onnx`` file.
        size_px: S, from the preprocessing; a graph with another fixed size is refused.
        device: As in `make_session`.
        one_by_one: Run each picture alone. A dynamically quantised graph derives the range of its
            activations from everything in the run, so that a picture's row would depend on its
            batch mates; alone it does not. Several single-threaded runs go on at once instead.
    """

    _preferred = _IMAGE_OUTPUTS

    def __init__(
        self, path: Path, *, size_px: int, device: Device = "auto", one_by_one: bool = False
    ) -> None:
        """Keep what is needed to open the graph on first use."""
        super().__init__(path, device=device, threads=1 if one_by_one else None)
        self._size_px = size_px
        self._one_by_one = one_by_one
        self._input = _Input("", np.float32, ())
        self._pool: ThreadPoolExecutor | None = None

    @property
    def dim(self) -> int:
        """D, from the graph, or from one run where the graph does not tell."""
        session = self._session
        if self.width is None:
            self._run_batch(np.zeros((1, 3, self._size_px, self._size_px), dtype=np.float32))
        del session
        return int(self.width or 0)

    def embed(self, pixels: Float32Array) -> Float32Array:
        """Embed normalised pixels, float32 (N, 3, S, S), as unit rows (N, D)."""
        if len(pixels) == 0:
            return np.empty((0, self.dim), dtype=np.float32)
        step = 1 if self._one_by_one or self._input_batch() == 1 else _BATCH
        parts = [pixels[start : start + step] for start in range(0, len(pixels), step)]
        if not self._one_by_one or len(parts) == 1:
            return np.concatenate([self._run_batch(part) for part in parts])
        if self._pool is None:
            self._pool = ThreadPoolExecutor(cpu_count(), thread_name_prefix="framesift-int8")
        return np.concatenate(list(self._pool.map(self._run_batch, parts)))

    def _input_batch(self) -> int | None:
        session = self._session
        del session
        return self._input.shape[0] if self._input.shape else None

    def _run_batch(self, pixels: Float32Array) -> Float32Array:
        session = self._session
        del session
        return self._run({self._input.name: pixels.astype(self._input.dtype, copy=False)})

    def _inspect(self, session: Any) -> None:
        super()._inspect(session)
        inputs = self._inputs(session)
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            self._refuse(
                "an image tower takes one input (N, 3, S, S); this one takes " + str(inputs)
            )
        expected = (None, 3, self._size_px, self._size_px)
        for found, want in zip(inputs[0].shape[1:], expected[1:], strict=True):
            if found is not None and found != want:
                self._refuse(
                    f"the graph takes pictures of {inputs[0].shape[1:]}, but the preprocessing "
                    f"gives {expected[1:]}"
                )
        self._input = inputs[0]


class TextTower(_Tower):
    """The text half: token ids (N, L) to unit rows (N, D)."""

    _preferred = _TEXT_OUTPUTS

    def __init__(self, path: Path, *, device: Device = "auto", one_by_one: bool = False) -> None:
        """Keep what is needed to open the graph on first use."""
        super().__init__(path, device=device)
        self._one_by_one = one_by_one
        self._feeds: Sequence[_Input] = ()

    @property
    def context_length(self) -> int | None:
        """L where the graph fixes it."""
        session = self._session
        del session
        sides = [item.shape[1] for item in self._feeds if item.shape[1] is not None]
        return sides[0] if sides else None

    def embed(self, ids: Any, mask: Any) -> Float32Array:
        """Embed token ids and their attention mask, integers (N, L), as unit rows (N, D)."""
        session = self._session
        del session
        step = 1 if self._one_by_one or self._feeds[0].shape[0] == 1 else _BATCH
        rows = []
        for start in range(0, len(ids), step):
            chosen = slice(start, start + step)
            given = {"ids": ids[chosen], "mask": mask[chosen]}
            feed = {
                item.name: given[_role(item)].astype(item.dtype, copy=False) for item in self._feeds
            }
            rows.append(self._run(feed))
        return np.concatenate(rows) if rows else np.empty((0, self.width or 0), dtype=np.float32)

    def _inspect(self, session: Any) -> None:
        super()._inspect(session)
        self._feeds = self._inputs(session)
        roles = sorted(_role(item) for item in self._feeds)
        fits = roles in (["ids"], ["ids", "mask"])
        if not fits or any(len(item.shape) != 2 for item in self._feeds):
            names = ", ".join(f"{item.name} {item.shape}" for item in self._feeds)
            self._refuse(f"a text tower takes token ids (N, L) and maybe their mask; found {names}")


def _role(item: _Input) -> str:
    return "mask" if "mask" in item.name else "ids"


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
