# ruff: noqa: RUF001 - texts in other scripts are what is tested
"""Make the tiny CLIP models and the reference values that the suite compares with.

Run it in an environment of its own; the suite needs none of these packages:

    python -m venv ~/reference
    ~/reference/bin/pip install torch transformers open_clip_torch onnx pillow
    ~/reference/bin/python tests/golden/make_tiny_clip.py [bpe_simple_vocab_16e6.txt.gz]

It writes, beside itself:

- ``tiny_clip/transformers``: a random CLIP of the transformers library, exported as the hub's
  transformers layout (``onnx/vision_model.onnx``, ``onnx/text_model.onnx``);
- ``tiny_clip/open_clip``: a random CLIP of open_clip, exported as the hub's open_clip layout
  (``visual/model.onnx``, ``textual/model.onnx``, outputs normalised, int32 ids);
- ``tiny_clip/expected.npz``: what the two libraries themselves compute, in PyTorch, with their own
  preprocessing and tokenizers, for the pictures and texts of pictures.py;
- ``clip_tokens.json``, where CLIP's vocabulary is given: token ids of many strings by OpenAI's
  tokenizer (as kept in open_clip) and by the one of transformers.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transform import image_transform
from PIL import Image
from tokenizers import Tokenizer, trainers
from tokenizers.models import BPE
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTokenizer,
)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from pictures import TEXTS, pictures  # noqa: E402

OUT = HERE / "tiny_clip"
SIDE, PATCH, WIDTH, DIM, CONTEXT = 32, 8, 24, 16, 20
CORPUS = [
    "a photo of a dog running on the beach with two people in the snow",
    "a photograph of a cat sleeping on a wooden table near the window",
    "the quick brown fox jumps over the lazy dog while children play football",
    "mountains and trees under a cloudy sky, a picture of a street at night",
]
STRINGS = [
    "a photo of a dog",
    "A Photo of a DOG.",
    "",
    " ",
    "!!!",
    "...",
    "it's the dog's bowl, they're we've I'm I'll he'd",
    "hello,world;semi:colon",
    "1234567890 3.14 2nd 50%",
    "snake_case and kebab-case",
    "tabs\tand\nnewlines\r\nhere",
    "   many     spaces   ",
    "naïve café résumé Zürich Ærø straße",
    "ÀÉÎÕÜ àéîõü",
    "Привет мир",
    "Γειά σου Κόσμε",
    "שלום עולם",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "안녕하세요 세계",
    "こんにちは世界",
    "你好，世界！",
    "犬が雪の中で遊ぶ",
    "emoji 🐶 🐕‍🦺 👩‍👩‍👧‍👦 🏳️‍🌈 ❤️ 🤷🏽‍♀️",
    "math ∑∫√∞ ≠ ≈ → ←",
    "currency $ € £ ¥ ₹",
    "e\u0301 combining accent",
    "zero\u200bwidth",
    "non\u00a0breaking space",
    "<|startoftext|> in the middle <|endoftext|> of it",
    "a </w> b",
    "C++ c# f(x)=y^2 {json: [1, 2]}",
    "http://example.com/a?b=c#d user@example.com",
    "don't can't won't 'quoted' \"double\"",
    "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "a photo of a cat and " * 30,
    "犬" * 100,
    "MiXeD CaSe ÜBER İstanbul",
    "x",
    "?",
    "the\x00null",
    "½ ² ³ №",
    'a photo of the number: "7".',
]
HTML = [
    "fish &amp; chips",
    "&lt;b&gt;bold&lt;/b&gt;",
    "&amp;amp;",
    "caf&eacute; &#128054;",
    "<b>not an entity</b>",
]


def tiny_merges() -> list[tuple[str, str]]:
    """Learn some merges from a few sentences, in CLIP's form (``</w>`` ends a word)."""
    from tokenizers import pre_tokenizers

    tokenizer = Tokenizer(BPE(end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=160, end_of_word_suffix="</w>", show_progress=False, special_tokens=[]
    )
    tokenizer.train_from_iterator([text.lower() for text in CORPUS], trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(pair[0], pair[1]) for pair in merges]


def reference_tokenizers(folder: Path) -> tuple[Any, Any]:
    """Return open_clip's and transformers' tokenizers over the same tiny vocabulary."""
    merges = tiny_merges()
    lines = ["#version: tiny", *(" ".join(pair) for pair in merges), ""]
    bpe = folder / "tiny_bpe.txt.gz"
    with gzip.open(bpe, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines))
    simple = SimpleTokenizer(bpe_path=str(bpe), context_length=CONTEXT)
    vocabulary = {
        word.replace("<start_of_text>", "<|startoftext|>").replace(
            "<end_of_text>", "<|endoftext|>"
        ): index
        for word, index in simple.encoder.items()
    }
    fast = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT)
    return simple, fast


