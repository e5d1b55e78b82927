"""Build a CLIP of ViT-B/32 geometry with random weights, as a local model folder.

Speed depends on shapes, not on what the weights say, so a benchmark needs no download. The image
tower is exactly ViT-B/32 (12 layers, width 768, 49 patches and a class token); the text tower is
two narrow layers, since texts are embedded once per run. Files lie as in a hub repository::

    config.json  preprocessor_config.json  tokenizer.json
    onnx/vision_model.onnx  onnx/text_model.onnx

    python -m benchmarks.models            # build it and print where it is
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]
DIM = 512
CONTEXT = 77
_VERSION = 1


@dataclass(frozen=True)
class Tower:
    """The geometry of a transformer."""

    layers: int
    width: int
    heads: int


VISION = Tower(layers=12, width=768, heads=12)
TEXT = Tower(layers=2, width=128, heads=2)


@dataclass
class Graph:
    """An ONNX graph under construction; every method returns the name of its output."""

    rng: np.random.Generator
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        """Add one operator."""
        from onnx import helper

        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, values: object) -> str:
        """Add fixed values."""
        from onnx import numpy_helper

        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def random(self, *shape: int, scale: float = 0.02) -> str:
        """Add random weights, normal with the given deviation."""
        return self.constant(self.rng.normal(0, scale, shape).astype(np.float32))

    def linear(self, x: str, width_in: int, width_out: int) -> str:
        """Multiply by a random matrix and add a random bias."""
        weight = self.random(width_in, width_out, scale=1 / math.sqrt(width_in))
        return self.op("Add", self.op("MatMul", x, weight), self.random(width_out))

    def layer_norm(self, x: str, width: int) -> str:
        """Normalise the last axis."""
        scale = self.constant(np.ones(width, dtype=np.float32))
        return self.op("LayerNormalization", x, scale, self.random(width), axis=-1, epsilon=1e-5)

    def attention(self, x: str, tower: Tower, mask: str | None) -> str:
        """Multi-head self-attention over axis 1."""
        size = tower.width // tower.heads
        split = self.constant(np.array([0, -1, tower.heads, size], dtype=np.int64))

        def heads(order: list[int]) -> str:
            parts = self.op("Reshape", self.linear(x, tower.width, tower.width), split)
            return self.op("Transpose", parts, perm=order)

        query, key, value = heads([0, 2, 1, 3]), heads([0, 2, 3, 1]), heads([0, 2, 1, 3])
        query = self.op("Mul", query, self.constant(np.float32(1 / math.sqrt(size))))
        scores = self.op("MatMul", query, key)
        if mask is not None:
            scores = self.op("Add", scores, mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), value)
        mixed = self.op("Transpose", mixed, perm=[0, 2, 1, 3])
        joined = self.constant(np.array([0, -1, tower.width], dtype=np.int64))
        return self.linear(self.op("Reshape", mixed, joined), tower.width, tower.width)

    def transformer(self, x: str, tower: Tower, mask: str | None = None) -> str:
        """All layers of a tower, each normalised before it attends and before it widens."""
        for _ in range(tower.layers):
            x = self.op("Add", x, self.attention(self.layer_norm(x, tower.width), tower, mask))
            wide = self.linear(self.layer_norm(x, tower.width), tower.width, 4 * tower.width)
            # OpenAI's activation: x * sigmoid(1.702 x).
            steep = self.op("Mul", wide, self.constant(np.float32(1.702)))
            wide = self.op("Mul", wide, self.op("Sigmoid", steep))
            x = self.op("Add", x, self.linear(wide, 4 * tower.width, tower.width))
        return x

    def save(self, path: Path, inputs: list[object], outputs: list[object]) -> None:
        """Check the graph and write it."""
        import onnx
        from onnx import helper

        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def build_vision(path: Path, tower: Tower = VISION, *, image: int = 224, patch: int = 32) -> None:
    """Write the image tower: pixel_values float32 (N, 3, S, S) -> image_embeds (N, 512)."""
    from onnx import TensorProto, helper

    graph = Graph(np.random.default_rng(1))
    width, count = tower.width, (image // patch) ** 2
    kernel = graph.random(width, 3, patch, patch, scale=1 / math.sqrt(3 * patch * patch))
    x = graph.op(
        "Conv", "pixel_values", kernel, kernel_shape=[patch, patch], strides=[patch, patch]
    )
    flat = graph.constant(np.array([0, width, -1], dtype=np.int64))
    x = graph.op("Transpose", graph.op("Reshape", x, flat), perm=[0, 2, 1])
    batch = graph.op("Shape", "pixel_values", start=0, end=1)
    shape = graph.op("Concat", batch, graph.constant(np.array([1, width])), axis=0)
    token = graph.op("Expand", graph.random(1, 1, width), shape)
    x = graph.op("Concat", token, x, axis=1)
    x = graph.op("Add", x, graph.random(1, count + 1, width))
    x = graph.transformer(graph.layer_norm(x, width), tower)
    first = graph.op("Gather", x, graph.constant(np.array(0)), axis=1)
    pooled = graph.layer_norm(first, width)
    weight = graph.random(width, DIM, scale=1 / math.sqrt(width))
    graph.nodes.append(helper.make_node("MatMul", [pooled, weight], ["image_embeds"]))
    graph.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    graph.save(
        path,
        [_tensor("pixel_values", TensorProto.FLOAT, ["batch", 3, image, image])],
        [
            _tensor("image_embeds", TensorProto.FLOAT, ["batch", DIM]),
            _tensor("last_hidden_state", TensorProto.FLOAT, ["batch", count + 1, width]),
        ],
    )


def build_text(path: Path, vocabulary: int, tower: Tower = TEXT) -> None:
    """Write a text tower: input_ids int64 (N, L) -> text_embeds (N, 512)."""
    from onnx import TensorProto, helper

    graph = Graph(np.random.default_rng(2))
    width = tower.width
    x = graph.op("Gather", graph.random(vocabulary, width, scale=1.0), "input_ids", axis=0)
    length = graph.op("Shape", "input_ids", start=1, end=2)
    zero, one = graph.constant(np.array([0])), graph.constant(np.array([1]))
    places = graph.op("Slice", graph.random(CONTEXT, width), zero, length, zero)
    mask = np.triu(np.full((CONTEXT, CONTEXT), -1e9, dtype=np.float32), 1)
    causal = graph.constant(mask)
    for axis in (zero, one):
        causal = graph.op("Slice", causal, zero, length, axis)
    x = graph.transformer(graph.op("Add", x, places), tower, causal)
    x = graph.layer_norm(x, width)
    # The end-of-text token has the highest number; its place is where the sentence is summed up.
    last = graph.op("ArgMax", "input_ids", axis=1, keepdims=0)
    one_hot = graph.op("OneHot", last, length, graph.constant(np.array([0, 1], dtype=np.float32)))
    picked = graph.op("MatMul", graph.op("Unsqueeze", one_hot, one), x)
    pooled = graph.op("Squeeze", picked, one)
    weight = graph.random(width, DIM, scale=1 / math.sqrt(width))
    graph.nodes.append(helper.make_node("MatMul", [pooled, weight], ["text_embeds"]))
    graph.save(
        path,
        [_tensor("input_ids", TensorProto.INT64, ["batch", "length"])],
        [_tensor("text_embeds", TensorProto.FLOAT, ["batch", DIM])],
    )


def build_tokenizer(path: Path) -> int:
    """Write a byte-level tokenizer without merges; returns the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*alphabet, *(f"{letter}</w>" for letter in alphabet)]
    start, end = "<|startoftext|>", "<|endoftext|>"
    vocabulary = {token: number for number, token in enumerate([*tokens, start, end])}
    tokenizer = Tokenizer(
        models.BPE(vocabulary, [], unk_token=end, end_of_word_suffix="</w>", fuse_unk=False)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.add_special_tokens([start, end])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(start, vocabulary[start]), (end, vocabulary[end])],
    )
    tokenizer.save(str(path))
    return len(vocabulary)


