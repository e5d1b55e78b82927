"""From text to token ids, by the files of the model.

The vocabulary, merges, lower-casing and end-of-text handling are those of the model's own
``tokenizer.json``; its neighbours tell the context length, the padding token and, for open_clip
exports, how the text is cleaned first.
"""

from __future__ import annotations

import gzip
import html
import json
import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framesift.errors import WeightsMismatchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import tokenizers

__all__ = ["Cleaning", "Tokenizer", "clip_tokenizer_from_bpe", "load_tokenizer"]

Cleaning: TypeAlias = Literal["none", "whitespace", "lower", "canonicalize"]
IntArray: TypeAlias = NDArray[np.int64]

_CLIP_MERGES: Final = 48_894
_CLIP_PATTERN: Final = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
_START: Final = "<|startoftext|>"
_END: Final = "<|endoftext|>"


class Tokenizer:
    """Encodes texts to ids of one fixed length.

    Args:
        backend: A `tokenizers.Tokenizer`; its truncation and padding are set here.
        context_length: L, the number of tokens of every row.
        pad_id: What fills the rest of a row.
        cleaning: What happens to a text before the vocabulary sees it: ``none``, ``whitespace``
            (HTML entities resolved, runs of white space made one blank), ``lower`` (the same, in
            lower case) or ``canonicalize`` (the same without punctuation), as in open_clip.
    """

    def __init__(
        self,
        backend: tokenizers.Tokenizer,
        *,
        context_length: int,
        pad_id: int,
        cleaning: Cleaning = "none",
    ) -> None:
        """Fix the length: truncation keeps the special tokens at both ends."""
        self._backend = backend
        self.context_length = context_length
        self.pad_id = pad_id
        self.cleaning = cleaning
        backend.enable_truncation(max_length=context_length)
        backend.enable_padding(length=context_length, pad_id=pad_id, pad_token="")

    def encode(self, texts: Sequence[str]) -> tuple[IntArray, IntArray]:
        """Encode N texts: ids and attention mask (1 for a real token), both int64 (N, L)."""
        if isinstance(texts, str):
            message = "expected a sequence of texts, got one text; wrap it in a list"
            raise TypeError(message)
        # A lone surrogate (an undecodable file name, say) is no text that UTF-8 can carry.
        cleaned = [
            _clean(text, self.cleaning).encode("utf-8", "replace").decode() for text in texts
        ]
        rows = self._backend.encode_batch(cleaned)
        shape = (len(rows), self.context_length)
        ids = np.array([row.ids for row in rows], dtype=np.int64).reshape(shape)
        mask = np.array([row.attention_mask for row in rows], dtype=np.int64).reshape(shape)
        return ids, mask


def load_tokenizer(
    path: Path, *, context_length: int, pad_id: int | None = None, cleaning: Cleaning = "none"
) -> Tokenizer:
    """Load a ``tokenizer.json``, with the padding token of the ``tokenizer_config.json`` beside it.

    Args:
        path: The ``tokenizer.json``.
        context_length: Tokens per text.
        pad_id: Padding id to use where neither file names one.
        cleaning: As in `Tokenizer`.

    Raises:
        WeightsMismatchError: The file is missing, not a tokenizer, or names a padding token that
            its vocabulary does not have.
    """
    import tokenizers

    try:
        backend = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        message = f"this is not a tokenizer that can be read: {error}"
        raise WeightsMismatchError(message, source=str(path)) from error
    config_path = path.with_name("tokenizer_config.json")
    config = read_json(config_path) if config_path.is_file() else {}
    token = config.get("pad_token")
    token = token.get("content") if isinstance(token, Mapping) else token
    if isinstance(token, str):
        found = backend.token_to_id(token)
        if found is None:
            message = f"the padding token {token!r} is not in the vocabulary of {path.name}"
            raise WeightsMismatchError(message, source=str(config_path))
        pad_id = found
    elif backend.padding is not None:
        pad_id = int(backend.padding["pad_id"])
    return Tokenizer(backend, context_length=context_length, pad_id=pad_id or 0, cleaning=cleaning)


def clip_tokenizer_from_bpe(path: Path, *, context_length: int = 77, pad_id: int = 0) -> Tokenizer:
    """Build OpenAI CLIP's tokenizer from its merges file, ``bpe_simple_vocab_16e6.txt(.gz)``.

    The vocabulary is derived as in the reference: the 256 bytes, the same at a word's end, one
    entry per merge (48,894 of them), then the two special tokens; 49,408 in all.

    Raises:
        WeightsMismatchError: The file has fewer merges than CLIP's.
    """
    import tokenizers
    from tokenizers import models, normalizers, pre_tokenizers, processors

    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")
    merges = [
        (pair[0], pair[1])
        for pair in (line.split() for line in text.split("\n")[1 : _CLIP_MERGES + 1])
        if len(pair) == 2
    ]
    if len(merges) != _CLIP_MERGES:
        message = f"expected {_CLIP_MERGES} merges, found {len(merges)}"
        raise WeightsMismatchError(message, source=str(path))
    letters = _byte_letters()
    words = [*letters, *(letter + "</w>" for letter in letters), *("".join(m) for m in merges)]
    vocabulary = {word: index for index, word in enumerate([*words, _START, _END])}
    backend = tokenizers.Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, end_of_word_suffix="</w>", unk_token=_END)
    )
    backend.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(tokenizers.Regex(r"\s+"), " "),
            normalizers.Lowercase(),
        ]
    )
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(_CLIP_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.post_processor = processors.RobertaProcessing(
        (_END, vocabulary[_END]),
        (_START, vocabulary[_START]),
        add_prefix_space=False,
        trim_offsets=False,
    )
    backend.add_special_tokens([_START, _END])
    return Tokenizer(backend, context_length=context_length, pad_id=pad_id, cleaning="lower")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        WeightsMismatchError: The file is missing, is not JSON or holds no object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"cannot read this file of the model: {error}"
        raise WeightsMismatchError(message, source=str(path)) from error
    if not isinstance(value, dict):
        message = "expected a JSON object"
        raise WeightsMismatchError(message, source=str(path))
    return value


def _clean(text: str, cleaning: Cleaning) -> str:
    if cleaning == "none":
        return text
    text = html.unescape(html.unescape(text))
    if cleaning == "canonicalize":
        text = text.replace("_", " ").translate(_NO_PUNCTUATION)
    if cleaning != "whitespace":
        text = text.lower()
    return " ".join(text.split())


_NO_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)


def _byte_letters() -> list[str]:
    # The printable bytes stand for themselves; the others for letters from code point 256 on.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