class Half(torch.nn.Module):
    """One half of a model as a module of its own, which is what an export takes."""

    def __init__(self, model: torch.nn.Module, function: Any) -> None:
        """Register the model, so that its weights are the exported graph's."""
        super().__init__()
        self.model = model
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Call the half."""
        return self.function(*inputs)


def export(module: Any, inputs: tuple[Any, ...], path: Path, names: list[str], out: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: "batch"} for name in [*names, out]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            inputs,
            str(path),
            input_names=names,
            output_names=[out],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def make_transformers(fast: Any) -> dict[str, np.ndarray]:
    folder = OUT / "transformers"
    tower = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    config = CLIPConfig(
        text_config={
            **tower,
            "vocab_size": len(fast),
            "max_position_embeddings": CONTEXT,
            "eos_token_id": fast.eos_token_id,
            "bos_token_id": fast.bos_token_id,
            "pad_token_id": fast.pad_token_id,
            "initializer_factor": 4.0,
        },
        vision_config={
            **tower,
            "image_size": SIDE,
            "patch_size": PATCH,
            "initializer_factor": 4.0,
        },
        projection_dim=DIM,
        attn_implementation="eager",
    )
    torch.manual_seed(1)
    model = CLIPModel(config).eval()
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    images = [Image.fromarray(picture) for picture in pictures()]
    pixels = processor(images, return_tensors="pt")["pixel_values"]
    tokens = fast(
        list(TEXTS),
        padding="max_length",
        truncation=True,
        max_length=CONTEXT,
        return_tensors="pt",
    )

    def image_embeds(values: torch.Tensor) -> torch.Tensor:
        return model.visual_projection(model.vision_model(pixel_values=values).pooler_output)

    def text_embeds(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        found = model.text_model(input_ids=ids, attention_mask=mask)
        return model.text_projection(found.pooler_output)

    with torch.no_grad():
        result = model(pixel_values=pixels, **tokens)
    export(
        Half(model, image_embeds),
        (pixels[:2],),
        folder / "onnx/vision_model.onnx",
        ["pixel_values"],
        "image_embeds",
    )
    export(
        Half(model, text_embeds),
        (tokens["input_ids"][:2], tokens["attention_mask"][:2]),
        folder / "onnx/text_model.onnx",
        ["input_ids", "attention_mask"],
        "text_embeds",
    )
    write_json(
        folder / "config.json",
        {
            "model_type": "clip",
            "projection_dim": DIM,
            "text_config": {"max_position_embeddings": CONTEXT, "vocab_size": len(fast)},
            "vision_config": {"image_size": SIDE, "patch_size": PATCH},
        },
    )
    write_json(
        folder / "preprocessor_config.json",
        {
            "do_resize": True,
            "size": {"shortest_edge": SIDE},
            "resample": 3,
            "do_center_crop": True,
            "crop_size": {"height": SIDE, "width": SIDE},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": list(processor.image_mean),
            "image_std": list(processor.image_std),
        },
    )
    (folder / "tokenizer.json").write_text(fast.backend_tokenizer.to_str(), encoding="utf-8")
    write_json(
        folder / "tokenizer_config.json",
        {"model_max_length": CONTEXT, "pad_token": fast.pad_token},
    )
    return {
        "transformers_pixels": pixels.numpy(),
        "transformers_images": result.image_embeds.numpy(),
        "transformers_ids": tokens["input_ids"].numpy(),
        "transformers_texts": result.text_embeds.numpy(),
    }


def make_open_clip(simple: Any, fast: Any) -> dict[str, np.ndarray]:
    folder = OUT / "open_clip"
    model_cfg = {
        "embed_dim": DIM,
        "vision_cfg": {
            "image_size": SIDE,
            "layers": 2,
            "width": WIDTH,
            "head_width": WIDTH // 2,
            "mlp_ratio": 2.0,
            "patch_size": PATCH,
        },
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": simple.vocab_size,
            "width": WIDTH,
            "heads": 2,
            "layers": 2,
        },
    }
    torch.manual_seed(2)
    model = open_clip.CLIP(**model_cfg, quick_gelu=True).eval()
    with torch.no_grad():
        for weights in model.parameters():
            # As initialised, all embeddings are nearly the same, which would test little.
            weights *= 4.0 if weights.ndim >= 2 else 1.0
    transform = image_transform(SIDE, is_train=False)
    images = [Image.fromarray(picture) for picture in pictures()]
    pixels = torch.stack([transform(image) for image in images])
    ids = simple(list(TEXTS), context_length=CONTEXT)
    with torch.no_grad():
        image_rows = model.encode_image(pixels, normalize=True)
        text_rows = model.encode_text(ids, normalize=True)
    export(
        Half(model, lambda values: model.encode_image(values, normalize=True)),
        (pixels[:2],),
        folder / "visual/model.onnx",
        ["image"],
        "embedding",
    )
    export(
        Half(model, lambda values: model.encode_text(values, normalize=True)),
        (ids[:2].to(torch.int32),),
        folder / "textual/model.onnx",
        ["text"],
        "embedding",
    )
    write_json(folder / "config.json", model_cfg)
    write_json(
        folder / "visual/preprocess_cfg.json",
        {
            "size": [SIDE, SIDE],
            "mode": "RGB",
            "mean": list(open_clip.OPENAI_DATASET_MEAN),
            "std": list(open_clip.OPENAI_DATASET_STD),
            "interpolation": "bicubic",
            "resize_mode": "shortest",
            "fill_color": 0,
        },
    )
    textual = folder / "textual"
    (textual / "tokenizer.json").write_text(fast.backend_tokenizer.to_str(), encoding="utf-8")
    # open_clip fills with id 0, which in CLIP's vocabulary is "!".
    write_json(textual / "tokenizer_config.json", {"pad_token": "!", "model_max_length": CONTEXT})
    return {
        "open_clip_pixels": pixels.numpy(),
        "open_clip_images": image_rows.numpy(),
        "open_clip_ids": ids.numpy(),
        "open_clip_texts": text_rows.numpy(),
    }


def write_clip_tokens(bpe: Path, folder: Path) -> None:
    """Write what the two reference tokenizers make of many strings, with CLIP's vocabulary."""
    simple = SimpleTokenizer(bpe_path=str(bpe))
    renamed = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {renamed.get(word, word): index for word, index in simple.encoder.items()}
    merges = sorted(simple.bpe_ranks, key=simple.bpe_ranks.__getitem__)
    fast = CLIPTokenizer(vocab=vocabulary, merges=merges)
    rows = []
    for text in [*STRINGS, *HTML]:
        openai = simple([text])[0].tolist()
        hub = fast([text], padding="max_length", truncation=True, max_length=77)["input_ids"][0]
        rows.append({"text": text, "openai": trimmed(openai), "transformers": trimmed(hub)})
    write_json(HERE / "clip_tokens.json", rows)


def trimmed(ids: list[int]) -> list[int]:
    """Cut the padding, whatever it is: everything after the first end of text."""
    return ids[: ids.index(49407) + 1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        simple, fast = reference_tokenizers(Path(folder))
        expected = {**make_transformers(fast), **make_open_clip(simple, fast)}
        np.savez_compressed(OUT / "expected.npz", **expected)
        if len(sys.argv) > 1:
            write_clip_tokens(Path(sys.argv[1]), Path(folder))


if __name__ == "__main__":
    main()
