"""Choosing the image tower's precision, and making an 8-bit one where the model has none.

An int8 tower is only as good as its distance from the fp32 one, so that distance is measured, on
pictures made from a fixed seed, and kept beside the quantised file. ``auto`` takes int8 only where
the lowest cosine of these pictures is at least 0.99.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from framesift.embeddings.onnx import ImageTower, file_sha256
from framesift.embeddings.preprocess import normalize_batch, prepare_image
from framesift.embeddings.rowwise import quantize_rowwise
from framesift.errors import WeightsUnavailableError

if TYPE_CHECKING:
    from framesift.embeddings.base import Precision, PreprocessSpec
    from framesift.embeddings.local import ModelFiles
    from framesift.types import UInt8Array

__all__ = [
    "MIN_INT8_COSINE",
    "ChosenTower",
    "Int8Report",
    "choose_tower",
    "known_reports",
    "sample_pictures",
]

MIN_INT8_COSINE: Final = 0.99
_DYNAMIC: Final = "dynamic-1"
_ROWWISE: Final = "rowwise-2"
_SAMPLES: Final = 12


@dataclass(frozen=True, slots=True)
class ChosenTower:
    """The image tower to run.

    Attributes:
        precision: ``fp32``, ``fp16`` or ``int8``.
        files: The graph, then its external data.
        int8_cosine: Lowest cosine to fp32 over the sample pictures, where it is int8.
        one_by_one: Whether a batch must be run picture by picture (see `ImageTower`).
    """

    precision: str
    files: tuple[Path, ...]
    int8_cosine: float | None = None
    one_by_one: bool = False


@dataclass(frozen=True, slots=True)
class Int8Report:
    """How close an int8 tower is to its fp32 original.

    Attributes:
        cosine: Lowest cosine between the two embeddings of one sample picture.
        mean_cosine: The mean over the sample pictures.
        samples: How many pictures.
        fp32_sha256: Of the original.
        int8_sha256: Of the quantised file.
        made_by: ``repository``, or the recipe it was made by here.
        runtime: Version of ONNX Runtime that measured.
    """

    cosine: float
    mean_cosine: float
    samples: int
    fp32_sha256: str
    int8_sha256: str
    made_by: str
    runtime: str


def choose_tower(
    files: ModelFiles,
    preprocess: PreprocessSpec,
    *,
    precision: Precision,
    cuda: bool,
    folder: Path,
) -> ChosenTower:
    """Choose the image tower for a precision.

    Args:
        files: The model's files.
        preprocess: Of the same model, for the measurement.
        precision: ``auto``, ``fp32``, ``fp16`` or ``int8``.
        cuda: Whether the model will run on CUDA, where ``auto`` stays with full precision.
        folder: Where quantised files and their reports are kept.

    Raises:
        WeightsUnavailableError: The model has no file of that precision and none can be made.
    """
    fp32 = files.vision.get("fp32")
    if precision in ("fp32", "fp16"):
        if precision not in files.vision:
            have = ", ".join(files.vision)
            message = f"the model has no {precision} image tower; it has: {have}"
            raise WeightsUnavailableError(message, source=str(files.folder))
        return ChosenTower(precision, files.vision[precision])
    if fp32 is None:
        name = next(iter(files.vision))
        return ChosenTower(name, files.vision[name], one_by_one=name == "int8")
    if precision == "auto" and cuda:
        return ChosenTower("fp32", fp32)
    best = _best_int8(fp32, files.vision.get("int8"), preprocess, folder)
    if precision == "auto" and (best.int8_cosine or 0.0) < MIN_INT8_COSINE:
        return ChosenTower("fp32", fp32)
    return best


def known_reports(fp32: Path, folder: Path) -> tuple[Int8Report, ...]:
    """Return what was measured of the int8 towers of an fp32 graph, closest first; runs nothing.

    Args:
        fp32: The fp32 graph.
        folder: Where reports are kept: ``cache_root() / "quantized"``.
    """
    pattern = f"{file_sha256(fp32)[:32]}-*.json"
    found = [report for path in folder.glob(pattern) if (report := _read_report(path))]
    return tuple(sorted(found, key=lambda report: -report.cosine))


def sample_pictures(count: int = _SAMPLES) -> list[UInt8Array]:
    """Make pictures with the statistics of photographs, uint8 (240, 320, 3), from a fixed seed.

    Each is noise with an amplitude spectrum of 1/f, as natural scenes have (Field, 1987), with
    a few flat shapes that give it edges.
    """
    rng = np.random.default_rng(20240511)
    height, width = 240, 320
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    falloff = 1.0 / np.maximum(np.hypot(fy, fx), 1.0 / width)
    y, x = np.mgrid[0:height, 0:width]
    pictures = []
    for _ in range(count):
        grey = rng.normal(size=(height, width, 1))
        noise = 0.8 * grey + 0.4 * rng.normal(size=(height, width, 3))
        spectrum = np.fft.rfft2(noise, axes=(0, 1)) * falloff[..., None]
        scene = np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
        scene = rng.uniform(60, 190, 3) + rng.uniform(25, 60) * scene / scene.std()
        for _ in range(rng.integers(1, 6)):
            cy, cx = rng.uniform(0, height), rng.uniform(0, width)
            ry, rx = rng.uniform(10, 90, 2)
            inside = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1
            if rng.random() < 0.5:
                inside = (abs(y - cy) < ry) & (abs(x - cx) < rx)
            scene[inside] = 0.3 * scene[inside] + 0.7 * rng.uniform(0, 255, 3)
        pictures.append(np.clip(scene, 0, 255).astype(np.uint8))
    return pictures


def _best_int8(
    fp32: tuple[Path, ...],
    given: tuple[Path, ...] | None,
    preprocess: PreprocessSpec,
    folder: Path,
) -> ChosenTower:
    """Take the first int8 tower that is close enough to fp32, or else the closest.

    In this order: the repository's own file, ONNX Runtime's dynamic quantisation, and one range per
    row (`framesift.embeddings.rowwise`). The first two share one range among all of a run.
    """
    best: ChosenTower | None = None
    for recipe in ("repository", _ROWWISE, _DYNAMIC):
        if recipe == "repository" and given is None:
            continue
        made = given if recipe == "repository" and given else (_made(fp32[0], folder, recipe),)
        measured = _measured(fp32[0], made[0], preprocess, folder, recipe)
        tower = ChosenTower("int8", made, measured.cosine, one_by_one=recipe != _ROWWISE)
        if best is None or measured.cosine > (best.int8_cosine or -1.0):
            best = tower
        if measured.cosine >= MIN_INT8_COSINE:
            break
    assert best is not None
    return best


def _made(fp32: Path, folder: Path, recipe: str) -> Path:
    """Quantise by a recipe, or return what was made before."""
    path = folder / f"{file_sha256(fp32)[:32]}-{recipe}.onnx"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as making:
        part = Path(making) / "int8.onnx"
        if recipe == _ROWWISE:
            quantize_rowwise(fp32, part)
        else:
            _quantize_dynamic(fp32, part)
        os.replace(part, path)  # noqa: PTH105 - atomic on every system
    return path


def _quantize_dynamic(source: Path, target: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The quantiser writes beside its input, which may be a read-only folder of the user's: give it
    # a copy. The mark keeps it from logging advice about another tool.
    model = onnx.load(source)
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    copy = target.with_name("fp32.onnx")
    onnx.save_model(model, copy, save_as_external_data=True, location="fp32.data")
    del model
    quantize_dynamic(
        copy,
        target,
        op_types_to_quantize=["MatMul", "Gemm"],
        weight_type=QuantType.QInt8,
        per_channel=True,
    )


def _measured(
    fp32: Path, int8: Path, preprocess: PreprocessSpec, folder: Path, made_by: str
) -> Int8Report:
    import onnxruntime

    shas = (file_sha256(fp32), file_sha256(int8))
    path = folder / f"{shas[0][:32]}-{shas[1][:16]}.json"
    known = _read_report(path)
    if known is not None and (known.fp32_sha256, known.int8_sha256) == shas:
        return known
    batch = np.stack([prepare_image(picture, preprocess) for picture in sample_pictures()])
    pixels = normalize_batch(batch, preprocess)
    size = preprocess.size
    exact = ImageTower(fp32, size_px=size, device="cpu").embed(pixels)
    one_by_one = made_by != _ROWWISE
    coarse = ImageTower(int8, size_px=size, device="cpu", one_by_one=one_by_one).embed(pixels)
    cosines = np.sum(exact * coarse, axis=1)
    report = Int8Report(
        cosine=round(float(cosines.min()), 6),
        mean_cosine=round(float(cosines.mean()), 6),
        samples=len(cosines),
        fp32_sha256=shas[0],
        int8_sha256=shas[1],
        made_by=made_by,
        runtime=str(onnxruntime.__version__),
    )
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)  # noqa: PTH105 - atomic on every system
    return report


def _read_report(path: Path) -> Int8Report | None:
    try:
        return Int8Report(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
