"""The models that Framesift knows, as data, and the plug-in group that adds to them.

A package adds models by an entry point in the group ``framesift.models`` that names a `ModelSpec`,
a sequence of them, or a function without arguments that returns either. Nothing here reads a file
or reaches the network.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from framesift.embeddings.base import ModelSpec, PreprocessSpec, WeightFile
from framesift.embeddings.preprocess import OPENAI_MEAN, OPENAI_STD
from framesift.errors import ConfigError, UnknownModelError

__all__ = ["CATALOG", "DEFAULT_CLIP", "PLUGIN_GROUP", "STARTER", "all_specs", "find_spec"]

PLUGIN_GROUP: Final = "framesift.models"
DEFAULT_CLIP: Final = "clip-vit-b32"
STARTER: Final = "starter"

_CLIP_224: Final = PreprocessSpec(size=224, mean=OPENAI_MEAN, std=OPENAI_STD, resize=224)
_HALF: Final = (0.5, 0.5, 0.5)
_B32: Final = "openai/clip-vit-b-32"
_B16: Final = "openai/clip-vit-b-16"
_L14: Final = "openai/clip-vit-l-14"


def _files(path: str, sha256: str | None = None) -> tuple[WeightFile, ...]:
    return (WeightFile(path, sha256),)


def _transformers_support(tokenizer_sha256: str | None) -> tuple[WeightFile, ...]:
    return (
        WeightFile("config.json"),
        WeightFile("preprocessor_config.json"),
        WeightFile("tokenizer.json", tokenizer_sha256),
        WeightFile("tokenizer_config.json"),
    )


def _open_clip_support(tokenizer_sha256: str | None) -> tuple[WeightFile, ...]:
    return (
        WeightFile("config.json"),
        WeightFile("visual/preprocess_cfg.json"),
        WeightFile("textual/tokenizer.json", tokenizer_sha256),
        WeightFile("textual/tokenizer_config.json"),
    )


_XENOVA_TOKENIZER = "f7f3b7af117d467b58374797691a6438d3e6b9e9cef800dfd5dced7f697a90cd"
_OPEN_CLIP_TOKENIZER = "6d9109cc838977f3ca94a379eec36aecc7c807e1785cd729660ca2fc0171fb35"

CATALOG: Final[tuple[ModelSpec, ...]] = (
    ModelSpec(
        name=STARTER,
        space="starter-1",
        layout="embedded",
        dim=256,
        licence="Apache-2.0",
        description="Small embedded model; no download. For trying out and air-gapped machines.",
        logit_scale=100.0,
    ),
    ModelSpec(
        name=DEFAULT_CLIP,
        space=_B32,
        layout="transformers",
        dim=512,
        licence="MIT",
        description="OpenAI CLIP ViT-B/32, the default: fast, and most heads are made for it.",
        repo="Xenova/clip-vit-base-patch32",
        revision="d15189d7028b43f1d3e65039190477f6af591c2a",
        vision={
            "fp32": _files(
                "onnx/vision_model.onnx",
                "fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40",
            ),
            "fp16": _files(
                "onnx/vision_model_fp16.onnx",
                "35c4e0fb0aeee527dcde1693520b214a34424a786babd530f35366bad5844efd",
            ),
            "int8": _files(
                "onnx/vision_model_quantized.onnx",
                "583fd1110a514667812fee7d684952aaf82a99b959760c8d7dca7e0ab9839299",
            ),
        },
        text={
            "fp32": _files(
                "onnx/text_model.onnx",
                "3f6571f5bad13a97c469c1622e1cfc4d9aef78b79fdbfcff804ca357bfada8cc",
            )
        },
        support=_transformers_support(_XENOVA_TOKENIZER),
        preprocess=_CLIP_224,
        size_mb=697,
    ),
    ModelSpec(
        name="clip-vit-b32-openclip",
        space=_B32,
        layout="open_clip",
        dim=512,
        licence="MIT",
        description="OpenAI CLIP ViT-B/32 as exported for Immich; the same space as clip-vit-b32.",
        repo="immich-app/ViT-B-32__openai",
        revision="a857c8de2c07bbcfa6646adfcf31b798845afa1e",
        vision={
            "fp32": _files(
                "visual/model.onnx",
                "33a3df41ceef21acdf371af00f6dd0456ec1f9eba24d03a7720f9c3734e40859",
            )
        },
        text={
            "fp32": _files(
                "textual/model.onnx",
                "b80cf0af751533a6712d92247f0ddc0c95208748bc59a1a27f33e67be6864e3b",
            )
        },
        support=_open_clip_support(_OPEN_CLIP_TOKENIZER),
        preprocess=_CLIP_224,
        size_mb=610,
    ),
    ModelSpec(
        name="clip-vit-b16",
        space=_B16,
        layout="transformers",
        dim=512,
        licence="MIT",
        description="OpenAI CLIP ViT-B/16: finer detail than B/32 at four times the cost.",
        repo="Xenova/clip-vit-base-patch16",
        revision="main",
        vision={
            "fp32": _files("onnx/vision_model.onnx"),
            "fp16": _files("onnx/vision_model_fp16.onnx"),
            "int8": _files("onnx/vision_model_quantized.onnx"),
        },
        text={"fp32": _files("onnx/text_model.onnx")},
        support=_transformers_support(None),
        preprocess=_CLIP_224,
        size_mb=690,
    ),
    ModelSpec(
        name="clip-vit-l14",
        space=_L14,
        layout="transformers",
        dim=768,
        licence="MIT",
        description="OpenAI CLIP ViT-L/14: the most accurate of the three, about 20 times slower.",
        repo="Xenova/clip-vit-large-patch14",
        revision="c307790166907339eed5a9a53a249af534102536",
        vision={
            "fp32": _files(
                "onnx/vision_model.onnx",
                "ff49f8aa57c7abfd26e382eb083e4dbf988505223a9bd3767dbfd4e729206709",
            ),
            "fp16": _files("onnx/vision_model_fp16.onnx"),
            "int8": _files("onnx/vision_model_quantized.onnx"),
        },
        text={"fp32": _files("onnx/text_model.onnx")},
        support=_transformers_support(None),
        preprocess=_CLIP_224,
        size_mb=2020,
    ),
    ModelSpec(
        name="clip-vit-l14-openclip",
        space=_L14,
        layout="open_clip",
        dim=768,
        licence="MIT",
        description="OpenAI CLIP ViT-L/14 as exported for Immich; the same space as clip-vit-l14.",
        repo="immich-app/ViT-L-14__openai",
        revision="9b27c6b49d2ff4957fa0b5a25521eee12f109543",
        vision={"fp32": _files("visual/model.onnx")},
        text={"fp32": _files("textual/model.onnx")},
        support=_open_clip_support(_OPEN_CLIP_TOKENIZER),
        preprocess=_CLIP_224,
        size_mb=1710,
    ),
    ModelSpec(
        name="siglip2-vit-b16",
        space="google/siglip2-base-patch16-224",
        layout="open_clip",
        dim=768,
        licence="Apache-2.0",
        description="SigLIP 2 ViT-B/16: one independent (sigmoid) probability per label.",
        repo="immich-app/ViT-B-16-SigLIP2__webli",
        revision="main",
        vision={
            "fp32": _files(
                "visual/model.onnx",
                "fee10c729875dd203d94f396ac3d664e301d39c977ef6d92e7f467a2a716f0b0",
            )
        },
        text={
            "fp32": _files(
                "textual/model.onnx",
                "fc9991b415d7d0fac7ed540e875fd08a647c8a1abba99f12542531b004c4b68f",
            )
        },
        support=_open_clip_support(
            "220c63d496e0c14e63eb656c91e0215e926202e4c74b1f089e09f1920d779b04"
        ),
        preprocess=PreprocessSpec(224, _HALF, _HALF, 224, "bicubic", "squash"),
        context_length=64,
        # The export carries neither; these are typical of the family, not the learned values.
        logit_scale=112.0,
        logit_bias=-16.0,
        size_mb=1500,
    ),
    ModelSpec(
        name="mobileclip-s0",
        space="apple/mobileclip-s0",
        layout="transformers",
        dim=512,
        licence="apple-amlr (research use)",
        description="Apple MobileCLIP-S0: a small convolutional tower; weights for research use.",
        repo="Xenova/mobileclip_s0",
        revision="757d59c9c6870a76a4b0306f05f5061bca15c39f",
        vision={
            "fp32": _files(
                "onnx/vision_model.onnx",
                "17d3c037b1d488c10c50e09f6009ea5a198caef4e0e8f4ea5617b7cb2d067ac0",
            ),
            "fp16": _files(
                "onnx/vision_model_fp16.onnx",
                "22b1d36ecc6837e8205aee05003440a25e1c1ee0c7e2945dbb9dd597211c59dc",
            ),
            "int8": _files(
                "onnx/vision_model_quantized.onnx",
                "fcbd153d1aa1314fb72ea39b20c37e0572e7e7b05359b51f3efee5d682658472",
            ),
        },
        text={
            "fp32": _files(
                "onnx/text_model.onnx",
                "f6e9bd5742bfc515889e901634d8a2ff2a57fab8564e4ad3760e800b1a51b77c",
            )
        },
        support=(
            WeightFile(
                "config.json", "8e33c1f2634a33de3e38715f9809ef86742aacbe31c310c66fc2636755458d56"
            ),
            WeightFile(
                "preprocessor_config.json",
                "b031f09fbd69e22a605b6cc7433993249ee893b7fc1b79321f669cd015493dd4",
            ),
            WeightFile(
                "tokenizer.json", "72ed5c96db5729294468543e4bc75fce14ca63f58e37300290189ba1c1e52b85"
            ),
            WeightFile(
                "tokenizer_config.json",
                "a7d9d24f248071b792e4a3b56ab0539c2f40eec8da56d6fd91fb3a50058acebd",
            ),
        ),
        size_mb=229,
    ),
)
"""The built-in models. A ``None`` hash is recorded on first use; revision ``main`` likewise."""


def all_specs() -> tuple[ModelSpec, ...]:
    """Return the built-in models and those of installed plug-ins, built-in ones first.

    Raises:
        ConfigError: A plug-in does not load, is no `ModelSpec`, or takes a name that exists.
    """
    return _with_plugins()


def find_spec(name: str) -> ModelSpec:
    """Return the model of that name.

    Raises:
        UnknownModelError: No model has it; the message suggests close names.
    """
    specs = {spec.name: spec for spec in all_specs()}
    if name in specs:
        return specs[name]
    close = difflib.get_close_matches(name, specs, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(specs)}"
    message = f"no model is called {name!r}; {hint} (a folder with an ONNX model works too)"
    raise UnknownModelError(message, source=name)


@cache
def _with_plugins() -> tuple[ModelSpec, ...]:
    specs = list(CATALOG)
    names = {spec.name for spec in specs}
    for point in entry_points(group=PLUGIN_GROUP):
        for spec in _load_plugin(point.name, point.load):
            if spec.name in names:
                message = f"plug-in {point.name!r} adds model {spec.name!r}, which exists already"
                raise ConfigError(message, source=point.value)
            names.add(spec.name)
            specs.append(spec)
    return tuple(specs)


def _load_plugin(name: str, load: object) -> Iterable[ModelSpec]:
    try:
        value = load() if callable(load) else load
        value = value() if callable(value) else value
    except Exception as error:  # a plug-in may raise anything
        message = f"plug-in {name!r} of group {PLUGIN_GROUP!r} does not load: {error}"
        raise ConfigError(message, source=name) from error
    found = [value] if isinstance(value, ModelSpec) else value
    if not isinstance(found, Iterable):
        found = [found]
    specs = list(found)
    if not all(isinstance(spec, ModelSpec) for spec in specs):
        message = f"plug-in {name!r} of group {PLUGIN_GROUP!r} must give ModelSpec objects"
        raise ConfigError(message, source=name)
    return specs
