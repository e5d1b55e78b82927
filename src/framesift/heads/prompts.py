"""Prompts as vectors: templates filled in, embedded once, averaged as CLIP's authors do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framesift.errors import HeadError
from framesift.heads.numeric import unit_rows
from framesift.heads.prompt_cache import cached_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framesift.embeddings.base import Embedder
    from framesift.heads.numeric import Float64Array
    from framesift.types import Embeddings

__all__ = ["PLAIN", "TEMPLATES", "embed_prompts", "fill", "label_vectors", "unit_vectors"]

PLAIN = ("{}",)
"""The prompt as it is written."""

TEMPLATES = ("a photo of {}.", "a picture of {}.", "{} in a photo.", "{}")
"""A small ensemble for labels that are nouns with their article: ``a dog``, ``the sea``."""


def fill(prompts: Sequence[str], templates: Sequence[str]) -> list[str]:
    """Put every prompt in every template.

    Raises:
        HeadError: A prompt is empty, there is none, or a template has no ``{}``.
    """
    if not prompts or not templates or any(not prompt.strip() for prompt in prompts):
        message = "a label needs at least one template and one prompt, none of them empty"
        raise HeadError(message)
    for template in templates:
        if "{}" not in template:
            message = f"template {template!r} has no {{}} to put the prompt in"
            raise HeadError(message)
    return [template.replace("{}", prompt) for prompt in prompts for template in templates]


def embed_prompts(embedder: Embedder, texts: Sequence[str]) -> Float64Array:
    """Embed texts as unit vectors, float64 (len(texts), D), each different text once.

    Raises:
        HeadError: The model gave a vector that is not finite.
    """
    distinct = list(dict.fromkeys(texts))
    vectors = unit_rows(cached_texts(embedder, distinct))
    if not np.isfinite(vectors).all():
        message = f"model {embedder.name!r} gave NaN or infinite text embeddings"
        raise HeadError(message)
    row = {text: index for index, text in enumerate(distinct)}
    return vectors[[row[text] for text in texts]]


def label_vectors(
    embedder: Embedder, labels: Mapping[str, Sequence[str]], templates: Sequence[str]
) -> Float64Array:
    """One unit vector per label: the mean of the unit vectors of its filled-in prompts.

    As in the zero-shot classifier of the CLIP paper (Radford et al., 2021, section 3.1.4).

    Raises:
        HeadError: There is no label, or a label has no usable prompt.
    """
    if not labels:
        message = "a zero-shot head needs at least one label"
        raise HeadError(message)
    texts = [fill(prompts, templates) for prompts in labels.values()]
    vectors = embed_prompts(embedder, [text for group in texts for text in group])
    ends = np.cumsum([len(group) for group in texts])
    groups = np.split(vectors, ends[:-1])
    return unit_rows(np.stack([group.mean(axis=0) for group in groups]))


def unit_vectors(embeddings: Embeddings) -> Float64Array:
    """The image vectors as float64 unit rows: float16 caches and int8 models drift a little."""
    return unit_rows(embeddings.vectors)
