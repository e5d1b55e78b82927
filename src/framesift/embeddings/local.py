"""A folder with a CLIP-like model in either hub layout: which files it has and what they say.

Layout ``transformers``: ``config.json``, ``preprocessor_config.json`` and ``tokenizer.json`` at the
root, ``onnx/vision_model.onnx`` and ``onnx/text_model.onnx`` (with suffixes for other precisions).
Layout ``open_clip``: ``config.json``, ``visual/model.onnx``, ``visual/preprocess_cfg.json``,
``textual/model.onnx`` and ``textual/tokenizer.json``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from framesift.embeddings.base import Layout, ModelSpec, PreprocessSpec
from framesift.embeddings.onnx import ImageTower, file_sha256
from framesift.embeddings.preprocess import preprocess_from_open_clip, preprocess_from_transformers
from framesift.embeddings.tokenizer import Cleaning, Tokenizer, load_tokenizer, read_json
from framesift.errors import WeightsMismatchError, WeightsUnavailableError

__all__ = ["ModelFiles", "files_in", "is_model_folder", "spec_from_folder", "with_preprocess"]

_SUFFIXES: Final = {
    "fp32": ("",),
    "fp16": ("_fp16",),
    "int8": ("_quantized", "_int8", "_uint8"),
}
_TEXT_ORDER: Final = ("fp32", "fp16", "int8")
_MAX_CONTEXT: Final = 4096
_SIGLIP_SCALE: Final = 112.0
_SIGLIP_BIAS: Final = -16.0


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model on this machine.

    Attributes:
        folder: Where they are.
        layout: How they are arranged.
        vision: Image tower per precision: the graph, then its external data.
        text: Text tower: the graph, then its external data; the most precise one there is.
        text_precision: Of that text tower.
        config: The parsed ``config.json``, empty where there is none.
        preprocess_path: The preprocessing file.
        tokenizer_path: The ``tokenizer.json``.
    """

    folder: Path
    layout: Layout
    vision: Mapping[str, tuple[Path, ...]]
    text: tuple[Path, ...]
    text_precision: str
    config: Mapping[str, Any]
    preprocess_path: Path
    tokenizer_path: Path

    def read_preprocess(self) -> PreprocessSpec:
        """Read the preprocessing file.

        Raises:
            WeightsMismatchError: It is missing, broken or asks for what Framesift does not do.
        """
        config = read_json(self.preprocess_path)
        source = str(self.preprocess_path)
        if self.layout == "open_clip":
            return preprocess_from_open_clip(config, source)
        return preprocess_from_transformers(config, source)

    def read_context_length(self) -> int:
        """Read the number of tokens per text from the model's files; 77 where none tells."""
        if self.layout == "open_clip":
            found = _nested(self.config, "text_cfg", "context_length")
        else:
            neighbour = self.tokenizer_path.with_name("tokenizer_config.json")
            names = read_json(neighbour) if neighbour.is_file() else {}
            found = names.get("model_max_length")
            if not isinstance(found, int) or not 0 < found <= _MAX_CONTEXT:
                found = _nested(self.config, "text_config", "max_position_embeddings")
        return found if isinstance(found, int) and 0 < found <= _MAX_CONTEXT else 77

    def load_tokenizer(self, context_length: int) -> Tokenizer:
        """Load the tokenizer.

        Raises:
            WeightsMismatchError: The file is missing or broken.
        """
        pad_id = _nested(self.config, "text_config", "pad_token_id")
        return load_tokenizer(
            self.tokenizer_path,
            context_length=context_length,
            pad_id=pad_id if isinstance(pad_id, int) else None,
            cleaning=self._cleaning(),
        )

    def _cleaning(self) -> Cleaning:
        if self.layout == "transformers":
            return "lower" if self.config.get("model_type") == "siglip2" else "none"
        kwargs = _nested(self.config, "text_cfg", "tokenizer_kwargs")
        clean = kwargs.get("clean") if isinstance(kwargs, Mapping) else None
        if clean == "canonicalize":
            return "canonicalize"
        return "lower" if clean == "lower" else "whitespace"


def is_model_folder(path: Path) -> bool:
    """Whether a folder holds an image tower in either layout."""
    return _find(path) is not None


