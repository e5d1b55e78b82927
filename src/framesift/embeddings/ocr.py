"""Words inside of pictures, by the ``ocr`` extra: rapidocr, whose models come in its package.

Reading is expensive and most photographs hold no words. So the detector looks first at a small
version; what it finds there, if it is little, is read first; and only where that gives words the
picture is searched at its full size and read.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import numpy as np

from framesift.embeddings.ocr_lines import Line, core_map, cut_line, find_lines
from framesift.errors import MissingExtraError, ModelError, WeightsUnavailableError
from framesift.types import WordBox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framesift.types import UInt8Array

__all__ = ["MAX_LINES", "RapidReader", "WordReader", "join_words", "load_word_reader"]

MAX_LINES: Final = 1000
"""A picture with more lines is not read: it is an error, so that none is left out in silence."""

_VERSION: Final = 1
_SMALLEST_PX: Final = 8
_SHORTER_PX: Final = 1200
_PIECE_PX: Final = 2400
"""Longer pictures are read in pieces of this length, which overlap."""
_OVERLAP: Final = 0.25
_MOST_PIECES: Final = 16
_GATE_PX2: Final = 800 * 600
"""Area of the small version that the gate looks at, in pixels."""
_ENLARGED_PX: Final = 736
_TRIED_FIRST: Final = 6
_LEAST_CONFIDENCE: Final = 0.5


@runtime_checkable
class WordReader(Protocol):
    """Anything that reads the words in a picture."""

    @property
    def name(self) -> str:
        """What records call it."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever what is read could change: models, versions, sizes."""

    def read(self, pixels: UInt8Array) -> tuple[WordBox, ...]:
        """Read one picture, uint8 (H, W, 3): its lines in reading order; none if it has no words.

        Thread-safe.

        Raises:
            ModelError: It could not be read; that is not to be taken for "no words".
        """


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a picture: x and y of its corner, and the edges of what is its own there."""

    pixels: UInt8Array
    corner: tuple[int, int]
    own: tuple[float, float, float, float]


def load_word_reader(*, threads: int = 1) -> WordReader:
    """Load the reader of the ``ocr`` extra. Nothing is downloaded and nothing is printed.

    Args:
        threads: Processors that one reading may use; several threads may read at the same time.

    Raises:
        MissingExtraError: The extra is not installed.
        WeightsUnavailableError: Its package came without its models.
    """
    try:
        import cv2  # noqa: F401
        import rapidocr
        from rapidocr import RapidOCR  # noqa: F401
    except ImportError as error:
        message = (
            "reading the words in pictures needs rapidocr, which is not installed; run "
            "pip install 'framesift[ocr]', or set words = \"off\" in the policy"
        )
        raise MissingExtraError(message) from error
    folder = Path(rapidocr.__file__).parent / "models"
    return RapidReader({task: _model(folder, task) for task in ("det", "cls", "rec")}, threads)


class RapidReader:
    """Reads with the models that rapidocr brings; implements `WordReader`.

    Use `load_word_reader` to make one. The models know Latin letters, Greek, Chinese and
    Japanese; other scripts are read as something else or not at all.
    """

    name = "rapidocr"

    def __init__(self, models: dict[str, Path], threads: int = 1) -> None:
        """Take the three models: ``det`` finds lines, ``cls`` turns them, ``rec`` reads them."""
        from importlib import metadata

        self._models = models
        self._threads = threads
        self._lock = threading.Lock()
        self._detector: Any = None
        self._recogniser: Any = None
        recipe = hashlib.sha256(metadata.version("rapidocr").encode())
        for number in (_VERSION, _SHORTER_PX, _PIECE_PX, _GATE_PX2, _ENLARGED_PX, _TRIED_FIRST):
            recipe.update(f"/{number}".encode())
        for model in models.values():
            recipe.update(hashlib.sha256(model.read_bytes()).digest())
        self.fingerprint: str = recipe.hexdigest()[:16]

    def read(self, pixels: UInt8Array) -> tuple[WordBox, ...]:
        """Read one picture, uint8 (H, W, 3): its lines in reading order.

        A picture whose shorter side is over 1,200 pixels is scaled down to that, a long one is read
        in pieces. One with a side under 8 pixels has no words that anyone could read.

        Raises:
            ModelError: It could not be read, or has more than `MAX_LINES` lines.
            ValueError: The array is not uint8 (H, W, 3).
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            message = f"a picture is uint8 (H, W, 3); got {pixels.dtype} {pixels.shape}"
            raise ValueError(message)
        if min(pixels.shape[:2]) < _SMALLEST_PX:
            return ()
        try:
            self._open()
            return self._read(_scaled(pixels))
        except ModelError:
            raise
        except Exception as error:  # OpenCV's and ONNX Runtime's share no public base
            message = f"the words of a picture could not be read ({_first_line(error)})"
            raise ModelError(message) from error

    def has_words(self, pixels: UInt8Array) -> bool:
        """Say whether `read` would search the picture at its full size: the gate alone.

        Raises:
            ModelError: That could not be found out.
        """
        self._open()
        return any(self._first_look(piece.pixels)[0] for piece in _pieces(_scaled(pixels)))

    def _open(self) -> None:
        with self._lock:
            if self._recogniser is None:
                self._detector = _detector(self._models["det"], self._threads)
                self._recogniser = _recogniser(self._models, self._threads)

    def _read(self, pixels: UInt8Array) -> tuple[WordBox, ...]:
        height, width = pixels.shape[:2]
        boxes: list[WordBox] = []
        left = MAX_LINES
        for piece in _pieces(pixels):
            passes, first = self._first_look(piece.pixels)
            if not passes:
                continue
            found = self._lines(piece.pixels)
            # What the small version showed alone is kept: words as high as the picture, for one.
            found += [line for line in first if not any(_covers(other, line) for other in found)]
            lines = [line for line in found if _is_own(line, piece)]
            left -= len(lines)
            if left < 0:
                message = f"the picture has more than {MAX_LINES:,} lines of words; look at it"
                raise ModelError(message)
            for line in lines:
                text, confidence = self._words(piece.pixels, line)
                if text:
                    place = line.corners + np.array(piece.corner, np.float32)
                    boxes.append(WordBox(text, confidence, _share(place, width, height)))
        return tuple(box for row in _rows(boxes) for box in row)

    def _first_look(self, pixels: UInt8Array) -> tuple[bool, list[Line]]:
        """Look at a small version; read what is found there, unless it is much.

        Returns:
            Whether the picture is worth a search, and the lines that gave words or were not tried.
        """
        height, width = pixels.shape[:2]
        longer = math.sqrt(_GATE_PX2 * max(height, width) / min(height, width))
        cores = core_map(self._detector, pixels, 0, round(longer))
        found = find_lines(cores, width, height)
        if len(found) <= _TRIED_FIRST:
            found = [line for line in found if self._words(pixels, line)[0]]
        return bool(found), found

    def _lines(self, pixels: UInt8Array) -> list[Line]:
        height, width = pixels.shape[:2]
        cores = core_map(self._detector, pixels, _ENLARGED_PX, _PIECE_PX)
        return find_lines(cores, width, height)

    def _words(self, pixels: UInt8Array, line: Line) -> tuple[str, float]:
        cut = cut_line(pixels, line)
        # rapidocr takes arrays as OpenCV keeps them: blue, green, red.
        found = self._recogniser(np.ascontiguousarray(cut[..., ::-1]))
        if not getattr(found, "txts", None):
            return "", 0.0
        text, confidence = found.txts[0].strip(), float(found.scores[0])
        return (text, confidence) if confidence >= _LEAST_CONFIDENCE else ("", confidence)


