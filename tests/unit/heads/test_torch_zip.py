"""The reader of torch checkpoints, against files in the same format written here without torch."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from framesift.errors import HeadError
from framesift.heads.torch_zip import read_torch_zip


@pytest.fixture
def linear_file(tmp_path, write_torch_zip):
    weight = np.linspace(-1, 1, 4, dtype=np.float32)[None]
    bias = np.array([0.25], np.float32)
    return write_torch_zip(tmp_path / "head.pth", weight=weight, bias=bias), weight, bias


def test_it_reads_a_linear_layer(linear_file):
    path, weight, bias = linear_file
    state = read_torch_zip(path)
    assert list(state) == ["weight", "bias"]
    np.testing.assert_array_equal(state["weight"], weight)
    np.testing.assert_array_equal(state["bias"], bias)


@pytest.mark.parametrize(
    ("storage", "dtype"), [("DoubleStorage", "<f8"), ("HalfStorage", "<f2"), ("LongStorage", "<i8")]
)
def test_other_number_types(tmp_path, write_torch_zip, storage, dtype):
    values = np.arange(6, dtype=dtype).reshape(2, 3)
    data = write_torch_zip.state(write_torch_zip.tensor("x", "0", (2, 3), storage=storage))
    state = read_torch_zip(write_torch_zip.write(tmp_path / "x.pth", data, {"0": values.tobytes()}))
    np.testing.assert_array_equal(state["x"], values)


def test_a_pickle_that_calls_anything_else_is_refused_and_not_run(tmp_path, write_torch_zip):
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (Path.touch, (marker,))

    path = write_torch_zip.write(
        tmp_path / "evil.pth", pickle.dumps({"weight": Evil()}, protocol=2), {}
    )
    with pytest.raises(HeadError, match="no need of") as caught:
        read_torch_zip(path)
    assert "evil.pth" in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (lambda torch: torch.tensor("x", "9", (4,)), "data/9"),
        (lambda torch: torch.tensor("x", "0", (4,), count=5), "holds 4 numbers, not 5"),
        (lambda torch: torch.tensor("x", "0", (8,), count=4), "does not lie in its storage"),
        (
            lambda torch: torch.tensor("x", "0", (2, 2), stride=(1, 2)),
            "does not lie in its storage",
        ),
        (lambda torch: torch.tensor("x", "../0", (4,)), "is not one"),
        (lambda torch: torch.text("x") + torch.integer(3), "other than named tensors"),
    ],
)
def test_tensors_that_are_not_there_are_refused(tmp_path, write_torch_zip, tensor, message):
    path = write_torch_zip.write(
        tmp_path / "x.pth", write_torch_zip.state(tensor(write_torch_zip)), {"0": bytes(16)}
    )
    with pytest.raises(HeadError, match=message):
        read_torch_zip(path)


@pytest.mark.parametrize("keep", [0, 10, 200, 400])
def test_a_file_cut_off_anywhere_is_refused(linear_file, tmp_path, keep):
    path, _, _ = linear_file
    cut = tmp_path / "cut.pth"
    cut.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(HeadError, match=r"cut\.pth: not a torch checkpoint"):
        read_torch_zip(cut)


def test_flipped_bytes_give_a_head_error_or_numbers(linear_file, tmp_path):
    data = bytearray(linear_file[0].read_bytes())
    for position in range(0, len(data), 3):
        broken = bytearray(data)
        broken[position] ^= 0xFF
        path = tmp_path / "flipped.pth"
        path.write_bytes(broken)
        try:
            state = read_torch_zip(path)
        except HeadError:
            continue
        assert all(isinstance(array, np.ndarray) for array in state.values())


def test_a_missing_file_and_a_zip_of_something_else_are_refused(tmp_path):
    with pytest.raises(HeadError, match="No such file"):
        read_torch_zip(tmp_path / "none.pth")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(HeadError, match=r"expected one data\.pkl"):
        read_torch_zip(tmp_path / "other.zip")


def test_a_bomb_is_refused(tmp_path, monkeypatch, write_torch_zip):
    monkeypatch.setattr("framesift.heads.torch_zip.MAX_BYTES", 100)
    path = write_torch_zip.write(tmp_path / "big.pth", write_torch_zip.state(), {"0": bytes(1000)})
    with pytest.raises(HeadError, match="larger than 100 bytes"):
        read_torch_zip(path)
