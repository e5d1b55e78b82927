"""Read a small Keras model of dense layers from its zip without TensorFlow and without trust.

Such a zip holds a SavedModel: ``saved_model.pb`` (protocol buffers), ``keras_metadata.pb`` (JSON in
protocol buffers) and the weights as a TensorFlow checkpoint, which is an index (a sorted string
table, as LevelDB writes them) and a file of raw numbers. Of the graph only its constants are
read; nothing is run.

What is known is what AutoKeras makes of a table of numbers: a few columns are looked up as words
in a vocabulary (`DenseModel.lookups`), all are standardised, then dense layers with ReLU between.
"""

from __future__ import annotations

import json
import math
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from framesift.errors import HeadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from framesift.types import Float32Array

__all__ = ["DenseModel", "read_keras_zip"]

MAX_BYTES = 64 * 1024 * 1024
MAX_TENSORS = 1000
_MAGIC = 0xDB4775248B80FB57
_FLOAT, _STRING, _INT64 = 1, 7, 9
_WEIGHT = "/.ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True, eq=False)
class DenseModel:
    """A table model: look-ups, standardisation, dense layers.

    Attributes:
        lookups: Column to vocabulary: the words there are and the numbers they stand for.
        mean: float32 (K,).
        variance: Likewise.
        layers: Kernel (in, out) and bias (out,) of each dense layer.
    """

    lookups: Mapping[int, Mapping[str, int]]
    mean: Float32Array
    variance: Float32Array
    layers: tuple[tuple[Float32Array, Float32Array], ...]