def join_words(boxes: Sequence[WordBox]) -> str:
    """Join lines to one text: blanks between those side by side, line feeds between the others."""
    return "\n".join(" ".join(box.text for box in row) for row in _rows(boxes))


def _rows(boxes: Sequence[WordBox]) -> list[list[WordBox]]:
    """Order boxes from top to bottom, and from left to right where they share half their height."""
    rows: list[list[WordBox]] = []
    for box in sorted(boxes, key=lambda box: (box.box[1] + box.box[3], box.box[0])):
        top, bottom = box.box[1], box.box[3]
        if rows:
            first = rows[-1][0].box
            shared = min(bottom, first[3]) - max(top, first[1])
            if shared > 0.5 * min(bottom - top, first[3] - first[1]):
                rows[-1].append(box)
                continue
        rows.append([box])
    return [sorted(row, key=lambda box: box.box[0]) for row in rows]


def _scaled(pixels: UInt8Array) -> UInt8Array:
    from PIL import Image

    height, width = pixels.shape[:2]
    shorter, longer = min(height, width), max(height, width)
    # What is longer than all pieces together, such as a strip, is scaled to fit them.
    reach = _PIECE_PX * _MOST_PIECES * (1 - _OVERLAP)
    scale = min(1.0, _SHORTER_PX / shorter, reach / longer)
    if scale == 1.0:
        return pixels
    size = (max(_SMALLEST_PX, round(width * scale)), max(_SMALLEST_PX, round(height * scale)))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))


