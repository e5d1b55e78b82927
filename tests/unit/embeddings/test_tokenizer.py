from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framesift.embeddings.tokenizer import clip_tokenizer_from_bpe, load_tokenizer, read_json
from framesift.errors import WeightsMismatchError

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 20


@pytest.fixture
def path(tiny: Path) -> Path:
    return tiny / "transformers" / "tokenizer.json"


@pytest.fixture
def ends(path: Path) -> tuple[int, int]:
    vocabulary = json.loads(path.read_text())["model"]["vocab"]
    return vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]


def test_rows_have_one_length_and_a_mask_of_their_tokens(path: Path, ends) -> None:
    ids, mask = load_tokenizer(path, context_length=LENGTH).encode(["a dog", "", "dog " * 90])
    assert ids.shape == mask.shape == (3, LENGTH)
    assert ids.dtype == mask.dtype == np.int64
    assert (ids[:, 0] == ends[0]).all()
    assert mask.sum(axis=1).tolist()[1:] == [2, LENGTH]
    assert ids[1, 1] == ends[1]
    # What is cut is the text, not its end mark, which is where CLIP reads the embedding.
    assert ids[2, -1] == ends[1]
    assert (ids[2] == ends[1]).sum() == 1


def test_no_texts_give_no_rows(path: Path) -> None:
    ids, mask = load_tokenizer(path, context_length=LENGTH).encode([])
    assert ids.shape == mask.shape == (0, LENGTH)


def test_one_text_that_is_not_in_a_list_is_refused(path: Path) -> None:
    with pytest.raises(TypeError, match="wrap it in a list"):
        load_tokenizer(path, context_length=LENGTH).encode("a dog")


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None), max_size=60), max_size=4))
def test_any_text_encodes_and_rows_do_not_depend_on_each_other(texts: list[str], tiny_path) -> None:
    tokenizer = load_tokenizer(tiny_path, context_length=LENGTH)
    ids, mask = tokenizer.encode(texts)
    for index, text in enumerate(texts):
        one, one_mask = tokenizer.encode([text])
        np.testing.assert_array_equal(ids[index], one[0])
        np.testing.assert_array_equal(mask[index], one_mask[0])


@pytest.fixture(scope="module")
def tiny_path() -> Path:
    from pathlib import Path

    return Path(__file__).resolve().parents[2] / "golden/tiny_clip/transformers/tokenizer.json"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pad_token": "!"}, 0),
        ({"pad_token": {"content": "!", "lstrip": False}}, 0),
        ({}, 7),
        (None, 7),
    ],
)
def test_the_padding_token_comes_from_the_files(
    path: Path, tmp_path: Path, config: dict | None, expected: int
) -> None:
    copy = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    content["padding"] = None
    copy.write_text(json.dumps(content))
    if config is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = load_tokenizer(copy, context_length=LENGTH, pad_id=7)
    assert tokenizer.pad_id == expected
    assert tokenizer.encode(["a"])[0][0, -1] == expected


def test_a_padding_token_that_does_not_exist_is_refused(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"pad_token": "<nope>"}')
    with pytest.raises(WeightsMismatchError, match="<nope>"):
        load_tokenizer(tmp_path / "tokenizer.json", context_length=LENGTH)


@pytest.mark.parametrize(
    ("cleaning", "same", "other"),
    [
        ("whitespace", ("a  dog", "a dog"), ("a dog!", "a dog")),
        ("whitespace", ("dog &amp; cat", "dog & cat"), ("a dog!", "a dog")),
        ("lower", ("A &amp;amp; DOG", "a & dog"), ("a dog!", "a dog")),
        ("canonicalize", ("A Dog, running!", "a dog running"), ("a dog", "a cat")),
        ("canonicalize", ("snow_dog", "snow dog"), ("a dog", "a cat")),
    ],
)
def test_cleaning_as_open_clip_does(
    path: Path, cleaning: str, same: tuple[str, str], other: tuple[str, str]
) -> None:
    tokenizer = load_tokenizer(path, context_length=LENGTH, cleaning=cleaning)
    for (first, second), equal in ((same, True), (other, False)):
        ids, _ = tokenizer.encode([first, second])
        assert (ids[0] == ids[1]).all() == equal


def test_a_broken_tokenizer_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    for path in (tmp_path / "tokenizer.json", tmp_path / "missing.json"):
        with pytest.raises(WeightsMismatchError, match="not a tokenizer") as caught:
            load_tokenizer(path, context_length=LENGTH)
        assert caught.value.source == str(path)


def test_a_merges_file_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "merges.txt").write_text("#version\na b\n")
    with pytest.raises(WeightsMismatchError, match="48894 merges, found 1"):
        clip_tokenizer_from_bpe(tmp_path / "merges.txt")


@pytest.mark.parametrize("content", ["[1]", "{", "\x00"])
def test_json_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(WeightsMismatchError) as caught:
        read_json(tmp_path / "x.json")
    assert caught.value.source == str(tmp_path / "x.json")