def read_keras_zip(path: Path) -> DenseModel:
    """Read a model of the kind above.

    Raises:
        HeadError: The file is missing, is not such a model, or is larger than 64 MiB unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        struct.error,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ) as error:  # what broken bytes can raise in the standard library and numpy
        message = f"not a Keras model of dense layers ({error}); fetch the file again"
        raise HeadError(message, source=str(path)) from error


def _read(archive: zipfile.ZipFile) -> DenseModel:
    if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
        message = f"larger than {MAX_BYTES} bytes unpacked"
        raise ValueError(message)
    files = {name.rpartition("/")[2]: name for name in archive.namelist()}
    tensors = _checkpoint(
        archive.read(files["variables.index"]),
        archive.read(files["variables.data-00000-of-00001"]),
    )
    columns = _looked_up(archive.read(files["keras_metadata.pb"]))
    words, numbers = _vocabularies(archive.read(files["saved_model.pb"]))
    if not len(columns) == len(words) == len(numbers):
        message = f"{len(columns)} columns are looked up in {len(words)} vocabularies"
        raise ValueError(message)
    lookups = {
        column: dict(zip(keys, values, strict=True))
        for column, keys, values in zip(columns, words, numbers, strict=True)
    }
    layers: list[tuple[Float32Array, Float32Array]] = []
    while (place := f"layer_with_weights-{2 + len(layers)}") + "/kernel" in tensors:
        layers.append((tensors[f"{place}/kernel"], tensors[f"{place}/bias"]))
    mean = tensors["layer_with_weights-1/mean"]
    variance = tensors["layer_with_weights-1/variance"]
    _check(mean, variance, layers, columns)
    return DenseModel(lookups, mean, variance, tuple(layers))


def _check(
    mean: Float32Array,
    variance: Float32Array,
    layers: list[tuple[Float32Array, Float32Array]],
    columns: list[int],
) -> None:
    width = len(mean)
    fits = mean.shape == variance.shape == (width,) and all(0 <= at < width for at in columns)
    for kernel, bias in layers:
        fits = fits and kernel.shape == (width, len(bias)) and bias.ndim == 1
        width = len(bias)
    arrays = [mean, variance, *(array for layer in layers for array in layer)]
    if not (fits and layers and width == 1 and all(np.isfinite(a).all() for a in arrays)):
        message = f"its layers do not follow one another: {[array.shape for array in arrays]}"
        raise ValueError(message)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a base-128 number; return it and where the next thing starts."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            message = "a number has no end"
            raise ValueError(message)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Go through the fields of a protocol buffer message: (number, int or bytes)."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        value: Any
        if kind == 0:
            value, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if kind == 2:
                size, at = _varint(data, at)
            if size is None or at + size > len(data):
                message = "a message is cut off or of another kind"
                raise ValueError(message)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def _all(data: bytes, number: int) -> list[Any]:
    return [value for found, value in _fields(data) if found == number]


def _block(data: bytes, place: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """Go through the entries of one block of a sorted string table."""
    start, size = place
    if start + size + 5 > len(data) or data[start + size] != 0:
        message = "a block of the index is cut off or compressed"
        raise ValueError(message)
    block = data[start : start + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 * (restarts + 1)
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        fresh, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        yield key, block[at : at + length]
        at += length


def _handle(data: bytes, at: int = 0) -> tuple[tuple[int, int], int]:
    start, at = _varint(data, at)
    size, at = _varint(data, at)
    return (start, size), at


def _checkpoint(index: bytes, data: bytes) -> dict[str, Float32Array]:
    """Read the float tensors of a checkpoint with one data file."""
    footer = index[-48:]
    if len(footer) < 48 or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        message = "the index of the weights is not a table"
        raise ValueError(message)
    _, at = _handle(footer)
    top, _ = _handle(footer, at)
    tensors: dict[str, Float32Array] = {}
    for _, place in _block(index, top):
        for key, entry in _block(index, _handle(place)[0]):
            name = key.decode("utf-8", "replace")
            if name.startswith("layer_with_weights-") and name.endswith(_WEIGHT):
                array = _tensor(entry, data)
                if array is not None:
                    tensors[name.removesuffix(_WEIGHT)] = array
            if len(tensors) > MAX_TENSORS:
                message = f"more than {MAX_TENSORS} tensors"
                raise ValueError(message)
    return tensors


def _tensor(entry: bytes, data: bytes) -> Float32Array | None:
    """Cut one tensor out of the data file; ``None`` for what is not float32."""
    fields = dict(_fields(entry))
    if fields.get(1) != _FLOAT:
        return None
    sides = [dict(_fields(side)).get(1, 0) for side in _all(fields.get(2, b""), 2)]
    start, size = fields.get(4, 0), fields.get(5, 0)
    if fields.get(3, 0) or size != 4 * math.prod(sides) or start + size > len(data):
        message = f"a tensor of {sides} does not lie in the data file"
        raise ValueError(message)
    return np.frombuffer(data, "<f4", size // 4, start).reshape(sides).astype(np.float32)


def _looked_up(metadata: bytes) -> list[int]:
    """Find the columns that are words, in the JSON that Keras keeps of its layers."""
    for node in _all(metadata, 1):
        for text in _all(node, 5):
            document = json.loads(text)
            if document.get("class_name") == "Custom>MultiCategoryEncoding":
                encoding = document["config"]["encoding"]
                return [column for column, name in enumerate(encoding) if name == "int"]
    message = "there is no layer that encodes columns"
    raise ValueError(message)


def _vocabularies(saved_model: bytes) -> tuple[list[list[str]], list[list[int]]]:
    """Find the constants that are lists of words and lists of whole numbers, in their order."""
    words: list[list[str]] = []
    numbers: list[list[int]] = []
    for graph in (part for meta in _all(saved_model, 2) for part in _all(meta, 2)):
        for node in _all(graph, 1):
            if _all(node, 2) != [b"Const"]:
                continue
            for attribute in _all(node, 5):
                entry = dict(_fields(attribute))
                if entry.get(1) != b"value":
                    continue
                for tensor in _all(entry[2], 8):
                    _add_constant(tensor, words, numbers)
    return words, numbers


def _add_constant(tensor: bytes, words: list[list[str]], numbers: list[list[int]]) -> None:
    fields = dict(_fields(tensor))
    sides = [dict(_fields(side)).get(1, 0) for side in _all(fields.get(2, b""), 2)]
    if len(sides) != 1:
        return
    if fields.get(1) == _STRING:
        found = [value.decode("ascii") for value in _all(tensor, 8)]
        if len(found) == sides[0] > 1:
            words.append(found)
    elif fields.get(1) == _INT64:
        if 4 in fields:
            values = np.frombuffer(fields[4], "<i8").tolist()
        else:
            values = _packed(_all(tensor, 10))
        if len(values) == sides[0]:
            numbers.append(values)


def _packed(parts: list[bytes]) -> list[int]:
    values = []
    for part in parts:
        at = 0
        while at < len(part):
            value, at = _varint(part, at)
            values.append(value)
    return values
