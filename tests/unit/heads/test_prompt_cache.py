from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from framesift.heads.prompt_cache import cached_texts

TEXTS = [f"prompt {number}" for number in range(20)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMESIFT_CACHE_DIR", str(tmp_path))
    return tmp_path / "prompts"


@pytest.fixture
def big(make_embedder):
    embedder = make_embedder()
    embedder.spec = SimpleNamespace(layout="transformers", dim=48)
    return embedder


def test_the_second_time_only_the_probe_is_embedded(folder, big):
    first = cached_texts(big, TEXTS)
    big.calls.clear()
    np.testing.assert_array_equal(cached_texts(big, TEXTS), first)
    assert [len(call) for call in big.calls] == [1]
    assert len(list(folder.iterdir())) == 1


def test_another_text_tower_never_gets_these_vectors(folder, big, make_embedder):
    cached_texts(big, TEXTS)
    other = make_embedder()
    other.spec = big.spec
    original = other.embed_texts
    other.embed_texts = lambda texts: np.flip(original(texts), axis=1)
    np.testing.assert_array_equal(cached_texts(other, TEXTS), other.embed_texts(TEXTS))
    assert len(list(folder.iterdir())) == 2


def test_other_texts_are_another_file(folder, big):
    cached_texts(big, TEXTS)
    np.testing.assert_array_equal(cached_texts(big, TEXTS[:-1]), big.embed_texts(TEXTS[:-1]))


@pytest.mark.parametrize("damage", [b"", b"\0" * 64, None])
def test_a_damaged_file_is_made_again(folder, big, damage):
    first = cached_texts(big, TEXTS)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-10] if damage is None else damage)
    np.testing.assert_array_equal(cached_texts(big, TEXTS), first)
    big.calls.clear()
    cached_texts(big, TEXTS)
    assert [len(call) for call in big.calls] == [1]


def test_a_cache_that_cannot_be_written_is_as_good_as_none(folder, big):
    folder.write_text("a file in the way")
    assert cached_texts(big, TEXTS).shape == (20, 48)


def test_embedded_models_and_few_texts_leave_no_file(folder, big, embedder):
    cached_texts(embedder, TEXTS)
    cached_texts(big, TEXTS[:3])
    assert not folder.exists()