def _pieces(pixels: UInt8Array) -> Iterator[_Piece]:
    """Cut a long picture into overlapping pieces; each owns the lines whose centre it is nearest.

    A picture that is not long is one piece.
    """
    height, width = pixels.shape[:2]
    longer, length = max(height, width), _PIECE_PX
    count = max(1, math.ceil((longer / length - _OVERLAP) / (1 - _OVERLAP)))
    starts = np.linspace(0, max(0, longer - length), count).round().astype(int)
    for number, start in enumerate(starts):
        end = longer if count == 1 else start + length
        first = 0 if number == 0 else (start + starts[number - 1] + length) / 2
        last = longer + 1 if number == count - 1 else (end + starts[number + 1]) / 2
        if height >= width:
            own = (0.0, float(first), float(width + 1), float(last))
            yield _Piece(pixels[start:end], (0, int(start)), own)
        else:
            own = (float(first), 0.0, float(last), float(height + 1))
            yield _Piece(pixels[:, start:end], (int(start), 0), own)


def _is_own(line: Line, piece: _Piece) -> bool:
    x, y = line.corners.mean(axis=0) + np.array(piece.corner, np.float32)
    left, top, right, bottom = piece.own
    return bool(left <= x < right and top <= y < bottom)


def _covers(other: Line, line: Line) -> bool:
    """Say whether the middle of a line lies within the upright rectangle around another."""
    middle = line.corners.mean(axis=0)
    least, most = other.corners.min(axis=0), other.corners.max(axis=0)
    return bool((least <= middle).all() and (middle <= most).all())


def _share(corners: Any, width: int, height: int) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    edges = np.clip((left / width, top / height, right / width, bottom / height), 0.0, 1.0)
    return tuple(round(float(edge), 4) for edge in edges)  # type: ignore[return-value]


def _model(folder: Path, task: str) -> Path:
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if len(found) != 1:
        message = (
            f"rapidocr came with {len(found)} models of kind {task!r} where one is needed; install "
            "it again: pip install --force-reinstall 'framesift[ocr]'"
        )
        raise WeightsUnavailableError(message, source=str(folder))
    return found[0]


def _detector(model: Path, threads: int) -> Any:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Every picture has its own size: an arena would keep the memory of the largest of each kind.
    options.enable_cpu_mem_arena = False
    return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _recogniser(models: dict[str, Path], threads: int) -> Any:
    from rapidocr import RapidOCR

    engine = "EngineConfig.onnxruntime."
    reader = RapidOCR(
        params={
            "Global.use_det": False,
            # It would squeeze a long line.
            "Global.use_preprocess_img": False,
            "Global.log_level": "critical",
            "Cls.model_path": str(models["cls"]),
            "Rec.model_path": str(models["rec"]),
            engine + "intra_op_num_threads": threads,
            engine + "inter_op_num_threads": 1,
        }
    )
    # rapidocr writes to the terminal by a handler of its own, at a level of its own.
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL + 1)
    return reader


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1].strip()[:200]}" if lines else type(error).__name__
