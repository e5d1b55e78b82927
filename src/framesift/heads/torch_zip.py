"""Read the tensors of a small torch checkpoint (the zip format) without torch and without trust.

Such a file is a zip of one pickle and one raw file per storage. A pickle can name any function to
call; this reader knows four names, all of which lead to plain data, and refuses every other.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.errors import HeadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_torch_zip"]

MAX_BYTES = 64 * 1024 * 1024
STORAGES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
}


class _State(dict[str, Any]):
    """Stands for the OrderedDict of a state dict; drops the metadata torch hangs on it."""

    def __setstate__(self, _state: object) -> None:
        """Ignore module versions."""


def _rebuild_tensor(
    storage: NDArray[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """Cut a contiguous tensor out of its storage."""
    count = math.prod(size)
    expected = tuple(math.prod(size[axis + 1 :]) for axis in range(len(size)))
    if tuple(stride) != expected or offset < 0 or offset + count > len(storage):
        message = f"tensor of size {size}, stride {stride} does not lie in its storage in one piece"
        raise ValueError(message)
    return storage[offset : offset + count].reshape(size)


class _Unpickler(pickle.Unpickler):
    """An unpickler that can build dicts and tensors and nothing else."""

    def __init__(self, data: bytes, read: Callable[[str], bytes]) -> None:
        super().__init__(io.BytesIO(data))
        self._read = read

    def find_class(self, module: str, name: str) -> Any:
        """Return what one of the four known names stands for."""
        if (module, name) == ("collections", "OrderedDict"):
            return _State
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        message = f"it names {module}.{name}, which a file of weights has no need of"
        raise pickle.UnpicklingError(message)

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        """Read one storage: ('storage', type, key, device, element count)."""
        kind, dtype, key, _device, count = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or not str(key).isdigit():
            message = f"storage reference {pid!r} is not one"
            raise ValueError(message)
        data = np.frombuffer(self._read(f"data/{key}"), dtype=dtype)
        if len(data) != count:
            message = f"storage {key} holds {len(data)} numbers, not {count}"
            raise ValueError(message)
        return data


def read_torch_zip(path: Path) -> dict[str, NDArray[Any]]:
    """Read a state dict of contiguous tensors.

    Raises:
        HeadError: The file is missing, is not in the format, is larger than 64 MiB unpacked, or
            its pickle asks for anything but tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(archive)
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        pickle.UnpicklingError,
        NotImplementedError,
    ) as error:  # what a broken zip or pickle can raise in the standard library
        message = f"not a torch checkpoint of plain tensors ({error}); fetch the file again"
        raise HeadError(message, source=str(path)) from error


def _read_archive(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        message = f"expected one data.pkl inside, found {len(pickles)}"
        raise ValueError(message)
    if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
        message = f"larger than {MAX_BYTES} bytes unpacked"
        raise ValueError(message)
    root = pickles[0].removesuffix("data.pkl")
    unpickler = _Unpickler(archive.read(pickles[0]), lambda name: archive.read(root + name))
    state = unpickler.load()
    if not isinstance(state, dict) or not all(
        isinstance(key, str) and isinstance(value, np.ndarray) for key, value in state.items()
    ):
        message = "it holds something other than named tensors"
        raise ValueError(message)
    return dict(state)
