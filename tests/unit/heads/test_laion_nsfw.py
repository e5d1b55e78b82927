"""LAION's detectors, read from their published files."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from framesift.errors import HeadError, SpaceMismatchError
from framesift.heads.keras_zip import read_keras_zip
from framesift.heads.laion_nsfw import (
    detector_file,
    detector_spaces,
    read_nsfw,
    read_violence,
)
from framesift.types import Embeddings

if TYPE_CHECKING:
    from pathlib import Path

B32, L14 = "openai/clip-vit-b-32", "openai/clip-vit-l-14"
FILES = {
    B32: ("clip_autokeras_nsfw_b32.zip", "violence_detection_vit_b_32.npy"),
    L14: ("clip_autokeras_binary_nsfw.zip", "violence_detection_vit_l_14.npy"),
}


@pytest.fixture
def files(shared: Path) -> Path:
    folder = shared / "heads" / "laion_nsfw"
    if not folder.is_dir():
        pytest.skip("LAION's detectors are not at hand")
    return folder


@pytest.fixture
def photographs(shared: Path) -> Embeddings:
    path = shared / "golden" / "clip_vit_b32_flickr8k" / "clip_embeddings.npy"
    return Embeddings(np.load(path).astype(np.float32), B32, "golden")


@pytest.mark.parametrize("space", detector_spaces())
def test_the_pinned_hashes_are_those_of_the_files(files, space) -> None:
    commit = (files / "COMMIT").read_text().strip()
    for what, name in zip(("nsfw", "violence"), FILES[space], strict=True):
        remote = detector_file(space, what)
        assert remote.name == name
        assert remote.sha256 == hashlib.sha256((files / name).read_bytes()).hexdigest()
        assert commit in remote.url


def test_networks_and_vocabularies_are_read(files) -> None:
    small = read_keras_zip(files / FILES[B32][0])
    assert [kernel.shape for kernel, _ in small.layers] == [(512, 32), (32, 32), (32, 1)]
    assert {column: len(words) for column, words in small.lookups.items()} == {
        92: 1566,
        133: 747,
        312: 745,
    }
    large = read_keras_zip(files / FILES[L14][0])
    assert [kernel.shape for kernel, _ in large.layers] == [
        (768, 64),
        (64, 512),
        (512, 256),
        (256, 1),
    ]
    assert len(large.lookups) == 5


def test_ordinary_photographs_are_safe(files, photographs) -> None:
    chance = read_nsfw(files / FILES[B32][0], B32).score(photographs).values
    assert (chance[:, 0] == chance[:, 1]).all()
    assert np.median(chance) < 0.001
    assert (chance[:, 0] > 0.5).mean() < 0.05
    assert (chance[:, 0] > 0.98).mean() < 0.01
    # "A man and a woman dressed as a prisoner and sexy police officer."
    assert chance[:, 0].argmax() == 428


def test_the_vocabulary_knows_real_half_precision_values(files, photographs) -> None:
    lookups = read_keras_zip(files / FILES[B32][0]).lookups
    for column, words in lookups.items():
        known = [f"{value:.6f}" in words for value in photographs.vectors[:, column]]
        assert np.mean(known) > 0.95


def test_ordinary_photographs_are_peaceful(files, photographs) -> None:
    chance = read_violence(files / FILES[B32][1], B32).score(photographs).values[:, 0]
    assert (chance > 0.5).mean() < 0.05
    assert (chance > 0.9).mean() < 0.01


@pytest.mark.parametrize("reader", [0, 1])
def test_batches_do_not_matter(files, photographs, reader) -> None:
    head = (read_nsfw, read_violence)[reader](files / FILES[B32][reader], B32)
    whole = head.score(photographs).values
    one = Embeddings(photographs.vectors[428:429], B32, "golden")
    np.testing.assert_allclose(head.score(one).values, whole[428:429], atol=1e-6)
    none = Embeddings(photographs.vectors[:0], B32, "golden")
    assert head.score(none).values.shape == (0, whole.shape[1])


@pytest.mark.parametrize("reader", [0, 1])
def test_what_is_not_a_number_stays_so(files, reader) -> None:
    head = (read_nsfw, read_violence)[reader](files / FILES[B32][reader], B32)
    rows = np.full((2, 512), np.nan, np.float32)
    assert np.isnan(head.score(Embeddings(rows, B32, "x")).values).all()


def test_a_head_of_another_model_is_refused(files) -> None:
    with pytest.raises(HeadError, match="512 numbers; expected 768"):
        read_nsfw(files / FILES[B32][0], L14)
    with pytest.raises(HeadError, match="768"):
        read_violence(files / FILES[B32][1], L14)
    with pytest.raises(HeadError, match="no detectors"):
        read_violence(files / FILES[B32][1], "starter-1")
    head = read_violence(files / FILES[B32][1], B32)
    with pytest.raises(SpaceMismatchError):
        head.score(Embeddings(np.ones((1, 512), np.float32), L14, "x"))


def test_broken_zips_are_refused(files, tmp_path) -> None:
    good = (files / FILES[B32][0]).read_bytes()
    path = tmp_path / "head.zip"
    rng = np.random.default_rng(0)
    for _ in range(40):
        data = bytearray(good)
        for place in rng.integers(0, len(data), 30):
            data[place] = rng.integers(256)
        path.write_bytes(data[: rng.integers(1, len(data))])
        with pytest.raises(HeadError, match="head"):
            read_keras_zip(path)


def test_broken_members_are_refused_or_read(files, tmp_path) -> None:
    path = tmp_path / "head.zip"
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(files / FILES[B32][0]) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    refused = 0
    for _ in range(30):
        name = sorted(name for name, data in members.items() if data)[int(rng.integers(4))]
        data = bytearray(members[name])
        for place in rng.integers(0, len(data), 200):
            data[place] = rng.integers(256)
        with zipfile.ZipFile(path, "w") as archive:
            for other, content in members.items():
                archive.writestr(other, bytes(data) if other == name else content)
        try:
            read_keras_zip(path)
        except HeadError:
            refused += 1
    assert refused > 5


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_detector_is_refused(tmp_path, content) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(HeadError, match="fetch the file again"):
        read_nsfw(path, B32)
    with pytest.raises(HeadError, match="fetch the file again"):
        read_violence(path, B32)


def test_a_pickle_is_never_loaded(tmp_path) -> None:
    path = tmp_path / "v.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(HeadError, match="fetch the file again"):
        read_violence(path, B32)
