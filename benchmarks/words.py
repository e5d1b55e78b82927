"""What the gate before reading costs, what it saves, and what it lets through.

Words are drawn on real photographs from ``../shared`` in several sizes, typefaces, turns and
colours; photographs as they are and screenshots of websites stand beside them. Every picture goes
through the gate and through a full reading, in one run and in turns.

    python -m benchmarks.words                  # some minutes, one thread
    python -m benchmarks.words --photographs 25 --websites 5 --drawn 4

Recall of the gate counts pictures whose words a full reading finds. Words that are right are drawn
ones that came back letter by letter, but for blanks and capitals.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks import common
from framesift.embeddings.ocr import RapidReader, join_words, load_word_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framesift.embeddings.ocr_lines import Line

SHARED = Path(__file__).resolve().parents[2] / "shared"
BASES = ("data/mos_avt_image_quality", "data/moderation_benign_mossbench")
PHOTOGRAPHS = {
    "imagenet": "data/zeroshot_imagenet1000",
    "flickr": "golden/clip_vit_b32_flickr8k/images",
}
SIZES_PX = (10, 12, 14, 16, 20, 24, 32, 48, 96, 200)
TURNS = (10, 30, 45, 90, 180, 270)
TEXTS = (
    "you will regret this",
    "win a free prize",
    "call now 555 0199",
    "go back home",
    "nobody likes you",
)
COLOURS = ((255, 255, 255), (0, 0, 0), (255, 230, 0), (200, 0, 0))
_SHORTER_PX = 900


class Ungated(RapidReader):
    """Searches every picture at its full size."""

    def _first_look(self, _pixels: np.ndarray) -> tuple[bool, list[Line]]:
        return True, []


@dataclass
class Tally:
    """Of one kind of picture."""

    passed: list[bool] = field(default_factory=list)
    worded: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    gate_s: list[float] = field(default_factory=list)
    read_s: list[float] = field(default_factory=list)
    full_s: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """Return shares, medians in milliseconds and ratios of summed times."""
        let = [passed for passed, worded in zip(self.passed, self.worded, strict=True) if worded]
        return {
            "pictures": len(self.passed),
            "passed": round(statistics.mean(self.passed), 3),
            "with_words_by_full_reading": len(let),
            "gate_recall": round(statistics.mean(let), 3) if let else None,
            "words_right": round(statistics.mean(self.right), 3) if self.right else None,
            "gate_ms": round(1000 * statistics.median(self.gate_s), 1),
            "read_ms": round(1000 * statistics.median(self.read_s), 1),
            "full_ms": round(1000 * statistics.median(self.full_s), 1),
            "gate_to_full": round(sum(self.gate_s) / sum(self.full_s), 3),
            "read_to_full": round(sum(self.read_s) / sum(self.full_s), 3),
        }


def files(folder: str) -> list[Path]:
    endings = {".jpg", ".jpeg", ".png"}
    return sorted(p for p in (SHARED / folder).rglob("*") if p.suffix.lower() in endings)


def typefaces() -> list[str]:
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = (
        "DejaVuSans",
        "DejaVuSerif-Bold",
        "DejaVuSansMono",
        "DejaVuSerif-Italic",
        "STIXGeneral",
    )
    return [str(folder / f"{name}.ttf") for name in names]


def drawn(size_px: int, turn: int, number: int) -> tuple[np.ndarray, str]:
    """Draw one text somewhere on a photograph with a shorter side of 900 pixels."""
    rng = random.Random(f"{size_px}/{turn}/{number}")
    bases = [path for folder in BASES for path in files(folder)]
    with Image.open(rng.choice(bases)) as opened:
        image = opened.convert("RGB")
    scale = _SHORTER_PX / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)))
    text = rng.choice(TEXTS)
    face = ImageFont.truetype(rng.choice(typefaces()), size_px)
    while face.getlength(text) > 0.9 * _SHORTER_PX:
        text = text.rpartition(" ")[0]
    layer = Image.new("L", (round(face.getlength(text)) + size_px, 2 * size_px), 0)
    ImageDraw.Draw(layer).text((size_px // 2, size_px // 3), text, 255, face)
    layer = layer.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    room = [max(0, a - b) for a, b in zip(image.size, layer.size, strict=True)]
    place = (rng.randint(0, room[0]), rng.randint(0, room[1]))
    under = image.crop((*place, place[0] + layer.width, place[1] + layer.height)).convert("L")
    light = np.asarray(under, np.float32).mean() > 127
    # People write so that it can be read: dark on light, light on dark.
    colour = rng.choice([c for c in COLOURS if (sum(c) / 3 < 127) == light])
    image.paste(Image.new("RGB", layer.size, colour), place, layer)
    return np.asarray(image), text


def cases(arguments: argparse.Namespace) -> Iterator[tuple[str, np.ndarray, str]]:
    rng = random.Random(0)
    for name, folder in PHOTOGRAPHS.items():
        found = files(folder)
        for path in rng.sample(found, min(len(found), arguments.photographs)):
            with Image.open(path) as opened:
                yield name, np.asarray(opened.convert("RGB")), ""
    found = files("data/mos_website_aesthetics")
    for path in rng.sample(found, min(len(found), arguments.websites)):
        with Image.open(path) as opened:
            yield "websites", np.asarray(opened.convert("RGB")), ""
    for number in range(arguments.drawn):
        for size in SIZES_PX:
            yield f"drawn {size:3} px", *drawn(size, 0, number)
        for turn in TURNS:
            yield f"turned {turn:3} degrees", *drawn(40, turn, number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=150, help="of each kind")
    parser.add_argument("--websites", type=int, default=60)
    parser.add_argument("--drawn", type=int, default=25, help="of each size and turn")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/words.json")
    arguments = parser.parse_args()
    started = common.machine()
    reader = load_word_reader()
    assert isinstance(reader, RapidReader)
    ungated = Ungated(reader._models)
    for each in (reader, ungated):
        each.read(np.full((64, 64, 3), 255, np.uint8))
    tallies: dict[str, Tally] = {}
    for kind, pixels, text in cases(arguments):
        tally = tallies.setdefault(kind, Tally())
        clocks = [time.perf_counter()]
        tally.passed.append(reader.has_words(pixels))
        clocks.append(time.perf_counter())
        found = join_words(reader.read(pixels))
        clocks.append(time.perf_counter())
        full = join_words(ungated.read(pixels))
        clocks.append(time.perf_counter())
        wanted = text.replace(" ", "")
        whole = full.lower().replace(" ", "").replace("\n", "")
        tally.worded.append(wanted in whole if text else bool(full))
        if text:
            tally.right.append(wanted in found.lower().replace(" ", "").replace("\n", ""))
        for kept, number in ((tally.gate_s, 0), (tally.read_s, 1), (tally.full_s, 2)):
            kept.append(clocks[number + 1] - clocks[number])
    figures = {kind: tally.summary() for kind, tally in tallies.items()}
    for kind, summary in figures.items():
        print(f"{kind:20}", "  ".join(f"{name} {value}" for name, value in summary.items()))
    if arguments.keep:
        print(common.write("words", dict(figures), started=started))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