def build_folder(folder: Path) -> Path:
    """Build the whole model folder, once."""
    done = folder / f".complete-{_VERSION}"
    if done.exists():
        return folder
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    vocabulary = build_tokenizer(folder / "tokenizer.json")
    build_vision(folder / "onnx" / "vision_model.onnx")
    build_text(folder / "onnx" / "text_model.onnx", vocabulary)
    files = {"config.json": _config(vocabulary), "preprocessor_config.json": _preprocessor()}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    done.touch()
    return folder


def model_folder() -> Path:
    """Return the folder of the random ViT-B/32, building it on first use."""
    return build_folder(bench_root() / "random-clip-vit-b32")


def bench_root() -> Path:
    """Return where benchmarks keep what they make; FRAMESIFT_BENCH_DIR moves it."""
    from platformdirs import user_cache_dir

    named = os.environ.get("FRAMESIFT_BENCH_DIR")
    return Path(named) if named else Path(user_cache_dir("framesift-bench"))


def _config(vocabulary: int) -> dict[str, object]:
    return {
        "model_type": "clip",
        "architectures": ["CLIPModel"],
        "projection_dim": DIM,
        "logit_scale_init_value": math.log(100),
        "vision_config": {
            "image_size": 224,
            "patch_size": 32,
            "hidden_size": VISION.width,
            "num_hidden_layers": VISION.layers,
            "num_attention_heads": VISION.heads,
        },
        "text_config": {
            "vocab_size": vocabulary,
            "max_position_embeddings": CONTEXT,
            "hidden_size": TEXT.width,
            "num_hidden_layers": TEXT.layers,
            "num_attention_heads": TEXT.heads,
            "bos_token_id": vocabulary - 2,
            "eos_token_id": vocabulary - 1,
        },
    }


def _preprocessor() -> dict[str, object]:
    return {
        "do_resize": True,
        "size": {"shortest_edge": 224},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": 224, "width": 224},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": MEAN,
        "image_std": STD,
        "do_convert_rgb": True,
    }


def _tensor(name: str, kind: int, shape: list[int | str]) -> object:
    from onnx import helper

    return helper.make_tensor_value_info(name, kind, shape)


if __name__ == "__main__":
    print(model_folder())
