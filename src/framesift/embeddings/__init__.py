"""From pictures and texts to vectors: the models, their files and their caches.

`load_embedder` loads one model, or fails; only `framesift.embeddings.auto` ever falls back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from framesift.embeddings.base import (
    Device,
    Embedder,
    ImageEncoder,
    ModelSpec,
    Precision,
    PreprocessSpec,
    WeightFile,
)
from framesift.embeddings.catalog import DEFAULT_CLIP, STARTER, find_spec

if TYPE_CHECKING:
    from framesift.embeddings.local import ModelFiles
    from framesift.embeddings.weights import ProgressCallback

__all__ = [
    "DEFAULT_CLIP",
    "EXPERTS",
    "Device",
    "Embedder",
    "ImageEncoder",
    "ModelSpec",
    "Precision",
    "PreprocessSpec",
    "WeightFile",
    "find_spec",
    "load_embedder",
    "load_expert",
]


EXPERTS = ("open_nsfw", "technical", "pdq")
"""Names of the experts, in the order in which their rows are kept."""


def load_embedder(
    model: str,
    *,
    device: Device = "auto",
    precision: Precision = "auto",
    offline: bool = False,
    progress: ProgressCallback | None = None,
) -> Embedder:
    """Load one model by name, or from a folder in either hub layout. It never falls back.

    Args:
        model: A name of the catalog (``clip-vit-b32``), or the path of a folder. A path has
            a separator in it, or names a folder that exists and no model of the catalog.
        device: ``cpu``, ``cuda``, or ``auto`` for CUDA where it is there.
        precision: ``fp32``, ``fp16``, ``int8``, or ``auto``: int8 on the CPU where it is close
            enough to fp32 (see `framesift.embeddings.quantize`), else fp32.
        offline: Use what is on this machine and do not try the network.
        progress: Called while files are downloaded.

    Raises:
        UnknownModelError: No model has that name.
        WeightsUnavailableError: Its files are neither here nor reachable.
        WeightsMismatchError: Its files are not the ones expected.
        ConfigError: The device is not there.
    """
    if _is_path(model):
        from framesift.embeddings.local import spec_from_folder

        spec, files = spec_from_folder(Path(model).expanduser())
        return _build(spec, files, device=device, precision=precision)
    spec = find_spec(model)
    if spec.name == STARTER:
        from framesift.embeddings.starter import StarterEmbedder

        return StarterEmbedder.load(precision=precision, device=device)
    from framesift.embeddings.local import files_in, with_preprocess
    from framesift.embeddings.weights import ensure

    files = files_in(ensure(spec, precision, offline=offline, progress=progress))
    return _build(with_preprocess(spec, files), files, device=device, precision=precision)


def load_expert(name: str, *, device: Device = "auto") -> ImageEncoder:
    """Load an expert: an image encoder that runs beside the embedder.

    ``open_nsfw`` gives rows of width 1: the probability that the picture is not safe for work.
    ``technical`` describes sharpness, noise, compression, light and colour; see
    `framesift.embeddings.technical`. ``pdq`` is a perceptual hash; see
    `framesift.embeddings.perceptual`.

    Raises:
        UnknownModelError: No expert has that name.
        WeightsUnavailableError: Its package is not installed.
        WeightsMismatchError: Its weights are not the ones expected.
    """
    if name not in EXPERTS:
        from framesift.errors import UnknownModelError

        message = f"no expert is called {name!r}; known: {', '.join(EXPERTS)}"
        raise UnknownModelError(message, source=name)
    if name == "technical":
        from framesift.embeddings.technical import TechnicalEncoder

        return TechnicalEncoder(device=device)
    if name == "pdq":
        from framesift.embeddings.perceptual import PdqEncoder

        return PdqEncoder()
    from framesift.embeddings.open_nsfw import OpenNsfwEncoder

    return OpenNsfwEncoder(device=device)


def _is_path(model: str) -> bool:
    if "/" in model or "\\" in model or model.startswith((".", "~")):
        return True
    from framesift.embeddings.catalog import all_specs

    return Path(model).is_dir() and all(spec.name != model for spec in all_specs())


def _build(spec: ModelSpec, files: ModelFiles, *, device: Device, precision: Precision) -> Embedder:
    from framesift.embeddings.clip import OnnxEmbedder
    from framesift.embeddings.onnx import providers
    from framesift.embeddings.quantize import choose_tower
    from framesift.embeddings.weights import cache_root

    cuda = "CUDAExecutionProvider" in providers(device)
    preprocess = spec.preprocess or files.read_preprocess()
    chosen = choose_tower(
        files, preprocess, precision=precision, cuda=cuda, folder=cache_root() / "quantized"
    )
    return OnnxEmbedder(spec, files, chosen, device=device)
