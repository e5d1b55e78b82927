"""From the trained network to the file that ships."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import torch
from network import FEATURE_GAIN
from safetensors.numpy import save_file

from framesift.embeddings.starter_model import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

    from network import Starter


@torch.no_grad()
def write_model(model: Starter, words: list[str], folder: Path) -> Path:
    """Fold what is constant at run time, round, and write ``starter.safetensors``."""
    linear = model.image.linear
    width = model.image.kernel.shape[1]
    vectors = model.text.vectors(torch.arange(len(words))).numpy()
    scale = (np.abs(vectors).max(axis=1) / 127).astype(np.float16)
    scale = np.maximum(scale, np.float16(1e-6))
    rounded = np.rint(vectors / scale.astype(np.float32)[:, None]).clip(-127, 127)
    packed = zlib.compress("\n".join(words).encode(), 9)
    arrays = {
        "format": np.array([FORMAT], np.int32),
        "logit_scale": model.scale.reshape(1).numpy().astype(np.float32),
        "image.weight": (FEATURE_GAIN * linear.weight[:, :width].T).numpy().astype(np.float16),
        "image.classes": (model.image.names @ linear.weight[:, width:].T)
        .numpy()
        .astype(np.float16),
        "image.bias": linear.bias.numpy().astype(np.float32),
        "text.vectors": rounded.astype(np.int8),
        "text.scale": scale,
        "text.offset": model.text.offset.numpy().astype(np.float32),
        "text.words": np.frombuffer(packed, np.uint8),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "starter.safetensors"
    save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, path)
    return path