def files_in(folder: Path) -> ModelFiles:
    """Find the files of a model.

    Raises:
        WeightsUnavailableError: The folder, an image tower or a text tower is not there.
    """
    found = _find(folder)
    if found is None:
        message = (
            "this is not a model folder: expected onnx/vision_model.onnx and onnx/text_model.onnx "
            "(transformers layout), or visual/model.onnx and textual/model.onnx (open_clip layout)"
        )
        raise WeightsUnavailableError(message, source=str(folder))
    layout, vision, text = found
    if not text:
        message = f"the folder has an image tower ({layout} layout) but no text tower beside it"
        raise WeightsUnavailableError(message, source=str(folder))
    precision = next(name for name in _TEXT_ORDER if name in text)
    config_path = folder / "config.json"
    open_clip = layout == "open_clip"
    return ModelFiles(
        folder=folder,
        layout=layout,
        vision=vision,
        text=text[precision],
        text_precision=precision,
        config=read_json(config_path) if config_path.is_file() else {},
        preprocess_path=folder
        / ("visual/preprocess_cfg.json" if open_clip else "preprocessor_config.json"),
        tokenizer_path=folder / ("textual/tokenizer.json" if open_clip else "tokenizer.json"),
    )


def spec_from_folder(folder: Path) -> tuple[ModelSpec, ModelFiles]:
    """Describe the model in a folder by its own files.

    The space is named after the weights (``local:`` and 16 hexadecimal digits), so that no head of
    another model is ever applied to it by mistake. ``logit_scale`` and ``logit_bias`` are read from
    ``config.json`` where it gives them; otherwise 100 without a bias, or for SigLIP models values
    typical of the family (the exported graphs do not carry the learned ones).

    Raises:
        WeightsUnavailableError: It is not a model folder.
        WeightsMismatchError: Its files are broken or contradict each other.
    """
    files = files_in(folder)
    preprocess = files.read_preprocess()
    weights = [*files.vision.get("fp32", next(iter(files.vision.values()))), *files.text]
    digest = hashlib.sha256("".join(map(file_sha256, weights)).encode()).hexdigest()
    scale, bias = _logits(files.config)
    spec = ModelSpec(
        name=folder.resolve().name,
        space=f"local:{digest[:16]}",
        layout=files.layout,
        dim=_dim(files, preprocess),
        licence="unknown",
        description=f"A local folder in the {files.layout} layout",
        preprocess=preprocess,
        context_length=files.read_context_length(),
        logit_scale=scale,
        logit_bias=bias,
    )
    return spec, files


def with_preprocess(spec: ModelSpec, files: ModelFiles) -> ModelSpec:
    """Fill in a known model's preprocessing from its files, or check that both agree.

    Raises:
        WeightsMismatchError: The files ask for another preprocessing than the catalog.
    """
    found = files.read_preprocess()
    if spec.preprocess is None:
        return replace(spec, preprocess=found)
    if found != spec.preprocess:
        message = f"the file asks for {found}; model {spec.name!r} expects {spec.preprocess}"
        raise WeightsMismatchError(message, source=str(files.preprocess_path))
    return spec


_Towers = dict[str, tuple[Path, ...]]


def _find(folder: Path) -> tuple[Layout, _Towers, _Towers] | None:
    places: tuple[tuple[Layout, str, str], ...] = (
        ("transformers", "onnx/vision_model", "onnx/text_model"),
        ("open_clip", "visual/model", "textual/model"),
        ("transformers", "vision_model", "text_model"),
    )
    for layout, image, text in places:
        towers = _variants(folder, image)
        if towers:
            return layout, towers, _variants(folder, text)
    return None


def _variants(folder: Path, stem: str) -> _Towers:
    found: _Towers = {}
    for precision, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            path = folder / f"{stem}{suffix}.onnx"
            if path.is_file():
                data = sorted(path.parent.glob(f"{path.name}[._]data*"))
                found[precision] = (path, *data)
                break
    return found


def _dim(files: ModelFiles, preprocess: PreprocessSpec) -> int:
    for key in ("projection_dim", "embed_dim"):
        value = files.config.get(key)
        if isinstance(value, int):
            return value
    graph = next(iter(files.vision.values()))[0]
    return ImageTower(graph, size_px=preprocess.size, device="cpu").dim


def _logits(config: Mapping[str, Any]) -> tuple[float, float | None]:
    siglip = str(config.get("model_type", "")).startswith("siglip") or "init_logit_bias" in config
    scale = config.get("logit_scale", _SIGLIP_SCALE if siglip else 100.0)
    bias = config.get("logit_bias", _SIGLIP_BIAS if siglip else None)
    return float(scale), None if bias is None else float(bias)


def _nested(config: Mapping[str, Any], section: str, key: str) -> Any:
    part = config.get(section)
    return part.get(key) if isinstance(part, Mapping) else None
